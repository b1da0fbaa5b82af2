"""How many rows a query finds, about, without counting them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ClauseElement, Connection, Executable, Select, func, literal_column, select
from sqlalchemy.ext.compiler import compiles

from aether_desktop.ports.queries import ArchivedRows
from aether_desktop.storage.window_question import Question

_WORTH: Final = 16_384
"""Fewer rows are counted as fast."""


class _Explained(Executable, ClauseElement):
    """The plan of a SELECT on PostgreSQL, as JSON."""

    inherit_cache = False

    def __init__(self, query: Select[Any]) -> None:
        self.query = query


@compiles(_Explained, "postgresql")
def _explain(element: _Explained, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.query, **options)}"


def estimated_rows(connection: Connection, question: Question) -> int | None:
    """To two digits; None where there is no telling, or so few that they are counted in no time.

    PostgreSQL's planner estimates any query. SQLite only tells the largest row number of a table: asked for queries
    without a filter.
    """
    table = question.plan.table
    if connection.dialect.name == "postgresql":
        plan: Any = connection.execute(_Explained(question.select(table.c.id))).scalar_one()
        rows = int(plan[0]["Plan"]["Plan Rows"])
    else:
        query = question.remembered_as[0]
        if query.terms or query.within or query.archived is ArchivedRows.ONLY:
            return None
        rows = connection.scalar(select(func.max(literal_column("rowid"))).select_from(table)) or 0
    return None if rows < _WORTH else int(float(f"{rows:.1e}"))
