"""Times as people type them in a filter: a year, month, day, minute or instant, or a word such as this-month; UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_TIME = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2})"
    r"(?:[T ](?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,6}))?)?)?"
    r"(?:\s?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2}))?)?)?)?\Z",
    re.ASCII | re.IGNORECASE,
)
_STEPS = (
    ("fraction", timedelta(microseconds=1)),
    ("second", timedelta(seconds=1)),
    ("minute", timedelta(minutes=1)),
    ("hour", timedelta(hours=1)),
    ("day", timedelta(days=1)),
)
WORDS = (*("today", "yesterday", "this-week", "this-month", "this-year", "last-week", "last-month", "last-year"),)
FORMS = f"Write 2020, 2020-01, 2020-01-31, 2020-01-31T12:00Z, or one of {', '.join(WORDS)}."


@dataclass(frozen=True, slots=True)
class Interval:
    """``start`` <= t < ``end``; ``end`` None: to the end of time. ``whole_days`` says no time of day was given."""

    start: datetime
    end: datetime | None
    whole_days: bool


def read_interval(text: str, now: datetime) -> Interval:
    """What the text means at ``now`` (zone-aware); a time without a zone is UTC. Raises ValueError saying why not."""
    word = re.sub(r"[\s_]+", "-", text.strip().lower())
    if word in WORDS:
        return _relative(word, now.astimezone(UTC))
    match = _TIME.match(text.strip())
    if match is None:
        raise ValueError(f"This is not a time. {FORMS}")
    try:
        return _absolute(match)
    except (ValueError, OverflowError):
        raise ValueError(f"There is no such time. {FORMS}") from None


def _relative(word: str, now: datetime) -> Interval:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    when, _, unit = word.partition("-")
    if not unit:
        start = today if word == "today" else today - timedelta(days=1)
        return Interval(start, start + timedelta(days=1), whole_days=True)
    if unit == "week":
        start = today - timedelta(days=today.weekday())
        return _shifted(start - timedelta(days=7) if when == "last" else start, timedelta(days=7))
    start = today.replace(day=1) if unit == "month" else today.replace(month=1, day=1)
    if when == "last":
        before = start - timedelta(days=1)
        start = before.replace(day=1) if unit == "month" else before.replace(month=1, day=1)
    return Interval(start, _next_month(start) if unit == "month" else _next_year(start), whole_days=True)


def _absolute(match: re.Match[str]) -> Interval:
    year = int(match["year"])
    if match["month"] is None:
        start = datetime(year, 1, 1, tzinfo=UTC)
        return Interval(start, _next_year(start), whole_days=True)
    if match["day"] is None:
        start = datetime(year, int(match["month"]), 1, tzinfo=UTC)
        return Interval(start, _next_month(start), whole_days=True)
    start = datetime(
        year,
        int(match["month"]),
        int(match["day"]),
        int(match["hour"] or 0),
        int(match["minute"] or 0),
        int(match["second"] or 0),
        int((match["fraction"] or "").ljust(6, "0")),
        tzinfo=_zone(match["zone"]),
    ).astimezone(UTC)
    step = next(step for name, step in _STEPS if match[name] is not None)
    return _shifted(start, step, whole_days=match["hour"] is None)


def _zone(text: str | None) -> timezone:
    if text is None or text.upper() in {"Z", "UTC"}:
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _shifted(start: datetime, step: timedelta, *, whole_days: bool = True) -> Interval:
    try:
        return Interval(start, start + step, whole_days)
    except OverflowError:
        return Interval(start, None, whole_days)


def _next_month(start: datetime) -> datetime | None:
    if start.month == 12:
        return _next_year(start)
    return start.replace(month=start.month + 1)


def _next_year(start: datetime) -> datetime | None:
    return None if start.year == 9999 else start.replace(year=start.year + 1, month=1)
