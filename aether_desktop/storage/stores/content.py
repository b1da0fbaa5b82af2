"""Content ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from aether_desktop.domain.content import ContentEntry
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.storage.schema import CID_ENTRIES
from aether_desktop.storage.stores.records import SqlRecordStore, record_fields


class SqlContentStore(SqlRecordStore[ContentEntry]):
    """Implements ``ports.storage.ContentStore``. Worker threads only; raises the StorageError family."""

    name = TableName.CONTENT
    table = CID_ENTRIES

    def of_user(self, user_id: int) -> list[ContentEntry]:
        """Not archived, latest first."""
        columns = CID_ENTRIES.c
        return self._select(
            self._query()
            .where(columns.owner_id == user_id, columns.archived_at.is_(None))
            .order_by(columns.created_at.desc(), columns.id.desc())
        )

    def set_metadata(self, entry_id: int, metadata: Mapping[str, object], *, version: int) -> ChangeSet:
        """Raises ConflictError, NotFoundError."""
        return self._set("set_metadata", entry_id, version, metadata=metadata)

    def _columns_of(self, record: ContentEntry) -> dict[str, Any]:
        return {
            "cid": record.cid,
            "kind": record.kind,
            "status": record.status,
            "name": record.name,
            "size_bytes": record.size_bytes,
            "metadata": record.metadata,
        }

    def _record_of(self, row: RowMapping) -> ContentEntry:
        names = ("cid", "kind", "status", "name", "size_bytes", "metadata")
        return ContentEntry(**record_fields(row), **{name: row[name] for name in names})
