"""Which fields are sealed, in which court, and how a sealed value is carried unopened. Values; any thread."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from aether_desktop.domain.courts import Court
from aether_desktop.domain.records import TableName

MASK: Final = "\u2022\u2022\u2022\u2022"
UNREVISED: Final = 0
"""The revision of values that were sealed where they lay, or loaded in bulk."""
_REVISION_BYTES: Final = 8
_VERSION_PLACE: Final = slice(10, 18)  # behind revision, format and court


class SealedField(StrEnum):
    """The values are permanent ids: part of every seal, they never change, whatever a column is called."""

    USER_EMAIL = "user.email"
    NOTE = "annotation.note"
    PAYMENT_METHOD_EXTERNAL_ID = "payment_method.external_id"
    PAYMENT_METHOD_LAST_FOUR = "payment_method.last_four"
    PAYMENT_METHOD_EXPIRY = "payment_method.expiry"
    PAYMENT_EXTERNAL_ID = "payment.external_id"
    PAYMENT_METADATA = "payment.metadata"
    WALLET_SECRET = "wallet.secret"  # noqa: S105 - a field's id

    @property
    def court(self) -> Court:
        """The court whose key seals it."""
        if self in {SealedField.USER_EMAIL, SealedField.NOTE}:
            return Court.OUTER
        return Court.MOST_HOLY if self is SealedField.WALLET_SECRET else Court.HOLY


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """A value that is there but not open. ``stored``: the seal's revision (8 bytes, big-endian), then the seal.

    The revision is the version of the row that the value was written with, or UNREVISED. It never
    goes back, so the signed audit tells an old value that was put back. ``token`` is what it is found by, of those
    fields that can be; ``words`` the same of a note that was sealed just now (one that was read has none).
    """

    stored: bytes
    token: bytes | None = field(default=None, compare=False)
    words: tuple[bytes, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, revision: int, content: bytes, *, token: bytes | None = None, words: tuple[bytes, ...] = ()) -> Sealed:
        """From what ``FieldSealer.seal`` and ``blind`` returned."""
        return cls(revision.to_bytes(_REVISION_BYTES, "big") + content, token, words)

    @property
    def revision(self) -> int:
        return int.from_bytes(self.stored[:_REVISION_BYTES], "big")

    @property
    def content(self) -> bytes:
        """What ``FieldSealer.open`` takes."""
        return self.stored[_REVISION_BYTES:]

    @property
    def key_version(self) -> int:
        """Of the court key; grows when the court is rotated."""
        return int.from_bytes(self.stored[_VERSION_PLACE], "big")

    def record(self) -> dict[str, object]:
        """What the audit keeps of it."""
        return {
            "sealed": hashlib.sha256(self.stored).hexdigest(),
            "revision": str(self.revision),
            "key": str(self.key_version),
        }

    def replaces(self, record: Mapping[str, object]) -> bool:
        """Whether this is the value that ``record`` tells of: itself, or re-sealed since under a newer key."""
        mine = self.record()
        if mine["sealed"] == record.get("sealed"):
            return True
        known = str(record.get("key", ""))
        return (
            mine["revision"] == record.get("revision")
            and known.isascii()
            and known.isdigit()
            and (self.key_version > int(known))
        )

    def __str__(self) -> str:
        """What people see of it."""
        return MASK

    def __repr__(self) -> str:
        return "Sealed()"


# The fields of the nine tables by the name of the record's field (and of the plain column).
SEALED_FIELDS: Final[Mapping[tuple[TableName, str], SealedField]] = MappingProxyType(
    {
        (TableName.USERS, "email"): SealedField.USER_EMAIL,
        (TableName.PAYMENT_METHODS, "provider_reference"): SealedField.PAYMENT_METHOD_EXTERNAL_ID,
        (TableName.PAYMENT_METHODS, "last_four"): SealedField.PAYMENT_METHOD_LAST_FOUR,
        (TableName.PAYMENT_METHODS, "expires_on"): SealedField.PAYMENT_METHOD_EXPIRY,
        (TableName.PAYMENTS, "external_id"): SealedField.PAYMENT_EXTERNAL_ID,
        (TableName.PAYMENTS, "metadata"): SealedField.PAYMENT_METADATA,
    }
)
FIELD_PLACES: Final[Mapping[SealedField, tuple[TableName, str]]] = MappingProxyType(
    {name: place for place, name in SEALED_FIELDS.items()}
)
BLIND_FIELDS: Final = frozenset({SealedField.PAYMENT_EXTERNAL_ID})  # of high entropy: found by their exact value


_NAMES: Final[Mapping[TableName, tuple[str, ...]]] = MappingProxyType(
    {table: tuple(name for place, name in SEALED_FIELDS if place is table) for table, _ in SEALED_FIELDS}
)


def sealed_names(table: TableName) -> tuple[str, ...]:
    """The record fields of a table that are sealed."""
    return _NAMES.get(table, ())


def text_of(value: str | date | None) -> str:
    """A plain value as the text that is sealed; empty: there is nothing to seal."""
    return value.isoformat() if isinstance(value, date) else value or ""


def value_of(sealed: SealedField, text: str) -> str | date | None:
    """The inverse of ``text_of``. Raises ValueError for a day that is none."""
    if sealed is not SealedField.PAYMENT_METHOD_EXPIRY:
        return text
    return date.fromisoformat(text) if text else None
