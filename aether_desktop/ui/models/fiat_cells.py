"""Values in fiat: exact products shown with the currency's decimals, "no price" where there is none, never a zero."""

from __future__ import annotations

from decimal import ROUND_DOWN, Context, Decimal

from aether_desktop.domain.fiat import UnknownFiatError, fiat_currency
from aether_desktop.domain.text import plain_line
from aether_desktop.services.prices import Valuation
from aether_desktop.ui.models.cells import ELLIPSIS, MINUS, AmountCell, Cell, Sign, TextCell

_EXACT = Context(prec=400)
NO_PRICE = "no price"


def fiat_cell(value: Decimal, code: str) -> AmountCell:
    """The cell of an exact value: cut after the currency's decimals, with a mark that there is more."""
    shown = abs(value).quantize(Decimal(1).scaleb(-_decimals(code)), rounding=ROUND_DOWN, context=_EXACT)
    whole, _, fraction = f"{shown:f}".partition(".")
    sign = Sign.MINUS if value < 0 else Sign.NONE
    return AmountCell(f"{int(whole):,}", fraction, code, sign, truncated=shown != abs(value))


def fiat_text(value: Decimal, code: str) -> str:
    """The same in one line."""
    cell = fiat_cell(value, code)
    more = ELLIPSIS if cell.truncated else ""
    number = f"{cell.text_integer}.{cell.text_fraction}" if cell.text_fraction else cell.text_integer
    return f"{MINUS if value < 0 else ''}{number}{more} {code}"


def value_cell(value: Valuation | None) -> Cell:
    """A valuation, or the words that there is none."""
    return TextCell(NO_PRICE, dim=True) if value is None else fiat_cell(value.value, value.price.currency)


def value_whole(value: Valuation | None) -> str:
    """The exact value, and by which price of which day from where."""
    if value is None:
        return "There is no price, so there is no value."
    return f"{value.value:f} {value.price.currency}, {price_words(value)}"


def price_words(value: Valuation) -> str:
    """ "at 10.98 EUR on 1 Nov 2026, prices.csv"."""
    price = value.price
    day = f"{price.day.day} {price.day:%b %Y}"
    return f"at {price.price} {price.currency} on {day}, {plain_line(price.source, 60)}"


def _decimals(code: str) -> int:
    try:
        return fiat_currency(code).decimals
    except UnknownFiatError:
        return 2
