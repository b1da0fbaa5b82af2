"""The page that F1 opens: every key, grouped."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.ui import object_names
from aether_desktop.ui.shell.keyboard import KEYBOARD_MAP
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import IconButton
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.scrolling import scrolling


class ShortcutsPage(QFrame):
    """Floats over the page; Escape, F1 or its button close it. GUI thread only."""

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_names.SHORTCUTS_PAGE)
        self.setAccessibleName("Keyboard shortcuts")
        self.setProperty("kind", "floating")
        self.close_button = IconButton(
            theme, "close", "Close shortcuts", shortcut="Esc", object_name=object_names.SHORTCUTS_CLOSE
        )
        self.close_button.clicked.connect(self.closed)
        top = QHBoxLayout()
        top.addWidget(text_label(theme, "Keyboard", size=FontSize.HEADING, bold=True), 1)
        top.addWidget(self.close_button)
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 0, Space.S, 0)
        grid.setHorizontalSpacing(Space.XXL)
        grid.setVerticalSpacing(Space.S)
        group, line = "", 0
        for key in KEYBOARD_MAP:
            if key.group != group:
                heading = text_label(theme, key.group, bold=True)
                heading.setContentsMargins(0, Space.M if group else 0, 0, 0)
                grid.addWidget(heading, line, 0, 1, 2)
                group, line = key.group, line + 1
            grid.addWidget(text_label(theme, key.keys, mono=True), line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(text_label(theme, key.title, kind="dim", wrap=True), line, 1)
            line += 1
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(line, 1)
        scroll = scrolling(inner, name="Keyboard shortcuts", tabbed=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.XXL, Space.L, Space.L, Space.L)
        column.setSpacing(Space.M)
        column.addLayout(top)
        column.addWidget(scroll, 1)
        self.setFocusProxy(self.close_button)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)
