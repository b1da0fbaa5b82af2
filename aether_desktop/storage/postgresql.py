"""PostgreSQL 14 or newer through psycopg 3: one pool, explicit BEGIN with the timeouts of that transaction.

Nothing is set for a session, so a transaction-pooling PgBouncer may lie between (``pooler=transaction`` in the URL:
then no prepared statements, and changes of others are polled for).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from aether_desktop.ports.errors import StorageError, StorageUnavailableError
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.addresses import DatabaseAddress
from aether_desktop.storage.engines import CommitNotice, EngineKit
from aether_desktop.storage.failures import DRIVER_ERRORS, translate

OLDEST_VERSION: Final = 140000
CHANNEL: Final = "aether_changes"
_POOL: Final = 6  # four readers, one writer, one to spare
_OVERFLOW: Final = 4
_WRITING: Final = "aether_writing"  # an execution option of our engines
_CONNECT_SECONDS: Final = 10
_OUTCOME_SECONDS: Final = 20.0  # how long to ask whether a lost commit arrived
_CANCEL_SECONDS: Final = 5.0
_KEEPALIVE: Final = {
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",  # ms until unacknowledged data ends the connection
}
# Compiling a plan costs 0.5 to 1.7 s where a question is asked of thousands of keys at once, whose cost is guessed far
# too high, the more so with row policies; it never pays for what a client asks.
_LIMITS: Final = (
    "SET LOCAL lock_timeout = '15s'; SET LOCAL idle_in_transaction_session_timeout = '5min'; SET LOCAL jit = off"
)
_BEGIN_READ: Final = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '5min'; {_LIMITS}"
_BEGIN_WRITE: Final = (
    f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = '30min'; {_LIMITS}"
)


def open_postgresql(address: DatabaseAddress) -> PostgresKit:
    """A pool of connections to a server that answers and is new enough.

    Raises the StorageError family, PermissionDeniedError, NotFoundError.
    """
    kit = PostgresKit(address)
    try:
        kit.prove()
    except BaseException:
        kit.dispose()
        raise
    return kit


class PostgresKit(EngineKit):
    """One database on a server (or a list of servers). ``encrypted`` says whether the connection uses TLS."""

    dialect = "postgresql"

    def __init__(self, address: DatabaseAddress) -> None:
        self.address = address
        self.location = address.shown
        self.encrypted = False
        self._version = ""
        base = create_engine(
            "postgresql+psycopg://",
            creator=self.connect,
            poolclass=QueuePool,
            pool_size=_POOL,
            max_overflow=_OVERFLOW,
            pool_timeout=30,
            pool_pre_ping=True,
            pool_recycle=3600,
            use_native_hstore=False,
        )

        @event.listens_for(base, "begin")
        def _begin(connection: Connection) -> None:
            writing = connection.get_execution_options().get(_WRITING, False)
            connection.exec_driver_sql(
                _BEGIN_WRITE if writing else _BEGIN_READ, execution_options={"no_parameters": True}
            )

        self._base = base
        self._reader = base.execution_options(**{_WRITING: False})
        self._writer = base.execution_options(**{_WRITING: True})

    @property
    def reader(self) -> Engine:
        return self._reader

    @property
    def writer(self) -> Engine:
        return self._writer

    @property
    def engine_version(self) -> str:
        return self._version

    def connect(self) -> psycopg.Connection[Any]:
        """A driver connection of the caller's own (autocommit; BEGIN is ours). Raises psycopg.Error."""
        parameters = {
            "connect_timeout": str(_CONNECT_SECONDS),
            "application_name": "aether-desktop",
            "client_encoding": "UTF8",
            **_KEEPALIVE,
            **self.address.parameters,
        }
        threshold = None if self.address.pooled else 5
        return psycopg.connect(make_conninfo(**parameters), autocommit=True, prepare_threshold=threshold)

    def prove(self) -> None:
        """Raises as ``open_postgresql`` does."""
        try:
            with self._reader.connect() as connection:
                driver = driver_connection(connection)
                version = driver.info.server_version
                self._version = f"PostgreSQL {driver.info.parameter_status('server_version') or version}"
                self.encrypted = bool(driver.pgconn.ssl_in_use)
        except DRIVER_ERRORS as error:
            raise translate(error, where=self.location) from error
        if version < OLDEST_VERSION:
            raise StorageError(
                f"{self.location} runs {self._version}, which is too old.", hint="PostgreSQL 14 or newer is needed."
            )

    @contextmanager
    def exclusive(self, token: CancelToken | None) -> Iterator[None]:
        if token is not None:
            token.check()
        yield

    def interrupter(self, connection: Connection) -> Callable[[], None]:
        """Cancelling asks the server over a connection of its own, and waits for it."""
        driver = driver_connection(connection)

        def cancel() -> None:
            with suppress(psycopg.Error):  # the server is gone; the statement fails by itself
                driver.cancel_safe(timeout=_CANCEL_SECONDS)

        return cancel

    def in_transaction(self, connection: Connection) -> bool:
        return driver_connection(connection).info.transaction_status is TransactionStatus.INTRANS

    def before_commit(self, connection: Connection, notice: CommitNotice) -> str:
        """One round trip: the hint, which the commit sends, the counter, and the transaction's number."""
        row = connection.exec_driver_sql(
            "WITH counted AS (UPDATE id_clients SET writes = writes + 1"
            " WHERE vault_id = %s AND number = %s AND generation = %s)"
            " SELECT pg_notify(%s, %s), pg_current_xact_id()::text",
            (notice.vault_id, notice.number, notice.generation, CHANNEL, notice.hint),
        ).one()
        return str(row[1])

    def was_committed(self, mark: str, looked_up: Callable[[Connection], bool]) -> bool | None:
        """Asks until the old transaction has ended; if its session only lingers, ends it."""
        deadline = time.monotonic() + _OUTCOME_SECONDS
        pause = threading.Event()
        while time.monotonic() < deadline:
            try:
                with self._reader.connect() as connection:
                    outcome = _outcome(connection, mark, looked_up)
            except DRIVER_ERRORS as error:
                if "in the future" in str(error):
                    return False  # a promoted standby that never saw this transaction
                if not isinstance(translate(error, where=self.location), StorageUnavailableError):
                    raise
                outcome = None
            if outcome is not None:
                return outcome
            pause.wait(0.25)  # the server restarts or fails over, or the old session is still ending
        return None

    def dispose(self) -> None:
        self._base.dispose()


def driver_connection(connection: Connection) -> psycopg.Connection[Any]:
    """psycopg's connection below SQLAlchemy's."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - narrows the type
    return driver


def _outcome(connection: Connection, mark: str, looked_up: Callable[[Connection], bool]) -> bool | None:
    if looked_up(connection):
        return True
    status = connection.exec_driver_sql("SELECT pg_xact_status(%s::text::xid8)", (mark,)).scalar()
    if status in {"committed", "aborted"}:
        return bool(status == "committed")
    if status == "in progress":  # its session waits for a client that is gone; end it, so that the answer is final
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_xid::text::bigint = (%s::bigint & 4294967295)",
            (int(mark),),
        )
    return None
