"""Wallets, their secrets, and the coins and tokens their rows are counted in."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column

from aether_desktop.domain.amounts import MAX_DECIMALS
from aether_desktop.domain.wallet_secrets import SecretKind
from aether_desktop.domain.wallets import WalletKind
from aether_desktop.storage.columns import (
    Choice,
    Flag,
    Identifier,
    SealedValue,
    UtcTime,
    choice_check,
    length_check,
)
from aether_desktop.storage.schema.base import (
    folded_column,
    order_indexes,
    record_table,
    reference,
    required,
    text_column,
    unique_index,
    vault_table,
)

WALLETS = record_table(
    "wallets",
    text_column("name", default=False),
    text_column("name_fold", default=False),
    text_column("chain", default=False),
    text_column("address"),
    required("kind", Choice(WalletKind)),
    text_column("symbol"),
    folded_column("symbol"),
    required("watch_only", Flag()),
    choice_check("kind", WalletKind),
    length_check("name", 200, least=1),
    length_check("chain", 40, least=1),
    length_check("address", 200),
    length_check("symbol", 64),
    unique_index("uq_wallets_name", "owner_id", "name_fold", where="archived_at IS NULL"),
    unique_index(
        "uq_wallets_address",
        "owner_id",
        "address",
        "chain",
        "kind",
        "symbol",
        where="archived_at IS NULL AND address <> ''",
    ),
    *order_indexes("wallets", "name_fold", "chain", "address", "kind", "symbol_fold", "watch_only", "created_at"),
)

# Never plain: only its owner's Most Holy key opens it, whoever owns the server or the file.
WALLET_SECRETS = vault_table(
    "wallet_secrets",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("owner_id", Identifier()),
    required("wallet_id", Identifier()),
    required("kind", Choice(SecretKind)),
    required("sealed", SealedValue()),
    required("version", Identifier()),
    required("created_at", UtcTime()),
    choice_check("kind", SecretKind),
    reference("owner_id", "users"),
    reference("wallet_id", "wallets"),
    unique_index("uq_wallet_secrets_kind", "owner_id", "wallet_id", "kind"),
)

CURRENCIES = vault_table(
    "currencies",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    text_column("symbol", default=False),
    required("decimals", Identifier()),
    text_column("chain"),
    text_column("contract"),
    text_column("name"),
    required("decimals_assumed", Flag()),
    CheckConstraint(f"decimals BETWEEN 0 AND {MAX_DECIMALS}", name="decimals"),
    length_check("symbol", 200),
    length_check("chain", 40),
    length_check("contract", 200),
    length_check("name", 200),
    unique_index("uq_currencies_token", "chain", "contract", where="contract <> ''"),
    unique_index("uq_currencies_coin", "chain", "symbol", where="contract = ''"),
)
