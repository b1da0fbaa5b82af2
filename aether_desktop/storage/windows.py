"""Rows of the nine tables as grids, exports and the command line see them, over any number of rows.

A page is found by its sort keys (keyset) from the nearest place known: an end of the table, an anchor (``anchors``), or
a row that is on view; then its rows are read by id. No more than a page is ever skipped by OFFSET.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from aether_desktop.domain.records import TableName
from aether_desktop.domain.times import utc_now
from aether_desktop.domain.users import Role
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.notes import NoteSeals
from aether_desktop.ports.queries import ArchivedRows, Count, Place, Row, RowWindow, TableQuery
from aether_desktop.ports.tables import found_by_beginning
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.anchor_index import AnchorIndexes, QueryIndex
from aether_desktop.storage.anchor_walks import AnchorWalk
from aether_desktop.storage.anchors import STRIDE
from aether_desktop.storage.anchors import Place as AnchorPlace
from aether_desktop.storage.database import Database
from aether_desktop.storage.query_conditions import term_plans
from aether_desktop.storage.query_drives import TermPlan, archived_drive, group_plan
from aether_desktop.storage.row_beginnings import beginning_plans
from aether_desktop.storage.row_estimates import estimated_rows
from aether_desktop.storage.schema import VAULT_MEMBERS
from aether_desktop.storage.search_index import SearchIndex
from aether_desktop.storage.stores.records import require_storable
from aether_desktop.storage.window_columns import TablePlan, table_plans
from aether_desktop.storage.window_order import Key, query_order
from aether_desktop.storage.window_question import KeptQuestions, Question
from aether_desktop.storage.window_rows import RowReader
from aether_desktop.storage.window_walks import Walk

_PAGE: Final = 1_000
_POINTED: Final[Mapping[TableName, frozenset[TableName]]] = {
    TableName.TRANSACTIONS: frozenset({TableName.WALLETS}),
    TableName.PAYMENTS: frozenset({TableName.WALLETS, TableName.PAYMENT_METHODS}),
}


class SqlWindowStore:
    """Implements ``ports.windows.WindowStore``. Worker threads only; raises the StorageError family.

    ``clock`` says what "today" is in a filter (UTC); ``stride`` is the number of rows between two anchors.
    """

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = utc_now, stride: int = STRIDE) -> None:
        self._database = database
        self._clock = clock
        self._stride = stride
        self._plans = table_plans(database.vault_id)
        self._readers = {name: RowReader(plan, database.dialect) for name, plan in self._plans.items()}
        self._indexes = AnchorIndexes(stride=stride)
        self._questions = KeptQuestions()
        self._search = SearchIndex(database.dialect, database.vault_id)
        self._notes: NoteSeals | None = None
        self._alone: bool | None = None  # whether this person sees their own rows only; None: not asked yet
        database.changes.subscribe(self._on_changes)

    def seal_notes(self, notes: NoteSeals) -> None:
        """Notes are found by the words of their seals from now on. Any thread."""
        self._notes = notes
        self._indexes.forget()
        self._questions.forget()

    def count(self, query: TableQuery, *, token: CancelToken | None = None) -> int:
        """Exact. Raises InvalidInputError for an unknown or unsuitable term."""
        walk = self._walk(query, token)
        walk.settle()
        state = walk.index.state
        if state.exact and state.total is not None:
            return state.total
        return self._database.fetch(walk.question.count, token=token)

    def estimate(self, query: TableQuery, *, token: CancelToken | None = None) -> Count:
        """How many rows there are as far as that is known, or told quickly. Raises InvalidInputError."""
        walk = self._walk(query, token)
        walk.settle()
        if not walk.index.guessed:
            question = walk.question
            guess = self._database.fetch(lambda connection: estimated_rows(connection, question), token=token)
            if guess is not None:
                walk.index.guess(guess)
        return _counted(walk.index)

    def survey(self, query: TableQuery, *, token: CancelToken | None = None) -> Count:
        """Go on counting, for about a twentieth of a second. Raises InvalidInputError, OperationCancelled."""
        walk = self._walk(query, token)
        walk.settle()
        if not walk.index.state.exact:
            walk.go_on()
        return _counted(walk.index)

    def window(
        self,
        query: TableQuery,
        start: int,
        stop: int,
        *,
        rough: bool = False,
        near: Place | None = None,
        token: CancelToken | None = None,
    ) -> RowWindow:
        """Rows [start, stop) as far as they exist; see ports.windows for ``rough`` and ``near``.

        Raises InvalidInputError.
        """
        walk = self._walk(query, token)
        start = max(start, 0)
        if stop <= start:
            return RowWindow(start, ())
        walk.settle()
        if not rough:
            self._make_exact(walk, start, stop)
        reader, index = self._readers[query.table], walk.index
        epoch = index.state.epoch
        place, exact = index.nearest(start, stop)
        if rough and place.skip > 2 * STRIDE and near is None:
            walk.reach(lambda: index.state.reached > start)
            place, exact = index.nearest(start, stop)
        state = index.state
        from_the_end = place.backward and place.key is None
        if rough and start == 0 and near is None and not state.complete and query.terms:
            known = self._database.fetch(lambda connection: _found_so_far(connection, walk, reader, stop), token=token)
            if known is not None:
                return RowWindow(0, tuple(known), exact=False, whole=False)
        end = min(stop, state.total) if state.total is not None and (state.exact or from_the_end) else stop

        def work(connection: Connection) -> tuple[list[Key], list[Row]]:
            keys: list[Key] | None = None
            if near is not None and not exact:
                keys = _keys_near(connection, walk, near, start, stop)
            if keys is None:
                keys = _keys_from(connection, walk, place, start, end)
            return keys, reader.read(connection, [key[-1] for key in keys])

        keys, rows = self._database.fetch(work, token=token)
        if self._database.quiet:
            index.see(epoch, {key[-1]: key for key in keys})
        return RowWindow(start, tuple(rows), exact and index.state.epoch == epoch)

    def rows(self, query: TableQuery, *, token: CancelToken | None = None) -> Iterator[Row]:
        """Every row in order, all from one snapshot. Exhaust or close it in the thread that began it.

        Raises InvalidInputError, OperationCancelled.
        """
        question = self.question(query)  # refuses before the first row is asked for
        return self._stream(question, self._readers[query.table], token)

    def by_ids(self, table: TableName, ids: Sequence[int]) -> list[Row]:
        """In the order asked, archived ones too; rows that are gone are left out."""
        return self._database.fetch(lambda connection: self._readers[table].read(connection, ids))

    def position(
        self, query: TableQuery, row_id: int, *, about: int | None = None, token: CancelToken | None = None
    ) -> int | None:
        """Row number of an id in the query's order, None when it is not in it; see ports.windows for ``about``.

        Raises InvalidInputError.
        """
        walk = self._walk(query, token)
        question, index = walk.question, walk.index
        walk.settle()
        key = self._database.fetch(lambda connection: question.keys_of(connection, [row_id]), token=token).get(row_id)
        if key is None:
            return None
        if index.bucket(key) is None and about is not None:
            return self._database.fetch(lambda connection: _rough_position(connection, walk, key, about), token=token)
        walk.reach(lambda: index.bucket(key) is not None)
        border, number = index.bucket(key) or (None, 0)
        between = [question.order.beyond(key, backward=True)]
        if border is not None:
            between.append(question.order.beyond(border))
        return number + self._database.fetch(lambda connection: question.count(connection, *between), token=token)

    def ids(self, query: TableQuery, *, token: CancelToken | None = None) -> Iterator[int]:
        """The ids of every row in order, all from one snapshot; see ``rows``."""
        return self._stream_ids(self.question(query), token)

    def beginning(
        self,
        query: TableQuery,
        column: str,
        text: str,
        *,
        after: int | None = None,
        itself: bool = False,
        token: CancelToken | None = None,
    ) -> Place | None:
        """The next row whose text in a column begins so; see ports.windows.

        Raises InvalidInputError, OperationCancelled.
        """
        walks = self._beginning_walks(query, column, text)
        question = self.question(query)

        def work(connection: Connection) -> Key | None:
            here = None if after is None else question.keys_of(connection, [after]).get(after)
            if here is not None and itself:
                before = question.step(connection, here, limit=1, backward=True)
                place = before[0] if before else None
            else:
                place = here
            return _next_key(connection, walks, question.order.precedes, place)

        key = self._database.fetch(work, token=token) if walks else None
        number = None if key is None else self.position(query, key[-1], token=token)
        return None if key is None or number is None else Place(number, key[-1])

    # -- inside ----------------------------------------------------------------------------------------------

    def _beginning_walks(self, query: TableQuery, column: str, text: str) -> list[Walk]:
        """One for each way to begin so, in the order of the query."""
        plan, now = self._plans[query.table], self._clock()
        spec = plan.spec.column(column)
        if not text or not found_by_beginning(spec):
            raise InvalidInputError(f"{spec.title} is not looked up by how it begins.", field=spec.key)
        require_storable(spec.key, text)
        scope, terms = self._conditions(plan, query, now)
        order = query_order(plan, query)
        first = query.sort[0].column if query.sort else plan.spec.default_sort
        sorted_by = plan.spec.column(first) is spec
        begun = beginning_plans(plan, spec.key, text, now, sorted_by=sorted_by)
        return [Walk(plan, query, order, scope, [*terms, each]) for each in begun]

    def _make_exact(self, walk: AnchorWalk, start: int, stop: int) -> None:
        """So that rows [start, stop) can be reached by exact numbers and not too many steps."""
        place, exact = walk.index.nearest(start, stop)
        if not exact or place.skip > self._stride:
            walk.reach(lambda: walk.index.state.reached > start)

    def _walk(self, query: TableQuery, token: CancelToken | None) -> AnchorWalk:
        question = self.question(query)
        if self._database.is_writing:  # what this thread sees may never be committed: nothing is kept of it
            index = QueryIndex(question.order.precedes, self._stride)
        else:
            index = self._indexes.of(
                question.remembered_as, question.order.precedes, concerned=self._concerned(question)
            )
        return AnchorWalk(self._database, question, index, token)

    def _concerned(self, question: Question) -> frozenset[TableName]:
        """The tables whose rows, besides the query's own, decide about its order or its filter; none mostly."""
        query, plan = question.remembered_as[0], question.plan
        linked = any(plan.sources[plan.spec.column(sort.column).key].link is not None for sort in query.sort)
        if not query.terms and not query.within and not linked:
            return frozenset()
        return _POINTED.get(query.table, frozenset()) | {query.table}

    def question(self, query: TableQuery) -> Question:
        """The query made ready. Raises InvalidInputError."""
        now = self._clock()
        name = (query, now.astimezone(UTC).date())
        if self._database.is_writing:  # what this thread sees may never be committed: nothing is kept of it
            return self._made_ready(name, now)
        return self._questions.of(name, lambda: self._made_ready(name, now))

    def _made_ready(self, name: tuple[TableQuery, date], now: datetime) -> Question:
        query = name[0]
        plan = self._plans[query.table]
        scope, terms = self._conditions(plan, query, now)
        order = query_order(plan, query)
        walk = Walk(plan, query, order, scope, terms)
        return Question(plan, [*scope, *(term.condition for term in terms)], order, name, walk)

    def _conditions(
        self, plan: TablePlan, query: TableQuery, now: datetime
    ) -> tuple[list[ColumnElement[bool]], list[TermPlan]]:
        """What holds for every row that this person may see, and the terms."""
        scope = [plan.scope, *self._mine(plan)]
        terms = term_plans(plan, query.terms, now, self._notes, self._search)
        terms += [group_plan(plan, key) for key in query.within]
        archived_at = plan.table.c.archived_at
        if query.archived is ArchivedRows.HIDDEN:
            scope.append(archived_at.is_(None))
        elif query.archived is ArchivedRows.ONLY:
            terms.append(TermPlan(archived_at.is_not(None), archived_at.is_not(None), archived_drive(plan)))
        return scope, terms

    def _mine(self, plan: TablePlan) -> list[ColumnElement[bool]]:
        """A plain member of a shared vault gets their own rows anyway; said in the query, it finds the index."""
        if self._database.dialect != "postgresql":
            return []
        if self._alone is None:
            seats, me = VAULT_MEMBERS.c, self._database.user_id
            role = select(seats.role).where(seats.vault_id == self._database.vault_id, seats.user_id == me)
            self._alone = self._database.fetch(lambda connection: connection.scalar(role)) is Role.MEMBER
        return [plan.table.c.owner_id == self._database.user_id] if self._alone else []

    def _on_changes(self, changes: ChangeSet) -> None:
        if TableName.USERS in changes.tables:  # perhaps this person's role
            self._alone = None
            self._indexes.forget()
        self._indexes.heard(changes)
        self._questions.forget()

    def _stream(self, question: Question, reader: RowReader, token: CancelToken | None) -> Iterator[Row]:
        with self._database.read(token) as connection:
            for keys in _pages(connection, question, token):
                yield from reader.read(connection, [key[-1] for key in keys])

    def _stream_ids(self, question: Question, token: CancelToken | None) -> Iterator[int]:
        with self._database.read(token) as connection:
            for keys in _pages(connection, question, token):
                yield from (key[-1] for key in keys)


