"""The import wizard over a real vault: from choosing files to rows in the ledger."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QTableView, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ports.tables import TABLES
from aether_desktop.ui.object_names import import_name
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.views.transactions import TransactionsView
from aether_desktop.ui.wizards.import_flow import Step
from tests.ui.ledgers import ADDRESS, OTHER, WAIT, Ledger
from tests.ui.wizard_on_screen import HEADING, Wizard, row


class TestARoundTrip:
    def test_a_known_file_from_choosing_to_the_ledger(self, wizard: Wizard, qtmodeltester: Any) -> None:
        file = wizard.write("export.csv", HEADING, row(1), row(2, value="0.000000000000000001"), row(3, value="x"))
        wizard.add(file)
        wizard.ready()
        assert wizard.widget.flow.wallet is not None, "the only wallet is chosen"
        wizard.press("next")
        assert wizard.step is Step.PREVIEW
        wizard.checked()
        counts = wizard.widget.pages.preview.counts.text()
        assert counts == "3 rows: 2 new, 0 already there, 1 wrong"
        model = wizard.widget.pages.preview.model
        qtmodeltester.check(model)
        shown = [[model.index(row, column).data() for column in range(7)] for row in range(model.rowCount())]
        assert [row[0] for row in shown] == ["2", "3", "4"]
        assert [row[1] for row in shown] == ["New", "New", "Wrong"]
        assert shown[0][2:5] == ["Received", "13 Sep 2020 12:26:41", "+1 ETH"]
        assert shown[0][5].casefold() == OTHER
        assert shown[0][6] == f"0x{1:064x}"
        assert "not a decimal number" in shown[2][2]
        assert model.index(1, 4).data(Qt.ItemDataRole.ToolTipRole) == "0.000000000000000001 ETH"
        assert wizard.rows() == 0, "a check stores nothing"
        assert wizard.widget.next_button.text() == "Import 2 rows"
        wizard.press("next")
        wizard.ended()
        assert wizard.widget.pages.result.counts.text() == "3 rows: 2 new, 0 already there, 1 wrong."
        assert wizard.rows() == 2
        qtmodeltester.check(wizard.widget.pages.result.model)
        (batch,) = wizard.ledger.services.importing.batches()
        assert (batch.file_name, batch.new, batch.rejected) == ("export.csv", 2, 1)

    def test_the_rows_of_the_batch_are_one_press_away(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("export.csv", HEADING, row(1)))
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        wizard.press("next")
        wizard.ended()
        asked: list[TableQuery] = []
        wizard.ledger.context.navigator.rows_asked.connect(asked.append)
        wizard.press("show_rows_0")
        (batch,) = wizard.ledger.services.importing.batches()
        assert asked == [TableQuery(TableName.TRANSACTIONS, (Term("batch", Comparison.EQUAL, str(batch.id)),))]
        assert wizard.ledger.services.storage.windows.count(asked[0]) == 1

    def test_the_same_file_again_brings_nothing_and_says_so(self, wizard: Wizard) -> None:
        file = wizard.write("export.csv", HEADING, row(1), row(2))
        wizard.add(file)
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        wizard.press("next")
        wizard.ended()
        wizard.press("more")
        assert (wizard.step, wizard.widget.flow.files) == (Step.FILES, [])
        wizard.add(file)
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        assert wizard.widget.pages.preview.counts.text() == "2 rows: 0 new, 2 already there, 0 wrong"
        assert not wizard.widget.next_button.isEnabled()
        assert wizard.widget.flow.obstacle() == "There is nothing new in these files."

    def test_several_files_are_each_a_batch_and_overlaps_merge(self, wizard: Wizard) -> None:
        one = wizard.write("one.csv", HEADING, row(1), row(2))
        two = wizard.write("two.csv", HEADING, row(2), row(3))
        wizard.add(one, two)
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        box = wizard.part("preview_file")
        assert isinstance(box, QComboBox)
        assert [box.itemText(number) for number in range(box.count())] == ["one.csv", "two.csv"]
        wizard.press("next")
        wizard.ended()
        reports = [file.report for file in wizard.widget.flow.files]
        assert [(report.new, report.duplicates) for report in reports if report] == [(2, 0), (1, 1)]
        assert wizard.rows() == 3

    def test_it_works_by_keyboard(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("export.csv", HEADING, row(1)))
        wizard.ready()
        QTest.keyClick(wizard.widget, Qt.Key.Key_Return)
        wizard.checked()
        QTest.keyClick(wizard.widget, Qt.Key.Key_Return)
        wizard.ended()
        with wizard.qtbot.waitSignal(wizard.widget.closed, timeout=WAIT):
            QTest.keyClick(wizard.widget, Qt.Key.Key_Escape)
        assert wizard.rows() == 1


class TestUnknownFiles:
    def test_columns_are_chosen_with_values_of_the_file_beside_them(self, wizard: Wizard) -> None:
        file = wizard.write(
            "odd.csv", "When;What it was;Qty", "03/04/2024;=cmd;1.5", "05/04/2024;rent;-0.25", "06/04/2024;x;many"
        )
        wizard.add(file)
        wizard.ready()
        wizard.press("next")
        assert wizard.step is Step.MAPPING
        page = wizard.widget.pages.mapping
        assert page.boxes["occurred_at"].currentData() == "When"
        assert page.boxes["amount"].currentData() == "Qty"
        assert page._samples["amount"].text() == "1.5 · -0.25 · many"
        page.boxes["amount"].setCurrentIndex(0)
        assert wizard.widget.flow.obstacle() == "Say which column holds the amount."
        assert not wizard.widget.next_button.isEnabled()
        assert page.boxes["amount"].property("invalid") is True
        wizard.choose("map_amount", "Qty")
        wizard.choose("map_description", "What it was")
        wizard.press("next")
        wizard.checked()
        assert wizard.widget.pages.preview.counts.text() == "3 rows: 0 new, 0 already there, 3 wrong"
        reason = wizard.widget.pages.preview.model.index(0, 2).data()
        assert reason.startswith("Time: “03/04/2024” can be 3 April or 4 March")
        wizard.press("back")
        assert wizard.step is Step.MAPPING
        wizard.choose("day_first", True)
        wizard.press("next")
        wizard.checked()
        wizard.press("next")
        wizard.ended()
        storage = wizard.ledger.services.storage
        found = storage.windows.window(TableQuery(TableName.TRANSACTIONS), 0, 10).rows
        position = TABLES[TableName.TRANSACTIONS].index("description")
        described = {row.values[position] for row in found}
        assert described == {"=cmd", "rent"}

    def test_a_file_that_is_no_table_can_be_left_out(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("notes.txt", "just words"), wizard.write("export.csv", HEADING, row(1)))
        wizard.ready()
        wizard.press("next")
        assert wizard.step is Step.MAPPING
        wizard.press("leave_out")
        wizard.checked()
        assert [file.name for file in wizard.widget.flow.files] == ["export.csv"]


class TestWallets:
    def test_a_wallet_is_added_beside_the_files(self, ledger: Ledger, qtbot: QtBot) -> None:
        wizard = Wizard(ledger, qtbot)
        wizard.add(wizard.write("export.csv", HEADING, row(1)))
        assert wizard.widget.flow.obstacle() == "Choose the wallet whose history this is."
        wizard.press("add_wallet")
        form = wizard.widget._form
        assert form is not None
        assert not wizard.widget.next_button.isEnabled()
        form.fill({"name": "Treasury", "chain": "ethereum", "address": "0xf98"})
        form.submit()
        address = form._fields["address"]
        wizard.until(lambda: bool(address.error))
        assert "37 are missing" in address.error
        assert isinstance(address.editor, QLineEdit)
        address.editor.setText(ADDRESS)
        form.submit()
        wizard.ready()
        assert wizard.widget.flow.wallet is not None
        assert wizard.widget.flow.wallet.address == ADDRESS

    def test_a_wallet_asked_for_is_chosen(self, ledger: Ledger, qtbot: QtBot) -> None:
        ledger.wallet()
        second = ledger.wallet("Cold", OTHER)
        wizard = Wizard(ledger, qtbot)
        assert wizard.wallet_id() is None, "of several nobody knows which"
        wizard.widget.open(second)
        wizard.until(lambda: wizard.wallet_id() == second)


class TestInTheTransactions:
    @pytest.fixture
    def page(self, ledger: Ledger, qtbot: QtBot) -> TransactionsView:
        ledger.wallet()
        page = TransactionsView(ledger.context)
        qtbot.addWidget(page, before_close_func=lambda _page: page.close_model())
        ledger.context.navigator.import_asked.connect(page.show_import)
        page.resize(1100, 700)
        page.show()
        qtbot.waitExposed(page)
        return page

    def test_the_wizard_takes_the_place_of_the_ledger(self, page: TransactionsView, qtbot: QtBot) -> None:
        button = page.findChild(QWidget, import_name("transactions"))
        assert button is not None
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert page.importing
        qtbot.waitUntil(page.wizard.isVisible, timeout=WAIT)
        assert not page.header.isVisible()
        assert not page.run_page_command(PageCommand.FILTER)
        with qtbot.waitSignal(page.wizard.closed, timeout=WAIT):
            QTest.mouseClick(page.wizard.close_button, Qt.MouseButton.LeftButton)
        assert page.wizard.isHidden()
        assert page.header.isVisible()

    def test_rows_asked_for_elsewhere_are_not_behind_it(self, page: TransactionsView, qtbot: QtBot) -> None:
        assert page.run_page_command(PageCommand.IMPORT)
        assert page.importing
        with qtbot.waitSignal(page.model.count_changed, timeout=WAIT):
            page.show_query(TableQuery(TableName.TRANSACTIONS, (Term("batch", Comparison.EQUAL, "1"),)))
        assert page.wizard.isHidden()
        assert page.filter_bar.text == "batch=1"

    def test_an_empty_ledger_begins_with_it(self, page: TransactionsView, qtbot: QtBot) -> None:
        qtbot.waitUntil(page.content.empty.isVisible, timeout=WAIT)
        page.content.empty.started.emit()
        qtbot.waitUntil(page.wizard.isVisible, timeout=WAIT)


def test_every_control_has_a_name(wizard: Wizard) -> None:
    wizard.add(wizard.write("odd.csv", "Date,Amount", "2024-01-31,1"))
    wizard.ready()
    for step in Step:
        wizard.widget.pages.page(step)
    controls = [
        widget
        for kind in (QPushButton, QComboBox, QLineEdit, QTableView)
        for widget in wizard.widget.findChildren(kind)
        if not (isinstance(widget, QLineEdit) and isinstance(widget.parent(), QComboBox))
    ]
    assert len(controls) > 25
    assert [widget for widget in controls if not widget.accessibleName() or not widget.objectName()] == []
