"""Work in a turn of its own: after what waits already, once, and not for somebody who is gone."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
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


def test_two_pieces_never_share_a_turn(qtbot: QtBot) -> None:
    parent, done = QObject(), list[str]()
    watch = QTimer(parent)
    watch.setTimerType(Qt.TimerType.PreciseTimer)
    watch.timeout.connect(lambda: done.append("between"))
    watch.start(0)
    for name in ("first", "second", "third"):
        next_turn(parent, partial(done.append, name))
    qtbot.waitUntil(lambda: "third" in done)
    watch.stop()
    pieces = [each for each in done if each != "between"]
    assert pieces == ["first", "second", "third"]
    assert all("between" in done[done.index(one) : done.index(next_)] for one, next_ in pairwise(pieces))


def test_a_piece_that_fails_keeps_no_other_back(qtbot: QtBot) -> None:
    parent, done = QObject(), list[str]()

    def fail() -> None:
        raise ValueError("this one")

    with qtbot.captureExceptions() as caught:
        next_turn(parent, fail)
        next_turn(parent, lambda: done.append("other"))
        qtbot.waitUntil(lambda: bool(done))
    assert [str(error) for _type, error, _trace in caught] == ["this one"]
