"""The sums that balances are made of: added up after changes, and counted again when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent

_NAMED: Final = 5  # differences that are spelt out


@dataclass(frozen=True, slots=True)
class Recount:
    """``wrong`` days did not agree with their rows and were added up anew; ``sentence`` says so to people."""

    wrong: int
    sentence: str


class LedgerService:
    """Worker threads only; raises the StorageError family, OperationCancelled."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def waiting(self) -> int:
        """Days whose rows changed since they were added up."""
        return self._storage.ledger.unsettled()

    def settle(self, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """Add them up; the number of days."""
        return self._storage.ledger.settle(token=token, progress=progress)

    def settle_some(self) -> int:
        """Add up as many as a short transaction holds; 0 when nothing waits or somebody else is at it."""
        return self._storage.ledger.settle_some()

    def recount(self, *, token: CancelToken | None = None, progress: Progress = silent) -> Recount:
        """Add up every row and compare; what differs is made of the rows again."""
        ledger = self._storage.ledger
        found = ledger.recount(token=token)
        if not found:
            return Recount(0, "Every day of every wallet adds up to what its rows say.")
        names = {wallet.id: wallet.name for wallet in self._storage.wallets.all()}
        coins = {coin.id: coin.symbol for coin in self._storage.currencies.all()}
        told = []
        for each in found[:_NAMED]:
            wallet, coin = names.get(each.wallet_id, "an archived wallet"), coins.get(each.currency_id, "?")
            told.append(f"{wallet}, {each.day:%d %b %Y}: {coin}")
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        ledger.start_over()
        ledger.settle(token=token, progress=progress)
        days = "One sum of a day was" if len(found) == 1 else f"{len(found):,} sums of days were"
        why = f"{days} not what the rows say ({'; '.join(told)}{more})."
        return Recount(len(found), f"{why} They were added up anew from the rows.")
