"""A balance over time as steps, a point per day, drawn by pyqtgraph in the theme's colours.

pyqtgraph and numpy cost a third of a second to load: ``load_plotting`` does that on a worker thread, before a plot is
made. Floats here place pixels; every figure a person reads comes from the exact integers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QVBoxLayout, QWidget

from aether_desktop.domain.amounts import format_units
from aether_desktop.domain.text import plain_line
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize

_LINE = 2  # logical pixels
_HEIGHT = 220


def load_plotting() -> None:
    """Load what plots need; on a worker thread, once."""
    import_module("numpy")
    import_module("pyqtgraph")


class HistoryPlot(QWidget):
    """Points are (time, base units); the last one holds until now. Left and Right walk from day to day. GUI thread."""

    pointed = Signal(str)
    """What is under the pointer or the cursor, in words; empty when nothing is."""

    def __init__(self, theme: Theme) -> None:
        """Call ``load_plotting`` first."""
        super().__init__()
        self._theme = theme
        self._points: tuple[tuple[datetime, int], ...] = ()
        self._seconds: list[float] = []
        self._decimals, self._symbol = 0, ""
        self._at: int | None = None
        self._pg: Any = import_module("pyqtgraph")
        self._bottom = self._pg.DateAxisItem(orientation="bottom", utcOffset=0)
        self._plot = self._pg.PlotWidget(axisItems={"bottom": self._bottom})
        self._left = self._plot.getAxis("left")
        self._item = self._plot.getPlotItem()
        self._item.setMenuEnabled(False)
        self._item.hideButtons()
        self._item.setMouseEnabled(x=False, y=False)
        self._left.enableAutoSIPrefix(False)
        self._left.tickStrings = _grouped
        self._plot.viewport().setMouseTracking(True)
        self._plot.viewport().installEventFilter(self)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(_HEIGHT)
        self._curve = self._item.plot([], [], stepMode="right")
        self._below = self._item.plot([], [], stepMode="right", fillLevel=0)
        self._zero = self._pg.InfiniteLine(0, angle=0)
        self._cursor = self._pg.InfiniteLine(0, angle=90)
        self._item.addItem(self._zero)
        self._item.addItem(self._cursor)
        self._cursor.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._plot)
        theme.changed.connect(self._recolour)
        self._recolour()

    def show_points(self, points: Sequence[tuple[datetime, int]], *, decimals: int, symbol: str) -> None:
        """Draw these, oldest first; the line goes on to this moment."""
        self._points = tuple(points)
        self._decimals, self._symbol = decimals, plain_line(symbol, 20)
        self._seconds = [moment.timestamp() for moment, _units in points]
        values = [units / 10**decimals for _moment, units in points]
        xs, ys = list(self._seconds), list(values)
        if xs:
            xs.append(max(datetime.now(UTC).timestamp(), xs[-1] + 86_400))
            ys.append(ys[-1])
        self._curve.setData(xs, ys, stepMode="right")
        self._below.setData(xs, [min(value, 0.0) for value in ys], stepMode="right")
        self._below.setVisible(any(value < 0 for value in ys))
        if xs:
            self._item.setXRange(xs[0], xs[-1], padding=0.02)
        self._leave()
        first = self.words(0) if points else "nothing yet"
        self.setAccessibleName(f"{self._symbol} over time")
        self.setAccessibleDescription(f"{first} to {self.words(len(points) - 1)}" if points else first)

    def words(self, position: int) -> str:
        """The exact balance at the end of a day: "14 Mar 2018: 12.5 ETH"."""
        moment, units = self._points[position]
        return f"{moment.day} {moment:%b %Y}: {self._amount(units)}"

    def words_now(self) -> str:
        """The exact balance of the last point; only while there are points."""
        return self._amount(self._points[-1][1])

    def point_at(self, seconds: float) -> int | None:
        """The position of the point that holds at a time, None before the first."""
        position = bisect_right(self._seconds, seconds) - 1
        return position if position >= 0 else None

    def _amount(self, units: int) -> str:
        return f"{format_units(units, self._decimals)} {self._symbol}"

    def _show_at(self, position: int) -> None:
        self._at = position
        self._cursor.setPos(self._seconds[position])
        self._cursor.show()
        self.pointed.emit(self.words(position))

    def _leave(self) -> None:
        self._at = None
        self._cursor.hide()
        self.pointed.emit("")

    def _recolour(self) -> None:
        colours, pg = self._theme.colours, self._pg
        self._plot.setBackground(colours.panel)
        self._curve.setPen(pg.mkPen(colours.accent, width=_LINE))
        self._below.setPen(pg.mkPen(colours.warn.shape, width=_LINE))
        self._below.setBrush(pg.mkBrush(QColor(colours.warn.fill)))
        self._zero.setPen(pg.mkPen(colours.line))
        self._cursor.setPen(pg.mkPen(colours.outline))
        for axis in (self._bottom, self._left):
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.dim))
            axis.setTickFont(self._theme.fonts.interface(FontSize.SMALL))

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseMove:
            place = self._plot.mapToScene(event.position().toPoint())
            seconds = self._item.getViewBox().mapSceneToView(QPointF(place)).x()
            position = self.point_at(seconds)
            if position is None:
                self._leave()
            elif position != self._at:
                self._show_at(position)
                QToolTip.showText(event.globalPosition().toPoint(), self.words(position), self._plot)
            return True
        if event.type() == QEvent.Type.Leave:
            self._leave()
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True  # the page scrolls, not the plot
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        key = Qt.Key(event.key())
        last = len(self._points) - 1
        if key in steps and last >= 0:
            now = last + 1 if self._at is None else self._at
            self._show_at(min(max(now + steps[key], 0), last))
        elif key in {Qt.Key.Key_Home, Qt.Key.Key_End} and last >= 0:
            self._show_at(0 if key == Qt.Key.Key_Home else last)
        else:
            super().keyPressEvent(event)


def _grouped(values: Sequence[float], scale: float, spacing: float) -> list[str]:
    """Tick labels with grouped thousands, as many decimals as the spacing needs."""
    step = abs(spacing * scale)
    digits = 0
    while digits < 12 and abs(round(step, digits) - step) > step * 1e-6:
        digits += 1
    return [f"{value * scale:,.{digits}f}" for value in values]
