"""The builder: choices that fit the field, conditions in words, each removable."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.tables import TABLES, ColumnKind
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.views.filter_builder import FilterBuilder
from aether_desktop.ui.widgets.labels import ElidedLabel

_VALUES = {
    ColumnKind.AMOUNT: "0.5",
    ColumnKind.TIME: "2024-01",
    ColumnKind.DATE: "2024-01-31",
    ColumnKind.INTEGER: "7",
    ColumnKind.NUMBER: "1.5",
    ColumnKind.ADDRESS: "0x003dc32fe920a4aaeed12dc87e145f030aa753f3",
    ColumnKind.HASH: "0xab",
}


@pytest.fixture
def builder(qtbot: QtBot, theme: Theme) -> FilterBuilder:
    return shown(qtbot, theme, TableName.TRANSACTIONS)


def shown(qtbot: QtBot, theme: Theme, table: TableName) -> FilterBuilder:
    made = FilterBuilder(table, theme)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def in_words(builder: FilterBuilder) -> list[str]:
    return [label.text() for label in builder.findChildren(ElidedLabel) if label.isVisible()]


@pytest.mark.parametrize("table", list(TableName))
def test_every_choice_of_every_field_makes_a_query(qtbot: QtBot, theme: Theme, table: TableName) -> None:
    builder = shown(qtbot, theme, table)
    texts: list[str] = []
    builder.text_changed.connect(texts.append)
    tried = 0
    for index in range(builder.field.count()):
        builder.field.setCurrentIndex(index)
        kind = TABLES[table].column(builder.field.currentData()).kind
        for comparison in range(builder.comparison.count()):
            builder.set_query(parse_table_query("", table))
            builder.comparison.setCurrentIndex(comparison)
            builder.value.setText(_VALUES.get(kind, "two words"))
            builder.add_button.click()
            tried += 1
            term = parse_table_query(texts[-1], table).terms[0]
            assert term.field == builder.field.currentData()
            assert term.comparison == builder.comparison.currentData()
    assert len(texts) == tried


def test_typed_conditions_stand_in_words_and_can_be_removed(builder: FilterBuilder, qtbot: QtBot) -> None:
    texts: list[str] = []
    builder.text_changed.connect(texts.append)
    builder.set_query(parse_table_query('amount>1 -rent label:"a b" sort:-amount', TableName.TRANSACTIONS))
    qtbot.waitUntil(lambda: in_words(builder) == ["Amount > 1", "without the words “rent”", "Label has a b"])
    removes = [button for button in builder.findChildren(QPushButton) if button.text() == "Remove"]
    assert all("condition" in button.accessibleName() for button in removes)
    removes[1].click()
    assert texts == ['amount>1 label:"a b" sort:-amount']
    qtbot.waitUntil(lambda: in_words(builder) == ["Amount > 1", "Label has a b"])


def test_an_empty_value_adds_nothing(builder: FilterBuilder) -> None:
    texts: list[str] = []
    builder.text_changed.connect(texts.append)
    builder.field.setCurrentIndex(builder.field.findData("label"))
    builder.value.setText("   ")
    builder.add_button.click()
    assert texts == []


def test_every_control_has_a_name(builder: FilterBuilder, qtbot: QtBot) -> None:
    builder.set_query(parse_table_query("amount>1", TableName.TRANSACTIONS))
    qtbot.waitUntil(lambda: bool(in_words(builder)))
    reachable = [
        widget
        for widget in builder.findChildren(QWidget)
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert len(reachable) >= 5
    assert [widget for widget in reachable if not (widget.accessibleName() or getattr(widget, "text", str)())] == []
