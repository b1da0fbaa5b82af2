"""The details pane: the row whole and exact, and the person's own words stored and found again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Row, TableQuery
from aether_desktop.ports.tables import TABLES
from aether_desktop.ui.models.formatting import CellFormatter
from aether_desktop.ui.views.details_pane import DetailsPane
from aether_desktop.ui.widgets.buttons import IconButton
from tests.ui.ledgers import OTHER, WAIT, Ledger

TRANSACTIONS = TableQuery(TableName.TRANSACTIONS)


def rows(ledger: Ledger) -> list[Row]:
    return list(ledger.services.storage.windows.rows(TRANSACTIONS))


@pytest.fixture
def pane(ledger: Ledger, qtbot: QtBot) -> DetailsPane:
    ledger.imported(3)
    made = DetailsPane(TableName.TRANSACTIONS, ledger.context, CellFormatter(TABLES[TableName.TRANSACTIONS]))
    qtbot.addWidget(made)
    made.resize(360, 900)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def show(pane: DetailsPane, qtbot: QtBot) -> Callable[[Row], None]:
    def showing(row: Row) -> None:
        pane.show_row(row)
        qtbot.waitUntil(lambda: pane._annotation is not None and pane._annotation.row_id == row.id, timeout=WAIT)

    return showing


def stored(pane: DetailsPane, qtbot: QtBot) -> None:
    pane.save_button.click()
    qtbot.waitUntil(pane.save_button.isEnabled, timeout=WAIT)


def test_without_a_row_it_says_what_it_is_for(pane: DetailsPane) -> None:
    assert pane._empty.isVisible()
    assert not pane._body.isVisible()
    assert pane.edit_button.isHidden()  # there is nothing to edit or archive
    assert pane.archive_button.isHidden()


def test_the_row_is_whole_and_addresses_copy_exactly(
    pane: DetailsPane, show: Callable[[Row], None], ledger: Ledger, qtbot: QtBot
) -> None:
    show(rows(ledger)[0])
    qtbot.waitUntil(lambda: "Copy From" in {button.accessibleName() for button in pane.findChildren(IconButton)})
    assert pane._title.text() == "+3 ETH"
    assert pane._headline.text() == "Received, confirmed"
    texts = [label.text() for label in pane.findChildren(QLabel) if label.isVisible()]
    assert any(text.replace(" ", "").lower() == OTHER for text in texts)
    copy = next(button for button in pane.findChildren(IconButton) if button.accessibleName() == "Copy From")
    copy.click()
    assert QGuiApplication.clipboard().text().lower() == OTHER


def test_words_are_stored_and_come_back(
    pane: DetailsPane, show: Callable[[Row], None], ledger: Ledger, qtbot: QtBot
) -> None:
    first, second, _third = rows(ledger)
    show(first)
    pane.label.editor.setText(" Salary <b>July</b> ")
    pane.tags.editor.setText("income  2017 income")
    pane.note.editor.setPlainText("two\nlines")
    stored(pane, qtbot)
    show(second)
    assert pane._typed() == ("", "", "")
    show(rows(ledger)[0])
    assert pane.label.editor.text() == "Salary <b>July</b>"
    assert pane.note.editor.toPlainText() == "two\nlines"
    assert set(pane.tags.editor.text().split()) == {"income", "2017"}


def test_enter_in_a_line_stores(pane: DetailsPane, show: Callable[[Row], None], ledger: Ledger, qtbot: QtBot) -> None:
    row = rows(ledger)[0]
    show(row)
    pane.label.editor.setText("rent")
    QTest.keyClick(pane.label.editor, Qt.Key.Key_Return)
    qtbot.waitUntil(pane.save_button.isEnabled, timeout=WAIT)
    assert ledger.services.annotations.of(TableName.TRANSACTIONS, row.id).label == "rent"


def test_somebody_elses_words_are_not_overwritten_unseen(
    pane: DetailsPane, show: Callable[[Row], None], ledger: Ledger, qtbot: QtBot
) -> None:
    row = rows(ledger)[0]
    show(row)
    annotations = ledger.services.annotations
    annotations.save(annotations.of(TableName.TRANSACTIONS, row.id), {"label": "theirs", "note": "", "tags": ()})
    pane.label.editor.setText("mine")
    stored(pane, qtbot)
    assert annotations.of(TableName.TRANSACTIONS, row.id).label == "theirs"
    assert "theirs" in ledger.said[-1][1]
    assert pane.label.editor.text() == "mine"
    stored(pane, qtbot)
    assert annotations.of(TableName.TRANSACTIONS, row.id).label == "mine"


def test_words_that_are_refused_are_said_under_their_field(
    pane: DetailsPane, show: Callable[[Row], None], ledger: Ledger, qtbot: QtBot
) -> None:
    show(rows(ledger)[0])
    pane.label.editor.setText("x" * 30_000)
    stored(pane, qtbot)
    assert pane.label.error
    assert len(pane.label.editor.text()) == 30_000
