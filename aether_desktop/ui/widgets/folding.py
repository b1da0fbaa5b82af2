"""Buttons and rows for places that may be narrower than their words: a side pane at its least, large type."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter, QWidget

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.buttons import without_mnemonics

_LEAST = 3  # characters that stay where room is short


class ShrinkingButton(QPushButton):
    """An ordinary button that ends in "…" where room is short; its tooltip is the whole text then. GUI thread only."""

    def __init__(self, theme: Theme, text: str, *, object_name: str = "") -> None:
        super().__init__()
        self._whole = self._told = ""
        self.setObjectName(object_name)
        self.setFont(theme.fonts.interface())
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setText(text)

    @property
    def cut(self) -> bool:
        """Whether not all of its text is seen."""
        return self.width() < self.sizeHint().width()

    # Qt overrides

    def setText(self, text: str) -> None:
        """Plain text: "&" marks no shortcut. Also its accessible name, until another is set."""
        self._whole = text
        super().setText(without_mnemonics(text))
        self.setAccessibleName(text)
        self.setToolTip(self._told)

    def setToolTip(self, text: str) -> None:
        """An empty one: its text, where that is cut."""
        self._told = text
        super().setToolTip(text or (self._whole if self.cut else ""))

    def minimumSizeHint(self) -> QSize:
        whole, metrics = self.sizeHint(), self.fontMetrics()
        words = metrics.horizontalAdvance(self._whole)
        least = metrics.averageCharWidth() * _LEAST + metrics.horizontalAdvance("\u2026")
        return QSize(whole.width() - words + min(words, least), whole.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setToolTip(self._told)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.cut:
            super().paintEvent(event)
            return
        metrics = self.fontMetrics()
        room = metrics.horizontalAdvance(self._whole) - (self.sizeHint().width() - self.width())
        option = QStyleOptionButton()
        self.initStyleOption(option)
        fitting = metrics.elidedText(self._whole, Qt.TextElideMode.ElideRight, room)
        option.text = without_mnemonics(fitting)
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.end()


class FoldingRow(QWidget):
    """Side by side from the left where there is room for all of them, below each other where there is not.

    GUI thread only. Places them itself: a layout inside would be asked for its height without regard to this.
    """

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self._widgets = widgets
        for widget in widgets:
            widget.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def folded(self) -> bool:
        """Whether they stand below each other."""
        return self.width() < self.sizeHint().width()

    def _shown(self) -> list[QWidget]:
        """Of what was never shown yet only what somebody hid is left out."""
        explicit = Qt.WidgetAttribute.WA_WState_ExplicitShowHide
        return [widget for widget in self._widgets if not (widget.isHidden() and widget.testAttribute(explicit))]

    def _place(self) -> None:
        x = y = 0
        for widget in self._shown():
            width = min(widget.sizeHint().width(), self.width())
            height = _height(widget, width)
            if self.folded:
                widget.setGeometry(0, y, width, height)
                y += height + Space.S
            else:
                widget.setGeometry(x, self.height() - height, width, height)
                x += width + Space.S

    # Qt overrides

    def event(self, event: QEvent) -> bool:
        """One of them was shown or hidden, or says something else."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self._place()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        shown = self._shown()
        heights = [_height(widget, min(widget.sizeHint().width(), width)) for widget in shown]
        if width < self.sizeHint().width():
            return sum(heights) + Space.S * max(0, len(heights) - 1)
        return max(heights, default=0)

    def sizeHint(self) -> QSize:
        hints = [widget.sizeHint() for widget in self._shown()]
        width = sum(hint.width() for hint in hints) + Space.S * max(0, len(hints) - 1)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSizeHint(self) -> QSize:
        least = QSize(0, 0)
        for widget in self._shown():
            least = least.expandedTo(widget.minimumSizeHint())
        return least


def _height(widget: QWidget, width: int) -> int:
    return widget.heightForWidth(width) if widget.hasHeightForWidth() else widget.sizeHint().height()
