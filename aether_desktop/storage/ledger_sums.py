"""What the rows of the ledger add up to, summed exactly by the engine.

One rule everywhere: of rows that are not archived, in wallets that are not archived, a confirmed one adds what came in
and takes what went out, a confirmed or failed one takes its fee in the fee's currency, pending and orphaned ones count
nothing, and a movement within the wallet costs its fee only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, LargeBinary, Select, Text, and_, func, select, type_coerce

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.transactions import Balance, Direction, TransactionStatus
from aether_desktop.ports.storage import DaySum, Dip
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.columns import from_microseconds
from aether_desktop.storage.currency_rows import currency_of
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import CURRENCIES, TRANSACTIONS, WALLETS
from aether_desktop.storage.sums import exact_sum

_ROWS, _WALLETS, _COINS = TRANSACTIONS.c, WALLETS.c, CURRENCIES.c
_DAY: Final = 86_400_000_000  # microseconds
_BEFORE: Final = 800_000  # days before 1970: the engines' divisions round alike only for positive numbers
_SIGN: Final = {Direction.IN: 1, Direction.OUT: -1, Direction.SELF: 0}
_COSTS_FEE: Final = frozenset({TransactionStatus.CONFIRMED, TransactionStatus.FAILED})
_AT_ONCE: Final = 2_000


class LedgerSums:
    """Sums over the transactions of one vault. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def balances(self, wallet_ids: Sequence[int] | None, *, token: CancelToken | None) -> list[Balance]:
        """By wallet's name, then symbol; ``rows`` counts the rows that count. Raises OperationCancelled."""

        def add_up(connection: Connection) -> list[Balance]:
            totals: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
            for wallet, coin, fee_coin, direction, status, amount, fee, count in connection.execute(
                self._grouped(wallet_ids)
            ):
                value = totals[wallet, coin]
                if status is TransactionStatus.CONFIRMED:
                    value[0] += _SIGN[direction] * amount
                    value[1] += count
                if fee_coin is not None:
                    cost = totals[wallet, fee_coin]
                    if status in _COSTS_FEE:
                        cost[0] -= fee
                        if fee_coin != coin or status is not TransactionStatus.CONFIRMED:
                            cost[1] += count
            names = self._wallet_names(connection)
            coins = self._currencies(connection)
            found = [
                Balance(wallet, names[wallet], coins[coin], units, rows)
                for (wallet, coin), (units, rows) in totals.items()
            ]
            return sorted(found, key=lambda each: (each.wallet.casefold(), each.wallet_id, *_order(each.currency)))

        return self._database.fetch(add_up, token=token)

    def daily(self, wallet_ids: Sequence[int] | None, *, token: CancelToken | None) -> list[DaySum]:
        """Ascending by day; days on which nothing counts are left out. Raises OperationCancelled."""
        moment = type_coerce(_ROWS.occurred_at, BigInteger)
        day_number = ((moment + _BEFORE * _DAY) // _DAY).label("day_number")

        def add_up(connection: Connection) -> list[DaySum]:
            totals: defaultdict[tuple[int, int, int], int] = defaultdict(int)
            for wallet, coin, fee_coin, direction, status, amount, fee, _, day in connection.execute(
                self._grouped(wallet_ids, day_number)
            ):
                if status is TransactionStatus.CONFIRMED and direction is not Direction.SELF:
                    totals[day, wallet, coin] += _SIGN[direction] * amount
                if fee_coin is not None and status in _COSTS_FEE:
                    totals[day, wallet, fee_coin] -= fee
            coins = self._currencies(connection)
            return [
                DaySum(from_microseconds((day - _BEFORE) * _DAY), wallet, coins[coin], units)
                for (day, wallet, coin), units in sorted(totals.items())
            ]

        return self._database.fetch(add_up, token=token)

    def first_dips(self, *, token: CancelToken | None) -> list[Dip]:
        """Earliest first; what happens at one instant is one step. Memory stays flat. Raises OperationCancelled."""

        def walk(connection: Connection) -> list[Dip]:
            found: dict[tuple[int, int], tuple[int, int]] = {}  # wallet, coin: since when, how low
            running: dict[int, int] = {}
            here, now, touched = -1, 0, set[int]()
            for wallet, moment, changes in self._steps(connection, token):
                if (wallet, moment) != (here, now):
                    _note_dips(found, running, touched, wallet=here, moment=now)
                    touched.clear()
                    if wallet != here:
                        running = {}
                    here, now = wallet, moment
                for coin, change in changes:
                    running[coin] = running.get(coin, 0) + change
                    touched.add(coin)
            _note_dips(found, running, touched, wallet=here, moment=now)
            coins = self._currencies(connection) if found else {}
            dips = [
                Dip(wallet, coins[coin], from_microseconds(since), lowest)
                for (wallet, coin), (since, lowest) in found.items()
            ]
            return sorted(dips, key=lambda dip: (dip.since, dip.wallet_id, *_order(dip.currency)))

        return self._database.fetch(walk, token=token)

    # -- inside --------------------------------------------------------------------------------------------------

    def _rows(self, *columns: Any) -> Select[Any]:
        """Rows that are shown, of wallets that are shown."""
        return (
            select(*columns)
            .join(WALLETS, and_(_WALLETS.vault_id == _ROWS.vault_id, _WALLETS.id == _ROWS.wallet_id))
            .where(
                _ROWS.vault_id == self._database.vault_id, _ROWS.archived_at.is_(None), _WALLETS.archived_at.is_(None)
            )
        )

    def _grouped(self, wallet_ids: Sequence[int] | None, *more: Any) -> Select[Any]:
        groups = (_ROWS.wallet_id, _ROWS.currency_id, _ROWS.fee_currency_id, _ROWS.direction, _ROWS.status)
        query = self._rows(*groups, exact_sum(_ROWS.amount), exact_sum(_ROWS.fee), func.count(), *more)
        if wallet_ids is not None:
            query = query.where(_ROWS.wallet_id.in_(list(wallet_ids)))
        return query.group_by(*groups, *more)

    def _steps(
        self, connection: Connection, token: CancelToken | None
    ) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
        """Every row that counts, by wallet and time, as changes of currencies."""
        query = self._rows(
            _ROWS.wallet_id,
            type_coerce(_ROWS.occurred_at, BigInteger),
            type_coerce(_ROWS.direction, Text),
            type_coerce(_ROWS.status, Text),
            _ROWS.currency_id,
            type_coerce(_ROWS.amount, LargeBinary),
            _ROWS.fee_currency_id,
            type_coerce(_ROWS.fee, LargeBinary),
        ).where(_ROWS.status.in_(_COSTS_FEE))
        ordered = query.order_by(_ROWS.wallet_id, _ROWS.occurred_at)
        streamed = connection.execute(ordered, execution_options={"stream_results": True, "yield_per": _AT_ONCE})
        confirmed, came, went = TransactionStatus.CONFIRMED.value, Direction.IN.value, Direction.OUT.value
        for page in streamed.partitions():
            if token is not None:
                token.check()
            for wallet, moment, direction, status, coin, amount, fee_coin, fee in page:
                changes = []
                if status == confirmed and direction == came:
                    changes.append((coin, int.from_bytes(amount[1:], "big")))
                elif status == confirmed and direction == went:
                    changes.append((coin, -int.from_bytes(amount[1:], "big")))
                if fee_coin is not None:
                    changes.append((fee_coin, -int.from_bytes(fee[1:], "big")))
                yield wallet, moment, changes

    def _currencies(self, connection: Connection) -> dict[int, Currency]:
        query = select(CURRENCIES).where(_COINS.vault_id == self._database.vault_id)
        return {row.id: currency_of(row) for row in connection.execute(query)}

    def _wallet_names(self, connection: Connection) -> dict[int, str]:
        query = select(_WALLETS.id, _WALLETS.name).where(_WALLETS.vault_id == self._database.vault_id)
        return {row[0]: row[1] for row in connection.execute(query)}


def _note_dips(
    found: dict[tuple[int, int], tuple[int, int]],
    running: dict[int, int],
    touched: set[int],
    *,
    wallet: int,
    moment: int,
) -> None:
    """After all rows of one instant."""
    for coin in touched:
        balance = running[coin]
        if balance < 0:
            since, lowest = found.get((wallet, coin), (moment, 0))
            found[wallet, coin] = (since, min(lowest, balance))


def _order(currency: Currency) -> tuple[str, str, str]:
    return currency.symbol, currency.chain, currency.contract
