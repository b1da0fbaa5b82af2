"""Indexes what fragments and words are found by, once nobody types or imports; a long run can be seen and stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from aether_desktop.ports.changes import ChangeFeed, ChangeSet
from aether_desktop.services.search_upkeep import IndexCheck, SearchUpkeepService
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner

_REST_MS: Final = 2_000  # after the last change: whoever types or imports goes first
_WORTH: Final = 20  # rows; fewer are looked at faster than they are indexed
_LONG: Final = 10_000  # rows; so many are told in the activity panel


class SearchUpkeep(QObject):
    """GUI thread only; ``begin`` once the pages are made. What cannot be indexed now waits for the next change."""

    ended = Signal()
    """Nothing more is indexed for now."""
    _changed = Signal()

    def __init__(
        self, index: SearchUpkeepService, changes: ChangeFeed, jobs: JobRunner, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._index, self._jobs, self._messages = index, jobs, messages
        self._running = self._again = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._look)
        self._changed.connect(self._rest.start)
        self._stop: Callable[[], None] = changes.subscribe(self._on_changes)

    def begin(self) -> None:
        """Look whether something waits from before."""
        self._rest.start()

    def close(self) -> None:
        """Listen no more."""
        self._stop()
        self._rest.stop()

    def check(self) -> None:
        """Look rows up by their own texts; as a job that shows its progress and can be cancelled."""
        job = self._jobs.read(
            lambda token, progress: self._index.check(token=token, progress=progress),
            title="Check the index for search",
            repeatable=False,
        )
        job.on_success(self._on_checked).on_failure(self._messages.report)

    def _on_changes(self, _changes: ChangeSet) -> None:
        """Any thread."""
        self._changed.emit()

    def _look(self) -> None:
        if self._running:
            self._again = True
            return
        self._running = True
        job = self._jobs.read(lambda _token, _progress: self._index.waiting(), repeatable=False)
        job.on_success(self._on_waiting)
        job.on_failure(lambda _error: self._end()).on_cancelled(self._end)

    def _on_waiting(self, rows: int) -> None:
        if rows <= _WORTH:
            self._end()
        elif rows <= _LONG:
            self._slice()
        else:
            # on a reading lane: it writes in slices, and whoever writes meanwhile goes in between
            job = self._jobs.read(
                lambda token, progress: self._index.settle(token=token, progress=progress),
                title="Index texts for search",
                repeatable=False,
            )
            job.on_success(lambda _rows: self._end())
            job.on_failure(lambda _error: self._end()).on_cancelled(self._end)

    def _slice(self) -> None:
        job = self._jobs.write(lambda _token, _progress: self._index.settle_some(), repeatable=False)
        job.on_success(lambda done: self._slice() if done > 0 else self._end())
        job.on_failure(lambda _error: self._end())  # a vault that is only read: it is searched row by row
        job.on_cancelled(self._end)

    def _end(self) -> None:
        self._running = False
        again, self._again = self._again, False
        if again:
            self._rest.start()
        else:
            self.ended.emit()

    def _on_checked(self, check: IndexCheck) -> None:
        tell = self._messages.warn if check.wrong else self._messages.done
        tell(check.sentence)
