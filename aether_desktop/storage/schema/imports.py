"""Provenance of imported rows, and imported prices."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary

from aether_desktop.domain.imports import BatchStatus
from aether_desktop.storage.columns import Choice, Identifier, JsonText, UtcTime, choice_check, length_check
from aether_desktop.storage.schema.base import reference, required, text_column, unique_index, vault_table

IMPORT_BATCHES = vault_table(
    "import_batches",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("wallet_id", Identifier()),
    text_column("file_name", default=False),
    text_column("sha256", default=False),
    text_column("format", default=False),
    required("imported_at", UtcTime()),
    required("imported_by", Identifier()),
    required("row_count", Identifier()),
    required("new_count", Identifier()),
    required("duplicate_count", Identifier()),
    required("rejected_count", Identifier()),
    required("status", Choice(BatchStatus)),
    Column("undone_at", UtcTime()),
    choice_check("status", BatchStatus),
    length_check("file_name", 1000),
    CheckConstraint("length(sha256) = 64", name="sha256"),
    length_check("format", 100, least=1),
    CheckConstraint(
        "row_count >= 0 AND new_count >= 0 AND duplicate_count >= 0 AND rejected_count >= 0", name="counts"
    ),
    CheckConstraint("(status = 'undone') = (undone_at IS NOT NULL)", name="undone_at"),
    reference("wallet_id", "wallets"),
    reference("imported_by", "users"),
    Index("ix_import_batches_time", "vault_id", "imported_at", "id"),
    Index("ix_import_batches_wallet", "vault_id", "wallet_id"),
)

IMPORT_REJECTIONS = vault_table(
    "import_rejections",
    required("batch_id", Identifier()),
    required("position", Identifier()),
    required("row", Identifier()),
    text_column("reason", default=False),
    reference("batch_id", "import_batches", on_delete="CASCADE"),
    key=("batch_id", "position"),
)

# A row that a later batch brought again: undoing the first batch must keep it. ``identity`` is what that file calls the
# movement when it is not what the row is known by (another program's export); ``before`` is what the batch settled on
# a pending row (status, block, error, fee), so that undoing the batch unsettles it.
IMPORT_SIGHTINGS = vault_table(
    "import_sightings",
    required("batch_id", Identifier()),
    required("transaction_id", Identifier()),
    Column("source_row", Identifier()),
    Column("identity", LargeBinary()),
    Column("before", JsonText()),
    reference("batch_id", "import_batches", on_delete="CASCADE"),
    reference("transaction_id", "transactions", on_delete="CASCADE"),
    Index("ix_import_sightings_transaction", "vault_id", "transaction_id", "batch_id"),
    key=("batch_id", "transaction_id"),
)

PRICES = vault_table(
    "prices",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("day", UtcTime()),
    text_column("symbol", default=False),
    text_column("currency", default=False),
    text_column("price", default=False),
    text_column("source"),
    length_check("symbol", 64, least=1),
    length_check("currency", 64, least=1),
    length_check("price", 120, least=1),
    length_check("source", 200),
    unique_index("uq_prices_day", "currency", "symbol", "day", "source"),
)
