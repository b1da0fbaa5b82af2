"""Prices, dated and sourced; on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aether_desktop.domain.prices import Price
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.storage import Storage

DAY = datetime(2024, 5, 1, tzinfo=UTC)


def price(days: int = 0, figure: str = "2987.123456789012345678", **fields: str) -> Price:
    given = {"symbol": "ETH", "currency": "EUR", "source": "prices.csv", **fields}
    return Price(day=DAY + timedelta(days=days), price=figure, **given)


def test_what_is_put_is_found_by_day(storage: Storage) -> None:
    assert storage.prices.put([price(0), price(2, "3000")]) == 2
    assert storage.prices.at("ETH", "EUR", DAY) == price(0)
    assert storage.prices.at("ETH", "EUR", DAY + timedelta(days=1, hours=5)) == price(0)
    assert storage.prices.at("ETH", "EUR", DAY + timedelta(days=900)) == price(2, "3000")
    assert storage.prices.at("ETH", "EUR", DAY - timedelta(days=1)) is None
    assert storage.prices.at("BTC", "EUR", DAY) is None
    assert storage.prices.at("ETH", "USD", DAY) is None


def test_the_latest_of_each_symbol(storage: Storage) -> None:
    assert storage.prices.latest("EUR") == {}
    put = [price(0), price(1, "1"), price(0, symbol="BTC"), price(5, currency="USD")]
    storage.prices.put(put)
    assert storage.prices.latest("EUR") == {"ETH": put[1], "BTC": put[2]}
    assert storage.prices.currencies() == ["EUR", "USD"]


def test_new_and_changed_ones_are_counted(storage: Storage) -> None:
    assert storage.prices.put([]) == 0
    assert storage.prices.put([price(0), price(1)]) == 2
    assert storage.prices.put([price(0), price(1, "7"), price(2)]) == 2
    assert storage.prices.at("ETH", "EUR", DAY + timedelta(days=1)) == price(1, "7")


def test_of_equal_keys_the_last_one_holds(storage: Storage) -> None:
    assert storage.prices.put([price(0, "1"), price(0, "2")]) == 1
    assert storage.prices.at("ETH", "EUR", DAY) == price(0, "2")


def test_sources_are_kept_apart(storage: Storage) -> None:
    assert storage.prices.put([price(0, "1"), price(0, "2", source="other.csv")]) == 2
    found = storage.prices.at("ETH", "EUR", DAY)
    assert found is not None
    assert storage.prices.latest("EUR")["ETH"] == found


def test_thousands_at_once(storage: Storage) -> None:
    many = [price(days, str(days)) for days in range(2_500)]
    assert storage.prices.put(many) == 2_500
    assert storage.prices.put(many) == 0
    assert storage.prices.latest("EUR")["ETH"].price == "2499"


@pytest.mark.parametrize("symbol", ["a\x00b", "\ud800", "", "x" * 65])
def test_what_cannot_be_stored_is_refused(storage: Storage, symbol: str) -> None:
    with pytest.raises(InvalidInputError):
        storage.prices.put([price(0), price(1, symbol=symbol)])
    assert storage.prices.latest("EUR") == {}
