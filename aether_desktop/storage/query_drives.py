"""How an index finds the rows of one term of a filter, where one does.

Which of several terms, or the order itself, drives a question is settled when its first page is asked for
(window_walks.py): only then is known how many rows each would bring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, and_, func, or_, select, union
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression, BooleanClauseList
from sqlalchemy.sql.selectable import ScalarSelect, SelectBase
from sqlalchemy.sql.visitors import replacement_traverse

from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.queries import Comparison, GroupBy, GroupKey, Term
from aether_desktop.ports.query_language import ORDERED_KINDS, YES, choice_form
from aether_desktop.ports.tables import ColumnKind
from aether_desktop.storage.columns import Choice
from aether_desktop.storage.ledger_ways import filled
from aether_desktop.storage.query_identifiers import (
    address_range,
    address_spellings,
    hash_range,
    is_whole_address,
    wallet_addresses,
)
from aether_desktop.storage.schema import TRANSACTIONS
from aether_desktop.storage.unindexed import tested
from aether_desktop.storage.window_columns import ColumnSource, TablePlan

_SOME_HAVE = frozenset({"error", "description"})  # texts of the ledger whose index holds the rows that have one
_SIDES = frozenset({"from_address", "to_address"})
_LOWER = (operators.gt, operators.ge)
_UPPER = (operators.lt, operators.le)
Condition = ColumnElement[bool]


class Ends(NamedTuple):
    """A range on one column, its two ends apart: a page that goes on from a place needs only the far one."""

    lower: tuple[Condition, ...]
    upper: tuple[Condition, ...]


class Searched(NamedTuple):
    """Ids of rows that the index of trigrams finds (each of ``known`` some), and of those it does not know (``fresh``).

    ``ready`` asks whether these are few, ``begun`` whether there is an index at all.
    """

    known: tuple[Select[Any], ...]
    fresh: tuple[Select[Any], ...]
    ready: Callable[[Connection], bool]
    begun: Callable[[Connection], bool]

    @property
    def arms(self) -> tuple[Select[Any], ...]:
        return (*self.known, *self.fresh)


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """``condition`` is what an index is asked; None where ``values`` or ``branches`` say it.

    ``values`` are what the column ``key`` must be one of, with what ``found`` brings when it is asked; ``column`` is
    what holds them, ``pointer`` where they are rows of another table. ``found`` alone brings what ``column`` points
    with; it may be much. ``ends`` is the condition as a range. ``whole``: the values or branches say all that the term
    says. ``entries`` hold for at least the rows of the condition, where it asks for more than an index has.
    """

    key: str
    condition: Condition | None = None
    values: tuple[Any, ...] | None = None
    found: Select[Any] | CompoundSelect[Any] | None = None
    column: ColumnElement[Any] | None = None
    pointer: ColumnElement[Any] | None = None
    branches: tuple[Condition, ...] = ()
    ends: Ends | None = None
    whole: bool = True
    searched: Searched | None = None
    entries: tuple[Condition, ...] = ()


class TermPlan(NamedTuple):
    """A term: what it says, the same for rows that were found otherwise, and the index that finds its rows."""

    condition: Condition
    tested: Condition
    drive: Drive | None


def drive_of(plan: TablePlan, term: Term, condition: Condition) -> Drive | None:
    """None: rows of this term are met on the way of the order. ``condition`` is the term's own, checked already."""
    if not term.field:
        return None
    source = plan.sources[plan.spec.column(term.field.lower()).key]
    negated = term.negated is not (term.comparison is Comparison.NOT_EQUAL)
    if source.link is not None:
        return _linked(plan, source, term, condition, negated=negated)
    kind = source.spec.kind
    if kind in ORDERED_KINDS:
        return _ordered(source, term, condition, negated=negated)
    if kind in (ColumnKind.CHOICE, ColumnKind.BOOLEAN):
        return _chosen(plan, source, term, condition, negated=negated)
    if not term.value:
        return _emptiness(plan, source, wanted_empty=not negated)
    if negated:
        return None
    if kind in (ColumnKind.ADDRESS, ColumnKind.HASH):
        return _identified(plan, source, term, condition)
    return _worded(plan, source, term, condition)


def archived_drive(plan: TablePlan) -> Drive | None:
    """Rows that are archived, in the ledger."""
    if plan.spec.name is not TableName.TRANSACTIONS:
        return None
    return Drive("archived_at", branches=(plan.table.c.archived_at.is_not(None),))


