"""EVM networks that people enter: endpoints in order, coin symbol, confirmations, explorer.

Revision 0014, after 0013. Forward only: the way back is the back-up made before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

PLAIN_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # compares by code point on both engines


def upgrade() -> None:
    op.create_table(
        "evm_networks",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("name", PLAIN_TEXT, nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", PLAIN_TEXT, nullable=False),
        sa.Column("endpoints", sa.Text(), nullable=False),
        sa.Column("confirmations", sa.BigInteger(), nullable=False),
        sa.Column("explorer", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("chain_id >= 1", name=op.f("ck_evm_networks_chain_id")),
        sa.CheckConstraint("confirmations BETWEEN 1 AND 100000", name=op.f("ck_evm_networks_confirmations")),
        sa.CheckConstraint("length(endpoints) <= 20000", name=op.f("ck_evm_networks_endpoints_length")),
        sa.CheckConstraint("length(explorer) <= 2000", name=op.f("ck_evm_networks_explorer_length")),
        sa.CheckConstraint("length(name) >= 1 AND length(name) <= 100", name=op.f("ck_evm_networks_name_length")),
        sa.CheckConstraint("length(symbol) >= 1 AND length(symbol) <= 20", name=op.f("ck_evm_networks_symbol_length")),
        sa.ForeignKeyConstraint(
            ["vault_id", "owner_id"], ["users.vault_id", "users.id"], name=op.f("fk_evm_networks_owner_id")
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_evm_networks_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_evm_networks")),
        sqlite_strict=True,
    )
    op.create_index("uq_evm_networks_chain", "evm_networks", ["vault_id", "owner_id", "chain_id"], unique=True)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT aether_audit_watch('evm_networks')")
