"""Times in filters: how precise they are, and what the relative words mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.storage.query_times import WORDS, read_interval

NOW = datetime(2026, 3, 14, 23, 30, tzinfo=UTC)  # a Saturday


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day, ...


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2020", utc(2020, 1, 1), utc(2021, 1, 1)),
        ("2020-02", utc(2020, 2, 1), utc(2020, 3, 1)),
        ("2020-12", utc(2020, 12, 1), utc(2021, 1, 1)),
        ("2020-2-29", utc(2020, 2, 29), utc(2020, 3, 1)),
        (" 2020-01-01T12 ", utc(2020, 1, 1, 12), utc(2020, 1, 1, 13)),
        ("2020-01-01T12:00Z", utc(2020, 1, 1, 12), utc(2020, 1, 1, 12, 1)),
        ("2020-01-01 12:00", utc(2020, 1, 1, 12), utc(2020, 1, 1, 12, 1)),
        ("2020-01-01T00:30+02:00", utc(2019, 12, 31, 22, 30), utc(2019, 12, 31, 22, 31)),
        ("2020-01-01T00:30:07-0530", utc(2020, 1, 1, 6, 0, 7), utc(2020, 1, 1, 6, 0, 8)),
        ("2020-01-01T00:00:00.5", utc(2020, 1, 1, 0, 0, 0, 500_000), utc(2020, 1, 1, 0, 0, 0, 500_001)),
        ("today", utc(2026, 3, 14), utc(2026, 3, 15)),
        ("Yesterday", utc(2026, 3, 13), utc(2026, 3, 14)),
        ("this-week", utc(2026, 3, 9), utc(2026, 3, 16)),
        ("last week", utc(2026, 3, 2), utc(2026, 3, 9)),
        ("this-month", utc(2026, 3, 1), utc(2026, 4, 1)),
        ("last_month", utc(2026, 2, 1), utc(2026, 3, 1)),
        ("this-year", utc(2026, 1, 1), utc(2027, 1, 1)),
        ("last-year", utc(2025, 1, 1), utc(2026, 1, 1)),
        ("9999", utc(9999, 1, 1), None),
        ("9999-12-31", utc(9999, 12, 31), None),
    ],
)
def test_readings(text: str, start: datetime, end: datetime | None) -> None:
    interval = read_interval(text, NOW)
    assert (interval.start, interval.end) == (start, end)


def test_today_is_the_day_in_utc() -> None:
    in_tokyo = NOW.astimezone(tz=None).astimezone(UTC) + timedelta(hours=1)
    assert read_interval("today", in_tokyo).start == utc(2026, 3, 15)


def test_january_has_a_last_month() -> None:
    assert read_interval("last-month", utc(2026, 1, 31)).start == utc(2025, 12, 1)


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "20", "0000", "2020-13", "2020-02-30", "2020-1-1T25", "2020-01-01T00:00+99:00", "20-01-01",
        "0001-01-01T00:00+02:00", "٢٠٢٠", "2020-01-01T12:00:00.1234567", "2020-", "2020-01-01Z",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match="2020-01-31T12:00Z"):
        read_interval(text, NOW)


@given(st.text(max_size=30) | st.from_regex(r"\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d){0,2})?)?)?[Z+\-0-9:]{0,6}"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        interval = read_interval(text, NOW)
    except ValueError:
        return
    assert interval.start.utcoffset() == timedelta(0)
    assert interval.end is None or interval.start < interval.end


@given(st.datetimes(), st.sampled_from(WORDS))
def test_relative_words_hold_at_any_time(now: datetime, word: str) -> None:
    try:
        interval = read_interval(word, now.replace(tzinfo=UTC))
    except OverflowError:
        assert now.year in (1, 9999)
        return
    if word == "today" or word.startswith("this"):
        assert interval.start <= now.replace(tzinfo=UTC)
        assert interval.end is None or now.replace(tzinfo=UTC) < interval.end
