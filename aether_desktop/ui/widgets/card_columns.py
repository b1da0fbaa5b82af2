"""Cards in two columns where there is room, in one where there is not; scrolls."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

from aether_desktop.ui.theme.tokens import Size, Space


class CardColumns(QScrollArea):
    """The cards of the second column follow those of the first when the area is narrow. GUI thread only."""

    def __init__(self, first: Sequence[QWidget], second: Sequence[QWidget]) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        ground = QWidget()
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, ground)
        self._row.setContentsMargins(0, 0, Space.XS, Space.S)
        self._row.setSpacing(Space.M)
        for cards in (first, second):
            column = QVBoxLayout()
            column.setSpacing(Space.M)
            for card in cards:
                column.addWidget(card)
            column.addStretch(1)
            self._row.addLayout(column, 1)
            self._last = column
        self.setWidget(ground)

    def add_card(self, card: QWidget, *, on_top: bool = False) -> None:
        """Put another card into the second column, at its foot or on top."""
        self._last.insertWidget(0 if on_top else self._last.count() - 1, card)

    def _needs(self) -> int:
        """Least width of two columns, growing with the font."""
        return 2 * max(Size.FORM_WIDTH, self.fontMetrics().averageCharWidth() * 56)

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        across = QBoxLayout.Direction.LeftToRight
        down = QBoxLayout.Direction.TopToBottom
        self._row.setDirection(across if event.size().width() >= self._needs() else down)
        super().resizeEvent(event)
