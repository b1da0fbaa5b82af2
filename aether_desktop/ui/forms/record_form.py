"""The add and edit form of any table: one column of fields, errors said under the field they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from aether_desktop.domain.payments import PaymentMethod
from aether_desktop.domain.records import Record, TableName
from aether_desktop.domain.sealed_fields import MASK, Sealed
from aether_desktop.domain.text import has_hidden_characters
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.tables import TABLES
from aether_desktop.ui.forms.fields import FORMS, REMOVE, Editor, FieldError, FieldSpec, text_of, value_of
from aether_desktop.ui.models.cells import one_line
from aether_desktop.ui.object_names import field_name, form_name, form_part_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import button_row, plain_button, primary_button
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.scrolling import scrolling

_LINES_HEIGHT = 72


class RecordForm(QWidget):
    """Emits ``submitted(values)`` with typed values once every field can be read; ``cancelled`` on Escape.

    ``wallets`` and ``methods`` are what wallet and method fields choose from. GUI thread only.
    """

    submitted = Signal(object)
    cancelled = Signal()

    def __init__(
        self,
        table: TableName,
        theme: Theme,
        *,
        wallets: Sequence[Wallet] = (),
        methods: Sequence[PaymentMethod] = (),
        record: Record | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName(form_name(table))
        self._table = table
        self._theme = theme
        self._wallets = {str(wallet.id): wallet for wallet in wallets}
        self._methods = {str(method.id): method for method in methods}
        self.record = record
        self._specs = FORMS[table]
        self._fields = {spec.key: self._make_field(spec) for spec in self._specs}
        word = TABLES[table].singular
        title = f"Edit {word}" if record is not None else f"Add {word}"
        self.setAccessibleName(title)
        self._error = text_label(theme, kind="error", wrap=True)
        self._error.setObjectName(form_part_name(table, "error"))
        self._error.hide()
        self.save_button = primary_button(
            theme, "Save changes" if record is not None else title, object_name=form_part_name(table, "save")
        )
        self.cancel_button = plain_button(theme, "Cancel", object_name=form_part_name(table, "cancel"))
        self._build_layout(title)
        self.save_button.clicked.connect(self.submit)
        self.cancel_button.clicked.connect(self.cancelled)
        self._filled: dict[str, str] = {}
        for key, field in self._fields.items():
            if isinstance(field.editor, QLineEdit):
                field.editor.textChanged.connect(partial(self._on_line_changed, key))
        if record is not None:
            self.fill({spec.key: text_of(getattr(record, spec.key)) for spec in self._specs})
            self._mask(record)
            self._filled = {spec.key: self.text(spec.key) for spec in self._specs}
        self._untouched = self._texts()
        first = self._fields[self._specs[0].key].editor
        self.setFocusProxy(first)

    def fill(self, texts: Mapping[str, str]) -> None:
        """Put texts into fields."""
        for key, text in texts.items():
            editor = self._fields[key].editor
            if isinstance(editor, QComboBox):
                if text and editor.findData(text) < 0:  # archived, or somebody else's
                    editor.addItem("One that is not listed any more", text)
                editor.setCurrentIndex(max(editor.findData(text), 0))
            elif isinstance(editor, QCheckBox):
                editor.setChecked(text == "yes")
            elif isinstance(editor, QPlainTextEdit):
                editor.setPlainText(text)
            elif isinstance(editor, QLineEdit):
                editor.setText(text)

    def _mask(self, record: Record) -> None:
        """A sealed value is not shown; untouched it stays as it is."""
        for spec in self._specs:
            if isinstance(getattr(record, spec.key), Sealed):
                editor = self._fields[spec.key].editor
                if isinstance(editor, QLineEdit | QPlainTextEdit):
                    editor.setPlaceholderText(MASK)
                self._fields[spec.key].set_hint(self._help(spec))

    def _help(self, spec: FieldSpec) -> str:
        if isinstance(getattr(self.record, spec.key, None), Sealed):
            return f"Sealed. Type to replace it; {REMOVE} takes it out."
        return spec.help

    def text(self, key: str) -> str:
        """What a field holds now, as text."""
        editor = self._fields[key].editor
        if isinstance(editor, QComboBox):
            return str(editor.currentData() or "")
        if isinstance(editor, QCheckBox):
            return "yes" if editor.isChecked() else "no"
        if isinstance(editor, QPlainTextEdit):
            return editor.toPlainText()
        return editor.text() if isinstance(editor, QLineEdit) else ""

    @property
    def changed(self) -> bool:
        """Whether anything was typed or chosen since the form was opened."""
        return self._texts() != self._untouched

    def _texts(self) -> dict[str, str]:
        return {spec.key: self.text(spec.key) for spec in self._specs}

    def submit(self) -> None:
        """Read every field; say what is wrong, or emit the values. Nothing while a write runs."""
        if not self.save_button.isEnabled():
            return
        values: dict[str, object] = {}
        wallet = self._wallets.get(self.text("wallet_id")) if "wallet_id" in self._fields else None
        first_wrong: QWidget | None = None
        for spec in self._specs:
            field = self._fields[spec.key]
            before, text = getattr(self.record, spec.key, None), self.text(spec.key)
            if text == self._filled.get(spec.key):  # not touched: stored as it was, whatever an editor can show of it
                values[spec.key] = before
                field.set_error("")
                continue
            try:
                values[spec.key] = value_of(spec, text, chain=wallet.chain if wallet else "", before=before)
            except FieldError as error:
                field.set_error(error.reason)
                first_wrong = first_wrong or field.editor
            else:
                field.set_error("")
        if first_wrong is not None:
            first_wrong.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.show_error("")
        self.set_busy(True)
        self.submitted.emit(values)

    def set_busy(self, busy: bool) -> None:
        """While the write runs nothing can be submitted twice."""
        self.save_button.setEnabled(not busy)

    def show_refusal(self, error: InvalidInputError) -> None:
        """Say a refusal under its field, or at the foot when it names none of ours."""
        self.set_busy(False)
        field = self._fields.get(error.field)
        if field is None:
            self.show_error(str(error))
            return
        field.set_error(str(error))
        field.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_error(self, text: str) -> None:
        self._error.setText(text)
        self._error.setVisible(bool(text))
        if text:
            self.set_busy(False)

    def _on_line_changed(self, key: str, text: str) -> None:
        """Characters nobody sees may make a name look like another one."""
        spec = next(spec for spec in self._specs if spec.key == key)
        hidden = has_hidden_characters(text)
        self._fields[key].set_hint(f"Holds hidden characters: {one_line(text)}" if hidden else self._help(spec))

    def _make_field(self, spec: FieldSpec) -> FormField[QWidget]:
        title = f"{spec.title} (optional)" if spec.optional else spec.title
        name = field_name(self._table, spec.key)
        return FormField(self._theme, title, self._make_editor(spec), hint=spec.help, object_name=name)

    def _make_editor(self, spec: FieldSpec) -> QWidget:
        choices: list[tuple[str, str]] = list(spec.choices)
        if spec.editor is Editor.WALLET:
            choices = [(key, wallet.name) for key, wallet in self._wallets.items()]
        elif spec.editor is Editor.METHOD:
            choices = [(key, method.name) for key, method in self._methods.items()]
        if spec.editor in {Editor.CHOICE, Editor.WALLET, Editor.METHOD}:
            box = QComboBox()
            if spec.optional:
                box.addItem("None", "")
            for key, title in choices:
                box.addItem(one_line(title), key)
            box.setCurrentIndex(max(box.findData(spec.first), 0))
            return box
        if spec.editor is Editor.CHECK:
            check = QCheckBox("Yes")
            check.setChecked(spec.first == "yes")
            return check
        if spec.editor is Editor.LINES:
            lines = QPlainTextEdit()
            lines.setTabChangesFocus(True)
            lines.setFixedHeight(_LINES_HEIGHT)
            return lines
        line = QLineEdit(spec.first)
        line.setPlaceholderText({Editor.TIME: "2024-01-31 14:00", Editor.DATE: "2027-08-31"}.get(spec.editor, ""))
        line.returnPressed.connect(self.submit)
        return line

    def _build_layout(self, title: str) -> None:
        inner = QWidget()
        fields = QVBoxLayout(inner)
        fields.setContentsMargins(0, 0, Space.S, 0)
        fields.setSpacing(Space.M)
        for field in self._fields.values():
            fields.addWidget(field)
        fields.addStretch(1)
        scroll = scrolling(inner, name=title, tabbed=True)
        buttons = button_row(self.save_button, self.cancel_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.L, Space.M, Space.L, Space.M)
        column.setSpacing(Space.M)
        column.addWidget(text_label(self._theme, title, size=FontSize.HEADING, bold=True))
        column.addWidget(scroll, 1)
        column.addWidget(self._error)
        column.addLayout(buttons)

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
            return
        super().keyPressEvent(event)
