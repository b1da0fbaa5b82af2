"""Values that were stored before the vault had keys and wait to be sealed. Worker threads only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from aether_desktop.domain.sealed_fields import Sealed, SealedField


class PlainRow(NamedTuple):
    """One value that is not sealed yet, as the text that is sealed (``domain.sealed_fields.text_of``)."""

    row_id: int
    owner_id: int
    text: str


class PlainValueStore(Protocol):
    """Raises the StorageError family. ``owner_id`` None: rows of everybody."""

    def count(self, field: SealedField, *, owner_id: int | None) -> int: ...

    def page(self, field: SealedField, *, owner_id: int | None, after: int, limit: int) -> list[PlainRow]:
        """In the order of ids, above ``after``."""
        ...

    def replace(self, field: SealedField, rows: Sequence[tuple[PlainRow, Sealed]]) -> int:
        """Empties each plain column and fills the sealed one, together, where nobody changed it meanwhile."""
        ...
