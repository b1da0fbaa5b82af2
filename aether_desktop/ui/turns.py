"""Pieces of work that want a turn of the event loop of their own."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


def next_turn(parent: QObject, work: Callable[[], object]) -> None:
    """Run ``work`` once, when nothing else waits: after input, paints and timers. Dropped with ``parent``.

    ``QTimer.singleShot(0, ...)`` posts an event instead, which goes in the same turn as paints and before timers. GUI
    thread only.
    """
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(0)
    timer.timeout.connect(work)
    timer.timeout.connect(timer.deleteLater)
    timer.start()
