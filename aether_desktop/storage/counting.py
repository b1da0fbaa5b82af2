"""How many rows of which table the statements of a unit changed, as the client sees it. One thread.

PostgreSQL counts for itself, with triggers, and compares (migrations/postgresql/audit_log.sql).
"""

from __future__ import annotations

import re
from typing import Any, Final

from aether_desktop.storage.schema import METADATA

# Housekeeping without content of the vault's people: the log itself, who may give which ids, sums of other rows, and
# what was measured of nodes (a change of a node's status is content).
UNWATCHED: Final = frozenset(
    {
        "audit_entries",
        "audit_heads",
        "audit_devices",
        "audit_checkpoints",
        "audit_tally",
        "id_clients",
        "ledger_days",
        "ledger_fees",
        "ledger_marks",
        "node_harmony",
        "node_leases",
        "node_roll_ups",
        "node_samples",
        "node_states",
        "seal_counts",
        "search_marks",
        "search_parties",
        "search_texts",
        "search_waters",
        "unlock_attempts",
    }
)
_VERB: Final = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)")
_UPSERT: Final = re.compile(r"ON CONFLICT[^;]* DO UPDATE")
_PLACES: Final = {"INSERT INTO": 0, "UPDATE": 1, "DELETE FROM": 2}


class RowCounts:
    """By table: rows inserted, updated, deleted, and inserted or updated by one statement."""

    def __init__(self) -> None:
        self.by_table: dict[str, list[int]] = {}

    def note(self, statement: str, rows: int) -> None:
        """A statement that was run, with the driver's row count (-1: it does not say)."""
        if rows <= 0:
            return
        found = _VERB.match(statement)
        if found is None:
            return
        verb, table = found.groups()
        if table in UNWATCHED or table not in METADATA.tables:
            return
        place = 3 if verb == "INSERT INTO" and _UPSERT.search(statement) else _PLACES[verb]
        self.by_table.setdefault(table, [0, 0, 0, 0])[place] += rows

    def total(self, table: str) -> int:
        """Rows of one table, whatever was done to them."""
        return sum(self.by_table.get(table, ()))

    def add(self, other: RowCounts) -> None:
        """Take over what the other counted, which is then empty."""
        for table, counts in other.by_table.items():
            mine = self.by_table.setdefault(table, [0, 0, 0, 0])
            mine[:] = [one + more for one, more in zip(mine, counts, strict=True)]
        other.by_table.clear()

    def listen(self, _connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        """For SQLAlchemy's event ``after_cursor_execute``."""
        self.note(statement, cursor.rowcount)
