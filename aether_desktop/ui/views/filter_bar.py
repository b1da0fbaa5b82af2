"""The filter bar: a typed query with completion, and a builder that writes the same text."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.query_language import complete, completion_span, parse_table_query
from aether_desktop.ports.tables import TABLES
from aether_desktop.ui.object_names import builder_name, filter_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.views.filter_builder import FilterBuilder
from aether_desktop.ui.widgets.buttons import plain_button
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.search_field import SearchField

_TYPING_PAUSE_MS = 250


class FilterBar(QWidget):
    """Emits ``query_changed(TableQuery)`` when a readable query was typed or built; says why one is not readable.

    ``limits`` says what a filter does not find; it stands under the field while something is typed there.
    """

    query_changed = Signal(object)

    def __init__(self, table: TableName, theme: Theme, parent: QWidget | None = None, *, limits: str = "") -> None:
        super().__init__(parent)
        self._table = table
        self._spec = TABLES[table]
        self._applied: str | None = ""
        self.field = SearchField(
            theme,
            name=f"Filter {self._spec.title.lower()}",
            placeholder=self._example(),
            object_name=filter_name(table),
        )
        self.field.setFixedHeight(max(Size.CONTROL, self.field.edit.fontMetrics().height() + Space.M))
        self.edit = self.field.edit
        self.builder_button = plain_button(theme, "Filters", object_name=builder_name(table))
        self.builder_button.setAccessibleName("Build a filter")
        self.builder_button.setCheckable(True)
        self._error = text_label(theme, kind="error", wrap=True)
        self._error.hide()
        self.limits = text_label(theme, limits, kind="dim", wrap=True)
        self.limits.hide()
        self.edit.setToolTip(limits)
        self._theme = theme
        self._builder: FilterBuilder | None = None
        self._build_layout()
        self._completions = QStringListModel(self)
        self._completer = QCompleter(self._completions, self)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setWidget(self.edit)
        self._completer.activated.connect(self._on_completion_chosen)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.apply)
        self.edit.textEdited.connect(self._on_edited)
        self.edit.textChanged.connect(lambda _text: self._pause.start())
        self.edit.textChanged.connect(self._show_limits)
        self.edit.returnPressed.connect(self.apply)
        self.edit.installEventFilter(self)
        self.builder_button.toggled.connect(self._on_builder_toggled)

    @property
    def text(self) -> str:
        return self.edit.text()

    def set_text(self, text: str) -> None:
        """Write a query as if typed, and apply it at once."""
        self.edit.setText(text)
        self.apply()

    def query(self) -> TableQuery | None:
        """The typed query, None while it cannot be read."""
        try:
            return parse_table_query(self.edit.text(), self._table)
        except AetherError:
            return None

    def apply(self) -> None:
        """Read the text; publish the query, or say what is wrong with it and keep the rows as they are."""
        self._pause.stop()
        text = self.edit.text()
        try:
            query = parse_table_query(text, self._table)
        except AetherError as error:
            self.show_error(str(error))
            return
        self.show_error("")
        count = len(query.terms)
        self.builder_button.setText(f"Filters · {count}" if count else "Filters")
        if text != self._applied:
            self._applied = text
            if self._builder is not None and self._builder.isVisible():
                self._builder.set_query(query)
            self.query_changed.emit(query)

    def show_error(self, message: str) -> None:
        """Say under the field why the query cannot be answered; empty takes it away.

        The rows are then not what the text says, so that applying it asks again.
        """
        if message:
            self._applied = None
        self._error.setText(message)
        self._error.setVisible(bool(message))
        self._show_limits()
        self.field.set_invalid(message)

    def add_control(self, widget: QWidget) -> None:
        """At the right of the builder's button."""
        self._row.addWidget(widget)

    def _build_layout(self) -> None:
        row = self._row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.M)
        row.addWidget(self.field, 1)
        row.addWidget(self.builder_button)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addLayout(row)
        column.addWidget(self._error)
        column.addWidget(self.limits)

    def _show_limits(self) -> None:
        self.limits.setVisible(bool(self.limits.text() and self.edit.text()) and self._error.isHidden())

    def _example(self) -> str:
        examples = {
            TableName.TRANSACTIONS: "amount>1 status:pending date<2020-01-01 from:0x… or any words",
            TableName.WALLETS: "chain:ethereum label:cold or any words",
            TableName.TEMPLE_NODES: "tier:holy_place status:down or any words",
            TableName.PAYMENTS: "amount>100 status:completed or any words",
            TableName.USERS: "role:levite active:yes or any words",
            TableName.MONITORING: "severity:critical date>=2024-01-01 or any words",
        }
        return examples.get(self._table, "status:active label:rent or any words")

    def _on_edited(self, _text: str) -> None:
        proposals = complete(self.edit.text(), self.edit.cursorPosition(), self._spec)
        self._completions.setStringList(proposals[:12])
        span = completion_span(self.edit.text(), self.edit.cursorPosition())
        if proposals and span.end > span.start:
            self._completer.complete()
        elif (popup := self._completer.popup()) is not None:
            popup.hide()

    def _on_completion_chosen(self, chosen: str) -> None:
        text = self.edit.text()
        span = completion_span(text, self.edit.cursorPosition())
        self.edit.setText(text[: span.start] + chosen + text[span.end :])
        self.edit.setCursorPosition(span.start + len(chosen))

    @property
    def builder(self) -> FilterBuilder:
        """The builder under the field, made when it is first wanted."""
        if self._builder is None:
            self._builder = FilterBuilder(self._table, self._theme)
            self._builder.hide()
            self._builder.text_changed.connect(self._on_built)
            self._builder.closed.connect(lambda: self.builder_button.setChecked(False))
            self._column.addWidget(self._builder)
        return self._builder

    def _on_built(self, text: str) -> None:
        if self.query() is None:  # what is typed and not yet readable is not thrown away
            self.apply()
        else:
            self.set_text(text)

    def _on_builder_toggled(self, shown: bool) -> None:
        if shown:
            self.builder.set_query(self.query() or TableQuery(self._table))
        self.builder.setVisible(shown)
        if shown:
            self.builder.setFocus(Qt.FocusReason.OtherFocusReason)

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = watched is self.edit and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress
        if pressed and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self.edit.text():
            self.set_text("")
            return True
        return super().eventFilter(watched, event)
