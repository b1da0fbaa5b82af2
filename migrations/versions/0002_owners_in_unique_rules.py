"""Unique rules of private rows carry their owner; words and client numbers know whose they are.

Revision 0002, after 0001. Forward only: the way back is the back-up made before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PLAIN_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # compares by code point on both engines
RECORDS = {  # the word in annotations.table_name, and the table
    "wallets": "wallets",
    "transactions": "transactions",
    "contracts": "smart_contracts",
    "temple_nodes": "temple_nodes",
    "payments": "payments",
    "payment_methods": "payment_methods",
    "content": "cid_entries",
    "monitoring": "ai_monitoring_logs",
    "users": "users",
}


def unique(name: str, table: str, columns: list[str], *, where: str | None = None) -> None:
    """Replaces a unique index; the new one is over all rows, or those that satisfy ``where``."""
    op.drop_index(name, table)
    some = None if where is None else sa.text(where)
    op.create_index(name, table, columns, unique=True, sqlite_where=some, postgresql_where=some)


def upgrade() -> None:
    nobody = sa.text("0")
    op.add_column("annotations", sa.Column("owner_id", sa.BigInteger(), server_default=nobody, nullable=False))
    op.add_column("foreign_labels", sa.Column("owner_id", sa.BigInteger(), server_default=nobody, nullable=False))
    op.add_column("id_clients", sa.Column("login", PLAIN_TEXT, server_default=sa.text("''"), nullable=False))
    op.add_column("id_clients", sa.Column("starts_at", sa.BigInteger(), server_default=nobody, nullable=False))
    _give_words_their_owner()
    unique("uq_wallets_name", "wallets", ["vault_id", "owner_id", "name_fold"], where="archived_at IS NULL")
    unique(
        "uq_wallets_address",
        "wallets",
        ["vault_id", "owner_id", "address", "chain", "kind", "symbol"],
        where="archived_at IS NULL AND address <> ''",
    )
    unique(
        "uq_payments_external",
        "payments",
        ["vault_id", "owner_id", "provider", "external_id"],
        where="external_id <> ''",
    )
    unique("uq_annotations_row", "annotations", ["vault_id", "table_name", "row_id"], where="NOT detached")
    op.create_index("ix_annotations_row", "annotations", ["vault_id", "table_name", "row_id"], unique=False)
    unique("uq_foreign_labels_ref", "foreign_labels", ["vault_id", "owner_id", "type", "ref", "origin"])


def _give_words_their_owner() -> None:
    """Words belong to the owner of their row; detached ones to the owner of the wallet; labels to the founder."""
    for word, table in RECORDS.items():
        owner = f"(SELECT r.owner_id FROM {table} r WHERE r.vault_id = annotations.vault_id AND r.id = row_id)"  # noqa: S608
        op.execute(
            f"UPDATE annotations SET owner_id = coalesce({owner}, 0)"  # noqa: S608 - fixed names
            f" WHERE table_name = '{word}' AND NOT detached"
        )
    op.execute(
        "UPDATE annotations SET owner_id = coalesce((SELECT w.owner_id FROM wallets w"
        " WHERE w.vault_id = annotations.vault_id AND w.id = annotations.wallet_id), 0) WHERE detached"
    )
    op.execute(
        "UPDATE foreign_labels SET owner_id = coalesce((SELECT min(m.user_id) FROM vault_members m"
        " WHERE m.vault_id = foreign_labels.vault_id AND m.role = 'zadokite'), 0)"
    )
