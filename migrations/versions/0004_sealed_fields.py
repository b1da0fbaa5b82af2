"""Sealed values beside the plain ones they replace, a blind index, metadata of payments, secrets of wallets.

A value is plain or sealed, never both; nothing is sealed here, because that needs the person's keys: the program does
it after the first unlock. Revision 0004, after 0003. Forward only: the way back is the back-up made before.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PLAIN_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # compares by code point on both engines
SEALED = (
    ("users", "email", "= ''"),
    ("payment_methods", "provider_reference", "= ''"),
    ("payment_methods", "last_four", "= ''"),
    ("payment_methods", "expires_on", "IS NULL"),
    ("payments", "external_id", "= ''"),
    ("payments", "metadata", "= ''"),
)


def upgrade() -> None:
    _add("payments", "metadata", PLAIN_TEXT, "metadata_length", "length(metadata) <= 20000", needed=True)
    for table, name, alone in SEALED:
        rule = f"{name}_sealed IS NULL OR {name} {alone}"
        _add(table, f"{name}_sealed", sa.LargeBinary(), f"{name}_once", rule)
    together = "(external_id_blind IS NULL) = (external_id_sealed IS NULL)"
    _add("payments", "external_id_blind", sa.LargeBinary(), "external_id_blind", together)
    some = sa.text("external_id_blind IS NOT NULL")
    op.create_index(
        "uq_payments_blind",
        "payments",
        ["vault_id", "owner_id", "provider", "external_id_blind"],
        unique=True,
        sqlite_where=some,
        postgresql_where=some,
    )
    _wallet_secrets()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT aether_audit_watch('wallet_secrets')")


def _add(table: str, name: str, kind: sa.types.TypeEngine[Any], check: str, rule: str, *, needed: bool = False) -> None:
    """A column with its own check, which SQLite takes without copying the table; ``needed`` ones begin empty."""
    begin = sa.text("''") if needed else None
    within = sa.CheckConstraint(sa.text(rule), name=op.f(f"ck_{table}_{check}"))
    op.add_column(table, sa.Column(name, kind, within, nullable=not needed, server_default=begin))


def _wallet_secrets() -> None:
    op.create_table(
        "wallet_secrets",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("wallet_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('seed', 'private_key', 'keystore')", name=op.f("ck_wallet_secrets_kind")),
        sa.ForeignKeyConstraint(
            ["vault_id", "owner_id"], ["users.vault_id", "users.id"], name=op.f("fk_wallet_secrets_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["vault_id", "wallet_id"], ["wallets.vault_id", "wallets.id"], name=op.f("fk_wallet_secrets_wallet_id")
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_wallet_secrets_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_wallet_secrets")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_wallet_secrets_kind", "wallet_secrets", ["vault_id", "owner_id", "wallet_id", "kind"], unique=True
    )
