"""The one place where the window tells people what happened: plain text, what to do, details to copy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from aether_desktop.ui import object_names
from aether_desktop.ui.theme.theme import Theme, repolish
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import IconButton, IconLabel, link_button
from aether_desktop.ui.widgets.labels import text_label

_MOST_KEPT = 50
_DETAILS_LINES = 6


class MessageLevel(StrEnum):
    """How grave a message is; the value is its tone."""

    INFO = "info"
    WARNING = "warn"
    ERROR = "bad"


_ICONS = {MessageLevel.INFO: "info", MessageLevel.WARNING: "warning", MessageLevel.ERROR: "error"}


@dataclass(frozen=True, slots=True)
class Message:
    """One thing told. ``details`` is for copying into a report; None if there is nothing more to say."""

    level: MessageLevel
    text: str
    details: str | None = None


class MessageBar(QFrame):
    """Hidden while there is nothing to say. Warnings and errors wait until dismissed; news replaces older news.

    ``message_shown`` carries every message told, for tests and for the log. GUI thread only.
    """

    message_shown = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_names.MESSAGE_BAR)
        self.setProperty("kind", "message")
        self._waiting: list[Message] = []
        self._icon = IconLabel(theme, "info", tone="info")
        self._text = text_label(theme, wrap=True)
        self._text.setObjectName(object_names.MESSAGE_BAR_TEXT)
        self._more = text_label(theme, kind="dim", size=FontSize.SMALL)
        self._show_details = link_button(theme, "Details", object_name=object_names.MESSAGE_BAR_DETAILS)
        self._copy = IconButton(theme, "copy", "Copy message and details")
        self._dismiss = IconButton(theme, "close", "Dismiss message", object_name=object_names.MESSAGE_BAR_DISMISS)
        self._theme = theme
        self._details: QPlainTextEdit | None = None
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(Space.M, Space.XS, Space.XS, Space.XS)
        column.setSpacing(Space.XS)
        row = QHBoxLayout()
        row.setSpacing(Space.S)
        middle = Qt.AlignmentFlag.AlignVCenter
        row.addWidget(self._icon, 0, middle)
        row.addWidget(self._text, 1, middle)
        for widget in (self._more, self._show_details, self._copy, self._dismiss):
            row.addWidget(widget, 0, middle)
        column.addLayout(row)
        self._show_details.clicked.connect(self._on_details_clicked)
        self._copy.clicked.connect(self._on_copy_clicked)
        self._dismiss.clicked.connect(self.dismiss)
        self.hide()

    @property
    def current(self) -> Message | None:
        """The message on view, or None."""
        return self._waiting[-1] if self._waiting else None

    def show_message(self, level: MessageLevel, text: str, details: str | None = None) -> None:
        """Tell the person something: what happened and what to do, in plain words."""
        message = Message(level, text, details)
        self._waiting = [old for old in self._waiting if old.level is not MessageLevel.INFO and old != message]
        self._waiting.append(message)
        del self._waiting[:-_MOST_KEPT]
        self._refresh()
        self.message_shown.emit(message)

    def dismiss(self) -> None:
        """Take the message away; the one before it comes back if it still waits."""
        if self._waiting:
            self._waiting.pop()
        self._refresh()

    def clear(self) -> None:
        """Take all messages away."""
        self._waiting.clear()
        self._refresh()

    def _refresh(self) -> None:
        message = self.current
        if self._details is not None:
            self._details.hide()
        self._show_details.setText("Details")
        if message is None:
            self.hide()
            return
        self._icon.set_drawing(_ICONS[message.level], tone=message.level.value)
        self._text.setText(message.text)
        others = len(self._waiting) - 1
        self._more.setText(f"{others} more" if others else "")
        self._more.setVisible(bool(others))
        self._show_details.setVisible(message.details is not None)
        self.setAccessibleName(message.text)
        if self.property("tone") != message.level.value:
            self.setProperty("tone", message.level.value)
            repolish(self)
        self.show()

    def _on_details_clicked(self) -> None:
        if self._details is None:
            self._details = self._details_box()
        opened = self._details.isHidden()
        if opened and self.current is not None:
            self._details.setPlainText(self.current.details or "")
            lines = min(_DETAILS_LINES, self._details.document().blockCount() + 1)
            self._details.setFixedHeight(self._details.fontMetrics().lineSpacing() * lines + Space.S)
        self._details.setVisible(opened)
        self._show_details.setText("Hide details" if opened else "Details")

    def _details_box(self) -> QPlainTextEdit:
        """Made when first asked for: a text editor costs more than the rest of the window's frame."""
        box = QPlainTextEdit()
        box.setReadOnly(True)
        box.setAccessibleName("Message details")
        box.setFont(self._theme.fonts.mono())
        box.setTabChangesFocus(True)
        box.hide()
        self._column.addWidget(box)
        return box

    def _on_copy_clicked(self) -> None:
        message = self.current
        if message is not None:
            QGuiApplication.clipboard().setText("\n\n".join(filter(None, (message.text, message.details))))
