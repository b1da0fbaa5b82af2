"""Where things stand in a plot: seconds and base units to logical pixels, snapped to the device's where it helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSizeF

from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.plot_series import PlotSeries
from aether_desktop.ui.widgets.time_axis import TimeTick, time_ticks
from aether_desktop.ui.widgets.value_axis import ValueAxis, value_axis

_ROWS_APART = 2.2  # lines of text from one value label to the next, at the least
_MOST_ROWS = 6
_LABELS_SHARE = 0.35  # of the width, at the most; longer labels are elided
_END_ROOM = Space.S  # for the mark at the end of a line


@dataclass(frozen=True, slots=True)
class PlotFrame:
    """One layout: ``area`` is where lines are drawn, in logical pixels; ``first`` to ``last`` are seconds."""

    area: QRectF
    first: int
    last: int
    axis: ValueAxis
    ticks: tuple[TimeTick, ...]
    line_height: float

    def x(self, seconds: float) -> float:
        """The pixel of a time; outside ``area`` for one outside the span."""
        return self.area.left() + (seconds - self.first) / (self.last - self.first) * self.area.width()

    def y(self, units: int) -> float:
        """The pixel of a value, from the exact difference to the axis."""
        return self.area.bottom() - self.axis.share(units) * self.area.height()

    def seconds(self, x: float) -> float:
        """The time at a pixel."""
        return self.first + (x - self.area.left()) / self.area.width() * (self.last - self.first)

    @property
    def zero(self) -> float | None:
        """The pixel of zero, None where the axis does not reach it."""
        return self.y(0) if self.axis.low <= 0 <= self.axis.high else None


def lay_out(
    lines: Sequence[PlotSeries],
    *,
    size: QSizeF,
    span: tuple[int, int],
    decimals: int,
    zero: bool,
    line_height: float,
    measure: Callable[[str], float],
) -> PlotFrame | None:
    """Place axes round ``lines`` (at least one of them has points); None where the widget is too small to draw in."""
    top, bottom = line_height / 2 + Space.XS, line_height + Space.S + Space.XS
    height = size.height() - top - bottom
    rows = max(1, min(_MOST_ROWS, int(height / (line_height * _ROWS_APART))))
    filled = [line for line in lines if len(line)]
    least, most = min(line.least for line in filled), max(line.most for line in filled)
    axis = value_axis(least, most, decimals=decimals, rows=rows, zero=zero)
    labels = min(max(measure(tick.label) for tick in axis.ticks), size.width() * _LABELS_SHARE)
    left = Space.XS + labels + Space.S  # the focus ring stands left of the labels
    width = size.width() - left - _END_ROOM
    if width < Space.XXL or height < Space.XXL:
        return None
    first, last = span[0], max(span[1], span[0] + 1)
    ticks = time_ticks(first, last, length=width, measure=measure, gap=line_height * 1.5)
    return PlotFrame(QRectF(left, top, width, height), first, last, axis, ticks, line_height)


def snapped(place: float, *, ratio: float, width: float = 1.0) -> float:
    """The nearest centre for a line of ``width`` logical pixels that then covers whole device pixels."""
    odd = round(width * ratio) % 2
    return (round(place * ratio - odd / 2) + odd / 2) / ratio
