"""Sealed fields: AES-256-GCM (SP 800-38D) with random nonces, under a key of its own for each column of a court key.

Sealed value: header, then ciphertext and tag. Header (22 bytes): format 1, court (1 byte each), key version (8 bytes,
big-endian), nonce (12). Column key: HKDF-SHA256 of the court key with ``aether/1/column/<field id>`` as info.
Associated data: canonical ``aether/1/sealed`` (header, vault, field id, row id, owner, seal revision).
Blind index: key version (8 bytes), then HMAC-SHA256 (RFC 2104) over canonical ``aether/1/blind`` (vault, owner, field
id, value), keyed with HKDF of the court key, ``aether/1/blind/<field id>``.
"""

from __future__ import annotations

import hmac
import os
import threading
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aether_desktop.domain.courts import Court
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.ports.access import SealError
from aether_desktop.ports.identity import CourtKeyStore, RotationNeededError
from aether_desktop.security.canonical import encode
from aether_desktop.security.court_keys import CourtKeyName
from aether_desktop.security.court_ring import SEALS_BEFORE_ROTATION, CourtKeyRing

FORMAT: Final = 1
HEADER_BYTES: Final = 22
OVERHEAD: Final = HEADER_BYTES + 16
_LABEL: Final = "aether/1/sealed"
_BLIND_LABEL: Final = "aether/1/blind"
_NONCE_AT: Final = 10
_NONCE_BYTES: Final = 12
_NUMBER_HEAD: Final = b"\x03\x00\x00\x00\x08"  # tag and length of a number in canonical form
_FIRST_BLOCK: Final = 256  # seals counted ahead; doubles, so that a long import rarely writes the count
_LAST_BLOCK: Final = 1 << 16


class _Column:
    """What sealing one field under one version of one owner's court key needs again and again."""

    __slots__ = ("cipher", "head", "left", "name", "place", "tail")

    def __init__(self, name: CourtKeyName, field: SealedField, key: bytes) -> None:
        self.name = name
        self.cipher = AESGCM(key)
        self.head = bytes((FORMAT, int(name.court))) + name.version.to_bytes(8, "big")
        whole = encode(_LABEL, bytes(HEADER_BYTES), name.vault_id, field.value, 0, name.owner_id, 0)
        start = whole.index(self._framed_header(bytes(HEADER_BYTES))) + 5
        self.place = whole[:start]  # up to the header's content
        self.tail = whole[start + HEADER_BYTES : -3 * 13]  # vault and field; three numbers of 13 bytes follow
        self.left = 0

    @staticmethod
    def _framed_header(header: bytes) -> bytes:
        return b"\x01" + len(header).to_bytes(4, "big") + header

    def associated(self, header: bytes, *, row_id: int, revision: int) -> bytes:
        """Equal to ``associated_data``, put together from parts."""
        return b"".join(
            (self.place, header, self.tail, _number(row_id), _number(self.name.owner_id), _number(revision))
        )


def associated_data(header: bytes, name: CourtKeyName, field: SealedField, *, row_id: int, revision: int) -> bytes:
    """What a sealed value is bound to, in canonical form."""
    return encode(_LABEL, header, name.vault_id, field.value, row_id, name.owner_id, revision)


