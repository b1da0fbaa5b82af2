"""What Qt and people do with a grid of ten million rows: nothing of it looks at more than some screens of them.

Asserted are calls of the model's ``data``, never times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import QItemSelection, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTableView
from pytestqt.qtbot import QtBot

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Place, Row, RowWindow, Sort, TableQuery
from aether_desktop.ports.tables import TABLES
from aether_desktop.ports.work import CancelToken
from aether_desktop.ui.models.copying import COPY_LIMIT
from aether_desktop.ui.models.window_table_model import MAX_PAGES, PAGE_ROWS, WindowTableModel
from aether_desktop.ui.views.grid import GridView
from aether_desktop.ui.widgets.cell_delegate import CellDelegate
from tests.storage.samples import NOW
from tests.ui.ledgers import WAIT, Ledger
from tests.ui.test_frozen_columns import ManyRows

ROWS = 10_000_000
SCREENS = 4_000  # calls of data: some screens of thirty rows and nine columns, several roles each
SPEC = TABLES[TableName.TRANSACTIONS]
QUERY = TableQuery(TableName.TRANSACTIONS)
ETH = Currency("ETH", 18, chain="ethereum")


class GeneratedWindows(ManyRows):
    """Ten million rows that nobody stored: every thousand are of another wallet."""

    def __init__(self) -> None:
        super().__init__(row(0))
        self.looked_up: list[tuple[str, str, int | None, bool]] = []
        self.answer: Callable[[str], Place | None] = lambda _text: None

    def window(
        self,
        _query: TableQuery,
        start: int,
        stop: int,
        *,
        rough: bool = False,
        near: Place | None = None,
        token: CancelToken | None = None,
    ) -> RowWindow:
        return RowWindow(start, tuple(map(row, range(start, min(stop, ROWS)))))

    def beginning(
        self,
        _query: TableQuery,
        column: str,
        text: str,
        *,
        after: int | None = None,
        itself: bool = False,
        token: CancelToken | None = None,
    ) -> Place | None:
        self.looked_up.append((column, text, after, itself))
        return self.answer(text)


def row(number: int) -> Row:
    """Of that number, as a store would give it."""
    values: dict[str, object] = {column.key: "" for column in SPEC.columns}
    values |= {
        "occurred_at": NOW - timedelta(seconds=number),
        "wallet": f"Wallet {number // 1000}",
        "amount": Amount(number * 10**18, ETH),
        "fee": None,
        "block_number": number,
        "id": number + 1,
        "tags": (),
        "status": "confirmed",
    }
    return Row(number + 1, 1, False, tuple(values[column.key] for column in SPEC.columns))


class CountedModel(WindowTableModel):
    """Counts what is asked of it."""

    calls = 0

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        self.calls += 1
        return super().data(index, role)


class Huge:
    """A grid of ten million rows on the screen."""

    def __init__(self, ledger: Ledger, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.windows = GeneratedWindows()
        self.model = CountedModel(TableName.TRANSACTIONS, windows=self.windows, jobs=ledger.jobs)
        self.grid = GridView(
            self.model, settings=ledger.context.settings, delegate=CellDelegate(ledger.context.theme, None)
        )
        self.model.setParent(self.grid)
        qtbot.addWidget(self.grid, before_close_func=lambda _grid: self.model.close())
        self.grid.resize(1000, 400)
        self.grid.show()
        qtbot.waitExposed(self.grid)
        with qtbot.waitSignal(self.model.count_changed, timeout=WAIT):
            self.model.set_query(QUERY)
        self.grid.setFocus()
        self.go(0)

    @property
    def row(self) -> int:
        return self.grid.currentIndex().row()

    def go(self, row: int, key: str = "wallet") -> None:
        self.grid.setCurrentIndex(self.model.index(row, SPEC.index(key)))
        self.settle()

    def settle(self) -> None:
        """Until the rows on view are here and painted."""
        first = self.grid.rowAt(0)
        self.qtbot.waitUntil(lambda: self.model.row_at(max(first, 0)) is not None, timeout=WAIT)
        self.grid.viewport().repaint()
        QApplication.processEvents()

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.grid, key, modifiers)
        self.settle()

    def type(self, text: str) -> None:
        for letter in text:
            self.grid.keyboardSearch(letter)
        self.qtbot.waitUntil(lambda: not self.grid.type_ahead.asking, timeout=WAIT)


@pytest.fixture
def huge(ledger: Ledger, qtbot: QtBot) -> Iterator[Huge]:
    interval = QApplication.keyboardInputInterval()
    QApplication.setKeyboardInputInterval(60_000)  # a busy machine must not take a letter for a new word
    yield Huge(ledger, qtbot)
    QApplication.setKeyboardInputInterval(interval)


CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_keys_and_headers_look_at_some_screens_of_rows(huge: Huge) -> None:
    grid, header = huge.grid, huge.grid.horizontalHeader()

    def double_click() -> None:
        place = header.sectionViewportPosition(1) - 1
        QTest.mouseDClick(
            header.viewport(), Qt.MouseButton.LeftButton, pos=header.viewport().rect().center().__class__(place, 10)
        )

    deeds: dict[str, Callable[[], object]] = {
        "end": lambda: huge.press(Qt.Key.Key_End, CONTROL),
        "page up": lambda: huge.press(Qt.Key.Key_PageUp, SHIFT),
        "home": lambda: huge.press(Qt.Key.Key_Home, CONTROL),
        "page down": lambda: huge.press(Qt.Key.Key_PageDown, SHIFT),
        "to the end": lambda: huge.press(Qt.Key.Key_End, CONTROL | SHIFT),
        "select all": lambda: huge.press(Qt.Key.Key_A, CONTROL),
        "fit a column": double_click,
        "fit all columns": grid.resizeColumnsToContents,
        "type": lambda: huge.type("wallet 9"),
        "repaint": lambda: huge.press(Qt.Key.Key_Down),
    }
    asked = {}
    for name, deed in deeds.items():
        huge.model.calls = 0
        deed()
        QApplication.processEvents()
        asked[name] = huge.model.calls
    assert {name: calls for name, calls in asked.items() if calls > SCREENS} == {}
    assert asked["end"] > 0  # something is counted at all


def test_the_ends_are_reached_and_ranges_stay_ranges(huge: Huge) -> None:
    huge.press(Qt.Key.Key_End, CONTROL)
    assert huge.row == ROWS - 1
    huge.press(Qt.Key.Key_Home, CONTROL | SHIFT)
    assert huge.grid.selected_row_numbers(3) == ([0, 1, 2], ROWS)
    assert huge.grid.selectionModel().selection().size() == 1
    with huge.qtbot.waitSignal(huge.grid.copy_too_large, timeout=WAIT) as refused:
        huge.press(Qt.Key.Key_C, CONTROL)
    assert refused.args == [ROWS]
    assert ROWS > COPY_LIMIT
    assert huge.grid.selectedIndexes() == []  # Qt would list ninety million


def test_a_screen_reader_does_not_make_qt_list_the_rows(huge: Huge) -> None:
    QAccessible.setActive(True)
    try:
        interface = QAccessible.queryAccessibleInterface(huge.grid)
        assert interface.childCount() > ROWS
        huge.model.calls = 0
        for key, modifiers in ((Qt.Key.Key_A, CONTROL), (Qt.Key.Key_Home, CONTROL), (Qt.Key.Key_End, CONTROL | SHIFT)):
            huge.press(key, modifiers)
        huge.model.refresh()
        huge.settle()
        assert huge.model.calls < 2 * SCREENS
    finally:
        QAccessible.setActive(False)


def test_all_rows_stay_selected_while_their_number_settles(huge: Huge) -> None:
    huge.press(Qt.Key.Key_A, CONTROL)
    for rows in (ROWS + 5, ROWS - 5):
        huge.model._resize(rows)
        assert huge.grid.selected_row_numbers(0)[1] == rows
        QApplication.processEvents()
        assert huge.grid.all_rows.query == huge.model.query


def test_small_selections_are_told_as_qt_tells_them(huge: Huge, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    original = QTableView.selectionChanged

    def telling(view: QTableView, selected: QItemSelection, deselected: QItemSelection) -> None:
        told.append(selected.size())
        original(view, selected, deselected)

    monkeypatch.setattr(QTableView, "selectionChanged", telling)
    huge.press(Qt.Key.Key_Down, SHIFT)
    assert told == [1]
    huge.press(Qt.Key.Key_A, CONTROL)
    assert told == [1]
    huge.grid.clearSelection()
    huge.go(0)
    huge.press(Qt.Key.Key_Down, SHIFT)
    shown = sum(not huge.grid.isColumnHidden(at) for at in range(huge.model.columnCount()))
    assert len(huge.grid.selectedIndexes()) == 2 * shown


class TestTypeAhead:
    def test_letters_ask_the_store_and_the_cursor_goes_there(self, huge: Huge) -> None:
        huge.windows.answer = lambda text: Place(7_654_321, 7_654_322) if text == "wallet 7654" else Place(9, 10)
        huge.model.calls = 0
        huge.type("wallet 7654")
        assert huge.row == 7_654_321
        assert huge.grid.currentIndex().column() == SPEC.index("wallet")
        assert huge.windows.looked_up[-1] == ("wallet", "wallet 7654", 1, True)
        assert huge.model.calls < SCREENS

    def test_a_newer_letter_cancels_the_older_question(self, huge: Huge) -> None:
        huge.grid.keyboardSearch("w")
        first = huge.grid.type_ahead._job
        huge.grid.keyboardSearch("a")
        assert first is not None
        assert huge.grid.type_ahead._job is not first
        huge.qtbot.waitUntil(lambda: not huge.grid.type_ahead.asking, timeout=WAIT)
        assert huge.row == 0

    def test_the_same_letter_again_goes_to_the_next_row(self, huge: Huge) -> None:
        huge.type("ww")
        assert huge.windows.looked_up == [("wallet", "w", 1, False)] * len(huge.windows.looked_up)

    def test_nothing_begins_so_is_said(self, huge: Huge) -> None:
        said: list[str] = []
        huge.grid.type_ahead.missed.connect(said.append)
        huge.type("zz")
        assert said[-1] == "Nothing in Wallet begins with “z”."
        assert huge.row == 0

    def test_another_filter_forgets_what_was_typed(self, huge: Huge) -> None:
        huge.grid.keyboardSearch("w")
        huge.model.set_query(TableQuery(TableName.TRANSACTIONS, sort=(Sort("amount"),)))
        assert not huge.grid.type_ahead.asking
        huge.grid.keyboardSearch("x")
        huge.qtbot.waitUntil(lambda: not huge.grid.type_ahead.asking, timeout=WAIT)
        assert huge.windows.looked_up[-1][1] == "x"

    def test_where_no_index_serves_only_rows_that_are_here_are_looked_at(self, huge: Huge) -> None:
        said: list[str] = []
        huge.grid.type_ahead.missed.connect(said.append)
        huge.go(0, "amount")
        huge.model.calls = 0
        text = str(huge.model.index(17, SPEC.index("amount")).data())
        huge.type(text)
        assert huge.row == 17
        huge.grid.type_ahead.stop()
        huge.type("no such amount")
        assert "in the rows at hand" in said[-1]
        assert huge.windows.looked_up == []
        assert huge.model.calls < MAX_PAGES * PAGE_ROWS

    def test_a_space_belongs_to_what_is_typed_and_else_opens_the_details(self, huge: Huge) -> None:
        asked: list[bool] = []
        huge.grid.details_asked.connect(lambda: asked.append(True))
        huge.press(Qt.Key.Key_Space)
        assert asked == [True]
        huge.grid.keyboardSearch("w")
        QTest.keyClick(huge.grid, Qt.Key.Key_Space)
        huge.qtbot.waitUntil(lambda: not huge.grid.type_ahead.asking, timeout=WAIT)
        assert (asked, huge.windows.looked_up[-1][1]) == ([True], "w ")
