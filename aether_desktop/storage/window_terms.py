"""Terms of a filter with what was found out about them: by which index, and which values."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BooleanClauseList

from aether_desktop.storage.query_drives import Drive, TermPlan
from aether_desktop.storage.unindexed import driving

Condition = ColumnElement[bool]


class DrivenTerm(NamedTuple):
    """A term with what was found out about it.

    ``bare`` is for its index, ``pairs`` is instead the table with what points to its rows; ``branches`` are each for
    an index in the order of time; ``values`` are what its column may be. ``candidates`` of trigrams are counted without
    a look at the rows, some of them twice; it ``waits`` for more to be indexed. ``ids`` are questions that indexes
    alone answer, for at least its rows; ``exact``: for no others. ``joined`` are other terms that are ranges of the
    same column, which ``bare`` says, too.
    """

    plan: TermPlan
    bare: Condition | None = None
    pairs: driving | None = None
    branches: tuple[Condition, ...] = ()
    values: Set[Any] | None = None
    candidates: CompoundSelect[Any] | None = None
    waits: bool = False
    ids: tuple[Select[Any], ...] = ()
    exact: bool = False
    joined: tuple[DrivenTerm, ...] = ()

    @property
    def drive(self) -> Drive | None:
        return self.plan.drive


def alternatives(condition: Condition) -> Sequence[Condition]:
    """One of which must hold."""
    if isinstance(condition, BooleanClauseList) and condition.operator is operators.or_:
        return list(condition.clauses)
    return [condition]


def is_range_of(term: DrivenTerm, first: ColumnElement[Any]) -> bool:
    """Whether the term is a range of the column that the order begins with."""
    drive = term.drive
    if drive is None or drive.ends is None:
        return False
    part = next(iter((*drive.ends.lower, *drive.ends.upper)))
    return getattr(part, "left", None) is first


def possible_values(terms: Sequence[DrivenTerm]) -> dict[str, Set[Any]]:
    """What columns can be at all, by key."""
    only: dict[str, Set[Any]] = {}
    for term in terms:
        if term.drive is not None and term.values is not None:
            key = term.drive.key
            only[key] = only[key] & term.values if key in only else term.values
    return only


def is_all(driver: DrivenTerm, term: DrivenTerm) -> bool:
    """Whether what the driver's index finds says all of the term."""
    mine = term is driver or any(term is each for each in driver.joined)
    return mine and driver.drive is not None and driver.drive.whole


def joined_ranges(terms: Sequence[DrivenTerm]) -> list[DrivenTerm]:
    """Ranges of one column as one: each by itself may be much."""
    found: list[DrivenTerm] = []
    ranges: dict[str, list[DrivenTerm]] = {}
    for term in terms:
        if term.drive is None or term.drive.ends is None or term.bare is None or term.branches:
            found.append(term)
        else:
            ranges.setdefault(term.drive.key, []).append(term)
    for several in ranges.values():
        if len(several) == 1:
            found += several
            continue
        bare = and_(*(term.bare for term in several if term.bare is not None))
        ids = tuple(each.where(bare) for each in several[0].ids)
        found.append(several[0]._replace(bare=bare, ids=ids, joined=tuple(several)))
    return found


def tests_left(terms: Sequence[DrivenTerm], served: Sequence[DrivenTerm]) -> tuple[Condition, ...]:
    """What is left to test where these terms are served by the index that is walked."""
    return tuple(
        term.plan.tested
        for term in terms
        if not any(term is other and other.drive is not None and other.drive.whole for other in served)
    )
