"""Values over time: lines or steps with gaps, a zero line, and a cursor that follows the pointer and the keys.

The first paint after new data or a new size traces the columns (a few milliseconds, also for a million points) and
keeps the picture; every further one, as when the cursor moves, only shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil, floor

from PySide6.QtCore import QEvent, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from aether_desktop.domain.amounts import format_units
from aether_desktop.domain.text import plain_line
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Radius, Size
from aether_desktop.ui.widgets.plot_frame import PlotFrame, lay_out
from aether_desktop.ui.widgets.plot_painter import PlotPainter
from aether_desktop.ui.widgets.plot_series import PlotSeries

_HEIGHT = 220
_LINES_HIGH = 14  # of text: a larger font makes a higher plot
_NARROWEST = 160


class TimePlot(QWidget):
    """Lines share one value axis in base units; Left, Right, Home and End walk over the first one. GUI thread.

    The first line sets where the cursor may stand. With ``zero`` the axis always shows zero.
    """

    pointed = Signal(str)
    """What is under the pointer or the cursor, in words; empty when nothing is."""

    def __init__(self, theme: Theme, *, zero: bool = False, nothing: str = "Nothing to draw yet.") -> None:
        super().__init__()
        self._theme = theme
        self._zero, self._nothing = zero, nothing
        self._lines: tuple[PlotSeries, ...] = ()
        self._span = (0, 1)
        self._decimals, self._unit = 0, ""
        self._at: int | None = None
        self._frame: PlotFrame | None = None
        self._layer: QPixmap | None = None
        self._font = theme.fonts.interface(FontSize.SMALL)
        self._high = max(_HEIGHT, round(QFontMetricsF(self._font).height() * _LINES_HIGH))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._forget)

    def show_lines(
        self,
        lines: Sequence[PlotSeries],
        *,
        decimals: int = 0,
        unit: str = "",
        span: tuple[float, float] | None = None,
    ) -> None:
        """Draw these from end to end, or over ``span`` (POSIX seconds); values are in units of 10^-``decimals``."""
        self._lines = tuple(lines)
        self._decimals, self._unit = decimals, plain_line(unit, 20)
        filled = [line for line in lines if len(line)]
        if span is None and filled:
            span = min(line.times[0] for line in filled), max(line.until for line in filled)
        self._span = (floor(span[0]), ceil(span[1])) if span is not None else (0, 1)
        self._forget()
        self._leave()

    def words(self, position: int) -> str:
        """The exact figures at a position of the first line: "24 Nov 2024 14:02:11 UTC: 38 ms"."""
        seconds = self._lines[0].times[position]
        moment = datetime.fromtimestamp(seconds, UTC)
        said = []
        for line in self._lines:
            found = position if line is self._lines[0] else line.at(seconds)
            figure = "no data" if found is None else self._amount(line.values[found])
            said.append(f"{line.name} {figure}" if len(self._lines) > 1 else figure)
        return f"{moment.day} {moment:%b %Y %H:%M:%S} UTC: {', '.join(said)}"

    def point_at(self, seconds: float) -> int | None:
        """The position on the first line that counts at a time; None before the first point and in a gap."""
        return self._lines[0].at(seconds) if self._lines else None

    def _amount(self, units: int) -> str:
        return f"{format_units(units, self._decimals)} {self._unit}".strip()

    def _last(self) -> int:
        return len(self._lines[0]) - 1 if self._lines else -1

    def _show_at(self, position: int) -> None:
        self._at = position
        self.update()
        self.pointed.emit(self.words(position))

    def _leave(self) -> None:
        self._at = None
        self.update()
        self.pointed.emit("")

    def _forget(self) -> None:
        self._frame = self._layer = None
        self.update()

    def _laid_out(self) -> PlotFrame | None:
        if self._frame is None and any(len(line) for line in self._lines):
            metrics = QFontMetricsF(self._font)
            self._frame = lay_out(
                self._lines,
                size=QSizeF(self.size()),
                span=self._span,
                decimals=self._decimals,
                zero=self._zero,
                line_height=metrics.height(),
                measure=metrics.horizontalAdvance,
            )
        return self._frame

    # Qt overrides

    def sizeHint(self) -> QSize:
        return QSize(_NARROWEST * 2, self._high)

    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROWEST, self._high)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame = self._laid_out()
        if frame is None:
            painter.setPen(QColor(self._theme.colours.dim))
            painter.setFont(self._font)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._nothing)
        else:
            ratio = self.devicePixelRatioF()
            look = PlotPainter(frame, self._theme.colours, self._font, ratio)
            look.scaffold(painter)
            if self._layer is None or self._layer.devicePixelRatio() != ratio:
                self._layer = look.layer(self._lines, size=self.size())
            painter.drawPixmap(0, 0, self._layer)
            if self._at is not None:
                look.cursor(painter, self._lines, self._lines[0].times[self._at])
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.colours.accent), Size.FOCUS))
            ring = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            painter.drawRoundedRect(ring, Radius.SMALL, Radius.SMALL)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._forget()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        frame = self._laid_out()
        place = event.position().x()
        seconds = frame.seconds(min(place, frame.area.right())) if frame is not None else 0.0
        position = None if frame is None else self.point_at(seconds)
        if position is None:
            if self._at is not None:
                self._leave()
                QToolTip.hideText()
        elif position != self._at:
            self._show_at(position)
            QToolTip.showText(event.globalPosition().toPoint(), self.words(position), self)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self._at is not None:
            self._leave()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._at is not None and event.reason() != Qt.FocusReason.ActiveWindowFocusReason:
            self._leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = Qt.Key(event.key()), self._last()
        now = last + 1 if self._at is None else self._at
        places = {Qt.Key.Key_Left: now - 1, Qt.Key.Key_Right: now + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        if key not in places or last < 0:
            super().keyPressEvent(event)
            return
        self._show_at(min(max(places[key], 0), last))
        if QAccessible.isActive() and self._at is not None:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.words(self._at)))
