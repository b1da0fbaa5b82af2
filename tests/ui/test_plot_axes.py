"""Ticks of both axes: inside, in order, no more than fit, never none; every label means its exact figure."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.amounts import MAX_UNITS, parse_signed_units
from aether_desktop.ui.widgets.time_axis import EARLIEST, LATEST, time_ticks
from aether_desktop.ui.widgets.value_axis import round_ticks, value_axis

_UNITS = st.one_of(st.integers(-1000, 1000), st.integers(-MAX_UNITS, MAX_UNITS))
_SPANS = st.one_of(
    st.tuples(st.integers(EARLIEST, LATEST), st.sampled_from([0, 1, 59, 3_600, 86_400, 2_592_000, 10**8, 10**10])),
    st.tuples(st.integers(EARLIEST, LATEST), st.integers(0, LATEST - EARLIEST)),
)


def _time(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _labels(first: str, last: str, length: float = 500) -> list[str]:
    ticks = time_ticks(_time(first), _time(last), length=length, measure=lambda text: 7.0 * len(text), gap=20)
    return [tick.label for tick in ticks]


class TestValues:
    @given(_UNITS, _UNITS, st.integers(1, 12), st.integers(0, 77))
    def test_ticks_are_inside_in_order_and_no_more_than_fit(
        self, one: int, other: int, rows: int, decimals: int
    ) -> None:
        low, high = sorted((one, other))
        ticks = [tick.units for tick in round_ticks(low, high, decimals=decimals, rows=rows)]
        assert 1 <= len(ticks) <= rows
        assert low <= ticks[0] <= ticks[-1] <= high
        steps = {after - before for before, after in pairwise(ticks)}
        assert len(steps) <= 1
        for step in steps:
            assert str(step).rstrip("0") in {"1", "2", "5"}

    @given(_UNITS, _UNITS, st.integers(0, 30))
    def test_a_grouped_label_is_the_exact_figure(self, one: int, other: int, decimals: int) -> None:
        low, high = sorted((one, other))
        ticks = round_ticks(low, high, decimals=decimals)
        assert len({tick.label for tick in ticks}) == len(ticks)
        for tick in ticks:
            if "\u00d7" not in tick.label:
                assert parse_signed_units(tick.label, decimals) == tick.units

    @given(_UNITS, _UNITS, st.booleans())
    def test_the_axis_holds_the_data(self, one: int, other: int, zero: bool) -> None:
        least, most = sorted((one, other))
        axis = value_axis(least, most, decimals=18, zero=zero)
        assert axis.low <= least <= most <= axis.high
        assert axis.low < axis.high
        assert 0.0 <= axis.share(least) <= axis.share(most) <= 1.0
        if zero:
            assert axis.low <= 0 <= axis.high
        elif least >= 0:
            assert axis.low >= 0, "no room is made for values that cannot be"

    @pytest.mark.parametrize(
        ("low", "high", "decimals", "labels"),
        [
            (0, 3_100, 0, ["0", "1,000", "2,000", "3,000"]),
            (-15, 20, 2, ["-0.1", "0.0", "0.1", "0.2"]),
            (-150, 250, 2, ["-1", "0", "1", "2"]),
            (4_344_000, 4_344_310, 0, ["4,344,000", "4,344,100", "4,344,200", "4,344,300"]),
            (0, 10**36, 18, ["0", "5×10¹⁷", "1×10¹⁸"]),  # noqa: RUF001
            (0, 4, 18, ["0", "1×10⁻¹⁸", "2×10⁻¹⁸", "3×10⁻¹⁸", "4×10⁻¹⁸"]),  # noqa: RUF001
            (7, 7, 0, ["7"]),
        ],
    )
    def test_labels(self, low: int, high: int, decimals: int, labels: list[str]) -> None:
        assert [tick.label for tick in round_ticks(low, high, decimals=decimals)] == labels

    def test_what_is_no_axis_is_refused(self) -> None:
        with pytest.raises(ValueError, match="upwards"):
            round_ticks(2, 1)
        with pytest.raises(ValueError, match="row"):
            round_ticks(1, 2, rows=0)
        with pytest.raises(ValueError, match="least"):
            value_axis(2, 1)


class TestTimes:
    @given(_SPANS, st.floats(1, 4000), st.floats(1, 30), st.floats(0, 60))
    def test_labels_never_meet(self, span: tuple[int, int], length: float, letter: float, gap: float) -> None:
        first, last = span[0], min(span[0] + span[1], LATEST)
        ticks = time_ticks(first, last, length=length, measure=lambda text: letter * len(text), gap=gap)
        assert ticks
        assert first <= ticks[0].seconds <= ticks[-1].seconds <= last
        for before, after in pairwise(ticks):
            assert before.seconds < after.seconds
            assert after.left - before.left - before.width >= gap
        for tick in ticks:
            assert tick.left >= 0
            assert tick.left + tick.width <= length or len(ticks) == 1

    @pytest.mark.parametrize(
        ("first", "last", "labels"),
        [
            ("2024-03-05T10:00:01", "2024-03-05T10:00:04", ["5 Mar 10:00:02 UTC", "10:00:04"]),
            ("2024-03-05T09:30", "2024-03-05T15:00", ["5 Mar 10:00 UTC", "12:00", "14:00"]),
            ("2024-03-05T09:30", "2024-03-06T15:00", ["5 Mar 12:00 UTC", "18:00", "6 Mar", "06:00", "12:00"]),
            ("2023-12-20", "2024-01-20", ["25 Dec 2023", "1 Jan 2024", "8 Jan", "15 Jan"]),
            ("2023-10-15", "2024-04-20", ["Nov 2023", "Dec", "2024", "Feb", "Mar", "Apr"]),
            ("2021-03-12", "2026-11-23", ["2022", "2023", "2024", "2025", "2026"]),
            ("0001-01-01", "9999-12-31", ["1000", "2000", "3000", "4000", "5000", "6000", "7000", "8000", "9000"]),
            ("2024-03-05", "2024-03-05", ["5 Mar 2024"]),
            ("2024-03-05T14:07", "2024-03-05T14:07", ["5 Mar 2024 14:07 UTC"]),
        ],
    )
    def test_labels_name_the_year_once(self, first: str, last: str, labels: list[str]) -> None:
        assert _labels(first, last) == labels

    def test_what_is_no_axis_is_refused(self) -> None:
        for first, last in ((1, 0), (EARLIEST - 1, 0), (0, LATEST + 1)):
            with pytest.raises(ValueError, match="runs forward"):
                time_ticks(first, last, length=100, measure=len, gap=1)
