"""An import in parts, where a vault file's one writer is wanted by others: committed, given way, and gone on.

Alone, and always on PostgreSQL, an import is one transaction. Once it gave way its batch counts as undone since 1970
until its end is stored: what was cancelled, refused or killed half-way is taken back, by its own program or by the
next one that opens the vault or imports. Meanwhile nobody else imports, undoes an import or corrects decimals there.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Final, Self

from sqlalchemy import Connection, delete, select, update

from aether_desktop.domain.imports import UNFINISHED, BatchStatus, ImportBatch
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import AetherError, StorageBusyError
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.import_run import CHUNK_ROWS, ImportRun
from aether_desktop.storage.import_undo import ImportUndo
from aether_desktop.storage.schema import IMPORT_BATCHES, IMPORT_REJECTIONS

_BATCHES, _REJECTIONS = IMPORT_BATCHES.c, IMPORT_REJECTIONS.c
_TAKEN_BACK_AT_ONCE: Final = CHUNK_ROWS


class ImportUnderWayError(StorageBusyError):
    """Another program is in the middle of storing an import in parts."""


class ImportParts:
    """The parts of one import; around its write. Leaving with an error takes back what was committed."""

    def __init__(self, database: Database, batch: ImportBatch) -> None:
        self.count = 0
        self.rows = 0  # that the entries of the parts told of
        self._database = database
        self._batch = batch
        self._lock = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if error is not None and self.count:
                with suppress(AetherError):  # the next program that opens the vault does it
                    take_back(self._database, self._batch.id)

    def give_way(self, unit: Unit, run: ImportRun) -> None:
        """Between two chunks. Raises as ``Database.write``."""
        if not self._database.can_give_way(unit):
            return
        if not self.count:
            with ExitStack() as asked:
                if not asked.enter_context(self._database.importing()):
                    return  # another import is waiting for this one
                self._lock = asked.pop_all()
        self._set(
            unit,
            status=BatchStatus.UNDONE,
            undone_at=UNFINISHED,
            row_count=run.rows,
            new_count=run.new,
            duplicate_count=run.duplicates,
        )
        rows = run.new + run.updated
        part = self._database.part_of(unit)
        part.row_id = self._batch.id
        part.audit(rows=rows - self.rows, batch=self._batch.id, part=self.count + 1)
        part.changed(ChangeSet(frozenset({TableName.TRANSACTIONS}), None, annotations=run.words))
        self.count, self.rows = self.count + 1, rows
        self._database.give_way(unit, part)

    def finish(self, unit: Unit) -> None:
        """With the last part: the batch is stored."""
        if self.count:
            self._set(unit, status=BatchStatus.STORED, undone_at=None)

    def _set(self, unit: Unit, **values: object) -> None:
        mine = (_BATCHES.vault_id == unit.vault_id, _BATCHES.id == self._batch.id)
        unit.connection.execute(update(IMPORT_BATCHES).where(*mine).values(**values))


def unfinished(connection: Connection, vault_id: int) -> list[int]:
    """Batches whose end is not stored yet, or never will be."""
    query = select(_BATCHES.id).where(
        _BATCHES.vault_id == vault_id, _BATCHES.status == BatchStatus.UNDONE, _BATCHES.undone_at == UNFINISHED
    )
    return list(connection.scalars(query))


def require_none_under_way(unit: Unit) -> None:
    """Raises ImportUnderWayError."""
    if unfinished(unit.connection, unit.vault_id):
        raise ImportUnderWayError(
            "Another program is storing an import in this vault.", hint="Wait until it is done, then try again."
        )


def take_back_unfinished(database: Database) -> int:
    """What a program left half-way when it was ended; returns how many imports. Raises the StorageError family."""
    if not database.fetch(lambda connection: unfinished(connection, database.vault_id)):
        return 0
    with database.importing() as alone:
        if not alone:
            return 0
        left = database.fetch(lambda connection: unfinished(connection, database.vault_id))
        for batch_id in left:
            take_back(database, batch_id)
        return len(left)


def take_back(database: Database, batch_id: int) -> None:
    """Rows and batch, in parts that let others in between; own words on the rows wait for their return."""
    left = True
    while left:
        with database.write(action="import.take_back", table=IMPORT_BATCHES.name) as unit:
            if batch_id not in unfinished(unit.connection, unit.vault_id):
                return
            undo = ImportUndo(unit.connection, unit.vault_id, batch_id)
            removed, kept, words = undo.run(unit, most=_TAKEN_BACK_AT_ONCE)
            unit.row_id = batch_id
            unit.audit(rows=removed, batch=batch_id)
            unit.changed(ChangeSet(frozenset({TableName.TRANSACTIONS}), None, annotations=words))
            left = removed + kept > 0
            if not left:
                _remove_batch(unit, batch_id)
        database.let_in()


def _remove_batch(unit: Unit, batch_id: int) -> None:
    for table, column in ((IMPORT_REJECTIONS, _REJECTIONS.batch_id), (IMPORT_BATCHES, _BATCHES.id)):
        unit.connection.execute(delete(table).where(table.c.vault_id == unit.vault_id, column == batch_id))
