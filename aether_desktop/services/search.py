"""The command palette's look-ups: a hash, an address, a label, a content id, a person."""

from __future__ import annotations

from dataclasses import dataclass

from aether_desktop.domain.records import TableName
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken


@dataclass(frozen=True, slots=True)
class SearchHit:
    """``title`` is the row's name, ``line`` one plain line about it."""

    table: TableName
    row_id: int
    title: str
    line: str


class SearchService:
    """Worker threads only."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def find(self, text: str, *, limit: int = 20, token: CancelToken | None = None) -> list[SearchHit]:
        """Rows of any table that match, best first: exact and prefix by index, words in labels and names."""
        ...
