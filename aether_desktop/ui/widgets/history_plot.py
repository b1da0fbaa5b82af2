"""A balance over time as steps, a point per day; every figure a person reads comes from the exact integers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.plot_series import prepare
from aether_desktop.ui.widgets.time_plot import TimePlot

_DAY = 86_400  # seconds


class HistoryPlot(TimePlot):
    """Points are (time, base units); the last one holds until now. Left and Right walk from day to day. GUI thread."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, zero=True)
        self._points: tuple[tuple[datetime, int], ...] = ()

    def show_points(self, points: Sequence[tuple[datetime, int]], *, decimals: int, symbol: str) -> None:
        """Draw these, oldest first; the line goes on to this moment, and at least a day. ValueError if not in order."""
        self._points = tuple(points)
        seconds = [(moment.timestamp(), units) for moment, units in points]
        until = max(datetime.now(UTC).timestamp(), seconds[-1][0] + _DAY) if points else None
        self.show_lines([prepare(seconds, steps=True, until=until)], decimals=decimals, unit=symbol)
        first = self.words(0) if points else "nothing yet"
        self.setAccessibleName(f"{self._unit} over time")
        self.setAccessibleDescription(f"{first} to {self.words(len(points) - 1)}" if points else first)

    def words(self, position: int) -> str:
        """The exact balance at the end of a day: "14 Mar 2018: 12.5 ETH"."""
        moment, units = self._points[position]
        return f"{moment.day} {moment:%b %Y}: {self._amount(units)}"

    def words_now(self) -> str:
        """The exact balance of the last point; only while there are points."""
        return self._amount(self._points[-1][1])
