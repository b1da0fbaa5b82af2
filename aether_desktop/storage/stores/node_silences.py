"""Silences of nodes and tiers, and the history of notices. Worker threads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from aether_desktop.domain.node_samples import MOST_NOTICES, NOTICES_KEPT
from aether_desktop.domain.notices import Notice, NoticeFate
from aether_desktop.domain.quiet import SilenceRecord
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import NotFoundError
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import NODE_NOTICES, NODE_SILENCES
from aether_desktop.storage.stores.records import id_slices

_SILENCES, _NOTICES = NODE_SILENCES.c, NODE_NOTICES.c
_TOLD = ChangeSet(frozenset({TableName.TEMPLE_NODES}))


class SqlSilenceStore:
    """Implements ``ports.monitoring.SilenceStore``; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def in_force(self, at: datetime) -> list[SilenceRecord]:
        """By end."""
        return self._database.fetch(lambda connection: self.read(connection, at))

    def read(self, connection: Connection, at: datetime) -> list[SilenceRecord]:
        """``in_force`` inside a snapshot."""
        query = select(NODE_SILENCES).where(
            _SILENCES.vault_id == self._database.vault_id,
            _SILENCES.until > at,
            _SILENCES.begins_at <= at,
            _SILENCES.ended_at.is_(None),
        )
        rows = connection.execute(query.order_by(_SILENCES.until, _SILENCES.id))
        names = ("id", "owner_id", "node_id", "tier", "begins_at", "until", "why", "ended_at")
        return [SilenceRecord(**{name: getattr(row, name) for name in names}) for row in rows]

    def add(self, silence: SilenceRecord) -> ChangeSet:
        """See the port."""
        names = ("id", "owner_id", "node_id", "tier", "begins_at", "until", "why", "ended_at")
        with self._database.write(action="node_silences.add", table=NODE_SILENCES.name) as unit:
            row = {name: getattr(silence, name) for name in names}
            unit.connection.execute(insert(NODE_SILENCES).values(vault_id=unit.vault_id, **row))
            unit.audit(rows=1, ids=[silence.id], node=str(silence.node_id or ""), tier=str(silence.tier or ""))
            return unit.changed(_TOLD)

    def end(self, silence_id: int, at: datetime) -> ChangeSet:
        """Raises NotFoundError for one that is not there, not one's own, or ended."""
        with self._database.write(action="node_silences.end", table=NODE_SILENCES.name) as unit:
            this = (_SILENCES.vault_id == unit.vault_id, _SILENCES.id == silence_id, _SILENCES.ended_at.is_(None))
            if not unit.connection.execute(update(NODE_SILENCES).where(*this).values(ended_at=at)).rowcount:
                raise NotFoundError("There is no such silence of yours (any more).", hint="Refresh and look again.")
            unit.audit(rows=1, ids=[silence_id])
            return unit.changed(_TOLD)


class SqlNoticeStore:
    """Implements ``ports.monitoring.NoticeStore``; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, limit: int = 200, *, before: int | None = None) -> list[Notice]:
        """See the port."""
        query = select(NODE_NOTICES).where(*self._mine())
        if before is not None:
            query = query.where(_NOTICES.id < before)
        query = query.order_by(_NOTICES.id.desc()).limit(limit)
        return self._database.fetch(lambda connection: [_notice(row) for row in connection.execute(query)])

    def add(self, notices: Sequence[Notice]) -> ChangeSet:
        """What is over the bounds goes, the oldest first."""
        if not notices:
            return ChangeSet()
        with self._database.write(action="node_notices.add", table=NODE_NOTICES.name) as unit:
            rows = [{"vault_id": unit.vault_id, **_notice_row(notice)} for notice in notices]
            unit.connection.execute(insert(NODE_NOTICES), rows)
            unit.audit(rows=len(notices), ids=[notice.id for notice in notices][:100])
            self._forget(unit.connection, max(notice.at for notice in notices))
            return unit.changed(_TOLD)

    def set_fate(self, notice_id: int, fate: NoticeFate) -> ChangeSet:
        """Raises NotFoundError."""
        with self._database.write(action="node_notices.fate", table=NODE_NOTICES.name) as unit:
            this = (*self._mine(), _NOTICES.id == notice_id)
            if not unit.connection.execute(update(NODE_NOTICES).where(*this).values(fate=fate)).rowcount:
                raise NotFoundError("There is no such notice (any more).", hint="Refresh and look again.")
            unit.audit(rows=1, ids=[notice_id])
            return unit.changed(_TOLD)

    def mark_read(self, ids: Collection[int] | None, at: datetime) -> ChangeSet:
        """None: all of them."""
        with self._database.write(action="node_notices.read", table=NODE_NOTICES.name) as unit:
            unread = (*self._mine(), _NOTICES.read_at.is_(None))
            parts = [unread] if ids is None else [(*unread, _NOTICES.id.in_(part)) for part in id_slices(sorted(ids))]
            done = sum(
                unit.connection.execute(update(NODE_NOTICES).where(*part).values(read_at=at)).rowcount for part in parts
            )
            if not done:
                return ChangeSet()
            unit.audit(rows=done)
            return unit.changed(_TOLD)

    def unread(self) -> int:
        """How many."""
        query = select(func.count()).select_from(NODE_NOTICES).where(*self._mine(), _NOTICES.read_at.is_(None))
        return self._database.fetch(lambda connection: int(connection.scalar(query) or 0))

    def _mine(self) -> tuple[Any, ...]:
        return (_NOTICES.vault_id == self._database.vault_id, _NOTICES.owner_id == self._database.user_id)

    def _forget(self, connection: Connection, now: datetime) -> None:
        last = select(_NOTICES.id).where(*self._mine()).order_by(_NOTICES.id.desc()).offset(MOST_NOTICES).limit(1)
        over = connection.scalar(last)
        old = _NOTICES.at < now - NOTICES_KEPT
        connection.execute(
            delete(NODE_NOTICES).where(*self._mine(), old if over is None else old | (_NOTICES.id <= over))
        )


def _notice_row(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "owner_id": notice.owner_id,
        "at": notice.at,
        "kind": notice.kind,
        "title": notice.title,
        "body": notice.body,
        "nodes": " ".join(map(str, notice.node_ids)),
        "tier": notice.tier,
        "lasted_us": None if notice.lasted is None else round(notice.lasted * 1e6),
        "fate": notice.fate,
        "read_at": notice.read_at,
    }


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        id=row.id,
        owner_id=row.owner_id,
        at=row.at,
        kind=row.kind,
        title=row.title,
        body=row.body,
        node_ids=tuple(int(word) for word in row.nodes.split()),
        tier=row.tier,
        lasted=None if row.lasted_us is None else row.lasted_us / 1e6,
        fate=row.fate,
        read_at=row.read_at,
    )
