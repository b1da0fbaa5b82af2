"""The probes of temple nodes. Worker threads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.probes import MOST_PROBES, Probe
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import InvalidInputError, NotFoundError
from aether_desktop.ports.permissions import denied
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import NODE_PROBES, TEMPLE_NODES
from aether_desktop.storage.stores.node_rows import probe_of, probe_row
from aether_desktop.storage.stores.records import id_slices

_PROBES = NODE_PROBES.c


class SqlProbeStore:
    """Implements ``ports.monitoring.ProbeStore``; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_node(self, node_id: int) -> list[Probe]:
        """By id."""
        return self.of_nodes([node_id]).get(node_id, [])

    def of_nodes(self, node_ids: Collection[int] | None = None) -> Mapping[int, list[Probe]]:
        """Of many at once; None: of all."""
        return self._database.fetch(lambda connection: self.read(connection, node_ids))

    def read(self, connection: Connection, node_ids: Collection[int] | None) -> dict[int, list[Probe]]:
        """``of_nodes`` inside a snapshot."""
        parts: list[list[int] | None] = [None] if node_ids is None else list(id_slices(sorted(node_ids)))
        found: dict[int, list[Probe]] = {}
        for part in parts:
            query = select(NODE_PROBES).where(_PROBES.vault_id == self._database.vault_id)
            if part is not None:
                query = query.where(_PROBES.node_id.in_(part))
            for row in connection.execute(query.order_by(_PROBES.id)):
                found.setdefault(row.node_id, []).append(probe_of(row))
        return found

    def replace(self, node_id: int, probes: Sequence[Probe]) -> ChangeSet:
        """See the port."""
        if len(probes) > MOST_PROBES:
            raise InvalidInputError(f"A node has at most {MOST_PROBES} probes.", field="probes")
        with self._database.write(action="node_probes.replace", table=NODE_PROBES.name) as unit:
            nodes = TEMPLE_NODES.c
            owner = unit.connection.scalar(
                select(nodes.owner_id).where(nodes.vault_id == unit.vault_id, nodes.id == node_id)
            )
            if owner is None:
                raise NotFoundError("This temple node does not exist (any more).", hint="Refresh and look again.")
            before = {probe.id: probe for probe in self.read(unit.connection, [node_id]).get(node_id, [])}
            after = {probe.id: probe for probe in probes}
            this = (_PROBES.vault_id == unit.vault_id, _PROBES.node_id == node_id)
            gone = sorted(before.keys() - after.keys())
            done = 0
            if gone:
                done += unit.connection.execute(delete(NODE_PROBES).where(*this, _PROBES.id.in_(gone))).rowcount
            for probe_id in sorted(after.keys() & before.keys()):
                if after[probe_id] != before[probe_id]:
                    row = _changed(after[probe_id])
                    statement = update(NODE_PROBES).where(*this, _PROBES.id == probe_id).values(row)
                    done += unit.connection.execute(statement).rowcount
                    gone.append(probe_id)
            if done < len(gone):  # row security says it in silence
                raise denied(Verb.CHANGE, NODE_PROBES.name, own=owner == unit.user_id)
            new = [
                {"vault_id": unit.vault_id, **probe_row(after[each])} for each in sorted(after.keys() - before.keys())
            ]
            if new:
                unit.connection.execute(insert(NODE_PROBES), new)
            if not new and not gone:
                return ChangeSet()
            unit.about(node_id, _said(before.values()), _said(probes))
            unit.audit(rows=len(new) + len(gone))
            return unit.changed(ChangeSet(frozenset({TableName.TEMPLE_NODES}), frozenset({node_id})))


def _changed(probe: Probe) -> dict[str, Any]:
    return {name: value for name, value in probe_row(probe).items() if name not in {"id", "node_id"}}


def _said(probes: Collection[Probe]) -> dict[str, object]:
    return {"probes": [f"{probe.kind} {probe.target}" for probe in probes]}
