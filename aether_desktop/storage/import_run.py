"""Storing one file chunk by chunk, so that memory stays flat."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, bindparam, insert, select, true, update

from aether_desktop.domain.imports import ImportBatch
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import MASK, Sealed
from aether_desktop.domain.text import fold
from aether_desktop.domain.transactions import Movement, TransactionStatus
from aether_desktop.ports.errors import NotFoundError
from aether_desktop.ports.notes import NoteSeals
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.storage.bulk import BatchConstants, Sighting
from aether_desktop.storage.columns import microseconds
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.failures import DRIVER_ERRORS
from aether_desktop.storage.import_matching import Match, Matcher, family_of, others_stored
from aether_desktop.storage.movements import Coins, bulk_row, overlong
from aether_desktop.storage.roads import road_of
from aether_desktop.storage.schema import ANNOTATIONS, TRANSACTIONS, WALLETS
from aether_desktop.storage.settling import SETTLED, settle
from aether_desktop.storage.stores.annotations import insert_words, word_rows

CHUNK_ROWS = 8192
_PENDING: Final = TransactionStatus.PENDING.value


def chunks_of(parts: Iterable[Sequence[Movement]], size: int = 0) -> Iterator[list[Movement]]:
    """The movements in even chunks, of CHUNK_ROWS by default; a generator that raises is not swallowed."""
    size = size or CHUNK_ROWS
    waiting: list[Movement] = []
    for part in parts:
        waiting.extend(part)
        start = 0
        while len(waiting) - start >= size:
            yield waiting[start : start + size]
            start += size
        if start:
            del waiting[:start]
    if waiting:
        yield waiting


class ImportRun:
    """One file into one wallet, inside a write unit whose batch row exists. One thread."""

    def __init__(
        self, database: Database, unit: Unit, batch: ImportBatch, coins: Coins, *, notes: NoteSeals | None = None
    ) -> None:
        """``notes`` seals what the file notes. On PostgreSQL holds the wallet: two imports into one wallet follow each
        other. Raises NotFoundError."""
        self.new = 0
        self.duplicates = 0
        self.updated = 0
        self.rows = 0
        self.digest = hashlib.sha256()  # over identity, figure and id of each new row, in order
        self.words = False  # whether annotations were written or attached again
        self._database = database
        self._unit = unit
        self._batch = batch
        self._coins = coins
        self._notes = notes
        self._last_row = 0
        self._road = road_of(unit.connection, unit.vault_id)
        family = family_of(batch.format)
        self._constants = BatchConstants(
            self._lock_wallet(), microseconds(batch.imported_at), batch.wallet_id, batch.id
        )
        others = others_stored(unit.connection, vault_id=unit.vault_id, wallet_id=batch.wallet_id, family=family)
        self._matcher = Matcher(
            self._road, coins, wallet_id=batch.wallet_id, batch_id=batch.id, family=family if others else None
        )
        self._detached = bool(unit.connection.scalar(select(self._detached_query().exists())))

    def run(
        self,
        parts: Iterable[Sequence[Movement]],
        *,
        token: CancelToken,
        progress: Progress,
        between: Callable[[], None],
    ) -> None:
        """Store all of the file; ``progress`` counts movements, ``between`` is called after each chunk.

        Raises as ``add`` does, and OperationCancelled.
        """
        with self._road.loading():
            for chunk in chunks_of(parts):
                token.check()
                self.add(chunk)
                progress(self.new + self.duplicates, None)
                between()
        token.check()
        self._road.finish(new_rows=self.new, sightings=self.duplicates)

    def add(self, movements: Sequence[Movement]) -> None:
        """Store a chunk. Raises InvalidInputError naming a row the storage cannot hold, and driver errors."""
        for movement in movements:
            if movement[0] != self._last_row:
                self._last_row = movement[0]
                self.rows += 1
        match = self._matcher.match(movements)
        self._insert(movements, match)
        if match.found:
            self._sight(movements, match)
        self.duplicates += len(match.found)

    def _lock_wallet(self) -> int:
        """The wallet's owner; its row stays locked until the transaction ends (SQLite has one writer anyway)."""
        wallets = WALLETS.c
        query = select(wallets.owner_id).where(
            wallets.vault_id == self._unit.vault_id, wallets.id == self._batch.wallet_id
        )
        owner = self._unit.connection.scalar(query.with_for_update(key_share=True))
        if owner is None:
            raise NotFoundError("The wallet to import into does not exist (any more).", hint="Choose another wallet.")
        return int(owner)

    # -- new rows ------------------------------------------------------------------------------------------------

    def _insert(self, movements: Sequence[Movement], match: Match) -> None:
        found, coins = match.found, self._coins
        positions = [position for position in range(len(movements)) if position not in found]
        if not positions:
            return
        ids = self._database.reserve_ids(len(positions))
        rows = [
            bulk_row(
                movements[position],
                match.digests[position],
                identity=match.identities[position],
                row_id=row_id,
                coins=coins,
            )
            for position, row_id in zip(positions, ids, strict=True)
        ]
        try:
            self._road.insert(rows, self._constants)
        except DRIVER_ERRORS as error:
            named = overlong([movements[position] for position in positions])
            if named is not None:
                raise named from error
            raise
        self.new += len(rows)
        self.digest.update(b"".join([row[-1] + row[9] + row[0].to_bytes(8, "big") for row in rows]))
        attached = self._attach_again(rows[0][0], rows[-1][0]) if self._detached else frozenset()
        self._write_words(
            (row_id, movements[position])
            for position, row_id in zip(positions, ids, strict=True)
            if row_id not in attached and (movements[position].label or _note(movements[position]))
        )

    def _detached_query(self) -> Select[Any]:
        columns = ANNOTATIONS.c
        return select(columns.id).where(
            columns.vault_id == self._unit.vault_id,
            columns.wallet_id == self._batch.wallet_id,
            columns.identity.is_not(None),
            columns.detached.is_(true()),
        )

    def _attach_again(self, first_id: int, last_id: int) -> frozenset[int]:
        """Own words of rows that an undone import took away return with the same rows."""
        words, rows = ANNOTATIONS.c, TRANSACTIONS.c
        pairs = self._unit.connection.execute(
            select(words.id, rows.id)
            .join(TRANSACTIONS, (rows.vault_id == words.vault_id) & (rows.identity == words.identity))
            .where(
                words.vault_id == self._unit.vault_id,
                words.wallet_id == self._batch.wallet_id,
                words.detached.is_(true()),
                rows.wallet_id == self._batch.wallet_id,
                rows.batch_id == self._batch.id,
                rows.id.between(first_id, last_id),
            )
        ).all()
        if not pairs:
            return frozenset()
        statement = (
            update(ANNOTATIONS)
            .where(words.vault_id == self._unit.vault_id, words.id == bindparam("words"))
            .values(detached=False, wallet_id=None, identity=None, row_id=bindparam("row"))
        )
        self._unit.connection.execute(statement, [{"words": word, "row": row} for word, row in pairs])
        self.words = True
        return frozenset(row for _, row in pairs)

    def _write_words(self, worded: Iterable[tuple[int, Movement]]) -> None:
        """Labels and notes that the file brings."""
        listed = list(worded)
        if not listed:
            return
        word_ids = self._database.reserve_ids(len(listed))
        notes = {
            word_id: note for word_id, (_, movement) in zip(word_ids, listed, strict=True) if (note := _note(movement))
        }
        seals = self._sealed(notes)
        values: list[dict[str, Any]] = [
            {
                "vault_id": self._unit.vault_id,
                "id": word_id,
                "owner_id": self._constants.owner_id,
                "table_name": TableName.TRANSACTIONS,
                "row_id": row_id,
                "label": movement.label[:255],
                "label_fold": fold(movement.label[:255]),
                "note": "" if word_id in seals else notes.get(word_id, ""),
                "note_sealed": seals.get(word_id),
                "extra": {},
                "version": 1,
                "changed_at": self._batch.imported_at,
                "detached": False,
            }
            for word_id, (row_id, movement) in zip(word_ids, listed, strict=True)
        ]
        self._unit.connection.execute(insert(ANNOTATIONS), values)
        owner_id = self._constants.owner_id
        insert_words(self._unit, [row for each, seal in seals.items() for row in word_rows(each, owner_id, seal.words)])
        self.words = True

    def _sealed(self, notes: Mapping[int, str]) -> dict[int, Sealed]:
        """By the annotation's id; empty where notes stay plain. Raises as ``NoteSeals.seal_new``."""
        if self._notes is None or not notes:
            return {}
        seals = self._notes.seal_new(list(notes.items()), owner_id=self._constants.owner_id)
        return dict(zip(notes, seals, strict=True))

    # -- rows stored before --------------------------------------------------------------------------------------

    def _sight(self, movements: Sequence[Movement], match: Match) -> None:
        befores = {}
        for position, known in match.found.items():
            if known.status == _PENDING and movements[position].status in SETTLED:
                befores[known.id] = settle(self._unit, known.id, movements[position], self._coins)
        self.updated += len(befores)
        sightings = [
            Sighting(
                known.id,
                movements[position].row,
                match.identities[position] if position in match.other else None,
                befores.get(known.id),
            )
            for position, known in match.found.items()
        ]
        self._road.add_sightings(self._batch.id, sightings)


def _note(movement: Movement) -> str:
    """What the file notes; the mask in our own exports stands for a note that was not exported."""
    return "" if movement.note == MASK else movement.note[:20_000]
