"""All rows of a filter as one selection on a real page: the line under the grid, sums, labels, export, copy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.services.totals import HEADING
from aether_desktop.ui.models.window_table_model import WindowTableModel
from aether_desktop.ui.object_names import selection_name
from aether_desktop.ui.views import grid as grid_module
from aether_desktop.ui.views import selection_actions as actions_module
from aether_desktop.ui.views.grid import GridView
from aether_desktop.ui.views.label_sheet import LabelSheet
from aether_desktop.ui.views.sum_sheet import SumSheet
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage
from tests.ui.ledgers import WAIT, Ledger

ROWS = 40
_FLAG = QItemSelectionModel.SelectionFlag


class Page:
    """The ledger's page with its rows on the screen."""

    def __init__(self, ledger: Ledger, qtbot: QtBot, table: TableName = TableName.TRANSACTIONS) -> None:
        self.ledger, self.qtbot = ledger, qtbot
        self.page = TablePage(table, ledger.context, TablePageWords(table.value, table.value, "Nothing.", "Add"))
        qtbot.addWidget(self.page, before_close_func=lambda _page: self.page.close_model())
        self.page.resize(1180, 700)
        with qtbot.waitSignal(self.model.count_changed, timeout=WAIT):
            self.page.show()
        qtbot.waitUntil(lambda: self.model.known_count.exact, timeout=WAIT)
        self.grid.setFocus()

    @property
    def model(self) -> WindowTableModel:
        return self.page.model

    @property
    def grid(self) -> GridView:
        return self.page.grid

    def part(self, name: str) -> QPushButton:
        named = selection_name(self.page.table, name)
        self.qtbot.waitUntil(lambda: self.page.findChild(QPushButton, named) is not None, timeout=WAIT)
        found = self.page.findChild(QPushButton, named)
        assert found is not None, name
        return found

    @property
    def text(self) -> str:
        bar = self.page.selection.bar
        return bar.text.text() if bar.isVisible() else ""

    def says(self, text: str) -> None:
        self.qtbot.waitUntil(lambda: self.text == text, timeout=WAIT)

    def choose_all(self) -> None:
        QTest.keyClick(self.grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)

    def choose(self, first: int, last: int) -> None:
        end = self.model.index(last, self.model.columnCount() - 1)
        self.grid.selectionModel().select(QItemSelection(self.model.index(first, 0), end), _FLAG.ClearAndSelect)

    def counted(self, act: Callable[[], object]) -> None:
        with self.qtbot.waitSignal(self.model.count_changed, timeout=WAIT):
            act()

    def filter(self, *terms: Term) -> None:
        self.counted(lambda: self.model.set_query(TableQuery(self.page.table, terms)))

    def sheet(self) -> SumSheet:
        found = self.page.side.form
        assert isinstance(found, SumSheet)
        return found

    def summed(self) -> SumSheet:
        self.part("sum").click()
        self.qtbot.waitUntil(lambda: isinstance(self.page.side.form, SumSheet), timeout=WAIT)
        self.qtbot.waitUntil(lambda: bool(self.sheet().row.result), timeout=WAIT)
        return self.sheet()

    def label_sheet(self) -> LabelSheet:
        self.part("label").click()
        self.qtbot.waitUntil(lambda: isinstance(self.page.side.form, LabelSheet), timeout=WAIT)
        found = self.page.side.form
        assert isinstance(found, LabelSheet)
        self.qtbot.waitUntil(found.row.button.isEnabled, timeout=WAIT)
        return found


@pytest.fixture
def shown(ledger: Ledger, qtbot: QtBot) -> Page:
    ledger.imported(ROWS)
    return Page(ledger, qtbot)


