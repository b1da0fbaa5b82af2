"""Where the labels of a time axis stand and what they say: whole UTC seconds, never two labels on each other.

No Qt: the widths of texts come in through ``measure``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

EARLIEST = -62_135_596_800  # 1 Jan 0001
LATEST = 253_402_300_799  # 31 Dec 9999, 23:59:59
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_MONTH = 30 * _DAY  # how long it is about; only to skip steps that cannot fit
_MONDAY = 4 * _DAY  # the first one since 1970
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimeTick(NamedTuple):
    """A moment and its label; ``left`` and ``width`` are the label's place in pixels."""

    seconds: int
    label: str
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class _Step:
    """Either whole seconds (counted from ``origin``) or whole months."""

    seconds: int = 0
    months: int = 0
    origin: int = 0

    @property
    def length(self) -> int:
        return self.seconds or self.months * _MONTH

    def between(self, first: int, last: int) -> list[int]:
        if self.seconds:
            start = first + (self.origin - first) % self.seconds
            return list(range(start, last + 1, self.seconds))
        begin = _moment(first)
        month = begin.year * 12 + begin.month - 1
        found: list[int] = []
        month += -month % self.months
        while month < 10_000 * 12:
            seconds = _seconds(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC))
            if seconds > last:
                break
            if seconds >= first:
                found.append(seconds)
            month += self.months
        return found


_STEPS = (
    *(_Step(seconds=count) for count in (1, 2, 5, 10, 15, 30)),
    *(_Step(seconds=count * _MINUTE) for count in (1, 2, 5, 10, 15, 30)),
    *(_Step(seconds=count * _HOUR) for count in (1, 2, 3, 6, 12)),
    *(_Step(seconds=count * _DAY) for count in (1, 2)),
    *(_Step(seconds=count * _DAY, origin=_MONDAY) for count in (7, 14)),
    *(_Step(months=count) for count in (1, 3, 6)),
    *(_Step(months=count * 12) for count in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)),
)


def time_ticks(
    first: int, last: int, *, length: float, measure: Callable[[str], float], gap: float
) -> tuple[TimeTick, ...]:
    """The finest round steps from ``first`` to ``last`` whose labels, on ``length`` pixels, stay ``gap`` apart.

    The first label names the year (and the zone, where there is a clock); a later one only what changed. At least one
    tick comes back: where no round step fits, ``first`` itself. Raises ValueError if ``first`` is after ``last`` or
    either lies outside the years 1 to 9999.
    """
    if not EARLIEST <= first <= last <= LATEST:
        raise ValueError("a time axis runs forward, within the years 1 to 9999")
    most = int(length / max(gap + measure("0"), 1)) + 1
    for step in _STEPS if first < last else ():
        if (last - first) // step.length > most + 1:
            continue
        places = step.between(first, last)
        placed = _placed(places, _labels(step, places), (first, last), length, measure)
        if placed and all(b.left - a.left - a.width >= gap for a, b in pairwise(placed)):
            return placed
    return _placed([first], [_alone(first, last)], (first, last), length, measure)


def _placed(
    places: Sequence[int], labels: Sequence[str], span: tuple[int, int], length: float, measure: Callable[[str], float]
) -> tuple[TimeTick, ...]:
    """Labels are centred under their moments, and shifted inwards at the ends."""
    first, last = span
    found = []
    for seconds, label in zip(places, labels, strict=True):
        width = measure(label)
        centre = (seconds - first) / max(last - first, 1) * length
        found.append(TimeTick(seconds, label, max(min(centre - width / 2, length - width), 0.0), width))
    return tuple(found)


def _labels(step: _Step, places: Sequence[int]) -> list[str]:
    moments = [_moment(seconds) for seconds in places]
    before: list[datetime | None] = [None, *moments[:-1]] if moments else []
    return [_label(step, moment, last) for moment, last in zip(moments, before, strict=True)]


def _label(step: _Step, moment: datetime, before: datetime | None) -> str:
    if step.months:
        if step.months % 12 == 0 or (before is not None and before.year != moment.year):
            return str(moment.year)
        return _month(moment) if before is None else f"{moment:%b}"
    if step.seconds >= _DAY:
        return _day(moment) if before is None or before.year != moment.year else f"{moment.day} {moment:%b}"
    if before is None:
        return f"{moment.day} {moment:%b} {_clock(moment)} UTC"
    return _clock(moment) if before.date() == moment.date() else f"{moment.day} {moment:%b}"


def _alone(first: int, last: int) -> str:
    moment = _moment(first)
    return f"{_day(moment)} {_clock(moment)} UTC" if last - first < _DAY and first % _DAY else _day(moment)


def _month(moment: datetime) -> str:
    return f"{moment:%b} {moment.year}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b} {moment.year}"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def _moment(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)  # fromtimestamp refuses early years on some systems


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)
