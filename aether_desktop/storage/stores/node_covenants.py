"""Covenants of nodes, and elevation. Worker threads only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import DBAPIError

from aether_desktop.domain.covenants import Covenant
from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import CovenantKind, NodeType
from aether_desktop.domain.temple_nodes import TempleNode
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import ConflictError, InvalidInputError, NotFoundError
from aether_desktop.ports.permissions import denied
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.failures import ViolationKind, violation
from aether_desktop.storage.schema import METADATA, NODE_COVENANTS, TEMPLE_NODES
from aether_desktop.storage.stores.temple_nodes import SqlTempleNodeStore

_COVENANTS, _NODES = NODE_COVENANTS.c, TEMPLE_NODES.c
_NAMES = (
    "id",
    "node_id",
    "node_name",
    "kind",
    "node_type",
    "tier",
    "elder",
    "harmony",
    "performer_id",
    "performed_at",
    "note",
)


class SqlCovenantStore:
    """Implements ``ports.monitoring.CovenantStore``; raises the StorageError family."""

    def __init__(self, database: Database, nodes: SqlTempleNodeStore) -> None:
        self._database = database
        self._nodes = nodes

    def of_node(self, node_id: int | None = None, *, limit: int = 1000) -> list[Covenant]:
        """See the port."""
        query = select(NODE_COVENANTS).where(_COVENANTS.vault_id == self._database.vault_id)
        if node_id is not None:
            query = query.where(_COVENANTS.node_id == node_id)
        query = query.order_by(_COVENANTS.id.desc()).limit(limit)
        return self._database.fetch(lambda connection: [_covenant(row) for row in connection.execute(query)])

    def add(self, covenant: Covenant) -> ChangeSet:
        """See the port."""
        with self._database.write(action="node_covenants.perform", table=NODE_COVENANTS.name) as unit:
            node = self._node(unit, covenant.node_id)
            told = (node.node_id, node.type, node.tier, node.elder)
            if told != (covenant.node_name, covenant.node_type, covenant.tier, covenant.elder):
                raise InvalidInputError(
                    "The node changed while its covenant was being signed.", field="kind", hint="Try again."
                )
            row = {name: getattr(covenant, name) for name in _NAMES}
            row |= {"signing_key": covenant.key, "signature": covenant.signature}
            try:
                unit.connection.execute(insert(NODE_COVENANTS).values(vault_id=unit.vault_id, **row))
            except DBAPIError as error:
                broken = violation(error, METADATA)
                if broken is None or broken.kind is not ViolationKind.CHECK:
                    raise
                raise InvalidInputError("This node may not perform this covenant.", field="kind") from error
            if covenant.kind not in node.covenants:
                kinds = [kind for kind in CovenantKind if kind in {*node.covenants, covenant.kind}]
                self._change(unit, node, covenants=" ".join(kind.value for kind in kinds))
            unit.about(covenant.node_id, {}, {"covenant": covenant.kind.value, "elder": covenant.elder})
            unit.audit(rows=1, covenant=str(covenant.id), signed=bool(covenant.signature))
            return unit.changed(ChangeSet(frozenset({TableName.TEMPLE_NODES}), frozenset({covenant.node_id})))

    def elevate(self, node: TempleNode, to: NodeType) -> ChangeSet:
        """See ``ports.monitoring.MonitoringStores``."""
        with self._database.write(action="temple_nodes.elevate", table=TableName.TEMPLE_NODES.value) as unit:
            theirs = self._node(unit, node.id)
            if theirs.version != node.version:
                raise ConflictError("Somebody changed this temple node since you opened it.", mine=node, theirs=theirs)
            self._change(unit, theirs, node_type=to, version=_NODES.version + 1)
            unit.about(node.id, {"type": theirs.type.value}, {"type": to.value})
            unit.audit(rows=1)
            return unit.changed(ChangeSet(frozenset({TableName.TEMPLE_NODES}), frozenset({node.id})))

    def _node(self, unit: Unit, node_id: int) -> TempleNode:
        found = self._nodes.found(unit.connection, node_id)
        if found is None:
            raise NotFoundError("This temple node does not exist (any more).", hint="Refresh and look again.")
        return found

    def _change(self, unit: Unit, node: TempleNode, **columns: Any) -> None:
        this = (_NODES.vault_id == unit.vault_id, _NODES.id == node.id)
        if not unit.connection.execute(update(TEMPLE_NODES).where(*this).values(columns)).rowcount:
            raise denied(Verb.CHANGE, TEMPLE_NODES.name, own=node.owner_id == unit.user_id)


def _covenant(row: Row[Any]) -> Covenant:
    return Covenant(
        **{name: getattr(row, name) for name in _NAMES}, key=bytes(row.signing_key), signature=bytes(row.signature)
    )
