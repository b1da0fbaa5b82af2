"""The typed filter: when it asks, what it says, how completion and Escape behave."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import ArchivedRows, Comparison, TableQuery, Term
from aether_desktop.ui.object_names import filter_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.views.filter_bar import FilterBar


@pytest.fixture
def bar(qtbot: QtBot, theme: Theme) -> FilterBar:
    made = FilterBar(TableName.TRANSACTIONS, theme)
    qtbot.addWidget(made)
    made.resize(900, 200)
    made.show()
    qtbot.waitExposed(made)
    made.edit.setFocus()
    return made


@pytest.fixture
def queries(bar: FilterBar) -> list[TableQuery]:
    heard: list[TableQuery] = []
    bar.query_changed.connect(heard.append)
    return heard


def test_typing_asks_once_after_a_pause(bar: FilterBar, queries: list[TableQuery], qtbot: QtBot) -> None:
    QTest.keyClicks(bar.edit, "amount>1 status:pending")
    with qtbot.waitSignal(bar.query_changed):
        pass
    terms = (Term("amount", Comparison.GREATER, "1"), Term("status", Comparison.HAS, "pending"))
    assert queries == [TableQuery(TableName.TRANSACTIONS, terms)]
    assert bar.builder_button.text() == "Filters · 2"


def test_enter_asks_at_once_and_the_same_text_never_twice(bar: FilterBar, queries: list[TableQuery]) -> None:
    QTest.keyClicks(bar.edit, "rent")
    QTest.keyClick(bar.edit, Qt.Key.Key_Return)
    QTest.keyClick(bar.edit, Qt.Key.Key_Return)
    assert [query.terms for query in queries] == [(Term("", Comparison.HAS, "rent"),)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense:1", "nonsense"),
        ("amount>1 status:", "status"),
        ('"open', "quotation mark"),
        ("archived:perhaps", "archived"),
    ],
)
def test_what_cannot_be_read_is_said_under_the_field(
    bar: FilterBar, queries: list[TableQuery], text: str, said: str
) -> None:
    bar.set_text(text)
    assert bar._error.isVisible()
    assert said in bar._error.text()
    assert bar._error.mapTo(bar, bar._error.rect().topLeft()).y() >= bar.field.geometry().bottom()
    assert bar.edit.accessibleDescription() == bar._error.text()
    assert queries == []
    bar.set_text("amount>1")
    assert not bar._error.isVisible()
    assert bar.edit.accessibleDescription() == ""
    assert len(queries) == 1


def test_a_refusal_of_the_storage_is_asked_again(bar: FilterBar, queries: list[TableQuery]) -> None:
    bar.set_text("amount>1")
    bar.show_error("The database cannot answer this.")
    QTest.keyClick(bar.edit, Qt.Key.Key_Return)
    assert len(queries) == 2


def test_escape_empties_and_shows_all_rows(bar: FilterBar, queries: list[TableQuery]) -> None:
    bar.set_text("amount>1 nonsense:1")
    bar.set_text("amount>1")
    QTest.keyClick(bar.edit, Qt.Key.Key_Escape)
    assert bar.text == ""
    assert queries[-1].terms == ()
    assert bar.builder_button.text() == "Filters"


def test_a_completion_replaces_only_the_term_at_the_cursor(
    bar: FilterBar, queries: list[TableQuery], qtbot: QtBot
) -> None:
    QTest.keyClicks(bar.edit, "amount>1 stat")
    popup = bar._completer.popup()
    assert popup is not None
    qtbot.waitUntil(popup.isVisible)
    assert bar._completions.stringList() == ["status:"]
    bar._completer.activated.emit("status:")
    assert bar.text == "amount>1 status:"
    popup.hide()
    QTest.keyClicks(bar.edit, "pe")
    assert "status:pending" in bar._completions.stringList()
    popup.hide()
    bar._completer.activated.emit("status:pending")
    assert bar.text == "amount>1 status:pending"
    QTest.keyClick(bar.edit, Qt.Key.Key_Return)
    assert len(queries[-1].terms) == 2


def test_choosing_a_completion_with_the_keyboard(bar: FilterBar, qtbot: QtBot) -> None:
    QTest.keyClicks(bar.edit, "stat")
    popup = bar._completer.popup()
    assert popup is not None
    qtbot.waitUntil(popup.isVisible)
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert bar.text == "status:"
    assert not popup.isVisible()


def test_the_clear_button_empties_and_asks(bar: FilterBar, queries: list[TableQuery], qtbot: QtBot) -> None:
    bar.set_text("amount>1")
    with qtbot.waitSignal(bar.query_changed):
        bar.field._clear.click()
    assert queries[-1].terms == ()


class TestWithTheBuilder:
    def test_it_writes_the_same_text(self, bar: FilterBar, queries: list[TableQuery]) -> None:
        bar.builder_button.click()
        builder = bar.builder
        assert builder.isVisible()
        assert builder.geometry().top() >= bar.field.geometry().bottom()
        builder.field.setCurrentIndex(builder.field.findData("amount"))
        builder.comparison.setCurrentIndex(builder.comparison.findText("more than"))
        builder.value.setText("1.5")
        builder.add_button.click()
        builder.field.setCurrentIndex(builder.field.findData("status"))
        builder.choice.setCurrentIndex(builder.choice.findData("pending"))
        builder.add_button.click()
        assert bar.text == "amount>1.5 status:pending"
        assert queries[-1].terms == (
            Term("amount", Comparison.GREATER, "1.5"),
            Term("status", Comparison.HAS, "pending"),
        )

    def test_order_and_archived_rows_stay(self, bar: FilterBar, queries: list[TableQuery]) -> None:
        bar.set_text("archived:only sort:-amount")
        bar.builder_button.click()
        bar.builder.field.setCurrentIndex(bar.builder.field.findData("label"))
        bar.builder.value.setText("the rent")
        bar.builder.add_button.click()
        assert queries[-1].archived is ArchivedRows.ONLY
        assert queries[-1].sort[0].column == "amount"
        assert queries[-1].terms == (Term("label", Comparison.HAS, "the rent"),)

    def test_what_is_typed_meanwhile_shows_in_it(self, bar: FilterBar) -> None:
        bar.builder_button.click()
        bar.set_text("amount>1 -rent")
        assert len(bar.builder._query.terms) == 2

    def test_text_that_cannot_be_read_is_not_thrown_away(self, bar: FilterBar) -> None:
        bar.set_text("amount>1 nonsense:1")
        bar.builder_button.click()
        bar.builder.field.setCurrentIndex(bar.builder.field.findData("label"))
        bar.builder.value.setText("rent")
        bar.builder.add_button.click()
        assert bar.text == "amount>1 nonsense:1"
        assert "nonsense" in bar._error.text()

    def test_escape_in_it_closes_it(self, bar: FilterBar, qtbot: QtBot) -> None:
        bar.builder_button.click()
        QTest.keyClick(bar.builder.value, Qt.Key.Key_Escape)
        assert not bar.builder.isVisible()
        assert not bar.builder_button.isChecked()


@pytest.mark.parametrize("table", list(TableName))
def test_every_table_has_a_named_field_and_a_readable_example(qtbot: QtBot, theme: Theme, table: TableName) -> None:
    bar = FilterBar(table, theme)
    qtbot.addWidget(bar)
    edit = bar.findChild(QLineEdit, filter_name(table))
    assert edit is bar.edit
    assert edit.accessibleName()
    example = edit.placeholderText().removesuffix(" or any words")
    bar.set_text(example.replace("0x…", "0x00"))
    assert not bar._error.text()
