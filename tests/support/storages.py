"""Real vaults and databases to open in tests: one migrated template per run and engine, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from aether_desktop.storage.opening import (
    OpenVault,
    create_vault_file,
    migrate_shared,
    open_shared,
    open_vault_file,
    provision_shared,
)
from aether_desktop.storage.sql_storage import SqlStorage
from tests.support.postgres import PostgresCluster

ENGINES = ("sqlite", "postgresql")
KEY = bytes(range(32))
NAME, FOUNDER = "Family", "miriam"
_TEMPLATE = "aether_template"


def vault_template(folder: Path) -> Path:
    """A fresh vault of FOUNDER with KEY in ``folder``, made on first use; copy it while it is closed."""
    path = folder / "template.aether"
    if not path.exists():
        create_vault_file(path, KEY, name=NAME, username=FOUNDER)
    return path


def database_template(cluster: PostgresCluster) -> str:
    """The name of a migrated database with a vault of FOUNDER, made on first use."""

    def prepare(url: str) -> None:
        migrate_shared(url)
        provision_shared(url, name=NAME, username=FOUNDER)

    return cluster.template(_TEMPLATE, prepare)


class VaultPlace:
    """Where one test's vault lies: a file, or a database; opens it as often as wanted and closes all at the end."""

    def __init__(self, engine: str, location: str) -> None:
        self.engine = engine
        self.location = location
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
    if engine == "sqlite":
        path = folder / "books.aether"
        shutil.copyfile(vault_template(templates), path)
        path.chmod(0o600)
        location = str(path)
    else:
        location = make_database(template=database_template(cluster()))
    with closing(VaultPlace(engine, location)) as place:
        yield place
