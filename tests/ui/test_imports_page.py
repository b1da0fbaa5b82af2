"""The imports page over a real vault: what became of every file, and undo that says first what it touches."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from aether_desktop.domain.imports import BatchStatus
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ui import object_names
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.open_vault import OpenVault
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.views.imports import ImportsView
from tests.ui.ledgers import WAIT, Ledger
from tests.ui.sample_pages import MemoryState
from tests.ui.value_pages import click, later_file, refreshed, shown, token_file

ALL = TableQuery(TableName.TRANSACTIONS)


def imported_with_refusals(ledger: Ledger) -> None:
    """One good row and two bad ones."""
    path = token_file(ledger.folder, "1.5", "many", "-1-")
    wallet = ledger.wallet()
    report = ledger.services.importing.run(path, wallet)
    assert (report.new, len(report.rejections)) == (1, 2)


def test_every_file_stands_there_with_names_for_ids(ledger: Ledger, qtbot: QtBot) -> None:
    wallet = ledger.wallet("Treasury <b>")
    ledger.imported(3)
    ledger.services.importing.run(later_file(ledger.folder), wallet)
    page = shown(qtbot, ImportsView(ledger.context))
    texts = [
        {column.key: column.cell(row).plain() for column in page.model.columns if column.key != "imported_at"}
        for row in page.model.rows
    ]
    common = {"kind": "Etherscan transactions", "wallet": "Treasury <b>", "person": "miriam"}
    assert texts == [
        common | {"file": "later.csv", "status": "Stored", "rows": "2", "new": "1", "duplicates": "1", "rejected": "0"},
        common
        | {"file": "export1.csv", "status": "Stored", "rows": "3", "new": "3", "duplicates": "0", "rejected": "0"},
    ]


def test_the_model_obeys_qt(ledger: Ledger, qtbot: QtBot, qtmodeltester: ModelTester) -> None:
    ledger.imported(3)
    qtmodeltester.check(shown(qtbot, ImportsView(ledger.context)).model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here


def test_an_empty_page_begins_with_an_import(ledger: Ledger, qtbot: QtBot) -> None:
    page = shown(qtbot, ImportsView(ledger.context))
    begin = page.findChild(QPushButton, f"{object_names.imports_part_name('empty')}_begin")
    assert begin is not None
    with qtbot.waitSignal(ledger.context.navigator.import_asked) as asked:
        click(begin)
    assert asked.args == [None]
    with qtbot.waitSignal(ledger.context.navigator.import_asked):
        assert page.run_page_command(PageCommand.IMPORT)


def test_refused_rows_are_read_out_and_copied_whole(ledger: Ledger, qtbot: QtBot) -> None:
    imported_with_refusals(ledger)
    page = shown(qtbot, ImportsView(ledger.context))
    label = page.findChild(QLabel, object_names.imports_part_name("rejections"))
    assert label is not None
    qtbot.waitUntil(lambda: bool(label.text()), timeout=WAIT)
    assert [line.partition(":")[0] for line in label.text().splitlines()] == ["Row 3", "Row 4"]
    page.rejections.copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "Row\tReason"
    assert [line.split("\t")[0] for line in lines[1:]] == ["3", "4"]
    assert page.model.rows[0].batch.rejected == 2


def test_undo_says_first_what_it_would_touch_and_then_does_it(ledger: Ledger, qtbot: QtBot) -> None:
    services = ledger.services
    wallet = ledger.wallet()
    ledger.imported(3)
    services.importing.run(later_file(ledger.folder), wallet)
    rows = list(services.storage.windows.rows(ALL))
    oldest = min(rows, key=lambda row: row.id).id
    services.annotations.annotate(TableName.TRANSACTIONS, [oldest], label="Rent <b>", note="for\nMay", tags=["home"])
    page = shown(qtbot, ImportsView(ledger.context))
    batch = next(row.batch for row in page.model.rows if row.batch.file_name == "export1.csv")
    page.grid.select_key(batch.id)
    assert not page.undo.now.isVisible()
    click(page.undo.button)
    qtbot.waitUntil(page.undo.now.isVisible, timeout=WAIT)
    assert page.undo.says.splitlines() == [
        "2 rows would be removed.",
        "One row would stay, because another file brought them too.",
        "One of them carries words of your own. They are put aside and come back when the rows are imported again:",
        "\u2022 Rent <b> \u00b7 for May \u00b7 home",
    ]
    assert services.storage.windows.count(ALL) == 4
    with qtbot.waitSignal(page.loading_changed, timeout=WAIT, check_params_cb=lambda loading: not loading):
        click(page.undo.now)
    assert services.storage.windows.count(ALL) == 2
    assert services.storage.imports.get(batch.id).status is BatchStatus.UNDONE
    assert page.grid.current().batch.id == batch.id
    assert not page.undo.isVisible()
    assert ledger.said[-1][1].startswith("The import of export1.csv is undone.")


def test_keeping_it_changes_nothing(ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(2)
    page = shown(qtbot, ImportsView(ledger.context))
    click(page.undo.button)
    qtbot.waitUntil(page.undo.keep.isVisible, timeout=WAIT)
    click(page.undo.keep)
    assert page.undo.button.isVisible()
    assert not page.undo.now.isVisible()
    assert ledger.services.storage.windows.count(ALL) == 2


def test_an_import_undone_elsewhere_meanwhile_is_refused_in_words(ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(2)
    page = shown(qtbot, ImportsView(ledger.context))
    click(page.undo.button)
    qtbot.waitUntil(page.undo.now.isVisible, timeout=WAIT)
    ledger.services.importing.undo(page.grid.current().batch.id)
    click(page.undo.now)
    qtbot.waitUntil(lambda: bool(ledger.said), timeout=WAIT)
    assert "undone" in ledger.said[-1][1]
    assert page.undo.button.isVisible()
    refreshed(qtbot, page)
    assert not page.undo.isVisible()


def test_its_rows_open_as_a_query(ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(2)
    page = shown(qtbot, ImportsView(ledger.context))
    with qtbot.waitSignal(ledger.context.navigator.rows_asked) as asked:
        click(page.rows_link)
    batch = page.grid.current().batch.id
    assert asked.args[0].terms == (Term("batch", Comparison.EQUAL, str(batch)),)
    assert len(list(ledger.services.storage.windows.rows(asked.args[0]))) == 2


@pytest.mark.parametrize("table", [TableName.TRANSACTIONS, TableName.WALLETS, TableName.USERS])
def test_changes_of_what_it_shows_are_read_again(ledger: Ledger, qtbot: QtBot, table: TableName) -> None:
    page = shown(qtbot, ImportsView(ledger.context))
    ledger.imported(1)
    refreshed(qtbot, page, ChangeSet(frozenset({table}), None))
    assert len(page.model.rows) == 1
    page.apply_changes(ChangeSet(frozenset({TableName.CONTENT}), None))
    assert not page.loading


def test_in_the_window_an_import_appears_by_itself(ledger: Ledger, qtbot: QtBot) -> None:
    window = MainWindow(ledger.context.theme, MemoryState())
    vault = OpenVault(
        window, ledger.services, jobs=ledger.jobs, theme=ledger.context.theme, messages=ledger.context.messages
    )
    qtbot.addWidget(window, before_close_func=lambda _window: vault.close())
    window.show()
    page = window.open_section("imports")
    assert isinstance(page, ImportsView)
    qtbot.waitUntil(lambda: page._started and not page.loading, timeout=WAIT)
    assert page.model.rows == ()
    ledger.imported(2)
    qtbot.waitUntil(lambda: len(page.model.rows) == 1, timeout=WAIT)
