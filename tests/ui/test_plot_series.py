"""What a plot line keeps of its points: all of its reach, its gaps, and which point counts at a time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.amounts import MAX_UNITS
from aether_desktop.ui.widgets.plot_series import PlotSeries, prepare, trace

_VALUES = st.one_of(st.integers(-50, 50), st.integers(-MAX_UNITS, MAX_UNITS))
_POINTS = st.lists(st.tuples(st.integers(0, 2000), st.none() | _VALUES), max_size=400).map(
    lambda points: sorted(points, key=lambda point: point[0])
)


def _share(series: PlotSeries, value: int) -> float:
    return (value - series.base) / series.scale


class TestPrepare:
    @given(_POINTS)
    def test_values_stay_exact_and_only_what_is_below_zero_is_negative(
        self, points: list[tuple[float, int | None]]
    ) -> None:
        series = prepare(points)
        values = [value for _seconds, value in points if value is not None]
        assert list(series.values) == values
        assert len(series) == len(values)
        assert all(-1 <= share <= 1 for share in series.shares)
        if any(value > 0 for value in values) and any(value < 0 for value in values):
            assert [share < 0 for share in series.shares] == [value < 0 for value in values]

    @given(st.lists(_VALUES, min_size=1, max_size=500), st.data())
    def test_extremes_are_those_of_the_slice(self, values: list[int], data: st.DataObject) -> None:
        series = prepare(list(enumerate(values)))
        start = data.draw(st.integers(0, len(values) - 1))
        stop = data.draw(st.integers(start + 1, len(values)))
        part = values[start:stop]
        assert series.extremes(start, stop) == (_share(series, min(part)), _share(series, max(part)))

    def test_points_out_of_order_are_refused(self) -> None:
        with pytest.raises(ValueError, match="order"):
            prepare([(2, 1), (1, 1)])


class TestAt:
    def test_a_step_holds_until_the_next_and_not_over_a_gap(self) -> None:
        series = prepare([(10, 1), (20, None), (30, 2), (40, 3)], steps=True, until=50)
        assert [series.at(each) for each in (9, 10, 19, 20, 29, 30, 39, 40, 99)] == [
            None, 0, 0, None, None, 1, 1, 2, 2,
        ]  # fmt: skip

    def test_a_line_has_the_nearest_point(self) -> None:
        series = prepare([(10, 1), (20, 2), (25, None), (40, 3), (50, None)])
        assert [series.at(each) for each in (9, 14, 16, 24, 25, 39, 41, 50)] == [None, 0, 1, 1, None, None, 2, None]

    def test_nothing_is_nowhere(self) -> None:
        assert prepare([]).at(0) is None
        assert prepare([(1, None)]).at(1) is None


class TestTrace:
    @given(_POINTS, st.integers(1, 300), st.booleans())
    def test_every_point_lies_in_a_column_and_no_column_reaches_further(
        self, points: list[tuple[float, int | None]], length: int, steps: bool
    ) -> None:
        series = prepare(points, steps=steps)
        runs = trace(series, first=0, last=2001, length=length)
        columns = [column for run in runs for column in run]
        if len(series):
            assert min(column.low for column in columns) == min(series.shares)
            assert max(column.high for column in columns) == max(series.shares)
        for column in columns:
            assert column.low <= min(column.first, column.last) <= max(column.first, column.last) <= column.high
        assert all(a.pixel <= b.pixel for run in runs for a, b in pairwise(run))
        for seconds, share in zip(series.times, series.shares, strict=True):
            pixel = seconds * length / 2001
            near = [each for each in columns if abs(each.pixel - pixel) <= 1.001]
            assert any(each.low <= share <= each.high for each in near)

    @given(_POINTS, st.booleans())
    def test_with_a_column_for_every_second_each_gap_breaks_the_line(
        self, points: list[tuple[float, int | None]], steps: bool
    ) -> None:
        lone = list({seconds: (seconds, value) for seconds, value in points}.values())
        series = prepare(lone, steps=steps)
        runs = trace(series, first=0, last=2001, length=20010)
        inner = [position for position in series.gaps if position < len(series)]
        assert len(runs) == (len(inner) + 1 if len(series) else 0)

    def test_a_hundred_thousand_points_are_as_many_columns_as_there_are_pixels(self) -> None:
        series = prepare([(second, second % 97) for second in range(100_000)])
        (run,) = trace(series, first=0, last=100_000, length=200)
        assert len(run) <= 202
        assert all((column.low, column.high) == (0, 1) for column in run)

    def test_a_window_keeps_the_line_that_comes_in_and_goes_out(self) -> None:
        series = prepare([(second, second) for second in range(100)])
        (run,) = trace(series, first=40.5, last=50.5, length=100)
        assert [round(column.pixel) for column in run] == [-5, 5, 15, 25, 35, 45, 55, 65, 75, 85, 95, 105]

    def test_steps_hold_until_the_gap_and_until_the_end(self) -> None:
        series = prepare([(0, 1), (10, None), (20, 2)], steps=True, until=30)
        first, second = trace(series, first=0, last=30, length=30)
        assert [column.pixel for column in first] == [0, 10]
        assert [column.pixel for column in second] == [20, 30]
