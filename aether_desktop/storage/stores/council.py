"""The council of Elders: at most 24 seats, given to nodes by their harmony. Worker threads only."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select, text, true, update

from aether_desktop.domain.harmony import ELDER_TIME, HARMONY_WINDOW, Harmony, Seat, council
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import NodeType
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.schema import COUNCIL_SEATS, NODE_HARMONY, TEMPLE_NODES
from aether_desktop.storage.stores.node_rows import harmony_of

_SEATS, _HARMONY, _NODES = COUNCIL_SEATS.c, NODE_HARMONY.c, TEMPLE_NODES.c
SEES_ALL: Final = "SELECT :vault = ANY (public.aether_vaults('aaronic'))"  # and may change every node


class CouncilSeats:
    """Raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seats(self) -> list[Seat]:
        """By number."""
        return self._database.fetch(self._sitting)

    def fill(self, at: datetime) -> ChangeSet:
        """Look at every node's latest score. On a shared database only a person who may change every node does it."""
        with self._database.write(action="council.fill", table=COUNCIL_SEATS.name) as unit:
            connection = unit.connection
            if self._database.dialect == "postgresql":
                if not connection.scalar(text(SEES_ALL), {"vault": unit.vault_id}):
                    return ChangeSet()
                connection.execute(text("SELECT pg_advisory_xact_lock(:vault)"), {"vault": unit.vault_id})
            sitting = self._sitting(connection)
            after = council(self._worthy(connection, at), sitting, at=at)
            changed = self._seat(unit, sitting, after)
            if not changed:
                return ChangeSet()
            unit.audit(rows=len(changed), ids=sorted(changed), seats=len(after))
            return unit.changed(ChangeSet(frozenset({TableName.TEMPLE_NODES}), frozenset(changed)))

    def _sitting(self, connection: Connection) -> list[Seat]:
        query = select(COUNCIL_SEATS).where(_SEATS.vault_id == self._database.vault_id).order_by(_SEATS.seat)
        return [Seat(row.seat, row.node_id, row.since) for row in connection.execute(query)]

    def _worthy(self, connection: Connection, at: datetime) -> list[Harmony]:
        query = (
            select(NODE_HARMONY)
            .join(TEMPLE_NODES, (_NODES.vault_id == _HARMONY.vault_id) & (_NODES.id == _HARMONY.node_id))
            .where(
                _HARMONY.vault_id == self._database.vault_id,
                _HARMONY.at > at - HARMONY_WINDOW,
                _HARMONY.at <= at,
                _NODES.archived_at.is_(None),
                _NODES.status != NodeStatus.RETIRED,
                _NODES.node_type != NodeType.CANDIDATE,
            )
            .order_by(_HARMONY.at)
        )
        latest = {row.node_id: harmony_of(row) for row in connection.execute(query)}
        return [each for each in latest.values() if each.held_since is not None and at - each.held_since >= ELDER_TIME]

    def _seat(self, unit: Unit, before: list[Seat], after: list[Seat]) -> set[int]:
        old, new = ({seat.node_id: seat for seat in seats} for seats in (before, after))
        gone, come = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
        if gone:
            unit.connection.execute(
                delete(COUNCIL_SEATS).where(_SEATS.vault_id == unit.vault_id, _SEATS.node_id.in_(gone))
            )
        if come:
            rows = [
                {"vault_id": unit.vault_id, "seat": new[each].number, "node_id": each, "since": new[each].since}
                for each in come
            ]
            unit.connection.execute(insert(COUNCIL_SEATS), rows)
        # Elder is a word for having a seat, also where somebody wrote something else by hand.
        stray = list(
            unit.connection.scalars(
                select(_NODES.id).where(
                    _NODES.vault_id == unit.vault_id, _NODES.elder == true(), _NODES.id.not_in(list(new))
                )
            )
        )
        for ids, elder in ((stray, False), (come, True)):
            if ids:
                these = (_NODES.vault_id == unit.vault_id, _NODES.id.in_(ids))
                unit.connection.execute(update(TEMPLE_NODES).where(*these).values(elder=elder))
        return {*gone, *come, *stray}
