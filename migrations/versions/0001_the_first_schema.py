"""The first schema.

Revision 0001, after nothing. Forward only: the way back is the back-up made before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PLAIN_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # compares by code point on both engines


def key_shape(column: str) -> str:
    """A length byte, then that many bytes (at most 32), the first of them not zero."""
    size = f"length({column}) BETWEEN 1 AND 33"
    if op.get_bind().dialect.name == "postgresql":
        return (
            f"{size} AND get_byte({column}, 0) = length({column}) - 1"
            f" AND (length({column}) = 1 OR get_byte({column}, 1) <> 0)"
        )
    return (
        f"{column} IS NULL OR {size} AND hex(substr({column}, 1, 1)) = printf('%02X', length({column}) - 1)"
        f" AND substr({column}, 2, 1) <> x'00'"
    )


def refers(table: str, column: str, target: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    """A reference to the (vault_id, id) of another table."""
    columns, targets = ["vault_id", column], [f"{target}.vault_id", f"{target}.id"]
    return sa.ForeignKeyConstraint(columns, targets, name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def unique(name: str, table: str, columns: list[str], *, where: str) -> None:
    """A unique index over some of the rows."""
    some = sa.text(where)
    op.create_index(name, table, columns, unique=True, sqlite_where=some, postgresql_where=some)


def record_columns() -> list[sa.Column[object]]:
    """What every table that people see begins with."""
    return [
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
    ]


def upgrade() -> None:
    _vaults()
    _audit_entries()
    _currencies()
    _foreign_labels()
    _id_clients()
    _key_slots()
    _prices()
    _users()
    _ai_monitoring_logs()
    _cid_entries()
    _payment_methods()
    _smart_contracts()
    _temple_nodes()
    _vault_members()
    _wallets()
    _annotations()
    _import_batches()
    _payments()
    _annotation_tags()
    _import_rejections()
    _transactions()
    _import_sightings()


def _vaults() -> None:
    op.create_table(
        "vaults",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", PLAIN_TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(name) >= 1 AND length(name) <= 200", name=op.f("ck_vaults_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vaults")),
        sqlite_strict=True,
    )


def _audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("action", PLAIN_TEXT, nullable=False),
        sa.Column("table_name", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "length(action) >= 1 AND length(action) <= 100", name=op.f("ck_audit_entries_action_length")
        ),
        sa.CheckConstraint("length(table_name) <= 100", name=op.f("ck_audit_entries_table_name_length")),
        sa.CheckConstraint("row_count >= 0", name=op.f("ck_audit_entries_row_count")),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_audit_entries_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_audit_entries")),
        sqlite_strict=True,
    )
    op.create_index("ix_audit_entries_time", "audit_entries", ["vault_id", "at", "id"], unique=False)


def _currencies() -> None:
    op.create_table(
        "currencies",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("symbol", PLAIN_TEXT, nullable=False),
        sa.Column("decimals", sa.BigInteger(), nullable=False),
        sa.Column("chain", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("contract", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("name", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("decimals_assumed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("decimals BETWEEN 0 AND 77", name=op.f("ck_currencies_decimals")),
        sa.CheckConstraint("length(chain) <= 40", name=op.f("ck_currencies_chain_length")),
        sa.CheckConstraint("length(contract) <= 200", name=op.f("ck_currencies_contract_length")),
        sa.CheckConstraint("length(name) <= 200", name=op.f("ck_currencies_name_length")),
        sa.CheckConstraint("length(symbol) <= 200", name=op.f("ck_currencies_symbol_length")),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_currencies_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_currencies")),
        sqlite_strict=True,
    )
    unique("uq_currencies_coin", "currencies", ["vault_id", "chain", "symbol"], where="contract = ''")
    unique("uq_currencies_token", "currencies", ["vault_id", "chain", "contract"], where="contract <> ''")


def _foreign_labels() -> None:
    op.create_table(
        "foreign_labels",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("type", PLAIN_TEXT, nullable=False),
        sa.Column("ref", PLAIN_TEXT, nullable=False),
        sa.Column("origin", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.CheckConstraint("length(type) >= 1 AND length(type) <= 100", name=op.f("ck_foreign_labels_type_length")),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_foreign_labels_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_foreign_labels")),
        sqlite_strict=True,
    )
    op.create_index("uq_foreign_labels_ref", "foreign_labels", ["vault_id", "type", "ref", "origin"], unique=True)


def _id_clients() -> None:
    op.create_table(
        "id_clients",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("holder", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("writes", sa.BigInteger(), nullable=False),
        sa.Column("leased_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("length(holder) <= 200", name=op.f("ck_id_clients_holder_length")),
        sa.CheckConstraint("number BETWEEN 0 AND 4095", name=op.f("ck_id_clients_number")),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_id_clients_vault")),
        sa.PrimaryKeyConstraint("vault_id", "number", name=op.f("pk_id_clients")),
        sqlite_strict=True,
    )


def _key_slots() -> None:
    op.create_table(
        "key_slots",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("kind", PLAIN_TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(kind) >= 1 AND length(kind) <= 40", name=op.f("ck_key_slots_kind_length")),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name=op.f("ck_key_slots_level")),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_key_slots_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_key_slots")),
        sqlite_strict=True,
    )


def _prices() -> None:
    op.create_table(
        "prices",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("symbol", PLAIN_TEXT, nullable=False),
        sa.Column("currency", PLAIN_TEXT, nullable=False),
        sa.Column("price", PLAIN_TEXT, nullable=False),
        sa.Column("source", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("length(currency) >= 1 AND length(currency) <= 64", name=op.f("ck_prices_currency_length")),
        sa.CheckConstraint("length(price) >= 1 AND length(price) <= 120", name=op.f("ck_prices_price_length")),
        sa.CheckConstraint("length(source) <= 200", name=op.f("ck_prices_source_length")),
        sa.CheckConstraint("length(symbol) >= 1 AND length(symbol) <= 64", name=op.f("ck_prices_symbol_length")),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_prices_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_prices")),
        sqlite_strict=True,
    )
    op.create_index("uq_prices_day", "prices", ["vault_id", "currency", "symbol", "day", "source"], unique=True)


def _users() -> None:
    op.create_table(
        "users",
        *record_columns(),
        sa.Column("username", PLAIN_TEXT, nullable=False),
        sa.Column("username_fold", PLAIN_TEXT, nullable=False),
        sa.Column("email", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("email_fold", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("display_name", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("membership", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("last_login_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("membership IN ('associate', 'full', 'governing')", name=op.f("ck_users_membership")),
        sa.CheckConstraint("role IN ('member', 'levite', 'aaronic', 'zadokite')", name=op.f("ck_users_role")),
        sa.CheckConstraint("length(display_name) <= 200", name=op.f("ck_users_display_name_length")),
        sa.CheckConstraint("length(email) <= 254", name=op.f("ck_users_email_length")),
        sa.CheckConstraint("length(username) >= 1 AND length(username) <= 100", name=op.f("ck_users_username_length")),
        refers("users", "owner_id", "users"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_users_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_users")),
        sqlite_strict=True,
    )
    op.create_index("ix_users_owner", "users", ["vault_id", "owner_id", "id"], unique=False)
    unique("uq_users_email", "users", ["vault_id", "email_fold"], where="email_fold <> ''")
    op.create_index("uq_users_username", "users", ["vault_id", "username_fold"], unique=True)


def _ai_monitoring_logs() -> None:
    op.create_table(
        "ai_monitoring_logs",
        *record_columns(),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("description", PLAIN_TEXT, nullable=False),
        sa.Column("related_table", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("related_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(related_table = '') = (related_id IS NULL)", name=op.f("ck_ai_monitoring_logs_related")),
        sa.CheckConstraint(
            "action IN ('threat_detected', 'transaction_verified', 'gas_optimization')",
            name=op.f("ck_ai_monitoring_logs_action"),
        ),
        sa.CheckConstraint("severity IN ('info', 'warning', 'critical')", name=op.f("ck_ai_monitoring_logs_severity")),
        sa.CheckConstraint(
            "length(description) >= 1 AND length(description) <= 10000",
            name=op.f("ck_ai_monitoring_logs_description_length"),
        ),
        sa.CheckConstraint("length(related_table) <= 100", name=op.f("ck_ai_monitoring_logs_related_table_length")),
        refers("ai_monitoring_logs", "owner_id", "users"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_ai_monitoring_logs_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_ai_monitoring_logs")),
        sqlite_strict=True,
    )
    op.create_index("ix_ai_monitoring_logs_owner", "ai_monitoring_logs", ["vault_id", "owner_id", "id"], unique=False)
    op.create_index("ix_ai_monitoring_logs_time", "ai_monitoring_logs", ["vault_id", "seen_at", "id"], unique=False)


def _cid_entries() -> None:
    op.create_table(
        "cid_entries",
        *record_columns(),
        sa.Column("cid", PLAIN_TEXT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("name", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('wallet_backup', 'smart_contract', 'transaction_log')", name=op.f("ck_cid_entries_kind")
        ),
        sa.CheckConstraint("status IN ('active', 'syncing', 'inactive')", name=op.f("ck_cid_entries_status")),
        sa.CheckConstraint("length(cid) >= 1 AND length(cid) <= 400", name=op.f("ck_cid_entries_cid_length")),
        sa.CheckConstraint("length(name) <= 200", name=op.f("ck_cid_entries_name_length")),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_cid_entries_size_bytes")),
        refers("cid_entries", "owner_id", "users"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_cid_entries_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_cid_entries")),
        sqlite_strict=True,
    )
    op.create_index("ix_cid_entries_cid", "cid_entries", ["vault_id", "cid", "id"], unique=False)
    op.create_index("ix_cid_entries_owner", "cid_entries", ["vault_id", "owner_id", "id"], unique=False)


def _payment_methods() -> None:
    op.create_table(
        "payment_methods",
        *record_columns(),
        sa.Column("name", PLAIN_TEXT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("provider", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("provider_reference", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("last_four", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("expires_on", sa.Text(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('card', 'bank_account', 'crypto')", name=op.f("ck_payment_methods_kind")),
        sa.CheckConstraint("status IN ('active', 'expired', 'invalid')", name=op.f("ck_payment_methods_status")),
        sa.CheckConstraint("length(last_four) <= 4", name=op.f("ck_payment_methods_last_four_length")),
        sa.CheckConstraint("length(name) >= 1 AND length(name) <= 200", name=op.f("ck_payment_methods_name_length")),
        sa.CheckConstraint("length(provider) <= 200", name=op.f("ck_payment_methods_provider_length")),
        sa.CheckConstraint(
            "length(provider_reference) <= 200", name=op.f("ck_payment_methods_provider_reference_length")
        ),
        refers("payment_methods", "owner_id", "users"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_payment_methods_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_payment_methods")),
        sqlite_strict=True,
    )
    op.create_index("ix_payment_methods_owner", "payment_methods", ["vault_id", "owner_id", "id"], unique=False)
    unique(
        "uq_payment_methods_default",
        "payment_methods",
        ["vault_id", "owner_id"],
        where="is_default AND archived_at IS NULL",
    )


def _smart_contracts() -> None:
    op.create_table(
        "smart_contracts",
        *record_columns(),
        sa.Column("name", PLAIN_TEXT, nullable=False),
        sa.Column("chain", PLAIN_TEXT, nullable=False),
        sa.Column("address", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("last_interaction_at", sa.BigInteger(), nullable=True),
        sa.Column("artifact", sa.Text(), nullable=False),
        sa.CheckConstraint("address <> '' OR status = 'pending'", name=op.f("ck_smart_contracts_address")),
        sa.CheckConstraint("status IN ('pending', 'active', 'inactive')", name=op.f("ck_smart_contracts_status")),
        sa.CheckConstraint("length(address) <= 200", name=op.f("ck_smart_contracts_address_length")),
        sa.CheckConstraint("length(chain) >= 1 AND length(chain) <= 40", name=op.f("ck_smart_contracts_chain_length")),
        sa.CheckConstraint("length(name) >= 1 AND length(name) <= 200", name=op.f("ck_smart_contracts_name_length")),
        refers("smart_contracts", "owner_id", "users"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_smart_contracts_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_smart_contracts")),
        sqlite_strict=True,
    )
    op.create_index("ix_smart_contracts_address", "smart_contracts", ["vault_id", "address", "id"], unique=False)
    op.create_index("ix_smart_contracts_owner", "smart_contracts", ["vault_id", "owner_id", "id"], unique=False)


def _temple_nodes() -> None:
    op.create_table(
        "temple_nodes",
        *record_columns(),
        sa.Column("node_id", PLAIN_TEXT, nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("storage_threshold", sa.BigInteger(), nullable=False),
        sa.Column("compute_threshold", sa.BigInteger(), nullable=False),
        sa.Column("abundance_threshold", sa.BigInteger(), nullable=False),
        sa.Column("harmony", sa.Double(), nullable=True),
        sa.Column("elder", sa.Boolean(), nullable=False),
        sa.Column("covenants", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("configuration", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('candidate', 'unknown', 'up', 'degraded', 'down', 'flapping', 'silenced', 'retired')",
            name=op.f("ck_temple_nodes_status"),
        ),
        sa.CheckConstraint(
            "tier IN ('outer_court', 'holy_place', 'most_holy_place')", name=op.f("ck_temple_nodes_tier")
        ),
        sa.CheckConstraint("abundance_threshold BETWEEN 0 AND 1000", name=op.f("ck_temple_nodes_abundance_threshold")),
        sa.CheckConstraint("compute_threshold BETWEEN 0 AND 1000", name=op.f("ck_temple_nodes_compute_threshold")),
        sa.CheckConstraint("harmony BETWEEN 0 AND 24", name=op.f("ck_temple_nodes_harmony")),
        sa.CheckConstraint("length(covenants) <= 400", name=op.f("ck_temple_nodes_covenants_length")),
        sa.CheckConstraint(
            "length(node_id) >= 1 AND length(node_id) <= 200", name=op.f("ck_temple_nodes_node_id_length")
        ),
        sa.CheckConstraint("storage_threshold BETWEEN 0 AND 1000", name=op.f("ck_temple_nodes_storage_threshold")),
        refers("temple_nodes", "owner_id", "users"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_temple_nodes_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_temple_nodes")),
        sqlite_strict=True,
    )
    op.create_index("ix_temple_nodes_owner", "temple_nodes", ["vault_id", "owner_id", "id"], unique=False)


def _vault_members() -> None:
    op.create_table(
        "vault_members",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("login", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("role IN ('member', 'levite', 'aaronic', 'zadokite')", name=op.f("ck_vault_members_role")),
        sa.CheckConstraint("length(login) <= 63", name=op.f("ck_vault_members_login_length")),
        refers("vault_members", "user_id", "users"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_vault_members_vault")),
        sa.PrimaryKeyConstraint("vault_id", "user_id", name=op.f("pk_vault_members")),
        sqlite_strict=True,
    )
    unique("uq_vault_members_login", "vault_members", ["vault_id", "login"], where="login <> ''")


def _wallets() -> None:
    op.create_table(
        "wallets",
        *record_columns(),
        sa.Column("name", PLAIN_TEXT, nullable=False),
        sa.Column("name_fold", PLAIN_TEXT, nullable=False),
        sa.Column("chain", PLAIN_TEXT, nullable=False),
        sa.Column("address", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("symbol", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("watch_only", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('native', 'token', 'nft')", name=op.f("ck_wallets_kind")),
        sa.CheckConstraint("length(address) <= 200", name=op.f("ck_wallets_address_length")),
        sa.CheckConstraint("length(chain) >= 1 AND length(chain) <= 40", name=op.f("ck_wallets_chain_length")),
        sa.CheckConstraint("length(name) >= 1 AND length(name) <= 200", name=op.f("ck_wallets_name_length")),
        sa.CheckConstraint("length(symbol) <= 64", name=op.f("ck_wallets_symbol_length")),
        refers("wallets", "owner_id", "users"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_wallets_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_wallets")),
        sqlite_strict=True,
    )
    op.create_index("ix_wallets_address", "wallets", ["vault_id", "address"], unique=False)
    op.create_index("ix_wallets_owner", "wallets", ["vault_id", "owner_id", "id"], unique=False)
    unique(
        "uq_wallets_address",
        "wallets",
        ["vault_id", "address", "chain", "kind", "symbol"],
        where="archived_at IS NULL AND address <> ''",
    )
    unique("uq_wallets_name", "wallets", ["vault_id", "name_fold"], where="archived_at IS NULL")


def _annotations() -> None:
    op.create_table(
        "annotations",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("label", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("note", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("extra", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("detached", sa.Boolean(), nullable=False),
        sa.Column("wallet_id", sa.BigInteger(), nullable=True),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "table_name IN ('wallets', 'transactions', 'contracts', 'temple_nodes', 'payments', "
            "'payment_methods', 'content', 'monitoring', 'users')",
            name=op.f("ck_annotations_table_name"),
        ),
        sa.CheckConstraint(
            "NOT detached OR (wallet_id IS NOT NULL AND identity IS NOT NULL)", name=op.f("ck_annotations_detached")
        ),
        sa.CheckConstraint("length(identity) = 16", name=op.f("ck_annotations_identity")),
        sa.CheckConstraint("length(label) <= 255", name=op.f("ck_annotations_label_length")),
        sa.CheckConstraint("length(note) <= 20000", name=op.f("ck_annotations_note_length")),
        refers("annotations", "wallet_id", "wallets"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_annotations_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_annotations")),
        sqlite_strict=True,
    )
    op.create_index("ix_annotations_identity", "annotations", ["vault_id", "wallet_id", "identity"], unique=False)
    op.create_index("uq_annotations_row", "annotations", ["vault_id", "table_name", "row_id"], unique=True)


def _import_batches() -> None:
    op.create_table(
        "import_batches",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wallet_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", PLAIN_TEXT, nullable=False),
        sa.Column("sha256", PLAIN_TEXT, nullable=False),
        sa.Column("format", PLAIN_TEXT, nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("new_count", sa.BigInteger(), nullable=False),
        sa.Column("duplicate_count", sa.BigInteger(), nullable=False),
        sa.Column("rejected_count", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(status = 'undone') = (undone_at IS NOT NULL)", name=op.f("ck_import_batches_undone_at")),
        sa.CheckConstraint("status IN ('stored', 'undone')", name=op.f("ck_import_batches_status")),
        sa.CheckConstraint("length(file_name) <= 1000", name=op.f("ck_import_batches_file_name_length")),
        sa.CheckConstraint(
            "length(format) >= 1 AND length(format) <= 100", name=op.f("ck_import_batches_format_length")
        ),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_import_batches_sha256")),
        sa.CheckConstraint(
            "row_count >= 0 AND new_count >= 0 AND duplicate_count >= 0 AND rejected_count >= 0",
            name=op.f("ck_import_batches_counts"),
        ),
        refers("import_batches", "imported_by", "users"),
        refers("import_batches", "wallet_id", "wallets"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_import_batches_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_import_batches")),
        sqlite_strict=True,
    )
    op.create_index("ix_import_batches_time", "import_batches", ["vault_id", "imported_at", "id"], unique=False)
    op.create_index("ix_import_batches_wallet", "import_batches", ["vault_id", "wallet_id"], unique=False)


def _payments() -> None:
    op.create_table(
        "payments",
        *record_columns(),
        sa.Column("paid_at", sa.BigInteger(), nullable=False),
        sa.Column("currency_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.LargeBinary(), nullable=False),
        sa.Column("amount_rank", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("provider", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("external_id", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("wallet_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_method_id", sa.BigInteger(), nullable=True),
        sa.Column("security_level", sa.Text(), nullable=False),
        sa.Column("quantum_signature", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("description", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint(
            "security_level IN ('standard', 'enhanced', 'quantum')", name=op.f("ck_payments_security_level")
        ),
        sa.CheckConstraint("status IN ('pending', 'completed', 'failed', 'refunded')", name=op.f("ck_payments_status")),
        sa.CheckConstraint("length(description) <= 10000", name=op.f("ck_payments_description_length")),
        sa.CheckConstraint("length(external_id) <= 200", name=op.f("ck_payments_external_id_length")),
        sa.CheckConstraint("length(provider) <= 200", name=op.f("ck_payments_provider_length")),
        sa.CheckConstraint("length(quantum_signature) <= 20000", name=op.f("ck_payments_quantum_signature_length")),
        sa.CheckConstraint(
            key_shape("amount"),
            name=op.f("ck_payments_amount_key"),
        ),
        refers("payments", "currency_id", "currencies"),
        refers("payments", "owner_id", "users"),
        refers("payments", "payment_method_id", "payment_methods"),
        refers("payments", "wallet_id", "wallets"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_payments_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_payments")),
        sqlite_strict=True,
    )
    op.create_index("ix_payments_amount", "payments", ["vault_id", "amount_rank", "id"], unique=False)
    op.create_index("ix_payments_owner", "payments", ["vault_id", "owner_id", "id"], unique=False)
    op.create_index("ix_payments_time", "payments", ["vault_id", "paid_at", "id"], unique=False)
    unique("uq_payments_external", "payments", ["vault_id", "provider", "external_id"], where="external_id <> ''")


def _annotation_tags() -> None:
    op.create_table(
        "annotation_tags",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("annotation_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("tag", PLAIN_TEXT, nullable=False),
        sa.Column("tag_fold", PLAIN_TEXT, nullable=False),
        sa.CheckConstraint("length(tag) >= 1 AND length(tag) <= 64", name=op.f("ck_annotation_tags_tag_length")),
        refers("annotation_tags", "annotation_id", "annotations", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_annotation_tags_vault")),
        sa.PrimaryKeyConstraint("vault_id", "annotation_id", "position", name=op.f("pk_annotation_tags")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_annotation_tags_tag", "annotation_tags", ["vault_id", "tag_fold", "annotation_id"], unique=False
    )


def _import_rejections() -> None:
    op.create_table(
        "import_rejections",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("reason", PLAIN_TEXT, nullable=False),
        refers("import_rejections", "batch_id", "import_batches", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_import_rejections_vault")),
        sa.PrimaryKeyConstraint("vault_id", "batch_id", "position", name=op.f("pk_import_rejections")),
        sqlite_strict=True,
    )


def _transactions() -> None:
    op.create_table(
        "transactions",
        *record_columns(),
        sa.Column("wallet_id", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("leg", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.LargeBinary(), nullable=False),
        sa.Column("amount_rank", sa.LargeBinary(), nullable=False),
        sa.Column("fee_currency_id", sa.BigInteger(), nullable=True),
        sa.Column("fee", sa.LargeBinary(), nullable=True),
        sa.Column("fee_rank", sa.LargeBinary(), nullable=True),
        sa.Column("from_address", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("to_address", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("counterparty", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("contract_address", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("method", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("error", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("description", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("ai_verified", sa.Boolean(), nullable=False),
        sa.Column("layer2_kind", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("layer2_data", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("direction IN ('in', 'out', 'self')", name=op.f("ck_transactions_direction")),
        sa.CheckConstraint("kind IN ('send', 'receive', 'contract_interaction')", name=op.f("ck_transactions_kind")),
        sa.CheckConstraint("leg IN ('normal', 'internal', 'token', 'trade', 'fee')", name=op.f("ck_transactions_leg")),
        sa.CheckConstraint(
            "status IN ('pending', 'confirmed', 'failed', 'orphaned')", name=op.f("ck_transactions_status")
        ),
        sa.CheckConstraint(
            "(fee IS NULL) = (fee_currency_id IS NULL) AND (fee IS NULL) = (fee_rank IS NULL)",
            name=op.f("ck_transactions_fee"),
        ),
        sa.CheckConstraint("block_number >= 0", name=op.f("ck_transactions_block_number")),
        sa.CheckConstraint("length(contract_address) <= 200", name=op.f("ck_transactions_contract_address_length")),
        sa.CheckConstraint("length(counterparty) <= 200", name=op.f("ck_transactions_counterparty_length")),
        sa.CheckConstraint("length(description) <= 10000", name=op.f("ck_transactions_description_length")),
        sa.CheckConstraint("length(error) <= 2000", name=op.f("ck_transactions_error_length")),
        sa.CheckConstraint("length(from_address) <= 200", name=op.f("ck_transactions_from_address_length")),
        sa.CheckConstraint("length(identity) = 16", name=op.f("ck_transactions_identity")),
        sa.CheckConstraint("length(layer2_kind) <= 100", name=op.f("ck_transactions_layer2_kind_length")),
        sa.CheckConstraint("length(method) <= 200", name=op.f("ck_transactions_method_length")),
        sa.CheckConstraint("length(to_address) <= 200", name=op.f("ck_transactions_to_address_length")),
        sa.CheckConstraint("length(tx_hash) <= 200", name=op.f("ck_transactions_tx_hash_length")),
        sa.CheckConstraint(
            key_shape("amount"),
            name=op.f("ck_transactions_amount_key"),
        ),
        sa.CheckConstraint(
            key_shape("fee"),
            name=op.f("ck_transactions_fee_key"),
        ),
        refers("transactions", "batch_id", "import_batches"),
        refers("transactions", "currency_id", "currencies"),
        refers("transactions", "fee_currency_id", "currencies"),
        refers("transactions", "owner_id", "users"),
        refers("transactions", "wallet_id", "wallets"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_transactions_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_transactions")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_transactions_amount", "transactions", ["vault_id", "amount_rank", "id", "archived_at"], unique=False
    )
    op.create_index("ix_transactions_batch", "transactions", ["vault_id", "batch_id"], unique=False)
    op.create_index(
        "ix_transactions_counterparty", "transactions", ["vault_id", "counterparty", "id", "archived_at"], unique=False
    )
    op.create_index("ix_transactions_hash", "transactions", ["vault_id", "tx_hash", "id", "archived_at"], unique=False)
    op.create_index(
        "ix_transactions_time", "transactions", ["vault_id", "occurred_at", "id", "archived_at"], unique=False
    )
    op.create_index(
        "ix_transactions_wallet",
        "transactions",
        ["vault_id", "wallet_id", "occurred_at", "id", "archived_at"],
        unique=False,
    )
    unique(
        "uq_transactions_identity", "transactions", ["vault_id", "wallet_id", "identity"], where="identity IS NOT NULL"
    )


def _import_sightings() -> None:
    op.create_table(
        "import_sightings",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        refers("import_sightings", "batch_id", "import_batches", ondelete="CASCADE"),
        refers("import_sightings", "transaction_id", "transactions", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_import_sightings_vault")),
        sa.PrimaryKeyConstraint("vault_id", "batch_id", "transaction_id", name=op.f("pk_import_sightings")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_import_sightings_transaction", "import_sightings", ["vault_id", "transaction_id", "batch_id"], unique=False
    )
