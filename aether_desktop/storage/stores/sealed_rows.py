"""Sealed columns for a rotation: a table with one plugs in by a line in ``SEALED_COLUMNS``. Worker threads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Table, func, select, type_coerce
from sqlalchemy.types import LargeBinary

from aether_desktop.domain.courts import Court
from aether_desktop.domain.sealed_fields import BLIND_FIELDS, FIELD_PLACES, Sealed, SealedField
from aether_desktop.ports.sealed_rows import ResealedRow, SealedRow
from aether_desktop.storage.bulk import Resealing
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.roads import road_of
from aether_desktop.storage.schema import ANNOTATIONS, RECORD_TABLES, WALLET_SECRETS
from aether_desktop.storage.stores.annotations import delete_words, insert_words, word_rows
from aether_desktop.storage.stores.records import id_slices


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """Where a sealed field lies: revision and seal in ``column``, its search token (if any) in ``token``."""

    field: SealedField
    table: Table
    column: str
    token: str = ""
    owner: str = "owner_id"
    words: bool = False  # found by the tokens in ``note_words``


def _column(field: SealedField) -> SealedColumn:
    table, name = FIELD_PLACES[field]
    token = f"{name}_blind" if field in BLIND_FIELDS else ""
    return SealedColumn(field, RECORD_TABLES[table], f"{name}_sealed", token=token)


SEALED_COLUMNS: Final[tuple[SealedColumn, ...]] = (
    *map(_column, FIELD_PLACES),
    SealedColumn(SealedField.WALLET_SECRET, WALLET_SECRETS, "sealed"),
    SealedColumn(SealedField.NOTE, ANNOTATIONS, "note_sealed", words=True),
)


class SqlSealedRows:
    """Implements ``ports.sealed_rows.SealedRows``; raises the StorageError family."""

    def __init__(self, database: Database, columns: Sequence[SealedColumn] = SEALED_COLUMNS) -> None:
        self._database = database
        self._columns = {each.field: each for each in columns}

    def fields(self, court: Court) -> Sequence[SealedField]:
        """In the order of their permanent ids."""
        return sorted(field for field in self._columns if field.court is court)

    def has_token(self, field: SealedField) -> bool:
        """Whether the field is found by a blind token."""
        return bool(self._columns[field].token)

    def has_words(self, field: SealedField) -> bool:
        """Whether the field is found by its words."""
        return self._columns[field].words

    def count(self, field: SealedField, *, owner_id: int, after: int) -> int:
        """Rows of an owner with a sealed value and an id above ``after``."""
        spec = self._columns[field]
        query = select(func.count()).select_from(spec.table).where(*self._of_owner(spec, owner_id, after))
        return int(self._database.fetch(lambda connection: connection.scalar(query)) or 0)

    def page(self, field: SealedField, *, owner_id: int, after: int, limit: int) -> list[SealedRow]:
        """In the order of ids."""
        spec = self._columns[field]
        query = (
            select(spec.table.c.id, _raw(spec).label("stored"))
            .where(*self._of_owner(spec, owner_id, after))
            .order_by(spec.table.c.id)
            .limit(limit)
        )
        rows = self._database.fetch(lambda connection: connection.execute(query).all())
        found = ((row.id, Sealed(bytes(row.stored))) for row in rows)
        return [SealedRow(row_id, sealed.revision, sealed.content) for row_id, sealed in found]

    def replace(self, field: SealedField, rows: Sequence[ResealedRow]) -> int:
        """Values that somebody changed meanwhile stay: they are under a later key already."""
        spec = self._columns[field]
        changes = [
            Resealing(
                row.old.row_id,
                Sealed.of(row.old.revision, row.old.content).stored,
                Sealed.of(row.old.revision, row.content).stored,
                row.token,
            )
            for row in rows
        ]
        if not changes:
            return 0
        with self._database.write(action="seal.renew", table=spec.table.name) as unit:
            road = road_of(unit.connection, unit.vault_id)
            changed = road.reseal(spec.table.name, spec.column, changes, token=spec.token)
            done = [row for row in rows if row.old.row_id in changed]
            if spec.words:
                self._replace_words(unit, spec, done)
            unit.audit(rows=len(done), field=field.value)
        return len(done)

    def _replace_words(self, unit: Unit, spec: SealedColumn, rows: Sequence[ResealedRow]) -> None:
        """In the transaction of the notes themselves: a note is found under the version that it is sealed under."""
        ids = [row.old.row_id for row in rows]
        delete_words(unit, ids)
        columns = spec.table.c
        owners: dict[int, int] = {}
        for part in id_slices(ids):
            query = select(columns.id, columns[spec.owner]).where(
                columns.vault_id == unit.vault_id, columns.id.in_(part)
            )
            owners.update((row.id, row[1]) for row in unit.connection.execute(query))
        insert_words(
            unit, [each for row in rows for each in word_rows(row.old.row_id, owners[row.old.row_id], row.words)]
        )

    def _of_owner(self, spec: SealedColumn, owner_id: int, after: int) -> list[ColumnElement[bool]]:
        """In an embedded vault all rows: whoever opens it has sealed them all, also those about other people."""
        columns = spec.table.c
        conditions = [
            columns.vault_id == self._database.vault_id,
            columns.id > after,
            columns[spec.column].is_not(None),
        ]
        if self._database.dialect != "sqlite":
            conditions.append(columns[spec.owner] == owner_id)
        return conditions


def _raw(spec: SealedColumn) -> ColumnElement[bytes]:
    """The column's own bytes, whatever type the table gives it."""
    return type_coerce(spec.table.c[spec.column], LargeBinary())
