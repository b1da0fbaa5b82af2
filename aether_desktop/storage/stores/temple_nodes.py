"""Temple nodes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, update

from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import CovenantKind
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import ConflictError
from aether_desktop.ports.permissions import denied
from aether_desktop.storage.audit_values import changes
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
    apart = frozenset({"status", "harmony", "elder", "covenants"})  # measured, or earned by covenants

    def found(self, connection: Connection, node_id: int) -> TempleNode | None:
        """Inside a snapshot or a write."""
        records = self._records(connection, self._query().where(TEMPLE_NODES.c.id == node_id))
        return records[0] if records else None

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
        with self._write("set_status") as unit:
            before = self._one(unit.connection, node_id)
            columns = TEMPLE_NODES.c
            statement = (
                update(TEMPLE_NODES)
                .where(columns.vault_id == unit.vault_id, columns.id == node_id, columns.version == version)
                .values(status=status, version=columns.version + 1)
            )
            if not unit.connection.execute(statement).rowcount:
                if before.version == version:
                    raise denied(Verb.CHANGE, TEMPLE_NODES.name, own=before.owner_id == unit.user_id)
                mine = dataclasses.replace(before, version=version, status=status)
                raise ConflictError(
                    f"Somebody changed this {self._noun} since you opened it.", mine=mine, theirs=before
                )
            unit.about(node_id, *changes({"status": before.status}, {"status": status}))
            return self._done(unit, {node_id})

    def set_configuration(self, node_id: int, configuration: Mapping[str, object], *, version: int) -> ChangeSet:
        """Raises ConflictError, NotFoundError."""
        return self._set("set_configuration", node_id, version, configuration=configuration)

    def _columns_of(self, record: TempleNode) -> dict[str, Any]:
        covenants = " ".join(covenant.value for covenant in record.covenants)
        total = record.storage_threshold + record.compute_threshold + record.abundance_threshold
        return {
            **{name: getattr(record, name) for name in _PLAIN},
            "covenants": covenants,
            "threshold_rank": total,
            "node_type": record.type,
        }

    def _record_of(self, row: RowMapping) -> TempleNode:
        return TempleNode(
            **record_fields(row),
            **{name: row[name] for name in _PLAIN},
            held=row["node_type"],
            covenants=tuple(CovenantKind(word) for word in row["covenants"].split()),
        )
