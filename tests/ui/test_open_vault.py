"""The window over a real vault: the roads from one page to another, and changes that reach every page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ui.context import Messages, UiContext
from aether_desktop.ui.object_names import STATUS_CONNECTION
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.open_vault import OpenVault
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.views.imports import ImportsView
from aether_desktop.ui.views.overview import OverviewView
from aether_desktop.ui.views.transactions import TransactionsView
from aether_desktop.ui.views.wallets import WalletsView
from aether_desktop.ui.wizards.import_flow import FileState, Step
from tests.ui.ledgers import WAIT, Ledger


class Opened:
    """One window over the ledger's vault."""

    def __init__(self, ledger: Ledger, qtbot: QtBot, theme: Theme) -> None:
        self.ledger, self.qtbot = ledger, qtbot
        self.window = MainWindow(theme, ledger.context.settings)
        qtbot.addWidget(self.window)
        self.vault = OpenVault(self.window, ledger.services, jobs=ledger.jobs, theme=theme, messages=Messages())
        self.window.show()
        qtbot.waitExposed(self.window)

    @property
    def context(self) -> UiContext:
        return self.vault.context

    @property
    def ledger_page(self) -> TransactionsView:
        page = self.window.page("transactions")
        assert isinstance(page, TransactionsView)
        return page


@pytest.fixture
def opened(ledger: Ledger, qtbot: QtBot, theme: Theme) -> Iterator[Opened]:
    ledger.imported(10)
    made = Opened(ledger, qtbot, theme)
    yield made
    made.vault.close()


def test_it_opens_with_the_overview(opened: Opened, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not opened.window.going, timeout=WAIT)
    assert opened.window.current_section == "overview"
    assert isinstance(opened.window.page("overview"), OverviewView)


def test_a_balance_of_the_overview_opens_its_rows_in_the_ledger(opened: Opened, qtbot: QtBot) -> None:
    page = opened.window.page("overview")
    assert isinstance(page, OverviewView)
    qtbot.waitUntil(lambda: page.balances.model.rowCount() == 1, timeout=WAIT)
    page.balances.grid.selectRow(0)
    QTest.keyClick(page.balances.grid, Qt.Key.Key_Return)
    assert opened.window.current_section == "transactions"
    qtbot.waitUntil(lambda: opened.ledger_page.model.rowCount() == 10, timeout=WAIT)
    assert "wallet=Treasury" in opened.ledger_page.filter_bar.text


def test_an_import_asked_for_anywhere_opens_the_wizard_with_the_wallet(opened: Opened, qtbot: QtBot) -> None:
    other = opened.ledger.wallet("Cold", "0x003dc32fe920a4aaeed12dc87e145f030aa753f3")
    opened.window.open_section("wallets")
    opened.context.navigator.open_import(other)
    assert opened.window.current_section == "transactions"
    page = opened.ledger_page
    assert page.importing
    qtbot.waitUntil(lambda: page.wizard.flow.wallet is not None, timeout=WAIT)
    assert page.wizard.flow.wallet is not None
    assert page.wizard.flow.wallet.id == other


def test_the_import_key_works_in_every_section(opened: Opened, qtbot: QtBot) -> None:
    with qtbot.waitActive(opened.window):
        opened.window.activateWindow()
    sections = opened.window.section_keys
    assert len(sections) == 15
    for section in sections:
        opened.window.open_section(section)
        QTest.keyClick(opened.window, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
        assert opened.ledger_page.importing, section
        assert opened.window.current_section == "transactions"
        opened.ledger_page.close_import()


def test_what_the_wizard_brings_reaches_the_other_pages(opened: Opened, qtbot: QtBot) -> None:
    overview, imports = opened.window.page("overview"), opened.window.open_section("imports")
    assert isinstance(overview, OverviewView)
    assert isinstance(imports, ImportsView)
    qtbot.waitUntil(lambda: imports.model.rowCount() == 1, timeout=WAIT)
    text = (opened.ledger.folder / "export1.csv").read_text(encoding="utf-8")
    more = opened.ledger.folder / "more.csv"
    more.write_text(text.replace(f"0x{7:064x}", f"0x{70:064x}"), encoding="utf-8")
    opened.context.navigator.open_import()
    wizard = opened.ledger_page.wizard
    wizard.add_files([more])
    qtbot.waitUntil(lambda: wizard.flow.files[0].state is FileState.READY, timeout=WAIT)
    qtbot.waitUntil(wizard.next_button.isEnabled, timeout=WAIT)
    wizard.forward()
    qtbot.waitUntil(lambda: wizard.flow.step is Step.PREVIEW and wizard.next_button.isEnabled(), timeout=WAIT)
    wizard.forward()
    qtbot.waitUntil(lambda: wizard.flow.ended, timeout=WAIT)
    opened.window.open_section("imports")
    qtbot.waitUntil(lambda: imports.model.rowCount() == 2, timeout=WAIT)
    opened.window.open_section("overview")
    qtbot.waitUntil(lambda: overview.totals.model.index(0, 1).data() == "62 ETH", timeout=WAIT)


def test_a_part_of_a_section_is_opened_by_name(opened: Opened, qtbot: QtBot) -> None:
    opened.ledger.imported(3, first=20)
    batches = opened.ledger.services.importing.batches()
    opened.context.navigator.open_section(f"imports/{batches[-1].id}")
    page = opened.window.page("imports")
    assert isinstance(page, ImportsView)
    qtbot.waitUntil(
        lambda: page.grid.current() is not None and page.grid.current().batch.id == batches[-1].id, timeout=WAIT
    )
    opened.context.navigator.open_section("wallets/add")
    wallets = opened.window.page("wallets")
    assert isinstance(wallets, WalletsView)
    qtbot.waitUntil(lambda: wallets.side.form is not None, timeout=WAIT)


def test_rows_asked_for_close_the_wizard(opened: Opened, qtbot: QtBot) -> None:
    opened.context.navigator.open_import()
    query = opened.ledger.services.balances.rows_behind(opened.ledger.services.balances.balances()[0])
    opened.context.navigator.open_rows(query)
    assert not opened.ledger_page.importing
    assert query.table is TableName.TRANSACTIONS


def test_a_server_that_does_not_answer_is_said_in_the_status_bar(opened: Opened, qtbot: QtBot) -> None:
    label = opened.window.findChild(QLabel, STATUS_CONNECTION)
    assert label is not None
    usual = label.text()
    feed = opened.ledger.services.storage.changes
    feed.tell_reach(reached=False)
    qtbot.waitUntil(lambda: label.text().startswith("Not reached, trying again: "), timeout=WAIT)
    feed.tell_reach(reached=True)
    qtbot.waitUntil(lambda: label.text() == usual, timeout=WAIT)
