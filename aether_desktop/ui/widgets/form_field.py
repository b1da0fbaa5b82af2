"""One field of a form: label, editor, hint; what is wrong is said under the field itself."""

from __future__ import annotations

from typing import Generic, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from aether_desktop.ui.theme.theme import Theme, repolish
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.buttons import IconLabel, without_mnemonics
from aether_desktop.ui.widgets.labels import breakable, set_kind, text_label

EditorT = TypeVar("EditorT", bound=QWidget)


class FormField(QWidget, Generic[EditorT]):
    """``editor`` is any input widget; it gets the label as its accessible name and the message as its description."""

    def __init__(
        self,
        theme: Theme,
        label: str,
        editor: EditorT,
        *,
        hint: str = "",
        object_name: str = "",
        trailing: QWidget | None = None,
    ) -> None:
        super().__init__()
        self.editor = editor
        self._hint = hint
        self._error = ""
        if object_name:
            editor.setObjectName(object_name)
        editor.setAccessibleName(label)
        editor.setFont(theme.fonts.interface())
        if isinstance(editor, QSpinBox | QDoubleSpinBox):  # the style sheet's padding does not reach their inner field
            for inner in editor.findChildren(QLineEdit):
                inner.setTextMargins(Space.XS + 2, 0, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.XS)
        caption = text_label(theme, without_mnemonics(label), kind="dim")
        caption.setBuddy(editor)
        column.addWidget(caption)
        row = QHBoxLayout()
        row.setSpacing(Space.S)
        row.addWidget(editor, 1)
        if trailing is not None:
            row.addWidget(trailing)
        column.addLayout(row)
        below = QHBoxLayout()
        below.setSpacing(Space.XS)
        self._mark = IconLabel(theme, "error", size=Size.ICON - 2, tone="bad")
        self._message = text_label(theme, hint, size=FontSize.SMALL, kind="dim", wrap=True)
        below.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        below.addWidget(self._message, 1)
        column.addLayout(below)
        self._say()

    @property
    def error(self) -> str:
        """What is wrong now, or an empty string."""
        return self._error

    def set_error(self, text: str) -> None:
        """Say what is wrong with the field; an empty text clears it and shows the hint again."""
        if text == self._error:
            return
        self._error = text
        self._say()
        self.editor.setProperty("invalid", bool(text))
        repolish(self.editor)

    def set_hint(self, text: str) -> None:
        """Say something else below while nothing is wrong."""
        if text != self._hint:
            self._hint = text
            self._say()

    def _say(self) -> None:
        text = self._error or self._hint
        self._message.setText(breakable(text))
        set_kind(self._message, "error" if self._error else "dim")
        self._message.setVisible(bool(text))
        self._mark.setVisible(bool(self._error))
        self.editor.setAccessibleDescription(text)
