"""Rows are counted beside the pages: what a grid shows meanwhile, and under changes without end, is right."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.queries import Comparison, Count, Sort, TableQuery, Term
from aether_desktop.ports.windows import WindowStore
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage import anchor_walks
from aether_desktop.storage import windows as windows_module
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.windows import SqlWindowStore
from aether_desktop.ui.models.counting import count_text
from aether_desktop.ui.models.page_cache import PAGE_ROWS
from aether_desktop.ui.models.window_table_model import WindowTableModel
from aether_desktop.ui.views.grid import GridView
from aether_desktop.ui.widgets.cell_delegate import CellDelegate
from tests.storage.samples import LATER
from tests.ui.ledgers import WAIT, CountingWindows, Ledger

ROWS = 3_000
QUERY = TableQuery(TableName.TRANSACTIONS)
CHANGED = ChangeSet(frozenset({TableName.TRANSACTIONS}))


class GatedWindows(CountingWindows):
    """Counts one hop at a time, each when it is let through."""

    def __init__(self, windows: WindowStore) -> None:
        super().__init__(windows)
        self.gate = threading.Semaphore(0)

    def survey(self, query: TableQuery, *, token: CancelToken | None = None) -> Count:
        assert self.gate.acquire(timeout=WAIT / 1000)
        return super().survey(query, token=token)

    def open_gate(self) -> None:
        self.gate.release(100_000)


@pytest.fixture
def windows(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[GatedWindows]:
    monkeypatch.setattr(anchor_walks, "_SLICE_SECONDS", 0.0)
    ledger.imported(ROWS)
    storage = ledger.services.storage
    assert isinstance(storage, SqlStorage)
    made = GatedWindows(SqlWindowStore(storage.windows._database, stride=256))
    yield made
    made.open_gate()


@pytest.fixture
def grid(ledger: Ledger, windows: GatedWindows, qtbot: QtBot) -> GridView:
    model = WindowTableModel(TableName.TRANSACTIONS, windows=windows, jobs=ledger.jobs)
    made = GridView(model, settings=ledger.context.settings, delegate=CellDelegate(ledger.context.theme, None))
    model.setParent(made)
    qtbot.addWidget(made, before_close_func=lambda _grid: model.close())
    made.resize(1000, 400)
    made.show()
    qtbot.waitExposed(made)
    return made


def model_of(grid: GridView) -> WindowTableModel:
    model = grid.model()
    assert isinstance(model, WindowTableModel)
    return model


def opened(grid: GridView, qtbot: QtBot) -> WindowTableModel:
    model = model_of(grid)
    model.set_query(QUERY)
    qtbot.waitUntil(lambda: not model.loading, timeout=WAIT)
    return model


def settled(model: WindowTableModel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not model.loading and model.known_count.exact and model._pages.exact, timeout=WAIT)


def top_id(grid: GridView, qtbot: QtBot) -> int:
    model = model_of(grid)
    qtbot.waitUntil(lambda: model.row_at(grid.rowAt(0)) is not None, timeout=WAIT)
    row = model.row_at(grid.rowAt(0))
    assert row is not None
    return row.id


def ids_now(ledger: Ledger, query: TableQuery = QUERY) -> list[int]:
    return [row.id for row in ledger.services.storage.windows.rows(query)]


def test_the_first_rows_are_shown_before_anything_is_counted(
    grid: GridView, windows: GatedWindows, qtbot: QtBot
) -> None:
    model = model_of(grid)
    told: list[Count] = []
    model.counted.connect(told.append)
    opened(grid, qtbot)
    assert model.row_at(0) is not None
    assert (model.rowCount(), model.known_count.exact) == (PAGE_ROWS, False)
    windows.open_gate()
    settled(model, qtbot)
    assert model.rowCount() == ROWS
    rows = [count.rows for count in told]
    assert rows == sorted(rows)
    assert len(rows) > 5
    assert [count.exact for count in told] == [False] * (len(told) - 1) + [True]
    assert [count_text(count) for count in (told[1], told[-1])] == ["at least 256 rows", "3,000 rows"]


def test_the_end_is_there_at_once_and_the_middle_when_counting_has_reached_it(
    ledger: Ledger, grid: GridView, windows: GatedWindows, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows_module, "estimated_rows", lambda *_: 3_100)
    model = opened(grid, qtbot)
    assert count_text(model.known_count) == "about 3,100 rows"
    ids = ids_now(ledger)
    grid.scrollToBottom()
    qtbot.waitUntil(lambda: model.row_at(3_099) is not None, timeout=WAIT)
    last = model.row_at(3_099)
    assert last is not None
    assert last.id == ids[-1]
    asked = len(windows.spans)
    grid.verticalScrollBar().setValue(1_500)
    model.index(1_500, 0).data()
    windows.gate.release(2)
    qtbot.waitUntil(lambda: model.known_count.reached == 512, timeout=WAIT)
    assert len(windows.spans) == asked  # no worker waits for what is not known
    windows.open_gate()
    settled(model, qtbot)
    assert top_id(grid, qtbot) == ids[grid.rowAt(0)]
    assert model.rowCount() == ROWS


def test_what_is_on_view_stays_while_its_numbers_settle(
    ledger: Ledger, grid: GridView, windows: GatedWindows, qtbot: QtBot
) -> None:
    windows.gate.release(20)
    model = opened(grid, qtbot)
    settled(model, qtbot)
    while windows.gate.acquire(blocking=False):
        pass
    bar = grid.verticalScrollBar()
    bar.setValue(1_500)
    seen = top_id(grid, qtbot)
    gone = ids_now(ledger)[1_001:1_401:2]  # between the anchors that the place is near to
    ledger.services.storage.transactions.archive(gone, LATER)
    windows.gate.release(1)  # where counting was quick before, a refresh counts a little first
    with qtbot.waitSignal(model.refreshed, timeout=WAIT):
        model.apply_changes(CHANGED)
    assert not model.known_count.exact
    assert count_text(model.known_count) == "about 3,000 rows"
    assert top_id(grid, qtbot) == seen
    ids = ids_now(ledger)
    for row in range(1_500, 1_900, 100):  # neighbours are neighbours, page after page
        bar.setValue(row)
        assert top_id(grid, qtbot) == ids[row - 200]
    bar.setValue(1_500)
    windows.open_gate()
    settled(model, qtbot)
    assert top_id(grid, qtbot) == seen
    assert grid.rowAt(0) == 1_300 == ids.index(seen)
    assert model.rowCount() == ROWS - 200


def test_changes_without_a_pause_are_shown_together(
    ledger: Ledger, grid: GridView, windows: GatedWindows, qtbot: QtBot
) -> None:
    windows.open_gate()
    model = opened(grid, qtbot)
    settled(model, qtbot)
    ledger.imported(10, first=10_000)
    begun: list[object] = []
    ledger.jobs.job_started.connect(begun.append)
    for _ in range(200):
        model.apply_changes(CHANGED)
    settled(model, qtbot)
    assert len(begun) < 40  # two refreshes, their pages, and what counts a hop at a time
    assert model.rowCount() == ROWS + 10
    assert top_id(grid, qtbot) == ids_now(ledger)[0]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_page_shown_is_that_of_a_list(
    ledger: Ledger, grid: GridView, windows: GatedWindows, qtbot: QtBot, seed: int
) -> None:
    windows.open_gate()
    chance, model, store = random.Random(seed), opened(grid, qtbot), ledger.services.storage.transactions
    for turn in range(14):
        act = chance.choice(["import", "archive", "archive many", "sort", "filter", "jump"])
        if act == "import":
            ledger.imported(chance.choice([1, 150]), first=20_000 + 1_000 * turn)
            model.apply_changes(CHANGED)
        elif act.startswith("archive"):
            ids = ids_now(ledger)
            store.archive(chance.sample(ids, 200 if act == "archive many" else 1), LATER)
            model.apply_changes(CHANGED)
        elif act == "sort":
            model.set_query(replace(model.query, sort=(Sort("amount", descending=chance.random() < 0.5),)))
        elif act == "filter":
            terms = (Term("amount", Comparison.GREATER, str(chance.randrange(2_000))),)
            model.set_query(replace(model.query, terms=chance.choice([(), terms])))
        grid.verticalScrollBar().setValue(chance.randrange(max(model.rowCount(), 1)))
        if chance.random() < 0.7:
            settled(model, qtbot)
            expected = ids_now(ledger, model.query)
            assert model.rowCount() == len(expected)
            assert top_id(grid, qtbot) == expected[grid.rowAt(0)]
            for number in range(grid.rowAt(0), min(grid.rowAt(0) + 10, len(expected))):
                row = model.row_at(number)
                assert row is None or row.id == expected[number]


def test_rows_that_are_here_are_never_told_to_be_none(grid: GridView, windows: GatedWindows, qtbot: QtBot) -> None:
    model, told = model_of(grid), list[Count]()
    model.counted.connect(told.append)
    filtered = replace(QUERY, terms=(Term("amount", Comparison.AT_LEAST, "2"),))
    with qtbot.waitSignal(model.modelReset, timeout=WAIT):
        model.set_query(filtered)  # nobody has counted a row yet
    assert told[-1].rows >= PAGE_ROWS == model.rowCount()
    assert told[-1].least
    windows.open_gate()
    qtbot.waitUntil(lambda: model.known_count.exact, timeout=WAIT)
    assert [count.rows for count in told][-1] == ROWS - 1
    assert all(count.rows for count in told)
