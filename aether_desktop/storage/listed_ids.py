"""Rows whose column is one of many ids, by one parameter: the statement is built once, however many ids there are."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

_NAME: Final = "listed_ids"


def listed(column: ColumnElement[int], dialect: str) -> ColumnElement[bool]:
    """A condition that takes its ids from ``listing``; one to a statement."""
    if dialect == "postgresql":
        return column == any_(bindparam(_NAME, type_=ARRAY(BigInteger())))
    each = func.json_each(bindparam(_NAME, type_=Text())).table_valued("value")
    return column.in_(select(each.c.value))


def listing(ids: Collection[int], dialect: str) -> dict[str, Any]:
    """The parameter of a statement with a ``listed`` condition."""
    return {_NAME: list(ids) if dialect == "postgresql" else json.dumps(list(ids))}
