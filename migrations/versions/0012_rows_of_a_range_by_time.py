"""Rows of a range with their time in its index; what came in, what went out and fees beside the sums of days.

Revision 0012, after 0011. Forward only: the way back is the back-up made before. The new figures of days are added up
in the background, like days that changed.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BY_VALUE = {
    "hash": "tx_hash",
    "amount": "amount_rank",
    "fee": "fee_rank",
    "block": "block_number",
    "created": "created_at",
}
# PostgreSQL: those that are made anew for the owner, whom row security asks for.
IN_TIME = {
    "time": ([], None),
    "wallet": (["wallet_id"], None),
    "currency": (["currency_id"], None),
    "class": (["kind", "direction"], None),
    "batch": (["batch_id"], None),
    "counterparty": (["counterparty"], None),
    "from": (["from_address"], "from_address <> counterparty"),
    "to": (["to_address"], "to_address <> counterparty"),
    "contract": (["contract_address"], "contract_address <> ''"),
    "method": (["method"], "method <> ''"),
    "layer2": (["layer2_kind"], "layer2_kind <> ''"),
    "status": (["status"], "status <> 'confirmed'"),
    "leg": (["leg"], "leg <> 'normal'"),
    "fee_currency": (["fee_currency_id"], "fee_currency_id <> currency_id"),
    "verified": ([], "ai_verified"),
    "error": ([], "error <> ''"),
    "description": ([], "description <> ''"),
    "archived": ([], "archived_at IS NOT NULL"),
}


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def total(name: str, *, known: bool) -> sa.Column[str]:
    return sa.Column(name, sa.Text().with_variant(sa.Numeric(), "postgresql"), nullable=not known)


def replaced(short: str, columns: list[str], where: str | None = None) -> None:
    """One at a time: the old one's room is used for the new one."""
    name, some = f"ix_transactions_{short}", None if where is None else sa.text(where)
    op.drop_index(name, "transactions")
    op.create_index(
        name,
        "transactions",
        ["vault_id", *columns, "occurred_at", "id", "archived_at"],
        unique=False,
        sqlite_where=some,
        postgresql_where=some,
        postgresql_include=["owner_id"],
    )


def upgrade() -> None:
    for name in ("coming", "going"):
        op.add_column("ledger_days", total(name, known=False))
    op.create_table(
        "ledger_fees",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        *map(number, ("wallet_id", "day", "currency_id", "fee_currency_id", "owner_id")),
        total("units", known=True),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_ledger_fees_vault")),
        sa.PrimaryKeyConstraint(
            *("vault_id", "wallet_id", "day", "currency_id", "fee_currency_id", "owner_id"),
            name=op.f("pk_ledger_fees"),
        ),
        sqlite_strict=True,
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        name = str(connection.scalar(sa.text("SELECT current_schema()")))
        schema = connection.dialect.identifier_preparer.quote(name)
        text = (Path(__file__).parents[1] / "postgresql" / "ledger_days.sql").read_text("utf-8")
        text = text.replace("{schema}", schema).replace("{path}", f"pg_catalog, {schema}, pg_temp")
        connection.exec_driver_sql(text, execution_options={"no_parameters": True})
        for short, (columns, where) in IN_TIME.items():
            replaced(short, columns, where)
    for short, column in BY_VALUE.items():
        replaced(short, [column])