IN_HALF = Term("amount", Comparison.AT_MOST, str(ROWS // 2))


class TestSelection:
    def test_one_row_is_not_worth_a_line_two_are(self, shown: Page, qtbot: QtBot) -> None:
        shown.choose(3, 3)
        qtbot.wait(1)
        assert shown.text == ""
        shown.choose(3, 4)
        shown.says("2 rows are selected")
        assert shown.part("all").accessibleName() == f"Select all {ROWS} rows"
        assert not shown.part("export").isVisible()
        shown.part("all").click()
        shown.says(f"All {ROWS} rows are selected")
        assert shown.part("export").isVisible()
        assert not shown.part("all").isVisible()
        shown.part("clear").click()
        shown.says("")
        assert shown.grid.selected_row_numbers(9) == ([], 0)

    def test_all_rows_of_a_filter_outlive_scrolling_sorting_and_arriving_rows(
        self, shown: Page, ledger: Ledger, qtbot: QtBot
    ) -> None:
        shown.filter(IN_HALF)
        shown.choose_all()
        shown.says(f"All {ROWS // 2} rows of this filter are selected")
        shown.grid.verticalScrollBar().setValue(5)
        shown.counted(lambda: shown.model.sort(shown.model.spec.index("amount")))
        shown.says(f"All {ROWS // 2} rows of this filter are selected")
        assert shown.grid.all_rows.query == shown.model.query
        ledger.imported(1, first=0)  # nothing, of which the filter finds one more
        with qtbot.waitSignal(shown.model.refreshed, timeout=WAIT):
            shown.page.refresh()
        shown.says(f"All {ROWS // 2 + 1} rows of this filter are selected")
        assert shown.grid.selected_row_numbers(0)[1] == ROWS // 2 + 1

    def test_rows_that_were_selected_one_by_one_become_the_filters(self, shown: Page) -> None:
        shown.choose(0, ROWS - 1)
        shown.says(f"{ROWS} rows are selected")
        shown.choose_all()  # the same rows: nothing changes on the screen but the line
        shown.says(f"All {ROWS} rows are selected")

    def test_another_filter_ends_it_with_a_word(self, shown: Page, ledger: Ledger) -> None:
        shown.choose_all()
        shown.says(f"All {ROWS} rows are selected")
        shown.filter(IN_HALF)
        shown.says("")
        assert shown.grid.all_rows.query is None
        assert "with another filter none are" in ledger.said[-1][1]

    def test_a_row_chosen_by_hand_ends_it(self, shown: Page) -> None:
        shown.choose_all()
        shown.says(f"All {ROWS} rows are selected")
        QTest.keyClick(shown.grid, Qt.Key.Key_Down)
        shown.says("")
        assert shown.grid.all_rows.query is None
        shown.model.refresh()
        shown.qtbot.waitUntil(lambda: not shown.model.loading, timeout=WAIT)
        assert shown.grid.selected_row_numbers(0)[1] == 1

    def test_too_many_rows_one_by_one_are_said_to_be(self, shown: Page, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(actions_module, "COPY_LIMIT", 5)
        monkeypatch.setattr(grid_module, "COPY_LIMIT", 5)
        shown.choose(0, 9)
        shown.says("10 rows are selected; at most 5 are taken one by one")
        assert not shown.part("sum").isVisible()
        shown.choose_all()
        shown.part("copy").click()
        shown.qtbot.waitUntil(lambda: "too many at once" in shown.ledger.said[-1][1], timeout=WAIT)


class TestSum:
    def test_all_rows_of_a_filter_are_added_up(self, shown: Page) -> None:
        shown.filter(IN_HALF)
        shown.choose_all()
        sheet = shown.summed()
        half = ROWS // 2
        assert sheet.row.result == f"{half} rows added up."
        texts = [label.text() for label in sheet.findChildren(QLabel)]
        assert f"ETH · {half} rows" in texts
        assert str(half * (half + 1) // 2) in texts
        sheet.copy()
        heading, line = QGuiApplication.clipboard().text().splitlines()
        assert heading == "\t".join(HEADING)
        assert line.split("\t")[:4] == ["ETH", "", str(half), str(half * (half + 1) // 2)]

    def test_a_few_rows_are_added_up(self, shown: Page) -> None:
        shown.choose(0, 2)
        shown.says("3 rows are selected")
        texts = [label.text() for label in shown.summed().findChildren(QLabel)]
        assert str(ROWS + ROWS - 1 + ROWS - 2) in texts

    def test_a_sheet_that_is_closed_stops_adding_up(self, shown: Page) -> None:
        shown.choose_all()
        shown.says(f"All {ROWS} rows are selected")
        shown.part("sum").click()
        shown.qtbot.waitUntil(lambda: isinstance(shown.page.side.form, SumSheet), timeout=WAIT)
        job = shown.sheet()._job
        shown.sheet().ask_close()
        assert shown.page.side.form is None
        assert job is not None
        shown.qtbot.waitUntil(lambda: job.outcome is not None, timeout=WAIT)


class TestLabel:
    def test_it_says_how_many_rows_and_writes_on_all_of_them(self, shown: Page, ledger: Ledger) -> None:
        row = shown.model.row_at(0)
        assert row is not None
        ledger.services.annotations.annotate(TableName.TRANSACTIONS, [row.id], label="mine")
        shown.choose_all()
        sheet = shown.label_sheet()
        assert sheet.row.button.text() == f"Label {ROWS} rows"
        assert "One of them has a label already. Ctrl+Z takes it back." in sheet.row._explained.text()
        sheet.write()
        assert sheet.label.error == "Type a label, a tag or a note."
        sheet.label.editor.setText("rent")
        assert sheet.drafts() == ["words for several rows"]
        sheet.row.button.click()
        shown.qtbot.waitUntil(lambda: bool(sheet.row.result), timeout=WAIT)
        assert sheet.row.result == f"{ROWS - 1} rows changed, 1 left as they were. Ctrl+Z takes it back."
        assert sheet.drafts() == []
        labelled = TableQuery(TableName.TRANSACTIONS, (Term("label", Comparison.EQUAL, "rent"),))
        assert ledger.services.storage.windows.count(labelled) == ROWS - 1
        ledger.services.undo.undo()
        assert ledger.services.storage.windows.count(labelled) == 0

    def test_what_is_refused_is_said_at_its_field(self, shown: Page) -> None:
        shown.choose(0, 1)
        shown.says("2 rows are selected")
        sheet = shown.label_sheet()
        sheet.label.editor.setText("x" * 300)
        sheet.theirs.editor.setCurrentIndex(1)
        sheet.write()
        shown.qtbot.waitUntil(lambda: bool(sheet.label.error), timeout=WAIT)
        assert sheet.row.button.isEnabled()


def test_export_offers_the_formats_for_all_rows(shown: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    offered: list[QMenu] = []
    monkeypatch.setattr(actions_module, "pop_up_under", lambda menu, _button: offered.append(menu))
    shown.choose_all()
    shown.says(f"All {ROWS} rows are selected")
    shown.part("export").click()
    assert any("CSV" in action.text() for action in offered[0].actions())


def test_other_tables_have_no_sum(ledger: Ledger, qtbot: QtBot) -> None:
    ledger.wallet("One")
    ledger.wallet("Two", "0x003dc32fe920a4aaeed12dc87e145f030aa753f3")
    page = Page(ledger, qtbot, TableName.WALLETS)
    page.choose_all()
    page.says("All 2 rows are selected")
    assert not page.part("sum").isVisible()
    assert page.part("label").isVisible()
