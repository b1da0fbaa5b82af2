"""What a committed write changed, and who wants to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from aether_desktop.domain.records import TableName

MOST_IDS: Final = 10_000  # of one change; more are never listed


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Tables touched, with row ids where few enough to list; ``ids`` None means "many, ask again".

    ``foreign`` marks a change made by another process or client. ``annotations`` is set when labels, notes or tags
    changed. ``created`` are those of the ids that did not exist before, where that is known.
    """

    tables: frozenset[TableName] = frozenset()
    ids: frozenset[int] | None = None
    annotations: bool = False
    foreign: bool = False
    created: frozenset[int] = frozenset()

    def __or__(self, other: ChangeSet) -> ChangeSet:
        ids = None if self.ids is None or other.ids is None else self.ids | other.ids
        if ids is not None and len(ids) > MOST_IDS:
            ids = None
        return ChangeSet(
            self.tables | other.tables,
            ids,
            self.annotations or other.annotations,
            self.foreign or other.foreign,
            frozenset() if ids is None else self.created | other.created,
        )


class ChangeFeed(Protocol):
    """Committed changes, delivered on whatever thread committed or listened; subscribers must return at once."""

    def subscribe(self, listener: Callable[[ChangeSet], None]) -> Callable[[], None]:
        """Start listening; the returned callable stops it."""
        ...

    def publish(self, changes: ChangeSet) -> None: ...

    def watch_reach(self, listener: Callable[[bool], None]) -> Callable[[], None]:
        """Hear when the server stops answering (False) and when it answers again (True, and all may have changed)."""
        ...

    def tell_reach(self, *, reached: bool) -> None:
        """Whether the server answers; told on when it changes."""
        ...
