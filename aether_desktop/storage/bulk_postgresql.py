"""The fast road on PostgreSQL: COPY into a temporary table, then INSERT ... SELECT; questions travel as arrays.

COPY straight into a table is refused once it has row-level security, and it cannot add constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Final

from aether_desktop.domain.permissions import Verb
from aether_desktop.ports.permissions import denied
from aether_desktop.storage.bulk import BatchConstants, BulkRoad, Candidate, Known, Resealing, Sighting
from aether_desktop.storage.failures import DRIVER_ERRORS
from aether_desktop.storage.movements import ROW_COLUMNS
from aether_desktop.storage.postgresql import driver_connection

# A table that this very transaction fills has no statistics, or wrong ones, and every index that begins with vault_id
# looks equally good then (measured: 100 s instead of 0.05 s for one chunk). So each question is a LATERAL of its own
# that asks for an order which only the wanted index gives (an equality would make the order redundant, two inequalities
# do not), and is planned with sorting switched off. Sightings are looked up one by one for the same reason: an EXISTS
# may become a join or a hash of all of them.
_KNOWN: Final = """
SELECT k.position - 1, t.id, t.status, t.seen
FROM unnest(%(identities)s::bytea[]) WITH ORDINALITY k(identity, position)
CROSS JOIN LATERAL (
    SELECT x.id, x.status, coalesce(nullif(x.batch_id = %(batch)s, false), (
        SELECT true FROM import_sightings s
        WHERE s.vault_id = %(vault)s AND s.batch_id = %(batch)s AND s.transaction_id = x.id LIMIT 1), false) AS seen
    FROM transactions x
    WHERE x.vault_id = %(vault)s AND x.wallet_id = %(wallet)s
      AND x.identity >= k.identity AND x.identity <= k.identity AND x.identity IS NOT NULL
    ORDER BY x.identity
    LIMIT 1
) t
"""
_SAME_HASH: Final = """
SELECT t.id, t.tx_hash, t.direction, t.amount_rank, c.symbol, t.status, (
    SELECT s.identity FROM import_sightings s
    JOIN import_batches f ON f.vault_id = s.vault_id AND f.id = s.batch_id
    WHERE s.vault_id = %(vault)s AND s.transaction_id = t.id AND s.identity IS NOT NULL
      AND (f.format = %(family)s OR starts_with(f.format, %(family)s || '.')) LIMIT 1)
FROM unnest(%(hashes)s::text[]) k(tx_hash)
CROSS JOIN LATERAL (
    SELECT x.id, x.tx_hash, x.direction, x.amount_rank, x.currency_id, x.status, x.batch_id
    FROM transactions x
    WHERE x.vault_id = %(vault)s AND x.tx_hash >= k.tx_hash AND x.tx_hash <= k.tx_hash AND x.wallet_id = %(wallet)s
    ORDER BY x.tx_hash, x.id
    OFFSET 0
) t
JOIN currencies c ON c.vault_id = %(vault)s AND c.id = t.currency_id
LEFT JOIN import_batches b ON b.vault_id = %(vault)s AND b.id = t.batch_id
WHERE (b.id IS NULL OR (b.format <> %(family)s AND NOT starts_with(b.format, %(family)s || '.')))
  AND (
    SELECT true FROM import_sightings s
    WHERE s.vault_id = %(vault)s AND s.batch_id = %(batch)s AND s.transaction_id = t.id LIMIT 1) IS NULL
"""
_ANALYZED_ROWS: Final = 10_000
_COLUMNS: Final = ", ".join(ROW_COLUMNS)
_STAGE: Final = (
    f"CREATE TEMPORARY TABLE IF NOT EXISTS aether_stage ON COMMIT DROP AS SELECT {_COLUMNS} FROM transactions LIMIT 0"  # noqa: S608
)
_SIGHTINGS: Final = """
INSERT INTO import_sightings (vault_id, batch_id, transaction_id, source_row, identity, before)
SELECT %(vault)s, %(batch)s, s.* FROM unnest(%(ids)s::bigint[], %(rows)s::bigint[], %(identities)s::bytea[],
    %(befores)s::text[]) s
