"""The audit log: signed entries with a place in a tree, its head, devices and checkpoints; PostgreSQL counts changes.

Entries made before keep their columns and have no place in the log: they are older than it. Revision 0003, after 0002.
Forward only: the way back is the back-up made before.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PLAIN_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # compares by code point on both engines
WATCHED = (
    "vaults",
    "vault_members",
    "key_slots",
    "users",
    "wallets",
    "currencies",
    "transactions",
    "import_batches",
    "import_rejections",
    "import_sightings",
    "prices",
    "smart_contracts",
    "ai_monitoring_logs",
    "cid_entries",
    "payment_methods",
    "payments",
    "temple_nodes",
    "annotations",
    "annotation_tags",
    "foreign_labels",
)


def upgrade() -> None:
    _entries()
    _heads()
    _devices()
    _checkpoints()
    _tally()
    if op.get_bind().dialect.name == "postgresql":
        _triggers()


def _entries() -> None:
    empty = sa.text("''")
    table_name = sa.Column("table_name", PLAIN_TEXT, server_default=empty, nullable=False)
    with op.batch_alter_table(
        "audit_entries", table_kwargs={"sqlite_strict": True}, reflect_args=(table_name,)
    ) as batch:
        batch.add_column(sa.Column("attested", sa.Text(), server_default=empty, nullable=False))
        batch.add_column(sa.Column("login", PLAIN_TEXT, server_default=empty, nullable=False))
        batch.add_column(sa.Column("leaf_index", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("row_id", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("key_id", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("counter", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("previous", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("entry", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("signature", sa.LargeBinary(), nullable=True))
        for name, rule in (
            ("login_length", "length(login) <= 63"),
            ("attested", "attested IN ('', 'client', 'server')"),
            ("signature", "(attested = 'client') = (signature IS NOT NULL)"),
            ("key", "(attested = 'client') = (key_id IS NOT NULL)"),
            ("counter", "(attested = 'client') = (counter IS NOT NULL)"),
            ("entry", "(attested = '') = (entry IS NULL)"),
        ):
            batch.create_check_constraint(op.f(f"ck_audit_entries_{name}"), sa.text(rule))
    for name, columns in (
        ("ix_audit_entries_user", ["vault_id", "user_id", "at", "id"]),
        ("ix_audit_entries_table", ["vault_id", "table_name", "at", "id"]),
        ("ix_audit_entries_action", ["vault_id", "action", "at", "id"]),
    ):
        op.create_index(name, "audit_entries", columns, unique=False)
    for name, columns, unique in (
        ("ix_audit_entries_row", ["row_id", "at", "id"], False),
        ("uq_audit_entries_leaf", ["leaf_index"], True),
        ("uq_audit_entries_device", ["key_id", "counter"], True),
    ):
        some = sa.text(f"{columns[0]} IS NOT NULL")
        op.create_index(
            name, "audit_entries", ["vault_id", *columns], unique=unique, sqlite_where=some, postgresql_where=some
        )


def _of_vault(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f(f"fk_{table}_vault"))


def _heads() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("size >= 0 AND length(peaks) % 32 = 0", name=op.f("ck_audit_heads_size")),
        _of_vault("audit_heads"),
        sa.PrimaryKeyConstraint("vault_id", name=op.f("pk_audit_heads")),
        sqlite_strict=True,
    )


def _devices() -> None:
    op.create_table(
        "audit_devices",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(key_id) = 16 AND length(public_key) = 32", name=op.f("ck_audit_devices_key")),
        _of_vault("audit_devices"),
        sa.PrimaryKeyConstraint("vault_id", "key_id", name=op.f("pk_audit_devices")),
        sqlite_strict=True,
    )


def _checkpoints() -> None:
    op.create_table(
        "audit_checkpoints",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        _of_vault("audit_checkpoints"),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_audit_checkpoints")),
        sqlite_strict=True,
    )
    op.create_index("ix_audit_checkpoints_size", "audit_checkpoints", ["vault_id", "size", "id"], unique=False)


def _tally() -> None:
    op.create_table(
        "audit_tally",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("txid", sa.BigInteger(), nullable=False),
        sa.Column("claim", sa.Boolean(), nullable=False),
        sa.Column("table_name", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("inserted", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
        sa.Column("upserted", sa.BigInteger(), nullable=False),
        sa.Column("ids", sa.Text(), nullable=True),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        _of_vault("audit_tally"),
        sa.PrimaryKeyConstraint("vault_id", "seq", name=op.f("pk_audit_tally")),
        sqlite_strict=True,
    )
    op.create_index("ix_audit_tally_transaction", "audit_tally", ["vault_id", "txid"], unique=False)


def _triggers() -> None:
    connection = op.get_bind()
    schema = connection.dialect.identifier_preparer.quote(str(connection.scalar(sa.text("SELECT current_schema()"))))
    text = (Path(__file__).parents[1] / "postgresql" / "audit_log.sql").read_text("utf-8")
    text = text.replace("{schema}", schema).replace("{path}", f"pg_catalog, {schema}, pg_temp")
    connection.exec_driver_sql(text, execution_options={"no_parameters": True})
    existing = set(sa.inspect(connection).get_table_names())
    for table in WATCHED:
        if table in existing:  # one may be left out of a history in tests
            connection.execute(sa.text("SELECT aether_audit_watch(:name)"), {"name": table})
