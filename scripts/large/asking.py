"""Asked of a ledger besides its rows: a row by how a text begins, groups with their totals, the sum of a filter."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QMenu, QTableView, QWidget

from aether_desktop.ui.models.roles import HeaderRole, Role
from aether_desktop.ui.object_names import groups_part_name, selection_name
from scripts.gui_session import click, named, settle, wait, wait_for
from scripts.large.watching import TIMEOUT, Painted, Probe

_LETTERS: Final = 6  # of a hash
_HASHES: Final = 8
_GROUPS: Final = ("day", "month", "counterparty", "token")
_SUMS: Final = {"status:failed": "sum of a filter", "": "sum of all rows"}


class Asking:
    """In the open window, the whole ledger on view in the order of time."""

    def __init__(self, window: QWidget, probe: Probe, painted: Painted) -> None:
        self._window, self._probe, self._painted = window, probe, painted
        self._grid = named(window, "transactions_grid")

    def type_ahead(self, hashes: list[str]) -> None:
        """The first letters of a hash, in its column: from the last one until its row has the cursor and is painted."""
        grid, watch = self._table(self._grid), self._probe.watch
        column = _column(grid, "tx_hash")
        for tx_hash in hashes[:_HASHES]:
            watch.step = "rest"
            grid.verticalScrollBar().setValue(0)
            wait(lambda: grid.model().index(0, column).data(Role.RAW) is not None, seconds=TIMEOUT)
            grid.setCurrentIndex(grid.model().index(0, column))
            grid.setFocus()
            settle(1_500)  # a new word begins
            watch.step = "type ahead"
            typed = tx_hash[:_LETTERS]
            for letter in typed[:-1]:
                QTest.keyClicks(grid, letter)
                settle(40)
            began = time.perf_counter()
            QTest.keyClicks(grid, typed[-1])
            self._probe.note("type ahead", self._painted.wait(partial(_begins, grid, column, typed), began))
        self._probe.gaps("gap while typing ahead", "type ahead")

    def groups(self) -> None:
        """From the choice until groups are on view, and until their totals are."""
        watch = self._probe.watch
        for by in _GROUPS:
            watch.step = "rest"
            settle(300)
            watch.step = "group"
            began = time.perf_counter()
            self._choose(f"Group by {by}")
            grid = self._table(wait_for(self._window, groups_part_name("grid"), QTableView))
            self._note(f"group by {by}", partial(_group_shown, grid), began)
            self._note(f"group by {by}, totals", partial(_totals_shown, grid), began)
        began = time.perf_counter()
        QTest.keyClick(grid, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(grid, Qt.Key.Key_Return)
        rows = self._table(self._grid)
        self._note("open a group", lambda: rows.isVisible() and _rows_shown(rows), began)
        self._choose("No groups")
        wait(lambda: rows.isVisible() and _rows_shown(rows), seconds=TIMEOUT)
        self._probe.gaps("gap while grouping", "group")
        watch.step = "rest"

    def sums(self) -> None:
        """All rows of a filter selected, then added up: until the sum is there."""
        edit, watch = wait_for(self._window, "transactions_filter", QLineEdit), self._probe.watch
        grid = self._table(self._grid)
        for text, name in _SUMS.items():
            watch.step = "rest"
            edit.setText(text)
            QTest.keyClick(edit, Qt.Key.Key_Return)
            model: Any = grid.model()
            wait(partial(_counted, model), seconds=TIMEOUT)
            settle(200)
            watch.step = "sum"
            grid.setFocus()
            QTest.keyClick(grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
            button = wait_for(self._window, selection_name("transactions", "sum"), QAbstractButton)
            wait(button.isVisible, seconds=TIMEOUT)
            began = time.perf_counter()
            click(self._window, selection_name("transactions", "sum"))
            sheet = wait_for(self._window, selection_name("transactions", "sum_sheet"), QWidget)
            self._note(name, partial(_summed, sheet), began)
            watch.step = "rest"
            QTest.keyClick(sheet, Qt.Key.Key_Escape)
            wait(lambda: self._window.findChild(QWidget, selection_name("transactions", "sum_sheet")) is None)
            QTest.keyClick(grid, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)  # the selection ends
        self._probe.gaps("gap while adding up", "sum")

    # -- inside ----------------------------------------------------------------------------------------------

    def _choose(self, title: str) -> None:
        click(self._window, groups_part_name("by"))
        menu = wait_for(self._window, groups_part_name("menu"), QMenu)
        action = next(each for each in menu.actions() if each.text() == title)
        menu.setActiveAction(action)
        QTest.keyClick(menu, Qt.Key.Key_Return)
        wait(lambda: self._window.findChild(QMenu, groups_part_name("menu")) is None, seconds=TIMEOUT)

    def _note(self, name: str, condition: Callable[[], bool], began: float) -> None:
        """Looks as often as the loop turns; what is waited for may be in another view."""
        try:
            wait(condition, seconds=TIMEOUT)
            self._probe.note(name, time.perf_counter() - began)
        except TimeoutError:
            self._probe.note(name, None)

    def _table(self, found: QWidget) -> QTableView:
        if not isinstance(found, QTableView):
            raise LookupError(found.objectName())
        return found


def _column(grid: QTableView, key: str) -> int:
    model = grid.model()
    for column in range(model.columnCount()):
        if model.headerData(column, Qt.Orientation.Horizontal, HeaderRole.COLUMN_KEY) == key:
            return column
    raise LookupError(key)


def _begins(grid: QTableView, column: int, typed: str) -> bool:
    text = grid.currentIndex().siblingAtColumn(column).data(Role.RAW)
    return grid.currentIndex().row() > 0 and str(text or "").startswith(typed)


def _group_shown(grid: QTableView) -> bool:
    model: Any = grid.model()
    return grid.isVisible() and not model.loading and model.rowCount() > 0 and bool(model.index(0, 0).data())


def _totals_shown(grid: QTableView) -> bool:
    """Of every group that is on the screen."""
    model: Any = grid.model()
    last = grid.rowAt(grid.viewport().height() - 2)
    last = model.rowCount() - 1 if last < 0 else last
    net = model.columnCount() - 1
    return _group_shown(grid) and all(model.index(row, net).data(Role.CELL) is not None for row in range(last + 1))


def _rows_shown(grid: QTableView) -> bool:
    model: Any = grid.model()
    return not model.loading and model.rowCount() > 0 and model.index(0, 0).data(Role.ROW_ID) is not None


def _counted(model: Any) -> bool:
    return bool(model.known_count.exact and not model.loading)


def _summed(sheet: QWidget) -> bool:
    row: Any = getattr(sheet, "row", None)
    return "added up" in str(getattr(row, "result", ""))
