"""A vault lock that would lose something asks first, in the real window; unanswered, it locks and tells afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from aether_desktop.bootstrap import WindowProgram
from aether_desktop.domain.records import TableName
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.importing import ImportReport
from aether_desktop.services.settings_file import LOCK_VAULT_ON_SLEEP
from aether_desktop.ui import object_names as names
from aether_desktop.ui.shell.keyboard import LOCK_SCREEN_KEY, LOCK_VAULT_KEY
from aether_desktop.ui.shell.lock_question import LockQuestion
from aether_desktop.ui.shell.locking import Locker
from aether_desktop.ui.views.table_page import TablePage
from aether_desktop.ui.widgets.path_dialog import ask_file
from tests.integration.locked import (
    WAIT,
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
from tests.integration.test_program import ADDRESS, etherscan

_NAME = names.field_name("wallets", "name")
_TYPED = "Half a wallet"


@dataclass
class Open:
    """An open vault with a wallet form half filled in."""

    program: WindowProgram
    folder: Path

    @property
    def locker(self) -> Locker:
        opened = self.program._open
        assert opened is not None
        assert opened.locker is not None
        return opened.locker

    @property
    def typed(self) -> str:
        field = named(self.program, _NAME, QLineEdit)
        assert isinstance(field, QLineEdit)
        return field.text()

    def asked(self) -> bool:
        page = self.program.window.alone_page
        return page is not None and page.objectName() == names.LOCK_QUESTION

    def told(self) -> str:
        return said(self.program, names.MESSAGE_BAR_TEXT)


@pytest.fixture
def opened(qtbot: QtBot, display: object, tmp_path: Path) -> Iterator[Open]:
    path, _ = made_vault(tmp_path, key_file=tmp_path / "books.key")
    with starting(qtbot, tmp_path) as start:
        program = start(vault=path, key_file=tmp_path / "books.key")
        unlock(qtbot, program)
        yield Open(program, tmp_path)


@pytest.fixture
def half(opened: Open, qtbot: QtBot) -> Open:
    page = opened.program.window.open_section("wallets")
    assert isinstance(page, TablePage)
    page.add()
    qtbot.waitUntil(lambda: page.side.form is not None, timeout=WAIT)
    fill(opened.program, _NAME, _TYPED)
    return opened


def begin_import(qtbot: QtBot, opened: Open) -> None:
    """An import that has stored rows and stands in the middle until it is stopped."""
    services, program = services_of(opened.program), opened.program
    services.records.create(TableName.WALLETS, {"name": "Treasury", "chain": "ethereum", "address": ADDRESS})
    wallet = services.storage.wallets.all()[0]
    file = opened.folder / "export.csv"
    file.write_text(etherscan(3_000), encoding="utf-8")
    midway = threading.Event()

    def work(token: CancelToken, _progress: Progress) -> ImportReport:
        stopped = threading.Event()
        token.on_cancel(stopped.set)

        def progress(done: int, total: int | None, message: str = "") -> None:
            if done:
                midway.set()
                stopped.wait(60)

        return services.importing.run(file, wallet.id, token=token, progress=progress)

    assert program._vault is not None
    job = program._vault.context.jobs.write(work, title="Import export.csv into Treasury")
    job.when_stopped("Nothing of it is stored.")
    qtbot.waitUntil(midway.is_set, timeout=WAIT)


def test_what_is_typed_is_asked_about_and_kept(half: Open, qtbot: QtBot) -> None:
    for answer in (names.LOCK_QUESTION_BACK, names.LOCK_QUESTION_SCREEN):
        keys(qtbot, half.program, LOCK_VAULT_KEY)
        qtbot.waitUntil(half.asked, timeout=WAIT)
        assert not named(half.program, _NAME).isVisible()
        assert not named(half.program, names.STATUS_BAR).isVisible()
        press(half.program, answer)
        if answer == names.LOCK_QUESTION_SCREEN:
            assert half.program.locked
            unlock(qtbot, half.program)
        assert half.typed == _TYPED
        assert named(half.program, _NAME).isVisible()
        qtbot.waitUntil(lambda: half.program.window.findChild(LockQuestion) is None, timeout=WAIT)
    keys(qtbot, half.program, LOCK_VAULT_KEY)
    qtbot.waitUntil(half.asked, timeout=WAIT)
    press(half.program, names.LOCK_QUESTION_LOCK)
    asked_again(qtbot, half.program)
    unlock(qtbot, half.program)
    assert half.told() == ""  # the person said so


def test_without_an_answer_it_locks_and_says_what_was_lost(half: Open, qtbot: QtBot) -> None:
    half.locker.question_seconds = 0.2
    keys(qtbot, half.program, LOCK_VAULT_KEY)
    asked_again(qtbot, half.program)
    assert half.program.services is None
    unlock(qtbot, half.program)
    qtbot.waitUntil(lambda: half.told() == "Not stored when the vault was locked: a new wallet.", timeout=WAIT)


def test_sleep_asks_nobody(half: Open, qtbot: QtBot) -> None:
    LOCK_VAULT_ON_SLEEP.set(services_of(half.program).settings, value=True)
    half.locker.on_sleep()
    assert half.program.services is None
    asked_again(qtbot, half.program)
    unlock(qtbot, half.program)
    qtbot.waitUntil(lambda: "a new wallet" in half.told(), timeout=WAIT)


def test_idle_time_locks_the_screen_over_the_question(half: Open, qtbot: QtBot) -> None:
    keys(qtbot, half.program, LOCK_VAULT_KEY)
    qtbot.waitUntil(half.asked, timeout=WAIT)
    half.locker.on_session_locked()
    assert half.program.locked
    unlock(qtbot, half.program)
    assert half.typed == _TYPED
    assert named(half.program, _NAME).isVisible()


def test_an_untouched_form_is_no_reason_to_ask(opened: Open, qtbot: QtBot) -> None:
    page = opened.program.window.open_section("wallets")
    assert isinstance(page, TablePage)
    page.add()
    qtbot.waitUntil(lambda: page.side.form is not None, timeout=WAIT)
    keys(qtbot, opened.program, LOCK_VAULT_KEY)
    asked_again(qtbot, opened.program)


def test_a_running_import_is_stopped_whole_and_told_of(opened: Open, qtbot: QtBot) -> None:
    begin_import(qtbot, opened)
    keys(qtbot, opened.program, LOCK_VAULT_KEY)
    qtbot.waitUntil(opened.asked, timeout=WAIT)
    assert opened.program.services is not None  # nothing is stopped before the answer
    keys(qtbot, opened.program, LOCK_VAULT_KEY)  # asked twice is an answer
    asked_again(qtbot, opened.program)
    unlock(qtbot, opened.program)
    wanted = "Import export.csv into Treasury was stopped. Nothing of it is stored."
    qtbot.waitUntil(lambda: opened.told() == wanted, timeout=WAIT)
    storage = services_of(opened.program).storage
    assert storage.imports.all() == []
    assert storage.check() == []
    page = opened.program.window.open_section("transactions")
    assert isinstance(page, TablePage)
    qtbot.waitUntil(lambda: page._started and not page.model.loading, timeout=WAIT)
    assert page.model.rowCount() == 0


def test_the_screen_lock_lets_an_import_go_on(opened: Open, qtbot: QtBot) -> None:
    begin_import(qtbot, opened)
    keys(qtbot, opened.program, LOCK_SCREEN_KEY)
    qtbot.waitUntil(lambda: opened.program.locked, timeout=WAIT)
    shell = opened.program._open
    assert shell is not None
    assert [job.title for job in shell._jobs.live if job.leaves] == ["Import export.csv into Treasury"]
    unlock(qtbot, opened.program)
    assert opened.told() == ""


def test_the_keys_work_under_a_dialog_and_a_menu(opened: Open, qtbot: QtBot) -> None:
    window = opened.program.window
    with qtbot.waitActive(window, timeout=WAIT):
        window.activateWindow()
    dialog = ask_file(window, "Choose a file", filters="All files (*)", then=lambda _path: None)
    qtbot.waitUntil(lambda: QApplication.focusWindow() is dialog.windowHandle(), timeout=WAIT)
    control = Qt.KeyboardModifier.ControlModifier
    QTest.keyPress(dialog.windowHandle(), Qt.Key.Key_L, control)  # a release would find it closed
    qtbot.waitUntil(lambda: opened.program.locked and window.findChild(QFileDialog) is None, timeout=WAIT)
    unlock(qtbot, opened.program)
    with qtbot.waitActive(window, timeout=WAIT):
        window.activateWindow()
    menu = QMenu(window)
    menu.addAction("Anything")
    menu.popup(window.mapToGlobal(window.rect().center()))
    QTest.keyPress(window.windowHandle(), Qt.Key.Key_L, control | Qt.KeyboardModifier.ShiftModifier)
    asked_again(qtbot, opened.program)
    assert not menu.isVisible()
