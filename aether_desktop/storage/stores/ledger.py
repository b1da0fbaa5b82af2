"""Settling and recounting the sums of the ledger."""

from __future__ import annotations

from aether_desktop.ports.upkeep import RecountedDay
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.database import Database
from aether_desktop.storage.ledger_days import LedgerDays
from aether_desktop.storage.ledger_recount import LedgerRecount


class SqlLedgerSettling:
    """Implements ``ports.storage.LedgerSettling``. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database, days: LedgerDays) -> None:
        self._days = days
        self._recount = LedgerRecount(database, days)

    def settle(self, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """See the port. Raises OperationCancelled."""
        return self._days.settle(token=token, progress=progress)

    def settle_some(self) -> int:
        """See the port."""
        return self._days.settle_some()

    def unsettled(self) -> int:
        """How many days wait."""
        return self._days.count_waiting()

    def recount(self, *, token: CancelToken | None = None) -> list[RecountedDay]:
        """See the port. Raises OperationCancelled."""
        return self._recount.differences(token=token)

    def start_over(self) -> None:
        """See the port."""
        self._days.mark_all()
