"""The grid over a real vault: columns that are kept, sorting, a selection that follows its rows, copying."""

from __future__ import annotations

import csv
import io
import json
import threading

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Row
from aether_desktop.ui.models.copying import COPY_LIMIT, CopyFormat
from aether_desktop.ui.models.roles import HeaderRole
from aether_desktop.ui.models.row_reading import RowsChangedError
from aether_desktop.ui.models.window_table_model import PAGE_ROWS, WindowTableModel
from aether_desktop.ui.views.grid import GridView
from aether_desktop.ui.widgets.cell_delegate import CellDelegate
from tests.ui.ledgers import WAIT, CountingWindows, Ledger

_FLAG = QItemSelectionModel.SelectionFlag


class Shown:
    """A grid on the screen, with what it counts."""

    def __init__(self, ledger: Ledger, qtbot: QtBot) -> None:
        self.ledger, self.qtbot = ledger, qtbot
        self.windows = CountingWindows(ledger.services.storage.windows)
        self.model = WindowTableModel(TableName.TRANSACTIONS, windows=self.windows, jobs=ledger.jobs)
        self.grid = GridView(
            self.model, settings=ledger.context.settings, delegate=CellDelegate(ledger.context.theme, None)
        )
        self.model.setParent(self.grid)
        qtbot.addWidget(self.grid, before_close_func=lambda _grid: self.model.close())
        self.grid.resize(1000, 400)
        self.grid.show()
        qtbot.waitExposed(self.grid)
        with qtbot.waitSignal(self.model.count_changed, timeout=WAIT):
            self.model.set_query(self.model.query)

    def refreshed(self) -> None:
        with self.qtbot.waitSignal(self.model.refreshed, timeout=WAIT):
            self.model.refresh()
        self.qtbot.waitUntil(lambda: self.model.known_count.exact, timeout=WAIT)

    def shown(self, row: int) -> int:
        """The id of a row once it is here."""
        self.qtbot.waitUntil(lambda: bool(self.model.index(row, 0).data()), timeout=WAIT)
        found = self.model.row_at(row)
        assert found is not None
        return found.id

    def selected_ids(self) -> set[int]:
        rows = [self.model.row_at(number) for number in self.grid.selected_row_numbers(100)[0]]
        return {row.id for row in rows if row is not None}

    def copied(self, form: CopyFormat = CopyFormat.TSV) -> str:
        QGuiApplication.clipboard().setText("before")
        with self.qtbot.waitSignal(self.grid.copied, timeout=WAIT):
            self.grid.copy_selection(form)
        return QGuiApplication.clipboard().text()

    def click_header(self, key: str) -> None:
        header = self.grid.horizontalHeader()
        section = self.model.spec.index(key)
        self.grid.horizontalScrollBar().setValue(0)
        place = QPoint(header.sectionViewportPosition(section) + 20, header.height() // 2)
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


@pytest.fixture
def shown(ledger: Ledger, qtbot: QtBot) -> Shown:
    ledger.imported(300)
    return Shown(ledger, qtbot)


class TestColumns:
    def test_the_chooser_lists_all_and_ticks_the_shown(self, shown: Shown) -> None:
        menu = QMenu(shown.grid)
        shown.grid.fill_column_menu(menu)
        actions = {action.text(): action for action in menu.actions() if action.isCheckable()}
        assert list(actions) == [column.title for column in shown.model.spec.columns]
        ticked = [title for title, action in actions.items() if action.isChecked()]
        assert ticked == [column.title for column in shown.model.spec.columns if column.shown]
        actions["Hash"].trigger()
        assert "tx_hash" in shown.grid.visible_columns()
        actions["Time"].trigger()
        assert "occurred_at" not in shown.grid.visible_columns()

    def test_the_last_column_cannot_be_hidden(self, shown: Shown) -> None:
        for key in shown.grid.visible_columns():
            shown.grid.show_column(key, shown=False)
        assert len(shown.grid.visible_columns()) == 1

    def test_order_widths_and_hidden_columns_are_kept(self, shown: Shown, qtbot: QtBot) -> None:
        grid, spec = shown.grid, shown.model.spec
        header = grid.horizontalHeader()
        header.moveSection(header.visualIndex(spec.index("amount")), 0)
        grid.setColumnWidth(spec.index("amount"), 211)
        grid.show_column("wallet", shown=False)
        grid.show_column("tx_hash", shown=True)
        grid.setColumnWidth(spec.index("fee"), 177)
        seen = grid.visible_columns()
        qtbot.waitUntil(lambda: shown.ledger.context.settings.get("grid.transactions") is not None, timeout=WAIT)

        again = Shown(shown.ledger, qtbot).grid
        assert again.visible_columns() == seen
        assert seen[0] == "amount"
        assert "wallet" not in seen
        assert again.columnWidth(spec.index("amount")) == 211
        assert again.columnWidth(spec.index("fee")) == 177

    def test_the_stretch_of_the_last_column_is_not_kept_as_its_width(self, shown: Shown, qtbot: QtBot) -> None:
        last = shown.model.spec.index(shown.grid.visible_columns()[-1])
        first_width = shown.model.headerData(last, Qt.Orientation.Horizontal, HeaderRole.FIRST_WIDTH)
        shown.grid.resize(2000, 400)
        shown.grid.save_layout()
        assert shown.grid.columnWidth(last) > first_width
        again = Shown(shown.ledger, qtbot).grid
        again.horizontalHeader().setStretchLastSection(False)
        again.show_column("tx_hash", shown=True)
        assert again.columnWidth(last) == first_width

    def test_reset_brings_the_first_layout_back(self, shown: Shown, qtbot: QtBot) -> None:
        first = shown.grid.visible_columns()
        widths = [shown.grid.columnWidth(shown.model.spec.index(key)) for key in first[:-1]]
        header = shown.grid.horizontalHeader()
        header.moveSection(3, 0)
        header.moveSection(7, 2)
        shown.grid.setColumnWidth(1, 300)
        shown.grid.show_column("status", shown=False)
        shown.grid.reset_layout()
        shown.grid.save_layout()
        assert shown.grid.visible_columns() == first
        assert [shown.grid.columnWidth(shown.model.spec.index(key)) for key in first[:-1]] == widths
        assert Shown(shown.ledger, qtbot).grid.visible_columns() == first

    @pytest.mark.parametrize(
        "stored",
        [
            "nonsense",
            {"order": 7, "shown": 3, "widths": []},
            {"order": ["gone", "amount"], "shown": ["gone"], "widths": {"amount": "wide", "gone": 3}},
            {"shown": [["amount"]], "widths": {"amount": -5, "fee": 10**9}},
        ],
    )
    def test_settings_of_another_program_or_time_do_no_harm(self, ledger: Ledger, qtbot: QtBot, stored: object) -> None:
        ledger.context.settings.set("grid.transactions", stored)
        shown = Shown(ledger, qtbot)
        assert shown.grid.visible_columns()
        assert 48 <= shown.grid.columnWidth(shown.model.spec.index("amount")) <= 2000


class TestSorting:
    def test_a_click_sorts_and_the_arrow_says_how(self, shown: Shown, qtbot: QtBot) -> None:
        header, amount = shown.grid.horizontalHeader(), shown.model.spec.index("amount")
        assert header.sortIndicatorSection() == shown.model.spec.index("occurred_at")
        for first, order in (("+1 ETH", Qt.SortOrder.AscendingOrder), ("+300 ETH", Qt.SortOrder.DescendingOrder)):
            with qtbot.waitSignal(shown.model.count_changed, timeout=WAIT):
                shown.click_header("amount")
            assert shown.model.index(0, amount).data() == first
            assert (header.sortIndicatorSection(), header.sortIndicatorOrder()) == (amount, order)

    def test_a_column_that_cannot_be_sorted_by_refuses(self, shown: Shown) -> None:
        header = shown.grid.horizontalHeader()
        before = (header.sortIndicatorSection(), header.sortIndicatorOrder())
        query = shown.model.query
        shown.grid.show_column("description", shown=True)
        header.moveSection(header.visualIndex(shown.model.spec.index("description")), 0)
        shown.click_header("description")
        assert (header.sortIndicatorSection(), header.sortIndicatorOrder()) == before
        assert shown.model.query == query
        assert not shown.model.loading


class TestFollowing:
    def test_the_cursor_and_the_selection_stay_on_their_rows(self, shown: Shown) -> None:
        shown.grid.selectRow(5)
        shown.grid.selectionModel().select(shown.model.index(9, 0), _FLAG.Select | _FLAG.Rows)
        ids = shown.selected_ids()
        current = shown.grid.current_row()
        assert current is not None
        assert len(ids) == 2
        shown.ledger.imported(200, first=1000)
        shown.refreshed()
        assert shown.grid.currentIndex().row() == 205
        after = shown.grid.current_row()
        assert after is not None
        assert after.id == current.id
        assert shown.selected_ids() == ids

    def test_what_is_on_the_screen_stays_there(self, shown: Shown) -> None:
        bar = shown.grid.verticalScrollBar()
        bar.setValue(120)
        top = shown.shown(120)
        shown.grid.setCurrentIndex(shown.model.index(125, 0))
        shown.ledger.imported(40, first=1000)
        shown.refreshed()
        row = shown.model.row_at(bar.value())
        assert row is not None
        assert row.id == top
        assert bar.value() == 160

    def test_a_cursor_out_of_sight_does_not_pull_the_view_to_it(self, shown: Shown) -> None:
        shown.grid.selectRow(0)
        bar = shown.grid.verticalScrollBar()
        bar.setValue(120)
        top = shown.shown(120)
        shown.ledger.imported(40, first=1000)
        shown.refreshed()
        shown.qtbot.waitUntil(lambda: shown.model.row_at(bar.value()) is not None, timeout=WAIT)
        row = shown.model.row_at(bar.value())
        assert row is not None
        assert row.id == top

    def test_the_place_of_a_row_that_is_gone_is_kept(self, shown: Shown) -> None:
        shown.grid.selectRow(7)
        gone, following = shown.shown(7), shown.shown(8)
        shown.ledger.services.records.archive(TableName.TRANSACTIONS, [gone])
        shown.refreshed()
        assert shown.grid.currentIndex().row() == 7
        assert shown.selected_ids() == {following}

    def test_all_rows_stay_all_rows(self, shown: Shown) -> None:
        shown.grid.selectAll()
        shown.ledger.imported(3, first=1000)
        shown.refreshed()
        assert shown.grid.selected_row_numbers(1)[1] == 303

    def test_nothing_selected_stays_nothing(self, shown: Shown) -> None:
        shown.grid.setCurrentIndex(shown.model.index(4, 0))
        shown.grid.clearSelection()
        shown.refreshed()
        assert shown.grid.selected_row_numbers(1)[1] == 0
        assert shown.grid.currentIndex().row() == 4

    def test_the_last_rows_going_away_leaves_a_valid_cursor(self, shown: Shown) -> None:
        bar = shown.grid.verticalScrollBar()
        bar.setValue(bar.maximum())
        ids = [shown.shown(row) for row in range(290, 300)]
        shown.grid.selectRow(299)
        shown.ledger.services.records.archive(TableName.TRANSACTIONS, ids)
        shown.refreshed()
        assert shown.grid.currentIndex().row() == 289


class TestCopying:
    def test_exactly_the_visible_columns_in_their_order(self, shown: Shown) -> None:
        grid, spec = shown.grid, shown.model.spec
        header = grid.horizontalHeader()
        for key in grid.visible_columns():
            grid.show_column(key, shown=key in {"occurred_at", "amount", "status"})
        header.moveSection(header.visualIndex(spec.index("amount")), 0)
        grid.selectRow(0)
        grid.selectionModel().select(shown.model.index(2, 0), _FLAG.Select | _FLAG.Rows)
        lines = shown.copied().splitlines()
        assert lines[0].split("\t") == ["Amount", "Time", "Status"]
        assert lines[1].split("\t") == ["300 ETH", "2017-07-14T07:40:00Z", "confirmed"]
        assert [line.split("\t")[0] for line in lines[1:]] == ["300 ETH", "298 ETH"]
        assert shown.copied(CopyFormat.CSV).splitlines()[1].startswith("300 ETH,")
        assert [list(row) for row in json.loads(shown.copied(CopyFormat.JSON))] == [
            ["amount", "occurred_at", "status"]
        ] * 2
        markdown = shown.copied(CopyFormat.MARKDOWN).splitlines()
        assert markdown[:2] == ["| Amount | Time | Status |", "| --- | --- | --- |"]
        assert len(markdown) == 4

    def test_the_key_copies(self, shown: Shown, qtbot: QtBot) -> None:
        shown.grid.selectRow(0)
        with qtbot.waitSignal(shown.grid.copied, timeout=WAIT) as copied:
            QTest.keyClick(shown.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert copied.args == [1]

    def test_a_few_rows_are_there_at_once(self, shown: Shown) -> None:
        shown.grid.selectRow(0)
        QGuiApplication.clipboard().setText("before")
        shown.grid.copy_selection()
        assert QGuiApplication.clipboard().text().startswith("Time\t")

    def test_the_text_of_many_is_made_by_a_job_of_what_is_here(self, shown: Shown, qtbot: QtBot) -> None:
        shown.grid.verticalScrollBar().setValue(299)
        for row in (0, 150, 299):
            shown.shown(row)
        questions = len(shown.windows.spans)
        rows = [row for row in map(shown.model.row_at, range(300)) if row is not None]

        def make(given: list[Row]) -> tuple[list[Row], bool]:
            return given, threading.current_thread() is threading.main_thread()

        found: list[tuple[list[Row], bool]] = []
        shown.model.make_of_rows(range(300), make).on_success(found.append)
        qtbot.waitUntil(lambda: bool(found), timeout=WAIT)
        assert found == [(rows, False)]
        shown.grid.selectAll()
        QGuiApplication.clipboard().setText("before")
        with qtbot.waitSignal(shown.grid.copied, timeout=WAIT) as copied:
            shown.grid.copy_selection()
            assert QGuiApplication.clipboard().text() == "before"
        assert copied.args == [300]
        assert len(QGuiApplication.clipboard().text().splitlines()) == 301
        assert len(shown.windows.spans) == questions, "nothing was read again"

    def test_rows_that_are_not_here_are_read_first(self, ledger: Ledger, qtbot: QtBot) -> None:
        ledger.imported(3000)
        shown = Shown(ledger, qtbot)
        assert shown.windows.rows_read <= 2 * PAGE_ROWS
        shown.grid.selectAll()
        rows = list(csv.reader(io.StringIO(shown.copied(CopyFormat.CSV))))
        amount = rows[0].index("Amount")
        assert [row[amount] for row in rows[1:]] == [f"{number} ETH" for number in range(3000, 0, -1)]

    def test_too_many_are_refused_with_their_number(self, shown: Shown, qtbot: QtBot) -> None:
        shown.ledger.imported(COPY_LIMIT - 299, first=1000)
        shown.refreshed()
        qtbot.waitUntil(lambda: shown.model.rowCount() == COPY_LIMIT + 1, timeout=WAIT)
        shown.grid.selectAll()
        QGuiApplication.clipboard().setText("before")
        with qtbot.waitSignal(shown.grid.copy_too_large, timeout=WAIT) as refused:
            shown.grid.copy_selection()
        assert refused.args == [COPY_LIMIT + 1]
        assert QGuiApplication.clipboard().text() == "before"

    def test_rows_that_moved_meanwhile_are_not_copied_as_others(self, shown: Shown, qtbot: QtBot) -> None:
        shown.grid.selectAll()
        shown.ledger.imported(1, first=1000)
        with qtbot.waitSignal(shown.grid.reading_failed, timeout=WAIT) as failed:
            shown.grid.copy_selection()
        assert isinstance(failed.args[0], RowsChangedError)
