"""A program that is closed while a vault is just opening, or just closing, leaves nothing of it behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from aether_desktop.bootstrap import WindowProgram, build
from aether_desktop.bootstrap.entrance import Entrance
from aether_desktop.domain.courts import Court
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.ui import object_names as names
from tests.integration.locked import PASSWORD, WAIT, Start, fill, made_vault, press, services_of, starting, unlock


class Opened:
    """Every set of services that a program opened; each waits on its worker until ``go``."""

    def __init__(self) -> None:
        self.services: list[ServiceSet] = []
        self.go = threading.Event()

    def all_closed(self) -> bool:
        storages = [each.storage for each in self.services]
        return all(isinstance(each, SqlStorage) and _closed(each) for each in storages)


def _closed(storage: SqlStorage) -> bool:
    watching = storage._vault.watcher._thread
    return not watching.is_alive()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    found, prepared = Opened(), Entrance._prepared

    def held(entrance: Entrance, services: ServiceSet) -> ServiceSet:
        done = prepared(entrance, services)
        found.services.append(done)
        assert found.go.wait(WAIT / 1000)
        return done

    monkeypatch.setattr(Entrance, "_prepared", held)
    yield found
    found.go.set()


@pytest.fixture
def start(qtbot: QtBot, display: object, tmp_path: Path) -> Iterator[Start]:
    with starting(qtbot, tmp_path) as starts:
        yield starts


@pytest.mark.parametrize("password", [PASSWORD, ""], ids=["typed", "no password"])
def test_what_was_opened_and_nobody_took_is_closed(
    qtbot: QtBot, display: object, tmp_path: Path, opened: Opened, password: str
) -> None:
    path, _ = made_vault(tmp_path, key_file=tmp_path / "books.key", password=password)
    before = set(threading.enumerate())
    program = build(vault=path, key_file=tmp_path / "books.key", data_dir=tmp_path / "data")
    if password:
        qtbot.waitUntil(lambda: program.window.alone_page is not None, timeout=WAIT)
        fill(program, names.UNLOCK_PASSWORD, password)
        press(program, names.UNLOCK_START)
    qtbot.waitUntil(lambda: bool(opened.services), timeout=WAIT)
    opened.go.set()
    program.close()  # the loop does not turn: the answer lies in the inbox, or comes while the workers are joined
    assert program.services is None
    assert opened.all_closed()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert left <= {"settings-writer"}  # told to end; nobody waits for it
    access = opened.services[0].access
    assert access is None or not access.is_open(Court.OUTER)


def test_what_was_taken_is_closed_once(start: Start, opened: Opened, qtbot: QtBot, tmp_path: Path) -> None:
    opened.go.set()
    path, _ = made_vault(tmp_path, key_file=tmp_path / "books.key")
    program = start(vault=path, key_file=tmp_path / "books.key")
    unlock(qtbot, program)
    program._entrance.close()
    assert services_of(program).storage.wallets.all() == []
    assert not opened.all_closed()
    program.close()
    assert opened.all_closed()


def test_a_vault_that_was_about_to_be_closed_is_closed(
    start: Start, opened: Opened, qtbot: QtBot, tmp_path: Path
) -> None:
    opened.go.set()
    path, _ = made_vault(tmp_path, key_file=tmp_path / "books.key")
    program = start(vault=path, key_file=tmp_path / "books.key")
    unlock(qtbot, program)
    _occupy(program)
    program._on_vault_lock_asked(True)
    assert program.services is None
    assert not opened.all_closed()
    program.close()
    assert opened.all_closed()


def _occupy(program: WindowProgram) -> None:
    """Whatever is asked of the worker next does not begin before the program is closed."""
    begun, stopped = threading.Event(), threading.Event()

    def work(token: CancelToken, _progress: Progress) -> None:
        forget: Callable[[], None] = token.on_cancel(stopped.set)
        begun.set()
        assert stopped.wait(WAIT / 1000)
        forget()

    program._jobs.write(work)
    assert begun.wait(WAIT / 1000)


def test_what_fails_on_the_way_out_keeps_no_worker(
    start: Start, opened: Opened, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.go.set()
    path, _ = made_vault(tmp_path, key_file=tmp_path / "books.key", password="")
    before = set(threading.enumerate())
    program = start(vault=path, key_file=tmp_path / "books.key")
    qtbot.waitUntil(lambda: program.services is not None, timeout=WAIT)

    def failing() -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(program._open, "leave", failing)
    with pytest.raises(RuntimeError, match="a bug of ours"):
        program.close()
    assert opened.all_closed()
    assert {thread.name for thread in set(threading.enumerate()) - before} <= {"settings-writer"}
    assert not program.window.isVisible()
