"""Plain values in columns that have a sealed one beside them: the old rows of a vault that has keys now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, Text, func, select, type_coerce, update

from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import BLIND_FIELDS, FIELD_PLACES, Sealed, SealedField
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.plain_values import PlainRow
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import ANNOTATIONS, RECORD_TABLES
from aether_desktop.storage.stores.annotations import insert_words, word_rows
from aether_desktop.storage.stores.records import LISTED_IDS


class SqlPlainValueStore:
    """Implements ``ports.plain_values.PlainValueStore``. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, field: SealedField, *, owner_id: int | None) -> int:
        """Values that wait."""
        query = select(func.count()).select_from(_place(field)[0]).where(*self._waiting(field, owner_id, -1))
        return self._database.fetch(lambda connection: connection.scalar(query)) or 0

    def page(self, field: SealedField, *, owner_id: int | None, after: int, limit: int) -> list[PlainRow]:
        """In the order of ids, above ``after``."""
        columns = _place(field)[0].c
        query = (
            select(columns.id, columns.owner_id, _plain(field).label("text"))
            .where(*self._waiting(field, owner_id, after))
            .order_by(columns.id)
            .limit(limit)
        )
        rows = self._database.fetch(lambda connection: connection.execute(query).all())
        return [PlainRow(row.id, row.owner_id, row.text) for row in rows]

    def replace(self, field: SealedField, rows: Sequence[tuple[PlainRow, Sealed]]) -> int:
        """In one transaction; returns how many were still as they had been read."""
        table, column = _place(field)
        done: list[int] = []
        words: list[tuple[int, int, bytes]] = []
        named = ANNOTATIONS.name if field is SealedField.NOTE else FIELD_PLACES[field][0].value
        with self._database.write(action="sealed.convert", table=named) as unit:
            for row, sealed in rows:
                statement = (
                    update(table)
                    .where(
                        table.c.vault_id == unit.vault_id,
                        table.c.id == row.row_id,
                        _plain(field) == row.text,
                        table.c[f"{column}_sealed"].is_(None),
                    )
                    .values(_sealed_values(field, sealed))
                )
                if unit.connection.execute(statement).rowcount:
                    done.append(row.row_id)
                    words += word_rows(row.row_id, row.owner_id, sealed.words)
            insert_words(unit, words)
            unit.audit(rows=len(done), field=field.value)
            unit.changed(_changed(field, done))
        return len(done)

    def _waiting(self, field: SealedField, owner_id: int | None, after: int) -> list[ColumnElement[bool]]:
        table, column = _place(field)[0], _column(field)
        conditions = [table.c.vault_id == self._database.vault_id, table.c.id > after]
        if owner_id is not None:
            conditions.append(table.c.owner_id == owner_id)
        return [*conditions, column.is_not(None) if column.nullable else column != ""]


def _place(field: SealedField) -> tuple[Table, str]:
    """Table and plain column."""
    if field is SealedField.NOTE:
        return ANNOTATIONS, "note"
    name, column = FIELD_PLACES[field]
    return RECORD_TABLES[name], column


def _changed(field: SealedField, ids: list[int]) -> ChangeSet:
    if field is SealedField.NOTE:  # rows of any table show it
        return ChangeSet(frozenset(TableName), annotations=True)
    listed = frozenset(ids) if len(ids) <= LISTED_IDS else None
    return ChangeSet(frozenset({FIELD_PLACES[field][0]}), listed)


def _column(field: SealedField) -> Column[Any]:
    table, name = _place(field)
    return table.c[name]


def _plain(field: SealedField) -> ColumnElement[str]:
    """The column's own text, whatever type the table gives it."""
    return type_coerce(_column(field), Text())


def _sealed_values(field: SealedField, sealed: Sealed) -> dict[str, Any]:
    name = _place(field)[1]
    values: dict[str, Any] = {name: None if _column(field).nullable else "", f"{name}_sealed": sealed}
    if field in BLIND_FIELDS:
        values[f"{name}_blind"] = sealed.token
    if field is SealedField.USER_EMAIL:
        values[f"{name}_fold"] = ""
    return values
