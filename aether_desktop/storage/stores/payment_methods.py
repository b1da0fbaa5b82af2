"""How a user pays or is paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, select, update

from aether_desktop.domain.payments import PaymentMethod
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import sealed_names
from aether_desktop.storage.database import Unit
from aether_desktop.storage.schema import PAYMENT_METHODS
from aether_desktop.storage.sealed_columns import SealedStore, joined, split
from aether_desktop.storage.stores.records import SqlRecordStore, record_fields


class SqlPaymentMethodStore(SealedStore, SqlRecordStore[PaymentMethod]):
    """Implements ``ports.storage.PaymentMethodStore``: at most one default per owner among those not archived.

    Worker threads only; raises the StorageError family.
    """

    name = TableName.PAYMENT_METHODS
    table = PAYMENT_METHODS

    def of_user(self, user_id: int) -> list[PaymentMethod]:
        """Not archived, the default first, then by name."""
        columns = PAYMENT_METHODS.c
        return self._select(
            self._query()
            .where(columns.owner_id == user_id, columns.archived_at.is_(None))
            .order_by(columns.is_default.desc(), columns.name, columns.id)
        )

    def _columns_of(self, record: PaymentMethod) -> dict[str, Any]:
        return {
            "name": record.name,
            "kind": record.kind,
            "provider": record.provider,
            **split(record, "provider_reference"),
            **split(record, "last_four"),
            **split(record, "expires_on", empty=None),
            "is_default": record.is_default,
            "status": record.status,
        }

    def _record_of(self, row: RowMapping) -> PaymentMethod:
        plain = {name: row[name] for name in ("name", "kind", "provider", "is_default", "status")}
        return PaymentMethod(**record_fields(row), **plain, **joined(row, sealed_names(self.name)))

    def _before_stored(self, unit: Unit, record: PaymentMethod) -> frozenset[int]:
        """A new default takes the place of the owner's old one."""
        if not record.is_default or record.archived_at is not None:
            return frozenset()
        columns = PAYMENT_METHODS.c
        old = (self._defaults_of(unit, record.owner_id), columns.id != record.id)
        ids = frozenset(unit.connection.scalars(select(columns.id).where(*old)))
        if ids:
            statement = update(PAYMENT_METHODS).where(columns.vault_id == unit.vault_id, columns.id.in_(ids))
            unit.connection.execute(statement.values(is_default=False, version=columns.version + 1))
        return ids

    def _before_archived(self, unit: Unit, ids: Sequence[int], at: datetime | None) -> None:
        """A restored default stays one only where the owner has no other by now."""
        if at is not None:
            return
        columns = PAYMENT_METHODS.c
        restored = unit.connection.execute(
            select(columns.id, columns.owner_id)
            .where(columns.vault_id == unit.vault_id, columns.id.in_(ids), columns.is_default)
            .order_by(columns.id)
        ).all()
        served: set[int] = set()
        for method_id, owner_id in restored:
            taken = owner_id in served or unit.connection.scalar(
                select(columns.id).where(self._defaults_of(unit, owner_id)).limit(1)
            )
            if taken:
                this = (columns.vault_id == unit.vault_id, columns.id == method_id)
                unit.connection.execute(update(PAYMENT_METHODS).where(*this).values(is_default=False))
            served.add(owner_id)

    def _defaults_of(self, unit: Unit, owner_id: int) -> Any:
        columns = PAYMENT_METHODS.c
        return and_(
            columns.vault_id == unit.vault_id,
            columns.owner_id == owner_id,
            columns.is_default,
            columns.archived_at.is_(None),
        )
