"""Many small rows by one statement, past the ORM's types: times, choices and bytes as the engines keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Table

from aether_desktop.storage.columns import Choice, UtcTime, microseconds


def put_rows(
    connection: Connection, table: Table, vault_id: int, rows: Sequence[Mapping[str, Any]], *, replace: bool
) -> None:
    """Adds them; rows with a key that is there replace the old ones, or (not ``replace``) are left out.

    All rows name the same columns, without the vault. Raises the driver's errors.
    """
    if not rows:
        return
    names = ("vault_id", *rows[0])
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    key = [column.name for column in table.primary_key]
    changed = [name for name in names if name not in key]
    action = "DO NOTHING"
    if replace:
        action = f"DO UPDATE SET {', '.join(f'{_quoted(name)} = excluded.{_quoted(name)}' for name in changed)}"
    statement = (
        f"INSERT INTO {table.name} ({', '.join(map(_quoted, names))})"  # noqa: S608 - names of the metadata
        f" VALUES ({', '.join(mark for _ in names)}) ON CONFLICT ({', '.join(map(_quoted, key))}) {action}"
    )
    typed = [place for place, name in enumerate(names) if isinstance(table.c[name].type, (UtcTime, Choice))]
    values = [[vault_id, *row.values()] for row in rows]
    for row_values in values:
        for place in typed:
            row_values[place] = _plain(row_values[place])
    connection.exec_driver_sql(statement, [tuple(each) for each in values])


def _quoted(name: str) -> str:
    return f'"{name}"'


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return microseconds(value)
    return value.value if isinstance(value, StrEnum) else value
