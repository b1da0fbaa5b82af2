"""Import batches: storing a file, what undoing it would touch, undoing it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.imports import BatchStatus, ImportBatch, Rejection
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Movement
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import InvalidInputError, NotFoundError
from aether_desktop.ports.notes import NoteSeals
from aether_desktop.ports.storage import BatchTouch, ImportOutcome
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.import_matching import NO_BATCH, Matcher, family_of, others_stored
from aether_desktop.storage.import_parts import (
    ImportParts,
    ImportUnderWayError,
    require_none_under_way,
    take_back_unfinished,
)
from aether_desktop.storage.import_run import CHUNK_ROWS, ImportRun, chunks_of
from aether_desktop.storage.import_undo import ImportUndo
from aether_desktop.storage.movements import Coins
from aether_desktop.storage.roads import road_of
from aether_desktop.storage.schema import IMPORT_BATCHES, IMPORT_REJECTIONS, WALLETS
from aether_desktop.storage.stores.currencies import SqlCurrencyStore

_REASON_LIMIT = 2000
_FILE_NAME_LIMIT = 1000
_FILE_NAME_IN_AUDIT = 200
_PAUSE = 0.05  # seconds between two looks whether another program's import is done


class _NothingGoodError(Exception):
    """Undoes the transaction of a file without a good row."""


class SqlImportStore:
    """Implements ``ports.storage.ImportStore``. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database, currencies: SqlCurrencyStore) -> None:
        self._database = database
        self._currencies = currencies
        self._notes: NoteSeals | None = None

    def seal_notes(self, notes: NoteSeals) -> None:
        """Notes that files bring are sealed from now on. Any thread."""
        self._notes = notes

    # -- reading -------------------------------------------------------------------------------------------------

    def all(self, limit: int = 1000) -> list[ImportBatch]:
        """Latest first, undone ones too."""
        columns = IMPORT_BATCHES.c
        query = self._query().order_by(columns.imported_at.desc(), columns.id.desc()).limit(limit)
        return self._database.fetch(lambda connection: [_batch(row) for row in connection.execute(query)])

    def get(self, batch_id: int) -> ImportBatch:
        """Raises NotFoundError."""
        return self._database.fetch(lambda connection: self._one(connection, batch_id))

    def rejections(self, batch_id: int) -> list[Rejection]:
        """In the order of the file."""
        columns = IMPORT_REJECTIONS.c
        query = (
            select(columns.row, columns.reason)
            .where(columns.vault_id == self._database.vault_id, columns.batch_id == batch_id)
            .order_by(columns.position)
        )
        return self._database.fetch(lambda connection: [Rejection(*row) for row in connection.execute(query)])

    def classify(self, wallet_id: int, movements: Sequence[Movement], *, file_format: str = "") -> list[bool]:
        """For a preview: True where the row is already stored. Ordinals are counted within the list.

        ``file_format`` also finds rows that another program's export brought. Raises InvalidInputError naming a row.
        """
        return self._database.fetch(lambda connection: self._classified(connection, wallet_id, movements, file_format))

    def touched_by_undo(self, batch_id: int) -> BatchTouch:
        """Raises NotFoundError."""

        def look(connection: Connection) -> BatchTouch:
            self._one(connection, batch_id)
            return ImportUndo(connection, self._database.vault_id, batch_id).touched()

        return self._database.fetch(look)

    # -- writing -------------------------------------------------------------------------------------------------

    def store(
        self,
        batch: ImportBatch,
        movements: Iterable[Sequence[Movement]],
        rejections: Sequence[Rejection],
        *,
        token: CancelToken,
        progress: Progress = silent,
        good_only: bool = False,
    ) -> tuple[ImportBatch, ImportOutcome]:
        """All of a file or nothing; memory stays flat. The batch comes back with its counts.

        ``good_only``: a file of which every row is refused is not kept. Raises OperationCancelled, InvalidInputError
        naming a row that cannot be stored, NotFoundError for the wallet: nothing is stored then.
        """
        given = iter(movements)
        ended: list[tuple[ImportBatch, ImportOutcome]] = []
        with self._much() as told:

            def counted(done: int, total: int | None, message: str = "") -> None:
                told(done)
                progress(done, total, *([message] if message else []))  # who listens has a word of its own

            while not ended:
                try:
                    with suppress(_NothingGoodError):
                        self._store(ended, batch, given, rejections, token=token, progress=counted, good_only=good_only)
                except ImportUnderWayError:  # before anything was read
                    self._wait_for_others(token)
        return ended[0]

    def _store(
        self,
        done: list[tuple[ImportBatch, ImportOutcome]],
        batch: ImportBatch,
        movements: Iterator[Sequence[Movement]],
        rejections: Sequence[Rejection],
        *,
        token: CancelToken,
        progress: Progress,
        good_only: bool,
    ) -> None:
        with (
            ImportParts(self._database, batch) as parts,
            self._database.write(action="import.store", table=IMPORT_BATCHES.name, token=token) as unit,
        ):
            require_none_under_way(unit)
            self._require_wallet(unit, batch.wallet_id)
            unit.connection.execute(insert(IMPORT_BATCHES).values(self._columns(batch)))
            run = ImportRun(self._database, unit, batch, Coins(self._stored_currency), notes=self._notes)
            run.run(movements, token=token, progress=progress, between=lambda: parts.give_way(unit, run))
            parts.finish(unit)
            rejected = [found for found in rejections if found.row > 0]
            stored = dataclasses.replace(
                batch,
                rows=max(batch.rows, run.rows + len({found.row for found in rejected})),
                new=run.new,
                duplicates=run.duplicates,
                rejected=len(rejections),
            )
            self._finish(unit, stored, rejections)
            touched = None if run.new or run.updated else frozenset[int]()  # the list of imports changes in any case
            changes = ChangeSet(frozenset({TableName.TRANSACTIONS}), touched, annotations=run.words)
            unit.row_id = batch.id
            unit.audit(
                rows=run.new + run.updated - parts.rows,
                batch=batch.id,
                file=stored.file_name[:_FILE_NAME_IN_AUDIT],
                sha256=stored.sha256,
                digest=run.digest.hexdigest(),
                duplicates=run.duplicates,
                rejected=stored.rejected,
            )
            unit.changed(changes)
            kept = not good_only or not rejections or run.new + run.duplicates > 0
            done.append((stored, ImportOutcome(run.new, run.duplicates, run.updated, changes, kept)))
            if not kept:
                raise _NothingGoodError

    def take_back_unfinished(self) -> int:
        """Imports that a program left half-way when it was ended; returns how many were taken back."""
        return take_back_unfinished(self._database)

    def undo(
        self, batch_id: int, at: datetime, *, token: CancelToken | None = None, progress: Progress = silent
    ) -> ChangeSet:
        """Removes the rows only this batch brought (their annotations are kept and return with the same rows).

        Rows that another batch brought, too, become that batch's. Pending rows that this batch settled are pending
        again. Raises NotFoundError, InvalidInputError when already undone, OperationCancelled (nothing is undone then).
        """
        self.take_back_unfinished()
        with (
            self._much() as told,
            self._database.write(action="import.undo", table=IMPORT_BATCHES.name, token=token) as unit,
        ):
            require_none_under_way(unit)
            columns = IMPORT_BATCHES.c
            batch = self._one(unit.connection, batch_id)
            claimed = unit.connection.execute(
                update(IMPORT_BATCHES)
                .where(columns.vault_id == unit.vault_id, columns.id == batch_id, columns.status == BatchStatus.STORED)
                .values(status=BatchStatus.UNDONE, undone_at=at)
            ).rowcount
            if not claimed:
                raise InvalidInputError(f"The import of {batch.file_name} is already undone.", field="batch")
            told(batch.new)
            undo = ImportUndo(unit.connection, unit.vault_id, batch_id)
            removed, kept, words = undo.run(unit, token=token, progress=progress)
            unit.row_id = batch_id
            unit.audit(rows=removed, batch=batch_id, kept=kept)
            return unit.changed(ChangeSet(frozenset({TableName.TRANSACTIONS}), None, annotations=words))

    # -- inside --------------------------------------------------------------------------------------------------

    @contextmanager
    def _much(self) -> Iterator[Callable[[int], None]]:
        """Around a write that tells its rows: what memory many of them took is given back, however it ends."""
        most = 0

        def told(rows: int) -> None:
            nonlocal most
            most = max(most, rows)

        try:
            yield told
        finally:
            if most > CHUNK_ROWS:
                self._database.give_back()

    def _wait_for_others(self, token: CancelToken) -> None:
        """Until no other program is in the middle of an import; what one left half-way is taken back.

        Raises OperationCancelled, ImportUnderWayError inside a transaction that holds the other one up.
        """
        if self._database.is_writing:
            raise ImportUnderWayError(
                "Another program is storing an import in this vault.", hint="Wait until it is done, then try again."
            )
        token.check()
        if not self.take_back_unfinished():
            time.sleep(_PAUSE)  # on a worker; polled, so that Cancel is heard: a waiting flock cannot be called off

    def _require_wallet(self, unit: Unit, wallet_id: int) -> None:
        wallet = select(WALLETS.c.id).where(WALLETS.c.vault_id == unit.vault_id, WALLETS.c.id == wallet_id)
        if unit.connection.scalar(wallet) is None:
            raise NotFoundError("The wallet to import into does not exist (any more).", hint="Choose another wallet.")

    def _query(self) -> Select[Any]:
        return select(IMPORT_BATCHES).where(IMPORT_BATCHES.c.vault_id == self._database.vault_id)

    def _one(self, connection: Connection, batch_id: int) -> ImportBatch:
        row = connection.execute(self._query().where(IMPORT_BATCHES.c.id == batch_id)).first()
        if row is None:
            raise NotFoundError(f"There is no import {batch_id}.", hint="Look at the list of imports.")
        return _batch(row)

    def _columns(self, batch: ImportBatch) -> dict[str, Any]:
        return {
            "vault_id": self._database.vault_id,
            "id": batch.id,
            "wallet_id": batch.wallet_id,
            "file_name": _storable(batch.file_name)[:_FILE_NAME_LIMIT],
            "sha256": batch.sha256,
            "format": batch.format,
            "imported_at": batch.imported_at,
            "imported_by": batch.imported_by,
            "row_count": batch.rows,
            "new_count": batch.new,
            "duplicate_count": batch.duplicates,
            "rejected_count": batch.rejected,
            "status": batch.status,
            "undone_at": batch.undone_at,
        }

    def _finish(self, unit: Unit, batch: ImportBatch, rejections: Sequence[Rejection]) -> None:
        columns = IMPORT_BATCHES.c
        unit.connection.execute(
            update(IMPORT_BATCHES)
            .where(columns.vault_id == unit.vault_id, columns.id == batch.id)
            .values(
                row_count=batch.rows,
                new_count=batch.new,
                duplicate_count=batch.duplicates,
                rejected_count=batch.rejected,
            )
        )
        for start in range(0, len(rejections), CHUNK_ROWS):
            unit.connection.execute(
                insert(IMPORT_REJECTIONS),
                [
                    {
                        "vault_id": unit.vault_id,
                        "batch_id": batch.id,
                        "position": position,
                        "row": found.row,
                        "reason": _storable(found.reason)[:_REASON_LIMIT],
                    }
                    for position, found in enumerate(rejections[start : start + CHUNK_ROWS], start)
                ],
            )

    def _stored_currency(self, currency: Currency) -> Currency:
        (stored,) = self._currencies.ensure([currency])
        return stored

    def _classified(
        self, connection: Connection, wallet_id: int, movements: Sequence[Movement], file_format: str
    ) -> list[bool]:
        vault_id = self._database.vault_id
        family = family_of(file_format) or None
        if family is not None and not others_stored(connection, vault_id=vault_id, wallet_id=wallet_id, family=family):
            family = None
        matcher = Matcher(
            road_of(connection, vault_id),
            Coins(lambda currency: self._currencies.stored(connection, currency)),
            wallet_id=wallet_id,
            batch_id=NO_BATCH,
            family=family,
        )
        result: list[bool] = []
        for chunk in chunks_of([movements]):
            found = matcher.match(chunk).found
            result.extend(position in found for position in range(len(chunk)))
        return result


def _storable(text: str) -> str:
    """Outside text for provenance: what no database holds is replaced, never refused."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _batch(row: Row[Any]) -> ImportBatch:
    return ImportBatch(
        id=row.id,
        wallet_id=row.wallet_id,
        file_name=row.file_name,
        sha256=row.sha256,
        format=row.format,
        imported_at=row.imported_at,
        imported_by=row.imported_by,
        rows=row.row_count,
        new=row.new_count,
        duplicates=row.duplicate_count,
        rejected=row.rejected_count,
        status=row.status,
        undone_at=row.undone_at,
    )
