"""What the engine that watches nodes reads and writes in an open vault or database. Worker threads only."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, select, text, update

from aether_desktop.domain.probes import Probe
from aether_desktop.domain.quiet import SilenceRecord
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.monitoring import Lease, NodeReading, StaleLeaseError, WatchBatch, WatchedNode
from aether_desktop.storage.audit_values import digest_of_ids
from aether_desktop.storage.columns import from_microseconds
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.schema import (
    NODE_LEASES,
    NODE_SAMPLES,
    NODE_STATES,
    NODE_TRANSITIONS,
    TEMPLE_NODES,
)
from aether_desktop.storage.stores.council import SEES_ALL
from aether_desktop.storage.stores.many_rows import put_rows
from aether_desktop.storage.stores.node_probes import SqlProbeStore
from aether_desktop.storage.stores.node_rows import reading_of, reading_row, sample_row, transition_row
from aether_desktop.storage.stores.node_silences import SqlSilenceStore
from aether_desktop.storage.stores.node_upkeep import NodeUpkeep
from aether_desktop.storage.stores.records import LISTED_IDS, id_slices

_NODES, _LEASES = TEMPLE_NODES.c, NODE_LEASES.c
_LISTED_IN_AUDIT: Final = 100
_MILLION: Final = 1_000_000
_TAKE: Final = """
INSERT INTO node_leases (vault_id, node_id, holder, fence, expires_at)
SELECT :vault, {ids}, :holder, 1, {now} + :span {source}
ON CONFLICT (vault_id, node_id) DO UPDATE SET
    fence = node_leases.fence + CASE WHEN node_leases.holder = excluded.holder THEN 0 ELSE 1 END,
    holder = excluded.holder, expires_at = excluded.expires_at
