"""Sums of the ledger by day, and marks of the days that changed since: balances without reading every row.

Revision 0010, after 0009. Forward only: the way back is the back-up made before.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DAY = 86_400_000_000
BEFORE = 800_000  # days: divisions round alike on both engines only for positive numbers
COLUMNS = "wallet_id, occurred_at, owner_id, currency_id, amount, direction, status, fee_currency_id, fee, archived_at"
UPDATED = f"AFTER UPDATE OF {COLUMNS} ON transactions"


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def total(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text().with_variant(sa.Numeric(), "postgresql"), nullable=False)


def table(name: str, *items: sa.schema.SchemaItem, key: tuple[str, ...]) -> None:
    op.create_table(
        name,
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        *items,
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f(f"fk_{name}_vault")),
        sa.PrimaryKeyConstraint("vault_id", *key, name=op.f(f"pk_{name}")),
        sqlite_strict=True,
    )


def day_of(row: str) -> str:
    return f"({row}.occurred_at + {BEFORE * DAY}) / {DAY} - {BEFORE}"


def marking(row: str) -> str:
    return (
        "INSERT INTO ledger_marks (vault_id, wallet_id, day, owner_id, mark)"  # noqa: S608 - fixed names
        f" SELECT {row}.vault_id, {row}.wallet_id, {day_of(row)}, {row}.owner_id, 0 WHERE NOT EXISTS (SELECT 1 FROM"
        f" ledger_marks m WHERE m.vault_id = {row}.vault_id AND m.wallet_id = {row}.wallet_id AND m.day = {day_of(row)}"
        f" AND m.owner_id = {row}.owner_id AND m.mark = 0);"
    )


def upgrade() -> None:
    table(
        "ledger_days",
        *map(number, ("wallet_id", "day", "currency_id", "owner_id")),
        *map(total, ("units", "lowest")),
        *map(number, ("counted", "shown")),
        key=("wallet_id", "day", "currency_id", "owner_id"),
    )
    table(
        "ledger_marks",
        *map(number, ("wallet_id", "day", "owner_id", "mark")),
        key=("wallet_id", "day", "owner_id", "mark"),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        name = str(connection.scalar(sa.text("SELECT current_schema()")))
        schema = connection.dialect.identifier_preparer.quote(name)
        text = (Path(__file__).parents[1] / "postgresql" / "ledger_days_0010.sql").read_text("utf-8")
        text = text.replace("{schema}", schema).replace("{path}", f"pg_catalog, {schema}, pg_temp")
        connection.exec_driver_sql(text, execution_options={"no_parameters": True})
    else:
        for statement in (
            f"CREATE TRIGGER ledger_mark_insert AFTER INSERT ON transactions BEGIN {marking('NEW')} END",
            f"CREATE TRIGGER ledger_mark_update {UPDATED} BEGIN {marking('OLD')} {marking('NEW')} END",
            f"CREATE TRIGGER ledger_mark_delete AFTER DELETE ON transactions BEGIN {marking('OLD')} END",
        ):
            connection.exec_driver_sql(statement)
    connection.exec_driver_sql(
        "INSERT INTO ledger_marks (vault_id, wallet_id, day, owner_id, mark)"  # noqa: S608 - fixed names
        f" SELECT DISTINCT t.vault_id, t.wallet_id, {day_of('t')}, t.owner_id, 0 FROM transactions t"
    )
