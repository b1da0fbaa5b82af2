"""The shape of a line in pixels: rectangles for steps and dense columns, short polylines for the rest.

Qt strokes one long polyline of a million points' columns in a second; the same in pieces takes a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from aether_desktop.ui.widgets.plot_frame import snapped
from aether_desktop.ui.widgets.plot_series import Run

LINE_WIDTH = 2.0  # logical pixels
_PIECE = 24  # corners of one polyline
_HALF = LINE_WIDTH / 2


class PlotShape:
    """The runs of one line, ready to be filled towards the zero line and stroked. GUI thread."""

    def __init__(self, *, steps: bool, ratio: float, zero: float | None) -> None:
        """``zero`` is the pixel of the zero line, None where there is none to fill to."""
        self._steps, self._ratio, self._zero = steps, ratio, zero
        self._bars: list[QRectF] = []
        self._strokes: list[QPolygonF] = []
        self._areas: list[QRectF] = []
        self._slopes: list[QPolygonF] = []

    def add(self, run: Run, *, x: Callable[[float], float], y: Callable[[float], float]) -> None:
        """Take a run; ``x`` and ``y`` place pixel columns and shares."""
        if run[0].pixel == run[-1].pixel:  # a point alone is seen too
            place, middle = x(run[0].pixel), y(run[0].first)
            self._bars.append(QRectF(place - LINE_WIDTH, middle - _HALF, 2 * LINE_WIDTH, LINE_WIDTH))
        if self._steps:
            self._add_steps(run, x, y)
        else:
            self._add_line(run, x, y)

    def fill(self, painter: QPainter, brush: QBrush) -> None:
        """Between the line and zero, within the painter's clip."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)  # neighbours share edges, without seams
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        painter.drawRects(self._areas)
        for slope in self._slopes:
            painter.drawPolygon(slope)

    def stroke(self, painter: QPainter, colour: QColor) -> None:
        """The line itself, within the painter's clip."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=not self._steps)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRects(self._bars)
        pen = QPen(colour, LINE_WIDTH)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for stroke in self._strokes:
            painter.drawPolyline(stroke)

    def _add_steps(self, run: Run, x: Callable[[float], float], y: Callable[[float], float]) -> None:
        def place(value: float) -> float:
            return snapped(value, ratio=self._ratio, width=LINE_WIDTH)

        before_x, before_y = place(x(run[0].pixel)), place(y(run[0].first))
        for column in run:
            at = place(x(column.pixel))
            if at > before_x:
                self._bars.append(QRectF(before_x - _HALF, before_y - _HALF, at - before_x + LINE_WIDTH, LINE_WIDTH))
                self._add_area(before_x, at, before_y)
            low, high = place(y(column.low)), place(y(column.high))
            top, bottom = min(before_y, high), max(before_y, low)
            if bottom > top:
                self._bars.append(QRectF(at - _HALF, top - _HALF, LINE_WIDTH, bottom - top + LINE_WIDTH))
            before_x, before_y = at, place(y(column.last))

    def _add_line(self, run: Run, x: Callable[[float], float], y: Callable[[float], float]) -> None:
        corners: list[QPointF] = []
        before: QPointF | None = None  # where a dense column ends
        for column in run:
            at, first, last = x(column.pixel), y(column.first), y(column.last)
            if column.high == column.low:
                corners.append(QPointF(at, first))
                before = None
                continue
            top, bottom = y(column.high), y(column.low)
            if before is None:
                corners.append(QPointF(at, first))
            else:  # two dense neighbours: the bars meet, and no stroke is needed between them
                top, bottom = min(top, before.y()), max(bottom, before.y())
                self._add_area(before.x(), at, before.y())
                self._add_corners(corners)
                corners = []
            self._bars.append(QRectF(at - _HALF, top - _HALF, LINE_WIDTH, bottom - top + LINE_WIDTH))
            before = QPointF(at, last)
            corners.append(before)
        self._add_corners(corners)

    def _add_corners(self, corners: Sequence[QPointF]) -> None:
        for piece in _pieces(corners) if len(corners) > 1 else ():
            self._strokes.append(QPolygonF(piece))
            if self._zero is not None:
                ends = QPointF(piece[-1].x(), self._zero), QPointF(piece[0].x(), self._zero)
                self._slopes.append(QPolygonF([*piece, *ends]))

    def _add_area(self, left: float, right: float, y: float) -> None:
        if self._zero is not None:
            top, bottom = min(y, self._zero), max(y, self._zero)
            self._areas.append(QRectF(left, top, right - left, bottom - top))


def _pieces(corners: Sequence[QPointF]) -> list[list[QPointF]]:
    """Each begins where the one before ends."""
    cuts = [*range(0, len(corners) - 1, _PIECE), len(corners) - 1]
    return [list(corners[start : stop + 1]) for start, stop in pairwise(cuts)]