def group_plan(plan: TablePlan, key: GroupKey) -> TermPlan:
    """Rows of one group, by the index that has them in the order of time. Raises InvalidInputError."""
    if plan.spec.name is not TableName.TRANSACTIONS:
        raise InvalidInputError(f"{plan.spec.title} are not grouped.", field="filter")
    columns = plan.table.c
    if key.by in (GroupBy.DAY, GroupBy.MONTH):
        column, end = columns.occurred_at, key.end
        ends, also = _between(column, key.start, end), _between(tested(column), key.start, end)
        condition = and_(*ends.lower, *ends.upper)
        return TermPlan(condition, and_(*also.lower, *also.upper), Drive(column.key, condition, ends=ends))
    column = columns.counterparty if key.by is GroupBy.COUNTERPARTY else columns.currency_id
    name = column.key if key.by is GroupBy.COUNTERPARTY else "symbol"
    drive = Drive(name, values=(key.value,), column=column)
    return TermPlan(column == key.value, tested(column) == key.value, drive)


def ends_of(condition: Condition, column: ColumnElement[Any]) -> Ends | None:
    """The ends of a condition that is nothing but comparisons of one column, all of which must hold."""
    lower: list[Condition] = []
    upper: list[Condition] = []
    for part in _parts(condition):
        if not isinstance(part, BinaryExpression) or part.left is not column:
            return None
        if part.operator in _LOWER:
            lower.append(part)
        elif part.operator in _UPPER:
            upper.append(part)
        elif part.operator is operators.eq:
            lower.append(column >= part.right)
            upper.append(column <= part.right)
        elif part.operator is not operators.is_not:
            return None
    return Ends(tuple(lower), tuple(upper)) if lower or upper else None


def _between(column: ColumnElement[Any], start: datetime, end: datetime | None) -> Ends:
    return Ends((column >= start,), () if end is None else (column < end,))


