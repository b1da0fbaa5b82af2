"""Temple nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import CovenantKind
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.storage.schema import TEMPLE_NODES
from aether_desktop.storage.stores.records import SqlRecordStore, record_fields

_PLAIN = (
    "node_id",
    "tier",
    "storage_threshold",
    "compute_threshold",
    "abundance_threshold",
    "harmony",
    "elder",
    "status",
    "configuration",
)


class SqlTempleNodeStore(SqlRecordStore[TempleNode]):
    """Implements ``ports.storage.TempleNodeStore``. Worker threads only; raises the StorageError family."""

    name = TableName.TEMPLE_NODES
    table = TEMPLE_NODES

    def of_user(self, user_id: int) -> list[TempleNode]:
        """Not archived, by the node's own name."""
        columns = TEMPLE_NODES.c
        return self._select(
            self._query()
            .where(columns.owner_id == user_id, columns.archived_at.is_(None))
            .order_by(columns.node_id, columns.id)
        )

    def set_status(self, node_id: int, status: NodeStatus, *, version: int) -> ChangeSet:
        """Raises ConflictError, NotFoundError."""
        return self._set("set_status", node_id, version, status=status)

    def set_configuration(self, node_id: int, configuration: Mapping[str, object], *, version: int) -> ChangeSet:
        """Raises ConflictError, NotFoundError."""
        return self._set("set_configuration", node_id, version, configuration=configuration)

    def _columns_of(self, record: TempleNode) -> dict[str, Any]:
        covenants = " ".join(covenant.value for covenant in record.covenants)
        total = record.storage_threshold + record.compute_threshold + record.abundance_threshold
        return {**{name: getattr(record, name) for name in _PLAIN}, "covenants": covenants, "threshold_rank": total}

    def _record_of(self, row: RowMapping) -> TempleNode:
        return TempleNode(
            **record_fields(row),
            **{name: row[name] for name in _PLAIN},
            covenants=tuple(CovenantKind(word) for word in row["covenants"].split()),
        )
