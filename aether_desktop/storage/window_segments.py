"""An order as a chain of segments, each of which one index serves from end to end.

Absent values, words of few kinds and names that lie in other tables are no range of one index; but the rows of each
value are. A walk goes through the segments in turn and stops when its page is full.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, FromClause, and_, literal_column, select

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.tables import ColumnKind
from aether_desktop.storage.columns import Choice
from aether_desktop.storage.ledger_ways import branches_of, filled
from aether_desktop.storage.schema import ANNOTATIONS
from aether_desktop.storage.unindexed import driving
from aether_desktop.storage.window_columns import ColumnSource, Link, TablePlan
from aether_desktop.storage.window_order import Key, Order, SortKey

MERGED: Final = 32  # at most so many values are merged
_FILLED_APART = frozenset({"contract_address", "method", "layer2_kind"})  # of the ledger: most rows have none


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Rows whose keys begin with ``lead`` (empty: all that no other segment has), in the order of the rest.

    ``branches`` share no row; each is served by an index in that order. ``absent`` is the column that is NULL in all of
    them: PostgreSQL wants to hear it to use the index. ``source`` are the tables where not the table alone.
    """

    lead: Key
    order: Order
    branches: tuple[ColumnElement[bool], ...]
    absent: SortKey | None = None
    source: FromClause | None = None


def segments_of(
    plan: TablePlan, query: TableQuery, order: Order, only: Mapping[str, Set[Any]], connection: Connection
) -> list[Segment]:
    """In ascending order of their leads. ``only``: what a column can be at all, by its key."""
    source = _sorted_source(plan, query)
    if source is None:
        return [whole(order)]
    same = [key for key, other in plan.sources.items() if other.link is not None and other.link is source.link]
    possible = [only[key] for key in {source.spec.key, *same} & only.keys()]
    cut = _Cut(plan, source, order, frozenset.intersection(*map(frozenset, possible)) if possible else None, connection)
    return cut.segments()


def whole(order: Order) -> Segment:
    """All rows as one."""
    return Segment((), order, ())


