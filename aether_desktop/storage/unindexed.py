"""How a question says by which index it is driven: columns that no index serves, joins in a fixed order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, FunctionElement, Join
from sqlalchemy.ext.compiler import compiles


class tested(FunctionElement[Any]):  # noqa: N801 - reads as the SQL it stands for
    """The column, looked at in rows that were found otherwise. PostgreSQL knows by its statistics what to do."""

    name = "tested"
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


class gathered(FunctionElement[Any]):  # noqa: N801 - reads as the SQL it stands for
    """The column, to sort a few rows by that were all gathered first."""

    name = "gathered"
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(tested, "postgresql")
def _as_it_is(element: tested, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(gathered, "postgresql")
def _greatest_of_one(element: gathered, compiler: Any, **options: Any) -> str:
    return f"greatest({compiler.process(element.clauses, **options)})"


@compiles(tested, "sqlite")
@compiles(gathered, "sqlite")
def _unary_plus(element: FunctionElement[Any], compiler: Any, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


class driving(Join):  # noqa: N801 - reads as the SQL it stands for
    """An inner join whose left side comes first. SQLite has no statistics and thinks ten rows are in a vault."""

    inherit_cache = True

    def __init__(self, left: FromClause, right: FromClause, on: ColumnElement[bool]) -> None:
        super().__init__(left, right, on)


@compiles(driving, "sqlite")
def _cross_join(element: driving, compiler: Any, **options: Any) -> str:
    options["asfrom"] = True
    left, right = (compiler.process(side, **options) for side in (element.left, element.right))
    return f"{left} CROSS JOIN {right} ON {compiler.process(element.onclause, **options)}"
