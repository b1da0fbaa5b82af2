"""Rows whose column is one of many ids, by one parameter: the statement is built and compiled once, however many ids.

Pages are read this way: a page asks for little, and building its statements and looking at each of its values apart
took twice as long as the engine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Compiled,
    Connection,
    Dialect,
    Select,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

_NAME: Final = "listed_ids"
_Read = Callable[[Any], Any]


def listed(column: ColumnElement[int], dialect: str) -> ColumnElement[bool]:
    """A condition that takes its ids from ``ListedSelect``; one to a statement."""
    if dialect == "postgresql":
        return column == any_(bindparam(_NAME, type_=ARRAY(BigInteger())))
    each = func.json_each(bindparam(_NAME, type_=Text())).table_valued("value")
    return column.in_(select(each.c.value))


class ListedSelect:
    """A SELECT with one ``listed`` condition, read by column. Any thread; two that compile it at once do no harm."""

    def __init__(self, query: Select[Any], dialect: str) -> None:
        self._query, self._dialect = query, dialect
        self._width = len(query.selected_columns)
        self._compiled: Compiled | None = None
        self._read: list[_Read | None] | None = None

    def columns(self, connection: Connection, ids: Collection[int]) -> list[Sequence[Any]]:
        """The values of each column, as the column's type has them; one empty list for each where nothing is found."""
        rows: Sequence[Sequence[Any]] = ()
        if ids:
            compiled = self._compiled = self._compiled or self._query.compile(dialect=connection.dialect)
            given = list(ids) if self._dialect == "postgresql" else json.dumps(list(ids))
            values = dict(compiled.construct_params({_NAME: given}) or {})
            order = getattr(compiled, "positiontup", None)  # where places, not names, tell the parameters
            asked = values if order is None else tuple(values[name] for name in order)
            cursor = connection.exec_driver_sql(compiled.string, asked).cursor
            read = self._read = self._read or self._reading(connection.dialect, cursor.description)
            rows = cursor.fetchall()
        if not rows:
            return [[] for _ in range(self._width)]
        columns = zip(*rows, strict=True)
        return [column if each is None else list(map(each, column)) for each, column in zip(read, columns, strict=True)]

    def rows(self, connection: Connection, ids: Collection[int]) -> list[tuple[Any, ...]]:
        """The same by row."""
        return list(zip(*self.columns(connection, ids), strict=True))

    def _reading(self, dialect: Dialect, description: Sequence[Sequence[Any]]) -> list[_Read | None]:
        """How each column's values become what its type has."""
        return [
            column.type.dialect_impl(dialect).result_processor(dialect, told[1])
            for column, told in zip(self._query.selected_columns, description, strict=True)
        ]
