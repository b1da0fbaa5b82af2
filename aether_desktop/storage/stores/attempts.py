"""Wrong factors in a row, counted in a shared database: for every computer of the person, by the server's clock."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from aether_desktop.domain.back_off import FREE_FAILURES, MOST_FAILURES, seconds_left, shown_wait
from aether_desktop.domain.courts import Court
from aether_desktop.domain.times import EPOCH
from aether_desktop.ports.access import WrongFactorError
from aether_desktop.storage.columns import from_microseconds, microseconds
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import UNLOCK_ATTEMPTS

_TABLE: Final[Table] = UNLOCK_ATTEMPTS
_COLUMNS: Final = _TABLE.c
_SECOND: Final = 1_000_000
_NOW: Final = {  # microseconds since 1970
    "postgresql": "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
    "sqlite": "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
}


class SqlAttemptStore:
    """Implements ``ports.access.AttemptCounter`` for the person who is logged in. Worker threads only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def wait(self, level: Court) -> float:
        """Seconds until the next attempt, 0 for now. Raises the StorageError family."""
        return self._database.fetch(lambda connection: self._state(connection, level)[1])

    def begin(self, level: Court) -> None:
        """Count an attempt as failed before it is made.

        From the third in a row on it is in the audit log. Raises WrongFactorError while the wait lasts (then nothing is
        counted), the StorageError family.
        """
        with self._database.write(action="level.attempt", table=_TABLE.name) as unit:
            dialect: Any = postgresql if self._database.dialect == "postgresql" else sqlite
            row = {"vault_id": unit.vault_id, "user_id": unit.user_id, "level": int(level)}
            fresh = dialect.insert(_TABLE).values(**row, failures=0, last_at=EPOCH)
            unit.connection.execute(fresh.on_conflict_do_nothing())
            failures, left = self._state(unit.connection, level, locked=True)
            if left > 0:
                raise WrongFactorError("Too many wrong attempts.", wait=left, hint=f"Wait {shown_wait(left)}.")
            counted = _TABLE.update().where(*(_COLUMNS[name] == value for name, value in row.items()))
            now = unit.connection.exec_driver_sql(_NOW[self._database.dialect]).scalar_one()
            unit.connection.execute(
                counted.values(failures=min(failures + 1, MOST_FAILURES), last_at=from_microseconds(int(now)))
            )
            if failures >= FREE_FAILURES:
                unit.audit(rows=0, level=int(level), failures=failures)

    def succeed(self, level: Court) -> None:
        """The factor was right: the next failure is the first one. Raises the StorageError family."""
        mine = (_COLUMNS.user_id == self._database.user_id, _COLUMNS.level == int(level), _COLUMNS.failures > 0)
        with self._database.write(action="level.open", table=_TABLE.name) as unit:
            unit.connection.execute(_TABLE.update().where(_COLUMNS.vault_id == unit.vault_id, *mine).values(failures=0))

    def _state(self, connection: Connection, level: Court, *, locked: bool = False) -> tuple[int, float]:
        """Failures in a row, and seconds to wait."""
        mine = (
            _COLUMNS.vault_id == self._database.vault_id,
            _COLUMNS.user_id == self._database.user_id,
            _COLUMNS.level == int(level),
        )
        query = select(_COLUMNS.failures, _COLUMNS.last_at).where(*mine)
        row = connection.execute(query.with_for_update() if locked else query).first()
        if row is None:
            return 0, 0.0
        now = int(connection.exec_driver_sql(_NOW[self._database.dialect]).scalar_one())
        return row.failures, seconds_left(row.failures, (now - microseconds(row.last_at)) / _SECOND)
