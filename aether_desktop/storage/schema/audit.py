"""The audit log: its entries, its head, the devices that sign, checkpoints; and what PostgreSQL counts meanwhile."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    text,
)

from aether_desktop.domain.audit import Attestation
from aether_desktop.storage.columns import Choice, Flag, Identifier, JsonText, UtcTime, choice_check, length_check
from aether_desktop.storage.schema.base import METADATA, required, text_column, unique_index, vault_table

# No foreign key on the person or the row: an entry outlives what it is about. Entries without ``entry`` are older than
# the log. ``leaf_index`` is the place in the tree, given when the transaction commits; ``row_id`` is set where the
# entry is about one row. ``login`` is the database login of an entry that only the server vouches for.
AUDIT_ENTRIES = vault_table(
    "audit_entries",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("at", UtcTime()),
    required("user_id", Identifier()),
    text_column("action", default=False),
    text_column("table_name"),
    required("row_count", Identifier()),
    required("detail", JsonText()),
    Column("attested", Choice(Attestation), nullable=False, server_default=text("''")),
    text_column("login"),
    Column("leaf_index", Identifier()),
    Column("row_id", Identifier()),
    Column("key_id", LargeBinary()),
    Column("counter", Identifier()),
    Column("previous", LargeBinary()),
    Column("entry", LargeBinary()),
    Column("signature", LargeBinary()),
    length_check("action", 100, least=1),
    length_check("table_name", 100),
    length_check("login", 63),
    choice_check("attested", Attestation),
    CheckConstraint("row_count >= 0", name="row_count"),
    CheckConstraint("(attested = 'client') = (signature IS NOT NULL)", name="signature"),
    CheckConstraint("(attested = 'client') = (key_id IS NOT NULL)", name="key"),
    CheckConstraint("(attested = 'client') = (counter IS NOT NULL)", name="counter"),
    CheckConstraint("(attested = '') = (entry IS NULL)", name="entry"),
    Index("ix_audit_entries_time", "vault_id", "at", "id"),
    Index("ix_audit_entries_user", "vault_id", "user_id", "at", "id"),
    Index("ix_audit_entries_table", "vault_id", "table_name", "at", "id"),
    Index("ix_audit_entries_action", "vault_id", "action", "at", "id"),
    Index(
        "ix_audit_entries_row",
        "vault_id",
        "row_id",
        "at",
        "id",
        sqlite_where=text("row_id IS NOT NULL"),
        postgresql_where=text("row_id IS NOT NULL"),
    ),
    unique_index("uq_audit_entries_leaf", "leaf_index", where="leaf_index IS NOT NULL"),
    unique_index("uq_audit_entries_device", "key_id", "counter", where="key_id IS NOT NULL"),
)

# How far the log reaches; ``peaks`` is the frontier of its tree (domain.merkle).
AUDIT_HEADS = vault_table(
    "audit_heads",
    required("size", Identifier()),
    required("peaks", LargeBinary()),
    CheckConstraint("size >= 0 AND length(peaks) % 32 = 0", name="size"),
    key=(),
)

# The public halves of the Ed25519 keys that sign; named by their own hash. The membership log says whose they are.
AUDIT_DEVICES = vault_table(
    "audit_devices",
    required("key_id", LargeBinary()),
    required("user_id", Identifier()),
    required("public_key", LargeBinary()),
    required("registered_at", UtcTime()),
    CheckConstraint("length(key_id) = 16 AND length(public_key) = 32", name="key"),
    key=("key_id",),
)

AUDIT_CHECKPOINTS = vault_table(
    "audit_checkpoints",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("size", Identifier()),
    required("at", UtcTime()),
    required("user_id", Identifier()),
    required("body", LargeBinary()),
    required("public_key", LargeBinary()),
    required("signature", LargeBinary()),
    Index("ix_audit_checkpoints_size", "vault_id", "size", "id"),
)

# PostgreSQL only, and empty between transactions: rows changed by table as triggers count them, rows that entries
# claim (``claim``), and entries that wait for their place in the log (``entry_id``). Nobody but its owner may touch it.
AUDIT_TALLY = Table(
    "audit_tally",
    METADATA,
    Column("vault_id", Identifier(), nullable=False),
    Column("seq", Identifier(), nullable=False, autoincrement=False),
    Column("txid", Identifier(), nullable=False),
    required("claim", Flag()),
    text_column("table_name"),
    required("inserted", Identifier()),
    required("updated", Identifier()),
    required("deleted", Identifier()),
    required("upserted", Identifier()),
    Column("ids", JsonText()),
    Column("entry_id", Identifier()),
    PrimaryKeyConstraint("vault_id", "seq"),
    ForeignKeyConstraint(["vault_id"], ["vaults.id"], name="vault"),
    Index("ix_audit_tally_transaction", "vault_id", "txid"),
    sqlite_strict=True,
)
