"""What an empty page says: what it is for, one button to begin, and where else the data may come from."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.buttons import IconLabel, primary_button
from aether_desktop.ui.widgets.labels import text_label


class EmptyState(QWidget):
    """Stands where the grid would. ``button=""`` leaves the button out (nothing found: there is nothing to begin)."""

    started = Signal()

    def __init__(
        self,
        theme: Theme,
        *,
        icon: str,
        sentence: str,
        button: str = "",
        more: str = "",
        object_name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        words = QWidget()
        words.setMaximumWidth(Size.PALETTE_WIDTH)
        column = QVBoxLayout(words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.L)
        column.addStretch(2)
        middle = Qt.AlignmentFlag.AlignHCenter
        column.addWidget(IconLabel(theme, icon, size=Size.HERO_ICON), 0, middle)
        first = text_label(theme, sentence, size=FontSize.HEADING, wrap=True)
        second = text_label(theme, more, kind="dim", wrap=True)
        for label in (first, second):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(first)
        if button:
            begin = primary_button(theme, button, object_name=f"{object_name}_begin" if object_name else "")
            begin.clicked.connect(self.started)
            column.addWidget(begin, 0, middle)
            self.setFocusProxy(begin)
        self._column = column
        column.addWidget(second)
        second.setVisible(bool(more))
        column.addStretch(3)
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.L, 0, Space.L, 0)
        row.addStretch(1)
        row.addWidget(words, 100)
        row.addStretch(1)

    def add_below(self, widget: QWidget, *, wide: bool = False) -> None:
        """Put another way to begin under the words; ``wide`` gives it their whole width, for text that wraps."""
        at = Qt.AlignmentFlag(0) if wide else Qt.AlignmentFlag.AlignHCenter
        self._column.insertWidget(self._column.count() - 1, widget, 0, at)