def _sorted_source(plan: TablePlan, query: TableQuery) -> ColumnSource | None:
    """The column of a sort by one, or by one of few values and then the time; others by several no index serves."""
    key = plan.spec.column(query.sort[0].column).key if query.sort else plan.spec.default_sort
    source = plan.sources[key]
    if len(query.sort) <= 1:
        return source
    then = plan.spec.column(query.sort[1].column).key
    few = source.link is not None or isinstance(source.compared.type, Choice)
    in_time = plan.spec.name is TableName.TRANSACTIONS and bool(source.closing) and then == "occurred_at"
    return source if len(query.sort) == 2 and in_time and few else None


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    plan: TablePlan
    source: ColumnSource
    order: Order
    only: Set[Any] | None
    connection: Connection

    def segments(self) -> list[Segment]:
        source, key = self.source, self.source.spec.key
        in_ledger = self.plan.spec.name is TableName.TRANSACTIONS
        if source.link is not None:
            return self._labelled(source.link) if key == "label" else self._pointing(source.link)
        if isinstance(source.compared.type, Choice):
            return [self._of(name, self._branches(name)) for name in self._possible(sorted(source.spec.choices))]
        if in_ledger and source.spec.kind is ColumnKind.BOOLEAN:
            return [self._of(value, self._branches(value)) for value in self._possible([False, True])]
        if source.nullable:
            return self._with_absent()
        if in_ledger and key in _FILLED_APART:
            there = replace(self._rest(0), branches=(filled(source.compared),))
            return [self._of("", [source.compared == ""]), there]
        return [whole(self.order)]

    def _possible(self, values: list[Any]) -> list[Any]:
        return [value for value in values if self.only is None or value in self.only]

    def _branches(self, value: Any) -> list[ColumnElement[bool]]:
        """Where the ledger has no way for a value, nearly every row has it."""
        ways = branches_of(self.source.spec.key, [value]) if self.plan.spec.name is TableName.TRANSACTIONS else None
        column = self.source.compared
        if ways is not None:
            return ways
        return [column == (column.type.kind(value) if isinstance(column.type, Choice) else value)]

    def _of(self, value: Any, branches: Sequence[ColumnElement[bool]]) -> Segment:
        return Segment((value,), Order(self.order.keys[1:], ()), tuple(branches))

    def _rest(self, leading: int) -> Segment:
        """The part of the order from this key on, where no key is absent."""
        keys = [replace(key, nullable=False) for key in self.order.keys[leading:]]
        return Segment((), Order(keys, ()), ())

    def _with_absent(self) -> list[Segment]:
        column, first = self.source.compared, self.order.keys[0]
        there = replace(self._rest(0), branches=(column.is_not(None),))
        if self.only is not None:  # a comparison finds no absent value
            return [there]
        absent = replace(self._of(None, [column.is_(None)]), absent=first)
        return [there, absent]

    def _pointing(self, link: Link) -> list[Segment]:
        """By what lies in the few rows of another table; in the ledger each of those is a segment of its own."""
        joined = link.joined
        assert joined is not None  # noqa: S101 - else it could not be sorted by
        pointer, ids = link.pointer, joined.c.id
        used = select(ids, self.order.keys[0].expression).where(link.rows, self._used(link))
        found = [tuple(row) for row in self.connection.execute(used)]
        if self.only is not None:
            found = [row for row in found if row[0] in self.only]
        in_time = bool(self.source.closing)
        if in_time and self.order.keys[1].expression is pointer:
            return [self._one(name, row_id) for row_id, name in sorted(found, key=lambda row: (row[1], row[0]))]
        groups = groupby(sorted((name, row_id) for row_id, name in found), key=itemgetter(0))
        segments = [self._of(name, [pointer == row_id for _, row_id in rows]) for name, rows in groups]
        if in_time and any(len(segment.branches) > MERGED for segment in segments):
            return [whole(self.order)]
        if getattr(pointer, "nullable", False):
            first = SortKey(pointer, self.order.keys[0].descending, nullable=True)
            segments.insert(0, replace(self._of("", [pointer.is_(None)]), absent=first))
        return segments

    def _one(self, name: Any, row_id: int) -> Segment:
        branches = branches_of(self.source.spec.key, [row_id])
        assert branches is not None  # noqa: S101 - wallets and coins have ways
        return Segment((name, row_id), Order(self.order.keys[2:], ()), tuple(branches))

    def _used(self, link: Link) -> ColumnElement[bool]:
        """Only rows that something points to."""
        own = select(link.pointer).where(self.plan.scope, link.pointer == link.pointed).correlate(link.joined)
        return own.limit(1).scalar_subquery().is_not(None)  # one look at an index for each, whatever the statistics say

    def _labelled(self, link: Link) -> list[Segment]:
        """Rows without a label, then those with one in the order of the labels."""
        words, table = ANNOTATIONS.c, self.plan.table
        one = and_(link.rows, literal_column("annotations.label_fold <> ''"))
        label = select(words.row_id).where(one, words.row_id == table.c.id).correlate(table).limit(1)
        without = self._of("", [label.scalar_subquery().is_(None)])
        first, last = self.order.keys[0], self.order.keys[-1]
        keys = [replace(first, expression=words.label_fold), replace(last, expression=words.row_id)]
        pairs = driving(ANNOTATIONS, table, and_(table.c.vault_id == words.vault_id, table.c.id == words.row_id))
        return [without, Segment((), Order(keys, ()), (one,), source=pairs)]


def segments_from(
    segments: Sequence[Segment], place: Key | None, *, descending: bool
) -> Iterator[tuple[int, Key | None]]:
    """The segments from the one with the place on, in the direction of the walk; the place within the first."""
    numbers = range(len(segments) - 1, -1, -1) if descending else range(len(segments))
    if place is None:
        yield from ((number, None) for number in numbers)
        return
    leads = {segment.lead: number for number, segment in enumerate(segments)}
    inside = next((leads[place[:size]] for size in {len(lead) for lead in leads} - {0} if place[:size] in leads), None)
    inside = leads.get(()) if inside is None else inside  # an open segment has what no other has
    if inside is not None:
        yield inside, place[len(segments[inside].lead) :]
    for number in numbers:
        if inside is None:  # what the place was in is gone: go on with what comes after it
            lead = segments[number].lead
            after = lead < place[: len(lead)] if descending else lead > place[: len(lead)]
        else:
            after = number < inside if descending else number > inside
        if after:
            yield number, None
