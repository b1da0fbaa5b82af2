"""EVM networks that people entered, or presets they changed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column

from aether_desktop.storage.columns import Identifier, JsonText, UtcTime, length_check
from aether_desktop.storage.schema.base import reference, required, text_column, unique_index, vault_table

EVM_NETWORKS = vault_table(
    "evm_networks",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("owner_id", Identifier()),
    required("version", Identifier()),
    required("created_at", UtcTime()),
    text_column("name", default=False),
    required("chain_id", Identifier()),
    text_column("symbol", default=False),
    required("endpoints", JsonText()),
    required("confirmations", Identifier()),
    text_column("explorer"),
    CheckConstraint("chain_id >= 1", name="chain_id"),
    CheckConstraint("confirmations BETWEEN 1 AND 100000", name="confirmations"),
    length_check("name", 100, least=1),
    length_check("symbol", 20, least=1),
    length_check("endpoints", 20_000),
    length_check("explorer", 2_000),
    reference("owner_id", "users"),
    unique_index("uq_evm_networks_chain", "owner_id", "chain_id"),
)
