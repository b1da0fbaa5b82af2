"""Vaults, who is in them, key slots and client numbers."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, LargeBinary, PrimaryKeyConstraint, Table, text

from aether_desktop.domain.users import Role
from aether_desktop.storage.columns import Choice, Identifier, UtcTime, choice_check, length_check
from aether_desktop.storage.schema.base import METADATA, reference, required, text_column, unique_index, vault_table

VAULTS = Table(
    "vaults",
    METADATA,
    Column("id", Identifier(), nullable=False, autoincrement=False),
    text_column("name", default=False),
    required("created_at", UtcTime()),
    PrimaryKeyConstraint("id"),
    length_check("name", 200, least=1),
    sqlite_strict=True,
)

# ``login`` is the person's own database role on a shared server; empty in an embedded vault.
VAULT_MEMBERS = vault_table(
    "vault_members",
    required("user_id", Identifier()),
    required("role", Choice(Role)),
    text_column("login"),
    required("joined_at", UtcTime()),
    Column("left_at", UtcTime()),
    choice_check("role", Role),
    length_check("login", 63),
    reference("user_id", "users"),
    unique_index("uq_vault_members_login", "login", where="login <> ''"),
    key=("user_id",),
)

KEY_SLOTS = vault_table(
    "key_slots",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("level", Identifier()),
    text_column("kind", default=False),
    required("created_at", UtcTime()),
    required("header", LargeBinary()),
    CheckConstraint("level BETWEEN 1 AND 3", name="level"),
    length_check("kind", 40, least=1),
)

# Wrong factors in a row of levels that are opened while a shared database is connected. There a trigger writes the
# server's time, and a count only grows by one or ends. Not content, so not audited row by row.
UNLOCK_ATTEMPTS = vault_table(
    "unlock_attempts",
    required("user_id", Identifier()),
    required("level", Identifier()),
    required("failures", Identifier()),
    required("last_at", UtcTime()),
    CheckConstraint("level BETWEEN 1 AND 3", name="level"),
    CheckConstraint("failures >= 0", name="failures"),
    reference("user_id", "users"),
    key=("user_id", "level"),
)

# Who may give ids with this client number, and until when; ``generation`` grows with every change of hands, ``writes``
# with every commit of the holder (other clients poll it where notifications do not reach them). On a shared server
# a trigger writes whose login holds the number, and from when on (microseconds): the ids that login may use.
ID_CLIENTS = vault_table(
    "id_clients",
    required("number", Identifier()),
    text_column("holder"),
    required("generation", Identifier()),
    required("writes", Identifier()),
    required("leased_at", UtcTime()),
    required("expires_at", UtcTime()),
    Column("released_at", UtcTime()),
    text_column("login"),
    Column("starts_at", Identifier(), nullable=False, server_default=text("0")),
    CheckConstraint("number BETWEEN 0 AND 4095", name="number"),
    length_check("holder", 200),
    key=("number",),
)
