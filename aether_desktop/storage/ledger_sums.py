"""What the rows of the ledger add up to: balances, the net of every day, since when history is missing.

Made of the sums of days (``ledger_days``, where the rule of adding up is), so that no question reads every row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.transactions import Balance
from aether_desktop.ports.storage import DaySum, Dip
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.columns import from_microseconds
from aether_desktop.storage.currency_rows import currency_of
from aether_desktop.storage.database import Database
from aether_desktop.storage.ledger_days import DayTotal, LedgerDays
from aether_desktop.storage.schema import CURRENCIES, WALLETS
from aether_desktop.storage.schema.ledger import DAY

_WALLETS, _COINS = WALLETS.c, CURRENCIES.c


class LedgerSums:
    """Sums over the transactions of one vault. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database, days: LedgerDays) -> None:
        self._database, self._days = database, days

    def balances(self, wallet_ids: Sequence[int] | None, *, token: CancelToken | None) -> list[Balance]:
        """By wallet's name, then symbol; ``rows`` counts the rows that count. Raises OperationCancelled."""

        def add_up(connection: Connection) -> list[Balance]:
            names, coins = self._shown_wallets(connection), self._currencies(connection)
            totals: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
            for day in self._days.totals(connection, wallet_ids, token):
                if day.wallet_id in names:
                    value = totals[day.wallet_id, day.currency_id]
                    value[0] += day.units
                    value[1] += day.counted
            found = [
                Balance(wallet, names[wallet], coins[coin], units, rows)
                for (wallet, coin), (units, rows) in totals.items()
            ]
            return sorted(found, key=lambda each: (each.wallet.casefold(), each.wallet_id, *_order(each.currency)))

        return self._database.fetch(add_up, token=token)

    def daily(self, wallet_ids: Sequence[int] | None, *, token: CancelToken | None) -> list[DaySum]:
        """Ascending by day; days that leave a balance as it was are left out. Raises OperationCancelled."""

        def add_up(connection: Connection) -> list[DaySum]:
            shown, coins = self._shown_wallets(connection), self._currencies(connection)
            totals: defaultdict[tuple[int, int, int], int] = defaultdict(int)
            for day in self._days.totals(connection, wallet_ids, token):
                if day.units and day.wallet_id in shown:
                    totals[day.day, day.wallet_id, day.currency_id] += day.units
            return [
                DaySum(from_microseconds(day * DAY), wallet, coins[coin], units)
                for (day, wallet, coin), units in sorted(totals.items())
                if units
            ]

        return self._database.fetch(add_up, token=token)

    def first_dips(self, *, token: CancelToken | None) -> list[Dip]:
        """Earliest first; what happens at one instant is one step. Raises OperationCancelled."""

        def walk(connection: Connection) -> list[Dip]:
            shown = self._shown_wallets(connection)
            days = [day for day in self._days.totals(connection, None, token) if day.wallet_id in shown]
            found = [
                (wallet, coin, dip)
                for (wallet, coin), its_days in _by_currency(days).items()
                if (dip := self._dip(connection, wallet, coin, its_days)) is not None
            ]
            coins = self._currencies(connection) if found else {}
            dips = [Dip(wallet, coins[coin], from_microseconds(dip.since), dip.lowest) for wallet, coin, dip in found]
            return sorted(dips, key=lambda dip: (dip.since, dip.wallet_id, *_order(dip.currency)))

        return self._database.fetch(walk, token=token)

    # -- inside --------------------------------------------------------------------------------------------------

    def _dip(
        self, connection: Connection, wallet: int, coin: int, days: Mapping[int, Sequence[DayTotal]]
    ) -> _Dip | None:
        """Only the day on which it begins is looked at row by row, and days of several owners that may go lower."""
        running, since, lowest = 0, -1, 0
        for day in sorted(days):
            totals = days[day]
            bound = running + sum(total.lowest for total in totals)
            if bound < min(lowest, 0):
                if since < 0 or len(totals) > 1:
                    first, depth = _walked(running, self._days.steps(connection, wallet, day, coin))
                    since = first if since < 0 and first is not None else since
                    lowest = min(lowest, depth)
                else:
                    lowest = bound
            running += sum(total.units for total in totals)
        return _Dip(since, lowest) if lowest < 0 else None

    def _currencies(self, connection: Connection) -> dict[int, Currency]:
        query = select(CURRENCIES).where(_COINS.vault_id == self._database.vault_id)
        return {row.id: currency_of(row) for row in connection.execute(query)}

    def _shown_wallets(self, connection: Connection) -> dict[int, str]:
        query = select(_WALLETS.id, _WALLETS.name).where(
            _WALLETS.vault_id == self._database.vault_id, _WALLETS.archived_at.is_(None)
        )
        return {row[0]: row[1] for row in connection.execute(query)}


class _Dip(NamedTuple):
    since: int  # microseconds
    lowest: int


def _by_currency(days: Iterable[DayTotal]) -> dict[tuple[int, int], dict[int, list[DayTotal]]]:
    """By wallet and currency, then by day; a day has one entry for each owner of rows."""
    found: dict[tuple[int, int], dict[int, list[DayTotal]]] = {}
    for total in days:
        found.setdefault((total.wallet_id, total.currency_id), {}).setdefault(total.day, []).append(total)
    return found


def _walked(running: int, steps: Iterable[tuple[int, int]]) -> tuple[int | None, int]:
    """When a running balance is first below zero, and how low it goes; ``steps`` are instants and their change."""
    since, lowest = None, 0
    for moment, change in steps:
        running += change
        if running < 0:
            since = moment if since is None else since
            lowest = min(lowest, running)
    return since, lowest


def _order(currency: Currency) -> tuple[str, str, str]:
    return currency.symbol, currency.chain, currency.contract
