"""Which fast road a connection takes."""

from __future__ import annotations

from sqlalchemy import Connection

from aether_desktop.storage.bulk import BulkRoad
from aether_desktop.storage.bulk_postgresql import PostgresRoad
from aether_desktop.storage.bulk_sqlite import SqliteRoad


def road_of(connection: Connection, vault_id: int) -> BulkRoad:
    """The fast road of the connection's engine."""
    kind = PostgresRoad if connection.dialect.name == "postgresql" else SqliteRoad
    return kind(connection, vault_id)
