"""What changes leave to be settled is settled behind the window's back, a slice at a time, once changes rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from aether_desktop.ports.changes import ChangeFeed, ChangeSet
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner


class Settling(Protocol):
    """Worker threads only; raises the StorageError family."""

    def waiting(self) -> int:
        """How much is to be done."""
        ...

    def settle_some(self) -> int:
        """One short transaction of it; 0 when nothing waits or somebody else is at it."""
        ...


class Finding(Protocol):
    """What a check of everything found."""

    @property
    def wrong(self) -> int: ...
    @property
    def sentence(self) -> str: ...


class Upkeep(QObject):
    """GUI thread only; ``begin`` once the pages are made. What cannot be settled now waits for the next change."""

    ended = Signal()
    """Nothing more is settled for now."""
    _changed = Signal()

    def __init__(
        self,
        settling: Settling,
        changes: ChangeFeed,
        jobs: JobRunner,
        messages: Messages,
        parent: QObject,
        *,
        rest_ms: int,
        worth: int,
    ) -> None:
        """``rest_ms`` after the last change it looks: whoever types or imports goes first. ``worth``: what is no more
        than that is left, as it takes longer to settle than to do without."""
        super().__init__(parent)
        self._settling, self._jobs, self._messages, self._worth = settling, jobs, messages, worth
        self._running = self._again = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(rest_ms)
        self._rest.timeout.connect(self._look)
        self._changed.connect(self._on_changed)
        self._listening = True
        self._stop: Callable[[], None] = changes.subscribe(self._on_changes)

    def begin(self) -> None:
        """Look whether something waits from before."""
        self._rest.start()

    def close(self) -> None:
        """Listen no more, nor to what is on its way from a worker; the lanes may be closed after that."""
        self._listening = False
        self._stop()
        self._rest.stop()

    def _concerns(self, _changes: ChangeSet) -> bool:
        """Whether they may leave something to be settled. Any thread."""
        return True

    def _settle(self, _waiting: int) -> None:
        """Begin with so much, worth the while; calls ``_end`` when it is over, well or not."""
        self._slice()

    def _slice(self) -> None:
        job = self._jobs.write(lambda _token, _progress: self._settling.settle_some(), repeatable=False)
        job.on_success(lambda done: self._slice() if done > 0 else self._end())
        job.on_failure(lambda _error: self._end())  # a vault that is only read does without
        job.on_cancelled(self._end)

    def _end(self) -> None:
        self._running = False
        again, self._again = self._again, False
        if again:
            self._rest.start()
        else:
            self.ended.emit()

    def _tell(self, found: Finding) -> None:
        tell = self._messages.warn if found.wrong else self._messages.done
        tell(found.sentence)

    def _on_changes(self, changes: ChangeSet) -> None:
        """Any thread."""
        if self._concerns(changes):
            self._changed.emit()

    def _on_changed(self) -> None:
        if self._listening:
            self._rest.start()

    def _look(self) -> None:
        if self._running:
            self._again = True
            return
        self._running = True
        job = self._jobs.read(lambda _token, _progress: self._settling.waiting(), repeatable=False)
        job.on_success(lambda waiting: self._settle(waiting) if waiting > self._worth else self._end())
        job.on_failure(lambda _error: self._end()).on_cancelled(self._end)