"""


class PostgresRoad(BulkRoad):
    """See ``BulkRoad``."""

    def known(self, identities: Sequence[bytes], *, wallet_id: int, batch_id: int) -> list[Known]:
        if not identities:
            return []
        values = {"vault": self._vault_id, "wallet": wallet_id, "batch": batch_id, "identities": list(identities)}
        return [Known(*row) for row in self._asked(_KNOWN, values)]

    def same_hash(self, hashes: Sequence[str], *, wallet_id: int, batch_id: int, family: str) -> list[Candidate]:
        values = {
            "vault": self._vault_id,
            "wallet": wallet_id,
            "batch": batch_id,
            "family": family,
            "hashes": list(hashes),
        }
        return sorted(Candidate(*row) for row in self._asked(_SAME_HASH, values))  # ids differ: by id

    def _asked(self, question: str, values: dict[str, Any]) -> Sequence[Any]:
        self._connection.exec_driver_sql("SET LOCAL enable_sort = off")
        try:
            return self._connection.exec_driver_sql(question, values).fetchall()
        finally:
            with suppress(*DRIVER_ERRORS):  # the question failed and took the transaction with it
                self._connection.exec_driver_sql("SET LOCAL enable_sort TO DEFAULT")

    def insert(self, rows: Sequence[tuple[Any, ...]], constants: BatchConstants) -> None:
        self._connection.exec_driver_sql(_STAGE)
        with (
            driver_connection(self._connection).cursor() as cursor,
            cursor.copy(f"COPY aether_stage ({_COLUMNS}) FROM STDIN") as copy,
        ):
            write = copy.write_row
            for row in rows:
                write(row)
        self._connection.exec_driver_sql(
            "INSERT INTO transactions (vault_id, owner_id, version, created_at, wallet_id, ai_verified, layer2_data,"  # noqa: S608
            f" batch_id, {_COLUMNS}) SELECT %s, %s, 1, %s, %s, false, '{{}}', %s, {_COLUMNS} FROM aether_stage",
            (self._vault_id, constants.owner_id, constants.created_at, constants.wallet_id, constants.batch_id),
        )
        self._connection.exec_driver_sql("TRUNCATE aether_stage")

    def add_sightings(self, batch_id: int, sightings: Sequence[Sighting]) -> None:
        ids, rows, identities, befores = zip(*sightings, strict=True)
        self._connection.exec_driver_sql(
            _SIGHTINGS,
            {
                "vault": self._vault_id,
                "batch": batch_id,
                "ids": list(ids),
                "rows": list(rows),
                "identities": list(identities),
                "befores": list(befores),
            },
        )

    def loading(self) -> AbstractContextManager[None]:
        return nullcontext()

    def finish(self, *, new_rows: int, sightings: int) -> None:
        """A login that does not own the table gets a warning, and autovacuum does it within a minute."""
        if new_rows >= _ANALYZED_ROWS:
            self._connection.exec_driver_sql("ANALYZE (SKIP_LOCKED) transactions")
        if sightings >= _ANALYZED_ROWS:
            self._connection.exec_driver_sql("ANALYZE (SKIP_LOCKED) import_sightings")

    def replace_keys(self, table: str, column: str, keys: Sequence[tuple[int, bytes]]) -> None:
        ids, values = zip(*keys, strict=True)
        changed = self._connection.exec_driver_sql(
            f"UPDATE {table} t SET {column} = k.key, version = t.version + 1"  # noqa: S608 - fixed names
            " FROM unnest(%s::bigint[], %s::bytea[]) k(id, key) WHERE t.vault_id = %s AND t.id = k.id",
            (list(ids), list(values), self._vault_id),
        ).rowcount
        if changed < len(keys):  # seen, but not to be changed by this login: row security says it in silence
            raise denied(Verb.CHANGE, table)

    def reseal(self, table: str, column: str, rows: Sequence[Resealing], *, token: str = "") -> set[int]:
        ids, old, new, tokens = (list(each) for each in zip(*rows, strict=True))
        more = f", {token} = k.token" if token else ""
        done = self._connection.exec_driver_sql(
            f"UPDATE {table} t SET {column} = k.new{more}"  # noqa: S608 - fixed names
            " FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[], %s::bytea[]) k(id, old, new, token)"
            f" WHERE t.vault_id = %s AND t.id = k.id AND t.{column} = k.old RETURNING t.id",
            (ids, old, new, tokens, self._vault_id),
        )
        return {row[0] for row in done}

    def add_words(self, words: Sequence[tuple[int, int, bytes]]) -> None:
        owners, annotations, tokens = (list(each) for each in zip(*words, strict=True))
        self._connection.exec_driver_sql(
            "INSERT INTO note_words (vault_id, owner_id, annotation_id, token)"
            " SELECT %s, w.* FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[]) w",
            (self._vault_id, owners, annotations, tokens),
        )
