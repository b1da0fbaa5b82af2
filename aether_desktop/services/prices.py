"""Fiat prices from a CSV file (date, symbol, currency, price), and what a balance is worth by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from pathlib import Path

from aether_desktop.domain.amounts import Currency, InvalidAmountError, format_units, parse_units
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.fiat import UnknownFiatError, fiat_currency
from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.prices import Price
from aether_desktop.domain.times import InvalidTimeError, parse_time
from aether_desktop.ports.errors import ImportRefusedError
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.tabular import open_table

EXACT = Context(prec=400)  # 78 digits of units times those of a price: nothing is ever rounded
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


_COIN_SYMBOLS = frozenset(chain.symbol for chain in CHAINS.values())


def value_of(base_units: int, currency: Currency, prices: Mapping[str, Price]) -> Valuation | None:
    """The value by the price of the currency's symbol; None where there is no price, never zero. Pure.

    A token that bears the symbol of a chain's own coin is not that coin, whatever it calls itself.
    """
    price = prices.get(currency.symbol)
    if price is None or (currency.contract and currency.symbol in _COIN_SYMBOLS):
        return None
    amount = Decimal(format_units(base_units, currency.decimals))
    return Valuation(EXACT.multiply(amount, Decimal(price.price)), price)


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
        """Store the good rows in one unit, report the bad ones by row.

        Raises ImportRefusedError for the whole file, OperationCancelled (nothing is stored).
        """
        rejections: list[Rejection] = []
        prices: list[Price] = []
        with open_table(path, token=token, progress=progress, recognises=_is_price_heading) as opened:
            columns = _columns(opened.table.heading)
            source = opened.table.file_name
            for row, cells in opened.table.rows:
                read = _read_price([_cell(cells, column) for column in columns], source)
                if isinstance(read, Price):
                    prices.append(read)
                else:
                    rejections.append(Rejection(row, read))
            rejections += opened.rejections
            records = opened.records
        if token is not None:
            token.check()
        rejections.sort(key=lambda each: each.row)
        stored = 0
        with self._storage.unit_of_work():
            for start in range(0, len(prices), _CHUNK):
                stored += self._storage.prices.put(prices[start : start + _CHUNK])
        return PriceReport(path, records, stored, tuple(rejections))


def _is_price_heading(heading: Sequence[str]) -> bool:
    names = {name.strip().casefold() for name in heading}
    return names.issuperset(_HEADINGS)


def _columns(heading: Sequence[str]) -> list[int]:
    names = [name.strip().casefold() for name in heading]
    missing = [name for name in _HEADINGS if name not in names]
    if missing:
        raise ImportRefusedError(
            f"This is not a file of prices: it has no column {', '.join(missing)}.",
            hint=f"The heading is: {','.join(_HEADINGS)}.",
        )
    return [names.index(name) for name in _HEADINGS]


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""


def _read_price(cells: Sequence[str], source: str) -> Price | str:
    """The price in a row, or why there is none."""
    day, symbol, fiat, price = cells
    if not symbol or len(symbol) > _MAX_SYMBOL:
        return "The symbol is missing." if not symbol else "The symbol is too long."
    try:
        moment = parse_time(day)
        units = parse_units(price, _DECIMALS)
        code = fiat_currency(fiat).symbol
    except InvalidTimeError as error:
        return f"date: {error.reason}"
    except InvalidAmountError as error:
        return f"price: {error.reason}"
    except UnknownFiatError as error:
        return f"currency: {error}"
    if not units:
        return "price: A price is more than zero; leave the row out where there is none."
    start_of_day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return Price(day=start_of_day, symbol=symbol, currency=code, price=format_units(units, _DECIMALS), source=source)
