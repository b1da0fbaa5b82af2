"""Filling an empty vault file: indexes that take rows at random places are made when all rows are there, by sorting.

Row by row, each of ten million rows would be written into a page of its own in each of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection

from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.bulk_sqlite import SqliteRoad
from aether_desktop.storage.engines import EngineKit
from aether_desktop.storage.failures import translated

# An import's questions need none of these in a wallet that is new.
SCATTERED: Final = (
    "ix_transactions_hash",
    "ix_transactions_amount",
    "ix_transactions_fee",
    "ix_transactions_counterparty",
)


@contextmanager
def late_indexes(kit: EngineKit, token: CancelToken | None = None) -> Iterator[None]:
    """Around filling a vault that nobody else has open, and that is thrown away should this fail. SQLite only.

    Memory: about 120 bytes a row while one index is sorted. Raises the StorageError family, OperationCancelled.
    """
    if kit.dialect != "sqlite":
        yield
        return
    with _writing(kit, token) as connection:
        made = [
            connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).scalar_one()
            for name in SCATTERED
        ]
        for name in SCATTERED:
            connection.exec_driver_sql(f"DROP INDEX {name}")
    yield
    for statement in made:
        with _writing(kit, token) as connection:
            connection.exec_driver_sql(statement)


@contextmanager
def _writing(kit: EngineKit, token: CancelToken | None) -> Iterator[Connection]:
    with (
        translated(where=kit.location, token=token),
        kit.exclusive(token),
        kit.writer.connect() as connection,
        connection.begin(),
        SqliteRoad(connection, 0).loading(),
    ):
        heard = token or CancelToken()
        remove = heard.on_cancel(kit.interrupter(connection))
        try:
            yield connection
            heard.check()
        finally:
            remove()
