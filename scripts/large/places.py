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
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import psycopg
import sqlcipher3.dbapi2 as sqlcipher
from psycopg import sql

from aether_desktop.composition.generated import build_large_sample
from aether_desktop.domain.times import utc_now
from aether_desktop.domain.users import Membership, Role, User
from aether_desktop.ports.work import CancelToken
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.scram import scram_verifier
from aether_desktop.services.generated_ledger import Ledger
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.storage.opening import open_vault_file
from aether_desktop.storage.sql_storage import SqlStorage, migrate_database, open_database, open_vault
from scripts.large.copying import copy_ledger, index_texts
from tests.support.postgres import PostgresCluster
from tests.support.storages import PASSWORD, as_founder, login_of, provision

BYTES_PER_ROW: Final = 2_500  # disk, for the vault file and its plain copy, or the database with its write-ahead log
PLAIN_TABLES: Final = ("vaults", "wallets", "currencies", "transactions")
# What Qt's own model is asked to sort and to filter by; the vault file has more, and takes longer to make.
PLAIN_INDEXES: Final = frozenset(
    f"ix_transactions_{name}"
    for name in ("time", "wallet", "currency", "class", "status", "counterparty", "amount", "hash")
)
_PROBED: Final = 1_000  # rows by which a generator is told from another
MEMBER: Final = "joel"  # whose own rows the ledger of a shared database is
SERVER: Final = {
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "synchronous_commit": "on",
    "maintenance_work_mem": "512MB",  # makes the ledger sooner
}


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
    member_url: str = ""
    administration: str = ""

    def as_member(self) -> Place:
        """The same place for the person whose rows they are, and who sees no others."""
        return replace(self, url=self.member_url)

    def told(self) -> dict[str, Any]:
        return asdict(self)


class Cache:
    """A private folder of ledgers, by size, seed and generator. An older schema is migrated, as a person's would be.

    ``prepared``: nothing is generated; what is not there is None.
    """

    def __init__(self, folder: Path | None = None, *, prepared: bool = False) -> None:
        self.folder = folder or Path(tempfile.gettempdir()) / f"aether-large-{os.geteuid()}"
        self.prepared = prepared
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)  # the server's user passes through
        found = self.folder.lstat()
        if found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode):
            raise RuntimeError(f"{self.folder} belongs to somebody else")
        self.mark = _version()

    def require_room(self, rows: int, copies: int) -> None:
        """Raises RuntimeError before anything is begun."""
        wanted, free = rows * BYTES_PER_ROW * copies, shutil.disk_usage(self.folder).free
        if free < wanted:
            raise RuntimeError(f"{rows:,} rows need about {wanted / 1e9:.0f} GB, {free / 1e9:.0f} GB are free")

    def vault(self, rows: int, seed: int) -> Place | None:
        """The vault file and its plain copy."""
        folder = self.folder / f"vault-{self.mark}-{rows}-{seed}"
        path, key_file, plain = folder / "ledger.aether", folder / "key", folder / "plain.db"
        if not path.exists():
            if self.prepared and rows:
                return None
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
        key = KeyFileStore(key_file).load(path)
        settle(open_vault(path, key))  # migrated now, not while something is measured
        for copy in folder.glob(f"{path.name}.before-*"):
            copy.unlink()
        if not plain.exists():
            with _timed("its unencrypted copy, for Qt's own driver"):
                copy_plain(path, key, plain)
        return Place("sqlite", rows, seed, vault=str(path), key_file=str(key_file), plain=str(plain))

    def cluster(self) -> PostgresCluster:
        """The server, running; its data stay when it is closed."""
        cluster = PostgresCluster(settings=SERVER, kept=self._server_folder())
        cluster.start()
        return cluster

    def database(self, cluster: PostgresCluster, rows: int, seed: int) -> Place | None:
        """A database of the running server; all rows are MEMBER's own."""
        name = f"ledger_{rows}_{seed}"
        url = cluster.url(name)
        with psycopg.connect(cluster.socket_url(), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if known is None:
                if self.prepared and rows:
                    return None
                vault = self.vault(rows, seed)
                if vault is None:
                    return None
                self.require_room(rows, 1)
                making = f"{name}_unfinished"
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(making)))
                connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(making)))
                with _timed(f"copying {rows:,} rows into a PostgreSQL database"):
                    _fill(cluster.url(making), vault)
                connection.execute(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(making), sql.Identifier(name))
                )
        migrate_database(url)
        settle(open_database(as_member(url)))
        return Place("postgresql", rows, seed, url=as_founder(url), member_url=as_member(url), administration=url)

    def _server_folder(self) -> Path:
        folder = self.folder / f"server-{self.mark}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
        return folder


