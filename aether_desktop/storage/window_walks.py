"""How the keys of a question are read: by which index, from which end, in which pieces.

One index drives a question. Settled when its first keys are asked for, by looking how many rows each term would bring
(at most ``GATHERED`` of them are looked at):

- *gather*: a term that finds few rows drives; they are all read, tested by the other terms and sorted;
- *merge*: in the ledger's own order, the rows of a few values are merged from an index that has each in that order;
- *walk*: else the order's own index (or chain of segments) is walked and every row met is tested, until the page is
  full.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    Select,
    and_,
    any_,
    func,
    literal_column,
    or_,
    select,
    union,
    union_all,
)

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import TableQuery
from aether_desktop.storage.ledger_ways import branches_of
from aether_desktop.storage.query_drives import Ends, TermPlan
from aether_desktop.storage.unindexed import driving, gathered, tested
from aether_desktop.storage.window_columns import TablePlan
from aether_desktop.storage.window_order import Key, Order
from aether_desktop.storage.window_segments import MERGED, Segment, segments_from, segments_of, whole
from aether_desktop.storage.window_sieves import SIEVED, Sieve, rows_of
from aether_desktop.storage.window_statements import Statement, bounds, merged, paged
from aether_desktop.storage.window_terms import (
    DrivenTerm,
    alternatives,
    is_all,
    is_range_of,
    joined_ranges,
    possible_values,
    tests_left,
)

GATHERED: Final = 20_000  # so many rows are read and sorted for each page: 60 ms
FEW: Final = 500  # so few that no other term needs to be asked
LISTED: Final = 1_000  # so many values are named in a question
_PROBED: Final = 1_000  # so many entries of an index say how dense they are
_TRIED: Final = 100  # as many rows as are looked up while a walk is tried
# Where most rows match, PostgreSQL would look at every row until the page is full, or at every entry of an index before
# the first row, or join whole tables.
_BY_INDEX: Final = "; ".join(
    f"SET LOCAL enable_{how} = off" for how in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "incremental_sort")
)
_SAID_IN: Final = "by_index"  # the transaction
Condition = ColumnElement[bool]


class _Turn(NamedTuple):
    """What a statement depends on, besides numbers and the place."""

    segment: int
    at_end: bool
    backward: bool
    dialect: str


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """``tests`` hold for every row; ``ends`` bound the first column of the order; ``sorts``: gather, then sort."""

    segments: Sequence[Segment]
    tests: tuple[Condition, ...]
    ends: tuple[Ends, ...] = ()
    sorts: bool = False
    source: FromClause | None = None  # where the driver's rows are, if not in the table alone
    loose: tuple[Condition, ...] | None = None  # ``tests`` where no branch serves, if that is another
    only: Mapping[str, Set[Any]] = field(default_factory=dict)
    sieve: Sieve | None = None  # another road to a page, where few of many rows are gathered
    spare: tuple[Sieve, _Way] | None = None  # roads to a page of a walk that may meet its first row late
    built: dict[_Turn, Statement] = field(default_factory=dict)


class Piece(NamedTuple):
    """Some rows of a question: an index serves ``bounds``, ``tests`` are looked at in each row. ``many``: perhaps
    millions."""

    source: FromClause
    bounds: tuple[Condition, ...]
    tests: tuple[Condition, ...]
    many: bool


def by_index(connection: Connection) -> None:
    """PostgreSQL: what is asked next in this transaction goes by an index that has the order. Said once in each."""
    if connection.dialect.name != "postgresql":
        return
    transaction = connection.get_nested_transaction() or connection.get_transaction()  # one taken back forgets it
    if transaction is None or connection.info.get(_SAID_IN) is not transaction:
        connection.exec_driver_sql(_BY_INDEX, execution_options={"no_parameters": True})
        connection.info[_SAID_IN] = transaction


class Arms(NamedTuple):
    """The conditions of all rows of a question, by what serves them.

    ``scope``, ``tests`` and ``ends`` hold for every row, and one of the ``branches`` where there are any; without
    branches ``loose`` stands for ``tests``. ``gathered``: they are few, found by an index of their own. ``only``: what
    columns can be at all, by key; of wallets and tokens their ids.
    """

    source: FromClause
    scope: tuple[Condition, ...]
    tests: tuple[Condition, ...]
    ends: tuple[Condition, ...]
    branches: tuple[Condition, ...]
    loose: tuple[Condition, ...]
    gathered: bool
    only: Mapping[str, Set[Any]]


class Walk:
    """The keys of one question. Any thread; asks the connection it is given.

    ``scope`` holds for every row and names the vault; ``terms`` all must hold.
    """

    def __init__(
        self, plan: TablePlan, query: TableQuery, order: Order, scope: Sequence[Condition], terms: Sequence[TermPlan]
    ) -> None:
        self._plan, self._query, self._order = plan, query, order
        self._scope, self._terms = tuple(scope), tuple(terms)
        self._gathered = Order([replace(key, expression=gathered(key.expression)) for key in order.keys], ())
        self._way: _Way | None = None

    def keys(
        self, connection: Connection, place: Key | None, *, offset: int = 0, limit: int, backward: bool = False
    ) -> list[Key]:
        """Up to ``limit`` keys after (or before) the row with this key (None: from an end), past ``offset`` rows."""
        found: list[Key] = []
        by_index(connection)
        way = self.settled(connection)
        if way.sieve is not None:
            met = way.sieve.keys(connection, place, offset=offset, limit=limit, backward=backward)
            if met is not None:
                return met
        if way.spare is not None and not offset:
            sieve, gathering = way.spare
            met = sieve.keys(connection, place, offset=0, limit=limit, backward=backward)
            if met is not None:
                return met
            way = gathering
        descending = self._order.keys[0].descending is not backward
        for number, here in segments_from(way.segments, place, descending=descending):
            lead = way.segments[number].lead
            numbers = {"most": limit + offset, "page": limit - len(found), "past": offset}
            statement, values = self._asked(way, _Turn(number, here is None, backward, connection.dialect.name), here)
            rows = [lead + tuple(row) for row in connection.execute(statement, {**values, **numbers}).all()]
            found += rows
            if len(found) >= limit:
                break
            if offset and not rows:
                numbers |= {"page": offset, "past": 0}
                offset -= len(connection.execute(statement, {**values, **numbers}).all())
            else:
                offset = 0
        return found

    def pieces(self, connection: Connection) -> list[Piece]:
        """All rows of a question in the ledger's own order, in pieces that share none."""
        way = self.settled(connection)
        if way.sorts:
            source = self._plan.table if way.source is None else way.source
            return [Piece(source, (*self._scope, *way.tests), (), many=False)]
        ends = tuple(bounds(way.ends, at_end=True, descending=False))
        return [
            Piece(
                self._plan.table if segment.source is None else segment.source,
                (*self._scope, *ends, *(() if branch is None else (branch,))),
                way.tests,
                many=True,
            )
            for segment in way.segments
            for branch in segment.branches or (None,)
        ]

    def gathers(self, connection: Connection) -> bool:
        """Whether a term that finds few rows drives, whose rows are sorted for each page."""
        return self.settled(connection).sorts

    def arms(self, connection: Connection) -> Arms | None:
        """Where the rows of an order without segments are; None: nowhere, a name is asked for that nothing has."""
        way = self.settled(connection)
        if not way.segments:
            return None
        source = self._plan.table if way.source is None else way.source
        ends = tuple(bounds(way.ends, at_end=True, descending=False))
        loose = way.tests if way.loose is None else way.loose
        branches = () if way.sorts else way.segments[0].branches
        return Arms(source, self._scope, way.tests, ends, branches, loose, gathered=way.sorts, only=way.only)

    def is_served(self, connection: Connection) -> bool:
        """Whether an index gives the order: then a page costs what it passes, not what is stored."""
        way = self.settled(connection)
        by_value = bool(way.segments) and way.segments[0].lead != ()  # of several columns the first, then by the time
        return not way.sorts and (len(self._query.sort) <= 1 or by_value)

    def found_so_far(self, connection: Connection, *, limit: int) -> list[Key] | None:
        """The first keys of those rows that an index knows already while it is being made; None: it is made, or does
        not help."""
        for term in self._terms:
            searched = None if term.drive is None else term.drive.searched
            if searched is None or searched.ready(connection) or not searched.begun(connection):
                continue
            few: CompoundSelect[Any] = union(*searched.known).limit(GATHERED + 1)
            if 0 < int(connection.scalar(select(func.count()).select_from(few.subquery())) or 0) <= GATHERED:
                bare, pairs = self._among(few, connection.dialect.name)
                tests = (*([] if bare is None else [bare]), *(each.tested for each in self._terms))
                way = _Way([whole(self._order)], tests, sorts=True, source=pairs)
                statement = self._built(way, _Turn(0, True, False, connection.dialect.name), None)
                return [tuple(row) for row in connection.execute(statement, {"page": limit, "past": 0})]
        return None

    # -- settling ----------------------------------------------------------------------------------------------

    def settled(self, connection: Connection) -> _Way:
        """Which index drives. Two threads may settle it at once: either answer does."""
        way = self._way
        if way is None:
            terms = [self._resolved(connection, term) for term in self._terms]
            way = self._settle(connection, terms)
            self._way = None if any(term.waits for term in terms) else way
        return way

    def _settle(self, connection: Connection, terms: Sequence[DrivenTerm]) -> _Way:
        if any(term.values is not None and not term.values for term in terms):
            return _Way([], ())  # a name that nothing has
        first = self._order.keys[0].expression
        own = [
            term
            for term in terms
            if term.drive is not None and term.drive.ends is not None and is_range_of(term, first)
        ]
        merging = [term for term in terms if term.branches] if self._in_time else []
        drivers = [term for term in terms if term.bare is not None or term.pairs is not None]
        asked = joined_ranges([term for term in drivers if not any(term is each for each in own)])
        if len(asked) > 1 or not merging or any(term.candidates is not None for term in asked):
            driver, count = self._fewest(connection, asked, alone=not merging)
            if any(driver is term for term in merging):
                merging = [term for term in merging if term is driver]  # in the right order, and few
            elif driver is not None:
                beside = [term for term in merging if len(term.branches) == 1]
                return self._gathering(connection, terms, driver, count, beside)
        ends = tuple(term.drive.ends for term in own if term.drive is not None and term.drive.ends is not None)
        if merging:
            driver = self._rarest(connection, merging, ends)
            segment = Segment((), self._order, driver.branches)
            return _Way(
                [segment],
                tests_left(terms, [*own, driver]),
                ends,
                loose=tests_left(terms, own),
                only=possible_values(terms),
            )
        only = possible_values(terms)
        only |= {term.drive.key: frozenset[Any]() for term in own if term.drive is not None}
        segments = segments_of(self._plan, self._query, self._order, only, connection)
        spare = self._spare(connection, terms, asked)
        return _Way(segments, tests_left(terms, own), ends, only=only, spare=spare)

    def _spare(
        self, connection: Connection, terms: Sequence[DrivenTerm], asked: Sequence[DrivenTerm]
    ) -> tuple[Sieve, _Way] | None:
        """For a range of another column alone, whose rows may all lie far from the end: its index has the time, too."""
        for driver in asked:
            if self._can_sieve(connection) and self._covers(driver) and all(is_all(driver, term) for term in terms):
                tests = tuple(term.plan.tested for term in terms)
                sieve = Sieve(self._plan.table, self._order, self._scope, (), tests, _TRIED, 0)
                assert driver.bare is not None  # noqa: S101 - it is covered
                return sieve, _Way([whole(self._order)], (driver.bare,), sorts=True)
        return None

    def _rarest(self, connection: Connection, merging: Sequence[DrivenTerm], ends: tuple[Ends, ...]) -> DrivenTerm:
        """The term whose first rows, in the order of the walk, reach farthest."""
        if len(merging) == 1:
            return merging[0]
        best: DrivenTerm = merging[0]
        farthest: Key | None = None
        turn = _Turn(0, at_end=True, backward=False, dialect=connection.dialect.name)
        for term in merging:
            way = _Way([Segment((), self._order, term.branches)], (), ends)
            numbers = {"most": _PROBED + 1, "page": 1, "past": _PROBED}
            row = connection.execute(self._built(way, turn, None), numbers).first()
            if row is None:
                return term
            if farthest is None or self._order.precedes(farthest, tuple(row)):
                best, farthest = term, tuple(row)
        return best

    def _gathering(
        self,
        connection: Connection,
        terms: Sequence[DrivenTerm],
        driver: DrivenTerm,
        count: int,
        beside: Sequence[DrivenTerm],
    ) -> _Way:
        """``beside`` are terms whose rows one index has in the right order."""
        others = tuple(term.plan.tested for term in terms if not is_all(driver, term))
        bare = () if driver.bare is None else (driver.bare,)
        sieve = None
        if self._can_sieve(connection) and driver.ids and (others or not self._covers(driver)):
            sieve = self._sieve(connection, terms, driver, count, beside)
        return _Way([whole(self._order)], (*bare, *others), sorts=True, source=driver.pairs, sieve=sieve)

    def _sieve(
        self,
        connection: Connection,
        terms: Sequence[DrivenTerm],
        driver: DrivenTerm,
        count: int,
        beside: Sequence[DrivenTerm],
    ) -> Sieve:
        served = [*beside[:1], *([driver, *driver.joined] if driver.exact else [])]
        return Sieve(
            self._plan.table,
            self._order,
            (*self._scope, *(branch for term in beside[:1] for branch in term.branches)),
            driver.ids,
            tests_left(terms, served),
            count,
            0 if beside else rows_of(connection, self._plan.table),
        )

    def _can_sieve(self, connection: Connection) -> bool:
        """Whether one index of the ledger gives the order, all one way. PostgreSQL looks rows up as fast."""
        in_ledger = self._plan.spec.name is TableName.TRANSACTIONS and connection.dialect.name == "sqlite"
        return in_ledger and len(self._query.sort) <= 1 and self._order.is_range and self._order.is_own

    def _covers(self, term: DrivenTerm) -> bool:
        """Whether the index of the term has the order, too, so that no row is looked at."""
        return term.exact and term.pairs is None and self._in_time

    @property
    def _in_time(self) -> bool:
        """The ledger's own order."""
        keys = self._order.keys
        return self._plan.spec.name is TableName.TRANSACTIONS and keys[0].expression is self._plan.table.c.occurred_at

    def _resolved(self, connection: Connection, plan: TermPlan) -> DrivenTerm:
        drive = plan.drive
        if drive is None:
            return DrivenTerm(plan)
        searched = drive.searched
        if searched is not None and not searched.ready(connection):
            return DrivenTerm(plan, branches=drive.branches, waits=True)
        if drive.found is not None and drive.values is None and drive.column is not None:
            few = drive.found.subquery()
            theirs = and_(self._plan.scope, drive.column == few.c[0])
            told = (select(few.c[0]),) if drive.column is self._plan.table.c.id else ()
            return DrivenTerm(plan, pairs=driving(few, self._plan.table, theirs), ids=told, exact=drive.whole)
        values, listed = None if drive.values is None else list(drive.values), True
        if drive.found is not None and values is not None:
            more = connection.scalars(drive.found.limit(LISTED + 1)).all()
            listed = len(more) <= LISTED  # else there are others
            values = list(dict.fromkeys([*values, *more]))
        listed = listed and values is not None and len(values) <= LISTED
        branches = drive.branches
        if (
            values is not None
            and listed
            and len(values) <= MERGED
            and not branches
            and self._plan.spec.name is TableName.TRANSACTIONS
        ):
            branches = tuple(branches_of(drive.key, values) or ())
        bare = drive.condition
        if searched is not None and (drive.branches or not branches):
            # far more than it drives with; the planner knows then that they are few
            ids: CompoundSelect[Any] = union(*searched.arms).limit(2 * GATHERED)
            known = None if values is None or not listed else frozenset(values)
            bare, pairs = self._among(ids, connection.dialect.name)
            return DrivenTerm(plan, bare, pairs, branches, known, union_all(*searched.arms), ids=searched.arms)
        if branches:
            bare = or_(*branches)
        elif listed and drive.column is not None and values is not None:
            bare = drive.column.in_(values)
        if listed and drive.pointer is not None and values is not None:
            plan = plan._replace(tested=tested(drive.pointer).in_(values))
        known = frozenset(values) if values is not None and listed else None
        own: tuple[Select[Any], ...] = ()
        if (
            bare is not None
            and bare is drive.condition
            and drive.found is None
            and self._plan.spec.name is TableName.TRANSACTIONS
        ):
            own = self._entries(drive.entries or alternatives(bare))
        return DrivenTerm(plan, bare, None, branches, known, ids=own, exact=bool(own) and not drive.entries)

    def _entries(self, conditions: Sequence[Condition]) -> tuple[Select[Any], ...]:
        """Ids of what an index has, each of these."""
        column = self._plan.table.c.id
        return tuple(select(column).where(*self._scope, condition) for condition in conditions)

    def _among(self, few: CompoundSelect[Any], dialect: str) -> tuple[Condition | None, driving | None]:
        """Rows with these ids, which come first; as an array where the planner thinks for itself how many there are."""
        column = self._plan.table.c.id
        if dialect == "postgresql":
            ids = select(few.subquery().c[0]).scalar_subquery()
            return column == any_(func.array(ids)), None
        some = few.subquery()
        return None, driving(some, self._plan.table, and_(self._plan.scope, column == some.c[0]))

    def _fewest(
        self, connection: Connection, terms: Sequence[DrivenTerm], *, alone: bool
    ) -> tuple[DrivenTerm | None, int]:
        """The term that brings fewest rows, where those are few, and how many; ``alone``: nothing else would drive."""
        best, least, sieves = None, 0, alone and self._can_sieve(connection)
        for term in terms:
            most = SIEVED if term.ids and ((alone and self._covers(term)) or sieves) else GATHERED
            most = most + 1 if best is None else min(most + 1, least)
            count = 0
            for some in self._arms_of(term):
                few = some.limit(most - count).subquery()
                count += int(connection.execute(select(func.count()).select_from(few)).scalar_one())
                if count >= most:
                    break
            if count < most:
                best, least = term, count
                if least <= FEW:
                    break
        return best, least

    def _arms_of(self, term: DrivenTerm) -> Iterator[Select[Any]]:
        """The rows of a term, no fewer: of each index by itself. For several at once an engine looks up every row."""
        one: Select[Any] = select(literal_column("1"))
        if term.ids and not term.exact:
            yield one.select_from(union_all(*term.ids).subquery())
        elif term.pairs is not None:  # what points to the rows; looking each of them up would cost the page itself
            theirs = one.select_from(term.pairs.left)
            yield theirs if term.bare is None else theirs.where(term.bare)
        elif term.bare is not None:
            owned = one.select_from(self._plan.table).where(*self._scope)
            yield from (owned.where(arm) for arm in alternatives(term.bare))

    # -- asking ------------------------------------------------------------------------------------------------

    def _asked(self, way: _Way, turn: _Turn, place: Key | None) -> tuple[Statement, dict[str, Any]]:
        """A statement is built once: hops over many rows ask the same one again and again."""
        segment = way.segments[turn.segment]
        order = self._gathered if way.sorts else segment.order
        if not order.is_range:
            return self._built(way, turn, None if place is None else order.beyond(place, backward=turn.backward)), {}
        values = {} if place is None else {f"place_{number}": value for number, value in enumerate(place)}
        statement = way.built.get(turn)
        if statement is None:
            beyond = None if place is None else order.passed(backward=turn.backward)
            statement = way.built[turn] = self._built(way, turn, beyond)
        return statement, values

    def _built(self, way: _Way, turn: _Turn, beyond: Condition | None) -> Statement:
        segment, places = way.segments[turn.segment], [] if beyond is None else [beyond]
        if way.sorts:
            order = self._order
            source = self._plan.table if way.source is None else way.source
            query = order.joined(select(*order.columns).select_from(source))
            query = query.where(*self._scope, *way.tests, *places)
            return paged(query.order_by(*self._gathered.clauses(backward=turn.backward)))
        order = segment.order
        source = self._plan.table if segment.source is None else segment.source
        reach = bounds(way.ends, at_end=turn.at_end, descending=self._order.keys[0].descending is not turn.backward)
        every = order.joined(select(*order.columns).select_from(source))
        every = every.where(*self._scope, *way.tests, *reach, *places)
        arms = [every.where(branch) for branch in segment.branches] or [every]
        return paged(merged(arms, segment, lazily=turn.dialect == "sqlite", backward=turn.backward))
