"""Keys of people and courts, the membership log, invitations and how far a rotation has come. Bytes made in security.

A court's owner is a person or a group, so it has no foreign key; nor has whoever a key is wrapped to, or who invited:
on a shared server people do not see everybody's row, and a reference would tell. What a row says counts only as far as
the membership log vouches for it.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary

from aether_desktop.storage.columns import Identifier, UtcTime, length_check
from aether_desktop.storage.schema.base import reference, required, text_column, vault_table

PERSON_KEYS = vault_table(
    "person_keys",
    required("user_id", Identifier()),
    required("generation", Identifier()),
    required("bundle", LargeBinary()),
    required("sealed", LargeBinary()),
    required("created_at", UtcTime()),
    CheckConstraint("generation >= 1", name="generation"),
    reference("user_id", "users"),
    key=("user_id", "generation"),
)

COURT_KEYS = vault_table(
    "court_keys",
    required("owner_id", Identifier()),
    required("court", Identifier()),
    required("key_version", Identifier()),
    required("recipient_id", Identifier()),
    required("recipient_key", LargeBinary()),
    required("wrapped", LargeBinary()),
    required("created_at", UtcTime()),
    CheckConstraint("court BETWEEN 1 AND 3", name="court"),
    CheckConstraint("key_version >= 1", name="key_version"),
    CheckConstraint("length(recipient_key) = 32", name="recipient_key"),
    Index("ix_court_keys_recipient", "vault_id", "recipient_id", "owner_id", "court", "key_version"),
    key=("owner_id", "court", "key_version", "recipient_id"),
)

# How many values each recipient has sealed under a version, counted ahead in blocks; not content, so not audited.
SEAL_COUNTS = vault_table(
    "seal_counts",
    required("owner_id", Identifier()),
    required("court", Identifier()),
    required("key_version", Identifier()),
    required("recipient_id", Identifier()),
    required("seals", Identifier()),
    CheckConstraint("seals >= 0", name="seals"),
    key=("owner_id", "court", "key_version", "recipient_id"),
)

# ``position`` counts from 0; nobody changes or removes a line.
MEMBERSHIP_STATEMENTS = vault_table(
    "membership_statements",
    required("position", Identifier()),
    required("body", LargeBinary()),
    required("signature", LargeBinary()),
    CheckConstraint("position >= 0", name="position"),
    key=("position",),
)

INVITATIONS = vault_table(
    "invitations",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("user_id", Identifier()),
    required("inviter_id", Identifier()),
    required("created_at", UtcTime()),
    required("expires_at", UtcTime()),
    required("body", LargeBinary()),
    required("sealed_key", LargeBinary()),
    Column("reply", LargeBinary()),
    Column("settled_at", UtcTime()),
    reference("user_id", "users"),
    Index("ix_invitations_user", "vault_id", "user_id", "id"),
)

# Rows of the owner are re-sealed field by field, in the order of ids: all fields before ``field``, and of it all rows
# up to ``row_id``, are done.
ROTATION_JOURNAL = vault_table(
    "rotation_journal",
    required("owner_id", Identifier()),
    required("court", Identifier()),
    required("key_version", Identifier()),
    required("started_at", UtcTime()),
    text_column("field"),
    required("row_id", Identifier()),
    required("rows_done", Identifier()),
    Column("finished_at", UtcTime()),
    CheckConstraint("court BETWEEN 1 AND 3", name="court"),
    CheckConstraint("rows_done >= 0", name="rows_done"),
    length_check("field", 100),
    key=("owner_id", "court", "key_version"),
)
