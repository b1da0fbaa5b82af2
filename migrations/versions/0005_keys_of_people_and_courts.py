"""Keys of people and courts, the membership log, invitations and rotations.

Revision 0005, after 0004. Forward only: the way back is the back-up made before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PLAIN_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # compares by code point on both engines
WATCHED = ("person_keys", "court_keys", "membership_statements", "invitations", "rotation_journal")


def refers(table: str, column: str) -> sa.ForeignKeyConstraint:
    """A reference to a person."""
    targets = ["users.vault_id", "users.id"]
    return sa.ForeignKeyConstraint(["vault_id", column], targets, name=op.f(f"fk_{table}_{column}"))


def table(name: str, *items: sa.schema.SchemaItem, key: tuple[str, ...]) -> None:
    """A table of one vault's rows."""
    op.create_table(
        name,
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        *items,
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f(f"fk_{name}_vault")),
        sa.PrimaryKeyConstraint("vault_id", *key, name=op.f(f"pk_{name}")),
        sqlite_strict=True,
    )


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def content(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def rule(table_name: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table_name}_{name}"))


def upgrade() -> None:
    _keys()
    table(
        "membership_statements",
        number("position"),
        content("body"),
        content("signature"),
        rule("membership_statements", "position", "position >= 0"),
        key=("position",),
    )
    table(
        "invitations",
        number("id"),
        number("user_id"),
        number("inviter_id"),
        number("created_at"),
        number("expires_at"),
        content("body"),
        content("sealed_key"),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        refers("invitations", "user_id"),
        key=("id",),
    )
    op.create_index("ix_invitations_user", "invitations", ["vault_id", "user_id", "id"], unique=False)
    table(
        "rotation_journal",
        number("owner_id"),
        number("court"),
        number("key_version"),
        number("started_at"),
        sa.Column("field", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        number("row_id"),
        number("rows_done"),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        rule("rotation_journal", "court", "court BETWEEN 1 AND 3"),
        rule("rotation_journal", "rows_done", "rows_done >= 0"),
        rule("rotation_journal", "field_length", "length(field) <= 100"),
        key=("owner_id", "court", "key_version"),
    )
    if op.get_bind().dialect.name == "postgresql":
        for name in WATCHED:
            op.get_bind().execute(sa.text("SELECT aether_audit_watch(:name)"), {"name": name})


def _keys() -> None:
    table(
        "person_keys",
        number("user_id"),
        number("generation"),
        content("bundle"),
        content("sealed"),
        number("created_at"),
        rule("person_keys", "generation", "generation >= 1"),
        refers("person_keys", "user_id"),
        key=("user_id", "generation"),
    )
    place = ("owner_id", "court", "key_version", "recipient_id")
    table(
        "court_keys",
        *(number(name) for name in place),
        content("recipient_key"),
        content("wrapped"),
        number("created_at"),
        rule("court_keys", "court", "court BETWEEN 1 AND 3"),
        rule("court_keys", "key_version", "key_version >= 1"),
        rule("court_keys", "recipient_key", "length(recipient_key) = 32"),
        key=place,
    )
    columns = ["vault_id", "recipient_id", "owner_id", "court", "key_version"]
    op.create_index("ix_court_keys_recipient", "court_keys", columns, unique=False)
    table(
        "seal_counts",
        *(number(name) for name in place),
        number("seals"),
        rule("seal_counts", "seals", "seals >= 0"),
        key=place,
    )
