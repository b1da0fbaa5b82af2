"""Short plain texts that several small grids share."""

from __future__ import annotations

from aether_desktop.domain.amounts import Currency, format_units
from aether_desktop.domain.text import plain_line


def currency_name(currency: Currency) -> str:
    """Symbol and name: "ATC AetherCoin"; the contract where a token has neither."""
    symbol, name = plain_line(currency.symbol, 30), plain_line(currency.name, 60)
    if name and name != symbol:
        return f"{symbol} {name}".strip()
    return symbol or currency.contract


def units_text(units: int, currency: Currency) -> str:
    """The exact amount with its unit."""
    return f"{format_units(units, currency.decimals)} {currency.symbol}".strip()