def _pages(connection: Connection, question: Question, token: CancelToken | None) -> Iterator[list[Key]]:
    place: Key | None = None
    while True:
        if token is not None:
            token.check()
        keys = question.step(connection, place, limit=_PAGE)
        yield keys
        if len(keys) < _PAGE:
            return
        place = keys[-1]


def _next_key(
    connection: Connection, walks: Sequence[Walk], precedes: Callable[[Key, Key], bool], place: Key | None
) -> Key | None:
    """The first key after a place that any of the walks has; from the last row it goes on at the first."""
    firsts: list[Key] = []
    later: list[Key] = []
    for walk in walks:
        first = walk.keys(connection, None, limit=1)
        firsts += first
        if first and place is not None and precedes(place, first[0]):
            later += first  # the place may lie before the range that is walked
        elif first and place is not None:
            later += walk.keys(connection, place, limit=1)
    best: Key | None = None
    for key in later or firsts:
        if best is None or precedes(key, best):
            best = key
    return best


def _found_so_far(connection: Connection, walk: AnchorWalk, reader: RowReader, stop: int) -> list[Row] | None:
    """What an index that is still being made finds; None where every row can be had at once."""
    keys = walk.question.walk.found_so_far(connection, limit=stop)
    return None if keys is None else reader.read(connection, [key[-1] for key in keys])


