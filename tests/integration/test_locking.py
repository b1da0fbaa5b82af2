"""Vaults with a password in the real window: unlocking, screen lock, vault lock, the keyring in its states."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.courts import Court
from aether_desktop.domain.records import TableName
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.ui import object_names as names
from aether_desktop.ui.shell.keyboard import LOCK_SCREEN_KEY, LOCK_VAULT_KEY
from aether_desktop.ui.shell.locking import Locker
from aether_desktop.ui.shell.open_vault import OpenVault
from aether_desktop.ui.shell.opened_vault import OpenedVault
from aether_desktop.ui.shell.step_up_panel import StepUpPanel
from aether_desktop.ui.shell.unlock_page import UnlockPage
from aether_desktop.ui.views.table_page import TablePage
from aether_desktop.ui.widgets.message_bar import MessageLevel
from scripts.gui_session import GapWatch
from tests.integration.locked import (
    PASSWORD,
    WAIT,
    Start,
    answered,
    asked_again,
    fill,
    keys,
    made_vault,
    named,
    press,
    said,
    services_of,
    starting,
    unlock,
)
from tests.support.logind import FakeLogind
from tests.support.session_bus import KeyringDaemon, SessionBus

_ADDRESS = "0xf98c96b5d10faafc2324847c82305bd5fd7e5ad3"
_STALL = 0.2  # seconds: half of what one password costs, and no more than a busy machine may take


@pytest.fixture
def start(qtbot: QtBot, display: object, tmp_path: Path) -> Iterator[Start]:
    with starting(qtbot, tmp_path) as started:
        yield started


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "books.key"


def test_a_vault_with_a_password_asks_and_then_opens(
    start: Start, qtbot: QtBot, tmp_path: Path, key_file: Path
) -> None:
    path, _ = made_vault(tmp_path, key_file=key_file)
    program = start(vault=path, key_file=key_file)
    assert program.locked
    assert not named(program, names.NAVIGATION).isVisible()
    assert program.services is None
    fill(program, names.UNLOCK_PASSWORD, "not the password")
    with qtbot.assertNotEmitted(program.failed), qtbot.assertNotEmitted(program.opened):
        press(program, names.UNLOCK_START)
        answered(qtbot, program)
    assert said(program, names.UNLOCK_ERROR).startswith("That is not the password.")
    unlock(qtbot, program)
    assert named(program, names.NAVIGATION).isVisible()
    access = services_of(program).access
    assert access is not None
    assert access.open_level() == 1


def test_unlocking_never_holds_the_window_up(start: Start, qtbot: QtBot, tmp_path: Path, key_file: Path) -> None:
    path, _ = made_vault(tmp_path, key_file=key_file)
    program = start(vault=path, key_file=key_file)
    watch = GapWatch()
    watch.begin()
    fill(program, names.UNLOCK_PASSWORD, "not the password")
    press(program, names.UNLOCK_START)
    answered(qtbot, program)
    assert watch.end().longest < _STALL


def test_the_back_off_is_counted_down_and_outlives_a_restart(
    start: Start, qtbot: QtBot, tmp_path: Path, key_file: Path
) -> None:
    path, _ = made_vault(tmp_path, key_file=key_file)
    program = start(vault=path, key_file=key_file)
    for _ in range(3):  # the third is followed by a wait
        fill(program, names.UNLOCK_PASSWORD, "not the password")
        press(program, names.UNLOCK_START)
        answered(qtbot, program)
    attempts = path.with_name(f"{path.name}.attempts")
    kept = json.loads(attempts.read_text())
    assert kept["levels"]["1"][0] == 3
    qtbot.waitUntil(named(program, names.UNLOCK_START).isEnabled, timeout=WAIT)
    kept["levels"]["1"] = [12, time.time()]  # nine more: 55 seconds
    attempts.write_text(json.dumps(kept))
    again = start(vault=path, key_file=key_file)
    qtbot.waitUntil(lambda: said(again, names.UNLOCK_WAIT).startswith("Wait"), timeout=WAIT)
    assert not named(again, names.UNLOCK_START).isEnabled()
    fill(program, names.UNLOCK_PASSWORD, PASSWORD)  # nor does the first window get past it
    press(program, names.UNLOCK_START)
    answered(qtbot, program)
    assert said(program, names.UNLOCK_ERROR) == "Too many wrong attempts."
    assert program.services is None


def test_the_screen_lock_hides_everything_and_work_goes_on(
    start: Start, qtbot: QtBot, tmp_path: Path, key_file: Path
) -> None:
    path, _ = made_vault(tmp_path, key_file=key_file)
    program = start(vault=path, key_file=key_file)
    unlock(qtbot, program)
    window, services = program.window, program.services
    assert services is not None
    services.records.create(TableName.WALLETS, {"name": "Treasury", "chain": "ethereum", "address": _ADDRESS})
    window.open_section("wallets")
    title = window.windowTitle()
    clipboard = QGuiApplication.clipboard()
    clipboard.setText(_ADDRESS)
    keys(qtbot, program, LOCK_SCREEN_KEY)
    qtbot.waitUntil(lambda: program.locked, timeout=WAIT)
    assert clipboard.text() == ""
    assert "books" not in window.windowTitle()
    seen = [each.text() for each in window.findChildren(QLabel) if each.isVisible()]
    assert set(seen) <= {"Locked", "The vault goes on working behind this page.", "Password", ""}
    for hidden in (names.NAVIGATION, names.STATUS_BAR, "wallets_page"):
        assert not named(program, hidden).isVisible()
    for shortcut in ("Ctrl+K", "Ctrl+J", "F1", "Ctrl+2"):
        keys(qtbot, program, shortcut)
    window.messages.show_message(MessageLevel.ERROR, "Treasury could not be read.")
    qtbot.wait(50)
    for hidden in (names.COMMAND_PALETTE, names.ACTIVITY_PANEL, names.MESSAGE_BAR):
        found = window.findChild(QWidget, hidden)
        assert found is None or not found.isVisible()
    with pytest.raises(LevelLockedError):
        services.access.require(Court.OUTER)  # type: ignore[union-attr]
    assert services.storage.wallets.all()[0].name == "Treasury"  # monitoring and jobs go on
    unlock(qtbot, program)
    assert window.windowTitle() == title
    assert named(program, names.MESSAGE_BAR).isVisible()
    assert named(program, names.STATUS_BAR).isVisible()


def test_the_vault_lock_wipes_closes_and_opens_again(
    start: Start, qtbot: QtBot, tmp_path: Path, key_file: Path
) -> None:
    path, _ = made_vault(tmp_path, key_file=key_file)
    program = start(vault=path, key_file=key_file)
    unlock(qtbot, program)
    services = program.services
    assert services is not None
    services.records.create(TableName.WALLETS, {"name": "Treasury", "chain": "ethereum", "address": _ADDRESS})
    access = services.access
    assert access is not None
    began: list[CancelToken] = []
    ended: list[str] = []

    def endless(token: CancelToken, _progress: Progress) -> None:
        began.append(token)
        try:
            stop = threading.Event()
            token.on_cancel(stop.set)
            stop.wait(60)
            token.check()
        finally:
            ended.append("ended")

    vault = program._vault
    assert vault is not None
    vault.context.jobs.read(endless, title="Watching")
    qtbot.waitUntil(lambda: bool(began), timeout=WAIT)
    with qtbot.waitSignal(program.locked_changed, timeout=WAIT):
        keys(qtbot, program, LOCK_VAULT_KEY)
    assert not access.levels.is_open(Court.OUTER)
    assert program.services is None
    asked_again(qtbot, program)
    assert ended == ["ended"]
    assert "books" not in program.window.windowTitle()
    qtbot.waitUntil(lambda: program.window.findChild(QWidget, "wallets_page") is None, timeout=WAIT)
    unlock(qtbot, program)
    assert services_of(program) is not services
    for kind in (StepUpPanel, OpenedVault, OpenVault, Locker):  # nothing of the closed one stays behind
        qtbot.waitUntil(lambda kind=kind: len(program.window.findChildren(kind)) == 1, timeout=WAIT)  # type: ignore[misc]
    assert services_of(program).storage.wallets.all()[0].name == "Treasury"
    press(program, names.navigation_name("wallets"))
    qtbot.waitUntil(lambda: program.window.current_section == "wallets", timeout=WAIT)


def test_an_idle_window_locks_its_screen(start: Start, qtbot: QtBot, tmp_path: Path, key_file: Path) -> None:
    path, _ = made_vault(tmp_path, key_file=key_file)
    program = start(vault=path, key_file=key_file)
    unlock(qtbot, program)
    assert program.services is not None
    access, opened = program.services.access, program._open
    assert access is not None
    assert opened is not None
    assert opened.locker is not None
    access._deadlines[Court.OUTER] = access._clock() + 0.3  # 15 minutes are too long for a test
    opened.locker.refresh()
    handle = program.window.windowHandle()
    QTest.keyClick(handle, Qt.Key.Key_F13)  # somebody is there: the time starts again
    assert access.next_deadline() is not None
    assert access.next_deadline() > access._clock() + 60  # type: ignore[operator]
    access._deadlines[Court.OUTER] = access._clock() + 0.3
    opened.locker.refresh()
    with qtbot.waitSignal(program.locked_changed, timeout=WAIT):
        pass
    assert program.locked
    assert access.levels.is_open(Court.OUTER)


def test_the_kit_opens_and_a_new_password_is_the_next_step(
    start: Start, qtbot: QtBot, tmp_path: Path, key_file: Path
) -> None:
    path, kit = made_vault(tmp_path, key_file=key_file, kit=True)
    assert kit is not None
    other = tmp_path / "other.key"  # another computer: the same vault, no key of its own
    other.write_text("00" * 32)
    other.chmod(0o600)
    program = start(vault=path, key_file=other)
    qtbot.waitUntil(lambda: named(program, names.UNLOCK_KIT_WORDS).isVisible(), timeout=WAIT)
    fill(program, names.UNLOCK_KIT_WORDS, " ".join(kit.words[:23]))
    press(program, names.UNLOCK_START)
    qtbot.waitUntil(lambda: "24 words" in said(program, names.UNLOCK_ERROR), timeout=WAIT)
    fill(program, names.UNLOCK_KIT_WORDS, "\n".join(f"{at}. {word}" for at, word in enumerate(kit.words, 1)))
    with qtbot.waitSignal(program.opened, timeout=WAIT):
        press(program, names.UNLOCK_START)
    for name in (names.SET_PASSWORD, names.SET_PASSWORD_REPEAT):
        fill(program, name, "another lantern elsewhere")
    press(program, names.SET_PASSWORD_START)
    qtbot.waitUntil(lambda: program.window.alone_page is None, timeout=WAIT)
    program.close()
    again = start(vault=path, key_file=other)
    unlock(qtbot, again, "another lantern elsewhere")


def test_the_sessions_own_lock_is_heard_and_closes_dialogs(
    start: Start, qtbot: QtBot, tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = made_vault(tmp_path, key_file=key_file)
    with closing(SessionBus()) as bus, closing(FakeLogind(bus.address)) as logind:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        program = start(vault=path, key_file=key_file)
        unlock(qtbot, program)
        dialog = QFileDialog(program.window)
        dialog.open()
        watch = program._sessions
        assert watch is not None
        assert watch._session.listening.wait(20)  # type: ignore[attr-defined]
        logind.lock()
        qtbot.waitUntil(lambda: program.locked, timeout=WAIT)
        assert not dialog.isVisible()
        unlock(qtbot, program)
        logind.sleep()
        qtbot.waitUntil(lambda: program.locked, timeout=WAIT)
        assert program.services is not None
        assert program.services.access is not None
        assert program.services.access.levels.is_open(Court.OUTER)
        program.close()


# -- the keyring in its states ---------------------------------------------------------------------------------------


def test_an_old_vault_asks_for_its_first_password(
    start: Start, qtbot: QtBot, tmp_path: Path, real_keyring: object
) -> None:
    path, _ = made_vault(tmp_path, password="")
    program = start(vault=path)
    assert named(program, names.SET_PASSWORD_PAGE).isVisible()
    for name in (names.SET_PASSWORD, names.SET_PASSWORD_REPEAT):
        fill(program, name, PASSWORD)
    with qtbot.waitSignal(program.opened, timeout=WAIT):
        press(program, names.SET_PASSWORD_START)
    program.close()
    again = start(vault=path)
    assert again.locked
    unlock(qtbot, again)


def test_an_old_vault_opens_without_one_and_says_so(
    start: Start, qtbot: QtBot, tmp_path: Path, real_keyring: object
) -> None:
    path, _ = made_vault(tmp_path, password="")
    program = start(vault=path)
    with qtbot.waitSignal(program.opened, timeout=WAIT):
        press(program, names.SET_PASSWORD_LATER)
    qtbot.waitUntil(lambda: named(program, names.overview_part_name("safety")).isVisible(), timeout=WAIT)
    keys(qtbot, program, LOCK_SCREEN_KEY)
    qtbot.waitUntil(lambda: "no password" in said(program, names.MESSAGE_BAR_TEXT), timeout=WAIT)
    assert not program.locked
    press(program, f"{names.overview_part_name('safety_act')}_0")
    for name in (names.SET_PASSWORD, names.SET_PASSWORD_REPEAT):
        fill(program, name, PASSWORD)
    with qtbot.waitSignal(program.opened, timeout=WAIT):  # encrypted anew, and open with it
        press(program, names.SET_PASSWORD_START)
    access = services_of(program).access
    assert access is not None
    assert access.open_level() == 1
    keys(qtbot, program, LOCK_VAULT_KEY)
    asked_again(qtbot, program)
    unlock(qtbot, program)


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "absent"])
def test_without_its_keyring_only_the_kit_opens_it(
    start: Start, qtbot: QtBot, tmp_path: Path, real_keyring: object, locked: bool
) -> None:
    path, kit = made_vault(tmp_path, kit=True)
    assert kit is not None
    with ExitStack() as stack:
        bus = stack.enter_context(closing(SessionBus()))
        if locked:
            stack.enter_context(closing(KeyringDaemon(bus, unlocked=False)))
        stack.enter_context(pytest.MonkeyPatch.context()).setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        program = start(vault=path)
        qtbot.waitUntil(lambda: named(program, names.UNLOCK_KEYRING).isVisible(), timeout=WAIT)
        assert "keyring" in named(program, names.UNLOCK_KEYRING).accessibleName().lower()
        if locked:
            fill(program, names.UNLOCK_PASSWORD, PASSWORD)
            press(program, names.UNLOCK_START)
            answered(qtbot, program)
            assert "locked" in said(program, names.UNLOCK_ERROR)
            press(program, names.UNLOCK_USE_KIT)
        assert program.services is None
        fill(program, names.UNLOCK_KIT_WORDS, " ".join(kit.words))
        press(program, names.UNLOCK_START)
        qtbot.waitUntil(lambda: program.services is not None, timeout=WAIT)
        program.close()


def test_a_new_vault_without_a_keyring_is_refused_and_nothing_is_left(
    start: Start, qtbot: QtBot, tmp_path: Path, absent_keyring: object
) -> None:
    program = start()
    fill(program, names.FIRST_RUN_CREATE_PATH, str(tmp_path / "new.aether"))
    for name in (names.FIRST_RUN_CREATE_PASSWORD, names.FIRST_RUN_CREATE_REPEAT):
        fill(program, name, PASSWORD)
    with qtbot.waitSignal(program.failed, timeout=WAIT):
        press(program, names.FIRST_RUN_CREATE_START)
    assert "keyring" in said(program, names.FIRST_RUN_ERROR).lower()
    assert not [each.name for each in tmp_path.glob("new.aether*")]


def test_another_vault_takes_the_place_of_the_one_that_is_open(
    start: Start, qtbot: QtBot, tmp_path: Path, key_file: Path
) -> None:
    path, _ = made_vault(tmp_path, key_file=key_file)
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    other, _ = made_vault(other_folder, key_file=key_file)
    program = start(vault=path, key_file=key_file)
    unlock(qtbot, program)
    first = services_of(program)
    page = program.window.page("transactions")
    assert isinstance(page, TablePage)
    page.context.navigator.open_vault(other)
    assert program.locked
    qtbot.waitUntil(lambda: any(page.isVisible() for page in program.window.findChildren(UnlockPage)), timeout=WAIT)
    unlock(qtbot, program)
    assert services_of(program) is not first
    assert services_of(program).info.location == str(other)
