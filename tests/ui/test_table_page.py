"""Whole table pages over a real vault: wiring of filter, grid, details and form; names, focus and room for text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QScrollArea, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import has_hidden_characters
from aether_desktop.ui.forms.record_form import RecordForm
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage
from tests.support.display import VirtualDisplay
from tests.support.storages import vault_template
from tests.ui.ledgers import HOSTILE, OTHER, WAIT, Ledger

Open = Callable[[TableName], TablePage]


@pytest.fixture
def opened(ledger: Ledger, qtbot: QtBot) -> Open:
    def opening(table: TableName) -> TablePage:
        page = TablePage(table, ledger.context, TablePageWords(table.value, table.value, "Nothing here yet.", "Add"))
        qtbot.addWidget(page, before_close_func=lambda _page: page.close_model())
        page.resize(1180, 700)
        with qtbot.waitSignal(page.model.count_changed, timeout=WAIT):
            page.show()
        qtbot.waitExposed(page)
        return page

    return opening


def form_of(page: TablePage, qtbot: QtBot) -> RecordForm:
    page.add()
    qtbot.waitUntil(lambda: isinstance(page.side.form, RecordForm), timeout=WAIT)
    form = page.side.form
    assert isinstance(form, RecordForm)
    return form


def unnamed(page: QWidget) -> list[str]:
    """Controls that Tab or a click reaches and a screen reader could not name."""
    return [
        f"{type(widget).__name__} {widget.objectName()}"
        for widget in page.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isVisibleTo(page)
        and not widget.accessibleName()
        and not getattr(widget, "text", str)()
    ]


def reached_by_tab(page: QWidget) -> list[QWidget]:
    """What Tab visits from the first control on, in order."""
    found: list[QWidget] = []
    widget: QWidget | None = page.nextInFocusChain()
    while widget is not None and widget is not page and len(found) < 2000:
        takes = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisibleTo(page) and widget.isEnabled()
        if takes and page.isAncestorOf(widget):
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found


@pytest.mark.parametrize("table", list(TableName))
def test_every_control_is_named_and_reached_by_tab(
    opened: Open, qtbot: QtBot, table: TableName, ledger: Ledger
) -> None:
    ledger.imported(2)
    page = opened(table)
    page.filter_bar.builder_button.click()
    if page.model.rowCount():
        qtbot.waitUntil(page.details.edit_button.isVisible, timeout=WAIT)  # the row is shown a turn later
    assert unnamed(page) == []
    order = reached_by_tab(page)
    first = [page.filter_bar.edit, page.filter_bar.builder_button]
    assert [widget for widget in first if widget not in order] == []
    assert page._export_button in order
    if page.model.rowCount():
        assert page.grid in order
        assert page.details.edit_button in order
        assert order.index(page.filter_bar.edit) < order.index(page.grid) < order.index(page.details.edit_button)
    form = form_of(page, qtbot)
    assert unnamed(page) == []
    order = reached_by_tab(page)
    assert [key for key, field in form._fields.items() if field.editor not in order] == []
    assert form.save_button in order


def test_tab_walks_out_of_the_grid(opened: Open, ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(2)
    page = opened(TableName.TRANSACTIONS)
    assert not page.grid.tabKeyNavigation()
    assert page.details.note.editor.tabChangesFocus()


def test_an_unsuitable_value_is_said_under_the_filter_and_rows_stay(opened: Open, ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(3)
    page = opened(TableName.TRANSACTIONS)
    with qtbot.waitSignal(page.model.failed, timeout=WAIT):
        page.filter_bar.set_text("amount>lots")
    assert page.filter_bar._error.isVisible()
    assert page.filter_bar._error.text()
    assert page.model.rowCount() == 3
    with qtbot.waitSignal(page.model.count_changed, timeout=WAIT):
        page.filter_bar.set_text("amount>1")
    assert page.model.rowCount() == 2
    assert not page.filter_bar._error.isVisible()


def test_a_filter_that_matches_nothing_says_so(opened: Open, ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(3)
    page = opened(TableName.TRANSACTIONS)
    with qtbot.waitSignal(page.model.count_changed, timeout=WAIT):
        page.filter_bar.set_text("amount>1000")
    assert page.content.nothing.isVisible()
    with qtbot.waitSignal(page.model.count_changed, timeout=WAIT):
        page.content.nothing.started.emit()
    assert page.grid.isVisible()
    assert page.model.rowCount() == 3


def test_many_selected_rows_are_archived_also_those_not_here(opened: Open, ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(600)
    page = opened(TableName.TRANSACTIONS)
    page.grid.selectAll()
    page.archive_selected()
    qtbot.waitUntil(lambda: any("archived" in text for _level, text in ledger.said), timeout=WAIT)
    with qtbot.waitSignal(page.model.refreshed, timeout=WAIT):
        page.refresh()
    assert page.model.rowCount() == 0
    page.context.undo()
    qtbot.waitUntil(lambda: any("Undone" in text for _level, text in ledger.said), timeout=WAIT)
    with qtbot.waitSignal(page.model.refreshed, timeout=WAIT):
        page.refresh()
    assert page.model.rowCount() == 600


def test_a_refresh_keeps_the_details_and_what_is_being_typed(opened: Open, ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(300)
    page = opened(TableName.TRANSACTIONS)
    qtbot.waitUntil(lambda: page.model.row_at(5) is not None, timeout=WAIT)
    page.grid.selectRow(5)
    row = page.model.row_at(5)
    qtbot.waitUntil(lambda: page.details.row == row and page.details._annotation is not None, timeout=WAIT)
    page.details.label.editor.setText("half a lab")
    ledger.imported(200, first=1000)
    with qtbot.waitSignal(page.model.refreshed, timeout=WAIT):
        page.refresh()
    assert page.grid.currentIndex().row() == 205
    assert row is not None
    assert page.details.row is not None
    assert page.details.row.id == row.id
    assert page.details.label.editor.text() == "half a lab"


def test_a_hostile_name_is_plain_everywhere(opened: Open, ledger: Ledger, qtbot: QtBot) -> None:
    ledger.wallet(HOSTILE, OTHER)
    page = opened(TableName.WALLETS)
    index = page.model.index(0, page.model.spec.index("name"))
    assert "<b>Rent</b>" in index.data()
    assert not has_hidden_characters(index.data())
    page.grid.selectRow(0)
    qtbot.waitUntil(lambda: page.details.row is not None, timeout=WAIT)
    shown = [label for label in page.details.findChildren(QLabel) if "Rent" in label.text()]
    assert len(shown) >= 2
    for label in shown:
        assert label.textFormat() == Qt.TextFormat.PlainText
        assert not has_hidden_characters(label.text().replace("\u200b", ""))
    at = page.grid.visualRect(index).center()
    viewport = page.grid.viewport()
    QApplication.sendEvent(viewport, QHelpEvent(QEvent.Type.ToolTip, at, viewport.mapToGlobal(at)))
    assert "<b>Rent</b>" in QToolTip.text()
    assert not has_hidden_characters(QToolTip.text())
    tips = [widget for widget in QApplication.topLevelWidgets() if widget.inherits("QTipLabel")]
    assert [tip.textFormat() for tip in tips if isinstance(tip, QLabel)] == [Qt.TextFormat.PlainText]
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_keys_open_details_and_forms(opened: Open, ledger: Ledger, qtbot: QtBot) -> None:
    ledger.wallet()
    page = opened(TableName.WALLETS)
    assert page.side.isVisible()
    QTest.keyClick(page.grid, Qt.Key.Key_Space)
    assert not page.side.isVisible()
    assert ledger.context.settings.get("details.wallets") is False
    page.edit_current()
    qtbot.waitUntil(lambda: isinstance(page.side.form, RecordForm), timeout=WAIT)
    assert page.side.isVisible()
    form = page.side.form
    assert isinstance(form, RecordForm)
    assert form.text("name") == "Treasury"
    QTest.keyClick(form._fields["name"].editor, Qt.Key.Key_Escape)
    assert page.side.form is None


def export_entries(page: TablePage) -> list[tuple[str, bool]]:
    """What the export menu says, and whether it can be chosen."""
    page.choose_export()
    menu = page.findChildren(QMenu)[-1]
    assert menu.isVisible()
    found = [(action.text(), action.isEnabled()) for action in menu.actions() if action.text()]
    menu.close()
    return found


def test_the_export_says_before_writing_what_the_file_lacks_to_be_imported_again(
    opened: Open, ledger: Ledger, qtbot: QtBot
) -> None:
    ledger.imported(2)
    page = opened(TableName.TRANSACTIONS)
    entries = export_entries(page)
    assert [enabled for _text, enabled in entries] == [True] * 4 + [False]
    said, _enabled = entries[-1]
    assert said.startswith("To be imported again, what is seen lacks: ")
    titles = said.removesuffix(".").partition("lacks: ")[2].split(", ")
    assert "Hash" in titles
    for column in page.model.spec.columns:
        if column.title in titles:
            page.grid.show_column(column.key, shown=True)
    assert len(export_entries(page)) == 4
    assert len(export_entries(opened(TableName.WALLETS))) == 4, "wallets are never imported from a file"


def test_the_export_asks_where_and_writes_what_is_seen(opened: Open, ledger: Ledger, qtbot: QtBot) -> None:
    ledger.wallet()
    page = opened(TableName.WALLETS)
    page.choose_export()
    menu = page.findChildren(QMenu)[-1]
    menu.actions()[0].trigger()
    menu.close()
    dialog = page.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    assert dialog.selectedFiles()[0].endswith("wallets.csv")
    target = ledger.folder / "asked.csv"
    dialog.fileSelected.emit(str(target))
    dialog.close()
    qtbot.waitUntil(lambda: bool(ledger.said), timeout=WAIT)
    assert ledger.said[-1][1] == f"1 rows written to {target}."
    assert "Treasury" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("size", "scale"), [((590, 350), {"QT_SCALE_FACTOR": "2"}), ((1180, 700), {})], ids=["200 percent", "plain"]
)
def test_nothing_is_clipped_with_an_open_form(
    display: VirtualDisplay, ledger_templates: Path, size: tuple[int, int], scale: dict[str, str]
) -> None:
    vault_template(ledger_templates)
    tables = ("transactions", "wallets")
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.clipped_page", str(ledger_templates), *map(str, size), *tables],
        env=os.environ | display.environment | scale,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == ""
    assert done.returncode == 0, done.stderr


def test_forms_scroll_where_the_window_is_low(opened: Open, ledger: Ledger, qtbot: QtBot) -> None:
    ledger.wallet()
    page = opened(TableName.TRANSACTIONS)
    form = form_of(page, qtbot)
    page.resize(700, 360)
    scroll = form.findChild(QScrollArea)
    assert isinstance(scroll, QScrollArea)
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().maximum() > 0)
    assert form.save_button.isVisible()
    assert form.rect().contains(form.save_button.geometry())
