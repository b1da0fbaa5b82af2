"""The audit log as people read it; ``Database.write`` writes it."""

from __future__ import annotations

from sqlalchemy import select

from aether_desktop.ports.storage import AuditEntry
from aether_desktop.storage.columns import json_text
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import AUDIT_ENTRIES


class SqlAuditStore:
    """Implements ``ports.storage.AuditStore``. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recent(self, limit: int) -> list[AuditEntry]:
        """Latest first; ``detail`` is compact JSON, empty where there is nothing to add."""
        columns = AUDIT_ENTRIES.c
        query = (
            select(AUDIT_ENTRIES)
            .where(columns.vault_id == self._database.vault_id)
            .order_by(columns.at.desc(), columns.id.desc())
            .limit(limit)
        )
        rows = self._database.fetch(lambda connection: connection.execute(query).all())
        return [
            AuditEntry(
                id=row.id,
                at=row.at,
                user_id=row.user_id,
                action=row.action,
                table=row.table_name,
                rows=row.row_count,
                detail=json_text(row.detail) if row.detail else "",
            )
            for row in rows
        ]
