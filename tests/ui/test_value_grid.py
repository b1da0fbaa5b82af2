"""The small model and its grid: sorting, a cursor that follows its row, copying."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from aether_desktop.ui.models.cells import NumberCell, TextCell
from aether_desktop.ui.models.roles import HeaderRole, Role
from aether_desktop.ui.models.value_table_model import MAX_ROWS, ValueColumn, ValueTableModel
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.value_grid import ValueGrid


class Fruit(NamedTuple):
    name: str
    number: int


_FRUIT = (Fruit("pear", 2), Fruit("=apple", 30), Fruit("fig\tand fig", 4))


@pytest.fixture
def model(qtbot: QtBot) -> ValueTableModel[Fruit]:
    columns: list[ValueColumn[Fruit]] = [
        ValueColumn("name", "Name", lambda fruit: TextCell(fruit.name[:4]), whole=lambda fruit: fruit.name),
        ValueColumn(
            "count", "Count", lambda fruit: NumberCell(str(fruit.number)), order=lambda fruit: fruit.number, right=True
        ),
    ]
    model: ValueTableModel[Fruit] = ValueTableModel(columns, key_of=lambda fruit: fruit.name)
    model.set_rows(_FRUIT)
    return model


@pytest.fixture
def grid(model: ValueTableModel[Fruit], theme: Theme, qtbot: QtBot) -> ValueGrid:
    grid = ValueGrid(model, theme, name="Fruit", object_name="fruit_grid", stretch="name")
    qtbot.addWidget(grid)
    grid.resize(500, 300)
    grid.show()
    qtbot.waitExposed(grid)
    return grid


def _names(model: ValueTableModel[Fruit]) -> list[str]:
    return [fruit.name for fruit in model.rows]


def _click(grid: ValueGrid, column: int) -> None:
    header = grid.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(column) + 20, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def test_the_model_obeys_qt(model: ValueTableModel[Fruit], qtmodeltester: Any) -> None:
    qtmodeltester.check(model)
    model.sort(1, Qt.SortOrder.DescendingOrder)
    qtmodeltester.check(model)
    model.sort(-1)
    assert model.rows == _FRUIT
    qtmodeltester.check(model)
    model.set_rows(())
    qtmodeltester.check(model)


def test_what_a_cell_says_in_each_role(model: ValueTableModel[Fruit]) -> None:
    index = model.index(1, 0)
    assert index.data() == "=app"
    assert index.data(Qt.ItemDataRole.ToolTipRole) == index.data(Role.RAW) == "=apple"
    assert index.data(Role.CELL) == TextCell("=app")
    assert model.index(1, 1).data(Qt.ItemDataRole.ToolTipRole) == ""
    assert model.headerData(1, Qt.Orientation.Horizontal, HeaderRole.COLUMN_KEY) == "count"
    assert model.headerData(0, Qt.Orientation.Horizontal, HeaderRole.SORTABLE) is False


def test_more_rows_than_it_may_hold_are_left_out(model: ValueTableModel[Fruit]) -> None:
    model.set_rows([Fruit(str(number), number) for number in range(MAX_ROWS + 5)])
    assert model.rowCount() == MAX_ROWS


def test_a_header_sorts_both_ways_where_there_is_an_order(grid: ValueGrid, model: ValueTableModel[Fruit]) -> None:
    _click(grid, 1)
    assert _names(model) == ["pear", "fig\tand fig", "=apple"]
    _click(grid, 1)
    assert _names(model) == ["=apple", "fig\tand fig", "pear"]
    _click(grid, 0)
    assert _names(model) == ["=apple", "fig\tand fig", "pear"], "names have no order here"
    assert grid.horizontalHeader().sortIndicatorSection() == 1
    model.set_rows([*_FRUIT, Fruit("kiwi", 7)])
    assert _names(model) == ["=apple", "kiwi", "fig\tand fig", "pear"]


def test_the_cursor_follows_its_row_over_a_refresh(
    grid: ValueGrid, model: ValueTableModel[Fruit], qtbot: QtBot
) -> None:
    grid.selectRow(0)
    model.set_rows([Fruit("kiwi", 7), *_FRUIT])
    assert grid.current() == Fruit("pear", 2)
    with qtbot.waitSignal(grid.current_changed) as told:
        model.set_rows([Fruit("kiwi", 7)])
    assert told.args == [None]


def test_copies_are_exact_and_run_no_formula(grid: ValueGrid) -> None:
    grid.selectAll()
    QTest.keyClick(grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Name\tCount\npear\t2\n'=apple\t30\nfig and fig\t4\n"


def test_return_and_a_double_click_open(grid: ValueGrid, qtbot: QtBot) -> None:
    grid.selectRow(1)
    with qtbot.waitSignal(grid.opened) as told:
        QTest.keyClick(grid, Qt.Key.Key_Return)
    assert told.args == [Fruit("=apple", 30)]
    assert grid.select_key("pear")
    assert not grid.select_key("nothing")
    assert grid.current() == Fruit("pear", 2)


def test_it_is_as_high_as_its_rows(grid: ValueGrid, model: ValueTableModel[Fruit]) -> None:
    grid.fit_rows(2)
    two = grid.height()
    model.set_rows(_FRUIT[:1])
    assert two - grid.height() == grid.verticalHeader().defaultSectionSize()


def test_the_stretched_column_takes_what_is_left_and_keeps_its_first_width(grid: ValueGrid) -> None:
    header = grid.horizontalHeader()
    first = int(grid.value_model.headerData(0, Qt.Orientation.Horizontal, HeaderRole.FIRST_WIDTH))
    assert header.length() == grid.viewport().width()
    grid.resize(header.sectionSize(1) + first - 40, 300)
    assert header.sectionSize(0) == first  # the grid scrolls instead
    assert header.length() > grid.viewport().width()
    grid.resize(500, 300)
    assert header.length() == grid.viewport().width()
