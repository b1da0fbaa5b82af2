"""Rows whose text in one column begins with what somebody types, found by the index of that column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, literal_column, or_, select
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BooleanClauseList

from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import fold as fold_name
from aether_desktop.ports.queries import Comparison, Term
from aether_desktop.ports.tables import ColumnKind, ColumnSpec
from aether_desktop.storage.columns import Choice
from aether_desktop.storage.query_conditions import term_plans
from aether_desktop.storage.query_drives import Condition, Drive, TermPlan, ends_of, few_values
from aether_desktop.storage.query_identifiers import address_range, hash_range, like_escaped
from aether_desktop.storage.schema import ANNOTATIONS, TRANSACTIONS
from aether_desktop.storage.sums import fold
from aether_desktop.storage.unindexed import tested
from aether_desktop.storage.window_columns import ColumnSource, Link, TablePlan

_SIDES: Final = frozenset({"from_address", "to_address"})
_LABELLED: Final[ColumnElement[bool]] = literal_column("annotations.label_fold <> ''")  # as the index says it
_LAST: Final = "\U0010ffff"


def beginning_plans(plan: TablePlan, key: str, text: str, now: datetime, *, sorted_by: bool) -> list[TermPlan]:
    """Terms of which a row satisfies one at most; empty where nothing can begin so.

    For columns that ``ports.tables.found_by_beginning`` names. ``sorted_by``: the rows are in the order of this
    column, so that each term may be a range of its index. Raises InvalidInputError for a text no column can hold.
    """
    source = plan.sources[key]
    if source.spec.kind is ColumnKind.CHOICE:
        return _chosen(plan, source, text)
    if source.spec.kind in (ColumnKind.ADDRESS, ColumnKind.HASH):
        return _identified(plan, source, text, now, apart=sorted_by)
    if source.link is not None:
        return [_labelled(source, source.link, text) if key == "label" else _named(plan, source, source.link, text)]
    if source.few or source.folded is None:
        begun = _folded_beginning(source.compared, text)
        found = few_values(plan, source, begun) if source.few else None
        drive = None if found is None else Drive(key, values=(), found=found, column=source.compared)
        return [TermPlan(begun, _folded_beginning(tested(source.compared), text), drive)]
    return [_range(source, source.folded, source.as_held(text))]


def begins(column: ColumnElement[Any], text: str) -> Condition:
    """A range, which an index serves, in the order of code points."""
    rest = text.rstrip(_LAST)
    if not rest:
        return column >= text
    following = ord(rest[-1]) + 1
    return and_(column >= text, column < rest[:-1] + chr(0xE000 if 0xD800 <= following < 0xE000 else following))


# -- inside ------------------------------------------------------------------------------------------------------


def _range(source: ColumnSource, held: ColumnElement[Any], text: str) -> TermPlan:
    condition = begins(held, text)
    return TermPlan(
        condition, begins(tested(held), text), Drive(source.spec.key, condition, ends=ends_of(condition, held))
    )


def _folded_beginning(column: ColumnElement[Any], text: str) -> Condition:
    return fold(column).like(f"{like_escaped(fold_name(text))}%", escape="\\")


def _chosen(plan: TablePlan, source: ColumnSource, text: str) -> list[TermPlan]:
    """Choices by the words that are shown for them."""
    spec, column = source.spec, source.compared
    names = tuple(sorted(name for name in spec.choices if _shown(spec, name).startswith(fold_name(text))))
    if not names:
        return []
    if source.link is not None:
        return [_pointing(plan, source, source.link, lambda theirs: theirs.in_(names))]
    members = [column.type.kind(name) for name in names] if isinstance(column.type, Choice) else list(names)
    condition = column.in_(members)
    asked = None if plan.spec.name is TableName.TRANSACTIONS else condition
    return [TermPlan(condition, tested(column).in_(members), Drive(spec.key, asked, values=names))]


def _shown(spec: ColumnSpec, name: str) -> str:
    shown = CHAINS[name].name if spec.key == "chain" and name in CHAINS else name.replace("_", " ").replace("-", " ")
    return fold_name(shown)


def _identified(plan: TablePlan, source: ColumnSource, text: str, now: datetime, *, apart: bool) -> list[TermPlan]:
    key, column = source.spec.key, source.compared
    of_hash = source.spec.kind is ColumnKind.HASH
    ranges = hash_range(column, text) if of_hash else address_range(plan, column, text)
    if ranges is None:
        if key in _SIDES and plan.spec.name is TableName.TRANSACTIONS:
            party = TRANSACTIONS.c.counterparty
            own = and_(column != party, begins(column, text))
            asked = or_(own, and_(begins(party, text), column == party))
            return [TermPlan(begins(column, text), begins(tested(column), text), Drive(key, asked))]
        return [_range(source, column, text)]
    if apart and isinstance(ranges, BooleanClauseList) and ranges.operator is operators.or_:
        parts = [(part, ends_of(part, column)) for part in ranges.clauses]
        if all(ends is not None for _, ends in parts):
            return [TermPlan(part, part, Drive(key, part, ends=ends)) for part, ends in parts]
    return term_plans(plan, [Term(key, Comparison.HAS, text)], now)


def _named(plan: TablePlan, source: ColumnSource, link: Link, text: str) -> TermPlan:
    """By the names of the few wallets, coins and methods."""
    return _pointing(plan, source, link, lambda theirs: _folded_beginning(theirs, text))


def _pointing(
    plan: TablePlan, source: ColumnSource, link: Link, begun: Callable[[ColumnElement[Any]], Condition]
) -> TermPlan:
    found = select(link.pointed).where(link.rows, begun(source.compared))
    condition = link.holding(begun(source.compared))
    column = None if plan.spec.name is TableName.TRANSACTIONS else link.pointer
    drive = Drive(source.spec.key, condition, values=(), found=found, column=column, pointer=link.pointer)
    return TermPlan(condition, replace(link, pointer=tested(link.pointer)).holding(begun(source.compared)), drive)


def _labelled(source: ColumnSource, link: Link, text: str) -> TermPlan:
    words = begins(ANNOTATIONS.c.label_fold, fold_name(text))
    found = select(link.pointed).where(link.rows, _LABELLED, words)
    plain = replace(link, own=None)
    each = replace(link, pointer=tested(link.pointer))
    return TermPlan(
        plain.holding(and_(_LABELLED, words)),
        each.holding(and_(_LABELLED, words)),
        Drive(source.spec.key, found=found, column=link.pointer),
    )
