"""Columns of the small pages: chosen, ordered, sized, frozen, sorted by, and found again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QMenu
from pytestqt.qtbot import QtBot

from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.value_table_model import ValueTableModel
from aether_desktop.ui.object_names import columns_name
from aether_desktop.ui.views.imports import ImportsView
from aether_desktop.ui.views.modules import ModulesView
from aether_desktop.ui.views.tokens import TokensView
from aether_desktop.ui.views.value_page import ValuePage
from aether_desktop.ui.widgets.value_grid import ValueGrid
from tests.ui.ledgers import WAIT, Ledger
from tests.ui.value_pages import shown

Make = Callable[[UiContext], ValuePage]


def position(grid: ValueGrid, key: str) -> int:
    return [column.key for column in grid.value_model.columns].index(key)


def seen(grid: ValueGrid) -> list[str]:
    """Keys of the columns in the order seen."""
    header = grid.horizontalHeader()
    sections = [header.logicalIndex(visual) for visual in range(header.count())]
    return [grid.value_model.columns[at].key for at in sections if not header.isSectionHidden(at)]


def click_header(grid: ValueGrid, key: str) -> None:
    header = grid.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(position(grid, key)) + 20, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def values(model: ValueTableModel[Any], key: str) -> list[str]:
    column = [each.key for each in model.columns].index(key)
    return [model.index(row, column).data() for row in range(model.rowCount())]


@pytest.mark.parametrize(
    ("make", "keys"),
    [
        (TokensView, ("decimals", "chain", "symbol")),
        (ModulesView, ("state", "version", "state")),
        (ImportsView, ("wallet", "wallet", "file")),
    ],
)
def test_order_widths_and_sort_are_found_again(
    ledger: Ledger, qtbot: QtBot, make: Make, keys: tuple[str, str, str]
) -> None:
    moved, sized, sorted_by = keys
    ledger.imported(2)
    ledger.imported(2, first=20)
    page = shown(qtbot, make(ledger.context))
    grid, header = page.grid, page.grid.horizontalHeader()
    header.moveSection(header.visualIndex(position(grid, moved)), 0)
    grid.setColumnWidth(position(grid, sized), 187)
    click_header(grid, sorted_by)
    click_header(grid, sorted_by)
    assert grid.sorted_by == (sorted_by, True)
    order, rows = seen(grid), values(page.model, sorted_by)
    page.refresh()
    qtbot.waitUntil(lambda: not page.loading, timeout=WAIT)
    assert (seen(grid), values(page.model, sorted_by)) == (order, rows), "a refresh keeps them too"
    name = page.objectName().removesuffix("_page")
    qtbot.waitUntil(lambda: ledger.context.settings.get(f"grid.{name}") is not None, timeout=WAIT)

    again = shown(qtbot, make(ledger.context))
    assert seen(again.grid) == order
    assert order[0] == moved
    assert again.grid.columnWidth(position(again.grid, sized)) == 187
    assert values(again.model, sorted_by) == rows
    shown_at = again.grid.horizontalHeader()
    assert shown_at.sortIndicatorSection() == position(again.grid, sorted_by)
    assert shown_at.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder


def test_the_button_chooses_and_resets(ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(1)
    page = shown(qtbot, TokensView(ledger.context))
    first = seen(page.grid)
    given = values(page.model, "symbol")
    click_header(page.grid, "decimals")
    page.grid.setCurrentIndex(page.model.index(0, position(page.grid, "symbol")))

    def entries() -> dict[str, Any]:
        button = page.findChild(QAbstractButton, columns_name("tokens"))
        assert button is not None
        button.click()
        menu = page.findChild(QMenu)
        assert menu is not None
        menu.close()
        return {action.text(): action for action in menu.actions() if action.text()}

    entries()["Chain"].trigger()
    assert "chain" not in seen(page.grid)
    entries()["Freeze up to Symbol"].trigger()
    assert list(page.grid.frozen.sections) == [position(page.grid, "symbol")]
    entries()["Reset columns"].trigger()
    assert seen(page.grid) == first
    assert list(page.grid.frozen.sections) == []
    assert page.grid.sorted_by is None
    assert values(page.model, "symbol") == given
    assert ledger.context.settings.get("grid.tokens") is None


def test_copies_have_the_columns_as_they_are_seen(ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(1)
    page = shown(qtbot, TokensView(ledger.context))
    header = page.grid.horizontalHeader()
    header.moveSection(header.visualIndex(position(page.grid, "decimals")), 0)
    page.grid.selectRow(0)
    page.grid.copy_selection()
    assert QGuiApplication.clipboard().text().startswith("Decimals\tSymbol\t")


@pytest.mark.parametrize(
    "stored", ["x", {"sort": ["symbol"]}, {"sort": ["gone", True]}, {"sort": [3, 4], "order": [1]}]
)
def test_settings_of_another_time_do_no_harm(ledger: Ledger, qtbot: QtBot, stored: object) -> None:
    ledger.context.settings.set("grid.tokens", stored)
    page = shown(qtbot, TokensView(ledger.context))
    assert page.grid.sorted_by is None
    assert seen(page.grid) == [column.key for column in page.model.columns]


def test_a_window_that_closes_at_once_keeps_them(ledger: Ledger, qtbot: QtBot) -> None:
    page = shown(qtbot, TokensView(ledger.context))
    page.grid.setColumnWidth(position(page.grid, "chain"), 171)
    page.save_columns()
    kept = ledger.context.settings.get("grid.tokens")
    assert isinstance(kept, dict)
    assert kept["widths"]["chain"] == 171
