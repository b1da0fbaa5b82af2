"""Fiat prices from a CSV file (date, symbol, currency, price), and what a balance is worth by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from pathlib import Path

from aether_desktop.domain.amounts import Currency, format_units
from aether_desktop.domain.annotations import Price
from aether_desktop.domain.imports import Rejection
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent

_EXACT = Context(prec=400)  # 78 digits of units times 120 of a price: nothing is ever rounded


@dataclass(frozen=True, slots=True)
class Valuation:
    """A fiat value with its source: the exact product of a balance and one dated price."""

    value: Decimal
    price: Price


@dataclass(frozen=True, slots=True)
class PriceReport:
    """``stored`` counts prices that are new or changed."""

    path: Path
    rows: int
    stored: int
    rejections: tuple[Rejection, ...]


def value_of(base_units: int, currency: Currency, prices: Mapping[str, Price]) -> Valuation | None:
    """The value by the price of the currency's symbol; None where there is no price, never zero. Pure."""
    price = prices.get(currency.symbol)
    if price is None:
        return None
    amount = Decimal(format_units(base_units, currency.decimals))
    return Valuation(_EXACT.multiply(amount, Decimal(price.price)), price)


class PriceService:
    """Worker threads only."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def fiats(self) -> list[str]:
        """The fiat currencies that have prices."""
        return self._storage.prices.currencies()

    def latest(self, fiat: str) -> Mapping[str, Price]:
        """Newest price per symbol."""
        return self._storage.prices.latest(fiat)

    def value_at(self, base_units: int, currency: Currency, *, fiat: str, day: datetime) -> Valuation | None:
        """The value by the newest price on or before ``day``; None where there is none."""
        price = self._storage.prices.at(currency.symbol, fiat, day)
        return value_of(base_units, currency, {currency.symbol: price}) if price else None

    def import_file(self, path: Path, *, token: CancelToken | None = None, progress: Progress = silent) -> PriceReport:
        """Store the good rows, report the bad ones. Raises ImportRefusedError for the whole file."""
        ...
