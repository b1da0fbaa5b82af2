"""A sheet at the right of a page: a title, what the page puts in it, and a way back; it scrolls."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import IconButton
from aether_desktop.ui.widgets.labels import text_label


class SideSheet(QFrame):
    """``body`` is the layout to fill. Escape and the cross emit ``closed``. GUI thread only."""

    closed = Signal()

    def __init__(self, theme: Theme, title: str, *, object_name: str) -> None:
        super().__init__()
        self.theme = theme
        self.setObjectName(object_name)
        self.setAccessibleName(title)
        self.setProperty("kind", "card")
        self.close_button = IconButton(theme, "close", f"Close: {title}", object_name=f"{object_name}_close")
        self.close_button.clicked.connect(self.closed)
        head = QHBoxLayout()
        head.addWidget(text_label(theme, title, size=FontSize.HEADING, bold=True, wrap=True), 1)
        head.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        ground = QWidget()
        column = QVBoxLayout(ground)
        column.setContentsMargins(0, 0, Space.S, 0)
        self.body = QVBoxLayout()
        self.body.setSpacing(Space.M)
        column.addLayout(self.body)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName(title)
        scroll.setWidget(ground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(Space.L, Space.M, Space.S, Space.M)
        outer.setSpacing(Space.M)
        outer.addLayout(head)
        outer.addWidget(scroll, 1)
        self.setFocusProxy(self.close_button)

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)
