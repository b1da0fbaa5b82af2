"""The grouped ledger over a real vault: the model, and the page from grouping to an opened group and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import StorageUnavailableError
from aether_desktop.ports.groups import Group, GroupPage, GroupQuery, GroupTotals, TokenTotal
from aether_desktop.ports.queries import GroupBy, GroupKey, TableQuery
from aether_desktop.ui.models.cells import AmountCell, Sign
from aether_desktop.ui.models.group_cells import total_cell, total_text, whole_text
from aether_desktop.ui.models.group_pages import GroupPages
from aether_desktop.ui.models.group_table_model import GroupTableModel
from aether_desktop.ui.models.page_cache import MAX_PAGES, PAGE_ROWS
from aether_desktop.ui.models.roles import Role
from aether_desktop.ui.object_names import groups_part_name
from aether_desktop.ui.views.transactions import TransactionsView
from tests.ui.ledgers import OTHER, WAIT, Ledger

DAYS = ("17 Aug 2017", "15 Jul 2017", "14 Jul 2017")
ATC, SHELL = Currency("ATC", 18, chain="atc"), Currency("SHELL", 6, chain="atc", contract="0x1")


@pytest.fixture
def three_days(ledger: Ledger) -> Ledger:
    """Rows worth 1 to 5, 2000 to 2004 and 50000 to 50002 on one day each; every one has a fee of 0.0001 that nobody
    of us paid."""
    ledger.imported(5)
    ledger.imported(5, first=2_000)
    ledger.imported(3, first=50_000)
    return ledger


@pytest.fixture
def opened(three_days: Ledger, qtbot: QtBot) -> Callable[[], TransactionsView]:
    def opening() -> TransactionsView:
        page = TransactionsView(three_days.context)
        qtbot.addWidget(page, before_close_func=lambda _page: page.close_model())
        page.resize(1180, 700)
        page.show()
        qtbot.waitExposed(page)
        return page

    return opening


def settled(page: TransactionsView, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.groups.model.asked is not None and not page.groups.model.busy, timeout=WAIT)


def names(page: TransactionsView) -> list[str]:
    model = page.groups.model
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def row_texts(page: TransactionsView, row: int) -> list[str]:
    model = page.groups.model
    return [str(model.index(row, column).data()) for column in range(model.columnCount())]


def rows_settled(page: TransactionsView, count: int, qtbot: QtBot) -> None:
    def right() -> bool:
        return page.model.known_count.exact and not page.model.loading and page.model.rowCount() == count

    qtbot.waitUntil(right, timeout=WAIT)


def test_the_model_keeps_qts_rules(three_days: Ledger, qtbot: QtBot, qtmodeltester: ModelTester) -> None:
    model = GroupTableModel(three_days.services.storage.groups, three_days.jobs)
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]
    for by in GroupBy:
        model.ask(GroupQuery.usual(TableQuery(TableName.TRANSACTIONS), by))
        qtbot.waitUntil(lambda: not model.busy, timeout=WAIT)
        model.set_visible_rows(0, 10)
        qtbot.waitUntil(lambda: not model.busy, timeout=WAIT)
        assert model.known_count.exact
        assert model.rowCount() == {GroupBy.DAY: 3, GroupBy.MONTH: 2}.get(by, 1)
        assert all(model.index(row, 4).data(Role.CELL) is not None for row in range(model.rowCount()))
    model.close()


def test_group_open_and_back(opened: Callable[[], TransactionsView], three_days: Ledger, qtbot: QtBot) -> None:
    page = opened()
    with qtbot.waitActive(page):  # shortcuts belong to the active window
        page.activateWindow()
    rows_settled(page, 13, qtbot)
    page.group_choice.chosen.emit(GroupBy.DAY)
    settled(page, qtbot)
    assert names(page) == list(DAYS)
    assert row_texts(page, 1) == [DAYS[1], "5", "+10010 ETH", "+10010 ETH", "", ""]
    assert page.groups.isVisible()
    assert page.group_choice.button.accessibleName() == "Group by: day"
    grid = page.groups.grid
    grid.selectRow(1)
    QTest.keyClick(grid, Qt.Key.Key_Return)
    rows_settled(page, 5, qtbot)
    assert page.grid.isVisible()
    assert not page.groups.isVisible()
    assert page.trail.isVisible()
    assert page.focusWidget() is page.grid
    page.filter_bar.set_text("amount>2002")  # the filter holds within the group
    rows_settled(page, 2, qtbot)
    QTest.keyClick(page.grid, Qt.Key.Key_Escape)
    settled(page, qtbot)
    assert names(page) == list(DAYS[:2])  # and for the groups
    assert row_texts(page, 1)[1:3] == ["2", "+4007 ETH"]
    assert not page.trail.isVisible()
    page.filter_bar.set_text("")
    settled(page, qtbot)
    assert names(page) == list(DAYS)
    assert grid.currentIndex().row() == 1
    none, alt = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
    for key, modifiers in ((Qt.Key.Key_Backspace, none), (Qt.Key.Key_Left, alt)):
        QTest.keyClick(grid, Qt.Key.Key_Return)
        rows_settled(page, 5, qtbot)
        QTest.keyClick(page.grid, key, modifiers)
        assert page.grouped
        assert grid.currentIndex().row() == 1
        assert page.focusWidget() is grid
    page.group_choice.chosen.emit(None)
    rows_settled(page, 13, qtbot)
    assert page.grid.isVisible()
    assert three_days.said == []


def test_new_rows_reach_the_groups(opened: Callable[[], TransactionsView], three_days: Ledger, qtbot: QtBot) -> None:
    page = opened()
    page.group_by(GroupBy.MONTH)
    settled(page, qtbot)
    changes, jobs = three_days.services.storage.changes, three_days.jobs

    def hear(made: ChangeSet) -> None:
        jobs.read(lambda _token, _progress: made).on_success(page.apply_changes)

    changes.subscribe(hear)
    page.groups.grid.selectRow(1)
    assert names(page) == ["August 2017", "July 2017"]
    three_days.imported(4, first=100_000)
    qtbot.waitUntil(lambda: names(page) == ["September 2017", "August 2017", "July 2017"], timeout=WAIT)
    settled(page, qtbot)
    assert row_texts(page, 0)[1:3] == ["4", "+400006 ETH"]
    current = page.groups.grid.current()
    assert current is not None
    assert current.key == GroupKey(GroupBy.MONTH, 2017 * 12 + 6)


def test_what_it_was_grouped_by_is_so_again(opened: Callable[[], TransactionsView], qtbot: QtBot) -> None:
    page = opened()
    page.group_by(GroupBy.COUNTERPARTY)
    settled(page, qtbot)
    again = opened()
    settled(again, qtbot)
    assert again.grouped
    assert [name.lower() for name in names(again)] == [OTHER]
    again.show_query(TableQuery(TableName.TRANSACTIONS))  # rows asked for elsewhere are rows
    rows_settled(again, 13, qtbot)
    assert not again.grouped


def test_saved_views_bring_their_groups(opened: Callable[[], TransactionsView], qtbot: QtBot) -> None:
    page = opened()
    page._choose_view("group:token amount>2000")
    settled(page, qtbot)
    assert names(page) == ["ETH Ether"]
    assert row_texts(page, 0)[1] == "7"
    page._choose_view("")
    rows_settled(page, 13, qtbot)
    assert page.group_choice.by is None


def test_nothing_found_and_nothing_read(
    opened: Callable[[], TransactionsView], three_days: Ledger, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened()
    page.group_by(GroupBy.DAY)
    page.filter_bar.set_text("amount>999999")
    settled(page, qtbot)
    nothing = page.groups.findChild(QWidget, groups_part_name("nothing"))
    assert nothing is not None
    assert nothing.isVisible()
    page.groups.unfiltered.emit()
    settled(page, qtbot)
    assert names(page) == list(DAYS)

    def broken(*_: object, **__: object) -> GroupPage:
        raise StorageUnavailableError("The server is away.")

    monkeypatch.setattr(type(three_days.services.storage.groups), "page", broken)
    page.filter_bar.set_text("amount>1")
    qtbot.waitUntil(lambda: bool(three_days.said), timeout=WAIT)
    assert "away" in three_days.said[0][1]


def test_copying_adds_up_what_is_not_known(opened: Callable[[], TransactionsView], qtbot: QtBot) -> None:
    page = opened()
    page.group_by(GroupBy.DAY)
    settled(page, qtbot)
    asked = page.groups.model.asked
    assert asked is not None
    page.groups.model._totals.begin(asked)
    page.groups.grid.selectAll()
    QGuiApplication.clipboard().setText("")
    page.groups.grid.copy_selection()
    qtbot.waitUntil(lambda: bool(QGuiApplication.clipboard().text()), timeout=WAIT)
    lines = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert lines[0] == ["Day (UTC)", "Rows", "Net", "In", "Out", "Fees"]
    assert lines[2][:4] == ["2017-07-15", "5", "10010 ETH", "10010 ETH"]


def test_pages_are_bounded_and_found_again() -> None:
    pages, groups = GroupPages(), [Group(GroupKey(GroupBy.DAY, -number)) for number in range(PAGE_ROWS * 70 + 5)]
    for start in range(0, len(groups), 1000):
        pages.grow(GroupPage(tuple(groups[start : start + 1000]), more=start + 1000 < len(groups)))
    assert (pages.count, pages.complete, pages.last) == (len(groups), True, groups[-1])
    assert [pages.place_of(page) for page in range(3)] == [None, groups[PAGE_ROWS - 1], groups[2 * PAGE_ROWS - 1]]
    assert pages.at(PAGE_ROWS * MAX_PAGES - 1) == groups[PAGE_ROWS * MAX_PAGES - 1]
    assert pages.at(PAGE_ROWS * MAX_PAGES) is None
    pages.put(70, groups[PAGE_ROWS * 70 :])
    assert pages.at(PAGE_ROWS * 70 + 4) == groups[-1]
    assert pages.at(0) is None  # the oldest page went
    assert pages.number_of(groups[PAGE_ROWS * 70 + 2].key) == PAGE_ROWS * 70 + 2


def test_amounts_of_different_tokens_stand_beside_each_other() -> None:
    totals = GroupTotals(3, (TokenTotal(ATC, 2, 10**18, 10**18, 0, 0), TokenTotal(SHELL, 1, -5, 0, 5, 0)))
    assert total_cell(totals, "net") == AmountCell("1", "", "ATC +1", Sign.PLUS)
    assert total_cell(totals, "out") == AmountCell("0", "000005", "SHELL", Sign.MINUS)
    assert total_text(totals, "net") == "1 ATC; -0.000005 SHELL"
    group = Group(GroupKey(GroupBy.DAY, 0))
    assert whole_text(group, totals, "net").splitlines() == ["+1 ATC", "\u22120.000005 SHELL"]
    kept = GroupTotals(1, (TokenTotal(ATC, 1, 0),))
    assert total_cell(kept, "in") is None
    assert total_cell(kept, "net") == AmountCell("0", "", "ATC", Sign.MINUS)


def test_all_rows_of_a_group_are_not_all_rows(opened: Callable[[], TransactionsView], qtbot: QtBot) -> None:
    """What is done with all rows selected asks their question anew: it names the group, and ends with it."""
    page = opened()
    rows_settled(page, 13, qtbot)
    chosen = page.grid.all_rows
    chosen.choose()
    page.group_by(GroupBy.DAY)
    settled(page, qtbot)
    page.groups.grid.selectRow(1)
    page.open_group(page.groups.grid.current() or Group(GroupKey(GroupBy.DAY, 0)))
    rows_settled(page, 5, qtbot)
    assert not chosen.held
    chosen.choose()
    assert chosen.query is not None
    assert [key.by for key in chosen.query.within] == [GroupBy.DAY]
    page.group_by(None)
    rows_settled(page, 13, qtbot)
    assert not chosen.held
