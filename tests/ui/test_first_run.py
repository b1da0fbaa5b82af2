"""The first page: four choices, forms in place, nothing typed is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ui import object_names as names
from aether_desktop.ui.shell.first_run import FirstRunPage
from aether_desktop.ui.theme.theme import Theme


@pytest.fixture
def page(qtbot: QtBot, theme: Theme, tmp_path: Path) -> FirstRunPage:
    made = FirstRunPage(theme, proposed_vault=tmp_path / "books.aether")
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    qtbot.waitExposed(made)
    return made


def click(page: QWidget, name: str) -> None:
    button = page.findChild(QAbstractButton, name)
    assert isinstance(button, QAbstractButton), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def field(page: QWidget, name: str) -> QLineEdit:
    found = page.findChild(QLineEdit, name)
    assert isinstance(found, QLineEdit), name
    return found


def said(page: QWidget) -> str:
    label = page.findChild(QLabel, names.FIRST_RUN_ERROR)
    assert isinstance(label, QLabel)
    return label.text() if label.isVisible() else ""


PASSWORD = "lantern over quiet water"


def type_password(page: FirstRunPage, first: str = PASSWORD, again: str = PASSWORD) -> None:
    field(page, names.FIRST_RUN_CREATE_PASSWORD).setText(first)
    field(page, names.FIRST_RUN_CREATE_REPEAT).setText(again)


def secret_of(factor: object) -> str:
    assert isinstance(factor, Factor)
    return factor.secret.decode()


def test_return_leads_from_field_to_field_and_creates_the_vault(
    qtbot: QtBot, page: FirstRunPage, tmp_path: Path
) -> None:
    page.activateWindow()
    QTest.keyClick(field(page, names.FIRST_RUN_CREATE_PATH), Qt.Key.Key_Return)
    first, again = (field(page, name) for name in (names.FIRST_RUN_CREATE_PASSWORD, names.FIRST_RUN_CREATE_REPEAT))
    assert page.focusWidget() is first
    QTest.keyClicks(first, PASSWORD)
    QTest.keyClick(first, Qt.Key.Key_Return)
    assert page.focusWidget() is again
    QTest.keyClicks(again, PASSWORD)
    with qtbot.waitSignal(page.create_chosen, timeout=1000) as chosen:
        QTest.keyClick(again, Qt.Key.Key_Return)
    path, factor = chosen.args
    assert (path, secret_of(factor)) == (str(tmp_path / "books.aether"), PASSWORD)
    assert (first.text(), again.text()) == ("", "")


def test_a_vault_without_an_ending_gets_ours(qtbot: QtBot, page: FirstRunPage, tmp_path: Path) -> None:
    field(page, names.FIRST_RUN_CREATE_PATH).setText(f"  {tmp_path / 'my books'} ")
    type_password(page)
    with qtbot.waitSignal(page.create_chosen, timeout=1000) as chosen:
        click(page, names.FIRST_RUN_CREATE_START)
    assert chosen.args[0] == str(tmp_path / "my books.aether")


@pytest.mark.parametrize(
    ("typed", "wrong", "complaint"),
    [
        (("", ""), names.FIRST_RUN_CREATE_PASSWORD, "Type a password"),
        (("short", "short"), names.FIRST_RUN_CREATE_PASSWORD, "at least 8"),
        ((PASSWORD, ""), names.FIRST_RUN_CREATE_REPEAT, "once more"),
        ((PASSWORD, PASSWORD + "x"), names.FIRST_RUN_CREATE_REPEAT, "not the same"),
    ],
)
def test_no_vault_without_a_password_typed_twice(
    qtbot: QtBot, page: FirstRunPage, typed: tuple[str, str], wrong: str, complaint: str
) -> None:
    first, again = typed
    type_password(page, first, again)
    with qtbot.assertNotEmitted(page.create_chosen):
        click(page, names.FIRST_RUN_CREATE_START)
    assert complaint in field(page, wrong).accessibleDescription()
    assert field(page, names.FIRST_RUN_CREATE_PASSWORD).text() == first  # nothing typed is lost


def test_one_choice_is_open_at_a_time(page: FirstRunPage) -> None:
    assert field(page, names.FIRST_RUN_CREATE_PATH).isVisible()
    click(page, names.FIRST_RUN_CONNECT)
    assert field(page, names.FIRST_RUN_CONNECT_URL).isVisible()
    assert not field(page, names.FIRST_RUN_CREATE_PATH).isVisible()
    click(page, names.FIRST_RUN_CONNECT)  # an open choice stays open
    assert field(page, names.FIRST_RUN_CONNECT_URL).isVisible()


def test_the_sample_needs_nothing_typed(qtbot: QtBot, page: FirstRunPage) -> None:
    click(page, names.FIRST_RUN_SAMPLE)
    with qtbot.waitSignal(page.sample_chosen, timeout=1000):
        click(page, names.FIRST_RUN_SAMPLE_START)


def test_a_vault_is_opened_by_its_path(qtbot: QtBot, page: FirstRunPage, tmp_path: Path) -> None:
    click(page, names.FIRST_RUN_OPEN)
    QTest.keyClicks(field(page, names.FIRST_RUN_OPEN_PATH), str(tmp_path / "old.aether"))
    with qtbot.waitSignal(page.open_chosen, timeout=1000) as chosen:
        click(page, names.FIRST_RUN_OPEN_START)
    assert chosen.args == [str(tmp_path / "old.aether")]


@pytest.mark.parametrize("url", ["postgresql://me@host/db", "postgres://host/db"])
def test_a_database_is_named_by_its_address(qtbot: QtBot, page: FirstRunPage, url: str) -> None:
    click(page, names.FIRST_RUN_CONNECT)
    QTest.keyClicks(field(page, names.FIRST_RUN_CONNECT_URL), url)
    with qtbot.waitSignal(page.connect_chosen, timeout=1000) as chosen:
        click(page, names.FIRST_RUN_CONNECT_START)
    assert chosen.args == [url]


CREATE = (names.FIRST_RUN_CREATE, names.FIRST_RUN_CREATE_PATH, names.FIRST_RUN_CREATE_START)
OPEN = (names.FIRST_RUN_OPEN, names.FIRST_RUN_OPEN_PATH, names.FIRST_RUN_OPEN_START)
CONNECT = (names.FIRST_RUN_CONNECT, names.FIRST_RUN_CONNECT_URL, names.FIRST_RUN_CONNECT_START)


@pytest.mark.parametrize(
    ("parts", "typed", "complaint"),
    [
        (CREATE, "", "Choose a place"),
        (CREATE, "books", "whole path"),
        (OPEN, "  ", "Choose the vault"),
        (CONNECT, "", "administrator"),
        (CONNECT, "mysql://x", "postgresql"),
    ],
)
def test_what_cannot_be_is_said_at_the_field(
    qtbot: QtBot, page: FirstRunPage, parts: tuple[str, str, str], typed: str, complaint: str
) -> None:
    choice, edit, start = parts
    click(page, choice)
    field(page, edit).setText(typed)
    with (
        qtbot.assertNotEmitted(page.create_chosen),
        qtbot.assertNotEmitted(page.open_chosen),
        qtbot.assertNotEmitted(page.connect_chosen),
    ):
        click(page, start)
    assert complaint in field(page, edit).accessibleDescription()
    QTest.keyClicks(field(page, edit), "x")
    assert complaint not in field(page, edit).accessibleDescription()


def test_while_it_works_nothing_else_can_be_chosen(page: FirstRunPage) -> None:
    page.set_busy("Creating the vault…")
    start = page.findChild(QPushButton, names.FIRST_RUN_CREATE_START)
    assert isinstance(start, QPushButton)
    assert not start.isEnabled()
    assert said(page) == "Creating the vault…"
    page.set_busy("")
    assert start.isEnabled()
    assert said(page) == ""


def test_a_failure_is_said_and_what_was_typed_stays(page: FirstRunPage, tmp_path: Path) -> None:
    field(page, names.FIRST_RUN_CREATE_PATH).setText(str(tmp_path / "typed.aether"))
    page.set_busy("Creating the vault…")
    page.show_error("The <b>keyring</b> is locked. Unlock it and try again.")
    assert said(page) == "The <b>keyring</b> is locked. Unlock it and try again."
    assert field(page, names.FIRST_RUN_CREATE_PATH).text() == str(tmp_path / "typed.aether")
    start = page.findChild(QPushButton, names.FIRST_RUN_CREATE_START)
    assert isinstance(start, QPushButton)
    assert start.isEnabled()


def test_a_file_is_chosen_without_a_nested_loop(qtbot: QtBot, page: FirstRunPage, tmp_path: Path) -> None:
    click(page, names.FIRST_RUN_CREATE_BROWSE)
    dialog = page.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    qtbot.waitUntil(dialog.isVisible)
    assert dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave
    dialog.fileSelected.emit(str(tmp_path / "chosen.aether"))
    dialog.close()
    assert field(page, names.FIRST_RUN_CREATE_PATH).text() == str(tmp_path / "chosen.aether")


def test_the_keyboard_reaches_every_choice(page: FirstRunPage) -> None:
    for name in (names.FIRST_RUN_CREATE, names.FIRST_RUN_OPEN, names.FIRST_RUN_CONNECT, names.FIRST_RUN_SAMPLE):
        head = page.findChild(QAbstractButton, name)
        assert isinstance(head, QAbstractButton)
        assert head.focusPolicy() & Qt.FocusPolicy.TabFocus
        QTest.keyClick(head, Qt.Key.Key_Space)
        assert head.isChecked()
