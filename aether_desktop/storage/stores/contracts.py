"""Smart contracts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping

from aether_desktop.domain.contracts import Contract, ContractStatus
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.storage.schema import SMART_CONTRACTS
from aether_desktop.storage.stores.records import SqlRecordStore, record_fields


class SqlContractStore(SqlRecordStore[Contract]):
    """Implements ``ports.storage.ContractStore``. Worker threads only; raises the StorageError family."""

    name = TableName.CONTRACTS
    table = SMART_CONTRACTS

    def of_user(self, user_id: int) -> list[Contract]:
        """Not archived, by name."""
        columns = SMART_CONTRACTS.c
        return self._select(
            self._query()
            .where(columns.owner_id == user_id, columns.archived_at.is_(None))
            .order_by(columns.name, columns.id)
        )

    def set_status(self, contract_id: int, status: ContractStatus, *, version: int) -> ChangeSet:
        """Raises ConflictError, NotFoundError, InvalidInputError (only a pending one is without an address)."""
        return self._set("set_status", contract_id, version, status=status)

    def _columns_of(self, record: Contract) -> dict[str, Any]:
        return {
            "name": record.name,
            "chain": record.chain,
            "address": record.address,
            "status": record.status,
            "last_interaction_at": record.last_interaction_at,
            "artifact": record.artifact,
        }

    def _record_of(self, row: RowMapping) -> Contract:
        names = ("name", "chain", "address", "status", "last_interaction_at", "artifact")
        return Contract(**record_fields(row), **{name: row[name] for name in names})
