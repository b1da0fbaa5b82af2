"""Points in time: UTC, to the microsecond, read from the forms that wallet exports use. Any thread."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from types import MappingProxyType
from typing import Final

from aether_desktop.domain.text import plain_line

FIRST_YEAR, LAST_YEAR = 1970, 2200
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MAX_MICROS: Final = 7_289_654_399_999_999  # the last microsecond of 2200
_MIN_UNIX_DIGITS = 9  # fewer could be a year, a day without separators or a spreadsheet's day number
_MAX_TEXT = 64
_MARKS = "-- ::"  # what stands between the digits of 2017-10-07 13:46:18, at every third place from the fifth
_OUT_OF_RANGE = f"The time lies outside the years {FIRST_YEAR} to {LAST_YEAR}."

_UNIX = re.compile(r"([0-9]{1,19})(?:\.([0-9]{1,18}))?\Z")
_ZONE = r"[A-Za-z]{1,5}|(?:\+?(?:UTC|GMT) ?)?[+-][0-9:]{2,5}|\+UTC"
_CLOCK = (
    r"(?:(?:[Tt]|,? +)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,18}))?)?"
    r"(?: *(?P<half>[AaPp]\.?[Mm]\.?))?"
    rf"(?: *\(?(?P<zone>{_ZONE})\)?)?)?\Z"
)
_YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4})(?P<mark>[-/.])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})" + _CLOCK)
_YEAR_LAST = re.compile(r"(?P<one>[0-9]{1,2})(?P<mark>[-/.])(?P<two>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{2,4})" + _CLOCK)
_NAMED_MONTH = re.compile(
    r"(?:(?P<day>[0-9]{1,2})[- .]+(?P<name>[A-Za-z]{3,9})|(?P<name2>[A-Za-z]{3,9})[- .]+(?P<day2>[0-9]{1,2}))"
    r"[- ,.]+(?P<year>[0-9]{4})" + _CLOCK
)
_OFFSET = re.compile(r"(?:\+?(?:UTC|GMT) ?)?([+-])([0-9]{2}):?([0-9]{2})?\Z")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH_NUMBERS = MappingProxyType(
    {name[:length]: number for number, name in enumerate(_MONTHS, 1) for length in (3, len(name))} | {"sept": 9}
)
_UTC_NAMES = frozenset({"Z", "UTC", "GMT", "+UTC"})


class InvalidTimeError(ValueError):
    """A text or value that is no point in time from 1970 to 2200; ``reason`` is a plain sentence for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def utc_now() -> datetime:
    """By this machine's clock."""
    return datetime.now(UTC)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 of a zone-aware time, exactly. Raises InvalidTimeError, also for one without a zone."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise InvalidTimeError("The time has no zone; it cannot be stored.")
    since = moment - EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if not 0 <= micros <= MAX_MICROS:
        raise InvalidTimeError(_OUT_OF_RANGE)
    return micros


def from_micros(micros: int) -> datetime:
    """The UTC time of microseconds since 1970, exactly. Raises InvalidTimeError outside 1970 to 2200."""
    if not 0 <= micros <= MAX_MICROS:
        raise InvalidTimeError(_OUT_OF_RANGE)
    return EPOCH + timedelta(microseconds=micros)


