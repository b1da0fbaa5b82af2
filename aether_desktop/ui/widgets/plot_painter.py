"""Paints a plot: grid, axes, lines, what lies below zero, and the cursor. GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QLinearGradient,
    QPainter,
    QPen,
    QPixmap,
)

from aether_desktop.ui.theme.tokens import Colours, Space
from aether_desktop.ui.widgets.plot_frame import PlotFrame, snapped
from aether_desktop.ui.widgets.plot_series import PlotSeries, trace
from aether_desktop.ui.widgets.plot_shape import LINE_WIDTH, PlotShape

_TICK = 4.0
_DIP = 4.0  # what lies below zero, however little, is drawn at least this deep: no dip is missed
_DOT = 3.5
_GLOW = 40  # of 255: the accent under a line, at the top
_CENTRE = Qt.AlignmentFlag.AlignCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_PLAIN = Qt.TextFlag.TextSingleLine


@dataclass(frozen=True, slots=True)
class PlotPainter:
    """One look: a frame, the theme's colours, a font, and device pixels per logical pixel."""

    frame: PlotFrame
    colours: Colours
    font: QFont
    ratio: float

    def scaffold(self, painter: QPainter) -> None:
        """Hairlines at round values, the zero line, and the labels of both axes."""
        frame, area = self.frame, self.frame.area
        painter.setFont(self.font)
        metrics = QFontMetricsF(self.font)
        room = area.left() - Space.S
        for tick in frame.axis.ticks:
            y = frame.y(tick.units)
            self._hairline(painter, y, self.colours.line)
            label = metrics.elidedText(tick.label, Qt.TextElideMode.ElideMiddle, room + 1)
            painter.setPen(QColor(self.colours.dim))
            place = QRectF(0, y - frame.line_height / 2, room, frame.line_height)
            painter.drawText(place, int(_RIGHT) | int(_PLAIN), label)
        if frame.zero is not None:
            self._hairline(painter, frame.zero, self.colours.outline)
        for moment in frame.ticks:
            x = snapped(frame.x(moment.seconds), ratio=self.ratio)
            mark = QRectF(x - 0.5, area.bottom() + Space.HAIR, 1, _TICK)
            painter.fillRect(mark, QColor(self.colours.line))
            painter.setPen(QColor(self.colours.dim))
            width = min(moment.width, area.width())
            place = QRectF(area.left() + moment.left, area.bottom() + Space.S, width, frame.line_height)
            label = metrics.elidedText(moment.label, Qt.TextElideMode.ElideRight, width + 1)
            painter.drawText(place, int(_CENTRE) | int(_PLAIN), label)

    def layer(self, lines: Sequence[PlotSeries], *, size: QSize) -> QPixmap:
        """The lines on a clear ground as large as the widget: painted once, shown at every frame."""
        pixmap = QPixmap(round(size.width() * self.ratio), round(size.height() * self.ratio))
        pixmap.setDevicePixelRatio(self.ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        for line, colour in zip(lines, self._colours(lines), strict=True):
            self._draw(painter, line, colour=colour, alone=len(lines) == 1)
        painter.end()
        return pixmap

    def cursor(self, painter: QPainter, lines: Sequence[PlotSeries], seconds: float) -> None:
        """A hairline at a time and a dot on every line that has a value there."""
        area = self.frame.area
        x = snapped(self.frame.x(seconds), ratio=self.ratio)
        painter.fillRect(QRectF(x - 0.5, area.top(), 1, area.height()), QColor(self.colours.outline))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line, colour in zip(lines, self._colours(lines), strict=True):
            position = line.at(seconds)
            if position is not None:
                at = seconds if line.steps else line.times[position]
                self._dot(painter, line, position=position, seconds=at, colour=colour)

    def _colours(self, lines: Sequence[PlotSeries]) -> list[QColor]:
        """Gold for a line alone, else the series in turn."""
        if len(lines) == 1:
            return [QColor(self.colours.accent)]
        series = self.colours.series
        return [QColor(series[number % len(series)]) for number in range(len(lines))]

    def _draw(self, painter: QPainter, line: PlotSeries, *, colour: QColor, alone: bool) -> None:
        frame, area, zero = self.frame, self.frame.area, self.frame.zero
        shape = PlotShape(steps=line.steps, ratio=self.ratio, zero=zero)
        x, y = self._places(line)
        for run in trace(line, first=frame.first, last=frame.last, length=round(area.width() * self.ratio)):
            shape.add(run, x=x, y=y)
        above = QRectF(area.left(), 0, area.width() + LINE_WIDTH, area.bottom() + area.top())
        if zero is not None:
            edge = snapped(zero, ratio=self.ratio, width=LINE_WIDTH) + LINE_WIDTH / 2
            below = above.adjusted(0, edge, 0, 0)
            above.setBottom(edge)
            if line.least < 0:
                painter.setClipRect(below)
                shape.fill(painter, QBrush(QColor(self.colours.bad.fill)))
                shape.stroke(painter, QColor(self.colours.bad.shape))
            painter.setClipRect(above)
            if alone:
                shape.fill(painter, self._glow(colour, zero))
        shape.stroke(painter, colour)
        painter.setClipping(False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if alone and line.steps and len(line) and len(line) not in line.gaps and line.until <= frame.last:
            self._dot(painter, line, position=len(line) - 1, seconds=line.until, colour=colour)

    def _places(self, line: PlotSeries) -> tuple[Callable[[float], float], Callable[[float], float]]:
        """Columns and shares to pixels. A value below zero keeps clear of the zero line."""
        frame, left, ratio = self.frame, self.frame.area.left(), self.ratio
        origin = frame.y(line.base)
        slope = frame.y(line.base + line.scale) - origin
        floor = frame.zero + _DIP if frame.zero is not None and line.least < 0 < line.most else None

        def x(column: float) -> float:
            return left + column / ratio

        def y(share: float) -> float:
            place = origin + share * slope
            return max(place, floor) if share < 0 and floor is not None else place

        return x, y

    def _glow(self, colour: QColor, zero: float) -> QBrush:
        shade = QLinearGradient(0, self.frame.area.top(), 0, zero)
        for place, alpha in ((0.0, _GLOW), (1.0, _GLOW // 8)):
            colour = QColor(colour)
            colour.setAlpha(alpha)
            shade.setColorAt(place, colour)
        return QBrush(shade)

    def _dot(self, painter: QPainter, line: PlotSeries, *, position: int, seconds: float, colour: QColor) -> None:
        value = line.values[position]
        y = self.frame.y(value)
        if value < 0:
            colour = QColor(self.colours.bad.shape)
            y = y if self.frame.zero is None else max(y, self.frame.zero + _DIP)
        painter.setPen(QPen(QColor(self.colours.panel), LINE_WIDTH))
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(self.frame.x(seconds), y), _DOT + LINE_WIDTH / 2, _DOT + LINE_WIDTH / 2)

    def _hairline(self, painter: QPainter, y: float, colour: str) -> None:
        area = self.frame.area
        place = snapped(y, ratio=self.ratio)
        painter.fillRect(QRectF(area.left(), place - 0.5, area.width(), 1), QColor(colour))
