"""Adds up the days of the ledger that changed, a slice at a time, and counts everything again when asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeFeed, ChangeSet
from aether_desktop.services.ledger import LedgerService, Recount
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner

_REST_MS: Final = 1_500  # after the last change: whoever types or imports goes first
_WORTH: Final = 3  # days; fewer are read again faster than they are written


class LedgerUpkeep(QObject):
    """GUI thread only; ``begin`` once the pages are made. What cannot be settled now waits for the next change."""

    _changed = Signal()

    def __init__(
        self, ledger: LedgerService, changes: ChangeFeed, jobs: JobRunner, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._ledger, self._jobs, self._messages = ledger, jobs, messages
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

    def recount(self) -> None:
        """Read every row; as a job that shows its progress and can be cancelled."""
        job = self._jobs.write(
            lambda token, progress: self._ledger.recount(token=token, progress=progress), title="Recount the ledger"
        )
        job.on_success(self._on_recounted).on_failure(self._messages.report)

    def _on_changes(self, changes: ChangeSet) -> None:
        """Any thread."""
        if TableName.TRANSACTIONS in changes.tables:
            self._changed.emit()

    def _look(self) -> None:
        if self._running:
            self._again = True
            return
        self._running = True
        job = self._jobs.read(lambda _token, _progress: self._ledger.waiting(), repeatable=False)
        job.on_success(lambda waiting: self._slice() if waiting > _WORTH else self._end())
        job.on_failure(lambda _error: self._end()).on_cancelled(self._end)

    def _slice(self) -> None:
        job = self._jobs.write(lambda _token, _progress: self._ledger.settle_some(), repeatable=False)
        job.on_success(lambda done: self._slice() if done > 0 else self._end())
        job.on_failure(lambda _error: self._end())  # a vault that is only read: its sums are made of the rows each time
        job.on_cancelled(self._end)

    def _end(self) -> None:
        self._running = False
        again, self._again = self._again, False
        if again:
            self._rest.start()

    def _on_recounted(self, recount: Recount) -> None:
        tell = self._messages.warn if recount.wrong else self._messages.done
        tell(recount.sentence)
