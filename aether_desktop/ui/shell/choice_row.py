"""One of several choices: a line that opens its form below itself."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Radius, Size, Space

_INDENT = Space.M + Size.ICON_LARGE + Space.M


class ChoiceRow(QWidget):
    """``body`` is the layout of the form; ``opened`` tells the page to close the other choices. GUI thread only."""

    opened = Signal()

    def __init__(self, theme: Theme, *, icon: str, title: str, line: str, object_name: str) -> None:
        super().__init__()
        self.head = _Head(theme, icon=icon, title=title, line=line)
        self.head.setObjectName(object_name)
        self.head.clicked.connect(self._on_clicked)
        self._form = QWidget()
        self._form.hide()
        self.body = QVBoxLayout(self._form)
        self.body.setContentsMargins(_INDENT, Space.XS, Space.M, Space.L)
        self.body.setSpacing(Space.M)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self._form)

    def set_open(self, *, opened: bool) -> None:
        """Show or hide the form; opening tells the others."""
        self.head.setChecked(opened)
        self._form.setVisible(opened)
        if opened:
            self.opened.emit()

    def _on_clicked(self) -> None:
        self.set_open(opened=True)


class _Head(QAbstractButton):
    def __init__(self, theme: Theme, *, icon: str, title: str, line: str) -> None:
        super().__init__()
        self._theme = theme
        self._icon = icon
        self._line = line
        self.setText(title)
        self.setAccessibleName(title)
        self.setAccessibleDescription(line)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme.changed.connect(self._on_theme_changed)

    def _on_theme_changed(self) -> None:
        self.update()

    def sizeHint(self) -> QSize:
        """Qt override."""
        metrics = self.fontMetrics()
        wide = max(metrics.horizontalAdvance(self.text()), metrics.horizontalAdvance(self._line))
        return QSize(_INDENT + wide + Space.XXL + Space.M, 2 * metrics.height() + 2 * Space.S + Space.XS)

    def minimumSizeHint(self) -> QSize:
        """Qt override: the line may elide."""
        return QSize(2 * _INDENT, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Qt override."""
        colours, fonts = self._theme.colours, self._theme.fonts
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.accent), Size.FOCUS) if self.hasFocus() else Qt.PenStyle.NoPen)
        if self.underMouse() and not self.isChecked():
            painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), Radius.SMALL, Radius.SMALL)
        ratio = self.devicePixelRatioF()
        ink = colours.accent if self.isChecked() else colours.dim
        drawing = self._theme.icons.pixmap(self._icon, ink, Size.ICON_LARGE, ratio=ratio)
        painter.drawPixmap(QPointF(Space.M, (self.height() - Size.ICON_LARGE) / 2), drawing)
        arrow = self._theme.icons.pixmap("chevron_up" if self.isChecked() else "chevron_down", colours.dim, ratio=ratio)
        painter.drawPixmap(QPointF(self.width() - Space.M - Size.ICON, (self.height() - Size.ICON) / 2), arrow)
        metrics = self.fontMetrics()
        top = (self.height() - 2 * metrics.height() - 2) // 2
        room = self.width() - _INDENT - Size.ICON - 2 * Space.M
        title_ink, line_ink = (colours.text, colours.dim) if self.isEnabled() else (colours.faint, colours.faint)
        second = top + metrics.height() + 2
        lines = ((self.text(), True, title_ink, top), (self._line, False, line_ink, second))
        for text, bold, colour, at in lines:
            painter.setFont(fonts.interface(bold=bold))
            painter.setPen(QColor(colour))
            fitting = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QPointF(_INDENT, at + metrics.ascent()), fitting)
        painter.end()
