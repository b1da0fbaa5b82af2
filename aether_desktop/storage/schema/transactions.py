"""The ledger: one row is one movement of one currency in one wallet."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary

from aether_desktop.domain.transactions import Direction, Leg, TransactionKind, TransactionStatus
from aether_desktop.storage.columns import (
    Choice,
    Flag,
    Identifier,
    JsonText,
    RankKey,
    UnitsKey,
    UtcTime,
    choice_check,
    length_check,
    units_key_check,
)
from aether_desktop.storage.schema.base import (
    engine_index,
    ledger_index,
    record_table,
    reference,
    required,
    text_column,
    unique_index,
)

# ``amount_rank`` and ``fee_rank`` order the figures people see across currencies of different decimals.
# ``counterparty`` is the other side: from when value comes in, else to, else the contract.
# ``identity`` tells an imported movement again (columns ``wallet_id``, ``identity``); NULL for rows made by hand.
TRANSACTIONS = record_table(
    "transactions",
    required("wallet_id", Identifier()),
    required("occurred_at", UtcTime()),
    text_column("tx_hash"),
    required("kind", Choice(TransactionKind)),
    required("leg", Choice(Leg)),
    required("direction", Choice(Direction)),
    required("status", Choice(TransactionStatus)),
    required("currency_id", Identifier()),
    required("amount", UnitsKey()),
    required("amount_rank", RankKey()),
    Column("fee_currency_id", Identifier()),
    Column("fee", UnitsKey()),
    Column("fee_rank", RankKey()),
    text_column("from_address"),
    text_column("to_address"),
    text_column("counterparty"),
    text_column("contract_address"),
    Column("block_number", Identifier()),
    text_column("method"),
    text_column("error"),
    text_column("description"),
    required("ai_verified", Flag()),
    text_column("layer2_kind"),
    required("layer2_data", JsonText()),
    Column("batch_id", Identifier()),
    Column("source_row", Identifier()),
    Column("identity", LargeBinary()),
    choice_check("kind", TransactionKind),
    choice_check("leg", Leg),
    choice_check("direction", Direction),
    choice_check("status", TransactionStatus),
    units_key_check("amount"),
    units_key_check("fee"),
    CheckConstraint("(fee IS NULL) = (fee_currency_id IS NULL) AND (fee IS NULL) = (fee_rank IS NULL)", name="fee"),
    CheckConstraint("block_number >= 0", name="block_number"),
    CheckConstraint("length(identity) = 16", name="identity"),
    length_check("tx_hash", 200),
    length_check("from_address", 200),
    length_check("to_address", 200),
    length_check("counterparty", 200),
    length_check("contract_address", 200),
    length_check("method", 200),
    length_check("error", 2000),
    length_check("description", 10_000),
    length_check("layer2_kind", 100),
    reference("wallet_id", "wallets"),
    reference("currency_id", "currencies"),
    reference("fee_currency_id", "currencies"),
    reference("batch_id", "import_batches"),
    # By value, then time: each gives the rows of one value in the ledger's own order (storage/ledger_ways.py).
    ledger_index("time"),
    ledger_index("wallet", "wallet_id"),
    ledger_index("currency", "currency_id"),
    ledger_index("class", "kind", "direction"),
    ledger_index("batch", "batch_id"),
    ledger_index("counterparty", "counterparty"),
    # The other side is in ``counterparty`` already; what is left is nearly always an own address.
    ledger_index("from", "from_address", where="from_address <> counterparty"),
    ledger_index("to", "to_address", where="to_address <> counterparty"),
    ledger_index("contract", "contract_address", where="contract_address <> ''"),
    ledger_index("method", "method", where="method <> ''"),
    ledger_index("layer2", "layer2_kind", where="layer2_kind <> ''"),
    ledger_index("status", "status", where="status <> 'confirmed'"),
    ledger_index("leg", "leg", where="leg <> 'normal'"),
    ledger_index("fee_currency", "fee_currency_id", where="fee_currency_id <> currency_id"),
    ledger_index("verified", where="ai_verified"),
    ledger_index("error", where="error <> ''"),
    ledger_index("description", where="description <> ''"),
    ledger_index("archived", where="archived_at IS NOT NULL"),
    # By value alone.
    Index("ix_transactions_hash", "vault_id", "tx_hash", "id", "archived_at"),
    Index("ix_transactions_amount", "vault_id", "amount_rank", "id", "archived_at"),
    Index("ix_transactions_fee", "vault_id", "fee_rank", "id", "archived_at"),
    Index("ix_transactions_block", "vault_id", "block_number", "id", "archived_at"),
    Index("ix_transactions_created", "vault_id", "created_at", "id", "archived_at"),
    # A plain member of a shared database sees their own rows only; an embedded vault has no such readers.
    engine_index(
        "ix_transactions_owner", *("vault_id", "owner_id", "occurred_at", "id", "archived_at"), engine="postgresql"
    ),
    unique_index("uq_transactions_identity", "wallet_id", "identity", where="identity IS NOT NULL"),
    owner_index=False,
)
