"""A full recount of the ledger by the engine's own grouping, against the sums of days that everything is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, func, select

from aether_desktop.domain.transactions import Direction, TransactionStatus
from aether_desktop.ports.storage import RecountedDay
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.columns import from_microseconds
from aether_desktop.storage.database import Database
from aether_desktop.storage.ledger_days import LedgerDays, day_number
from aether_desktop.storage.schema import TRANSACTIONS
from aether_desktop.storage.schema.ledger import DAY
from aether_desktop.storage.sums import exact_sum

_ROWS = TRANSACTIONS.c
_SIGN: Final = {Direction.IN: 1, Direction.OUT: -1, Direction.SELF: 0}
_COSTS_FEE: Final = frozenset({TransactionStatus.CONFIRMED, TransactionStatus.FAILED})
_Key = tuple[int, int, int]  # wallet, day, currency
_Sums = Mapping[_Key, tuple[int, int, int]]  # units, rows that count, rows shown


class LedgerRecount:
    """Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database, days: LedgerDays) -> None:
        self._database, self._days = database, days

    def differences(self, *, token: CancelToken | None = None) -> list[RecountedDay]:
        """Days whose sum is not what the rows say, by wallet and day, of one snapshot; reads every row.

        Raises OperationCancelled.
        """

        def compare(connection: Connection) -> list[RecountedDay]:
            counted, kept = self._counted(connection), self._kept(connection, token)
            nothing = (0, 0, 0)
            return [
                RecountedDay(
                    wallet_id=key[0],
                    day=from_microseconds(key[1] * DAY),
                    currency_id=key[2],
                    kept=kept.get(key, nothing)[0],
                    counted=counted.get(key, nothing)[0],
                )
                for key in sorted(counted.keys() | kept.keys())
                if counted.get(key, nothing) != kept.get(key, nothing)
            ]

        return self._database.fetch(compare, token=token)

    # -- inside --------------------------------------------------------------------------------------------------

    def _kept(self, connection: Connection, token: CancelToken | None) -> _Sums:
        found: defaultdict[_Key, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
        for total in self._days.totals(connection, None, token):
            key = (total.wallet_id, total.day, total.currency_id)
            units, rows, shown = found[key]
            found[key] = (units + total.units, rows + total.counted, shown + total.shown)
        return found

    def _counted(self, connection: Connection) -> _Sums:
        found: defaultdict[_Key, list[int]] = defaultdict(lambda: [0, 0, 0])
        day = day_number(_ROWS.occurred_at).label("day_number")
        groups = (_ROWS.wallet_id, day, _ROWS.currency_id, _ROWS.fee_currency_id, _ROWS.direction, _ROWS.status)
        query = (
            select(*groups, exact_sum(_ROWS.amount), exact_sum(_ROWS.fee), func.count())
            .where(_ROWS.vault_id == self._database.vault_id, _ROWS.archived_at.is_(None))
            .group_by(*groups)
        )
        for wallet, number, coin, fee_coin, direction, status, amount, fee, count in connection.execute(query):
            value = found[wallet, number, coin]
            value[2] += count
            if status is TransactionStatus.CONFIRMED:
                value[0] += _SIGN[direction] * amount
                value[1] += count
            if fee_coin is not None:
                cost = found[wallet, number, fee_coin]
                if status in _COSTS_FEE:
                    cost[0] -= fee
                    if fee_coin != coin or status is not TransactionStatus.CONFIRMED:
                        cost[1] += count
        return {key: (units, rows, shown) for key, (units, rows, shown) in found.items()}
