"""A scripted session in the real window, measured from outside: the longest gap of the GUI thread, and its p99.

Works through ``build()`` and the stable object names alone, as any outside tool can.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEventLoop, QObject, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QTableView, QWidget

from aether_desktop.bootstrap import WindowProgram, build
from aether_desktop.ui.object_names import SECTIONS
from aether_desktop.ui.wizards.import_wizard import ImportWizard

_ADDRESS = "0xf98d0d57b5d23b1d4ba4d1e4a4a8d0cd4a5a0a3c"
_HEADINGS = (
    "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,Value_IN(ETH),Value_OUT(ETH),"
    "CurrentValue @ $0/Eth,TxnFee(ETH),TxnFee(USD),Historical $Price/Eth,Status,ErrCode,Method"
)


WidgetT = TypeVar("WidgetT", bound=QWidget)


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


def run_session(program: WindowProgram, folder: Path) -> Gaps:
    """Sections, scrolling, sorting, filtering, a form, an import; returns the gaps of the GUI thread.

    ``folder`` is where the file to import is written.
    """
    window = program.window
    watch = GapWatch()
    settle(200)
    watch.begin()
    for step in _steps(window, folder):
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


def _steps(window: QWidget, folder: Path) -> Iterator[str]:
    yield from _visits(window)
    yield from _reading(window)
    yield from _wallet(window)
    yield from _import(window, folder)
    yield from _finding(window)


def _visits(window: QWidget) -> Iterator[str]:
    for section in (*SECTIONS[1:], SECTIONS[0]):  # the first is open already
        click(window, f"navigation_{section}")
        yield f"open {section}"


def _reading(window: QWidget) -> Iterator[str]:
    click(window, "navigation_transactions")
    grid = wait_for(window, "transactions_grid", QTableView)
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


def _wallet(window: QWidget) -> Iterator[str]:
    """A wallet by its form."""
    click(window, "navigation_wallets")
    yield "wallets"
    click(window, "wallets_add")
    wait(lambda: window.findChild(QLineEdit, "wallets_field_name") is not None)
    yield "the form"
    for field, text in (("name", "Scripted"), ("address", _ADDRESS)):
        QTest.keyClicks(named(window, f"wallets_field_{field}"), text)
        yield f"typed {field}"
    chain = named(window, "wallets_field_chain")
    if isinstance(chain, QComboBox):
        chain.setCurrentIndex(chain.findData("ethereum"))
    click(window, "wallets_form_save")
    wait(lambda: window.findChild(QLineEdit, "wallets_field_name") is None)
    yield "saved"


def _import(window: QWidget, folder: Path) -> Iterator[str]:
    """A file of 2,000 rows through the wizard."""
    file = folder / "scripted.csv"
    file.write_text("\n".join([_HEADINGS, *map(_export_row, range(2_000))]) + "\n", encoding="utf-8")
    click(window, "navigation_transactions")
    yield "back to transactions"
    click(window, "transactions_import")
    wizard = wait_for(window, "import_wizard", ImportWizard)
    yield "the wizard"
    wallet = wait_for(window, "import_wallet", QComboBox)
    wait(lambda: wallet.findText("Scripted", Qt.MatchFlag.MatchContains) >= 0)
    wallet.setCurrentIndex(wallet.findText("Scripted", Qt.MatchFlag.MatchContains))
    yield "wallet chosen"
    wizard.add_files([file])
    yield "file chosen"
    for step in ("preview", "import", "done"):
        wait(lambda: named(window, "import_next").isEnabled())
        yield f"ready to {step}"
        click(window, "import_next")
        yield step
    yield "wizard left"


def _finding(window: QWidget) -> Iterator[str]:
    """The palette, the filter builder, both themes."""
    click(window, "navigation_find")
    yield "palette"
    field = wait_for(window, "command_palette_input", QLineEdit)
    QTest.keyClicks(field, "scripted")
    yield "found"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    click(window, "transactions_builder")
    yield "builder"
    click(window, "navigation_overview")
    settle(300)
    yield "overview again"


def _export_row(number: int) -> str:
    moment = f"2021-01-{number % 28 + 1:02} 10:00:00"
    ends = (_ADDRESS, f"0x{number:040x}") if number % 3 else (f"0x{number:040x}", _ADDRESS)
    values = ("0", f"0.{number + 1:06}") if number % 3 else (f"0.{number + 1:06}", "0")
    return (
        f'"0x{number:064x}","{12_000_000 + number}","{1_609_459_200 + number}","{moment}","{ends[0]}","{ends[1]}","",'
        f'"{values[0]}","{values[1]}","","0.00042","","","","","Transfer"'
    )


def click(window: QWidget, name: str) -> None:
    """Click the widget with an object name. Raises LookupError."""
    QTest.mouseClick(named(window, name), Qt.MouseButton.LeftButton)


def wait_for(window: QWidget, name: str, kind: type[WidgetT]) -> WidgetT:
    """The widget with an object name, once it is there. Raises TimeoutError."""
    wait(lambda: window.findChild(kind, name) is not None)
    found = window.findChild(kind, name)
    if found is None:
        raise LookupError(f"no {name} in the window")
    return found


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
