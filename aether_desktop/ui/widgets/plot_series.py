"""The data of a plot line, prepared once, and what of it each pixel column shows. No Qt; any thread.

Preparing costs about half a microsecond a point (0.5 s for a million: on a worker thread). Drawing then costs by the
columns, not by the points: a column with many of them is its first, least, greatest and last.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

_BLOCK = 16  # points whose least and greatest are kept
_MANY = 8 * _BLOCK


@dataclass(frozen=True, slots=True)
class PlotSeries:
    """Points in order of time; between ``gaps`` a line, or steps where a value holds until the next.

    ``values`` are exact. ``shares`` place pixels: (value - ``base``) / ``scale``, from -1 to 1, and negative only for
    a value below zero unless all are. ``gaps`` maps the position after a gap to the second in which the data stopped.
    """

    times: array[float] = field(repr=False)
    values: tuple[int, ...] = field(repr=False)
    shares: array[float] = field(repr=False)
    base: int
    scale: int
    gaps: Mapping[int, float] = field(repr=False)
    steps: bool
    until: float
    name: str
    lows: array[float] = field(repr=False)
    highs: array[float] = field(repr=False)
    least: int
    most: int

    def __len__(self) -> int:
        return len(self.times)

    def at(self, seconds: float) -> int | None:
        """The position whose value holds (steps) or is nearest at a time; None before the first and in a gap."""
        after = bisect_right(self.times, seconds)
        if after == 0 or seconds >= self.gaps.get(after, float("inf")):
            return None
        nearer = after < len(self) and after not in self.gaps and not self.steps
        if nearer and self.times[after] - seconds < seconds - self.times[after - 1]:
            return after
        return after - 1

    def extremes(self, start: int, stop: int) -> tuple[float, float]:
        """The least and greatest share of a slice with something in it."""
        head, tail = -(-start // _BLOCK), stop // _BLOCK
        if head >= tail:
            part = self.shares[start:stop]
            return min(part), max(part)
        lows, highs = self.lows[head:tail], self.highs[head:tail]
        for part in (self.shares[start : head * _BLOCK], self.shares[tail * _BLOCK : stop]):
            if part:
                lows.extend(part)
                highs.extend(part)
        return min(lows), max(highs)


def prepare(
    points: Iterable[tuple[float, int | None]], *, steps: bool = False, until: float | None = None, name: str = ""
) -> PlotSeries:
    """Take (POSIX seconds, exact value) in order of time; None says that from then on there is no value.

    ``until`` is how long the last value of steps holds. O(n). Raises ValueError if a time is before the one before.
    """
    times: array[float] = array("d")
    values: list[int] = []
    gaps: dict[int, float] = {}
    before = float("-inf")
    for seconds, value in points:
        if seconds < before:
            raise ValueError("the points of a plot come in order of time")
        before = seconds
        if value is not None:
            times.append(seconds)
            values.append(value)
        elif values:
            gaps.setdefault(len(values), seconds)
    least, most = (min(values), max(values)) if values else (0, 0)
    base = least if least > 0 else min(most, 0)
    scale = max(abs(least - base), abs(most - base), 1)
    shares = array("d", [(value - base) / scale for value in values])
    blocks = range(0, len(shares), _BLOCK)
    end = times[-1] if times else 0.0
    return PlotSeries(
        times=times,
        values=tuple(values),
        shares=shares,
        base=base,
        scale=scale,
        gaps=gaps,
        steps=steps,
        until=gaps.get(len(values), max(end, end if until is None else until)),
        name=name,
        lows=array("d", [min(shares[at : at + _BLOCK]) for at in blocks]),
        highs=array("d", [max(shares[at : at + _BLOCK]) for at in blocks]),
        least=least,
        most=most,
    )


class Column(NamedTuple):
    """What one pixel column shows, as shares; the four are one where a single point lies in it."""

    pixel: float
    first: float
    low: float
    high: float
    last: float


Run = list[Column]
"""One unbroken line, from left to right."""


def trace(series: PlotSeries, *, first: float, last: float, length: int) -> list[Run]:
    """What shows between two times on ``length`` pixel columns: O(length), as every point was looked at before.

    A gap inside one column does not show. Lines run on to the next point outside; clip them. Where a column has many
    blocks of points, its edge may be off by an eighth of itself.
    """
    tracer = _Tracer(series, first, length / max(last - first, 1e-9))
    start = max(bisect_left(series.times, first) - 1, 0)
    stop = min(bisect_right(series.times, last) + 1, len(series))
    column = -1
    if start < stop and series.times[start] < first:
        tracer.add(start, start + 1)
        start += 1
    while start < stop:
        column = max(column + 1, int((series.times[start] - first) * tracer.scale))
        end = bisect_left(series.times, first + (column + 1) / tracer.scale, start + 1, stop)
        if end - start >= _MANY and end < stop:
            end -= end % _BLOCK
        tracer.add(start, end)
        start = end
    return tracer.finish(stop)


class _Tracer:
    def __init__(self, series: PlotSeries, first: float, scale: float) -> None:
        self.scale = scale  # pixels a second
        self._series, self._first = series, first
        self._run: Run = []
        self._runs: list[Run] = []

    def add(self, start: int, stop: int) -> None:
        series = self._series
        stopped = series.gaps.get(start)
        if stopped is not None:
            self._hold(stopped)
            self._close()
        pixel = (series.times[start] - self._first) * self.scale
        share = series.shares[start]
        if stop - start == 1:
            self._run.append(Column(pixel, share, share, share, share))
        else:
            low, high = series.extremes(start, stop)
            self._run.append(Column(pixel, share, low, high, series.shares[stop - 1]))

    def finish(self, stop: int) -> list[Run]:
        if stop == len(self._series):
            self._hold(self._series.until)
        self._close()
        return self._runs

    def _hold(self, seconds: float) -> None:
        """The last step keeps its height until ``seconds``."""
        if self._run and self._series.steps:
            share = self._run[-1].last
            self._run.append(Column((seconds - self._first) * self.scale, share, share, share, share))

    def _close(self) -> None:
        if self._run:
            self._runs.append(self._run)
        self._run = []