def settle(storage: SqlStorage) -> None:
    """What the program does in the background after an import: sums of days, and the index for fragments."""
    with closing(storage):
        if storage.ledger.unsettled():
            with _timed("sums of its days"):
                storage.ledger.settle()
        if storage.search.waiting():
            with _timed("its index for fragments and words"):
                storage.search.settle()


def as_member(url: str) -> str:
    """MEMBER's address of a database of which ``url`` is the administrator's."""
    return as_founder(url, login=login_of(url, username=MEMBER))


def copy_plain(vault: Path, key: bytes, plain: Path) -> None:
    """The ledger's tables, rows and PLAIN_INDEXES without encryption and triggers, complete or not at all."""
    making = plain.with_suffix(".making")
    making.unlink(missing_ok=True)
    indexes = []
    with closing(sqlcipher.connect(str(vault), isolation_level=None)) as source:
        source.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        source.execute("ATTACH ? AS plain KEY ''", (str(making),))
        source.execute("PRAGMA plain.journal_mode = OFF")
        source.execute("PRAGMA plain.synchronous = OFF")
        made = source.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        for kind, name, table, statement in made.fetchall():
            if table in PLAIN_TABLES and kind == "table":
                source.execute(f"CREATE TABLE plain.{statement.removeprefix('CREATE TABLE').lstrip()}")
                source.execute(f"INSERT INTO plain.{table} SELECT * FROM main.{table}")  # noqa: S608 - our names
            elif name in PLAIN_INDEXES:
                indexes.append(statement)
        source.execute("DETACH plain")
    with closing(sqlite3.connect(making, isolation_level=None)) as target:
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")
        target.execute("PRAGMA cache_size = -200000")
        for statement in indexes:
            target.execute(statement)
    making.rename(plain)


def plain_connection(place: Place) -> sqlite3.Connection:
    """The plain copy, to find out what is right."""
    return sqlite3.connect(f"{Path(place.plain).as_uri()}?mode=ro", uri=True)


def _fill(url: str, vault: Place) -> None:
    """With the rows of the vault file of the same size, as MEMBER's own."""
    provision(url)
    with closing(open_database(as_founder(url))) as storage:
        person = storage.new_id()
        storage.users.create(
            User(
                id=person,
                owner_id=person,
                created_at=utc_now(),
                username=MEMBER,
                email=f"{MEMBER}@example.org",
                role=Role.MEMBER,
                membership=Membership.FULL,
            )
        )
        storage.login_administration().create_login(MEMBER, Role.MEMBER, scram_verifier=scram_verifier(PASSWORD))
        vault_id = storage.info.vault_id
    path = Path(vault.vault)
    with closing(open_vault_file(path, KeyFileStore(Path(vault.key_file)).load(path))) as source:
        copy_ledger(source, url, vault_id=vault_id, owner_id=person)
    with _timed("its index for fragments and words"):
        index_texts(url, as_member(url))


def _version() -> str:
    """Changes with what is generated."""
    ledger = Ledger(_PROBED, 1)
    digest = hashlib.sha256()
    for wallet in ledger.wallets:
        for _year, chunks in ledger.files(wallet):
            for chunk in chunks:
                digest.update(repr(chunk).encode())
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
