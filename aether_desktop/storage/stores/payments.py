"""Fiat and crypto payments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, and_, select

from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.payments import Payment, PaymentStatus
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import sealed_names
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import NotFoundError
from aether_desktop.ports.storage import CurrencyStore
from aether_desktop.storage.columns import rank_key
from aether_desktop.storage.currency_rows import joined_columns, joined_currency, stored_amount
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import CURRENCIES, PAYMENTS
from aether_desktop.storage.sealed_columns import SealedStore, joined, split
from aether_desktop.storage.stores.records import SqlRecordStore, UniqueRule, record_fields

_PLAIN = (
    "paid_at",
    "status",
    "provider",
    "wallet_id",
    "payment_method_id",
    "security_level",
    "quantum_signature",
    "description",
)


class SqlPaymentStore(SealedStore, SqlRecordStore[Payment]):
    """Implements ``ports.storage.PaymentStore``. Worker threads only; raises the StorageError family."""

    name = TableName.PAYMENTS
    table = PAYMENTS
    uniques = (
        UniqueRule(
            ("owner_id", "provider", "external_id"),
            "external_id",
            "A payment with this id of this provider is already there.",
        ),
        UniqueRule(
            ("owner_id", "provider", "external_id_blind"),
            "external_id",
            "A payment with this id of this provider is already there.",
        ),
    )

    def __init__(self, database: Database, currencies: CurrencyStore) -> None:
        super().__init__(database)
        self._currencies = currencies

    def by_external_id(self, provider: str, external_id: str) -> Payment:
        """Archived ones too. Raises NotFoundError."""
        columns = PAYMENTS.c
        found = self._select(
            self._query()
            .where(columns.provider == provider, columns.external_id == external_id)
            .order_by(columns.id)
            .limit(1)
        )
        if not found or not external_id:
            raise NotFoundError(f"There is no payment {external_id[:100]!r} of {provider[:100]!r}.")
        return found[0]

    def by_tokens(self, provider: str | None, tokens: Sequence[bytes]) -> list[Payment]:
        """Those whose sealed id has one of these blind tokens, of any provider (None); archived ones too."""
        columns = PAYMENTS.c
        query = self._query().where(columns.external_id_blind.in_(tokens)).order_by(columns.id)
        return self._select(query if provider is None else query.where(columns.provider == provider))

    def history_of_user(self, user_id: int, limit: int) -> list[Payment]:
        """Not archived, latest first."""
        columns = PAYMENTS.c
        return self._select(
            self._query()
            .where(columns.owner_id == user_id, columns.archived_at.is_(None))
            .order_by(columns.paid_at.desc(), columns.id.desc())
            .limit(limit)
        )

    def set_status(self, payment_id: int, status: PaymentStatus, *, version: int) -> ChangeSet:
        """Raises ConflictError, NotFoundError."""
        return self._set("set_status", payment_id, version, status=status)

    def _query(self) -> Select[Any]:
        same = and_(CURRENCIES.c.vault_id == PAYMENTS.c.vault_id, CURRENCIES.c.id == PAYMENTS.c.currency_id)
        return select(PAYMENTS, *joined_columns(CURRENCIES, "currency")).join(CURRENCIES, same)

    def _columns_of(self, record: Payment) -> dict[str, Any]:
        units, currency = stored_amount(record.amount, self._currencies, field="amount")
        return {
            **{name: getattr(record, name) for name in _PLAIN},
            **split(record, "external_id"),
            **split(record, "metadata"),
            "currency_id": currency.id,
            "amount": units,
            "amount_rank": rank_key(units, currency.decimals),
        }

    def _record_of(self, row: RowMapping) -> Payment:
        currency = joined_currency(row, "currency", currency_id=row["currency_id"])
        return Payment(
            **record_fields(row),
            **{name: row[name] for name in _PLAIN},
            **joined(row, sealed_names(self.name)),
            amount=Amount(row["amount"], currency),
        )
