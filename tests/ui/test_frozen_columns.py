"""Columns that stay in place: what is seen, hit, sorted, sized, moved and kept while the others scroll."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QHelpEvent, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHeaderView, QMenu, QStyleOptionViewItem, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Count, Place, Row, RowWindow, TableQuery
from aether_desktop.ports.work import CancelToken
from aether_desktop.ui.models.window_table_model import WindowTableModel
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.views.grid import GridView
from aether_desktop.ui.widgets.cell_delegate import CellDelegate
from tests.ui.ledgers import WAIT, CountingWindows, Ledger

_LEFT, _NONE, _SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
_SETTING = "grid.transactions"


class CountingDelegate(CellDelegate):
    """Knows which cells it painted."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger.context.theme, None)
        self.painted: list[tuple[int, int]] = []

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        self.painted.append((index.row(), index.column()))
        super().paint(painter, option, index)


class Shown:
    """A wide table in a narrow grid."""

    def __init__(self, ledger: Ledger, qtbot: QtBot, windows: CountingWindows | ManyRows) -> None:
        self.ledger, self.windows = ledger, windows
        self.model = WindowTableModel(TableName.TRANSACTIONS, windows=windows, jobs=ledger.jobs)
        self.delegate = CountingDelegate(ledger)
        self.grid = GridView(self.model, settings=ledger.context.settings, delegate=self.delegate)
        self.model.setParent(self.grid)
        qtbot.addWidget(self.grid, before_close_func=lambda _grid: self.model.close())
        self.grid.resize(640, 400)
        with qtbot.waitActive(self.grid):
            self.grid.show()
            self.grid.activateWindow()
        with qtbot.waitSignal(self.model.count_changed, timeout=WAIT):
            self.model.set_query(self.model.query)
        self.grid.executeDelayedItemsLayout()

    @property
    def scroll(self) -> int:
        return self.grid.horizontalScrollBar().value()

    @scroll.setter
    def scroll(self, value: int) -> None:
        self.grid.executeDelayedItemsLayout()
        self.grid.horizontalScrollBar().setValue(value)
        assert self.scroll == value

    @property
    def frozen(self) -> list[str]:
        return [self.model.spec.columns[section].key for section in self.grid.frozen.sections]

    @property
    def header(self) -> QHeaderView:
        found = self.grid.findChild(QHeaderView, "transactions_grid_frozen_header")
        assert isinstance(found, QHeaderView)
        return found

    def column(self, key: str) -> int:
        return self.model.spec.index(key)

    def rect(self, row: int, key: str) -> QRect:
        return self.grid.visualRect(self.model.index(row, self.column(key)))

    def is_here(self, row: int) -> bool:
        return self.model.row_at(row) is not None

    def picture(self, rect: QRect) -> QImage:
        """What is seen of the viewport, with all that lies over it."""
        place = QRect(self.grid.viewport().mapTo(self.grid, rect.topLeft()), rect.size())
        return self.grid.grab(place).toImage()

    def click(self, row: int, key: str, modifiers: Qt.KeyboardModifier = _NONE) -> None:
        """As a person clicks: on whatever widget is there."""
        at = self.grid.viewport().mapTo(self.grid, self.rect(row, key).center())
        target = self.grid.childAt(at)
        assert isinstance(target, QWidget)
        QTest.mouseClick(target, _LEFT, modifiers, target.mapFrom(self.grid, at))

    def drag(self, header: QHeaderView, start: int, end: int) -> None:
        middle = header.height() // 2
        QTest.mousePress(header.viewport(), _LEFT, _NONE, QPoint(start, middle))
        for x in (start + (end - start) // 2, end):
            QTest.mouseMove(header.viewport(), QPoint(x, middle))
        QTest.mouseRelease(header.viewport(), _LEFT, _NONE, QPoint(end, middle))


class ManyRows:
    """Ten million rows that are copies of one."""

    def __init__(self, row: Row) -> None:
        self._row = row

    def count(self, _query: TableQuery, *, token: CancelToken | None = None) -> int:
        return 10_000_000

    def estimate(self, _query: TableQuery, *, token: CancelToken | None = None) -> Count:
        return Count(10_000_000, exact=True, reached=10_000_000)

    def survey(self, query: TableQuery, *, token: CancelToken | None = None) -> Count:
        return self.estimate(query, token=token)

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
        return RowWindow(start, tuple(self._row._replace(id=number + 1) for number in range(start, stop)))

    def rows(self, _query: TableQuery, *, token: CancelToken | None = None) -> Iterator[Row]:
        return iter(())

    def ids(self, _query: TableQuery, *, token: CancelToken | None = None) -> Iterator[int]:
        return iter(())

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
        return None

    def by_ids(self, _table: TableName, _ids: Sequence[int]) -> list[Row]:
        return []

    def position(
        self, _query: TableQuery, row_id: int, *, about: int | None = None, token: CancelToken | None = None
    ) -> int | None:
        return row_id - 1


@pytest.fixture
def shown(ledger: Ledger, qtbot: QtBot) -> Shown:
    ledger.imported(300)
    return Shown(ledger, qtbot, CountingWindows(ledger.services.storage.windows))


class TestPlace:
    def test_nothing_is_made_before_something_is_frozen(self, shown: Shown) -> None:
        assert shown.grid.findChildren(QHeaderView, "transactions_grid_frozen_header") == []
        shown.grid.freeze_columns(1)
        assert shown.header.isVisible()
        shown.grid.freeze_columns(0)
        assert not shown.header.isVisible()
        assert shown.frozen == []

    def test_the_same_is_seen_there_however_far_the_others_scroll(self, shown: Shown, qtbot: QtBot) -> None:
        qtbot.waitUntil(lambda: bool(shown.model.index(0, 0).data()), timeout=WAIT)
        shown.grid.clearSelection()
        whole = shown.grid.viewport().rect()
        left = QRect(0, 0, shown.rect(0, "wallet").right() - 2, whole.height())
        unfrozen = shown.picture(left)
        shown.grid.freeze_columns(2)
        assert shown.frozen == ["occurred_at", "wallet"]
        assert shown.picture(left) == unfrozen, "freezing alone changes nothing to be seen"
        before = shown.picture(whole)
        shown.scroll = 150
        assert shown.picture(left) == unfrozen
        assert shown.picture(whole) != before
        shown.grid.verticalScrollBar().setValue(20)
        moved = shown.picture(left)
        assert moved != unfrozen
        shown.grid.selectRow(22)
        assert shown.picture(left) != moved, "the selection is seen there too"

    def test_a_cell_is_found_where_it_is_seen(self, shown: Shown) -> None:
        shown.grid.freeze_columns(2)
        shown.scroll = 120
        for key in ("occurred_at", "wallet"):
            rect = shown.rect(3, key)
            assert shown.grid.indexAt(rect.center()) == shown.model.index(3, shown.column(key))
            assert rect.left() == (0 if key == "occurred_at" else shown.grid.columnWidth(0))
        beside = QPoint(shown.grid.frozen.width + 2, shown.rect(3, "wallet").center().y())
        assert shown.grid.indexAt(beside).column() not in shown.grid.frozen.sections
        assert not shown.grid.indexAt(QPoint(5, 301 * shown.grid.rowHeight(0))).isValid()

    def test_a_narrow_grid_freezes_what_leaves_room_for_the_rest(self, shown: Shown) -> None:
        shown.grid.freeze_columns(3)
        assert len(shown.frozen) == 3
        shown.grid.resize(shown.grid.columnWidth(0) + 160, 400)
        assert shown.frozen == ["occurred_at"]
        shown.grid.resize(150, 400)
        assert shown.frozen == []
        shown.grid.resize(640, 400)
        assert len(shown.frozen) == 3

    def test_the_last_column_always_scrolls(self, shown: Shown) -> None:
        shown.grid.resize(3000, 400)
        shown.grid.freeze_columns(100)
        assert shown.frozen == shown.grid.visible_columns()[:-1]


class TestHands:
    def test_a_click_chooses_what_is_seen_there(self, shown: Shown, qtbot: QtBot) -> None:
        shown.grid.freeze_columns(2)
        shown.scroll = 150
        shown.click(4, "wallet")
        assert shown.grid.currentIndex() == shown.model.index(4, shown.column("wallet"))
        assert shown.scroll == 150
        assert shown.grid.hasFocus()
        amount = shown.model.index(7, shown.grid.columnAt(shown.grid.frozen.width + 60))
        QTest.mouseClick(shown.grid.viewport(), _LEFT, _SHIFT, shown.grid.visualRect(amount).center())
        assert shown.grid.selected_row_numbers(9) == ([4, 5, 6, 7], 4)
        shown.click(2, "occurred_at", _SHIFT)
        assert shown.grid.selected_row_numbers(9) == ([2, 3, 4], 3)
        shown.click(3, "occurred_at")
        with qtbot.waitSignal(shown.grid.doubleClicked) as told:
            QTest.mouseDClick(shown.grid.viewport(), _LEFT, _NONE, shown.rect(3, "occurred_at").center())
        assert told.args is not None
        assert told.args[0].column() == shown.column("occurred_at")

    def test_the_cursor_walks_in_and_out_and_is_never_covered(self, shown: Shown) -> None:
        shown.grid.freeze_columns(2)
        visible = [shown.column(key) for key in shown.grid.visible_columns()]
        shown.click(0, "occurred_at")
        for section in visible[1:]:
            QTest.keyClick(shown.grid, Qt.Key.Key_Right)
            assert shown.grid.currentIndex().column() == section
        assert shown.scroll == shown.grid.horizontalScrollBar().maximum()
        for section in reversed(visible[2:-1]):
            QTest.keyClick(shown.grid, Qt.Key.Key_Left)
            assert shown.grid.currentIndex().column() == section
            assert shown.grid.visualRect(shown.grid.currentIndex()).left() >= shown.grid.frozen.width
        assert shown.scroll == 0
        shown.scroll = 130
        QTest.keyClick(shown.grid, Qt.Key.Key_Home)
        assert shown.grid.currentIndex().column() == visible[0]
        QTest.keyClick(shown.grid, Qt.Key.Key_Down)
        assert shown.grid.currentIndex().row() == 1
        assert shown.scroll == 130

    def test_choosing_a_row_leaves_the_others_where_they_are(self, shown: Shown, qtbot: QtBot) -> None:
        shown.grid.freeze_columns(2)
        shown.scroll = 120
        shown.grid.selectRow(5)
        assert shown.grid.selected_row_numbers(9) == ([5], 1)
        assert shown.grid.currentIndex() == shown.model.index(5, shown.grid.columnAt(3))
        assert shown.frozen[0] == shown.model.spec.columns[shown.grid.currentIndex().column()].key
        with qtbot.waitSignal(shown.model.count_changed, timeout=WAIT):
            shown.model.sort(shown.column("amount"))
        assert shown.scroll == 120

    def test_the_focus_is_seen_only_while_the_grid_has_it(self, shown: Shown, qtbot: QtBot) -> None:
        shown.grid.freeze_columns(2)
        shown.click(1, "wallet")
        rect = shown.rect(1, "wallet")
        focused = shown.picture(rect)
        other = QWidget(shown.grid)
        other.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        other.show()
        other.setFocus()
        assert not shown.grid.hasFocus()
        assert shown.picture(rect) != focused

    def test_the_tooltip_is_that_of_the_cell_seen(self, shown: Shown, qtbot: QtBot) -> None:
        shown.grid.freeze_columns(1)
        shown.scroll = 150
        viewport, at = shown.grid.viewport(), shown.rect(2, "occurred_at").center()
        QApplication.sendEvent(viewport, QHelpEvent(QEvent.Type.ToolTip, at, viewport.mapToGlobal(at)))
        whole = shown.model.index(2, shown.column("occurred_at")).data(Qt.ItemDataRole.ToolTipRole)
        assert QToolTip.text() == whole != ""
        QToolTip.hideText()
        qtbot.waitUntil(lambda: not QToolTip.isVisible())

    def test_a_screen_reader_finds_each_cell_once_and_where_it_is_seen(self, shown: Shown) -> None:
        shown.grid.freeze_columns(2)
        shown.scroll = 120
        told = QAccessible.queryAccessibleInterface(shown.grid)
        for key in ("occurred_at", "wallet"):
            rect, viewport = shown.rect(3, key), shown.grid.viewport()
            place = viewport.mapToGlobal(rect.center())
            cell = told.childAt(place.x(), place.y())
            assert cell.role() is QAccessible.Role.Cell
            assert cell.text(QAccessible.Text.Name) == shown.model.index(3, shown.column(key)).data()
            assert cell.rect().topLeft() == viewport.mapToGlobal(rect.topLeft())
        shown.click(3, "wallet")
        assert QApplication.focusWidget() is shown.grid


class TestHeader:
    def test_a_click_sorts_and_both_arrows_agree(self, shown: Shown, qtbot: QtBot) -> None:
        shown.grid.freeze_columns(2)
        shown.scroll = 150
        header, own = shown.header, shown.grid.horizontalHeader()
        place = QPoint(header.sectionViewportPosition(shown.column("wallet")) + 20, header.height() // 2)
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            with qtbot.waitSignal(shown.model.count_changed, timeout=WAIT):
                QTest.mouseClick(header.viewport(), _LEFT, _NONE, place)
            assert shown.model.query.sort[0].column == "wallet"
            for each in (header, own):
                assert (each.sortIndicatorSection(), each.sortIndicatorOrder()) == (shown.column("wallet"), order)

    def test_a_drag_of_the_edge_sizes_the_column(self, shown: Shown) -> None:
        shown.grid.freeze_columns(2)
        shown.scroll = 100
        wallet = shown.column("wallet")
        before, edge = shown.grid.columnWidth(wallet), shown.grid.frozen.width
        shown.drag(shown.header, edge - 2, edge + 38)
        assert shown.grid.columnWidth(wallet) == before + 40
        assert shown.grid.frozen.width == shown.header.width() == edge + 40
        shown.grid.setColumnWidth(wallet, before)
        assert shown.header.sectionSize(wallet) == before

    def test_a_drag_moves_a_column_and_the_first_ones_stay_frozen(self, shown: Shown) -> None:
        shown.grid.freeze_columns(2)
        shown.scroll = 100
        header = shown.header
        shown.drag(header, header.sectionViewportPosition(shown.column("wallet")) + 30, 8)
        assert shown.grid.visible_columns()[:2] == shown.frozen == ["wallet", "occurred_at"]
        own = shown.grid.horizontalHeader()
        own.moveSection(own.visualIndex(shown.column("amount")), 0)
        assert shown.frozen == ["amount", "wallet"]
        assert header.visualIndex(shown.column("amount")) == 0
        assert header.isSectionHidden(shown.column("occurred_at"))

    def test_the_menu_freezes_up_to_the_column_and_takes_it_back(self, shown: Shown) -> None:
        def entries(key: str) -> dict[str, bool]:
            menu = QMenu(shown.grid)
            shown.grid.fill_column_menu(menu, shown.column(key))
            return {action.text(): action.isEnabled() for action in menu.actions() if not action.isCheckable()}

        def choose(key: str, words: str) -> None:
            menu = QMenu(shown.grid)
            shown.grid.fill_column_menu(menu, shown.column(key))
            next(action for action in menu.actions() if action.text() == words).trigger()

        last = shown.grid.visible_columns()[-1]
        title = shown.model.spec.column(last).title
        assert entries("wallet")["Freeze up to Wallet"]
        assert "Unfreeze" not in entries("wallet")
        assert not entries(last)[f"Freeze up to {title}"]
        choose("wallet", "Freeze up to Wallet")
        assert shown.frozen == ["occurred_at", "wallet"]
        assert not entries("wallet")["Freeze up to Wallet"]
        choose("amount", "Unfreeze")
        assert shown.frozen == []

    def test_both_headers_ask_for_the_menu_of_the_column_under_the_mouse(self, shown: Shown, qtbot: QtBot) -> None:
        shown.grid.freeze_columns(1)
        shown.scroll = 100
        at = QPoint(20, 5)
        with qtbot.waitSignal(shown.grid.header_menu_asked) as told:
            shown.header.customContextMenuRequested.emit(at)
        assert told.args == [shown.column("occurred_at"), shown.header.mapToGlobal(at)]
        for menu in shown.grid.findChildren(QMenu):
            menu.close()


class TestKept:
    def test_it_is_kept_with_the_layout_and_reset_with_it(self, shown: Shown, qtbot: QtBot) -> None:
        shown.grid.freeze_columns(2)
        qtbot.waitUntil(lambda: shown.ledger.context.settings.get(_SETTING) is not None, timeout=WAIT)
        again = Shown(shown.ledger, qtbot, shown.windows)
        assert again.frozen == ["occurred_at", "wallet"]
        again.grid.reset_layout()
        assert again.frozen == []
        assert Shown(shown.ledger, qtbot, shown.windows).frozen == []

    @pytest.mark.parametrize("stored", [-1, 99, "2", True, None, 2.0, [1]])
    def test_a_stored_number_that_cannot_be_freezes_nothing(self, ledger: Ledger, qtbot: QtBot, stored: object) -> None:
        ledger.imported(2)
        ledger.context.settings.set(_SETTING, {"frozen": stored})
        assert Shown(ledger, qtbot, CountingWindows(ledger.services.storage.windows)).frozen == []

    def test_hiding_and_showing_columns_keeps_the_same_ones_frozen(self, shown: Shown) -> None:
        shown.grid.freeze_columns(2)
        shown.grid.show_column("occurred_at", shown=False)
        assert shown.frozen == ["wallet"]
        shown.grid.show_column("amount", shown=False)
        assert shown.frozen == ["wallet"]
        shown.grid.show_column("occurred_at", shown=True)
        assert shown.frozen == ["occurred_at", "wallet"]
        shown.grid.show_column("amount", shown=True)
        assert shown.frozen == ["occurred_at", "wallet"]


class TestCost:
    @pytest.mark.parametrize("count", [0, 2])
    def test_scrolling_moves_what_is_seen_and_paints_only_what_comes(
        self, shown: Shown, qtbot: QtBot, count: int
    ) -> None:
        shown.grid.freeze_columns(count)
        qtbot.waitUntil(lambda: shown.is_here(0), timeout=WAIT)
        down, across, window = shown.grid.verticalScrollBar(), shown.grid.horizontalScrollBar(), shown.grid.window()

        def on_screen() -> QImage:
            QApplication.processEvents()
            return window.screen().grabWindow(window.winId()).toImage()

        on_screen()
        visible = len(shown.grid.visible_columns()) * (shown.grid.viewport().height() // shown.grid.rowHeight(0))
        for bar, value in ((down, 3), (down, 5), (across, 40), (across, 90), (down, 2), (across, 0), (down, 0)):
            shown.delegate.painted.clear()
            bar.setValue(value)
            moved = on_screen()
            assert 0 < len(shown.delegate.painted) < visible
            shown.grid.viewport().update()
            shown.grid.horizontalHeader().viewport().update()
            assert on_screen() == moved, (value, "what was moved is what would be painted")

    def test_the_corners_stay_round_where_nothing_scrolls(self, shown: Shown, theme: Theme) -> None:
        filled = shown.grid.viewport().autoFillBackground
        assert filled()
        theme.set_mode(ThemeMode.LIGHT)
        assert filled(), "a style sheet applied anew takes it back"
        shown.grid.resize(3000, 10_000)
        assert not filled()

    def test_the_end_is_reached_to_its_last_row(self, shown: Shown, qtbot: QtBot) -> None:
        shown.grid.freeze_columns(2)
        down = shown.grid.verticalScrollBar()
        down.setValue(down.maximum())
        qtbot.waitUntil(lambda: shown.is_here(299), timeout=WAIT)
        assert shown.rect(299, "wallet").bottom() <= shown.grid.viewport().height()
        assert shown.rect(299, "amount").bottom() == shown.rect(299, "wallet").bottom()

    def test_no_cell_is_painted_twice_and_no_page_asked_twice(self, shown: Shown, qtbot: QtBot) -> None:
        windows = shown.windows
        assert isinstance(windows, CountingWindows)
        shown.grid.freeze_columns(2)
        for value in (100, 290, 0):
            shown.grid.verticalScrollBar().setValue(value)
            qtbot.waitUntil(
                lambda: shown.model.row_at(shown.grid.rowAt(0)) is not None and not shown.grid.grab().isNull(),
                timeout=WAIT,
            )
        spans = [start for start, _stop in windows.spans]
        assert len(spans) == len(set(spans))
        assert windows.surveys == 1
        shown.scroll = 100
        shown.delegate.painted.clear()
        shown.grid.repaint()
        qtbot.waitUntil(lambda: bool(shown.delegate.painted))
        assert len(shown.delegate.painted) == len(set(shown.delegate.painted))

    def test_rows_that_change_are_painted_anew(self, shown: Shown, qtbot: QtBot) -> None:
        shown.grid.freeze_columns(1)
        before = shown.picture(shown.rect(0, "occurred_at"))
        shown.ledger.imported(3, first=1000)
        with qtbot.waitSignal(shown.model.refreshed, timeout=WAIT):
            shown.model.refresh()
        shown.grid.verticalScrollBar().setValue(0)
        assert shown.picture(shown.rect(0, "occurred_at")) != before

    def test_ten_million_rows_cost_no_memory_a_row(self, shown: Shown, qtbot: QtBot) -> None:
        row = shown.model.row_at(0)
        assert row is not None
        many = Shown(shown.ledger, qtbot, ManyRows(row))
        before = _resident()
        many.grid.freeze_columns(2)
        for number in (9_999_999, 5_000_000, 0, 7_654_321):
            many.grid.selectRow(number)
            qtbot.waitUntil(partial(many.is_here, number), timeout=WAIT)
            assert not many.picture(many.rect(number, "wallet")).isNull()
        many.grid.selectAll()
        assert many.grid.selected_row_numbers(1)[1] == 10_000_000
        assert _resident() - before < 20_000_000


def _resident() -> int:
    """Bytes that this process holds in memory."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))
