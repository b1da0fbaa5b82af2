"""Notes of a shared database on the screen: masked, revealed to read or change, hidden again; what a search finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import MASK, Sealed
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.tables import TABLES
from aether_desktop.ui.models.formatting import CellFormatter
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.views.details_pane import DetailsPane
from aether_desktop.ui.views.note_field import NoteField
from aether_desktop.ui.views.wallets import WalletsView
from aether_desktop.ui.widgets.message_bar import MessageLevel
from tests.sealing.test_people_of_a_server import Couple, couple
from tests.ui.ledgers import WAIT, Ledger, opened_ledger

__all__ = ["couple"]

WALLETS = TableName.WALLETS
NOTE = "planted words"


@pytest.fixture
def row_id(couple: Couple) -> int:
    services = couple.miriam.services
    row_id = services.wallets.add(name="One", chain="ethereum", address="0x" + "ab" * 20).id
    services.annotations.annotate(WALLETS, [row_id], note=NOTE, label="rent")
    return row_id


@pytest.fixture
def ledger(couple: Couple, row_id: int, tmp_path: Path, theme: Theme) -> Iterator[Ledger]:
    with opened_ledger(tmp_path, tmp_path, theme, services=couple.miriam.services) as made:
        yield made


def pane_over(ledger: Ledger, qtbot: QtBot) -> DetailsPane:
    pane = DetailsPane(WALLETS, ledger.context, CellFormatter(TABLES[WALLETS]))
    qtbot.addWidget(pane)
    pane.resize(360, 900)
    pane.show()
    qtbot.waitExposed(pane)
    (row,) = ledger.services.storage.windows.rows(TableQuery(WALLETS))
    pane.show_row(row)
    qtbot.waitUntil(lambda: pane._annotation is not None, timeout=WAIT)
    return pane


@pytest.fixture
def pane(ledger: Ledger, qtbot: QtBot) -> DetailsPane:
    return pane_over(ledger, qtbot)


def test_a_sealed_note_is_masked_and_revealed(pane: DetailsPane, ledger: Ledger, row_id: int, qtbot: QtBot) -> None:
    editor = pane.note.editor
    assert (editor.toPlainText(), editor.placeholderText(), editor.isReadOnly()) == ("", MASK, True)
    pane.note.reveal_button.click()
    qtbot.waitUntil(lambda: editor.toPlainText() == NOTE, timeout=WAIT)
    assert not editor.isReadOnly()
    assert [(each.action, each.row_id) for each in ledger.services.storage.audit.recent(1)] == [
        ("sealed.reveal", row_id)
    ]
    pane.note.reveal_button.click()
    assert editor.toPlainText() == ""


def test_words_are_saved_around_a_note_that_stays_shut(
    pane: DetailsPane, ledger: Ledger, row_id: int, qtbot: QtBot
) -> None:
    pane.label.editor.setText("other")
    pane.save_button.click()
    qtbot.waitUntil(lambda: ledger.services.annotations.of(WALLETS, row_id).label == "other", timeout=WAIT)
    assert ledger.services.notes.reveal(WALLETS, row_id) == NOTE


def test_a_revealed_note_is_changed_and_sealed_again(
    pane: DetailsPane, ledger: Ledger, row_id: int, qtbot: QtBot
) -> None:
    editor = pane.note.editor
    pane.note.reveal_button.click()
    qtbot.waitUntil(lambda: editor.toPlainText() == NOTE, timeout=WAIT)
    editor.setPlainText("changed words")
    pane.note._due.timeout.emit()
    assert editor.toPlainText() == "changed words"  # what is being changed is not taken away
    pane.save_button.click()
    qtbot.waitUntil(lambda: editor.toPlainText() == "" and editor.isReadOnly(), timeout=WAIT)
    assert isinstance(ledger.services.annotations.of(WALLETS, row_id).note, Sealed)
    assert ledger.services.notes.reveal(WALLETS, row_id) == "changed words"


def test_who_lacks_the_key_is_told_who_may_grant_it(
    couple: Couple, row_id: int, tmp_path: Path, theme: Theme, qtbot: QtBot
) -> None:
    with opened_ledger(tmp_path, tmp_path, theme, services=couple.aaron.services) as ledger:
        pane = pane_over(ledger, qtbot)
        assert pane.note.editor.placeholderText() == MASK
        pane.note.reveal_button.click()
        qtbot.waitUntil(lambda: bool(ledger.said), timeout=WAIT)
        level, said = ledger.said[-1]
        assert level is MessageLevel.ERROR
        assert "grant you the court" in said
        assert pane.note.editor.toPlainText() == ""


def test_a_revealed_note_is_hidden_by_itself_and_with_the_pane(theme: Theme, qtbot: QtBot) -> None:
    field = NoteField(theme, object_name="test.note", shown_ms=1)
    qtbot.addWidget(field)
    field.show()
    note = Sealed(b"\0" * 60)
    field.show_note(note)
    field.reveal("shown")
    assert field.typed() == note
    qtbot.waitUntil(lambda: field.editor.toPlainText() == "", timeout=WAIT)
    field._due.setInterval(WAIT)
    field.reveal("shown")
    field.show_note(Sealed(b"\0" * 60))  # the same row read again
    assert field.editor.toPlainText() == "shown"
    field.hide()
    assert field.editor.toPlainText() == ""
    field.show_note("plain")
    assert (field.typed(), field.reveal_button.isVisibleTo(field)) == ("plain", False)


def test_the_search_says_that_whole_words_are_found(ledger: Ledger, qtbot: QtBot) -> None:
    page = WalletsView(ledger.context)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitExposed(page)
    assert not page.filter_bar.limits.isVisible()
    page.filter_bar.set_text("note:planted")
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=WAIT)
    assert "whole words" in page.filter_bar.limits.text()
    assert page.filter_bar.limits.isVisible()
    page.filter_bar.set_text("note=planted")
    qtbot.waitUntil(lambda: not page.filter_bar.limits.isVisible(), timeout=WAIT)
    QApplication.processEvents()
    page.close_model()
