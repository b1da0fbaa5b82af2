"""A scripted session in the real window, measured from outside: the longest gap of the GUI thread, and its p99.

Works through ``build()`` and the stable object names alone, as any outside tool can.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEventLoop, QObject, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QTableView, QWidget

from aether_desktop.bootstrap import WindowProgram, build

SECTIONS = ("wallets", "transactions", "payments", "contracts", "content", "temple_nodes", "monitoring", "people")


@dataclass(frozen=True, slots=True)
class Gaps:
    """Seconds between two turns of a zero timer while the session ran."""

    longest: float
    p99: float
    turns: int
    longest_in: str


class GapWatch(QObject):
    """A timer that fires as fast as the loop turns; whatever keeps it waiting is a stall."""

    def __init__(self) -> None:
        super().__init__()
        self.step = "start"
        self.gaps: list[tuple[float, str]] = []
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._on_turn)

    def begin(self) -> None:
        self._last = time.perf_counter()
        self._timer.start()

    def end(self) -> Gaps:
        self._timer.stop()
        seconds = sorted(gap for gap, _step in self.gaps)
        longest, step = max(self.gaps)
        return Gaps(longest, statistics.quantiles(seconds, n=100)[98], len(seconds), step)

    def _on_turn(self) -> None:
        now = time.perf_counter()
        self.gaps.append((now - self._last, self.step))
        self._last = now


def wait(condition: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Turn the event loop until a condition holds. Raises TimeoutError."""
    loop = QEventLoop()
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the window did not get there")
        QTimer.singleShot(5, loop.quit)
        loop.exec()


def opened(vault: Path, data_dir: Path, key_file: Path | None = None) -> WindowProgram:
    """The program on a vault, its window shown and its pages built."""
    program = build(vault=vault, data_dir=data_dir, key_file=key_file)
    errors: list[object] = []
    program.failed.connect(errors.append)
    wait(lambda: program.services is not None or bool(errors))
    if errors:
        raise RuntimeError(str(errors[0]))
    return program


def run_session(program: WindowProgram) -> Gaps:
    """Sections, scrolling, sorting, filtering, details; returns the gaps of the GUI thread."""
    window = program.window
    watch = GapWatch()
    settle(200)
    watch.begin()
    for step in _steps(window):
        watch.step = step
        settle(30)
    watch.step = "end"
    settle(200)
    return watch.end()


def settle(milliseconds: int) -> None:
    """Let the loop turn for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def _steps(window: QWidget) -> Iterator[str]:
    for section in SECTIONS:
        QTest.mouseClick(named(window, f"navigation_{section}"), Qt.MouseButton.LeftButton)
        yield f"open {section}"
    QTest.mouseClick(named(window, "navigation_transactions"), Qt.MouseButton.LeftButton)
    grid = window.findChild(QTableView, "transactions_grid")
    if grid is None:
        raise LookupError("no transactions_grid in the window")
    wait(lambda: grid.model().rowCount() > 0)
    yield "rows there"
    bar = grid.verticalScrollBar()
    for turn in range(120):
        bar.setValue(bar.value() + 3)
        yield f"scroll {turn}"
    for share in (0.1, 0.9, 0.5, 1.0, 0.0, 0.75, 0.25):
        bar.setValue(int(bar.maximum() * share))
        yield f"jump {share}"
    for _ in range(60):
        QTest.keyClick(grid, Qt.Key.Key_Down)
        yield "arrow"
    header = grid.horizontalHeader()
    for column in range(3):
        x = header.sectionViewportPosition(header.logicalIndex(column)) + 20
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, 10))
        yield f"sort {column}"
        settle(200)
    edit = window.findChild(QLineEdit, "transactions_filter")
    if edit is None:
        raise LookupError("no transactions_filter in the window")
    for query in ("amount>1", "status:failed", "date<2024-06-01", "rent", ""):
        edit.selectAll()
        QTest.keyClicks(edit, query) if query else QTest.keyClick(edit, Qt.Key.Key_Delete)
        yield f"filter {query!r}"
        settle(400)
    grid.selectAll()
    yield "select all"


def named(window: QWidget, name: str) -> QWidget:
    """The widget with an object name. Raises LookupError."""
    found = window.findChild(QWidget, name)
    if not isinstance(found, QWidget):
        raise LookupError(f"no {name} in the window")
    return found


def application() -> QApplication:
    """The QApplication of a script."""
    app = QApplication.instance()
    return app if isinstance(app, QApplication) else QApplication([])
