"""A full recount of the ledger by the engine's own grouping, against the sums of days that everything is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, func, select

from aether_desktop.domain.transactions import Direction, TransactionStatus
from aether_desktop.ports.upkeep import RecountedDay
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


@dataclass(slots=True)
class _Sum:
    """``fees`` are those paid in other currencies, by these."""

    units: int = 0
    counted: int = 0
    shown: int = 0
    coming: int = 0
    going: int = 0
    fees: dict[int, int] = field(default_factory=dict)

    def pay(self, coin: int, units: int) -> None:
        if units:
            self.fees[coin] = self.fees.get(coin, 0) + units


_Sums = Mapping[_Key, _Sum]


class LedgerRecount:
    """Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database, days: LedgerDays) -> None:
        self._database, self._days = database, days

    def differences(self, *, token: CancelToken | None = None) -> list[RecountedDay]:
        """Days whose sums are not what the rows say, by wallet and day, of one snapshot; reads every row.

        Days that lack figures since an upgrade differ. Raises OperationCancelled.
        """

        def compare(connection: Connection) -> list[RecountedDay]:
            counted, kept = self._counted(connection), self._kept(connection, token)
            nothing = _Sum()
            return [
                RecountedDay(
                    wallet_id=key[0],
                    day=from_microseconds(key[1] * DAY),
                    currency_id=key[2],
                    kept=kept.get(key, nothing).units,
                    counted=counted.get(key, nothing).units,
                )
                for key in sorted(counted.keys() | kept.keys())
                if counted.get(key, nothing) != kept.get(key, nothing)
            ]

        return self._database.fetch(compare, token=token)

    # -- inside --------------------------------------------------------------------------------------------------

    def _kept(self, connection: Connection, token: CancelToken | None) -> _Sums:
        found: defaultdict[_Key, _Sum] = defaultdict(_Sum)
        sums = self._days.sums(connection, None, token, fees=True)
        for total in sums.totals:
            value = found[total.wallet_id, total.day, total.currency_id]
            value.units += total.units
            value.counted += total.counted
            value.shown += total.shown
            value.coming += total.coming or 0
            value.going += total.going or 0
        for fee in sums.fees:
            found[fee.wallet_id, fee.day, fee.currency_id].pay(fee.fee_currency_id, fee.units)
        return found

    def _counted(self, connection: Connection) -> _Sums:
        found: defaultdict[_Key, _Sum] = defaultdict(_Sum)
        day = day_number(_ROWS.occurred_at).label("day_number")
        groups = (_ROWS.wallet_id, day, _ROWS.currency_id, _ROWS.fee_currency_id, _ROWS.direction, _ROWS.status)
        query = (
            select(*groups, exact_sum(_ROWS.amount), exact_sum(_ROWS.fee), func.count())
            .where(_ROWS.vault_id == self._database.vault_id, _ROWS.archived_at.is_(None))
            .group_by(*groups)
        )
        for wallet, number, coin, fee_coin, direction, status, amount, fee, count in connection.execute(query):
            value = found[wallet, number, coin]
            value.shown += count
            if status is TransactionStatus.CONFIRMED:
                value.units += _SIGN[direction] * amount
                value.counted += count
                value.coming += amount if direction is Direction.IN else 0
                value.going += amount if direction is Direction.OUT else 0
            if fee_coin is not None:
                cost = found[wallet, number, fee_coin]
                if status in _COSTS_FEE:
                    cost.units -= fee
                    if fee_coin != coin or status is not TransactionStatus.CONFIRMED:
                        cost.counted += count
                    if fee_coin != coin:
                        value.pay(fee_coin, fee)
        return found
