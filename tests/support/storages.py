"""Real vaults and databases to open in tests: one migrated template per run and engine, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg

from aether_desktop.security.scram import scram_verifier
from aether_desktop.storage.access.provisioning import Provisioned, provision_shared
from aether_desktop.storage.opening import OpenVault, create_vault_file, open_shared, open_vault_file
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.upgrade import Migrations
from tests.support.postgres import PostgresCluster

ENGINES = ("sqlite", "postgresql")
KEY = bytes(range(32))
NAME, FOUNDER = "Family", "miriam"
PASSWORD = "of-the-founder-in-tests"
_VERIFIER = scram_verifier(PASSWORD)
_TEMPLATE = "aether_template"


def vault_template(folder: Path) -> Path:
    """A fresh vault of FOUNDER with KEY in ``folder``, made on first use; copy it while it is closed."""
    path = folder / "template.aether"
    if not path.exists():
        create_vault_file(path, KEY, name=NAME, username=FOUNDER)
    return path


def provision(
    url: str, *, name: str = NAME, username: str = FOUNDER, migrations: Migrations | None = None
) -> Provisioned:
    """What the administrator does first; the founder's password is PASSWORD."""
    return provision_shared(url, name=name, username=username, verifier=_VERIFIER, migrations=migrations)


def database_template(cluster: PostgresCluster) -> str:
    """The name of a provisioned database with a vault of FOUNDER, made on first use; copies share its roles."""

    def prepare(url: str) -> str:
        provision(url)
        return login_of(url)

    return cluster.template(_TEMPLATE, prepare)


def login_of(url: str, *, username: str = FOUNDER) -> str:
    """The login of a person; ``url`` is the administrator's."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT m.login FROM vault_members m JOIN users u ON u.vault_id = m.vault_id AND u.id = m.user_id"
            " WHERE u.username = %s",
            (username,),
        ).fetchone()
    assert row is not None
    return str(row[0])


def as_founder(url: str, *, login: str = "") -> str:
    """The address by which FOUNDER opens a database of which ``url`` is the administrator's."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{login or login_of(url)}:{quote(PASSWORD)}@{place}").geturl()


class VaultPlace:
    """Where one test's vault lies: a file, or a database; opens it as often as wanted and closes all at the end."""

    def __init__(self, engine: str, location: str, *, administration: str = "") -> None:
        """``location`` of a database is FOUNDER's address; ``administration`` the superuser's."""
        self.engine = engine
        self.location = location
        self.administration = administration
        self._stack = ExitStack()

    def open_raw(self, *, username: str = "") -> OpenVault:
        """Another client of the vault, without the stores."""
        if self.engine == "sqlite":
            vault = open_vault_file(Path(self.location), KEY)
        else:
            vault = open_shared(self.location, username=username or FOUNDER)
        return self._stack.enter_context(closing(vault))

    def open(self, *, username: str = "") -> SqlStorage:
        """Another client of the vault, with all stores."""
        return SqlStorage(self.open_raw(username=username))

    def give(self, table: str, row_id: int, *, to: int) -> None:
        """Make a row another person's, which no client may: only they themselves make theirs."""
        self.administer(f"UPDATE {table} SET owner_id = {to:d} WHERE id = {row_id:d}")

    def administer(self, *statements: str) -> None:
        """What only the superuser of a shared database may do; a vault file has no such difference."""
        if self.engine == "sqlite":
            with self.open_raw().kit.writer.connect() as connection, connection.begin():
                for statement in statements:
                    connection.exec_driver_sql(statement)
            return
        with psycopg.connect(self.administration) as administrator:
            for statement in statements:
                administrator.execute(statement.encode())

    def close(self) -> None:
        """Close every client that was opened."""
        self._stack.close()


def vault_place(
    engine: str,
    *,
    folder: Path,
    templates: Path,
    cluster: Callable[[], PostgresCluster],
    make_database: Callable[..., str],
) -> Iterator[VaultPlace]:
    """One test's own copy of the template; for a fixture that yields from it."""
    administration = ""
    if engine == "sqlite":
        path = folder / "books.aether"
        shutil.copyfile(vault_template(templates), path)
        path.chmod(0o600)
        location = str(path)
    else:
        administration = make_database(template=database_template(cluster()))
        location = as_founder(administration, login=cluster().note_of(_TEMPLATE))
    with closing(VaultPlace(engine, location, administration=administration)) as place:
        yield place
