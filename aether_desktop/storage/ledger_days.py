"""Sums of the ledger by day: read where they are true, made from the rows where a mark says that these changed.

One rule everywhere: of rows that are not archived, a confirmed one adds what came in and takes what went out, a
confirmed or failed one takes its fee in the fee's currency, pending and orphaned ones count nothing, and a movement
within the wallet costs its fee only. PostgreSQL adds up by the same rule in migrations/postgresql/ledger_days.sql.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Connection,
    LargeBinary,
    Select,
    Text,
    delete,
    func,
    insert,
    select,
    text,
    type_coerce,
)

from aether_desktop.domain.transactions import Direction, TransactionStatus
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import LEDGER_DAYS, LEDGER_FEES, LEDGER_MARKS, TRANSACTIONS
from aether_desktop.storage.schema.ledger import BEFORE, DAY

_ROWS, _DAYS, _FEES, _MARKS = TRANSACTIONS.c, LEDGER_DAYS.c, LEDGER_FEES.c, LEDGER_MARKS.c
_CONFIRMED: Final = TransactionStatus.CONFIRMED.value
_FAILED: Final = TransactionStatus.FAILED.value
_SIGN: Final = {Direction.IN.value: 1, Direction.OUT.value: -1, Direction.SELF.value: 0}
_AT_ONCE: Final = 2_000  # rows fetched together
_SLICE: Final = 200  # days settled in one transaction at most
_SLICE_SECONDS: Final = 0.1  # others write in between
_TOGETHER: Final = 16  # days in a row that are read together
_GAP: Final = 32  # days between two that are read by one question: mostly nothing happened on them


class DayTotal(NamedTuple):
    """One currency in one wallet on one day; see ``schema.ledger`` for what the numbers mean."""

    wallet_id: int
    day: int
    currency_id: int
    owner_id: int
    units: int
    lowest: int
    counted: int
    shown: int
    coming: int | None
    going: int | None


class FeeTotal(NamedTuple):
    """What rows of one currency in one wallet paid in another one on one day."""

    wallet_id: int
    day: int
    currency_id: int
    fee_currency_id: int
    owner_id: int
    units: int


class DaySums(NamedTuple):
    """Of the same days, in no order."""

    totals: list[DayTotal]
    fees: list[FeeTotal]


# What one row does to one currency: moment (microseconds), owner, currency, change, if it counts, and for a fee the
# currency that the row moves.
_Part = tuple[int, int, int, int, bool, int | None]


class _Tally:
    """One currency of one owner on one day, while its rows pass by in the order of time."""

    __slots__ = ("coming", "counted", "going", "lowest", "moment", "shown", "units")

    def __init__(self) -> None:
        self.units = self.lowest = self.counted = self.shown = self.coming = self.going = 0
        self.moment: int | None = None

    def add(self, part: _Part) -> None:
        moment, _owner, _coin, change, counted, moved = part
        if moment != self.moment:
            self.lowest = min(self.lowest, self.units)  # what happens at one instant is one step
            self.moment = moment
        self.units += change
        self.counted += counted
        if moved is None:
            self.shown += 1
            self.coming += max(change, 0)
            self.going -= min(change, 0)


class _Day:
    """One day of one wallet, while its rows pass by in the order of time."""

    __slots__ = ("_fees", "_tallies")

    def __init__(self) -> None:
        self._tallies: defaultdict[tuple[int, int], _Tally] = defaultdict(_Tally)
        self._fees: defaultdict[tuple[int, int, int], int] = defaultdict(int)

    def add(self, part: _Part) -> None:
        _moment, owner, coin, change, _counted, moved = part
        self._tallies[coin, owner].add(part)
        if moved is not None and moved != coin and change:
            self._fees[moved, coin, owner] -= change

    def finish(self, wallet: int, day: int, sums: DaySums) -> None:
        """Into the sums, and nothing is left."""
        for (coin, owner), each in self._tallies.items():
            lowest = min(each.lowest, each.units, 0)
            counts = (each.units, lowest, each.counted, each.shown, each.coming, each.going)
            sums.totals.append(DayTotal(wallet, day, coin, owner, *counts))
        for (coin, fee_coin, owner), units in self._fees.items():
            sums.fees.append(FeeTotal(wallet, day, coin, fee_coin, owner, units))
        self._tallies.clear()
        self._fees.clear()


class LedgerDays:
    """Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def totals(
        self,
        connection: Connection,
        wallet_ids: Sequence[int] | None,
        token: CancelToken | None = None,
        *,
        days: tuple[int, int] | None = None,
    ) -> list[DayTotal]:
        """Days of these wallets (None: of all), in no order; marked ones added up from their rows, now.

        ``days``: only from the first to the second.
        """
        return self.sums(connection, wallet_ids, token, days=days).totals

    def sums(
        self,
        connection: Connection,
        wallet_ids: Sequence[int] | None,
        token: CancelToken | None = None,
        *,
        days: tuple[int, int] | None = None,
        fees: bool = False,
    ) -> DaySums:
        """``totals``, with the ``fees`` that were paid in another currency if asked for."""
        marked = self.marked(connection, wallet_ids, days)

        def kept(columns: Any, names: Sequence[str]) -> Iterator[Any]:
            query = select(*(columns[name] for name in names)).where(columns.vault_id == self._database.vault_id)
            if wallet_ids is not None:
                query = query.where(columns.wallet_id.in_(list(wallet_ids)))
            if days is not None:
                query = query.where(columns.day.between(*days))
            return (row for row in connection.execute(query).all() if (row[0], row[1]) not in marked)

        found = DaySums([DayTotal(*row) for row in kept(_DAYS, DayTotal._fields)], [])
        if fees:
            found.fees.extend(FeeTotal(*row) for row in kept(_FEES, FeeTotal._fields))
        for wallet, first, last in _runs(marked, gap=_GAP):
            if token is not None:
                token.check()
            here = self._added_up(connection, wallet, first, last, token)
            found.totals.extend(total for total in here.totals if (wallet, total.day) in marked)
            found.fees.extend(fee for fee in here.fees if (wallet, fee.day) in marked)
        return found

    def marked(
        self, connection: Connection, wallet_ids: Sequence[int] | None, days: tuple[int, int] | None = None
    ) -> set[tuple[int, int]]:
        """Wallets and days that are to be added up from their rows."""
        query = self._marks(_MARKS.wallet_id, _MARKS.day).distinct()
        if wallet_ids is not None:
            query = query.where(_MARKS.wallet_id.in_(list(wallet_ids)))
        if days is not None:
            query = query.where(_MARKS.day.between(*days))
        return {(wallet, day) for wallet, day in connection.execute(query)}

    def steps(self, connection: Connection, wallet: int, day: int, coin: int) -> list[tuple[int, int]]:
        """The instants of one day at which a balance changed, and by how much, from the rows."""
        found: dict[int, int] = {}
        for moment, _owner, its_coin, change, _counted, _moved in self._parts(connection, wallet, day, day, None):
            if its_coin == coin:
                found[moment] = found.get(moment, 0) + change
        return list(found.items())

    def settle(self, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """Add up the days that wait for good, a slice in a transaction; the number of days done.

        Cancelled or killed, it goes on from there the next time. Raises OperationCancelled, StorageError.
        """
        whole = self._database.fetch(self._count_waiting, token=token)
        done = 0
        while done < whole and (settled := self.settle_some(token=token)) > 0:
            done += settled
            progress(min(done, whole), whole)
            self._database.let_in()
        return done

    def settle_some(self, *, token: CancelToken | None = None) -> int:
        """One transaction of it; 0 when nothing waits, or where another client settles. Raises as ``settle``."""
        with self._database.write(action="ledger.settle", table=LEDGER_DAYS.name, token=token) as unit:
            if self._database.dialect != "postgresql":
                return self._settle_slice(unit.connection)
            asked = text("SELECT aether_ledger_settle(:vault, :most)")
            return max(int(unit.connection.scalar(asked, {"vault": unit.vault_id, "most": _SLICE}) or 0), 0)

    def mark_all(self) -> None:
        """Let every day be added up anew, in a vault file or as far as this person reads the rows."""
        with self._database.write(action="ledger.recount", table=LEDGER_DAYS.name) as unit:
            if self._database.dialect == "postgresql":
                unit.connection.execute(text("SELECT aether_ledger_mark_all(:vault)"), {"vault": unit.vault_id})
                return
            known = select(_DAYS.wallet_id, _DAYS.day, _DAYS.owner_id).where(_DAYS.vault_id == unit.vault_id)
            day = day_number(_ROWS.occurred_at)
            there = select(_ROWS.wallet_id, day, _ROWS.owner_id).where(_ROWS.vault_id == unit.vault_id)
            days = set(unit.connection.execute(known.union(there)).all())
            days -= set(unit.connection.execute(self._marks(_MARKS.wallet_id, _MARKS.day, _MARKS.owner_id)).all())
            if days:
                rows = [
                    {"vault_id": unit.vault_id, "wallet_id": wallet, "day": day, "owner_id": owner, "mark": 0}
                    for wallet, day, owner in days
                ]
                unit.connection.execute(insert(LEDGER_MARKS), rows)

    def count_waiting(self) -> int:
        """How many days are marked, or lack figures that older sums did not have."""
        return self._database.fetch(self._count_waiting)

    # -- inside --------------------------------------------------------------------------------------------------

    def _marks(self, *columns: Any) -> Select[Any]:
        return select(*columns).where(_MARKS.vault_id == self._database.vault_id)

    def _waiting(self) -> CompoundSelect[Any]:
        """Wallets and days that are marked or lack figures."""
        old = select(_DAYS.wallet_id, _DAYS.day)
        old = old.where(_DAYS.vault_id == self._database.vault_id, _DAYS.coming.is_(None))
        return self._marks(_MARKS.wallet_id, _MARKS.day).union(old)

    def _count_waiting(self, connection: Connection) -> int:
        return int(connection.scalar(select(func.count()).select_from(self._waiting().subquery())) or 0)

    def _settle_slice(self, connection: Connection) -> int:
        """SQLite, where nobody else writes meanwhile."""
        days = self._waiting().subquery()
        waiting = connection.execute(select(days).order_by(days.c.wallet_id, days.c.day).limit(_SLICE)).all()
        until, done = time.monotonic() + _SLICE_SECONDS, 0
        for wallet, first, last in _runs(((wallet, day) for wallet, day in waiting), longest=_TOGETHER):
            for table in (LEDGER_MARKS, LEDGER_DAYS, LEDGER_FEES):
                here = (table.c.wallet_id == wallet, table.c.day >= first, table.c.day <= last)
                connection.execute(delete(table).where(table.c.vault_id == self._database.vault_id, *here))
            sums = self._added_up(connection, wallet, first, last, None)
            for table, found in ((LEDGER_DAYS, sums.totals), (LEDGER_FEES, sums.fees)):
                rows = [{"vault_id": self._database.vault_id, **each._asdict()} for each in found]
                if rows:
                    connection.execute(insert(table), rows)
            done += last - first + 1
            if time.monotonic() > until:
                break
        return done

    def _added_up(
        self, connection: Connection, wallet: int, first: int, last: int, token: CancelToken | None
    ) -> DaySums:
        """Days ``first`` to ``last`` of one wallet, from their rows."""
        today, ends, day, sums = first, (first + 1) * DAY, _Day(), DaySums([], [])
        for part in self._parts(connection, wallet, first, last, token):
            if part[0] >= ends:
                day.finish(wallet, today, sums)
                today = part[0] // DAY
                ends = (today + 1) * DAY
            day.add(part)
        day.finish(wallet, today, sums)
        return sums

    def _parts(
        self, connection: Connection, wallet: int, first: int, last: int, token: CancelToken | None
    ) -> Iterator[_Part]:
        query = (
            select(
                type_coerce(_ROWS.occurred_at, BigInteger),
                _ROWS.owner_id,
                type_coerce(_ROWS.direction, Text),
                type_coerce(_ROWS.status, Text),
                _ROWS.currency_id,
                type_coerce(_ROWS.amount, LargeBinary),
                _ROWS.fee_currency_id,
                type_coerce(_ROWS.fee, LargeBinary),
            )
            .where(
                _ROWS.vault_id == self._database.vault_id,
                _ROWS.wallet_id == wallet,
                type_coerce(_ROWS.occurred_at, BigInteger) >= first * DAY,
                type_coerce(_ROWS.occurred_at, BigInteger) < (last + 1) * DAY,
                _ROWS.archived_at.is_(None),
            )
            .order_by(_ROWS.occurred_at)
        )
        streamed = connection.execute(query, execution_options={"stream_results": True, "yield_per": _AT_ONCE})
        for page in streamed.partitions():
            if token is not None:
                token.check()
            for moment, owner, direction, status, coin, amount, fee_coin, fee in page:
                confirmed = status == _CONFIRMED
                change = _SIGN[direction] * int.from_bytes(amount[1:], "big") if confirmed else 0
                yield moment, owner, coin, change, confirmed, None
                if fee_coin is not None:
                    costs = confirmed or status == _FAILED
                    cost = -int.from_bytes(fee[1:], "big") if costs else 0
                    once_more = costs and (fee_coin != coin or not confirmed)
                    yield moment, owner, fee_coin, cost, once_more, coin


def day_number(moment: Any) -> Any:
    """Days since 1970-01-01 of a column of times, for the engines."""
    return (type_coerce(moment, BigInteger) + BEFORE * DAY) // DAY - BEFORE


def _runs(marked: Iterable[tuple[int, int]], *, longest: int = 0, gap: int = 1) -> Iterator[tuple[int, int, int]]:
    """Days of one wallet no more than ``gap`` apart: (wallet, first, last); ``longest`` 0: however long."""
    run: tuple[int, int, int] | None = None
    for wallet, day in sorted(marked):
        if run is not None and run[0] == wallet and day - run[2] <= gap and (not longest or day - run[1] < longest):
            run = (wallet, run[1], day)
            continue
        if run is not None:
            yield run
        run = (wallet, day, day)
    if run is not None:
        yield run
