"""Rows of the nine tables as grids, exports and the command line see them, over any number of rows.

A page is found by its sort keys (keyset) from the nearest place known: an end of the table or the edge of a page
served before; then its rows are read by id. Places are forgotten with every change.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, select

from aether_desktop.domain.records import TableName
from aether_desktop.domain.times import utc_now
from aether_desktop.domain.users import Role
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.notes import NoteSeals
from aether_desktop.ports.queries import ArchivedRows, Row, RowWindow, TableQuery
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.database import Database
from aether_desktop.storage.query_conditions import term_conditions
from aether_desktop.storage.schema import VAULT_MEMBERS
from aether_desktop.storage.window_columns import TablePlan, table_plans
from aether_desktop.storage.window_order import Key, Order, query_order
from aether_desktop.storage.window_rows import RowReader

_PAGE = 1_000
_QUERIES_REMEMBERED = 16
_PLACES_REMEMBERED = 2_048  # page edges of one query


class _Question(NamedTuple):
    """A query made ready: its conditions and its order."""

    plan: TablePlan
    conditions: list[ColumnElement[bool]]
    order: Order
    remembered_as: tuple[TableQuery, date]

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        return select(*columns).select_from(self.plan.table).where(*self.conditions)


class SqlWindowStore:
    """Implements ``ports.storage.WindowStore``. Worker threads only; raises the StorageError family.

    ``clock`` says what "today" is in a filter (UTC).
    """

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._plans = table_plans(database.vault_id)
        self._readers = {name: RowReader(plan) for name, plan in self._plans.items()}
        self._places = _Places()
        self._notes: NoteSeals | None = None
        self._alone: bool | None = None  # whether this person sees their own rows only; None: not asked yet
        database.changes.subscribe(self._forget)

    def seal_notes(self, notes: NoteSeals) -> None:
        """Notes are found by the words of their seals from now on. Any thread."""
        self._notes = notes

    def count(self, query: TableQuery, *, token: CancelToken | None = None) -> int:
        """Exact. Raises InvalidInputError for an unknown or unsuitable term."""
        question = self._question(query)
        generation = self._places.generation
        total = self._database.fetch(lambda connection: self._count(connection, question), token=token)
        self._places.learn(question.remembered_as, generation, total=total)
        return total

    def window(self, query: TableQuery, start: int, stop: int, *, token: CancelToken | None = None) -> RowWindow:
        """Rows [start, stop) as far as they exist. Raises InvalidInputError."""
        question = self._question(query)
        start = max(start, 0)
        if stop <= start:
            return RowWindow(start, ())
        reader = self._readers[query.table]
        generation = self._places.generation

        def work(connection: Connection) -> tuple[list[Key], list[Row]]:
            keys = self._keys(connection, question, start, stop)
            return keys, reader.read(connection, [key[-1] for key in keys])

        keys, rows = self._database.fetch(work, token=token)
        if keys:
            edges = {start: keys[0], start + len(keys) - 1: keys[-1]}
            self._places.learn(question.remembered_as, generation, edges=edges)
        return RowWindow(start, tuple(rows))

    def rows(self, query: TableQuery, *, token: CancelToken | None = None) -> Iterator[Row]:
        """Every row in order, all from one snapshot. Exhaust or close it in the thread that began it.

        Raises InvalidInputError, OperationCancelled.
        """
        question = self._question(query)  # refuses before the first row is asked for
        return self._stream(question, self._readers[query.table], token)

    def by_ids(self, table: TableName, ids: Sequence[int]) -> list[Row]:
        """In the order asked, archived ones too; rows that are gone are left out."""
        return self._database.fetch(lambda connection: self._readers[table].read(connection, ids))

    def position(self, query: TableQuery, row_id: int, *, token: CancelToken | None = None) -> int | None:
        """Row number of an id in the query's order, None when it is not in it. Raises InvalidInputError."""
        question = self._question(query)
        order = question.order

        def work(connection: Connection) -> int | None:
            this = order.joined(question.select(*order.columns)).where(question.plan.table.c.id == row_id)
            place = connection.execute(this).one_or_none()
            if place is None:
                return None
            before = order.joined(question.select(func.count())).where(order.beyond(tuple(place), backward=True))
            return int(connection.execute(before).scalar_one())

        return self._database.fetch(work, token=token)

    # -- inside ----------------------------------------------------------------------------------------------

    def _question(self, query: TableQuery) -> _Question:
        plan = self._plans[query.table]
        now = self._clock()
        conditions = [plan.scope, *self._mine(plan), *term_conditions(plan, query.terms, now, self._notes)]
        archived_at = plan.table.c.archived_at
        if query.archived is ArchivedRows.HIDDEN:
            conditions.append(archived_at.is_(None))
        elif query.archived is ArchivedRows.ONLY:
            conditions.append(archived_at.is_not(None))
        return _Question(plan, conditions, query_order(plan, query), (query, now.astimezone(UTC).date()))

    def _mine(self, plan: TablePlan) -> list[ColumnElement[bool]]:
        """A plain member of a shared vault gets their own rows anyway; said in the query, it finds the index."""
        if self._database.dialect != "postgresql":
            return []
        if self._alone is None:
            seats, me = VAULT_MEMBERS.c, self._database.user_id
            role = select(seats.role).where(seats.vault_id == self._database.vault_id, seats.user_id == me)
            self._alone = self._database.fetch(lambda connection: connection.scalar(role)) is Role.MEMBER
        return [plan.table.c.owner_id == self._database.user_id] if self._alone else []

    def _forget(self, changes: ChangeSet) -> None:
        self._places.forget(changes)
        if TableName.USERS in changes.tables:  # perhaps this person's role
            self._alone = None

    def _count(self, connection: Connection, question: _Question) -> int:
        return int(connection.execute(question.select(func.count())).scalar_one())

    def _keys(self, connection: Connection, question: _Question, start: int, stop: int) -> list[Key]:
        """The keys of rows [start, stop), from the nearest known place."""
        known = self._places.nearest(question.remembered_as, start, stop)
        if known.total is not None:
            stop = min(stop, known.total)
            if start >= stop:
                return []
        if known.backward:
            keys = self._step(connection, question, known.place, offset=known.offset, limit=stop - start, backward=True)
            if len(keys) == stop - start:
                return keys[::-1]
            return self._step(connection, question, None, offset=start, limit=stop - start)
        return self._step(connection, question, known.place, offset=known.offset, limit=stop - start)

    def _step(
        self,
        connection: Connection,
        question: _Question,
        place: Key | None,
        *,
        offset: int,
        limit: int,
        backward: bool = False,
    ) -> list[Key]:
        order = question.order
        query = order.joined(question.select(*order.columns)).order_by(*order.clauses(backward=backward)).limit(limit)
        if place is not None:
            query = query.where(order.beyond(place, backward=backward))
        if offset:
            query = query.offset(offset)
        return [tuple(row) for row in connection.execute(query)]

    def _stream(self, question: _Question, reader: RowReader, token: CancelToken | None) -> Iterator[Row]:
        with self._database.read(token) as connection:
            place: Key | None = None
            while True:
                if token is not None:
                    token.check()
                keys = self._step(connection, question, place, offset=0, limit=_PAGE)
                yield from reader.read(connection, [key[-1] for key in keys])
                if len(keys) < _PAGE:
                    return
                place = keys[-1]