def _keys_from(connection: Connection, walk: AnchorWalk, place: AnchorPlace, start: int, stop: int) -> list[Key]:
    """The keys of rows [start, stop) from a known place."""
    if stop <= start:
        return []
    keys = walk.keys(connection, place, stop - start)
    if place.backward and len(keys) < stop - start:  # fewer rows before it than thought
        return walk.keys(connection, AnchorPlace(None, start), stop - start)
    return keys


def _keys_near(connection: Connection, walk: AnchorWalk, near: Place, start: int, stop: int) -> list[Key] | None:
    """The keys of rows [start, stop), counted from the row ``near``; None where that is gone, or far away."""
    number = near.number
    if number < start - STRIDE or number > stop + STRIDE:
        return None
    key = walk.question.keys_of(connection, [near.row_id]).get(near.row_id)
    if key is None:
        return None
    if number < start:
        return walk.keys(connection, AnchorPlace(key, start - number - 1), stop - start)
    if number >= stop:
        before = walk.keys(connection, AnchorPlace(key, number - stop, backward=True), stop - start)
        return before if len(before) == stop - start else None
    before = walk.keys(connection, AnchorPlace(key, 0, backward=True), number - start) if number > start else []
    if len(before) < number - start:
        return None
    after = walk.keys(connection, AnchorPlace(key, 0), stop - number - 1) if stop > number + 1 else []
    return [*before, key, *after]


def _rough_position(connection: Connection, walk: AnchorWalk, key: Key, about: int) -> int:
    """Exact where few rows come before; else as it was."""
    step = walk.question.step
    if step(connection, key, offset=STRIDE - 1, limit=1, backward=True):
        return about
    return len(step(connection, key, limit=STRIDE, backward=True))


def _counted(index: QueryIndex) -> Count:
    state = index.state
    if state.exact:
        return Count(state.reached, exact=True, reached=state.reached, counting=False)
    total = state.total if state.total is not None and state.total > state.reached else None
    if total is None:
        return Count(state.reached, least=not state.complete, reached=state.reached, counting=not state.complete)
    return Count(total, reached=index.reach, counting=not state.complete)
