"""Fixtures for every test: private home, loopback only; real PostgreSQL, keyring and screen, started when asked for.

What is started belongs to this run, ends with it, and is never the person's own.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import hypothesis
import keyring
import keyring.backends.fail
import pytest
import secretstorage
from keyring.backends import SecretService

from tests.support import loopback_only, remembered_argon2
from tests.support.collecting import Collector
from tests.support.display import VirtualDisplay
from tests.support.memory_folder import MemoryFolder, memory_folder
from tests.support.postgres import PostgresCluster
from tests.support.private_home import PrivateHome, traces_in_real_home
from tests.support.processes import THREAD_PREFIX
from tests.support.session_bus import SECRETS, KeyringDaemon, SessionBus

# Shared runners are slow in bursts: a deadline per example would fail for the machine's sake, not the code's.
hypothesis.settings.register_profile("short", deadline=None, max_examples=50)
hypothesis.settings.register_profile("long", deadline=None, max_examples=500)
hypothesis.settings.load_profile("short")

_COLLECTOR = pytest.StashKey[Collector]()
_SECONDS_TO_END = 10
_HOME = pytest.StashKey[PrivateHome]()
_MEMORY = pytest.StashKey[MemoryFolder | None]()
_SALTS = pytest.StashKey[remembered_argon2.RecurringSalts]()
_TRACES = pytest.StashKey[frozenset[tuple[str, int]]]()


def pytest_configure(config: pytest.Config) -> None:
    """Leave the person's folders before anything of the program is imported."""
    if "long" in config.option.markexpr.replace("not long", ""):
        hypothesis.settings.load_profile("long")
    config.stash[_TRACES] = traces_in_real_home()
    memory = config.stash[_MEMORY] = memory_folder(os.environ)
    if memory is not None:
        memory.apply(os.environ)
    home = config.stash[_HOME] = PrivateHome()
    home.apply(os.environ)
    sys.dont_write_bytecode = False
    loopback_only.install()
    config.stash[_SALTS] = remembered_argon2.install()
    config.stash[_COLLECTOR] = Collector()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Salts of slots begin anew."""
    item.config.stash[_SALTS].restart()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Fixtures are closed: what they left in cycles goes."""
    item.config.stash[_COLLECTOR].look()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that left something in the person's folders; keep what failed."""
    if traces_in_real_home() != session.config.stash[_TRACES]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line("ERROR: the tests wrote to the person's own folders", red=True)
    memory = session.config.stash.get(_MEMORY, None)
    if memory is not None:
        memory.keep = session.exitstatus != pytest.ExitCode.OK


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Delete the private home, and the run's folder; a worker that a failed test left does not keep the run alive."""
    if any(not thread.daemon and thread.name.startswith("aether-") for thread in threading.enumerate()):
        faulthandler.dump_traceback_later(_SECONDS_TO_END, exit=True, file=sys.__stderr__ or sys.stderr)
    if (collector := config.stash.get(_COLLECTOR, None)) is not None:
        collector.close()
    for folder in (config.stash.get(_HOME, None), config.stash.get(_MEMORY, None)):
        if folder is not None:
            folder.close()


@pytest.fixture(scope="session")
def private_home(pytestconfig: pytest.Config) -> Path:
    """The temporary home of this run."""
    return pytestconfig.stash[_HOME].root


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """A thread that outlives its test makes a later one fail; blame the right one."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if isinstance(thread, threading._DummyThread) or thread.name.startswith(THREAD_PREFIX):
            continue  # Qt's own pool threads are dummies to Python; the run's readers end with the run
        thread.join(2.0)
        if thread.is_alive():
            pytest.fail(f"the test left a thread running: {thread.name}")


# -- PostgreSQL ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """The run's PostgreSQL server. Do not stop it; `disposable_postgres` is there to be killed."""
    with closing(PostgresCluster()) as cluster:
        cluster.start()
        yield cluster


@pytest.fixture
def postgres_database(postgres_cluster: PostgresCluster) -> Iterator[Callable[..., str]]:
    """A factory of fresh databases: `make()` or `make(template=name)` returns a URL; gone after the test."""
    names: list[str] = []

    def make(*, template: str = "template0") -> str:
        names.append(postgres_cluster.create_database(template=template))
        return postgres_cluster.url(names[-1])

    yield make
    for name in names:
        postgres_cluster.retire_database(name)


@pytest.fixture
def disposable_postgres() -> Iterator[PostgresCluster]:
    """A running server of this test's own, to be stopped, killed and started again (0.6 s)."""
    with closing(PostgresCluster()) as cluster:
        cluster.start()
        yield cluster


# -- keyring -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def session_bus() -> Iterator[SessionBus]:
    """The run's private D-Bus; the unlocked keyring daemon lives on it."""
    with closing(SessionBus()) as bus:
        yield bus


@pytest.fixture(scope="session")
def keyring_daemon(session_bus: SessionBus) -> Iterator[KeyringDaemon]:
    """The run's unlocked keyring daemon."""
    with closing(KeyringDaemon(session_bus)) as daemon:
        yield daemon


@pytest.fixture
def real_keyring(
    session_bus: SessionBus, keyring_daemon: KeyringDaemon, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SecretService.Keyring]:
    """The real keyring through the real daemon, proven to be the private one; emptied after the test."""
    assert session_bus.owner_pid(SECRETS) == keyring_daemon.pid
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", session_bus.address)
    backend = SecretService.Keyring()
    keyring.set_keyring(backend)
    yield backend
    with closing(secretstorage.dbus_init()) as connection:
        for item in list(secretstorage.get_default_collection(connection).get_all_items()):
            item.delete()
    keyring.set_keyring(keyring.backends.fail.Keyring())


@pytest.fixture
def locked_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    """A keyring whose collection is locked, on a bus of its own; there is nobody to answer the prompt."""
    with closing(SessionBus()) as bus, closing(KeyringDaemon(bus, unlocked=False)):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        yield bus


@pytest.fixture
def absent_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    """A session bus without any keyring daemon, as on a server."""
    with closing(SessionBus()) as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        yield bus


# -- screen --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def display() -> Iterator[VirtualDisplay]:
    """The run's virtual screen, 1366 x 768; children see it through the environment."""
    with closing(VirtualDisplay()) as screen:
        os.environ.update(screen.environment)
        yield screen
        for name in screen.environment:
            os.environ.pop(name, None)


@pytest.fixture(scope="session")
def qapp_args(display: VirtualDisplay) -> list[str]:
    """Give pytest-qt's application the virtual screen."""
    return ["aether-desktop-tests"]
