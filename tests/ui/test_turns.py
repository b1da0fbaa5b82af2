"""Work in a turn of its own: after what waits already, once, and not for somebody who is gone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aether_desktop.ui.turns import next_turn


def test_it_comes_after_what_waits_and_once(qtbot: QtBot) -> None:
    parent, done = QObject(), list[str]()
    next_turn(parent, lambda: done.append("own"))
    QTimer.singleShot(0, parent, lambda: done.append("posted"))
    assert done == []
    qtbot.waitUntil(lambda: "own" in done)
    assert done == ["posted", "own"]
    qtbot.waitUntil(lambda: not parent.findChildren(QTimer))


def test_it_is_dropped_with_its_parent(qtbot: QtBot) -> None:
    parent, done = QObject(), list[str]()
    next_turn(parent, lambda: done.append("never"))
    parent.deleteLater()
    QApplication.sendPostedEvents(parent, QEvent.Type.DeferredDelete.value)
    later = QObject()
    next_turn(later, lambda: done.append("later"))
    qtbot.waitUntil(lambda: bool(done))
    assert done == ["later"]
