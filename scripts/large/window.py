"""Ours: a scripted session in the program's real window, by its public object names; prints its measures as JSON.

usage: python -m scripts.large.window QUESTIONS.json   (see scripts.bench_large, which writes it)
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QTableView, QWidget

from aether_desktop.bootstrap import WindowProgram, build
from aether_desktop.ui.models.roles import HeaderRole, Role
from scripts.gui_session import application, click, settle, wait, wait_for
from scripts.large.asking import Asking
from scripts.large.changing import Changing, take_back
from scripts.large.engine import SLOW
from scripts.large.memory import give_back, give_back_pages, peak_memory, shares
from scripts.large.watching import FRAME, PAGES, TIMEOUT, Painted, Probe

_DRAGS: Final = 8
_DRAG_STEPS: Final = 40
_MINDS: Final = 9  # changed so many times
_MOMENT: Final = 60  # milliseconds, then another question is asked


class Session:
    """The open program and what is asked of it."""

    def __init__(self, program: WindowProgram, questions: dict[str, Any], probe: Probe, *, short: bool) -> None:
        """``short``: no more than what is compared between sizes."""
        self._window: QWidget = program.window
        self._program = program
        self._questions = questions
        self._probe = probe
        self._short = short
        self._grid: QTableView | None = None
        self._painted: Painted | None = None

    def run(self) -> None:
        """Everything; the order is the table's."""
        self._probe.idle()
        self._open()
        self._ends()
        self._jumps()
        self._probe.scroll(self.grid)
        if not self._short:
            self._drag()
            self._page_down()
            asking = Asking(self._window, self._probe, self._painting)
            asking.type_ahead([tx_hash for _number, tx_hash in self._questions["jumps"]])
            asking.groups()
        self._sort()
        if not self._short:
            self._sort_by_every_column()
        for listed in ("filters", "combinations"):
            for asked in self._questions[listed]:
                self._filter(asked, "filter" if listed == "filters" else "filters combined")
        self._filter(self._questions["fragment"], "hash fragment")
        self._filter(self._questions["address_fragment"], "address fragment")
        if not self._short:
            self._change_of_mind()
            Asking(self._window, self._probe, self._painting).sums()
            self._unfilter(wait_for(self._window, "transactions_filter", QLineEdit))
        self._count_exact()

    def change(self, folder: Path) -> None:
        """Import on view, cancel an import, undo."""
        services = self._program.services
        if services is not None:
            Changing(services, self.grid, self._probe, rows=self._questions["rows"], folder=folder).run()

    @property
    def grid(self) -> QTableView:
        if self._grid is None:
            raise LookupError("the grid is not there yet")
        return self._grid

    @property
    def _painting(self) -> Painted:
        if self._painted is None:
            raise LookupError("the grid is not there yet")
        return self._painted

    # -- steps ---------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        questions, watch = self._questions, self._probe.watch
        watch.step = "open the view"
        began = time.perf_counter()
        click(self._window, "navigation_transactions")
        self._grid = wait_for(self._window, "transactions_grid", QTableView)
        self._painted = Painted(self.grid)
        self._until("first rows", lambda: self._top(questions["first"]), began)
        self._probe.gaps("gap while opening", "open the view")
        self._probe.measures["about"] = self._model.rowCount() / questions["rows"]
        self._count_exact(began)
        watch.step = "rest"
        settle(300)

    def _ends(self) -> None:
        last, count = self._questions["last"], self._questions["rows"]
        began = self._begin("end")
        QTest.keyClick(self.grid, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
        self._until("end", lambda: self._is_at(count - len(last), last) and self._seen(count - 1), began)
        began = self._begin("home")
        QTest.keyClick(self.grid, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
        self._until("home", lambda: self._top(self._questions["first"]), began)

    def _jumps(self) -> None:
        bar = self.grid.verticalScrollBar()
        for number, tx_hash in self._jump_targets():
            began = self._begin("jump")
            bar.setValue(number)
            self._until("jump", partial(self._is_seen_at, number, tx_hash), began)
        self._probe.gaps("gap while jumping", "jump")

    def _jump_targets(self) -> list[tuple[int, str]]:
        listed: list[tuple[int, str]] = self._questions["jumps"]
        return listed[: len(listed) // 4] if self._short else listed

    def _drag(self) -> None:
        """The handle is pulled over the whole bar, then let go over a row: from there until that row is seen."""
        bar = self.grid.verticalScrollBar()
        for number, tx_hash in self._questions["jumps"][-_DRAGS:]:
            self._begin("drag")
            bar.setSliderDown(True)
            start, middle = bar.value(), bar.maximum() - bar.value()
            for step in range(_DRAG_STEPS):
                bar.setSliderPosition(start + (middle - start) * step // _DRAG_STEPS)
                settle(FRAME)
            bar.setSliderPosition(number)
            bar.setSliderDown(False)
            began = time.perf_counter()
            self._until("drag", partial(self._is_seen_at, number, tx_hash), began)
        self._probe.gaps("gap while dragging", "drag")

    def _page_down(self) -> None:
        """From a place where nothing is here yet."""
        grid = self.grid
        row = grid.model().rowCount() // 5
        grid.setCurrentIndex(grid.model().index(row, 0))
        grid.setFocus()
        self._until("", lambda: self._seen(row), time.perf_counter())
        for _ in range(PAGES):
            began = self._begin("page down")
            QTest.keyClick(grid, Qt.Key.Key_PageDown)
            self._until("page down", lambda: self._seen(grid.currentIndex().row()), began)
        self._probe.gaps("gap while paging", "page down")

    def _change_of_mind(self) -> None:
        """A question that must look far, and another a moment later: from that one until its rows are there."""
        edit = wait_for(self._window, "transactions_filter", QLineEdit)
        listed = self._questions["filters"]
        for number in range(_MINDS):
            asked = listed[number % len(listed)]
            self._begin("change of mind")
            edit.setText(SLOW[number % len(SLOW)])
            QTest.keyClick(edit, Qt.Key.Key_Return)
            settle(_MOMENT)
            began = time.perf_counter()
            edit.setText(asked["text"])
            QTest.keyClick(edit, Qt.Key.Key_Return)
            self._until("change of mind", partial(self._filtered, asked), began)
        self._probe.gaps("gap while changing one's mind", "change of mind")
        self._unfilter(edit)

    def _sort(self) -> None:
        """By a click on the heading of the amounts; a second one turns the order round."""
        questions = self._questions
        right = (questions["by_amount"], questions["by_amount_backward"])
        self.grid.verticalScrollBar().setValue(0)
        settle(300)
        for _ in range(4):
            header = self.grid.horizontalHeader()
            x = header.sectionViewportPosition(self._column("amount")) + 20
            before = self._hashes(0, len(right[0]))
            began = self._begin("sort")
            QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, 10))
            self._until("sort", partial(self._is_sorted, right, before), began)
            settle(100)
        self._probe.gaps("gap while sorting", "sort")
        self._back_to_time_order()

    def _sort_by_every_column(self) -> None:
        """Each column that offers it, also hidden ones, both ways; where rows may be few, whatever rows are there."""
        model = self.grid.model()
        times: dict[str, float | None] = {}
        for column in range(model.columnCount()):
            if not model.headerData(column, Qt.Orientation.Horizontal, HeaderRole.SORTABLE):
                continue
            key = str(model.headerData(column, Qt.Orientation.Horizontal, HeaderRole.COLUMN_KEY))
            for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
                settle(50)
                began = self._begin("sort by each column")
                model.sort(column, order)
                done = self._until("sort by any column", self._answered, began)
                times[f"{key} {'up' if order is Qt.SortOrder.AscendingOrder else 'down'}"] = done
        self._probe.measures["sorts"] = times
        self._back_to_time_order()

    def _back_to_time_order(self) -> None:
        """The order in which every other question is asked."""
        self._begin("rest")
        self.grid.model().sort(self._column("occurred_at"), Qt.SortOrder.DescendingOrder)
        self._until("", self._back_at_the_top, time.perf_counter())

    def _filter(self, asked: dict[str, Any], name: str) -> None:
        """Typed at once, with Return; then taken away again."""
        edit = wait_for(self._window, "transactions_filter", QLineEdit)
        settle(100)
        began = self._begin(f"filter {asked['name']}")
        edit.setText(asked["text"])
        QTest.keyClick(edit, Qt.Key.Key_Return)
        done = self._until(name, partial(self._filtered, asked), began)
        self._probe.measures.setdefault("filters", {})[asked["name"]] = done
        if done is None:
            self._probe.wrong.append(asked["name"])
        elif not self._short:
            self._begin("count the rows of a filter")
            self._count_exact(began, "exact count of a filter")
        self._unfilter(edit)

    def _unfilter(self, edit: QLineEdit) -> None:
        self._begin("rest")
        edit.setText("")
        QTest.keyClick(edit, Qt.Key.Key_Return)
        self._until("", self._back_at_the_top, time.perf_counter())

    def _count_exact(self, began: float | None = None, name: str = "exact count") -> None:
        """Waits until the number of rows is exact; since ``began``, if that is of interest."""
        exact: float | None = None
        with suppress(TimeoutError):
            wait(lambda: self._model.known_count.exact and not self._model.loading, seconds=TIMEOUT)
            exact = time.perf_counter() - (began or 0.0)
        if began is not None:
            self._probe.note(name, exact)

    # -- looking -------------------------------------------------------------------------------------------------

    @property
    def _model(self) -> Any:
        return self.grid.model()

    def _begin(self, step: str) -> float:
        self._probe.watch.step = step
        return time.perf_counter()

    def _until(self, name: str, condition: Callable[[], bool], began: float) -> float | None:
        done = self._painting.wait(condition, began)
        if name:
            self._probe.note(name, done)
        elif done is None:  # every step after it would wait as long
            raise TimeoutError(f"the view did not come back ({self._probe.watch.step})")
        return done

    def _column(self, key: str) -> int:
        model = self.grid.model()
        for column in range(model.columnCount()):
            if model.headerData(column, Qt.Orientation.Horizontal, HeaderRole.COLUMN_KEY) == key:
                return column
        raise LookupError(key)

    def _hashes(self, first: int, count: int) -> list[Any]:
        model, column = self.grid.model(), self._column("tx_hash")
        last = min(first + count, model.rowCount())
        return [model.index(row, column).data(Role.RAW) for row in range(first, last)]

    def _top(self, right: Sequence[str]) -> bool:
        return self.grid.verticalScrollBar().value() == 0 and self._is_at(0, right)

    def _back_at_the_top(self) -> bool:
        """Whatever place was kept."""
        self.grid.verticalScrollBar().setValue(0)
        return self._top(self._questions["first"])

    def _is_at(self, first: int, right: Sequence[str]) -> bool:
        return self._hashes(first, len(right)) == list(right)

    def _is_seen_at(self, row: int, tx_hash: str) -> bool:
        return self._is_at(row, [tx_hash]) and self._seen(row)

    def _is_sorted(self, right: Sequence[Sequence[str]], before: list[Any]) -> bool:
        """One of the two orders, and not the one that was there before."""
        now = self._hashes(0, len(before))
        return now in right and now != before

    def _seen(self, row: int) -> bool:
        """Whether the row is on the screen, and every row around it is there."""
        grid = self.grid
        top, bottom = grid.rowAt(1), grid.rowAt(grid.viewport().height() - 2)
        bottom = grid.model().rowCount() - 1 if bottom < 0 else bottom
        return top <= row <= bottom and None not in self._hashes(top, bottom - top + 1)

    def _filtered(self, asked: dict[str, Any]) -> bool:
        return self._top(asked["right"]) and self._answered()

    def _answered(self) -> bool:
        """The question is the one on the screen, and its first rows are there."""
        model = self.grid.model()
        return not getattr(model, "loading", False) and model.rowCount() > 0 and None not in self._hashes(0, 8)


def opened(place: dict[str, Any], data_dir: Path) -> WindowProgram:
    """The program on the place, its window shown."""
    if place["vault"]:
        program = build(vault=Path(place["vault"]), key_file=Path(place["key_file"]), data_dir=data_dir)
    else:
        program = build(database_url=place["url"], data_dir=data_dir)
    errors: list[object] = []
    program.failed.connect(errors.append)
    try:
        wait(lambda: program.services is not None or bool(errors), seconds=TIMEOUT)
    except TimeoutError as error:
        errors.append(error)
    if errors:
        program.close()  # else its workers keep this process
        raise RuntimeError(str(errors[0]))
    program.window.resize(1400, 900)
    return program


def memory(program: WindowProgram) -> dict[str, int]:
    """Bytes at rest, and which part of them went with SQLite's page caches, or lay free in the allocator."""
    settle(500)
    found = shares()
    found["free"] = give_back()
    vault = getattr(program.services.storage if program.services else None, "_vault", None)
    if vault is not None and vault.kit.dialect == "sqlite":
        found["pages"] = give_back_pages([vault.kit.reader, vault.kit.writer])
    return found


def main() -> int:
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    application()
    probe = Probe()
    with tempfile.TemporaryDirectory(prefix="aether-bench-") as name:
        program = opened(told["place"], Path(name))
        try:
            if told["place"]["rows"]:
                if program.services is not None:
                    take_back(program.services)
                session = Session(program, told["questions"], probe, short=told.get("short", False))
                session.run()
                probe.measures["memory"] = memory(program)
                probe.measures["peak memory of reading"] = peak_memory()
                if told.get("change"):
                    session.change(Path(name))
            else:  # an empty window
                probe.idle()
                probe.watch.step = "open the view"
                click(program.window, "navigation_transactions")
                settle(3_000)
                probe.measures["memory"] = memory(program)
            measures = probe.finish()
        finally:
            program.close()
    print(json.dumps(measures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
