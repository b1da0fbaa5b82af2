"""What was measured of nodes, for pages and plots. Worker threads only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from aether_desktop.domain.harmony import Harmony, Seat
from aether_desktop.domain.node_samples import Period, RollUp, Sample, merge, roll_up
from aether_desktop.ports.monitoring import NodeReading, NodeTransition
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import NODE_HARMONY, NODE_ROLL_UPS, NODE_SAMPLES, NODE_STATES, NODE_TRANSITIONS
from aether_desktop.storage.stores.council import CouncilSeats
from aether_desktop.storage.stores.node_rows import (
    harmony_of,
    period_code,
    reading_of,
    roll_up_of,
    sample_of,
    transition_of,
)

_SAMPLES, _PARTS, _CHANGES = NODE_SAMPLES.c, NODE_ROLL_UPS.c, NODE_TRANSITIONS.c
_SHORTER: Final = {Period.HOUR: Period.FIVE_MINUTES, Period.DAY: Period.HOUR}


class SqlNodeLog:
    """Implements ``ports.monitoring.NodeLog``; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._council = CouncilSeats(database)

    def reading(self, node_id: int) -> NodeReading | None:
        """None before the first."""
        query = self._of(NODE_STATES, node_id)

        def read(connection: Connection) -> NodeReading | None:
            row = connection.execute(query).first()
            return None if row is None else reading_of(row)

        return self._database.fetch(read)

    def samples(
        self, node_id: int, *, since: datetime, until: datetime | None = None, limit: int = 1000
    ) -> list[Sample]:
        """See the port."""
        query = self._of(NODE_SAMPLES, node_id).where(_SAMPLES.at >= since)
        if until is not None:
            query = query.where(_SAMPLES.at < until)
        query = query.order_by(_SAMPLES.at.desc(), _SAMPLES.probe_id).limit(limit)
        return self._database.fetch(lambda connection: [sample_of(row) for row in connection.execute(query)])

    def roll_ups(self, node_id: int, period: Period, *, since: datetime, until: datetime | None = None) -> list[RollUp]:
        """See the port."""
        end = until or datetime.max.replace(tzinfo=UTC)
        begin = period.start_of(since)
        return self._database.fetch(lambda connection: self._parts(connection, node_id, period, begin, end))

    def transitions(self, node_id: int | None = None, *, since: datetime, limit: int = 1000) -> list[NodeTransition]:
        """See the port."""
        query = select(NODE_TRANSITIONS).where(_CHANGES.vault_id == self._database.vault_id, _CHANGES.at >= since)
        if node_id is not None:
            query = query.where(_CHANGES.node_id == node_id)
        query = query.order_by(_CHANGES.at.desc(), _CHANGES.id.desc()).limit(limit)
        return self._database.fetch(lambda connection: [transition_of(row) for row in connection.execute(query)])

    def harmony(self, node_id: int, *, since: datetime | None = None) -> list[Harmony]:
        """See the port."""
        query = self._of(NODE_HARMONY, node_id).order_by(NODE_HARMONY.c.at.desc())
        query = query.limit(1) if since is None else query.where(NODE_HARMONY.c.at >= since)
        return self._database.fetch(lambda connection: [harmony_of(row) for row in connection.execute(query)])

    def council(self) -> list[Seat]:
        """By seat."""
        return self._council.seats()

    def _parts(
        self, connection: Connection, node_id: int, period: Period, begin: datetime, end: datetime
    ) -> list[RollUp]:
        """What is stored, then what is not yet, made of shorter periods or of samples."""
        query = self._of(NODE_ROLL_UPS, node_id).where(
            _PARTS.period == period_code(period), _PARTS.starts_at >= begin, _PARTS.starts_at < end
        )
        rows = connection.execute(query.order_by(_PARTS.starts_at, _PARTS.probe_id))
        stored = [roll_up_of(row) for row in rows]
        rest = max(begin, stored[-1].start + period.length) if stored else begin
        if rest >= end:
            return stored
        if period is Period.FIVE_MINUTES:
            raw = self._of(NODE_SAMPLES, node_id).where(_SAMPLES.at >= rest, _SAMPLES.at < end)
            made = roll_up((sample_of(row) for row in connection.execute(raw)), period)
        else:
            made = merge(self._parts(connection, node_id, _SHORTER[period], rest, end), period)
        return [*stored, *sorted(made, key=lambda part: (part.start, part.probe_id))]

    def _of(self, table: Any, node_id: int) -> Select[Any]:
        return select(table).where(table.c.vault_id == self._database.vault_id, table.c.node_id == node_id)
