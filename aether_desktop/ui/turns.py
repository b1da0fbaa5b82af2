"""Pieces of work that want a turn of the event loop of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer
from shiboken6 import isValid

_KEPT_AS = "aether_turns"
_APART_MS = 1  # at 0 two pieces would be due in one turn


def next_turn(parent: QObject, work: Callable[[], object]) -> None:
    """Run ``work`` once: after the input, paints and timers that wait, and one piece a turn, whoever asks.

    Pieces go in the order asked for; dropped with ``parent``. ``QTimer.singleShot(0, ...)`` posts an event instead,
    which goes in the same turn as paints and before timers. GUI thread only, while there is an application.
    """
    application = QCoreApplication.instance()
    if application is None:
        raise RuntimeError("A turn needs a running application.")
    turns = application.property(_KEPT_AS)
    if not isinstance(turns, _Turns):
        turns = _Turns(application)
        application.setProperty(_KEPT_AS, turns)
    turns.add(parent, work)


class _Turns(QObject):
    """The pieces that wait, of the whole application: two of them in one turn would be felt as a stall."""

    def __init__(self, application: QCoreApplication) -> None:
        super().__init__(application)
        self._waiting: deque[tuple[QObject, Callable[[], object]]] = deque()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_APART_MS)
        self._timer.timeout.connect(self._on_turn)

    def add(self, parent: QObject, work: Callable[[], object]) -> None:
        self._waiting.append((parent, work))
        if not self._timer.isActive():
            self._timer.start()

    def _on_turn(self) -> None:
        while self._waiting:
            parent, work = self._waiting.popleft()
            if isValid(parent):
                if self._waiting:
                    self._timer.start()  # before the work: it may fail, or turn a loop of its own
                work()
                return
