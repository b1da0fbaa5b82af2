"""A section card: one panel with an optional heading. Cards do not stand in cards."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.labels import text_label


class Card(QFrame):
    """``body`` is the layout to fill; ``add_corner`` puts a widget at the right of the heading."""

    def __init__(self, theme: Theme, heading: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(Space.L, Space.M, Space.L, Space.L)
        outer.setSpacing(Space.S)
        self._top = QHBoxLayout()
        if heading:
            self._top.addWidget(text_label(theme, heading, bold=True), 1)
            outer.addLayout(self._top)
        self.body = QVBoxLayout()
        self.body.setSpacing(Space.S)
        outer.addLayout(self.body, 1)

    def add_corner(self, widget: QWidget) -> None:
        """Put a widget at the right end of the heading; only for a card made with one."""
        self._top.addWidget(widget)
