"""Times as wallet exports write them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aether_desktop.domain.text import has_hidden_characters
from aether_desktop.domain.times import EPOCH, MAX_MICROS, InvalidTimeError, from_micros, iso, parse_time, to_micros

FIRST, LAST = datetime(1970, 1, 1), datetime(2200, 12, 31, 23, 59, 59, 999_999)  # noqa: DTZ001 - bounds for strategies
MOMENT = datetime(2017, 10, 7, 13, 46, 18, tzinfo=UTC)
MONTHS = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]  # fmt: skip
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
seconds = moments.map(lambda moment: moment.replace(microsecond=0))


def reason_of(text: str, *, default_zone: tzinfo = UTC, day_first: bool | None = None) -> str:
    with pytest.raises(InvalidTimeError) as caught:
        parse_time(text, default_zone=default_zone, day_first=day_first)
    assert caught.value.reason == str(caught.value)
    assert not has_hidden_characters(caught.value.reason)
    assert len(caught.value.reason) < 250
    return caught.value.reason


@pytest.mark.parametrize(
    "text",
    [
        "1507383978",
        "1507383978000",
        "1507383978.0",
        "2017-10-07 13:46:18",
        "2017-10-07T13:46:18",
        "2017-10-07T13:46:18Z",
        "2017-10-07t13:46:18z",
        "2017-10-07 13:46:18Z",
        "2017-10-07T13:46:18.000Z",
        "2017-10-07T13:46:18,000Z",
        "2017-10-07T15:46:18+02:00",
        "2017-10-07T15:46:18+0200",
        "2017-10-07T15:46:18+02",
        "2017-10-07 08:16:18-05:30",
        "2017-10-07 15:46:18 +02:00",
        "2017-10-07 13:46:18 UTC",
        "2017-10-07 13:46:18 (UTC)",
        "2017-10-07 13:46:18 GMT",
        "2017-10-07 15:46:18 UTC+02:00",
        "2017-10-07 15:46:18 GMT+0200",
        "2017/10/07 13:46:18",
        "2017.10.07 13:46:18",
        "2017-10-7 13:46:18",
        "Oct-07-2017 01:46:18 PM +UTC",
        "Oct-07-2017 01:46:18 PM UTC",
        "Oct 7, 2017 1:46:18 p.m.",
        "October 7, 2017, 13:46:18",
        "7 October 2017 13:46:18",
        "07-Oct-2017 13:46:18",
        "07.10.2017 13:46:18",
        "07.10.2017, 13:46:18",
        "  2017-10-07 13:46:18\n",
    ],
)
def test_forms_of_one_moment(text: str) -> None:
    moment = parse_time(text)
    assert moment == MOMENT
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-11-04", "2020-11-04T00:00:00Z"),
        ("04.11.2020", "2020-11-04T00:00:00Z"),
        ("04.11.2020 01:23", "2020-11-04T01:23:00Z"),
        ("2020-11-04 01:23", "2020-11-04T01:23:00Z"),
        ("Nov-04-2020", "2020-11-04T00:00:00Z"),
        ("Nov-04-2020 01:23:22 AM +UTC", "2020-11-04T01:23:22Z"),
        ("Nov-04-2020 12:23:22 AM +UTC", "2020-11-04T00:23:22Z"),
        ("Nov-04-2020 12:23:22 PM +UTC", "2020-11-04T12:23:22Z"),
        ("2020-11-04 01:23:22.5", "2020-11-04T01:23:22.500000Z"),
        ("2020-11-04 01:23:22.1234567890", "2020-11-04T01:23:22.123456Z"),
        ("1604453002.25", "2020-11-04T01:23:22.250000Z"),
        ("1604453002123", "2020-11-04T01:23:22.123000Z"),
        ("1604453002123.4567", "2020-11-04T01:23:22.123456Z"),
        ("1970-01-01 00:00:00", "1970-01-01T00:00:00Z"),
        ("2200-12-31T23:59:59.999999Z", "2200-12-31T23:59:59.999999Z"),
        ("7289654399", "2200-12-31T23:59:59Z"),
        ("7289654399999", "2200-12-31T23:59:59.999000Z"),
        ("100000000", "1973-03-03T09:46:40Z"),
        ("100000000000", "1973-03-03T09:46:40Z"),
        ("2020-02-29", "2020-02-29T00:00:00Z"),
        ("May 5 2020", "2020-05-05T00:00:00Z"),
        ("Sept 5 2020", "2020-09-05T00:00:00Z"),
        ("1970-01-01T05:00:00+05:00", "1970-01-01T00:00:00Z"),
    ],
)
def test_other_forms(text: str, expected: str) -> None:
    assert iso(parse_time(text)) == expected


@pytest.mark.parametrize(
    ("text", "day_first", "expected"),
    [
        ("10/7/2017 1:46:18 PM", False, "2017-10-07T13:46:18Z"),
        ("10/7/2017 1:46:18 PM", True, "2017-07-10T13:46:18Z"),
        ("10/17/2017 1:46:18 PM", None, "2017-10-17T13:46:18Z"),
        ("17/10/2017 13:46", None, "2017-10-17T13:46:00Z"),
        ("7/7/2017", None, "2017-07-07T00:00:00Z"),
        ("17-10-2017", None, "2017-10-17T00:00:00Z"),
        ("04.11.2020", True, "2020-11-04T00:00:00Z"),
        ("04.11.2020", False, "2020-04-11T00:00:00Z"),
        ("2020-11-04", True, "2020-11-04T00:00:00Z"),
    ],
)
def test_order_of_day_and_month(text: str, day_first: bool | None, expected: str) -> None:
    assert iso(parse_time(text, day_first=day_first)) == expected


def test_an_ambiguous_day_is_named_with_both_readings() -> None:
    reason = reason_of("10/7/2017 1:46:18 PM")
    assert "10/7/2017" in reason
    assert "10 July or 7 October" in reason
    assert "10 July or 7 October" in reason_of("10-7-2017")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("yesterday", "not a time in a known form"),
        ("2017-10-07 13:46:18 EST", "zone “EST” is not clear"),
        ("2017-10-07 13:46:18 CET", "zone “CET” is not clear"),
        ("2017-10-07 13:46:18+15:00", "does not exist"),
        ("2017-10-07 13:46:18+02:60", "does not exist"),
        ("2017-10-07 13:46:18+2:00", "is not clear"),
        ("2017-13-07", "no month 13"),
        ("2017-00-07", "no month 0"),
        ("2017-02-29", "does not exist"),
        ("2017-10-00", "does not exist"),
        ("2017-10-07 24:00:00", "does not exist"),
        ("2017-10-07 13:60:00", "does not exist"),
        ("2017-10-07 13:46:60", "does not exist"),
        ("10/17/2017 13:46:18 PM", "runs from 1 to 12"),
        ("10/17/2017 0:46:18 AM", "runs from 1 to 12"),
        ("10/25/17", "four digits"),
        ("10/25/201", "four digits"),
        ("13/13/2017", "no month 13"),
        ("Foo-04-2020", "not the English name of a month"),
        ("1969-12-31 23:59:59", "outside the years"),
        ("2201-01-01 00:00:00", "outside the years"),
        ("1970-01-01T00:00:00+00:01", "outside the years"),
        ("0001-01-01T00:00:00+01:00", "outside the years"),
        ("9999-12-31T23:59:59-01:00", "outside the years"),
        ("7289654400", "outside the years"),
        ("9999999999", "outside the years"),
        ("99999999999", "neither unix seconds nor milliseconds"),
        ("7289654400000", "neither unix seconds nor milliseconds"),
        ("20171007134618", "neither unix seconds nor milliseconds"),
        ("2017", "too small for unix time"),
        ("20171007", "too small for unix time"),
        ("43015.57", "too small for unix time"),
        ("0", "too small for unix time"),
        ("0000000001", "too small for unix time"),
        ("-1507383978", "not a time in a known form"),
        ("1507383978.", "not a time in a known form"),
        ("1.5e9", "not a time in a known form"),
        ("2017-W40-6 13:46:18", "not a time in a known form"),
        ("2017-10-07 134618.5", "not a time in a known form"),
        ("2017-10/07", "not a time in a known form"),
        ("2017-10-07 13", "not a time in a known form"),
        ("\u0661\u0665\u0660\u0667\u0663\u0668\u0663\u0669\u0667\u0668", "not a time in a known form"),
        ("2017-10-07 13:46:1\u0668", "not a time in a known form"),
        ("150738397\u00b2", "not a time in a known form"),
        ("2017-10-07\x00", "not a time in a known form"),
        ("\u202e2017-10-07", "not a time in a known form"),
        ("<b>2017</b>", "<b>2017</b>"),
        ("9" * 65, "too long for a time"),
        ("9" * 10_000_000, "too long for a time (10000000 characters)"),
    ],
)
def test_refused_with_a_plain_reason(text: str, part: str) -> None:
    assert part in reason_of(text)


def test_an_offset_of_the_fast_forms_length_is_not_lost() -> None:
    assert iso(parse_time("2017-10-07 13:46+02")) == "2017-10-07T11:46:00Z"


def test_a_wrong_order_is_refused_and_not_turned_round() -> None:
    assert "no month 25" in reason_of("10/25/2017", day_first=True)
    assert "no month 25" in reason_of("25/10/2017", day_first=False)


def test_a_default_zone_holds_only_where_none_is_named() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert parse_time("2017-10-07 15:46:18", default_zone=berlin) == MOMENT
    assert parse_time("07.10.2017 15:46:18", default_zone=berlin) == MOMENT
    assert parse_time("2017-10-07 13:46:18Z", default_zone=berlin) == MOMENT
    assert parse_time("1507383978", default_zone=berlin) == MOMENT
    assert parse_time("2017-10-07 19:16:18", default_zone=timezone(timedelta(hours=5, minutes=30))) == MOMENT
    assert "outside the years" in reason_of("1970-01-01 00:00:00", default_zone=berlin)
    # the hour that occurs twice when summer time ends: the first one is meant
    assert iso(parse_time("2017-10-29 02:30:00", default_zone=berlin)) == "2017-10-29T00:30:00Z"


@given(moments)
def test_micros_round_trip(moment: datetime) -> None:
    micros = to_micros(moment)
    assert from_micros(micros) == moment
    assert micros == (moment - EPOCH) // timedelta(microseconds=1)
    assert to_micros(moment.astimezone(timezone(timedelta(hours=-7)))) == micros


@given(st.integers(0, MAX_MICROS))
@example(0)
@example(MAX_MICROS)
def test_times_round_trip(micros: int) -> None:
    moment = from_micros(micros)
    assert moment.tzinfo is UTC
    assert to_micros(moment) == micros
    assert parse_time(iso(moment)) == moment


@given(seconds)
def test_every_second_in_every_form(moment: datetime) -> None:
    unix = to_micros(moment) // 1_000_000
    if unix >= 10**8:
        assert parse_time(str(unix)) == moment
        assert parse_time(str(unix * 1000)) == moment
    # not strftime: its month names follow the locale, which a QApplication in the same process may have set
    month, day, clock = MONTHS[moment.month - 1], f"{moment:%d}", f"{moment:%H:%M:%S}"
    half_day = f"{moment.hour % 12 or 12}:{moment:%M:%S} {'PM' if moment.hour >= 12 else 'AM'}"
    for text, day_first in [
        (f"{moment:%Y-%m-%d} {clock}", None),
        (f"{moment:%Y-%m-%d}T{clock}Z", None),
        (f"{moment:%Y-%m-%d} {clock} UTC", None),
        (f"{moment.month}/{moment.day}/{moment.year} {half_day}", False),
        (f"{moment:%d/%m/%Y} {clock}", True),
        (f"{moment:%d.%m.%Y} {clock}", None),
        (f"{month[:3]}-{day}-{moment.year} {half_day} +UTC", None),
        (f"{day} {month} {moment.year} {clock}", None),
    ]:
        assert parse_time(text, day_first=day_first) == moment


@given(moments, st.integers(-14 * 60, 14 * 60))
def test_every_offset(moment: datetime, minutes: int) -> None:
    there = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_time(there.isoformat()) == moment
    assert parse_time(there.isoformat(sep=" ")) == moment


@given(
    st.one_of(st.text(max_size=70), st.text("0123456789-:/., TZ+UCAPMapmNov", max_size=40)), st.booleans() | st.none()
)
def test_no_text_breaks_the_parser(text: str, day_first: bool | None) -> None:
    try:
        moment = parse_time(text, day_first=day_first)
    except InvalidTimeError as error:
        reason = error.reason
    else:
        reason = "none"
        assert EPOCH <= moment <= from_micros(MAX_MICROS)
    assert not has_hidden_characters(reason)
    assert len(reason) < 250


def test_a_time_without_zone_is_refused() -> None:
    naive = MOMENT.replace(tzinfo=None)
    with pytest.raises(InvalidTimeError, match="no zone"):
        to_micros(naive)
    with pytest.raises(InvalidTimeError, match="no zone"):
        iso(naive)


def test_out_of_range_is_refused() -> None:
    for micros in (-1, MAX_MICROS + 1, 2**70):
        with pytest.raises(InvalidTimeError, match="outside the years"):
            from_micros(micros)
    for moment in (
        EPOCH - timedelta(microseconds=1),
        from_micros(MAX_MICROS) + timedelta(microseconds=1),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
    ):
        with pytest.raises(InvalidTimeError, match="outside the years"):
            to_micros(moment)
    with pytest.raises(InvalidTimeError, match="outside the years"):
        iso(datetime.min.replace(tzinfo=timezone(timedelta(hours=14))))


def test_iso_shows_microseconds_only_where_there_are_any() -> None:
    assert iso(MOMENT) == "2017-10-07T13:46:18Z"
    assert iso(MOMENT.replace(microsecond=1)) == "2017-10-07T13:46:18.000001Z"
    assert iso(MOMENT.astimezone(timezone(timedelta(hours=2)))) == "2017-10-07T13:46:18Z"
    assert math.isclose(to_micros(MOMENT) / 1e6, 1507383978)
