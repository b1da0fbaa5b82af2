"""Payments, and the methods they are made with."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, text

from aether_desktop.domain.payments import PaymentMethodKind, PaymentMethodStatus, PaymentStatus, SecurityLevel
from aether_desktop.storage.columns import (
    CalendarDate,
    Choice,
    Flag,
    Identifier,
    RankKey,
    UnitsKey,
    UtcTime,
    choice_check,
    length_check,
    units_key_check,
)
from aether_desktop.storage.schema.base import (
    PLAIN_TEXT,
    folded_column,
    order_indexes,
    record_table,
    reference,
    required,
    sealed_column,
    text_column,
    unique_index,
)

PAYMENT_METHODS = record_table(
    "payment_methods",
    text_column("name", default=False),
    folded_column("name"),
    required("kind", Choice(PaymentMethodKind)),
    text_column("provider"),
    folded_column("provider"),
    text_column("provider_reference"),
    text_column("last_four"),
    Column("expires_on", CalendarDate()),
    required("is_default", Flag()),
    required("status", Choice(PaymentMethodStatus)),
    sealed_column("provider_reference"),
    sealed_column("last_four"),
    sealed_column("expires_on", empty="NULL"),
    choice_check("kind", PaymentMethodKind),
    choice_check("status", PaymentMethodStatus),
    length_check("name", 200, least=1),
    length_check("provider", 200),
    length_check("provider_reference", 200),
    length_check("last_four", 4),
    unique_index("uq_payment_methods_default", "owner_id", where="is_default AND archived_at IS NULL"),
    *order_indexes("payment_methods", "name_fold", "kind", "provider_fold", "provider_reference", "last_four"),
    *order_indexes("payment_methods", "expires_on", "is_default", "status", "created_at"),
)

PAYMENTS = record_table(
    "payments",
    required("paid_at", UtcTime()),
    required("currency_id", Identifier()),
    required("amount", UnitsKey()),
    required("amount_rank", RankKey()),
    required("status", Choice(PaymentStatus)),
    text_column("provider"),
    folded_column("provider"),
    text_column("external_id"),
    Column("wallet_id", Identifier()),
    Column("payment_method_id", Identifier()),
    required("security_level", Choice(SecurityLevel)),
    text_column("quantum_signature"),
    text_column("description"),
    sealed_column("external_id"),
    # the token that a sealed id is found by: version of the key, HMAC (security/sealing.py)
    Column(
        "external_id_blind",
        LargeBinary(),
        CheckConstraint("(external_id_blind IS NULL) = (external_id_sealed IS NULL)", name="external_id_blind"),
    ),
    Column(
        "metadata",
        PLAIN_TEXT,
        CheckConstraint("length(metadata) <= 20000", name="metadata_length"),
        nullable=False,
        server_default=text("''"),
    ),
    sealed_column("metadata"),
    choice_check("status", PaymentStatus),
    choice_check("security_level", SecurityLevel),
    units_key_check("amount"),
    length_check("provider", 200),
    length_check("external_id", 200),
    length_check("quantum_signature", 20_000),
    length_check("description", 10_000),
    reference("currency_id", "currencies"),
    reference("wallet_id", "wallets"),
    reference("payment_method_id", "payment_methods"),
    unique_index("uq_payments_external", "owner_id", "provider", "external_id", where="external_id <> ''"),
    unique_index(
        "uq_payments_blind", "owner_id", "provider", "external_id_blind", where="external_id_blind IS NOT NULL"
    ),
    Index("ix_payments_time", "vault_id", "paid_at", "id"),
    Index("ix_payments_amount", "vault_id", "amount_rank", "id"),
    *order_indexes("payments", "status", "provider_fold", "external_id", "security_level", "created_at"),
    *order_indexes("payments", "currency_id", "wallet_id", "payment_method_id"),
)
