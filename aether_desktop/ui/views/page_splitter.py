"""A page divided: what it is about at the left, more of one part of it at the right."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

from aether_desktop.ports.settings import Settings
from aether_desktop.ui.theme.tokens import Size, Space


class PageSplitter(QSplitter):
    """Whether the side is open is kept in the settings under ``details.<kept_as>``. GUI thread only."""

    def __init__(self, content: QWidget, side: QWidget, settings: Settings, *, kept_as: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._side, self._settings, self._key = side, settings, f"details.{kept_as}"
        self.setChildrenCollapsible(False)
        self.setHandleWidth(Space.M)
        self.addWidget(content)
        self.addWidget(side)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 0)
        self.setSizes([Size.WINDOW_WIDTH, Size.DETAILS_WIDTH + Size.ICON])
        side.setVisible(settings.get(self._key) is not False)

    def toggle_side(self) -> None:
        """Open or close the side; it keeps its width."""
        self._side.setVisible(not self._side.isVisible())
        self._settings.set(self._key, self._side.isVisible())
