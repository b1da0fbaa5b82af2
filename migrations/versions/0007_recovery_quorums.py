"""Recovery quorums: shares of court keys, requests for them, and what holders released.

Revision 0007, after 0006. Forward only: the way back is the back-up made before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("quorum_deals", "quorum_requests", "quorum_releases")


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def content(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def table(name: str, *items: sa.schema.SchemaItem, key: tuple[str, ...] = ("id",)) -> None:
    """A table of one vault's rows."""
    op.create_table(
        name,
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        *items,
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f(f"fk_{name}_vault")),
        sa.PrimaryKeyConstraint("vault_id", *key, name=op.f(f"pk_{name}")),
        sqlite_strict=True,
    )


def upgrade() -> None:
    table(
        "quorum_deals",
        number("id"),
        *map(number, ("owner_id", "court", "key_version", "dealer_id")),
        *map(content, ("body", "signature")),
        number("created_at"),
        sa.CheckConstraint("court BETWEEN 1 AND 3", name=op.f("ck_quorum_deals_court")),
        sa.CheckConstraint("key_version >= 1", name=op.f("ck_quorum_deals_key_version")),
    )
    table(
        "quorum_requests",
        number("id"),
        *map(number, ("deal_id", "requester_id")),
        *map(content, ("body", "signature")),
        *map(number, ("created_at", "expires_at")),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
    )
    table(
        "quorum_releases",
        *map(number, ("request_id", "holder_id")),
        content("body"),
        number("created_at"),
        key=("request_id", "holder_id"),
    )
    if op.get_bind().dialect.name == "postgresql":
        for name in TABLES:
            op.execute(f"SELECT aether_audit_watch('{name}')")
