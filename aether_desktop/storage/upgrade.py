"""Running the migrations: which schema a database has, which this program wants, and how it gets there.

An embedded vault is migrated when it is opened, after a back-up. A shared database is migrated by an administrator's
explicit command only; other clients stop and name both versions. Each run is one transaction on either engine.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from aether_desktop.locations import migrations_dir
from aether_desktop.ports.errors import (
    NotAVaultError,
    SchemaTooNewError,
    SchemaTooOldError,
    StorageError,
)
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.backup import back_up
from aether_desktop.storage.engines import EngineKit
from aether_desktop.storage.failures import translated
from aether_desktop.storage.sqlite import SqliteKit

VERSION_TABLE: Final = "aether_schema"
MIGRATION_LOCK: Final = 0x6165746865720001  # advisory lock of migrations: "aether", 1
_ONE_AT_A_TIME: Final = threading.Lock()  # Alembic's environment is one per process


class SchemaState(StrEnum):
    EMPTY = "empty"  # no table at all
    FOREIGN = "foreign"  # tables, none of them our version table
    OLD = "old"
    CURRENT = "current"
    NEW = "new"  # made by a newer program


class Migrations:
    """The Alembic tree in ``folder``. Any thread; runs wait for one another."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = migrations_dir() if folder is None else folder
        self._scripts = _scripts_of(self._folder) if folder is None else ScriptDirectory(str(folder))

    @property
    def head(self) -> str:
        """The revision this program works with."""
        head = self._scripts.get_current_head()
        if head is None:
            raise RuntimeError(f"no migrations in {self._folder}")
        return head

    @property
    def revisions(self) -> tuple[str, ...]:
        """All revisions, oldest first."""
        return tuple(reversed([script.revision for script in self._scripts.walk_revisions()]))

    def revision_of(self, connection: Connection) -> str | None:
        """The database's revision; None when it has no version table of ours."""
        if not inspect(connection).has_table(VERSION_TABLE):
            return None
        revision: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
        return revision

    def state_of(self, connection: Connection) -> tuple[SchemaState, str | None]:
        """What lies in the database, and its revision."""
        revision = self.revision_of(connection)
        if revision is None:
            tables = inspect(connection).get_table_names()
            return (SchemaState.FOREIGN if tables else SchemaState.EMPTY), None
        if revision == self.head:
            return SchemaState.CURRENT, revision
        return (SchemaState.OLD if revision in self.revisions else SchemaState.NEW), revision

    def run(self, connection: Connection) -> None:
        """Bring the database to ``head`` inside the connection's transaction. Raises SQLAlchemy's and driver errors."""
        with _ONE_AT_A_TIME:
            command.upgrade(self.config(connection), "head")

    def config(self, connection: Connection) -> Config:
        """Alembic's configuration for this connection, for its commands."""
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(self._folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        return config


@lru_cache(maxsize=1)
def _scripts_of(own: Path) -> ScriptDirectory:
    """The program's own migrations do not change while it runs: read once, and whole, not for each vault."""
    scripts = ScriptDirectory(str(own))
    scripts.get_current_head()
    return scripts


def require_current(kit: EngineKit, migrations: Migrations) -> None:
    """Let a client go on only with the schema it knows.

    Raises SchemaTooNewError, SchemaTooOldError (both versions named), NotAVaultError.
    """
    with translated(where=kit.location), kit.reader.connect() as connection:
        state, revision = migrations.state_of(connection)
    _refuse_newer(kit.location, migrations, state, revision)
    if state is SchemaState.OLD:
        raise SchemaTooOldError(
            f"{kit.location} has schema {revision}; this program needs {migrations.head}.",
            hint="Ask the administrator of the database to run: aether-desktop postgres migrate",
        )
    if state is not SchemaState.CURRENT:
        raise _no_vault(kit.location, state)


def upgrade_vault(
    kit: SqliteKit, migrations: Migrations, *, progress: Progress = silent, token: CancelToken | None = None
) -> Path | None:
    """Bring an embedded vault to the program's schema; returns the back-up made before, None if nothing was to do.

    Raises SchemaTooNewError, NotAVaultError, ReadOnlyError, DiskFullError, OperationCancelled (during the back-up).
    A kill at any moment leaves the old or the new schema.
    """
    with translated(where=kit.location), kit.reader.connect() as connection:
        state, revision = migrations.state_of(connection)
    _refuse_newer(kit.location, migrations, state, revision)
    if state is SchemaState.CURRENT:
        return None
    if state is not SchemaState.OLD:
        raise _no_vault(kit.location, state)
    kept = kit.path.with_name(f"{kit.path.name}.before-{revision}")
    back_up(kit, kept, replace=True, progress=progress, token=token)
    progress(0, None, f"Migrating the vault from schema {revision} to {migrations.head}")
    create_schema(kit, migrations)
    return kept


def create_schema(kit: SqliteKit, migrations: Migrations) -> None:
    """Run the migrations on an embedded vault, empty or older, in one transaction. Raises the StorageError family."""
    with (
        translated(where=kit.location),
        kit.exclusive(None),
        kit.writer.connect() as connection,
        _foreign_keys_off(connection),
        connection.begin(),
    ):
        migrations.run(connection)
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if orphans:
            tables = ", ".join(sorted({str(row[0]) for row in orphans}))
            raise StorageError(
                f"The migration would leave rows in {tables} that refer to nothing; nothing was changed.",
                hint="Report this with the version of the program; the vault works with the older one.",
            )


def require_migratable(connection: Connection, migrations: Migrations, *, where: str, foreign: bool) -> str | None:
    """The revision of a shared database that may be brought to ``head``; None while it is empty.

    ``foreign``: also beside tables of another program. Raises SchemaTooNewError, NotAVaultError.
    """
    state, revision = migrations.state_of(connection)
    _refuse_newer(where, migrations, state, revision)
    if state is SchemaState.FOREIGN and not foreign:
        raise _no_vault(where, state)
    return revision


def _refuse_newer(where: str, migrations: Migrations, state: SchemaState, revision: str | None) -> None:
    if state is SchemaState.NEW:
        raise SchemaTooNewError(
            f"{where} has schema {revision}, which is newer than this program's {migrations.head}.",
            hint="Install the newest version of Aether Desktop.",
        )


def _no_vault(where: str, state: SchemaState) -> NotAVaultError:
    if state is SchemaState.EMPTY:
        return NotAVaultError(
            f"{where} holds no vault yet.",
            hint="Its administrator creates one with: aether-desktop postgres provision URL",
        )
    return NotAVaultError(
        f"{where} holds tables of another program and was not touched.", hint="Choose another database or file."
    )


@contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    """Rebuilding a table that others refer to would delete their rows by cascade. To be set outside a transaction."""
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")
