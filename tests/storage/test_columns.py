"""Exact types: keys in Python, and what both engines store, sort, compare, sum and refuse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, Table, func, insert, select, type_coerce
from sqlalchemy.exc import DBAPIError

from aether_desktop.domain.amounts import MAX_DECIMALS, MAX_UNITS, InvalidAmountError, format_units
from aether_desktop.domain.wallets import WalletKind
from aether_desktop.storage.columns import (
    MAX_KEY_BYTES,
    MAX_RANK_BYTES,
    CalendarDate,
    Choice,
    Flag,
    JsonText,
    RankKey,
    UnitsKey,
    UtcTime,
    choice_check,
    figure_rank,
    figure_text,
    from_microseconds,
    microseconds,
    rank_key,
    units_from_key,
    units_key,
    units_key_check,
)
from aether_desktop.storage.database import Database
from aether_desktop.storage.sums import exact_sum, fold

# Where a byte, a branch of the sum or a sign bit begins.
EDGES = sorted(
    {0, 1, 255, 256, MAX_UNITS}
    | {2**bits + step for bits in (55, 56, 60, 63, 64, 119, 120, 127, 128, 180, 240, 255) for step in (-1, 0)}
)
units_values = st.one_of(st.sampled_from(EDGES), st.integers(0, MAX_UNITS), st.integers(0, 10**20))
figures = st.tuples(units_values, st.integers(0, MAX_DECIMALS))

SCRATCH = MetaData()
EXACT = Table(
    "exact_scratch",
    SCRATCH,
    Column("place", Integer, primary_key=True),
    Column("units", UnitsKey()),
    Column("rank", RankKey()),
    units_key_check("units"),
    prefixes=["TEMPORARY"],
)
PLAIN = Table(
    "plain_scratch",
    SCRATCH,
    Column("moment", UtcTime()),
    Column("day", CalendarDate()),
    Column("facts", JsonText()),
    Column("kind", Choice(WalletKind)),
    Column("flag", Flag()),
    choice_check("kind", WalletKind),
    prefixes=["TEMPORARY"],
)
on_both_engines = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


class TakenBackError(Exception):
    pass


@contextmanager
def scratch(database: Database, table: Table) -> Iterator[Connection]:
    """The table for the time of the block."""
    with pytest.raises(TakenBackError), database.write(action="test", table="test") as unit:
        table.create(unit.connection)
        yield unit.connection
        raise TakenBackError


class TestKeys:
    @given(units_values, units_values)
    def test_units_keys_order_as_numbers_and_come_back(self, one: int, other: int) -> None:
        assert (units_key(one) < units_key(other)) == (one < other)
        assert units_from_key(units_key(one)) == one
        assert len(units_key(one)) <= MAX_KEY_BYTES

    @pytest.mark.parametrize("units", [-1, MAX_UNITS + 1])
    def test_units_outside_the_range_are_refused(self, units: int) -> None:
        with pytest.raises(InvalidAmountError):
            units_key(units)

    @given(figures, figures)
    @example((15, 1), (1500, 3))
    @example((1, 77), (0, 0))
    @example((MAX_UNITS, 0), (MAX_UNITS, 1))
    def test_rank_keys_order_figures_of_any_decimals(self, one: tuple[int, int], other: tuple[int, int]) -> None:
        figure, other_figure = Fraction(one[0], 10 ** one[1]), Fraction(other[0], 10 ** other[1])
        key, other_key = rank_key(*one), rank_key(*other)
        assert (key < other_key) == (figure < other_figure)
        assert (key == other_key) == (figure == other_figure)
        assert len(key) <= MAX_RANK_BYTES

    @given(figures)
    def test_a_typed_figure_has_the_rank_of_the_stored_one(self, figure: tuple[int, int]) -> None:
        text = format_units(*figure)
        assert figure_rank(text) == rank_key(*figure)
        assert figure_text(rank_key(*figure)) == text

    @pytest.mark.parametrize(
        ("text", "same"), [(" 1,500.50 ", "1500.5"), ("+2", "2"), (".5", "0.5"), ("15e-1", "1.5"), ("0.0e9", "0")]
    )
    def test_figures_are_typed_in_many_ways(self, text: str, same: str) -> None:
        assert figure_rank(text) == figure_rank(same)

    @pytest.mark.parametrize("text", ["", "-1", "\u22121", "one", "1.2.3", "1e", "1e1.5", "\u0661", "0x10", "9" * 121])
    def test_what_is_no_figure_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidAmountError):
            figure_rank(text)

    def test_figures_beyond_every_currency_still_compare(self) -> None:
        assert figure_rank("1e-500") < rank_key(1, MAX_DECIMALS) < rank_key(MAX_UNITS, 0) < figure_rank("1e500")
        assert figure_rank("1e-500") > rank_key(0, 0)


class TestMoney:
    @on_both_engines
    @given(st.lists(units_values, max_size=12))
    @example(EDGES)
    @example([MAX_UNITS] * 12)
    def test_the_engine_stores_sorts_and_sums_exactly(self, database: Database, values: list[int]) -> None:
        with scratch(database, EXACT) as connection:
            for place, value in enumerate(values):
                connection.execute(insert(EXACT).values(place=place, units=value))
            columns = EXACT.c
            assert list(connection.scalars(select(columns.units).order_by(columns.place))) == values
            assert list(connection.scalars(select(columns.units).order_by(columns.units))) == sorted(values)
            assert connection.scalar(select(exact_sum(columns.units))) == (sum(values) if values else None)

    @on_both_engines
    @given(st.lists(units_values, max_size=12), units_values)
    def test_the_engine_compares_exactly(self, database: Database, values: list[int], bound: int) -> None:
        with scratch(database, EXACT) as connection:
            for place, value in enumerate(values):
                connection.execute(insert(EXACT).values(place=place, units=value))
            units = EXACT.c.units
            count = select(func.count()).select_from(EXACT)
            assert connection.scalar(count.where(units < bound)) == sum(value < bound for value in values)
            assert connection.scalar(count.where(units == bound)) == sum(value == bound for value in values)
            below = select(exact_sum(units)).where(units <= bound)
            smaller = [value for value in values if value <= bound]
            assert connection.scalar(below) == (sum(smaller) if smaller else None)

    @on_both_engines
    @given(st.lists(figures, max_size=12))
    def test_the_engine_sorts_figures_of_any_decimals(self, database: Database, values: list[tuple[int, int]]) -> None:
        with scratch(database, EXACT) as connection:
            for place, figure in enumerate(values):
                connection.execute(insert(EXACT).values(place=place, rank=rank_key(*figure)))
            order = connection.scalars(select(EXACT.c.place).order_by(EXACT.c.rank, EXACT.c.place)).all()
            wanted = sorted(range(len(values)), key=lambda place: Fraction(values[place][0], 10 ** values[place][1]))
            assert list(order) == wanted

    def test_sums_leave_out_what_is_absent_and_group(self, database: Database) -> None:
        with scratch(database, EXACT) as connection:
            for place, value in enumerate([2**255, None, 2**255, None]):
                connection.execute(insert(EXACT).values(place=place, units=value))
            assert connection.scalar(select(exact_sum(EXACT.c.units))) == 2**256
            odd = (EXACT.c.place % 2).label("odd")
            grouped = select(odd, exact_sum(EXACT.c.units)).group_by(odd)
            assert {row.odd: row[1] for row in connection.execute(grouped)} == {0: 2**256, 1: None}

    @pytest.mark.parametrize(
        "key", [b"", b"\x01", b"\x02\x01", b"\x02\x00\x01", b"\x01\x01\x01", b"\x21" + b"\x01" * 33]
    )
    def test_the_database_refuses_a_malformed_key(self, database: Database, key: bytes) -> None:
        with scratch(database, EXACT) as connection, pytest.raises(DBAPIError), connection.begin_nested():
            connection.execute(insert(EXACT).values(place=1, units=type_coerce(key, LargeBinary)))


class TestOtherTypes:
    @on_both_engines
    @given(
        moment=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7, minutes=-30))])),
        day=st.dates(),
        facts=st.dictionaries(st.text(st.characters(exclude_characters="\x00", codec="utf-8")), st.integers()),
        kind=st.sampled_from(WalletKind),
        flag=st.booleans(),
    )
    def test_values_come_back(self, database: Database, **values: Any) -> None:
        with scratch(database, PLAIN) as connection:
            connection.execute(insert(PLAIN).values(values))
            assert connection.execute(select(PLAIN)).mappings().one() == values

    def test_absent_values_come_back(self, database: Database) -> None:
        with scratch(database, PLAIN) as connection:
            connection.execute(insert(PLAIN).values(moment=None))
            assert set(connection.execute(select(PLAIN)).one()) == {None}

    def test_the_database_refuses_an_unknown_choice(self, database: Database) -> None:
        with scratch(database, PLAIN) as connection, pytest.raises(DBAPIError), connection.begin_nested():
            connection.exec_driver_sql("INSERT INTO plain_scratch (kind) VALUES ('gold')")

    def test_folding_is_alike_for_every_script(self, database: Database) -> None:
        with database.read() as connection:
            words = select(fold(func.coalesce("ÄÖÜ ΣΑΣ ЖЗ abC", "")))
            assert connection.scalar(words) == "äöü \u03c3\u03b1\u03c3 жз abc"

    @given(st.datetimes(timezones=st.just(UTC)))
    def test_microseconds_are_exact(self, moment: datetime) -> None:
        assert from_microseconds(microseconds(moment)) == moment

    def test_a_time_without_a_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="zone"):
            microseconds(datetime(2024, 1, 1))  # noqa: DTZ001 - that is the point

    def test_days_before_1970_are_exact(self) -> None:
        assert microseconds(datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)) == -1
        assert date(1969, 12, 31) == from_microseconds(-1).date()
