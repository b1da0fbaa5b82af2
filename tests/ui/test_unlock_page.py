"""The page of a locked vault: what it asks, what it says of the keyring, how it waits."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.errors import KeyStoreError
from aether_desktop.ports.vault_keys import DeviceKeyReport, DeviceKeyState, Factor, FactorKind
from aether_desktop.ui import object_names as names
from aether_desktop.ui.shell.unlock_page import LockKind, UnlockPage
from aether_desktop.ui.theme.theme import Theme

SECRET = "lantern over quiet water"


@pytest.fixture
def page(qtbot: QtBot, theme: Theme) -> UnlockPage:
    made = UnlockPage(theme, kind=LockKind.VAULT, vault_name="books")
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    qtbot.waitExposed(made)
    return made


def part(page: QWidget, name: str, kind: type[QWidget] = QWidget) -> QWidget:
    found = page.findChild(kind, name)
    assert isinstance(found, kind), name
    return found


def label(page: QWidget, name: str) -> str:
    found = part(page, name, QLabel)
    assert isinstance(found, QLabel)
    return found.text().replace("\u200b", "") if found.isVisible() else ""


def test_return_unlocks_with_what_was_typed_and_empties_the_field(qtbot: QtBot, page: UnlockPage) -> None:
    edit = part(page, names.UNLOCK_PASSWORD, QLineEdit)
    assert isinstance(edit, QLineEdit)
    QTest.keyClicks(edit, SECRET)
    with qtbot.waitSignal(page.unlock_asked) as asked:
        QTest.keyClick(edit, Qt.Key.Key_Return)
    (factor,) = asked.args
    assert isinstance(factor, Factor)
    assert (factor.kind, bytes(factor.secret)) == (FactorKind.PASSPHRASE, SECRET.encode())
    assert edit.text() == ""


def test_nothing_typed_is_said_at_the_field(qtbot: QtBot, page: UnlockPage) -> None:
    with qtbot.assertNotEmitted(page.unlock_asked):
        QTest.mouseClick(page.start, Qt.MouseButton.LeftButton)
    assert "Type the password" in part(page, names.UNLOCK_PASSWORD).accessibleDescription()


def test_the_kit_is_asked_for_in_place_of_the_password(qtbot: QtBot, page: UnlockPage) -> None:
    words = part(page, names.UNLOCK_KIT_WORDS, QPlainTextEdit)
    assert isinstance(words, QPlainTextEdit)
    assert not words.isVisible()
    QTest.mouseClick(part(page, names.UNLOCK_USE_KIT), Qt.MouseButton.LeftButton)
    assert words.isVisible()
    assert not part(page, names.UNLOCK_PASSWORD).isVisible()
    words.setPlainText("legal winner thank")
    with qtbot.waitSignal(page.unlock_asked) as asked:
        QTest.mouseClick(page.start, Qt.MouseButton.LeftButton)
    assert asked.args[0].kind is FactorKind.KIT
    QTest.mouseClick(part(page, names.UNLOCK_USE_PASSWORD), Qt.MouseButton.LeftButton)
    assert words.toPlainText() == ""


def test_a_wait_is_counted_down_and_holds_the_button(qtbot: QtBot, page: UnlockPage) -> None:
    page.show_error(WrongFactorError("That is not the password.", wait=1.0, hint="Wait 1 second."), wait=1.0)
    assert label(page, names.UNLOCK_ERROR) == "That is not the password."
    assert label(page, names.UNLOCK_WAIT).startswith("Wait 1 second")
    assert not page.start.isEnabled()
    QTest.keyClicks(part(page, names.UNLOCK_PASSWORD), SECRET)
    with qtbot.assertNotEmitted(page.unlock_asked):
        QTest.keyClick(part(page, names.UNLOCK_PASSWORD), Qt.Key.Key_Return)
    qtbot.waitUntil(page.start.isEnabled, timeout=5000)
    assert label(page, names.UNLOCK_WAIT) == ""


def test_long_waits_are_told_in_minutes(page: UnlockPage) -> None:
    page.wait.start(3600)
    assert "60 minutes" in label(page, names.UNLOCK_WAIT)
    page.wait.start(0)


def test_while_it_works_nothing_can_be_pressed(page: UnlockPage) -> None:
    page.set_busy("Unlocking…")
    assert part(page, names.UNLOCK_BUSY).isVisible()
    assert not page.start.isEnabled()
    assert not part(page, names.UNLOCK_PASSWORD).isEnabled()
    page.show_error(KeyStoreError("The keyring refuses <b>it</b>.", hint="Try again."))
    assert label(page, names.UNLOCK_ERROR) == "The keyring refuses <b>it</b>. Try again."
    assert page.start.isEnabled()


@pytest.mark.parametrize("state", [DeviceKeyState.MISSING, DeviceKeyState.ABSENT])
def test_where_only_the_kit_helps_the_kit_is_asked_for(page: UnlockPage, state: DeviceKeyState) -> None:
    page.show_keyring(DeviceKeyReport(state, "There is no keyring.", "Only the recovery kit opens the vault."))
    assert part(page, names.UNLOCK_KEYRING).isVisible()
    assert "Only the recovery kit" in part(page, names.UNLOCK_KEYRING).accessibleName()
    assert part(page, names.UNLOCK_KIT_WORDS).isVisible()


@pytest.mark.parametrize("state", [DeviceKeyState.LOCKED, DeviceKeyState.REFUSED])
def test_a_keyring_that_may_open_leaves_the_choice(page: UnlockPage, state: DeviceKeyState) -> None:
    page.show_keyring(DeviceKeyReport(state, "The keyring is locked.", "Unlock it."))
    assert part(page, names.UNLOCK_KEYRING).isVisible()
    assert part(page, names.UNLOCK_PASSWORD).isVisible()
    page.show_keyring(DeviceKeyReport(DeviceKeyState.PRESENT, "There."))
    assert not part(page, names.UNLOCK_KEYRING).isVisible()


def test_the_page_of_the_screen_names_nothing(qtbot: QtBot, theme: Theme) -> None:
    page = UnlockPage(theme, kind=LockKind.SCREEN, vault_name="books")
    qtbot.addWidget(page)
    page.show()
    assert not any("books" in each.text() for each in page.findChildren(QLabel))
    assert not part(page, names.UNLOCK_OTHER, QPushButton).isVisible()
