"""Secrets on the clipboard: marked, taken away in time, and never what somebody else put there."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from aether_desktop.ui.widgets.secret_clipboard import MARKS, SecretClipboard


@pytest.fixture
def clipboard(qtbot: QtBot) -> SecretClipboard:
    QGuiApplication.clipboard().clear()
    return SecretClipboard(kept_ms=50)


def held() -> str:
    return QGuiApplication.clipboard().text()


def test_it_is_marked_as_a_secret(clipboard: SecretClipboard) -> None:
    clipboard.put("geheim")
    content = QGuiApplication.clipboard().mimeData()
    assert content.text() == "geheim"
    assert bytes(content.data("x-kde-passwordManagerHint").data()) == b"secret"
    assert {kind for kind, _ in MARKS} <= set(content.formats())


def test_it_is_taken_away_in_time(clipboard: SecretClipboard, qtbot: QtBot) -> None:
    clipboard.put("geheim")
    assert held() == "geheim"
    qtbot.waitUntil(lambda: held() == "", timeout=5_000)


def test_what_was_copied_since_stays(clipboard: SecretClipboard, qtbot: QtBot) -> None:
    clipboard.put("geheim")
    QGuiApplication.clipboard().setText("something else")
    with qtbot.waitSignal(clipboard._due.timeout, timeout=5_000):
        pass
    assert held() == "something else"


def test_a_second_secret_has_its_whole_time(clipboard: SecretClipboard) -> None:
    clipboard.put("one")
    clipboard.put("two")
    assert clipboard._due.remainingTime() > 0
    clipboard.clear()
    assert held() == ""
    assert not clipboard._due.isActive()


def test_it_is_gone_with_the_program(clipboard: SecretClipboard) -> None:
    clipboard.put("geheim")
    application = QCoreApplication.instance()
    assert application is not None
    application.aboutToQuit.emit()
    assert held() == ""


def test_nothing_is_cleared_that_was_never_put(clipboard: SecretClipboard) -> None:
    QGuiApplication.clipboard().setText("mine")
    clipboard.clear()
    assert held() == "mine"


def test_nothing_of_the_text_is_kept(clipboard: SecretClipboard) -> None:
    clipboard.put("geheim")
    assert "geheim" not in repr(vars(clipboard))
