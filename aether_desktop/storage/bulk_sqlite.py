"""The fast road on SQLite: one prepared statement per batch of rows; questions travel as one JSON array."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from aether_desktop.storage.bulk import BatchConstants, BulkRoad, Candidate, Known, Resealing, Sighting
from aether_desktop.storage.failures import DRIVER_ERRORS
from aether_desktop.storage.movements import ROW_COLUMNS

# CROSS JOIN fixes the order of the loops: each question probes the wanted index once. The plus sign keeps a condition
# from choosing the wallet's index instead of the hash's.
_KNOWN: Final = """
SELECT k.key, t.id, t.status, t.batch_id = :batch OR EXISTS (
    SELECT 1 FROM import_sightings s WHERE s.vault_id = :vault AND s.batch_id = :batch AND s.transaction_id = t.id)
FROM json_each(:identities) k
CROSS JOIN transactions t
    ON t.vault_id = :vault AND t.wallet_id = :wallet AND t.identity = unhex(k.value) AND t.identity IS NOT NULL
"""
_SAME_HASH: Final = """
SELECT t.id, t.tx_hash, t.direction, t.amount_rank, c.symbol, t.status, (
    SELECT s.identity FROM import_sightings s
    JOIN import_batches f ON f.vault_id = s.vault_id AND f.id = s.batch_id
    WHERE s.vault_id = :vault AND s.transaction_id = t.id AND s.identity IS NOT NULL
      AND (f.format = :family OR substr(f.format, 1, length(:family) + 1) = :family || '.') LIMIT 1)
FROM json_each(:hashes) k
CROSS JOIN transactions t ON t.vault_id = :vault AND t.tx_hash = k.value
JOIN currencies c ON c.vault_id = :vault AND c.id = t.currency_id
LEFT JOIN import_batches b ON b.vault_id = :vault AND b.id = t.batch_id
WHERE +t.wallet_id = :wallet
  AND (b.id IS NULL OR (b.format <> :family AND substr(b.format, 1, length(:family) + 1) <> :family || '.'))
  AND NOT EXISTS (
    SELECT 1 FROM import_sightings s WHERE s.vault_id = :vault AND s.batch_id = :batch AND s.transaction_id = t.id)
ORDER BY t.id
"""
# The indexes on hashes and identities take rows at random places: a cache that holds much of them is worth the memory,
# up to what keeps a program that imports a million rows under 300 MB (512 MiB would save an eighth of the time). SQLite
# takes it page by page as needed; ``EngineKit.give_back`` gives it back after the commit.
LOADING_CACHE_KIB: Final = 128 * 1024
_MARKS: Final = ", ".join("?" for _ in ROW_COLUMNS)


class SqliteRoad(BulkRoad):
    """See ``BulkRoad``."""

    def known(self, identities: Sequence[bytes], *, wallet_id: int, batch_id: int) -> list[Known]:
        if not identities:
            return []
        asked = '["' + '","'.join([identity.hex() for identity in identities]) + '"]'
        values = {"vault": self._vault_id, "wallet": wallet_id, "batch": batch_id, "identities": asked}
        rows = self._connection.exec_driver_sql(_KNOWN, values).fetchall()
        return [Known(position, row_id, status, bool(seen)) for position, row_id, status, seen in rows]

    def same_hash(self, hashes: Sequence[str], *, wallet_id: int, batch_id: int, family: str) -> list[Candidate]:
        values = {
            "vault": self._vault_id,
            "wallet": wallet_id,
            "batch": batch_id,
            "family": family,
            "hashes": json.dumps(hashes),
        }
        return [Candidate(*row) for row in self._connection.exec_driver_sql(_SAME_HASH, values).fetchall()]

    def insert(self, rows: Sequence[tuple[Any, ...]], constants: BatchConstants) -> None:
        # fixed names and integers only
        statement = (
            f"INSERT INTO transactions (vault_id, owner_id, version, created_at, wallet_id, ai_verified, layer2_data,"  # noqa: S608
            f" batch_id, {', '.join(ROW_COLUMNS)}) VALUES ({self._vault_id:d}, {constants.owner_id:d}, 1,"
            f" {constants.created_at:d}, {constants.wallet_id:d}, 0, '{{}}', {constants.batch_id:d}, {_MARKS})"
        )
        self._connection.exec_driver_sql(statement, list(rows))

    def add_sightings(self, batch_id: int, sightings: Sequence[Sighting]) -> None:
        statement = (
            "INSERT INTO import_sightings (vault_id, batch_id, transaction_id, source_row, identity, before)"  # noqa: S608
            f" VALUES ({self._vault_id:d}, {batch_id:d}, ?, ?, ?, ?)"
        )
        self._connection.exec_driver_sql(statement, [tuple(sighting) for sighting in sightings])

    @contextmanager
    def loading(self) -> Iterator[None]:
        before = self._connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
        self._connection.exec_driver_sql(f"PRAGMA cache_size = -{LOADING_CACHE_KIB}")
        try:
            yield
        finally:
            with suppress(*DRIVER_ERRORS):  # the transaction is rolled back for another reason already
                self._connection.exec_driver_sql(f"PRAGMA cache_size = {before:d}")

    def finish(self, *, new_rows: int, sightings: int) -> None:
        """Nothing: the statements here name their order of loops, and the windows' indexes are exact matches."""

    def replace_keys(self, table: str, column: str, keys: Sequence[tuple[int, bytes]]) -> None:
        statement = (
            f"UPDATE {table} SET {column} = ?, version = version + 1 WHERE vault_id = {self._vault_id:d} AND id = ?"  # noqa: S608
        )
        self._connection.exec_driver_sql(statement, [(key, row_id) for row_id, key in keys])

    def reseal(self, table: str, column: str, rows: Sequence[Resealing], *, token: str = "") -> set[int]:
        more = f", {token} = ?" if token else ""
        statement = (
            f"UPDATE {table} SET {column} = ?{more}"  # noqa: S608 - fixed names
            f" WHERE vault_id = {self._vault_id:d} AND id = ? AND {column} = ?"
        )
        done = set()
        for row in rows:
            new = (row.new, row.token) if token else (row.new,)
            if self._connection.exec_driver_sql(statement, (*new, row.id, row.old)).rowcount:
                done.add(row.id)
        return done

    def add_words(self, words: Sequence[tuple[int, int, bytes]]) -> None:
        statement = (
            "INSERT INTO note_words (vault_id, owner_id, annotation_id, token)"  # noqa: S608
            f" VALUES ({self._vault_id:d}, ?, ?, ?)"
        )
        self._connection.exec_driver_sql(statement, list(words))
