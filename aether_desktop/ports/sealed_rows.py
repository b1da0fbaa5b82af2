"""Sealed columns as a rotation sees them: values that go from one key version to the next. Worker threads only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from aether_desktop.domain.courts import Court
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.ports.access import FieldSealer


class SealedRow(NamedTuple):
    """One sealed value where it lies; ``content`` is what ``FieldSealer.open`` takes, with ``revision``."""

    row_id: int
    revision: int
    content: bytes


class ResealedRow(NamedTuple):
    """The same value under a later key: ``old`` must still be there. ``token`` is the first blind token, or None;
    ``words`` those of a note's words."""

    old: SealedRow
    content: bytes
    token: bytes | None = None
    words: tuple[bytes, ...] = ()


class SealedRows(Protocol):
    """Every sealed column of one vault. Raises the StorageError family."""

    def fields(self, court: Court) -> Sequence[SealedField]:
        """In a fixed order."""
        ...

    def has_token(self, field: SealedField) -> bool:
        """Whether the field is found by a blind token, which changes with the key."""
        ...

    def has_words(self, field: SealedField) -> bool:
        """Whether the field is found by its words, whose tokens change with the key."""
        ...

    def count(self, field: SealedField, *, owner_id: int, after: int) -> int:
        """Rows of an owner with a sealed value, with ids above ``after``."""
        ...

    def page(self, field: SealedField, *, owner_id: int, after: int, limit: int) -> list[SealedRow]:
        """In the order of ids, above ``after``."""
        ...

    def replace(self, field: SealedField, rows: Sequence[ResealedRow]) -> int:
        """Puts each value in the place of the old one, unless somebody changed it meanwhile; returns how many."""
        ...


class VersionedSealer(FieldSealer, Protocol):
    """A sealer that also tells which version of the court key a value is sealed under."""

    def version(self, field: SealedField, sealed: bytes) -> int:
        """Opens nothing. Raises SealError for a damaged header."""
        ...
