"""What the rows of the ledger add up to, day by day: derived from ``transactions``, kept by triggers and settling.

A row of ``ledger_marks`` says that a day of a wallet changed since it was added up; whoever changed the rows cannot
leave it out, for triggers write it. On PostgreSQL nobody but the definer functions of migrations/postgresql/
ledger_days.sql writes these tables, so what they hold is always made of the rows.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import DDL, Column, event

from aether_desktop.storage.columns import Identifier, SignedTotal
from aether_desktop.storage.schema.base import required, vault_table
from aether_desktop.storage.schema.transactions import TRANSACTIONS

DAY: Final = 86_400_000_000  # microseconds
BEFORE: Final = 800_000  # days before 1970: the engines' divisions round alike only for positive numbers

# ``day`` counts from 1970-01-01. ``units`` is the net of the day, ``lowest`` the lowest the running sum of that day
# alone ever was (0 or less) after all rows of one instant; ``counted`` rows made the sum, ``shown`` rows are in this
# currency and not archived. ``coming`` and ``going`` are what confirmed rows moved, so that the fees of the day are
# coming - going - units; NULL: added up before there were these columns, and to be settled once more.
LEDGER_DAYS = vault_table(
    "ledger_days",
    required("wallet_id", Identifier()),
    required("day", Identifier()),
    required("currency_id", Identifier()),
    required("owner_id", Identifier()),
    required("units", SignedTotal()),
    required("lowest", SignedTotal()),
    required("counted", Identifier()),
    required("shown", Identifier()),
    Column("coming", SignedTotal()),
    Column("going", SignedTotal()),
    key=("wallet_id", "day", "currency_id", "owner_id"),
)

# The fees that rows of one currency paid in another on a day. Where a row of ``ledger_days`` is, these are true, too.
LEDGER_FEES = vault_table(
    "ledger_fees",
    required("wallet_id", Identifier()),
    required("day", Identifier()),
    required("currency_id", Identifier()),
    required("fee_currency_id", Identifier()),
    required("owner_id", Identifier()),
    required("units", SignedTotal()),
    key=("wallet_id", "day", "currency_id", "fee_currency_id", "owner_id"),
)

# ``mark`` is 0 in a vault file, the id of the transaction that changed the rows on PostgreSQL, so that writers never
# wait for each other here.
LEDGER_MARKS = vault_table(
    "ledger_marks",
    required("wallet_id", Identifier()),
    required("day", Identifier()),
    required("owner_id", Identifier()),
    required("mark", Identifier()),
    key=("wallet_id", "day", "owner_id", "mark"),
)

_COLUMNS: Final = (
    "wallet_id, occurred_at, owner_id, currency_id, amount, direction, status, fee_currency_id, fee, archived_at"
)


def _marking(row: str) -> str:
    """The outer statement's conflict rule would replace one of the trigger's own, so it has none."""
    day = f"({row}.occurred_at + {BEFORE * DAY}) / {DAY} - {BEFORE}"
    return (
        "INSERT INTO ledger_marks (vault_id, wallet_id, day, owner_id, mark)"  # noqa: S608 - fixed names and numbers
        f" SELECT {row}.vault_id, {row}.wallet_id, {day}, {row}.owner_id, 0 WHERE NOT EXISTS (SELECT 1 FROM"
        f" ledger_marks m WHERE m.vault_id = {row}.vault_id AND m.wallet_id = {row}.wallet_id AND m.day = {day}"
        f" AND m.owner_id = {row}.owner_id AND m.mark = 0);"
    )


_UPDATED: Final = f"AFTER UPDATE OF {_COLUMNS} ON transactions"
_SQLITE_TRIGGERS: Final = (
    f"CREATE TRIGGER ledger_mark_insert AFTER INSERT ON transactions BEGIN {_marking('NEW')} END",
    f"CREATE TRIGGER ledger_mark_update {_UPDATED} BEGIN {_marking('OLD')} {_marking('NEW')} END",
    f"CREATE TRIGGER ledger_mark_delete AFTER DELETE ON transactions BEGIN {_marking('OLD')} END",
)
for _statement in _SQLITE_TRIGGERS:
    _trigger = DDL(_statement)  # type: ignore[no-untyped-call]
    event.listen(TRANSACTIONS, "after_create", _trigger.execute_if(dialect="sqlite"))