class CourtSealer:
    """Implements ``ports.access.FieldSealer`` over the court keys of one person. Any worker thread."""

    def __init__(self, ring: CourtKeyRing, counts: CourtKeyStore) -> None:
        self._ring = ring
        self._counts = counts
        self._lock = threading.Lock()
        self._columns: dict[tuple[CourtKeyName, SealedField], _Column] = {}
        self._blocks: dict[CourtKeyName, int] = {}
        ring.on_wipe(self._forget_court)

    def seal(self, field: SealedField, plain: bytes, *, row_id: int, owner_id: int, revision: int) -> bytes:
        """Under the latest version. Raises LevelLockedError, PermissionDeniedError, RotationNeededError,
        MembershipError."""
        column = self._column(self._ring.current(owner_id, field.court), field)
        self._count(column)
        nonce = os.urandom(_NONCE_BYTES)
        header = column.head + nonce
        return header + column.cipher.encrypt(nonce, plain, column.associated(header, row_id=row_id, revision=revision))

    def seal_many(
        self, field: SealedField, plains: Sequence[tuple[int, bytes]], *, owner_id: int, revision: int
    ) -> list[bytes]:
        """The same for one field of many rows, given by id: at a third of the price. Raises as ``seal``."""
        column = self._column(self._ring.current(owner_id, field.court), field)
        self._count(column, len(plains))
        head, encrypt = column.head, column.cipher.encrypt
        place, tail = column.place, column.tail + _NUMBER_HEAD
        end = _number(owner_id) + _number(revision)
        nonces = os.urandom(_NONCE_BYTES * len(plains))
        sealed = []
        for at, (row_id, plain) in enumerate(plains):
            nonce = nonces[at * _NONCE_BYTES : (at + 1) * _NONCE_BYTES]
            header = head + nonce
            place_of_row = place + header + tail + row_id.to_bytes(8, "big") + end
            sealed.append(header + encrypt(nonce, plain, place_of_row))
        return sealed

    def open(self, field: SealedField, sealed: bytes, *, row_id: int, owner_id: int, revision: int) -> bytes:
        """Under whatever version it was sealed. Raises SealError, LevelLockedError, PermissionDeniedError,
        MembershipError."""
        version = sealed_version(field, sealed)
        column = self._column(CourtKeyName(self._ring.vault_id, owner_id, field.court, version), field)
        header = sealed[:HEADER_BYTES]
        try:
            return column.cipher.decrypt(
                header[_NONCE_AT:],
                sealed[HEADER_BYTES:],
                column.associated(header, row_id=row_id, revision=revision),
            )
        except InvalidTag as error:
            raise SealError(
                f"The sealed field {field.value} does not open: it was altered, or belongs to another row.",
                field=field,
                hint="Restore the row from a back-up, and look at the audit page.",
            ) from error

    def blind(self, field: SealedField, plain: bytes, *, owner_id: int) -> tuple[bytes, ...]:
        """Raises LevelLockedError, PermissionDeniedError, MembershipError."""
        return self.blind_many(field, [plain], owner_id=owner_id)[0]

    def blind_many(self, field: SealedField, plains: Sequence[bytes], *, owner_id: int) -> list[tuple[bytes, ...]]:
        """The tokens of each value. Raises LevelLockedError, PermissionDeniedError, MembershipError."""
        self._ring.require_open(field.court)
        live = self._ring.versions(owner_id, field.court).live
        if not live:
            self._ring.current(owner_id, field.court)  # says why
        info = f"aether/1/blind/{field.value}".encode("ascii")
        names = [CourtKeyName(self._ring.vault_id, owner_id, field.court, version) for version in live]
        keys = [(name.version.to_bytes(8, "big"), self._ring.derive(name, info)) for name in names]
        values = [encode(_BLIND_LABEL, self._ring.vault_id, owner_id, field.value, plain) for plain in plains]
        return [tuple(head + hmac.digest(key, value, "sha256") for head, key in keys) for value in values]

    def owners(self, court: Court) -> tuple[int, ...]:
        """Whose live keys of the court are stored for this person. Raises LevelLockedError."""
        self._ring.require_open(court)
        return self._ring.owners(court)

    def version(self, field: SealedField, sealed: bytes) -> int:
        """Which version of the court key it is sealed under; nothing is opened. Raises SealError."""
        return sealed_version(field, sealed)

    # -- inside --------------------------------------------------------------------------------------------------

    def _column(self, name: CourtKeyName, field: SealedField) -> _Column:
        self._ring.require_open(name.court)
        found = self._columns.get((name, field))
        if found is None:
            key = self._ring.derive(name, f"aether/1/column/{field.value}".encode("ascii"))
            with self._lock:
                found = self._columns.setdefault((name, field), _Column(name, field, key))
            self._ring.require_open(name.court)  # locked meanwhile: then it is forgotten again
        return found

    def _count(self, column: _Column, seals: int = 1) -> None:
        """Seals are counted ahead in blocks, before they are made. Raises RotationNeededError."""
        with self._lock:
            if column.left >= seals:
                column.left -= seals
                return
            name = column.name
            block = self._blocks.get(name, _FIRST_BLOCK)
            self._blocks[name] = min(block * 2, _LAST_BLOCK)
            block += seals - 1
        total = self._counts.count_seals(
            name.owner_id, name.court, version=name.version, recipient_id=self._ring.user_id, more=block
        )
        if total > SEALS_BEFORE_ROTATION:
            raise RotationNeededError(
                f"The key of the {name.court.title} has sealed as much as one key may.",
                owner_id=name.owner_id,
                court=name.court,
            )
        with self._lock:
            column.left += block - seals

    def _forget_court(self, court: Court) -> None:
        with self._lock:
            for key in [each for each in self._columns if each[0].court is court]:
                del self._columns[key]


def sealed_version(field: SealedField, sealed: bytes) -> int:
    """The key version of a sealed value. Raises SealError for an unknown format or another court."""
    if len(sealed) < OVERHEAD or sealed[0] != FORMAT or sealed[1] != int(field.court):
        raise SealError(
            f"The sealed field {field.value} is damaged, or was written by a newer program.",
            field=field,
            hint="Restore the row from a back-up, or install the newest version of Aether Desktop.",
        )
    return int.from_bytes(sealed[2:_NONCE_AT], "big")


def _number(value: int) -> bytes:
    return _NUMBER_HEAD + value.to_bytes(8, "big")
