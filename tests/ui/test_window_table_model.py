"""The model over a real vault: pages, places, signals; counted in questions and rows, never in time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.queries import Comparison, RowWindow, TableQuery, Term
from aether_desktop.ports.work import CancelToken
from aether_desktop.ui.models.roles import Role
from aether_desktop.ui.models.row_reading import RowsChangedError
from aether_desktop.ui.models.window_table_model import MAX_PAGES, PAGE_ROWS, WindowTableModel
from tests.ui.ledgers import WAIT, CountingWindows, Ledger

ROWS = 300
TRANSACTIONS = TableQuery(TableName.TRANSACTIONS)


@pytest.fixture
def windows(ledger: Ledger) -> CountingWindows:
    return CountingWindows(ledger.services.storage.windows)


@pytest.fixture
def model(ledger: Ledger, windows: CountingWindows) -> Iterator[WindowTableModel]:
    made = WindowTableModel(TableName.TRANSACTIONS, windows=windows, jobs=ledger.jobs)
    yield made
    made.close()


def asked(qtbot: QtBot, model: WindowTableModel, query: TableQuery = TRANSACTIONS) -> None:
    with qtbot.waitSignal(model.count_changed, timeout=WAIT):
        model.set_query(query)


def test_qts_model_tester_finds_nothing(
    ledger: Ledger, model: WindowTableModel, qtmodeltester: Any, qtbot: QtBot
) -> None:
    ledger.imported(ROWS)
    qtmodeltester.check(model)  # empty
    model.set_query(TRANSACTIONS)
    assert model.loading
    qtmodeltester.check(model)  # on its way
    qtbot.waitUntil(lambda: not model.loading and model.known_count.exact, timeout=WAIT)
    assert model.rowCount() == ROWS
    qtmodeltester.check(model)  # here, with two pages that are not
    ledger.imported(5, first=1000)
    with qtbot.waitSignal(model.refreshed, timeout=WAIT):
        model.refresh()
    asked(qtbot, model, TableQuery(TableName.TRANSACTIONS, (Term("amount", Comparison.AT_MOST, "10"),)))
    assert model.rowCount() == 10
    qtmodeltester.check(model)


def test_one_question_reads_one_page(
    ledger: Ledger, model: WindowTableModel, windows: CountingWindows, qtbot: QtBot
) -> None:
    ledger.imported(ROWS)
    asked(qtbot, model)
    assert (windows.surveys, windows.spans, windows.rows_read) == (1, [(0, PAGE_ROWS)], PAGE_ROWS)


def test_a_row_far_away_is_a_placeholder_until_its_page_comes(
    ledger: Ledger, model: WindowTableModel, windows: CountingWindows, qtbot: QtBot
) -> None:
    ledger.imported(ROWS)
    asked(qtbot, model)
    amount = model.spec.index("amount")
    far = model.index(ROWS - 1, amount)
    model.set_visible_rows(ROWS - 20, ROWS - 1)
    with qtbot.waitSignal(model.rows_arrived, timeout=WAIT) as arrived:
        assert far.data() is None
        assert far.data(Role.LOADING) is True
        assert far.data(Role.ROW_ID) is None
        for row in range(ROWS - 20, ROWS):
            model.index(row, amount).data(Role.CELL)
    assert arrived.args == [256, ROWS]
    assert windows.spans == [(0, PAGE_ROWS), (256, 384)]
    assert far.data() == "+1 ETH"
    assert far.data(Role.LOADING) is False


def test_what_nobody_looks_at_any_more_is_not_asked_for(
    ledger: Ledger, model: WindowTableModel, windows: CountingWindows, qtbot: QtBot
) -> None:
    ledger.imported(1500)
    asked(qtbot, model)
    held, go = threading.Event(), threading.Event()
    real = windows.window
    tokens: dict[int, CancelToken] = {}

    def slow(query: TableQuery, start: int, stop: int, *, token: CancelToken, **how: Any) -> RowWindow:
        tokens[start] = token
        held.set()
        assert go.wait(10)
        return real(query, start, stop, token=token, **how)

    windows.window = slow  # type: ignore[assignment]
    model.set_visible_rows(400, 420)
    model.index(400, 0).data()
    qtbot.waitUntil(held.is_set, timeout=WAIT)
    model.set_visible_rows(1400, 1420)
    model.index(1400, 0).data()
    qtbot.waitUntil(lambda: len(tokens) == 2, timeout=WAIT)
    assert tokens[384].cancelled
    assert not tokens[1280].cancelled
    go.set()
    qtbot.waitUntil(lambda: model.row_at(1400) is not None, timeout=WAIT)
    assert model.row_at(400) is None


def test_memory_is_bounded(ledger: Ledger, model: WindowTableModel, qtbot: QtBot) -> None:
    ledger.imported((MAX_PAGES + 3) * PAGE_ROWS)
    asked(qtbot, model)
    for page in range(1, MAX_PAGES + 3):
        row = page * PAGE_ROWS
        model.set_visible_rows(row, row + 20)
        with qtbot.waitSignal(model.rows_arrived, timeout=WAIT):
            model.index(row, 0).data()
    held = [page for page in range(MAX_PAGES + 3) if model.row_at(page * PAGE_ROWS) is not None]
    assert held == list(range(3, MAX_PAGES + 3))


def test_an_older_answer_is_dropped(
    ledger: Ledger, model: WindowTableModel, windows: CountingWindows, qtbot: QtBot
) -> None:
    ledger.imported(ROWS)
    held, go = threading.Event(), threading.Event()
    real, first = windows.window, True

    def slow(query: TableQuery, start: int, stop: int, *, token: CancelToken, **how: Any) -> RowWindow:
        nonlocal first
        if first:
            first = False
            held.set()
            assert go.wait(10)
            return real(query, start, stop, **how)  # answers although it was cancelled
        return real(query, start, stop, token=token, **how)

    windows.window = slow  # type: ignore[assignment]
    counts: list[int] = []
    model.count_changed.connect(counts.append)
    model.set_query(TRANSACTIONS)
    qtbot.waitUntil(held.is_set, timeout=WAIT)
    older = model._opening
    asked(qtbot, model, TableQuery(TableName.TRANSACTIONS, (Term("amount", Comparison.AT_MOST, "10"),)))
    go.set()
    assert older is not None
    qtbot.waitUntil(lambda: not older.running, timeout=WAIT)
    assert counts == [10]
    assert model.rowCount() == 10


def test_a_page_asked_for_during_a_refresh_does_not_come_after_it(
    ledger: Ledger, model: WindowTableModel, windows: CountingWindows, qtbot: QtBot
) -> None:
    ledger.imported(ROWS)
    asked(qtbot, model)
    real, page = windows.window, (PAGE_ROWS, 2 * PAGE_ROWS)
    before, known = real(TRANSACTIONS, *page), model.row_at(PAGE_ROWS - 20)
    assert known is not None
    refresh, held = threading.Event(), threading.Event()

    def slow(query: TableQuery, start: int, stop: int, *, token: CancelToken, **how: Any) -> RowWindow:
        if (start, stop) == page:
            assert held.wait(10)
            return before
        assert refresh.wait(10)
        return real(query, start, stop, token=token, **how)

    windows.window = slow  # type: ignore[assignment]
    ledger.imported(40, first=1000)
    model.set_visible_rows(PAGE_ROWS - 10, PAGE_ROWS + 10)
    with qtbot.waitSignal(model.refreshed, timeout=WAIT):
        model.refresh()
        assert model.index(PAGE_ROWS, 0).data() is None
        qtbot.waitUntil(lambda: bool(model._loader._requests), timeout=WAIT)
        older = model._loader._requests[1]
        refresh.set()
    held.set()
    qtbot.waitUntil(lambda: not older.running, timeout=WAIT)
    now = model.row_at(PAGE_ROWS + 20)
    assert now is not None
    assert now.id == known.id


def test_loading_is_told_once_each_way(ledger: Ledger, model: WindowTableModel, qtbot: QtBot) -> None:
    ledger.imported(3)
    told: list[bool] = []
    model.loading_changed.connect(told.append)
    asked(qtbot, model)
    assert told == [True, False]
    with qtbot.waitSignal(model.count_changed, timeout=WAIT) as counted:
        model.refresh()
    assert counted.args == [3]
    assert told == [True, False, True, False]


def test_a_failure_is_told_once_and_not_repeated_by_repaints(
    ledger: Ledger, model: WindowTableModel, windows: CountingWindows, qtbot: QtBot
) -> None:
    ledger.imported(ROWS)
    asked(qtbot, model)
    errors: list[BaseException] = []
    model.failed.connect(errors.append)
    windows.failure = AetherError("The database does not answer.")
    with qtbot.waitSignal(model.failed, timeout=WAIT):
        model.index(200, 0).data()
    asked_before = len(windows.spans)
    assert model.index(200, 0).data() is None
    assert not model._loader.asking
    assert len(windows.spans) == asked_before
    assert [str(error) for error in errors] == ["The database does not answer."]
    assert model.rowCount() == ROWS  # what was here stays
    with qtbot.waitSignal(model.failed, timeout=WAIT):
        model.refresh()
    assert not model.loading
    windows.failure = None
    with qtbot.waitSignal(model.count_changed, timeout=WAIT):
        model.refresh()
    with qtbot.waitSignal(model.rows_arrived, timeout=WAIT):
        model.index(200, 0).data()
    assert model.index(200, 0).data() is not None


def test_a_refresh_tells_where_followed_rows_are_now(
    ledger: Ledger, model: WindowTableModel, windows: CountingWindows, qtbot: QtBot
) -> None:
    ledger.imported(ROWS)
    asked(qtbot, model)
    row = model.row_at(7)
    assert row is not None
    model.follow(lambda: [row.id, 12345])
    model.set_visible_rows(5, 25)
    ledger.imported(200, first=1000)  # newer: they come first
    with qtbot.waitSignal(model.refreshed, timeout=WAIT) as refreshed:
        model.refresh()
    assert refreshed.args == [{row.id: 207}]
    assert windows.positions == 2
    assert windows.spans[-1] == (128, 256)  # where the place is now, not where it was
    again = model.row_at(207)
    assert again is not None
    assert again.id == row.id


def test_only_changes_of_what_is_shown_ask_again(
    ledger: Ledger, model: WindowTableModel, windows: CountingWindows, qtbot: QtBot
) -> None:
    ledger.imported(3)
    asked(qtbot, model)
    model.apply_changes(ChangeSet(frozenset({TableName.CONTENT})))
    assert not model.loading
    for changes in (
        ChangeSet(frozenset({TableName.TRANSACTIONS})),
        ChangeSet(frozenset({TableName.WALLETS})),
        ChangeSet(annotations=True),
        ChangeSet(foreign=True),
    ):
        with qtbot.waitSignal(model.count_changed, timeout=WAIT):
            model.apply_changes(changes)
    assert len(windows.spans) == 5


def test_reading_many_rows_asks_in_pieces_and_in_order(
    ledger: Ledger, model: WindowTableModel, windows: CountingWindows, qtbot: QtBot
) -> None:
    ledger.imported(1500)
    asked(qtbot, model)
    got: list[int] = []
    wanted = [*range(1200), 1400, 1499]
    job = model.read_rows(wanted).on_success(lambda rows: got.extend(row.id for row in rows))
    qtbot.waitUntil(lambda: not job.running, timeout=WAIT)
    assert windows.spans[1:] == [(0, 1024), (1024, 1200), (1400, 1401), (1499, 1500)]
    ids = [row.id for row in ledger.services.storage.windows.rows(TRANSACTIONS)]
    assert got == [ids[number] for number in wanted]


def test_rows_that_changed_meanwhile_are_not_taken_for_others(
    ledger: Ledger, model: WindowTableModel, qtbot: QtBot
) -> None:
    ledger.imported(ROWS)
    asked(qtbot, model)
    ledger.imported(1, first=1000)
    errors: list[BaseException] = []
    job = model.read_rows(range(ROWS)).on_failure(errors.append)
    qtbot.waitUntil(lambda: not job.running, timeout=WAIT)
    assert [type(error) for error in errors] == [RowsChangedError]


def test_sorting_asks_the_storage_and_refuses_where_no_index_serves(
    ledger: Ledger, model: WindowTableModel, qtbot: QtBot
) -> None:
    ledger.imported(ROWS)
    asked(qtbot, model)
    amount = model.spec.index("amount")
    with qtbot.waitSignal(model.count_changed, timeout=WAIT):
        model.sort(amount, Qt.SortOrder.AscendingOrder)
    assert [model.index(row, amount).data() for row in range(3)] == ["+1 ETH", "+2 ETH", "+3 ETH"]
    before = model.query
    model.sort(model.spec.index("description"))
    model.sort(-1)
    assert model.query == before
    assert not model.loading


def test_invalid_places_answer_nothing(ledger: Ledger, model: WindowTableModel, qtbot: QtBot) -> None:
    ledger.imported(3)
    asked(qtbot, model)
    assert model.data(QModelIndex()) is None
    assert not model.index(3, 0).isValid()
    assert model.rowCount(model.index(0, 0)) == 0
    assert model.headerData(999, Qt.Orientation.Horizontal) is None
    assert model.headerData(0, Qt.Orientation.Vertical) is None
