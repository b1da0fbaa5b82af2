"""Every sort and every filter that the tables offer, each as a question of its own, from what ports/tables.py says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import ArchivedRows, Comparison, Row, Sort, TableQuery, Term
from aether_desktop.ports.query_language import ORDERED_KINDS, ORDERING
from aether_desktop.ports.tables import TABLES, ColumnKind, ColumnSpec

_EQUALITY = (Comparison.HAS, Comparison.EQUAL, Comparison.NOT_EQUAL)


class Offer(NamedTuple):
    name: str
    query: TableQuery
    fragment: bool = False  # looked for anywhere in a text


def sorts(table: TableName) -> Iterator[Offer]:
    """Each column that can be sorted by, both ways."""
    for column in TABLES[table].columns:
        if column.sortable:
            for descending in (False, True):
                name = f"{table.value} by {'-' if descending else ''}{column.key}"
                yield Offer(name, TableQuery(table, sort=(Sort(column.key, descending),)))


def filters(table: TableName, rows: list[Row]) -> Iterator[Offer]:
    """Each column that can be filtered by, with every comparison it takes, both signs; values are those of rows."""
    for archived in (ArchivedRows.ONLY, ArchivedRows.INCLUDED):
        yield Offer(f"{table.value} archived:{archived.value}", TableQuery(table, archived=archived))
    for column in TABLES[table].columns:
        if not column.filterable:
            continue
        for value in _values(table, column, rows):
            for comparison in _comparisons(column, value):
                for negated in (False, True):
                    term = Term(column.key, comparison, value, negated)
                    yield Offer(
                        f"{table.value} {'-' if negated else ''}{column.key}{comparison.value}{value!r}",
                        TableQuery(table, (term,)),
                        fragment=_is_fragment(column, comparison, value),
                    )


def words(table: TableName) -> Iterator[Offer]:
    """Free words."""
    for negated in (False, True):
        term = Term("", Comparison.HAS, "rent", negated)
        yield Offer(f"{table.value} {'-' if negated else ''}rent", TableQuery(table, (term,)), fragment=True)


def _comparisons(column: ColumnSpec, value: str) -> Iterator[Comparison]:
    yield from _EQUALITY
    if column.kind in ORDERED_KINDS and value:
        yield from sorted(ORDERING)


def _is_fragment(column: ColumnSpec, comparison: Comparison, value: str) -> bool:
    return bool(value) and comparison is Comparison.HAS and (column.kind is ColumnKind.TEXT or value in _MIDDLES)


_MIDDLES = ("91c2",)  # begins neither like an address nor like a hash


def _values(table: TableName, column: ColumnSpec, rows: list[Row]) -> Iterator[str]:
    if column.kind is ColumnKind.BOOLEAN:
        yield from ("yes", "no")
        return
    if column.kind is ColumnKind.CHOICE:
        there = sorted({row.values[TABLES[table].index(column.key)] for row in rows}, key=str)
        yield from dict.fromkeys((str(there[0]), str(there[-1]), column.choices[-1]))
        return
    yield ""
    found = [row.values[TABLES[table].index(column.key)] for row in rows]
    texts = [_text(value) for value in found if value not in (None, "", ())]
    if column.key == "asset":
        texts = ["ethereum:COIN1", "ethereum"]
    assert texts, f"{table.value}.{column.key} has no value anywhere"
    yield texts[len(texts) // 2]
    if column.kind in (ColumnKind.ADDRESS, ColumnKind.HASH):
        yield texts[0][:9]
        yield _MIDDLES[0]


def _text(value: Any) -> str:
    if isinstance(value, Amount):
        return str(value).split()[0]
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value[0] if isinstance(value, tuple) else value)