def _parts(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for part in condition.clauses:
            yield from _parts(part)
    else:
        yield condition


# -- by kind of column -------------------------------------------------------------------------------------------


def _ordered(source: ColumnSource, term: Term, condition: Condition, *, negated: bool) -> Drive | None:
    key = source.spec.key
    if not term.value:
        if negated:
            return None
        return Drive(key, source.compared.is_(None)) if source.nullable else Drive(key, values=())
    ends = ends_of(condition, source.compared)
    if ends is None:
        return None
    equal = not negated and term.comparison in (Comparison.HAS, Comparison.EQUAL)
    values = None
    if equal and key == "batch":
        values = (int(term.value.strip().replace(",", "")),)
    return Drive(key, condition, values=values, ends=ends)


def _chosen(plan: TablePlan, source: ColumnSource, term: Term, condition: Condition, *, negated: bool) -> Drive | None:
    key, column = source.spec.key, source.compared
    in_ledger = plan.spec.name is TableName.TRANSACTIONS  # whose ways say each value, or none
    values: tuple[Any, ...]
    if source.spec.kind is ColumnKind.BOOLEAN:
        values = ((term.value.strip().casefold() in YES) is not negated,)
        return Drive(key, None if in_ledger else column == values[0], values=values)
    asked = {choice_form(name): name for name in source.spec.choices}[choice_form(term.value)]
    values = tuple(sorted(name for name in source.spec.choices if (name == asked) is not negated))
    if not isinstance(column.type, Choice):  # a text that may hold other words
        return None if negated else Drive(key, condition, values=values)
    members = [column.type.kind(name) for name in values]
    return Drive(key, None if in_ledger else column.in_(members), values=values)


def _emptiness(plan: TablePlan, source: ColumnSource, *, wanted_empty: bool) -> Drive | None:
    key, column = source.spec.key, source.compared
    if source.sealed is not None:
        return None
    in_ledger = plan.spec.name is TableName.TRANSACTIONS
    if in_ledger and key not in ("tx_hash", "counterparty", *_SIDES):
        if wanted_empty:
            return None
        return Drive(key, filled(column), branches=(filled(column),) if key in _SOME_HAVE else ())
    if not wanted_empty or key == "description":
        return None
    if key in _SIDES:
        return Drive(key, values=("",))
    held = column if source.folded is None else source.folded
    return Drive(key, held == "", values=("",) if in_ledger else None)


def _identified(plan: TablePlan, source: ColumnSource, term: Term, condition: Condition) -> Drive | None:
    key, column, text = source.spec.key, source.compared, term.value.strip()
    exact = term.comparison is not Comparison.HAS
    if source.spec.kind is ColumnKind.HASH:
        return Drive(key, condition) if exact or hash_range(column, text) is not None else None
    if exact or is_whole_address(text):
        found = wallet_addresses(plan, text) if exact else None
        only_ways = key in (*_SIDES, "contract_address") and plan.spec.name is TableName.TRANSACTIONS
        asked = None if only_ways else condition
        return Drive(
            key, asked, values=tuple(address_spellings(text)), found=found, column=None if only_ways else column
        )
    ranges = address_range(plan, column, text)
    if ranges is None:
        return None
    if plan.spec.name is TableName.TRANSACTIONS and key in _SIDES:
        party = TRANSACTIONS.c.counterparty
        of_party = address_range(plan, party, text)
        assert of_party is not None  # noqa: S101 - whether there is a range depends on the text alone
        other = and_(column != party, ranges)
        return Drive(key, or_(other, and_(of_party, column == party)), entries=(other, of_party))
    if plan.spec.name is TableName.TRANSACTIONS and key == "contract_address":
        return Drive(key, and_(filled(column), ranges))
    return Drive(key, ranges)


def _worded(plan: TablePlan, source: ColumnSource, term: Term, condition: Condition) -> Drive | None:
    key = source.spec.key
    if plan.spec.name is TableName.TRANSACTIONS and key in _SOME_HAVE:
        there = filled(source.compared)
        return Drive(key, there, branches=(there,), whole=False)
    if source.few:
        return Drive(key, values=(), found=few_values(plan, source, condition), column=source.compared)
    if term.comparison is Comparison.HAS or source.folded is None:
        return None
    return Drive(key, condition)


def few_values(plan: TablePlan, source: ColumnSource, condition: Condition) -> Select[Any]:
    """The different values of a column that satisfy the condition: one step in its index for each value there is."""
    column = source.compared
    owned = and_(plan.scope, filled(column))
    few = select(func.min(column).label("value")).where(owned).cte("few", recursive=True)
    following = select(func.min(column)).where(owned, column > few.c.value).correlate(few).scalar_subquery()
    few = few.union_all(select(following).where(few.c.value.is_not(None)))
    value = few.c.value
    return select(value).where(value.is_not(None), _about(condition, {column: value}))


def _linked(plan: TablePlan, source: ColumnSource, term: Term, condition: Condition, *, negated: bool) -> Drive | None:
    link, key = source.link, source.spec.key
    assert link is not None  # noqa: S101 - asked for such columns only
    pointers = {link.pointer: link.pointed} | ({} if link.also is None else {link.also: link.pointed})
    if key in ("label", "note", "tags"):
        if negated is not (not term.value):
            return None
        return Drive(key, found=union(*inside(condition, link.pointer)), column=link.pointer)
    found = select(link.pointed).where(link.rows, _about(condition, pointers))
    if plan.spec.name is TableName.TRANSACTIONS and not (key == "asset" and negated):
        pointer = None if key == "asset" else link.pointer
        return Drive(key, condition, values=(), found=found, pointer=pointer)
    if negated is not (not term.value):  # rows that point to none are among them
        return None
    return Drive(key, condition, values=(), found=found, column=link.pointer, pointer=link.pointer)


def inside(condition: Condition, pointer: ColumnElement[Any]) -> Iterator[SelectBase]:
    """The questions that say what the pointer may be; twice negated ones say it, too."""
    if isinstance(condition, BinaryExpression):
        asked = condition.right
        if condition.operator is operators.in_op and condition.left is pointer and isinstance(asked, ScalarSelect):
            yield asked.element
        return
    for part in condition.get_children():
        if isinstance(part, ColumnElement):
            yield from inside(part, pointer)


def _about(condition: Condition, others: dict[ColumnElement[Any], ColumnElement[Any]]) -> Condition:
    """The condition with other columns in the place of some."""

    def other(element: Any, **_: Any) -> Any:
        return next((new for old, new in others.items() if element is old), None)

    return replacement_traverse(condition, {}, other)