class _Known(NamedTuple):
    """Where to start for a page: go on from ``place`` (None: an end of the table), skipping ``offset`` rows."""

    place: Key | None
    offset: int
    backward: bool
    total: int | None


@dataclass(slots=True)
class _QueryPlaces:
    numbers: list[int] = field(default_factory=list)  # ascending
    keys: dict[int, Key] = field(default_factory=dict)
    total: int | None = None


class _Places:
    """Row numbers and sort keys seen since the last change, per query. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queries: OrderedDict[tuple[TableQuery, date], _QueryPlaces] = OrderedDict()
        self._generation = 0

    @property
    def generation(self) -> int:
        """Read before the snapshot whose rows are to be learnt."""
        with self._lock:
            return self._generation

    def forget(self, _changes: ChangeSet) -> None:
        """Row numbers may have moved, names and labels that rows are sorted by may have changed."""
        with self._lock:
            self._generation += 1
            self._queries.clear()

    def learn(
        self,
        query: tuple[TableQuery, date],
        generation: int,
        *,
        edges: dict[int, Key] | None = None,
        total: int | None = None,
    ) -> None:
        """Keep what was seen, unless something changed since ``generation``."""
        with self._lock:
            if generation != self._generation:
                return
            places = self._queries.setdefault(query, _QueryPlaces())
            self._queries.move_to_end(query)
            if total is not None:
                places.total = total
            if edges:
                places.keys.update(edges)
                if len(places.keys) > _PLACES_REMEMBERED:
                    kept = sorted(places.keys)[::2]
                    places.keys = {number: places.keys[number] for number in kept}
                places.numbers = sorted(places.keys)
            while len(self._queries) > _QUERIES_REMEMBERED:
                self._queries.popitem(last=False)

    def nearest(self, query: tuple[TableQuery, date], start: int, stop: int) -> _Known:
        """The known place from which the fewest rows are skipped to reach [start, stop)."""
        with self._lock:
            places = self._queries.get(query)
            if places is None:
                return _Known(None, start, backward=False, total=None)
            total = places.total
            if total is not None:
                stop = min(stop, total)
            index = bisect_right(places.numbers, start - 1) - 1
            best = _Known(None, start, backward=False, total=total)
            if index >= 0:
                number = places.numbers[index]
                best = _Known(places.keys[number], start - 1 - number, backward=False, total=total)
            after = bisect_right(places.numbers, stop - 1)
            if after < len(places.numbers):
                number = places.numbers[after]
                if number - stop < best.offset:
                    best = _Known(places.keys[number], number - stop, backward=True, total=total)
            if total is not None and total - stop < best.offset:
                best = _Known(None, total - stop, backward=True, total=total)
            return best
