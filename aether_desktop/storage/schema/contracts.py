"""Smart contracts: deployments and their code."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column

from aether_desktop.domain.contracts import ContractStatus
from aether_desktop.storage.columns import Choice, JsonText, UtcTime, choice_check, length_check
from aether_desktop.storage.schema.base import folded_column, order_indexes, record_table, required, text_column

SMART_CONTRACTS = record_table(
    "smart_contracts",
    text_column("name", default=False),
    folded_column("name"),
    text_column("chain", default=False),
    text_column("address"),
    required("status", Choice(ContractStatus)),
    Column("last_interaction_at", UtcTime()),
    required("artifact", JsonText()),
    choice_check("status", ContractStatus),
    length_check("name", 200, least=1),
    length_check("chain", 40, least=1),
    length_check("address", 200),
    CheckConstraint("address <> '' OR status = 'pending'", name="address"),
    *order_indexes("smart_contracts", "name_fold", "chain", "address", "status", "last_interaction_at", "created_at"),
)
