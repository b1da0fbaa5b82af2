"""Leaving a vault with something typed or running asks first, in the real window; the program's own end does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from aether_desktop.bootstrap import WindowProgram
from aether_desktop.ui import object_names as names
from aether_desktop.ui.views.table_page import TablePage
from tests.integration.locked import (
    WAIT,
    asked_again,
    fill,
    made_vault,
    named,
    press,
    services_of,
    starting,
    unlock,
)

_NAME = names.field_name("wallets", "name")


@pytest.fixture
def program(qtbot: QtBot, display: object, tmp_path: Path) -> Iterator[WindowProgram]:
    path, _ = made_vault(tmp_path, key_file=tmp_path / "books.key")
    with starting(qtbot, tmp_path) as start:
        started = start(vault=path, key_file=tmp_path / "books.key")
        unlock(qtbot, started)
        yield started


@pytest.fixture
def half(program: WindowProgram, qtbot: QtBot) -> WindowProgram:
    """A wallet's form half filled in."""
    page = program.window.open_section("wallets")
    assert isinstance(page, TablePage)
    page.add()
    qtbot.waitUntil(lambda: page.side.form is not None, timeout=WAIT)
    fill(program, _NAME, "Half a wallet")
    return program


def close_by_hand(program: WindowProgram) -> None:
    """As the window's own button does."""
    program.window.close()


def asked(program: WindowProgram) -> bool:
    page = program.window.alone_page
    return page is not None and page.objectName() == names.CLOSE_QUESTION


def test_nothing_to_lose_closes(program: WindowProgram, qtbot: QtBot) -> None:
    with qtbot.waitSignal(program.window.closing, timeout=WAIT):
        close_by_hand(program)
    assert not program.window.isVisible()


def test_going_back_keeps_what_is_typed(half: WindowProgram, qtbot: QtBot) -> None:
    close_by_hand(half)
    assert half.window.isVisible()
    assert asked(half)
    press(half, names.CLOSE_QUESTION_BACK)
    qtbot.waitUntil(lambda: half.window.alone_page is None, timeout=WAIT)
    field = named(half, _NAME, QLineEdit)
    qtbot.waitUntil(field.isVisible, timeout=WAIT)
    assert isinstance(field, QLineEdit)
    assert field.text() == "Half a wallet"
    close_by_hand(half)
    assert asked(half)
    QTest.keyClick(named(half, names.CLOSE_QUESTION_BACK), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: half.window.alone_page is None, timeout=WAIT)


def test_agreeing_closes(half: WindowProgram, qtbot: QtBot) -> None:
    close_by_hand(half)
    with qtbot.waitSignal(half.window.closing, timeout=WAIT):
        press(half, names.CLOSE_QUESTION_CLOSE)
    assert not half.window.isVisible()


def test_closing_twice_is_an_answer(half: WindowProgram, qtbot: QtBot) -> None:
    close_by_hand(half)
    with qtbot.waitSignal(half.window.closing, timeout=WAIT):
        close_by_hand(half)


def open_another(program: WindowProgram, path: Path) -> None:
    """As the button below a restored backup does."""
    opened = program._open
    assert opened is not None
    opened.pages.context.navigator.open_vault(path)


def test_opening_another_vault_asks_first_and_may_be_taken_back(
    half: WindowProgram, qtbot: QtBot, tmp_path: Path
) -> None:
    before = services_of(half)
    open_another(half, tmp_path / "restored.aether")
    assert asked(half)
    told = "\n".join(label.text() for label in half.window.findChildren(QLabel) if label.isVisible())
    assert "Open restored.aether in place of this vault?" in told
    assert "a new wallet" in told
    press(half, names.CLOSE_QUESTION_BACK)
    qtbot.waitUntil(lambda: half.window.alone_page is None, timeout=WAIT)
    field = named(half, _NAME, QLineEdit)
    assert isinstance(field, QLineEdit)
    assert field.text() == "Half a wallet"
    assert services_of(half) is before


def test_agreeing_opens_the_other_vault(half: WindowProgram, qtbot: QtBot, tmp_path: Path) -> None:
    services = services_of(half)
    restored = tmp_path / "restored.aether"
    services.backups.back_up(tmp_path / "copy.aether")
    services.backups.restore_as(tmp_path / "copy.aether", restored)
    open_another(half, restored)
    press(half, names.CLOSE_QUESTION_CLOSE)
    assert half.services is None
    asked_again(qtbot, half)
    assert half._entrance.target is not None
    assert half._entrance.target.vault == restored
    unlock(qtbot, half)
    assert services_of(half).storage.wallets.all() == []


def test_behind_a_locked_screen_no_other_vault_is_opened(half: WindowProgram, tmp_path: Path) -> None:
    opened = half._open
    assert opened is not None
    assert opened.locker is not None
    opened.locker.lock_screen()
    open_another(half, tmp_path / "restored.aether")
    assert half._open is opened
    assert not asked(half)


def test_the_end_of_the_program_asks_nobody(half: WindowProgram) -> None:
    half.close()
    assert not half.window.isVisible()
