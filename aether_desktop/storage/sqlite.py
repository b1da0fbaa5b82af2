"""The embedded engine: SQLCipher through ``sqlcipher3``, one writer and several readers in this process.

Rules of every connection: keyed with a raw key and proven at once, foreign keys on, WAL, ``synchronous=FULL`` (a
commit that returned is on the disk), explicit BEGIN (deferred to read, IMMEDIATE to write).
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from aether_desktop.ports.errors import (
    DamagedVaultError,
    NotAVaultError,
    NotFoundError,
    OperationCancelled,
    PermissionDeniedError,
    ReadOnlyError,
    StorageBusyError,
    StorageError,
    WrongKeyError,
)
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.engines import CommitNotice, EngineKit
from aether_desktop.storage.failures import translate, translated
from aether_desktop.storage.sums import register_functions
from aether_desktop.storage.turns import Turns
from aether_desktop.storage.vault_files import file_failure

KEY_BYTES: Final = 32
PAGE_BYTES: Final = 4096  # SQLCipher 4's page
_READERS: Final = 4
_BUSY_SECONDS: Final = 5.0  # another process holds the file
_TURN: Final = 6  # times as long a writer waits for its turn: many may wait, and long work lets them in (turns.py)
_PAUSE: Final = 0.003  # seconds between two tries to begin
_QUEUE_SECONDS: Final = 600.0  # another thread of ours stores a long import
_WRITER_CACHE_KIB: Final = 65536
READER_CACHE_KIB: Final = 16384


def open_sqlite(path: Path, key: bytes | None, *, sample: bool = False, read_only: bool = False) -> SqliteKit:
    """Connections to an existing vault file, proven to open with the key. ``key`` None only with ``sample``.

    Raises NotFoundError, NotAVaultError, WrongKeyError, StorageBusyError, ReadOnlyError, PermissionDeniedError,
    StorageUnavailableError.
    """
    if (key is None) != sample:
        raise ValueError("only the sample vault is without a key")
    if key is not None and len(key) != KEY_BYTES:
        raise ValueError(f"a vault's key has {KEY_BYTES} bytes")
    _require_file(path)
    kit = SqliteKit(path, key, read_only=read_only)
    try:
        kit.prove()
    except BaseException:
        kit.dispose()
        raise
    return kit


class SqliteKit(EngineKit):
    """One vault file. ``exclusive`` makes the threads of this process queue for the one writer."""

    dialect = "sqlite"

    def __init__(
        self, path: Path, key: bytes | None, *, read_only: bool = False, busy_seconds: float = _BUSY_SECONDS
    ) -> None:
        self.path = path
        self.location = str(path)
        self.encrypted = key is not None
        self.read_only = read_only
        self._key = key
        self._busy_seconds = busy_seconds
        self._gate = threading.Lock()
        self._turns = Turns(path)
        self._given_up = threading.Event()  # the one writer shall wait no longer
        self._writer = self._engine(writes=True, size=1, cache_kib=_WRITER_CACHE_KIB, query_only=read_only)
        self._reader = self._engine(writes=False, size=_READERS, cache_kib=READER_CACHE_KIB, query_only=True)

    @property
    def reader(self) -> Engine:
        return self._reader

    @property
    def writer(self) -> Engine:
        return self._writer

    @property
    def engine_version(self) -> str:
        with self._reader.connect() as connection:
            cipher = connection.exec_driver_sql("PRAGMA cipher_version").scalar() if self.encrypted else None
        version = f"SQLite {sqlcipher.sqlite_version}"
        return f"{version}, SQLCipher {str(cipher).split()[0]}" if cipher else version

    @contextmanager
    def exclusive(self, token: CancelToken | None) -> Iterator[None]:
        deadline = time.monotonic() + _QUEUE_SECONDS
        while not self._gate.acquire(timeout=0.1):
            if token is not None:
                token.check()
            if time.monotonic() > deadline:
                raise StorageBusyError(
                    "Another change is still being stored.", hint="Wait for it to end, or cancel it; then try again."
                )
        try:
            yield
        finally:
            self._gate.release()

    def interrupter(self, connection: Connection) -> Callable[[], None]:
        driver = _driver(connection)

        def stop() -> None:
            if connection.engine is self._writer:
                self._given_up.set()
            driver.interrupt()

        return stop

    def in_transaction(self, connection: Connection) -> bool:
        return bool(_driver(connection).in_transaction)

    def wanted(self) -> bool:
        return self._turns.wanted()

    def let_in(self) -> None:
        self._turns.let_in()

    def give_back(self) -> None:
        if not self._gate.acquire(blocking=False):
            return  # whoever writes now wants the pages
        try:
            with self._writer.connect() as connection:
                _driver(connection).execute("PRAGMA shrink_memory")
        finally:
            self._gate.release()
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None  # glibc has it
        if trim is not None:
            trim(0)

    @contextmanager
    def importing(self) -> Iterator[bool]:
        with self._turns.importing() as alone:
            yield alone

    def before_commit(self, connection: Connection, notice: CommitNotice) -> str:  # noqa: ARG002 - data_version tells
        return ""

    def was_committed(self, mark: str, looked_up: Callable[[Connection], bool]) -> bool | None:  # noqa: ARG002
        with self._reader.connect() as connection:
            return looked_up(connection)

    def data_version(self) -> int | None:
        """A number that grows when *another process* commits; None while this process writes. 4 us.

        Asked on the writer's connection, because it counts the commits of all other connections.
        """
        if not self._gate.acquire(blocking=False):
            return None
        try:
            with self._writer.connect() as connection:
                return int(_driver(connection).execute("PRAGMA data_version").fetchone()[0])
        finally:
            self._gate.release()

    def connect(self, path: Path | None = None, *, read_only: bool = False) -> Any:
        """A driver connection of the caller's own, keyed with the same key: to this file, or to a copy at ``path``.

        Raises as ``open_sqlite`` does.
        """
        place = self.path if path is None else path
        try:
            connection = sqlcipher.connect(
                f"{place.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}",
                uri=True,
                timeout=self._busy_seconds,
                isolation_level=None,  # BEGIN and COMMIT are ours
                check_same_thread=False,  # the pool hands a connection to one thread at a time
            )
        except sqlcipher.Error as error:
            raise translate(error, where=str(place)) from error
        try:
            self._prepare(connection, place)
        except BaseException:
            connection.close()
            raise
        return connection

    def prove(self) -> None:
        """Raises as ``open_sqlite`` does when the file does not open with the key."""
        if not self.read_only and not (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)):
            raise ReadOnlyError(
                f"{self.path} or its folder cannot be written.",
                hint="Change its permissions, or copy the vault to a folder of your own.",
            )
        with translated(where=self.location), self._reader.connect():
            pass
        if self.path.stat().st_size % PAGE_BYTES:  # whole pages missing are noticed by SQLite
            raise DamagedVaultError(
                f"{self.path} is cut short: its last page is incomplete.", hint="Restore the newest back-up."
            )

    def use_wal(self) -> None:
        """Write ahead from now on (kept in the file); a fresh vault or a back-up does not yet.

        Only for a file known to be ours. Raises StorageBusyError, ReadOnlyError.
        """
        with translated(where=self.location), self.exclusive(None), closing(self.connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")

    def dispose(self) -> None:
        self._reader.dispose()
        self._writer.dispose()

    def _prepare(self, connection: Any, path: Path) -> None:
        try:
            if self._key is not None:
                connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to the terminal
                connection.execute(f"PRAGMA key = \"x'{self._key.hex()}'\"")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except MemoryError as error:
            raise _does_not_open(path, self._key) from error
        except sqlcipher.Error as error:
            if getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
                raise _does_not_open(path, self._key) from error
            raise translate(error, where=str(path)) from error
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # what was deleted or sealed leaves nothing in freed pages
        connection.execute("PRAGMA journal_size_limit = 67108864")
        register_functions(connection)

    def _engine(self, *, writes: bool, size: int, cache_kib: int, query_only: bool) -> Engine:
        def connect() -> Any:
            connection = self.connect(read_only=self.read_only)
            connection.execute(f"PRAGMA cache_size = -{cache_kib}")
            if query_only:
                connection.execute("PRAGMA query_only = ON")
            return connection

        engine = create_engine(
            "sqlite://",
            module=sqlcipher,
            creator=connect,
            poolclass=QueuePool,
            pool_size=size,
            max_overflow=0,
            pool_use_lifo=True,  # whoever asks alone finds its pages again, and only one connection holds many
            pool_timeout=30,
        )

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            if writes:
                self._begin_writing(_driver(connection))
            else:
                connection.exec_driver_sql("BEGIN")

        return engine

    def _begin_writing(self, driver: Any) -> None:
        """BEGIN IMMEDIATE, seen by those who can give way. SQLite's own waiting would sleep 0.1 s between two looks."""
        self._given_up.clear()
        if self._began(driver):
            return
        deadline = time.monotonic() + self._busy_seconds * _TURN
        with self._turns.waiting():
            while not self._began(driver, last=time.monotonic() >= deadline):
                if self._given_up.wait(_PAUSE):
                    raise OperationCancelled

    def _began(self, driver: Any, *, last: bool = False) -> bool:
        """Raises the driver's error at the ``last`` try, and any other than that somebody holds the file."""
        driver.execute("PRAGMA busy_timeout = 0")
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlcipher.OperationalError as error:
            if last or not getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                raise
            return False
        finally:
            driver.execute(f"PRAGMA busy_timeout = {int(self._busy_seconds * 1000):d}")
        return True


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _require_file(path: Path) -> None:
    try:
        if not path.exists():
            raise NotFoundError(f"There is no vault at {path}.", hint="Choose another file, or create a vault.")
        if not path.is_file():
            raise NotAVaultError(f"{path} is not a file.", hint="Choose a vault's file (NAME.aether).")
        size = path.stat().st_size
    except OSError as error:
        raise file_failure(error, path) from error
    if size < PAGE_BYTES:  # SQLite would take it for a new, empty database
        raise NotAVaultError(
            f"{path} is {'empty' if size == 0 else 'too short to be a vault'}.",
            hint="Choose another file, or restore a back-up of this one.",
        )
    if not os.access(path, os.R_OK):
        raise PermissionDeniedError(
            f"{path} may not be read by you.", hint="Change its permissions, or log in as its owner."
        )


