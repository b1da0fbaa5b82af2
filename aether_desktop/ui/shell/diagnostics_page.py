"""Diagnostics as they would be kept, read before they are; stands alone in the window."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from aether_desktop.ui import object_names as names
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import button_row, link_button, plain_button, primary_button
from aether_desktop.ui.widgets.labels import breakable, set_kind, text_label

_WHAT = (
    "This is all that would be kept: read it. Passwords, keys, addresses, amounts and your own words are not in it. It"
    " is sent nowhere; give the file to whom you like."
)


class DiagnosticsPage(QWidget):
    """``save_asked`` for the text on view, ``left`` when the person goes back. GUI thread only."""

    save_asked = Signal()
    left = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName(names.DIAGNOSTICS)
        self.text = QPlainTextEdit()
        self.text.setObjectName(names.DIAGNOSTICS_TEXT)
        self.text.setAccessibleName("Diagnostics")
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(theme.fonts.mono(FontSize.BODY))
        self.text.setPlainText("Looking…")
        self.save = primary_button(theme, "Save as…", object_name=names.DIAGNOSTICS_SAVE)
        self.copy = plain_button(theme, "Copy", object_name=names.DIAGNOSTICS_COPY)
        self.back = link_button(theme, "Back", object_name=names.DIAGNOSTICS_BACK)
        self._said = text_label(theme, wrap=True)
        self._said.hide()
        for button in (self.save, self.copy):
            button.setEnabled(False)
        self.save.clicked.connect(self.save_asked)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.shown))
        self.back.clicked.connect(self.left)
        column = QVBoxLayout(self)
        column.setSpacing(Space.M)
        column.addWidget(text_label(theme, "Diagnostics", size=FontSize.TITLE, bold=True))
        column.addWidget(text_label(theme, _WHAT, kind="dim", wrap=True))
        column.addWidget(self.text, 1)
        column.addWidget(self._said)
        column.addLayout(button_row(self.save, self.copy, self.back))
        self.setFocusProxy(self.text)

    @property
    def shown(self) -> str:
        """The text on view, which is the one that is kept."""
        return self.text.toPlainText()

    def show_text(self, text: str) -> None:
        """It is complete: it may be kept now."""
        self.text.setPlainText(text)
        for button in (self.save, self.copy):
            button.setEnabled(True)

    def say(self, text: str, *, wrong: bool = False) -> None:
        """What came of keeping it."""
        set_kind(self._said, "error" if wrong else "ok")
        self._said.setText(breakable(text))
        self._said.show()

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)
