"""The undo and redo stack of one window or command: steps that know their own inverse."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from aether_desktop.ports.changes import ChangeSet

_LIMIT = 200


@dataclass(frozen=True, slots=True)
class UndoStep:
    """``text`` names what was done ("edit wallet"). Both callables write, and raise what the storage raises."""

    text: str
    undo: Callable[[], ChangeSet]
    redo: Callable[[], ChangeSet]


class UndoStack:
    """Thread-safe; the steps themselves run on the calling (worker) thread, one at a time."""

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._done: list[UndoStep] = []
        self._undone: list[UndoStep] = []
        self._lock = threading.RLock()

    def push(self, step: UndoStep) -> None:
        """A step just done; whatever was undone before can no longer be redone."""
        with self._lock:
            self._done.append(step)
            del self._done[: -self._limit]
            self._undone.clear()

    @property
    def undo_text(self) -> str:
        """What undo would take back, "" when there is nothing. Any thread."""
        with self._lock:
            return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        """What redo would do again, "" when there is nothing. Any thread."""
        with self._lock:
            return self._undone[-1].text if self._undone else ""

    def undo(self) -> str:
        """Take back the latest step; returns its text, "" when there was none.

        Raises what the step raises (a ConflictError when somebody changed the row since); the step then stays.
        """
        with self._lock:
            return self._move(self._done, self._undone, back=True)

    def redo(self) -> str:
        """Do the latest undone step again; as ``undo``."""
        with self._lock:
            return self._move(self._undone, self._done, back=False)

    def clear(self) -> None:
        with self._lock:
            self._done.clear()
            self._undone.clear()

    @staticmethod
    def _move(source: list[UndoStep], target: list[UndoStep], *, back: bool) -> str:
        if not source:
            return ""
        step = source[-1]
        _ = step.undo() if back else step.redo()
        target.append(source.pop())
        return step.text
