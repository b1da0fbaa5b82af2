"""The frame of the filter field: magnifier, query in the monospaced face, a button that empties it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from aether_desktop.ui.theme.theme import Theme, repolish
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.buttons import IconButton, IconLabel


class SearchField(QFrame):
    """``edit`` is the line edit itself (it carries the stable object name)."""

    edited = Signal(str)
    submitted = Signal(str)

    def __init__(
        self,
        theme: Theme,
        *,
        name: str,
        placeholder: str = "",
        object_name: str = "",
        mono: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "search")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.edit = QLineEdit()
        self.edit.setObjectName(object_name)
        self.edit.setAccessibleName(name)
        self.edit.setPlaceholderText(placeholder)
        self.edit.setFont(theme.fonts.mono(FontSize.BODY) if mono else theme.fonts.interface())
        self.edit.installEventFilter(self)
        self._clear = IconButton(theme, "close", f"Clear: {name}", size=Size.ICON - 2)
        self._clear.hide()
        self.setMinimumHeight(max(Size.CONTROL, self.edit.fontMetrics().height() + Space.M))
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.M, 0, Space.XS, 0)
        row.setSpacing(Space.S)
        row.addWidget(IconLabel(theme, "search"))
        row.addWidget(self.edit, 1)
        row.addWidget(self._clear)
        self.setFocusProxy(self.edit)
        self.edit.textChanged.connect(self._on_text_changed)
        self.edit.returnPressed.connect(self._on_return_pressed)
        self._clear.clicked.connect(self._on_clear_clicked)

    def text(self) -> str:
        """Return what is typed."""
        return self.edit.text()

    def set_text(self, text: str) -> None:
        """Replace what is typed; emits ``edited``."""
        self.edit.setText(text)

    def set_invalid(self, reason: str) -> None:
        """Mark the query as not understood (empty: understood); the message itself goes under the bar."""
        self.edit.setAccessibleDescription(reason)
        self._mark("invalid", on=bool(reason))

    def _mark(self, name: str, *, on: bool) -> None:
        if bool(self.property(name)) != on:
            self.setProperty(name, on)
            repolish(self)

    def _on_text_changed(self, text: str) -> None:
        self._clear.setVisible(bool(text))
        self.edited.emit(text)

    def _on_return_pressed(self) -> None:
        self.submitted.emit(self.edit.text())

    def _on_clear_clicked(self) -> None:
        self.edit.clear()
        self.edit.setFocus()
        self.submitted.emit("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: the frame shows the focus of the field in it."""
        if watched is self.edit and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._mark("focused", on=event.type() == QEvent.Type.FocusIn)
        return super().eventFilter(watched, event)
