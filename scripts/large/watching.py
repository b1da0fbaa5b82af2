"""Seconds until the right rows are painted, gaps of the GUI thread by step, memory: the same for every contestant."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QTableView

from scripts.gui_session import GapWatch, settle
from scripts.large.memory import peak_memory

TIMEOUT: Final = 30.0  # seconds; what takes longer is said to be "over"
SCROLL_STEPS: Final = 300
PAGES: Final = 60  # turned by the key
_POLL: Final = 20  # milliseconds
FRAME: Final = 16  # milliseconds between two steps of a scrolling hand


class Painted(QObject):
    """Waits until a condition holds right after a paint of the view; the paint is over then."""

    def __init__(self, view: QTableView) -> None:
        super().__init__(view)
        self._view = view
        self._condition: Callable[[], bool] | None = None
        self._loop = QEventLoop(self)
        self._done = 0.0
        self._turn = 0
        view.viewport().installEventFilter(self)

    def wait(self, condition: Callable[[], bool], began: float) -> float | None:
        """Seconds since ``began``, None after TIMEOUT."""
        self._turn += 1
        self._done, self._condition = 0.0, condition
        watchdog = QTimer(self)
        watchdog.setSingleShot(True)
        watchdog.timeout.connect(self._loop.quit)
        watchdog.start(int(TIMEOUT * 1000))
        poll = QTimer(self)  # for what becomes right without another paint: it is painted once more, and counts then
        poll.timeout.connect(partial(self._look, self._turn, paint=True))
        poll.start(_POLL)
        self._view.viewport().update()
        self._loop.exec()
        watchdog.stop()
        poll.stop()
        poll.deleteLater()
        watchdog.deleteLater()
        self._condition = None
        return self._done - began if self._done else None

    def _look(self, turn: int, *, paint: bool = False) -> None:
        """``turn``: of the wait in which the paint was; one left over from the last wait says nothing."""
        if turn != self._turn or self._condition is None or self._done or not self._condition():
            return
        if paint:
            self._view.viewport().update()
        else:
            self._done = time.perf_counter()
            self._loop.quit()

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002 - the viewport
        if event.type() == QEvent.Type.Paint and self._condition is not None:
            QTimer.singleShot(0, partial(self._look, self._turn))  # after the paint
        return False


class Probe:
    """One contestant's measures: name to list of seconds (None: over TIMEOUT), or one number."""

    def __init__(self) -> None:
        self.watch = GapWatch()
        self.measures: dict[str, Any] = {}
        self.wrong: list[str] = []

    def note(self, name: str, seconds: float | None) -> None:
        self.measures.setdefault(name, []).append(seconds)

    def gaps(self, name: str, *steps: str) -> None:
        """Median, 99th percentile and longest gap while these steps ran."""
        found = sorted(gap for gap, step in self.watch.gaps if step in steps)
        if len(found) > 1:
            p99 = statistics.quantiles(found, n=100)[98]
            self.measures[name] = {"median": statistics.median(found), "p99": p99, "longest": found[-1]}

    def idle(self, milliseconds: int = 2_000) -> None:
        """What this machine makes of an event loop that has nothing to do."""
        self.watch.begin()
        self.watch.step = "idle"
        settle(milliseconds)
        self.gaps("idle loop", "idle")

    def scroll(self, view: QTableView) -> None:
        """Three rows at a time, as a wheel does, from somewhere in the middle."""
        bar = view.verticalScrollBar()
        bar.setValue(bar.maximum() // 3)
        settle(300)
        self.watch.step = "scroll"
        for _ in range(SCROLL_STEPS):
            bar.setValue(bar.value() + 3)
            settle(FRAME)
        self.watch.step = "rest"
        self.gaps("gap while scrolling", "scroll")
        self.measures["peak memory so far"] = peak_memory()

    def finish(self) -> dict[str, Any]:
        self.watch.end()
        busy = [(gap, step) for gap, step in self.watch.gaps if step not in {"idle", "rest"}]
        longest, step = max(busy)
        self.measures["longest gap"] = {"longest": longest, "step": step}
        self.measures["peak memory"] = peak_memory()
        if self.wrong:
            self.measures["wrong rows"] = self.wrong
        return self.measures