def _does_not_open(path: Path, key: bytes | None) -> StorageError:
    """Tell a vault with another key from what never was a vault, without opening the file ourselves.

    Closing a second descriptor of a database file would drop SQLite's locks of this process (POSIX advisory locks).
    """
    if key is None:
        return NotAVaultError(f"{path} is encrypted or no database.", hint="Open it as a vault, with its key.")
    try:
        whole_pages = path.stat().st_size % PAGE_BYTES == 0
    except OSError as error:
        return file_failure(error, path)
    if not whole_pages:
        return NotAVaultError(
            f"{path} is not a vault, or only a part of one.",
            hint="Choose another file, or restore a back-up of this one.",
        )
    if is_plain_database(path):
        return NotAVaultError(
            f"{path} is a database without encryption, not a vault.", hint="Choose a vault's file (NAME.aether)."
        )
    return WrongKeyError(
        f"The key does not open {path}.",
        hint=f"Use the keyring or key file that this vault was made with, and keep {path.name}.keys beside it. If they"
        " are the right ones, the file is damaged or no vault: restore a back-up.",
    )


def is_plain_database(path: Path) -> bool:
    """Whether the file is an unencrypted SQLite database. Safe beside a connection that has it open; never raises."""
    try:
        connection = sqlcipher.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    except sqlcipher.Error:
        return False
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except (sqlcipher.Error, MemoryError):
        return False
    else:
        return True
    finally:
        connection.close()
