"""A real PostgreSQL server of our own: unprivileged, loopback and unix socket only, gone with the test run."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from tests.support.processes import Child, ToolMissingError, bound_to_parent

ADMIN = "aether_admin"
_SETTINGS: Mapping[str, str] = {
    "fsync": "off",  # the data dies with the run; synchronous_commit stays on, so that commits keep their order
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "120",
    "max_wal_size": "128MB",  # the data may lie in memory
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "warning",
    "lc_messages": "C",
    "timezone": "UTC",
}


def binaries() -> Path:
    """Return the folder of the newest installed server (14 or newer); ToolMissingError if there is none.

    AETHER_TEST_POSTGRES names the ``bin`` of another one instead, to run the tests on another version.
    """
    chosen = os.environ.get("AETHER_TEST_POSTGRES")
    if chosen:
        return Path(chosen)
    versions = [p for p in Path("/usr/lib/postgresql").glob("*/bin") if (p / "initdb").exists()]
    usable = [p for p in versions if int(p.parent.name) >= 14]
    if not usable:
        raise ToolMissingError("PostgreSQL 14 or newer is not installed; run: scripts/setup --dev")
    return max(usable, key=lambda p: int(p.parent.name))


def _server_user() -> str | None:
    """The server refuses to run as root: name the user it runs as, or None when we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


class PostgresCluster:
    """One server with its data in a temporary folder. Not thread-safe; the servers it starts are."""

    def __init__(self, *, settings: Mapping[str, str] | None = None, kept: Path | None = None) -> None:
        """``kept``: an existing folder of the server's user, whose data outlive this object and are used again."""
        self._kept = kept
        self._bin = binaries()
        self._user = _server_user()
        self._settings = {**_SETTINGS, **(settings or {})}
        self._password = secrets.token_hex(12)
        self._root = Path(tempfile.mkdtemp(prefix="aether-pg-"))  # short: a unix socket path holds 107 bytes
        self._child: Child | None = None
        self._templates: dict[str, str] = {}
        self._retired: list[str] = []
        self.port = _free_port()
        self._give(self._root)
        if not (self._data / "PG_VERSION").exists():
            self._initialise()

    # -- life ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server and wait until it answers; RuntimeError with its log if it does not."""
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        command = [str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port), "-k", str(self._root)]
        self._child = Child(
            bound_to_parent([*command, *options], signal_name="QUIT", user=self._user),
            env=self._environment(),
            ready=lambda line: "ready to accept connections" in line,
            name="postgres",
            cwd=self._root,
        )
        self._child.wait_until_ready()
        if self._kept is not None:  # made with another password
            role = sql.Identifier(ADMIN)
            self._administer(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(self._password)))

    def stop(self, *, immediate: bool = True) -> None:
        """Stop the server: at once like a power cut, or (immediate=False) after ending its sessions in order."""
        if self._child is not None:
            self._child.stop(signal=signal.SIGQUIT if immediate else signal.SIGINT)
            self._child = None

    def close(self) -> None:
        """Stop the server and delete its data, unless they are kept."""
        self.stop(immediate=self._kept is None)
        shutil.rmtree(self._root, ignore_errors=True)

    @property
    def running(self) -> bool:
        """Whether the server is up."""
        return self._child is not None and self._child.running

    @property
    def log(self) -> str:
        """What the running server wrote to its log."""
        return self._child.output if self._child is not None else ""

    # -- databases -------------------------------------------------------------------------------------------

    def url(self, database: str = "postgres", *, user: str = ADMIN, password: str | None = None) -> str:
        """Return the address over loopback TCP, SCRAM authenticated; the administrator's password unless given."""
        secret = self._password if password is None else password
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str = "postgres", *, user: str = ADMIN) -> str:
        """Return the address over the unix socket, which needs no password."""
        return f"postgresql://{user}@/{database}?host={self._root}&port={self.port}"

    def create_database(self, *, template: str = "template0") -> str:
        """Create an empty database or a copy of the template and return its name."""
        name = f"t_{secrets.token_hex(6)}"
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with psycopg.connect(self.socket_url(), autocommit=True) as connection:
            for drop in self._drops():
                connection.execute(drop)
            if connection.info.server_version >= 150_000:  # 14 knows no other way; brings what is worked out already
                copy += sql.SQL(" STRATEGY FILE_COPY")
            connection.execute(copy)
        return name

    def drop_database(self, name: str) -> None:
        """Drop the database, ending its sessions."""
        self.retire_database(name)
        self._administer(*self._drops())

    def retire_database(self, name: str) -> None:
        """Drop the database before the next one is made: by then its sessions have ended, and nobody waits."""
        self._retired.append(name)

    def template(self, name: str, prepare: Callable[[str], str]) -> str:
        """A template database, made on first use by `prepare(url)`; a copy takes 30 ms in memory, 500 on a disk.

        `prepare` must close its connections: PostgreSQL does not copy a database somebody is using. What it returns
        is what `note_of` tells: whatever is the same in every copy.
        """
        if name not in self._templates:
            self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
            self._templates[name] = prepare(self.url(name))
        return name

    def note_of(self, template: str) -> str:
        """What the template's maker noted."""
        return self._templates[template]

    def end_sessions(self, database: str) -> int:
        """Cut every connection to the database, like a failing network would; return how many."""
        with psycopg.connect(self.socket_url(), autocommit=True) as connection:
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            return len(connection.execute(query, (database,)).fetchall())

    # -- inside ----------------------------------------------------------------------------------------------

    @property
    def _data(self) -> Path:
        return (self._kept or self._root) / "data"

    def _drops(self) -> list[sql.Composed]:
        names, self._retired = self._retired, []
        return [sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)) for name in names]

    def _administer(self, *statements: sql.Composed) -> None:
        with psycopg.connect(self.socket_url(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self._root)}

    def _give(self, path: Path) -> None:
        """To the user that the server runs as."""
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(path, account.pw_uid, account.pw_gid)

    def _initialise(self) -> None:
        password_file = self._root / "password"
        password_file.write_text(self._password)
        self._give(password_file)
        command = [
            str(self._bin / "initdb"),
            "-D",
            str(self._data),
            f"--username={ADMIN}",
            f"--pwfile={password_file}",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        result = subprocess.run(
            bound_to_parent(command, user=self._user),
            env=self._environment(),
            cwd=self._root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        password_file.unlink()
        if result.returncode != 0:
            for path in (self._data, self._root):
                shutil.rmtree(path, ignore_errors=True)
            raise RuntimeError(f"initdb failed:\n{result.stdout}{result.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
