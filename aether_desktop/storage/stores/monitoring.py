"""The AI monitoring log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, func, select

from aether_desktop.domain.monitoring import MonitoringEntry, Severity
from aether_desktop.domain.records import TableName
from aether_desktop.storage.schema import AI_MONITORING_LOGS
from aether_desktop.storage.stores.records import SqlRecordStore, record_fields


class SqlMonitoringStore(SqlRecordStore[MonitoringEntry]):
    """Implements ``ports.storage.MonitoringStore``. Worker threads only; raises the StorageError family."""

    name = TableName.MONITORING
    table = AI_MONITORING_LOGS

    def of_user(self, user_id: int, limit: int) -> list[MonitoringEntry]:
        """Not archived, latest first."""
        columns = AI_MONITORING_LOGS.c
        return self._select(
            self._query()
            .where(columns.owner_id == user_id, columns.archived_at.is_(None))
            .order_by(columns.seen_at.desc(), columns.id.desc())
            .limit(limit)
        )

    def summary(self, user_id: int) -> Mapping[Severity, int]:
        """How many entries of each severity are not archived; every severity is named."""
        columns = AI_MONITORING_LOGS.c
        query = (
            select(columns.severity, func.count())
            .where(
                columns.vault_id == self._database.vault_id,
                columns.owner_id == user_id,
                columns.archived_at.is_(None),
            )
            .group_by(columns.severity)
        )
        counted = dict(self._database.fetch(lambda connection: [(row[0], row[1]) for row in connection.execute(query)]))
        return {severity: counted.get(severity, 0) for severity in Severity}

    def _columns_of(self, record: MonitoringEntry) -> dict[str, Any]:
        return {
            "seen_at": record.seen_at,
            "action": record.action,
            "severity": record.severity,
            "description": record.description,
            "related_table": record.related_table,
            "related_id": record.related_id,
        }

    def _record_of(self, row: RowMapping) -> MonitoringEntry:
        names = ("seen_at", "action", "severity", "description", "related_table", "related_id")
        return MonitoringEntry(**record_fields(row), **{name: row[name] for name in names})
