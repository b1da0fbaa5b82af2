"""Builds the typed query from choices, for people who would rather not type it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QLineEdit,
    QStackedWidget,
    QWidget,
)

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ports.query_language import ORDERED_KINDS, format_table_query
from aether_desktop.ports.tables import TABLES, ColumnKind, ColumnSpec
from aether_desktop.ui.models.formatting import words
from aether_desktop.ui.object_names import builder_part_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.buttons import link_button, plain_button
from aether_desktop.ui.widgets.labels import ElidedLabel

_HINTS = {
    ColumnKind.AMOUNT: "0.5",
    ColumnKind.TIME: "2024-01-31, 2024-01, today",
    ColumnKind.DATE: "2024-01-31",
    ColumnKind.INTEGER: "100",
    ColumnKind.ADDRESS: "0x… or a wallet's name",
    ColumnKind.HASH: "first characters",
    ColumnKind.TAGS: "one tag",
}


class FilterBuilder(QFrame):
    """One line to add a condition, and the conditions in force, each removable. Writes the whole query text."""

    text_changed = Signal(str)
    closed = Signal()

    def __init__(self, table: TableName, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = TABLES[table]
        self._query = TableQuery(table)
        self._theme = theme
        self.setProperty("kind", "card")
        self.setObjectName(builder_part_name(table, "panel"))
        self.field = QComboBox()
        self.field.setObjectName(builder_part_name(table, "field"))
        self.field.setAccessibleName("Field to filter by")
        for column in self._spec.columns:
            if column.filterable:
                self.field.addItem(column.title, column.key)
        self.comparison = QComboBox()
        self.comparison.setObjectName(builder_part_name(table, "comparison"))
        self.comparison.setAccessibleName("Comparison")
        self.value = QLineEdit()
        self.value.setObjectName(builder_part_name(table, "value"))
        self.value.setAccessibleName("Value to compare with")
        self.choice = QComboBox()
        self.choice.setObjectName(builder_part_name(table, "choice"))
        self.choice.setAccessibleName("Value to choose")
        self._editors = QStackedWidget()
        self._editors.addWidget(self.value)
        self._editors.addWidget(self.choice)
        self.add_button = plain_button(theme, "Add condition", object_name=builder_part_name(table, "add"))
        self._in_force = QGridLayout()
        self._in_force.setVerticalSpacing(Space.XS)
        layout = QGridLayout(self)
        layout.setContentsMargins(Space.L, Space.M, Space.L, Space.M)
        layout.setHorizontalSpacing(Space.S)
        layout.addWidget(self.field, 0, 0)
        layout.addWidget(self.comparison, 0, 1)
        layout.addWidget(self._editors, 0, 2)
        layout.addWidget(self.add_button, 0, 3)
        layout.addLayout(self._in_force, 1, 0, 1, 4)
        layout.setColumnStretch(2, 1)
        self.field.currentIndexChanged.connect(lambda _index: self._on_field_changed())
        self.value.returnPressed.connect(self._on_add)
        self.add_button.clicked.connect(self._on_add)
        self.setFocusProxy(self.field)
        self._on_field_changed()

    def set_query(self, query: TableQuery) -> None:
        """Show the conditions of a query that was typed; its order and what it does with archived rows stay with it."""
        self._query = query
        while (item := self._in_force.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for row, term in enumerate(query.terms):
            text = ElidedLabel(self._theme, self._in_words(term))
            remove = link_button(self._theme, "Remove")
            remove.setAccessibleName(f"Remove the condition {self._in_words(term)}")
            remove.clicked.connect(lambda _checked=False, gone=row: self._on_remove(gone))
            self._in_force.addWidget(text, row, 0)
            self._in_force.addWidget(remove, row, 1, Qt.AlignmentFlag.AlignRight)
        self._in_force.setColumnStretch(0, 1)

    def _column(self) -> ColumnSpec:
        return self._spec.column(self.field.currentData())

    def _on_field_changed(self) -> None:
        column = self._column()
        self.comparison.clear()
        if column.kind in ORDERED_KINDS:
            options = [("is", Comparison.EQUAL), ("more than", Comparison.GREATER), ("less than", Comparison.LESS)]
            options += [("at least", Comparison.AT_LEAST), ("at most", Comparison.AT_MOST)]
            if column.kind in {ColumnKind.TIME, ColumnKind.DATE}:
                options = [("in", Comparison.HAS), ("before", Comparison.LESS), ("since", Comparison.AT_LEAST)]
        elif column.kind in {ColumnKind.CHOICE, ColumnKind.BOOLEAN}:
            options = [("is", Comparison.HAS), ("is not", Comparison.NOT_EQUAL)]
        elif column.kind in {ColumnKind.ADDRESS, ColumnKind.HASH}:
            options = [("begins with", Comparison.HAS), ("is", Comparison.EQUAL)]
        else:
            options = [("contains", Comparison.HAS), ("is", Comparison.EQUAL), ("is not", Comparison.NOT_EQUAL)]
        for text, comparison in options:
            self.comparison.addItem(text, comparison)
        choices = column.choices if column.kind is ColumnKind.CHOICE else ("yes", "no")
        chooses = column.kind in {ColumnKind.CHOICE, ColumnKind.BOOLEAN}
        self._editors.setCurrentWidget(self.choice if chooses else self.value)
        self.choice.clear()
        for choice in choices:
            self.choice.addItem(words(choice), choice)
        self.value.setPlaceholderText(_HINTS.get(column.kind, "words"))

    def _on_add(self) -> None:
        chooses = self._editors.currentWidget() is self.choice
        value = str(self.choice.currentData()) if chooses else self.value.text().strip()
        if not value:
            self.value.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        term = Term(self._column().key, Comparison(self.comparison.currentData()), value)
        self.value.clear()
        self._publish((*self._query.terms, term))

    def _on_remove(self, position: int) -> None:
        self._publish(self._query.terms[:position] + self._query.terms[position + 1 :])

    def _publish(self, terms: tuple[Term, ...]) -> None:
        query = replace(self._query, terms=terms)
        self.set_query(query)
        self.text_changed.emit(format_table_query(query))

    def _in_words(self, term: Term) -> str:
        if not term.field:
            return f"{'without' if term.negated else 'with'} the words “{term.value}”"
        title = self._spec.column(term.field).title
        sign = {Comparison.HAS: "has", Comparison.EQUAL: "is", Comparison.NOT_EQUAL: "is not"}.get(term.comparison)
        middle = sign or term.comparison.value
        return f"{'not: ' if term.negated else ''}{title} {middle} {term.value}"

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)
