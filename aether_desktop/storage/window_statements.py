"""The shape of statements that walk an index: ordered arms merged, a page of them, the ends of ranges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, CompoundSelect, Select, bindparam, select, union_all

from aether_desktop.storage.query_drives import Ends
from aether_desktop.storage.window_segments import Segment

Statement = Select[Any] | CompoundSelect[Any]


def paged(statement: Statement) -> Statement:
    """``page`` rows past ``past`` others, both parameters."""
    return statement.limit(bindparam("page", type_=BigInteger())).offset(bindparam("past", type_=BigInteger()))


def merged(arms: Sequence[Select[Any]], segment: Segment, *, lazily: bool, backward: bool) -> Statement:
    """SQLite merges ordered arms as it goes; PostgreSQL only those that say their own order and length."""
    order = segment.order
    if len(arms) == 1:
        absent = [] if segment.absent is None else [segment.absent.clause(backward=backward)]
        return arms[0].order_by(*absent, *order.clauses(backward=backward))
    if not lazily:
        most = bindparam("most", type_=BigInteger())
        arms = [select(arm.order_by(*order.clauses(backward=backward)).limit(most).subquery()) for arm in arms]
    merged = union_all(*arms)
    flags = [key.descending is not backward for key in order.keys]
    names = zip(merged.selected_columns, flags, strict=True)
    return merged.order_by(*(name.desc() if flag else name.asc() for name, flag in names))


def bounds(ends: Sequence[Ends], *, at_end: bool, descending: bool) -> Iterator[ColumnElement[bool]]:
    """Both ends of the ranges; from a place on only the far ones, for the place is inside."""
    for end in ends:
        if at_end or descending:
            yield from end.lower
        if at_end or not descending:
            yield from end.upper
