"""Large ledgers to measure on: a vault file, its unencrypted copy, a PostgreSQL database; made once, kept for reuse.

All hold the rows of one seed, so that their first rows, sorted and filtered, are known by hash.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import sqlcipher3.dbapi2 as sqlcipher
from psycopg import sql

from aether_desktop.composition.generated import build_large_sample, fill_database
from aether_desktop.locations import migrations_dir
from aether_desktop.ports.work import CancelToken
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.services import generated_ledger, large_sample
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.service_set import build_services
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.storage.sql_storage import open_database
from aether_desktop.sums.built_in import BUILT_IN
from tests.support.postgres import PostgresCluster
from tests.support.storages import as_founder, provision

BYTES_PER_ROW: Final = 2_500  # disk, for the vault file and its plain copy, or the database with its write-ahead log
PLAIN_TABLES: Final = ("vaults", "wallets", "currencies", "transactions")
_UNUSED: Final = 7_200  # seconds after which what another version made is removed
SERVER: Final = {"shared_buffers": "256MB", "max_wal_size": "2GB", "synchronous_commit": "on"}


@dataclass(frozen=True, slots=True)
class Place:
    """What a measuring process is told. Paths as text: it travels as JSON."""

    engine: str
    rows: int
    seed: int
    vault: str = ""
    key_file: str = ""
    plain: str = ""
    url: str = ""
    administration: str = ""

    def told(self) -> dict[str, Any]:
        return asdict(self)


class Cache:
    """A private folder of ledgers, by size, seed, schema and generator; what another version made is removed."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.gettempdir()) / f"aether-large-{os.geteuid()}"
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)  # the server's user passes through
        found = self.folder.lstat()
        if found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode):
            raise RuntimeError(f"{self.folder} belongs to somebody else")
        self.mark = _version()
        for old in self.folder.iterdir():
            if self.mark not in old.name and old.stat().st_mtime < time.time() - _UNUSED:
                shutil.rmtree(old, ignore_errors=True)

    def require_room(self, rows: int, copies: int) -> None:
        """Raises RuntimeError before anything is begun."""
        wanted, free = rows * BYTES_PER_ROW * copies, shutil.disk_usage(self.folder).free
        if free < wanted:
            raise RuntimeError(f"{rows:,} rows need about {wanted / 1e9:.0f} GB, {free / 1e9:.0f} GB are free")

    def vault(self, rows: int, seed: int) -> Place:
        """The vault file and its plain copy."""
        folder = self.folder / f"vault-{self.mark}-{rows}-{seed}"
        _touch(folder)
        path, key_file, plain = folder / "ledger.aether", folder / "key", folder / "plain.db"
        if not plain.exists():
            self.require_room(rows, 1)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            with _timed(f"generating a vault of {rows:,} rows"), closing(SettingsFile(folder / "settings")) as settings:
                build_large_sample(
                    path,
                    settings=settings,
                    key_file=key_file,
                    password=None,
                    rows=rows,
                    seed=seed,
                    token=CancelToken(),
                    progress=_quiet,
                )
            with _timed("its unencrypted copy, for Qt's own driver"):
                copy_plain(path, KeyFileStore(key_file).load(path), plain)
        return Place("sqlite", rows, seed, vault=str(path), key_file=str(key_file), plain=str(plain))

    def cluster(self) -> PostgresCluster:
        """The server, running; its data stay when it is closed."""
        cluster = PostgresCluster(settings=SERVER, kept=self._server_folder())
        cluster.start()
        return cluster

    def database(self, cluster: PostgresCluster, rows: int, seed: int) -> Place:
        """A database of the running server."""
        name = f"ledger_{rows}_{seed}"
        with psycopg.connect(cluster.socket_url(), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if known is None:
                self.require_room(rows, 1)
                making = f"{name}_unfinished"
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(making)))
                connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(making)))
                with _timed(f"generating a PostgreSQL database of {rows:,} rows"):
                    _fill(cluster.url(making), rows, seed)
                connection.execute(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(making), sql.Identifier(name))
                )
        return Place("postgresql", rows, seed, url=as_founder(cluster.url(name)), administration=cluster.url(name))

    def _server_folder(self) -> Path:
        folder = self.folder / f"server-{self.mark}"
        folder.mkdir(mode=0o700, exist_ok=True)
        _touch(folder)
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
        return folder


def _touch(folder: Path) -> None:
    if folder.exists():
        os.utime(folder)


def copy_plain(vault: Path, key: bytes, plain: Path) -> None:
    """The ledger's tables, rows and indexes without encryption and triggers, complete or not at all."""
    making = plain.with_suffix(".making")
    making.unlink(missing_ok=True)
    with closing(sqlcipher.connect(str(vault), isolation_level=None)) as source:
        source.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        source.execute("ATTACH ? AS plain KEY ''", (str(making),))
        source.execute("PRAGMA plain.journal_mode = OFF")
        source.execute("PRAGMA plain.synchronous = OFF")
        for kind in ("table", "index"):
            made = source.execute(
                "SELECT tbl_name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL ORDER BY name", (kind,)
            ).fetchall()
            for table, statement in made:
                if table not in PLAIN_TABLES:
                    continue
                words = f"CREATE {kind.upper()}", f"CREATE UNIQUE {kind.upper()}"
                begin = words[1] if statement.startswith(words[1]) else words[0]
                source.execute(f"{begin} plain.{statement[len(begin) :].lstrip()}")
                if kind == "table":
                    source.execute(f"INSERT INTO plain.{table} SELECT * FROM main.{table}")  # noqa: S608 - our names
        source.execute("DETACH plain")
    making.rename(plain)


def plain_connection(place: Place) -> sqlite3.Connection:
    """The plain copy, to find out what is right."""
    return sqlite3.connect(f"{Path(place.plain).as_uri()}?mode=ro", uri=True)


def _fill(url: str, rows: int, seed: int) -> None:
    provision(url)
    storage = open_database(as_founder(url))
    with tempfile.TemporaryDirectory() as name, closing(SettingsFile(Path(name) / "settings")) as settings:
        services = build_services(storage, settings, ModuleService(settings, BUILT_IN), on_close=storage.close)
        with closing(services):
            fill_database(services, rows=rows, seed=seed, token=CancelToken(), progress=_quiet)
    with psycopg.connect(url, autocommit=True) as connection:  # as autovacuum does within minutes
        connection.execute("VACUUM ANALYZE")


def _version() -> str:
    """Changes with the schema and with what is generated."""
    digest = hashlib.sha256()
    for module in (generated_ledger, large_sample):
        digest.update(Path(str(module.__file__)).read_bytes())
    for path in sorted((migrations_dir() / "versions").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class _timed:  # noqa: N801 - a context manager read as a word
    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        print(f"  {self._what} …", end="", flush=True)
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        print(f" {time.perf_counter() - self._began:,.0f} s", flush=True)


def _quiet(done: int, total: int | None, message: str = "") -> None:
    """A progress nobody watches."""


def hashes(connection: sqlite3.Connection, statement: str, values: tuple[Any, ...] = ()) -> Iterator[str]:
    """The first column of a statement's rows."""
    for row in connection.execute(statement, values):
        yield str(row[0])
