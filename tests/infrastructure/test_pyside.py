"""PySide6 6.12.0 dropped a reference to True in every emit on Python 3.11 and aborted: notice it before people do."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot


class _Emitter(QObject):
    changed = Signal(bool)
    happened = Signal()


def test_emitting_keeps_the_reference_counts(qtbot: QtBot) -> None:
    emitter = _Emitter()
    before = sys.getrefcount(True), sys.getrefcount(None)
    for _ in range(1_000):
        emitter.changed.emit(True)
        emitter.happened.emit()
    after = sys.getrefcount(True), sys.getrefcount(None)
    assert abs(after[0] - before[0]) < 100
    assert abs(after[1] - before[1]) < 100


def test_twenty_thousand_emits_arrive(qtbot: QtBot) -> None:
    emitter = _Emitter()
    seen: list[bool] = []
    emitter.changed.connect(seen.append)
    for number in range(20_000):
        emitter.changed.emit(number % 2 == 0)
    assert len(seen) == 20_000
    assert sum(seen) == 10_000


def test_windows_open_on_the_virtual_screen(qtbot: QtBot) -> None:
    label = QLabel("ledger")
    qtbot.addWidget(label)
    with qtbot.waitExposed(label):
        label.show()
    size = label.screen().size()
    assert (size.width(), size.height()) == (1366, 768)
