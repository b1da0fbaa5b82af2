"""What is kept beside the rows and looked after in the background: sums of days, and the index for search.

Worker threads only. All raise the StorageError family.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from aether_desktop.ports.work import CancelToken, Progress, silent


class RecountedDay(NamedTuple):
    """A day of a wallet whose kept sum is not what its rows say."""

    wallet_id: int
    day: datetime
    currency_id: int
    kept: int
    counted: int


class LedgerSettling(Protocol):
    """The sums of days, of which balances are made: settling what changed, and a full recount."""

    def settle(self, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """Add up the days whose rows changed, so that no question reads these rows again; the number of days.

        Raises OperationCancelled; what was done until then stays done.
        """
        ...

    def settle_some(self) -> int:
        """One short transaction of it; 0 when nothing waits or another client is at it."""
        ...

    def unsettled(self) -> int:
        """How many days wait."""
        ...

    def recount(self, *, token: CancelToken | None = None) -> list[RecountedDay]:
        """Add up every row again and compare; the days that differ. Changes nothing. Raises OperationCancelled."""
        ...

    def start_over(self) -> None:
        """Let every day be added up anew by the next ``settle``."""
        ...


class SearchUpkeep(Protocol):
    """The index by which fragments and words are found: kept current in the background, checked, made anew.

    Questions are answered rightly without it, only more slowly.
    """

    def waiting(self) -> int:
        """Rows that changed since they were indexed, about."""
        ...

    def settle(self, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """Index them all; how many. Raises OperationCancelled; what was done until then stays done."""
        ...

    def settle_some(self, *, token: CancelToken | None = None) -> int:
        """One short transaction of it; 0 when nothing waits or another client is at it. Raises OperationCancelled."""
        ...

    def tidy(self) -> None:
        """After the last slice: what the engine left for later."""
        ...

    def wrong(self, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """Rows that the index misses and thinks it has; in a vault file of a sample. Raises OperationCancelled."""
        ...

    def start_over(self) -> None:
        """Forget everything: the next ``settle`` makes it of the rows."""
        ...
