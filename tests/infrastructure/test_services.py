"""The servers and daemons that the tests rest on are real, and the run's own."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import psycopg
import pytest
from keyring.backends import SecretService
from keyring.errors import KeyringError, NoKeyringError
from psycopg import errors

from tests.support.display import VirtualDisplay
from tests.support.postgres import ADMIN, PostgresCluster
from tests.support.session_bus import SECRETS, KeyringDaemon, SessionBus

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def test_postgres_is_supported_real_and_unprivileged(postgres_cluster: PostgresCluster) -> None:
    with psycopg.connect(postgres_cluster.url()) as connection:
        assert connection.info.server_version >= 140000
        row = connection.execute("SELECT host(inet_server_addr()), current_setting('data_directory')").fetchone()
    assert row is not None
    assert row[0] == "127.0.0.1"
    assert Path(row[1]).stat().st_uid != 0


def test_postgres_wants_the_password_on_tcp(postgres_cluster: PostgresCluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres_cluster.url(password="wrong"))
    with psycopg.connect(postgres_cluster.socket_url()) as connection:
        assert connection.info.user == ADMIN


def test_databases_are_separate_and_copied_from_a_template(
    postgres_cluster: PostgresCluster, postgres_database: Callable[..., str]
) -> None:
    def prepare(url: str) -> str:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE sample AS SELECT 42 AS answer")
        return "forty-two"

    template = postgres_cluster.template("infrastructure_template", prepare)
    assert postgres_cluster.template(template, prepare) == template
    assert postgres_cluster.note_of(template) == "forty-two"
    with psycopg.connect(postgres_database(template=template)) as copy:
        copy.execute("UPDATE sample SET answer = 43")
    with psycopg.connect(postgres_database(template=template)) as other:
        assert other.execute("SELECT answer FROM sample").fetchone() == (42,)
    with psycopg.connect(postgres_database()) as empty, pytest.raises(errors.UndefinedTable):
        empty.execute("SELECT answer FROM sample")


def test_postgres_has_trigrams(postgres_database: Callable[..., str]) -> None:
    with psycopg.connect(postgres_database()) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        assert connection.execute("SELECT 'aether' % 'aethers'").fetchone() == (True,)


def test_a_disposable_server_keeps_commits_over_a_crash(disposable_postgres: PostgresCluster) -> None:
    name = disposable_postgres.create_database()
    with psycopg.connect(disposable_postgres.url(name)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS x")
    disposable_postgres.stop()
    assert not disposable_postgres.running
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(disposable_postgres.url(name))
    disposable_postgres.start()
    with psycopg.connect(disposable_postgres.url(name)) as connection:
        assert connection.execute("SELECT x FROM kept").fetchone() == (1,)


def test_sessions_can_be_cut(postgres_cluster: PostgresCluster, postgres_database: Callable[..., str]) -> None:
    with psycopg.connect(postgres_database(), autocommit=True) as connection:
        assert postgres_cluster.end_sessions(connection.info.dbname) == 1
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


@pytest.fixture
def orphans_come_to_us() -> Iterator[None]:
    """Make this process the one that orphaned grandchildren are handed to, so that it can wait for them."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    yield
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def test_a_killed_run_leaves_no_server(orphans_come_to_us: None) -> None:
    code = (
        "import sys\n"
        "from tests.support.postgres import PostgresCluster\n"
        "cluster = PostgresCluster(); cluster.start()\n"
        "print(cluster._child.pid, cluster._root, flush=True)\n"
        "sys.stdin.read()\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        server, _, folder = run.stdout.readline().strip().partition(" ")
        run.send_signal(signal.SIGKILL)
    ended, status = os.waitpid(int(server), 0)
    shutil.rmtree(folder)
    assert ended == int(server)
    assert os.waitstatus_to_exitcode(status) == 0  # it shut down, nobody killed it


def test_the_keyring_is_real_and_private(
    real_keyring: SecretService.Keyring, session_bus: SessionBus, keyring_daemon: KeyringDaemon
) -> None:
    keyring.set_password("aether-desktop-test", "device", "one secret")
    assert keyring.get_password("aether-desktop-test", "device") == "one secret"
    assert session_bus.owner_pid(SECRETS) == keyring_daemon.pid
    code = "import keyring; print(keyring.get_keyring().name, keyring.get_password('aether-desktop-test', 'device'))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert child.stdout == "SecretService Keyring one secret\n"


@pytest.mark.parametrize("turn", [1, 2])
def test_the_keyring_is_empty_for_every_test(real_keyring: SecretService.Keyring, turn: int) -> None:
    assert keyring.get_password("aether-desktop-test", "left-over") is None
    keyring.set_password("aether-desktop-test", "left-over", str(turn))


def test_without_a_daemon_there_is_no_keyring(absent_keyring: SessionBus) -> None:
    with pytest.raises(NoKeyringError):
        keyring.get_password("aether-desktop-test", "device")
    with pytest.raises(KeyringError):
        SecretService.Keyring().get_password("aether-desktop-test", "device")


def test_a_locked_keyring_gives_nothing(locked_keyring: SessionBus) -> None:
    with pytest.raises(KeyringError):
        SecretService.Keyring().set_password("aether-desktop-test", "device", "x")


def test_the_screen_is_private(display: VirtualDisplay) -> None:
    cookie = Path(display.environment["XAUTHORITY"])
    assert stat.S_IMODE(cookie.stat().st_mode) == 0o600
    number = display.environment["DISPLAY"]
    answer = subprocess.run(["xdpyinfo"], capture_output=True, text=True, check=True, timeout=30).stdout
    assert f"name of display:    {number}" in answer
    assert "1366x768 pixels" in answer
    stranger = {**os.environ, "XAUTHORITY": os.devnull}
    refused = subprocess.run(["xdpyinfo"], env=stranger, capture_output=True, text=True, check=False, timeout=30)
    assert refused.returncode != 0
