"""The index by which fragments and words are found: kept current in the background, checked when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass

from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent


@dataclass(frozen=True, slots=True)
class IndexCheck:
    """``wrong`` rows were not found by their own text, and everything was indexed anew; ``sentence`` tells people."""

    wrong: int
    sentence: str


class SearchUpkeepService:
    """Worker threads only; raises the StorageError family, OperationCancelled."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def waiting(self) -> int:
        """Rows that changed since they were indexed, about."""
        return self._storage.search.waiting()

    def settle(self, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """Index them; how many."""
        return self._storage.search.settle(token=token, progress=progress)

    def settle_some(self) -> int:
        """As many as a short transaction holds; 0 when nothing waits or somebody else is at it."""
        return self._storage.search.settle_some()

    def check(self, *, token: CancelToken | None = None, progress: Progress = silent) -> IndexCheck:
        """Bring it up to date and look rows up by their own texts; where one is missing, make the index anew."""
        search = self._storage.search
        search.settle(token=token, progress=progress)
        wrong = search.wrong(token=token, progress=progress)
        if not wrong:
            return IndexCheck(0, "Fragments and words are found by the index.")
        search.start_over()
        search.settle(token=token, progress=progress)
        rows = "One row was" if wrong == 1 else f"{wrong:,} rows were"
        return IndexCheck(wrong, f"{rows} not found by the index for search. It was made anew from the rows.")