def iso(moment: datetime) -> str:
    """A zone-aware time as ISO 8601 in UTC, 2017-10-07T13:46:18Z; microseconds only where there are any.

    Raises InvalidTimeError for a time without a zone or beyond the calendar.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise InvalidTimeError("The time has no zone; it cannot be written.")
    try:
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError:
        raise InvalidTimeError(_OUT_OF_RANGE) from None


def parse_time(text: str, *, default_zone: tzinfo = UTC, day_first: bool | None = None) -> datetime:
    """The UTC time that a text of a wallet export means; digits beyond microseconds are dropped.

    Reads unix seconds and milliseconds (nine digits or more), ISO 8601, and days written with month names, slashes or
    dots. ``default_zone`` holds where the text names none; of an hour that occurs twice there, the first is meant.
    ``day_first`` settles 10/7/2017; without it such a day is refused unless only one reading exists. Dots mean day
    first unless it says otherwise. Raises InvalidTimeError.
    """
    # The two commonest forms, without a regular expression. All marks are looked at, because fromisoformat also reads
    # week dates and offsets of the same length, and from Python 3.14 hour 24.
    if len(text) == 19 and text[4::3] == _MARKS and text[11:13] != "24":
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return _parse_slowly(text, default_zone, day_first)
        if default_zone is UTC and FIRST_YEAR <= moment.year <= LAST_YEAR:
            return moment.replace(tzinfo=UTC)
        return _in_utc(moment, default_zone)
    if len(text) == 10 and text[0] != "0" and text.isascii() and text.isdigit():
        return _from_seconds(int(text))
    return _parse_slowly(text, default_zone, day_first)


def _parse_slowly(text: str, default_zone: tzinfo, day_first: bool | None) -> datetime:
    if len(text) > _MAX_TEXT:
        raise InvalidTimeError(f"The text is too long for a time ({len(text)} characters).")
    text = text.strip()
    if not text:
        raise InvalidTimeError("The time is empty.")
    if number := _UNIX.match(text):
        return _from_unix(number.group(1), number.group(2) or "", text)
    if match := _YEAR_FIRST.match(text):
        day = int(match["year"]), int(match["month"]), int(match["day"])
    elif match := _YEAR_LAST.match(text):
        day = _numeric_day(match, day_first)
    elif match := _NAMED_MONTH.match(text):
        day = _named_day(match)
    else:
        raise InvalidTimeError(
            f"“{_shown(text)}” is not a time in a known form; write it like 2017-10-07 13:46:18 or as unix seconds."
        )
    return _assemble(match, day, default_zone)


def _from_seconds(seconds: int) -> datetime:
    if seconds > MAX_MICROS // 1_000_000:
        raise InvalidTimeError(_OUT_OF_RANGE)
    return EPOCH + timedelta(0, seconds)


def _from_unix(whole: str, fraction: str, text: str) -> datetime:
    number = int(whole)
    if len(whole.lstrip("0")) < _MIN_UNIX_DIGITS:
        raise InvalidTimeError(
            f"“{_shown(text)}” is too small for unix time (before March 1973): it may be a year, a day without "
            "separators or a spreadsheet's day number. Write it like 2017-10-07."
        )
    if number <= MAX_MICROS // 1_000_000:
        return from_micros(number * 1_000_000 + int(fraction[:6].ljust(6, "0")))
    if 10**11 <= number <= MAX_MICROS // 1_000:
        return from_micros(number * 1_000 + int(fraction[:3].ljust(3, "0")))
    raise InvalidTimeError(
        f"“{_shown(text)}” is neither unix seconds nor milliseconds of the years {FIRST_YEAR} to {LAST_YEAR}."
    )


def _numeric_day(match: re.Match[str], day_first: bool | None) -> tuple[int, int, int]:
    """Year, month and day of a day whose year comes last. Raises InvalidTimeError when two readings remain."""
    one, two, year = int(match["one"]), int(match["two"]), match["year"]
    written = match.string[: match.end("year")]
    if len(year) != 4:
        raise InvalidTimeError(f"The year in “{written}” must have four digits.")
    if day_first is None and match["mark"] == ".":
        day_first = True
    if day_first is None:
        if one <= 12 and two <= 12 and one != two:
            raise InvalidTimeError(
                f"“{written}” can be {one} {_month_name(two)} or {two} {_month_name(one)}; "
                "say whether the day or the month comes first."
            )
        day_first = one > 12
    return (int(year), two, one) if day_first else (int(year), one, two)


def _named_day(match: re.Match[str]) -> tuple[int, int, int]:
    name = match["name"] or match["name2"]
    month = _MONTH_NUMBERS.get(name.lower())
    if month is None:
        raise InvalidTimeError(f"“{name}” is not the English name of a month.")
    return int(match["year"]), month, int(match["day"] or match["day2"])


def _assemble(match: re.Match[str], day: tuple[int, int, int], default_zone: tzinfo) -> datetime:
    if not 1 <= day[1] <= 12:
        raise InvalidTimeError(f"There is no month {day[1]} in “{_shown(match.string)}”.")
    hour = _hour(match)
    micros = int((match["fraction"] or "")[:6].ljust(6, "0"))
    try:
        moment = datetime(*day, hour, int(match["minute"] or 0), int(match["second"] or 0), micros)  # noqa: DTZ001 - its zone follows
    except ValueError:
        raise InvalidTimeError(f"“{_shown(match.string)}” names a day or time of day that does not exist.") from None
    return _in_utc(moment, default_zone if match["zone"] is None else _zone(match["zone"]))


def _hour(match: re.Match[str]) -> int:
    hour = int(match["hour"] or 0)
    if match["half"] is None:
        return hour
    if not 1 <= hour <= 12:
        raise InvalidTimeError(f"With AM or PM the hour runs from 1 to 12; “{_shown(match.string)}” has {hour}.")
    return hour % 12 + (12 if match["half"][0] in "pP" else 0)


def _zone(name: str) -> tzinfo:
    if name.upper() in _UTC_NAMES:
        return UTC
    offset = _OFFSET.match(name)
    if offset is None:
        raise InvalidTimeError(f"The zone “{_shown(name)}” is not clear; write UTC or a difference such as +02:00.")
    hours, minutes = int(offset[2]), int(offset[3] or 0)
    if hours > 14 or minutes > 59:
        raise InvalidTimeError(f"The zone “{_shown(name)}” does not exist; zones differ from UTC by at most 14 hours.")
    difference = timedelta(hours=hours, minutes=minutes)
    return timezone(-difference if offset[1] == "-" else difference)


def _in_utc(moment: datetime, zone: tzinfo) -> datetime:
    try:
        moment = moment.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:  # the first and last day of the calendar
        raise InvalidTimeError(_OUT_OF_RANGE) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise InvalidTimeError(_OUT_OF_RANGE)
    return moment


def _month_name(number: int) -> str:
    return _MONTHS[number - 1].capitalize()


def _shown(text: str) -> str:
    return plain_line(text, _MAX_TEXT)