WHERE node_leases.holder = excluded.holder OR node_leases.expires_at <= {now}
RETURNING node_id, fence, expires_at
"""
_TAKES: Final[Mapping[str, str]] = {
    "sqlite": _TAKE.format(ids="k.value", now=":now", source="FROM json_each(:ids) k WHERE true"),
    "postgresql": _TAKE.format(
        ids="k",
        now="(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
        source="FROM unnest(CAST(:ids AS bigint[])) k",
    ),
}


class SqlWatchStore:
    """Implements ``ports.monitoring.WatchStore``; raises the StorageError family."""

    locked = False

    def __init__(self, database: Database, probes: SqlProbeStore, silences: SqlSilenceStore) -> None:
        self._database = database
        self._probes = probes
        self._silences = silences
        self._upkeep = NodeUpkeep(database)
        self._holder = ""

    def nodes(self) -> list[WatchedNode]:
        """See the port."""
        now = datetime.now(UTC)

        def read(connection: Connection) -> list[WatchedNode]:
            query = select(TEMPLE_NODES).where(
                _NODES.vault_id == self._database.vault_id, _NODES.archived_at.is_(None), *self._mine(connection)
            )
            rows = connection.execute(query.order_by(_NODES.id)).all()
            probes = self._probes.read(connection, None)
            silences = self._silences.read(connection, now)
            return [_watched(row, probes.get(row.id, []), silences) for row in rows]

        return self._database.fetch(read)

    def readings(self) -> list[NodeReading]:
        """See the port."""
        query = select(NODE_STATES).where(NODE_STATES.c.vault_id == self._database.vault_id)
        query = query.order_by(NODE_STATES.c.node_id)
        return self._database.fetch(lambda connection: [reading_of(row) for row in connection.execute(query)])

    def lease(self, node_ids: Collection[int], *, holder: str, seconds: float) -> list[Lease]:
        """See the port."""
        self._holder = holder
        if not node_ids:
            return []
        dialect = self._database.dialect
        values: dict[str, Any] = {
            "vault": self._database.vault_id,
            "holder": holder,
            "span": round(seconds * _MILLION),
            "ids": json.dumps(sorted(node_ids)) if dialect == "sqlite" else sorted(node_ids),
        }
        if dialect == "sqlite":
            values["now"] = int(time.time() * _MILLION)
        with self._database.write(action="nodes.lease", table=NODE_LEASES.name) as unit:
            rows = unit.connection.execute(text(_TAKES[dialect]), values).all()
        return [Lease(row.node_id, row.fence, from_microseconds(row.expires_at)) for row in sorted(rows)]

    def release(self, *, holder: str) -> None:
        """See the port."""
        with self._database.write(action="nodes.release", table=NODE_LEASES.name) as unit:
            mine = (_LEASES.vault_id == unit.vault_id, _LEASES.holder == holder)
            unit.connection.execute(update(NODE_LEASES).where(*mine).values(expires_at=from_microseconds(0)))
        self._holder = ""

    def write(self, batch: WatchBatch) -> ChangeSet:
        """See the port. Raises StaleLeaseError."""
        changes = self._store(batch)
        self._upkeep.came(batch.samples)
        return changes

    def maintain(self, now: datetime) -> ChangeSet:
        """See the port."""
        return self._upkeep.run(now, self._kept_by_me())

    # -- inside --------------------------------------------------------------------------------------------------

    def _store(self, batch: WatchBatch) -> ChangeSet:
        with self._database.write(action="nodes.watch", table=TableName.TEMPLE_NODES.value) as unit:
            fences = batch.fences_needed
            if fences:
                _require_leases(unit, fences)
            put_rows(
                unit.connection,
                NODE_SAMPLES,
                unit.vault_id,
                [sample_row(sample) for sample in batch.samples],
                replace=False,
            )
            put_rows(
                unit.connection,
                NODE_STATES,
                unit.vault_id,
                [reading_row(reading, fences.get(reading.node_id, 0)) for reading in batch.readings],
                replace=True,
            )
            if batch.transitions:
                ids = self._database.reserve_ids(len(batch.transitions))
                rows = [transition_row(found, row_id) for found, row_id in zip(batch.transitions, ids, strict=True)]
                put_rows(unit.connection, NODE_TRANSITIONS, unit.vault_id, rows, replace=False)
            changed = _note_statuses(unit, batch.readings)
            touched = changed | {found.node_id for found in batch.transitions}
            if not touched:
                return ChangeSet()
            detail: dict[str, object] = (
                {"ids": sorted(touched)}
                if len(touched) <= _LISTED_IN_AUDIT
                else {"digest": digest_of_ids(list(touched))}
            )
            unit.audit(rows=len(touched), **detail)
            shown = frozenset(touched) if len(touched) <= LISTED_IDS else None
            return unit.changed(ChangeSet(frozenset({TableName.TEMPLE_NODES}), shown))

    def _mine(self, connection: Connection) -> Iterable[Any]:
        """Nodes that this person may change."""
        if self._database.dialect == "sqlite" or connection.scalar(text(SEES_ALL), {"vault": self._database.vault_id}):
            return ()
        return (_NODES.owner_id == self._database.user_id,)

    def _kept_by_me(self) -> list[int]:
        """Whose roll-ups this client makes: those it polls, or, if it polls none, all that it may change."""

        def read(connection: Connection) -> list[int]:
            vault = self._database.vault_id
            if self._holder:
                held = select(_LEASES.node_id).where(_LEASES.vault_id == vault, _LEASES.holder == self._holder)
                return list(connection.scalars(held.order_by(_LEASES.node_id)))
            mine = select(_NODES.id).where(_NODES.vault_id == vault, *self._mine(connection))
            return list(connection.scalars(mine.order_by(_NODES.id)))

        return self._database.fetch(read)


def _watched(row: Any, probes: Sequence[Probe], silences: Sequence[SilenceRecord]) -> WatchedNode:
    until = max(
        (each.until for each in silences if each.owner_id == row.owner_id and each.covers(row.id, row.tier)),
        default=None,
    )
    return WatchedNode(
        id=row.id,
        name=row.node_id,
        tier=row.tier,
        type=row.node_type,
        retired=row.status is NodeStatus.RETIRED,
        silenced_until=until,
        probes=tuple(probes),
    )


def _require_leases(unit: Unit, fences: Mapping[int, int]) -> None:
    """The rows stay locked until the commit, so nobody takes a node over meanwhile. Raises StaleLeaseError."""
    held: dict[int, int] = {}
    for part in id_slices(sorted(fences)):
        query = select(_LEASES.node_id, _LEASES.fence).where(
            _LEASES.vault_id == unit.vault_id, _LEASES.node_id.in_(part)
        )
        rows = unit.connection.execute(query.order_by(_LEASES.node_id).with_for_update(read=True)).all()
        held.update({row.node_id: row.fence for row in rows})
    stale = [node_id for node_id, fence in fences.items() if held.get(node_id) != fence]
    if stale:
        raise StaleLeaseError(stale)


def _note_statuses(unit: Unit, readings: Sequence[NodeReading]) -> set[int]:
    """The grid's column follows; retiring and reinstating are people's. Returns the nodes that changed."""
    wanted = {reading.node_id: reading.state.status for reading in readings}
    groups: dict[NodeStatus, list[int]] = defaultdict(list)
    for part in id_slices(sorted(wanted)):
        query = select(_NODES.id, _NODES.status).where(_NODES.vault_id == unit.vault_id, _NODES.id.in_(part))
        for row in unit.connection.execute(query):
            if row.status is not wanted[row.id] and NodeStatus.RETIRED not in (row.status, wanted[row.id]):
                groups[wanted[row.id]].append(row.id)
    for status, ids in sorted(groups.items()):
        for part in id_slices(ids):
            these = (_NODES.vault_id == unit.vault_id, _NODES.id.in_(part))
            unit.connection.execute(update(TEMPLE_NODES).where(*these).values(status=status))
    return {node_id for ids in groups.values() for node_id in ids}
