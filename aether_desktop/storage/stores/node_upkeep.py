"""Roll-ups, retention and harmony of temple nodes, and the council. Worker threads only.

What is written here can be made again from what it was made of, so it is simply written over; where to go on is
remembered in memory and looked up once. Every slice of nodes is a short transaction of its own.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from aether_desktop.domain.harmony import (
    ELDER_TIME,
    HARMONY_KEPT,
    HARMONY_WINDOW,
    Harmony,
    measured_harmony,
)
from aether_desktop.domain.node_samples import (
    MOST_TRANSITIONS,
    RAW_KEPT,
    TRANSITIONS_KEPT,
    Period,
    RollUp,
    Sample,
    merge,
    roll_up,
)
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.schema import (
    NODE_HARMONY,
    NODE_ROLL_UPS,
    NODE_SAMPLES,
    NODE_TRANSITIONS,
    TEMPLE_NODES,
)
from aether_desktop.storage.stores.council import CouncilSeats
from aether_desktop.storage.stores.many_rows import put_rows
from aether_desktop.storage.stores.node_rows import (
    harmony_of,
    harmony_row,
    period_code,
    roll_up_of,
    roll_up_row,
    sample_of,
)

_SAMPLES, _PARTS, _CHANGES = NODE_SAMPLES.c, NODE_ROLL_UPS.c, NODE_TRANSITIONS.c
_HARMONY, _NODES = NODE_HARMONY.c, TEMPLE_NODES.c
_SLICE: Final = 50  # nodes in one transaction
_GRACE: Final = timedelta(seconds=60)  # for batches on their way
_CAUGHT_UP: Final = timedelta(days=8)  # how far back a missed hour is measured
_SHORTER: Final = {Period.HOUR: Period.FIVE_MINUTES, Period.DAY: Period.HOUR}
_HOUR: Final = timedelta(hours=1)


class NodeUpkeep:
    """Thread-safe; one run at a time. Raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._running = threading.Lock()
        self._council = CouncilSeats(database)
        self._done: dict[tuple[int, Period], datetime] = {}  # until where roll-ups are made
        self._measured: dict[int, datetime] = {}  # the hour of the latest harmony
        self._tidied: dict[int, datetime] = {}

    def came(self, samples: Iterable[Sample]) -> None:
        """Samples that were written: periods that were made without them are made again. Any thread."""
        first: dict[int, datetime] = {}
        for sample in samples:
            if sample.node_id not in first or sample.at < first[sample.node_id]:
                first[sample.node_id] = sample.at
        with self._lock:
            for node_id, at in first.items():
                for period in Period:
                    start = period.start_of(at)
                    if self._done.get((node_id, period), start) > start:
                        self._done[node_id, period] = start
                hour = Period.HOUR.start_of(at)
                if self._measured.get(node_id, hour) > hour:
                    self._measured[node_id] = hour

    def run(self, now: datetime, node_ids: Sequence[int]) -> ChangeSet:
        """See ``ports.monitoring.WatchStore.maintain``."""
        changes = ChangeSet(frozenset(), frozenset())
        with self._running:
            measured = False
            for start in range(0, len(node_ids), _SLICE):
                part = list(node_ids[start : start + _SLICE])
                with self._database.write(action="nodes.upkeep", table=TableName.TEMPLE_NODES.value) as unit:
                    changed, new = self._slice(unit, part, now)
                    measured |= new
                    if changed:
                        unit.audit(rows=len(changed), ids=sorted(changed))
                        changes |= unit.changed(ChangeSet(frozenset({TableName.TEMPLE_NODES}), frozenset(changed)))
                self._database.let_in()
            if measured:
                changes |= self._council.fill(Period.HOUR.start_of(now))
        return changes

    # -- one slice -----------------------------------------------------------------------------------------------

    def _slice(self, unit: Unit, node_ids: list[int], now: datetime) -> tuple[set[int], bool]:
        end = Period.FIVE_MINUTES.start_of(now - _GRACE)
        self._look_up(unit.connection, node_ids)
        marks: dict[tuple[int, Period], datetime] = {}
        self._roll_up(unit, node_ids, Period.FIVE_MINUTES, end, marks)
        for period in (Period.HOUR, Period.DAY):
            self._roll_up(unit, node_ids, period, period.start_of(end), marks)
        changed, measured = self._measure(unit, node_ids, Period.HOUR.start_of(end))
        self._forget(unit, node_ids, now)
        with self._lock:
            self._done.update(marks)
            self._measured.update(measured)
        return changed, bool(measured)

    def _look_up(self, connection: Connection, node_ids: list[int]) -> None:
        """Where to go on with nodes that are new to this run of the program: one statement, a look at an index each."""
        with self._lock:
            new = [node_id for node_id in node_ids if (node_id, Period.FIVE_MINUTES) not in self._done]
        if not new:
            return
        ends = [_ends(func.max(_PARTS.starts_at), _PARTS, period) for period in Period]
        begins = [
            _ends(func.min(_SAMPLES.at), _SAMPLES),
            *(_ends(func.min(_PARTS.starts_at), _PARTS, _SHORTER[period]) for period in (Period.HOUR, Period.DAY)),
        ]
        query = select(_NODES.id, *ends, *begins, _ends(func.max(_HARMONY.at), _HARMONY)).where(
            _NODES.vault_id == self._database.vault_id, _NODES.id.in_(new)
        )
        for node_id, *found in connection.execute(query).all():
            with self._lock:
                for period, last, first in zip(Period, found[:3], found[3:6], strict=True):
                    if last is not None:
                        self._done.setdefault((node_id, period), last + period.length)
                    elif first is not None:
                        self._done.setdefault((node_id, period), period.start_of(first))
                if found[6] is not None:
                    self._measured.setdefault(node_id, found[6])

    def _roll_up(
        self,
        unit: Unit,
        node_ids: list[int],
        period: Period,
        end: datetime,
        marks: dict[tuple[int, Period], datetime],
    ) -> None:
        with self._lock:
            begins = {each: self._done.get((each, period)) for each in node_ids}
        for node_id, begin in begins.items():
            if begin is None:  # nothing was there when it was looked for
                begins[node_id] = min(self._first_mark(node_id, marks, end), end)
        waiting = {node_id: begin for node_id, begin in begins.items() if begin is not None and begin < end}
        if waiting:
            made = (
                self._of_samples(unit.connection, waiting, end)
                if period is Period.FIVE_MINUTES
                else self._of_shorter(unit.connection, waiting, period, end)
            )
            put_rows(unit.connection, NODE_ROLL_UPS, unit.vault_id, [roll_up_row(each) for each in made], replace=True)
        marks.update({(node_id, period): max(end, begins[node_id] or end) for node_id in node_ids})

    def _first_mark(self, node_id: int, marks: dict[tuple[int, Period], datetime], end: datetime) -> datetime:
        """A node that is new to us: everything raw that there may be."""
        return marks.get((node_id, Period.FIVE_MINUTES), end) - _CAUGHT_UP

    def _of_samples(self, connection: Connection, begins: dict[int, datetime], end: datetime) -> list[RollUp]:
        query = select(NODE_SAMPLES).where(
            self._these(_SAMPLES, begins), _SAMPLES.at >= min(begins.values()), _SAMPLES.at < end
        )
        samples = [sample_of(row) for row in connection.execute(query)]
        return roll_up(sample for sample in samples if sample.at >= begins[sample.node_id])

    def _of_shorter(
        self, connection: Connection, begins: dict[int, datetime], period: Period, end: datetime
    ) -> list[RollUp]:
        query = select(NODE_ROLL_UPS).where(
            self._these(_PARTS, begins),
            _PARTS.period == period_code(_SHORTER[period]),
            _PARTS.starts_at >= min(begins.values()),
            _PARTS.starts_at < end,
        )
        parts = [roll_up_of(row) for row in connection.execute(query)]
        return merge((part for part in parts if part.start >= begins[part.node_id]), period)

    # -- harmony -------------------------------------------------------------------------------------------------

    def _measure(self, unit: Unit, node_ids: list[int], hour: datetime) -> tuple[set[int], dict[int, datetime]]:
        """Nodes whose shown score changed, and until when each was measured."""
        with self._lock:
            known = {each: self._measured.get(each) for each in node_ids}
        begins = {
            node_id: max(last + _HOUR, hour - _CAUGHT_UP) if last else hour - _CAUGHT_UP
            for node_id, last in known.items()
            if last is None or last < hour
        }
        if not begins:
            return set(), {}
        hours = self._hours(unit.connection, begins, hour)
        before = self._latest(unit.connection, begins)
        made: list[Harmony] = []
        for node_id, begin in begins.items():
            if not hours[node_id]:
                continue
            at = max(begin, min(start for start, _ in hours[node_id]) + _HOUR)
            while at <= hour:
                parts = [part for start, part in hours[node_id] if at - HARMONY_WINDOW <= start < at]
                if sum(part.asked for part in parts):
                    before[node_id] = measured_harmony(node_id, at, parts, before=before.get(node_id))
                    made.append(before[node_id])
                at += _HOUR
        put_rows(unit.connection, NODE_HARMONY, unit.vault_id, [harmony_row(each) for each in made], replace=True)
        scores = {
            node_id: before[node_id].score if node_id in before and before[node_id].at == hour else None
            for node_id in begins
        }
        return self._show(unit, scores), dict.fromkeys(begins, hour)

    def _hours(
        self, connection: Connection, begins: dict[int, datetime], hour: datetime
    ) -> dict[int, list[tuple[datetime, RollUp]]]:
        query = select(NODE_ROLL_UPS).where(
            self._these(_PARTS, begins),
            _PARTS.period == period_code(Period.HOUR),
            _PARTS.starts_at >= min(begins.values()) - HARMONY_WINDOW,
            _PARTS.starts_at < hour,
        )
        found: dict[int, list[tuple[datetime, RollUp]]] = defaultdict(list)
        for row in connection.execute(query):
            part = roll_up_of(row, latencies=False)
            found[part.node_id].append((part.start, part))
        return found

    def _latest(self, connection: Connection, begins: dict[int, datetime]) -> dict[int, Harmony]:
        least = min(begins.values()) - HARMONY_WINDOW
        query = select(NODE_HARMONY).where(self._these(_HARMONY, begins), _HARMONY.at >= least).order_by(_HARMONY.at)
        rows = [harmony_of(row) for row in connection.execute(query)]
        return {each.node_id: each for each in rows if each.at < begins[each.node_id]}

    def _show(self, unit: Unit, scores: dict[int, float | None]) -> set[int]:
        query = select(_NODES.id, _NODES.harmony).where(_NODES.vault_id == unit.vault_id, _NODES.id.in_(list(scores)))
        changed = set()
        for row in unit.connection.execute(query).all():
            score = scores[row.id]
            shown = None if score is None else round(score, 3)
            if shown != row.harmony:
                this = (_NODES.vault_id == unit.vault_id, _NODES.id == row.id)
                unit.connection.execute(update(TEMPLE_NODES).where(*this).values(harmony=shown))
                changed.add(row.id)
        return changed

    # -- retention -----------------------------------------------------------------------------------------------

    def _forget(self, unit: Unit, node_ids: list[int], now: datetime) -> None:
        connection = unit.connection
        connection.execute(delete(NODE_SAMPLES).where(self._these(_SAMPLES, node_ids), _SAMPLES.at < now - RAW_KEPT))
        hour = Period.HOUR.start_of(now)
        due = [node_id for node_id in node_ids if self._tidied.get(node_id) != hour]
        if not due:
            return
        old = or_(
            *(
                and_(_PARTS.period == period_code(period), _PARTS.starts_at < now - period.kept - period.length)
                for period in Period
            )
        )
        connection.execute(delete(NODE_ROLL_UPS).where(self._these(_PARTS, due), old))
        connection.execute(delete(NODE_HARMONY).where(self._these(_HARMONY, due), _HARMONY.at < now - HARMONY_KEPT))
        for node_id in due:
            mine = (_CHANGES.vault_id == unit.vault_id, _CHANGES.node_id == node_id)
            over = connection.execute(
                select(_CHANGES.at, _CHANGES.id)
                .where(*mine)
                .order_by(_CHANGES.at.desc(), _CHANGES.id.desc())
                .offset(MOST_TRANSITIONS)
                .limit(1)
            ).first()
            least = now - TRANSITIONS_KEPT if over is None else max(over.at, now - TRANSITIONS_KEPT)
            first = connection.scalar(select(func.min(_CHANGES.at)).where(*mine))
            if first is not None and (first < least or (over is not None and first <= least)):
                gone = _CHANGES.at < least if over is None else _CHANGES.at <= least
                connection.execute(delete(NODE_TRANSITIONS).where(*mine, gone))
            self._tidied[node_id] = hour

    # -- conditions ----------------------------------------------------------------------------------------------

    def _these(self, columns: Any, node_ids: Iterable[int]) -> Any:
        return and_(columns.vault_id == self._database.vault_id, columns.node_id.in_(list(node_ids)))


def _ends(what: Any, columns: Any, period: Period | None = None) -> Any:
    """The first or last of a node's rows, to ask beside the node."""
    query = select(what).where(columns.vault_id == _NODES.vault_id, columns.node_id == _NODES.id)
    if period is not None:
        query = query.where(columns.period == period_code(period))
    return query.correlate(TEMPLE_NODES).scalar_subquery()


assert ELDER_TIME <= _CAUGHT_UP  # noqa: S101 - what makes an Elder is caught up as a whole
