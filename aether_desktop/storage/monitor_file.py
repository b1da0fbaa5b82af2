"""``NAME.monitor``: what is watched while the vault is locked, in an encrypted file with a key of its own.

It holds endpoints, states and samples and nothing else: whoever gets at its key (it opens without a password) learns
which nodes are watched and how they fare, and nothing of the books. What it collected is taken into the vault after
the next unlock. Worker threads only; safe from several threads and programs.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from aether_desktop.domain.node_states import Cause, NodeState, Transition
from aether_desktop.domain.probes import Probe
from aether_desktop.domain.temple import NodeType, Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import NotAVaultError
from aether_desktop.ports.monitoring import (
    Lease,
    NodeReading,
    NodeTransition,
    StaleLeaseError,
    WatchBatch,
    WatchedNode,
)
from aether_desktop.storage.columns import from_microseconds, json_text, microseconds
from aether_desktop.storage.failures import translated
from aether_desktop.storage.sqlite import SqliteKit
from aether_desktop.storage.stores.node_rows import sample_of, sample_row
from aether_desktop.storage.vault_files import create_file, remove_database

KEPT: Final = timedelta(days=8)  # of samples that no vault took in
_MOST_TRANSITIONS: Final = 20_000
_VERSION: Final = 1
_MILLION: Final = 1_000_000
_COLUMNS: Final = ("node_id", "at", "probe_id", "code", "latency_us", "height", "peers", "freshness", "reason")
_TABLES: Final = """
CREATE TABLE watch_nodes (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE watch_states (node_id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE watch_transitions (id INTEGER PRIMARY KEY, node_id INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE watch_leases (
    node_id INTEGER PRIMARY KEY, holder TEXT NOT NULL, fence INTEGER NOT NULL, expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE watch_samples (
    node_id INTEGER NOT NULL, at INTEGER NOT NULL, probe_id INTEGER NOT NULL, code INTEGER NOT NULL,
    latency_us INTEGER, height INTEGER, peers INTEGER, freshness INTEGER, reason TEXT,
    PRIMARY KEY (node_id, at, probe_id)
) STRICT, WITHOUT ROWID;
"""
_TAKE: Final = """
INSERT INTO watch_leases (node_id, holder, fence, expires_at) SELECT k.value, :holder, 1, :until FROM json_each(:ids) k
WHERE true ON CONFLICT (node_id) DO UPDATE SET
    fence = fence + CASE WHEN holder = excluded.holder THEN 0 ELSE 1 END,
    holder = excluded.holder, expires_at = excluded.expires_at
WHERE holder = excluded.holder OR expires_at <= :now
RETURNING node_id, fence, expires_at
"""


def create_monitor_file(path: Path, key: bytes) -> SqlMonitorFile:
    """A new file; one that is there is replaced. Raises the StorageError family."""
    with translated(where=str(path)):
        remove_database(path)
        create_file(path)
        kit = SqliteKit(path, key)
        connection = kit.connect()
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION:d}")
            connection.execute("COMMIT")
        finally:
            connection.close()
            kit.dispose()
    return SqlMonitorFile(path, key)


class SqlMonitorFile:
    """Implements ``ports.monitoring.MonitorFile``; raises the StorageError family."""

    locked = True

    def __init__(self, path: Path, key: bytes) -> None:
        """Raises WrongKeyError, NotAVaultError for a file of another kind, NotFoundError."""
        self._path = path
        self._kit = SqliteKit(path, key)
        self._lock = threading.Lock()
        with translated(where=str(path)):
            self._connection = self._kit.connect()
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version != _VERSION:
            self.close()
            raise NotAVaultError(
                f"{path} was made by another program.", hint="Forbid watching while locked, then allow it again."
            )

    def close(self) -> None:
        """Twice is harmless."""
        with self._lock:
            self._connection.close()
            self._kit.dispose()

    def replace_nodes(self, nodes: Sequence[WatchedNode]) -> None:
        """See the port."""
        with self._writing() as connection:
            connection.execute("DELETE FROM watch_nodes")
            rows = [(node.id, json_text(_node_body(node))) for node in nodes]
            connection.executemany("INSERT INTO watch_nodes (id, body) VALUES (?, ?)", rows)
            for table in ("watch_states", "watch_samples", "watch_transitions", "watch_leases"):
                connection.execute(f"DELETE FROM {table} WHERE node_id NOT IN (SELECT id FROM watch_nodes)")  # noqa: S608

    def nodes(self) -> list[WatchedNode]:
        """See the port."""
        return [_node(json.loads(body)) for (body,) in self._ask("SELECT body FROM watch_nodes ORDER BY id")]

    def readings(self) -> list[NodeReading]:
        """See the port."""
        rows = self._ask("SELECT node_id, body FROM watch_states ORDER BY node_id")
        return [_reading(node_id, json.loads(body)) for node_id, body in rows]

    def lease(self, node_ids: Collection[int], *, holder: str, seconds: float) -> list[Lease]:
        """See the port."""
        now = int(time.time() * _MILLION)
        values = {
            "ids": json.dumps(sorted(node_ids)),
            "holder": holder,
            "now": now,
            "until": now + round(seconds * _MILLION),
        }
        with self._writing() as connection:
            rows = connection.execute(_TAKE, values).fetchall()
        return [Lease(node_id, fence, from_microseconds(until)) for node_id, fence, until in sorted(rows)]

    def release(self, *, holder: str) -> None:
        """See the port."""
        with self._writing() as connection:
            connection.execute("UPDATE watch_leases SET expires_at = 0 WHERE holder = ?", (holder,))

    def write(self, batch: WatchBatch) -> ChangeSet:
        """See the port. Raises StaleLeaseError."""
        with self._writing() as connection:
            fences = batch.fences_needed
            if fences:
                _require_leases(connection, fences)
            marks = ", ".join("?" for _ in _COLUMNS)
            samples = [tuple(sample_row(sample)[name] for name in _COLUMNS) for sample in batch.samples]
            connection.executemany(
                f"INSERT INTO watch_samples ({', '.join(_COLUMNS)}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608
                samples,
            )
            states = [(reading.node_id, json_text(_reading_body(reading))) for reading in batch.readings]
            connection.executemany("INSERT OR REPLACE INTO watch_states (node_id, body) VALUES (?, ?)", states)
            changes = [(found.node_id, json_text(_transition_body(found.transition))) for found in batch.transitions]
            connection.executemany("INSERT INTO watch_transitions (node_id, body) VALUES (?, ?)", changes)
        return ChangeSet()

    def maintain(self, now: datetime) -> ChangeSet:
        """Bounded, however long no vault takes anything in."""
        with self._writing() as connection:
            connection.execute("DELETE FROM watch_samples WHERE at < ?", (microseconds(now - KEPT),))
            connection.execute(
                "DELETE FROM watch_transitions WHERE id <= (SELECT max(id) FROM watch_transitions) - ?",
                (_MOST_TRANSITIONS,),
            )
        return ChangeSet()

    def collected(self, limit: int) -> WatchBatch:
        """Up to so many samples and transitions that no vault took in yet, the oldest first; all states."""
        rows = self._ask(f"SELECT {', '.join(_COLUMNS)} FROM watch_samples ORDER BY at LIMIT ?", limit)  # noqa: S608
        samples = [
            sample_of(SimpleNamespace(**dict(zip(_COLUMNS, row, strict=True)) | {"at": from_microseconds(row[1])}))
            for row in rows
        ]
        changes = self._ask("SELECT node_id, body FROM watch_transitions ORDER BY id LIMIT ?", limit)
        return WatchBatch(
            samples=samples,
            readings=self.readings(),
            transitions=[NodeTransition(node_id, _transition(json.loads(body))) for node_id, body in changes],
        )

    def forget(self, batch: WatchBatch) -> None:
        """What a vault has taken in."""
        with self._writing() as connection:
            connection.executemany(
                "DELETE FROM watch_samples WHERE node_id = ? AND at = ? AND probe_id = ?",
                [(sample.node_id, microseconds(sample.at), sample.probe_id) for sample in batch.samples],
            )
            connection.execute(
                "DELETE FROM watch_transitions WHERE id IN (SELECT id FROM watch_transitions ORDER BY id LIMIT ?)",
                (len(batch.transitions),),
            )

    # -- inside --------------------------------------------------------------------------------------------------

    def _ask(self, statement: str, *values: object) -> list[Any]:
        with self._lock, translated(where=str(self._path)):
            return list(self._connection.execute(statement, values).fetchall())

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        with self._lock, translated(where=str(self._path)):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _require_leases(connection: Any, fences: Mapping[int, int]) -> None:
    held = dict(
        connection.execute(
            "SELECT node_id, fence FROM watch_leases WHERE node_id IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(fences)),),
        ).fetchall()
    )
    stale = [node_id for node_id, fence in fences.items() if held.get(node_id) != fence]
    if stale:
        raise StaleLeaseError(stale)


def _node_body(node: WatchedNode) -> dict[str, object]:
    return {
        "id": node.id,
        "name": node.name,
        "tier": node.tier.value,
        "type": node.type.value,
        "retired": node.retired,
        "silenced_until": _micros(node.silenced_until),
        "probes": [
            {
                "id": probe.id,
                "kind": probe.kind,
                "target": probe.target,
                "network": probe.network,
                "settings": dict(probe.settings),
                "interval": probe.interval,
                "timeout": probe.timeout,
                "essential": probe.essential,
            }
            for probe in node.probes
        ],
    }


def _node(body: dict[str, Any]) -> WatchedNode:
    return WatchedNode(
        id=body["id"],
        name=body["name"],
        tier=Tier(body["tier"]),
        type=NodeType(body["type"]),
        retired=body["retired"],
        silenced_until=_moment(body["silenced_until"]),
        probes=tuple(Probe(node_id=body["id"], **probe) for probe in body["probes"]),
    )


_MOMENTS: Final = ("since", "outage_since", "heard_at", "checked_at", "silenced_until")


def _reading_body(reading: NodeReading) -> dict[str, object]:
    state = reading.state
    return {
        "status": state.status.value,
        "observed": state.observed.value,
        "settled": None if state.settled is None else state.settled.value,
        "why": state.why,
        "candidate": state.candidate,
        "retired": state.retired,
        **{name: _micros(getattr(state, name)) for name in _MOMENTS},
        "figures": [reading.latency, reading.height, reading.lag, reading.peers],
    }


def _reading(node_id: int, body: dict[str, Any]) -> NodeReading:
    moments: dict[str, Any] = {name: _moment(body[name]) for name in _MOMENTS}
    state = NodeState(
        status=NodeStatus(body["status"]),
        observed=NodeStatus(body["observed"]),
        settled=None if body["settled"] is None else NodeStatus(body["settled"]),
        why=body["why"],
        candidate=body["candidate"],
        retired=body["retired"],
        **moments,
    )
    latency, height, lag, peers = body["figures"]
    return NodeReading(node_id=node_id, state=state, latency=latency, height=height, lag=lag, peers=peers)


def _transition_body(change: Transition) -> dict[str, object]:
    return {
        "at": _micros(change.at),
        "before": change.before.value,
        "after": change.after.value,
        "cause": change.cause.value,
        "why": change.why,
        "lasted": change.lasted.total_seconds(),
        "outage": None if change.outage is None else change.outage.total_seconds(),
    }


def _transition(body: dict[str, Any]) -> Transition:
    return Transition(
        at=from_microseconds(body["at"]),
        before=NodeStatus(body["before"]),
        after=NodeStatus(body["after"]),
        cause=Cause(body["cause"]),
        why=body["why"],
        lasted=timedelta(seconds=body["lasted"]),
        outage=None if body["outage"] is None else timedelta(seconds=body["outage"]),
    )


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_microseconds(micros)
