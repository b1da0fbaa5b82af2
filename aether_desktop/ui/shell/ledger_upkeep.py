"""Adds up the days of the ledger that changed, a slice at a time, and counts everything again when asked."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeFeed, ChangeSet
from aether_desktop.services.ledger import LedgerService
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell.upkeep import Upkeep

_REST_MS: Final = 1_500
_WORTH: Final = 3  # days; fewer are read again faster than they are written


class LedgerUpkeep(Upkeep):
    """See Upkeep. The sums of a vault that is only read are made of the rows each time."""

    def __init__(
        self, ledger: LedgerService, changes: ChangeFeed, jobs: JobRunner, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(ledger, changes, jobs, messages, parent, rest_ms=_REST_MS, worth=_WORTH)
        self._ledger = ledger

    def recount(self) -> None:
        """Read every row; as a job that shows its progress and can be cancelled."""
        job = self._jobs.write(
            lambda token, progress: self._ledger.recount(token=token, progress=progress), title="Recount the ledger"
        )
        job.on_success(self._tell).on_failure(self._messages.report)

    def _concerns(self, changes: ChangeSet) -> bool:
        return TableName.TRANSACTIONS in changes.tables
