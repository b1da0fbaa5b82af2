"""Fiat prices from a CSV file (date, symbol, currency, price), and what a balance is worth by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from pathlib import Path

from aether_desktop.domain.amounts import Currency, InvalidAmountError, format_units, parse_units
from aether_desktop.domain.annotations import Price
from aether_desktop.domain.fiat import UnknownFiatError, fiat_currency
from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.times import InvalidTimeError, parse_time
from aether_desktop.ports.errors import ImportRefusedError
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.tabular import open_table

_EXACT = Context(prec=400)  # 78 digits of units times those of a price: nothing is ever rounded
_HEADINGS = ("date", "symbol", "currency", "price")
_DECIMALS = 36  # of a price; more is refused, not rounded
_MAX_SYMBOL = 64
_CHUNK = 1000


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


class _WrongRowError(ValueError):
    """Why a row is no price."""


def value_of(base_units: int, currency: Currency, prices: Mapping[str, Price]) -> Valuation | None:
    """The value by the price of the currency's symbol; None where there is no price, never zero. Pure."""
    price = prices.get(currency.symbol)
    if price is None:
        return None
    amount = Decimal(format_units(base_units, currency.decimals))
    return Valuation(_EXACT.multiply(amount, Decimal(price.price)), price)
