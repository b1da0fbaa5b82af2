"""How groups of the ledger and their totals read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from aether_desktop.domain.addresses import short_address
from aether_desktop.domain.amounts import Currency, format_units
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.groups import Group, GroupTotals, TokenTotal
from aether_desktop.ports.queries import GroupBy
from aether_desktop.services.grouping import group_text
from aether_desktop.ui.models.cells import MINUS, AmountCell, Cell, NumberCell, Sign, TextCell
from aether_desktop.ui.models.formatting import amount_cell
from aether_desktop.ui.models.value_texts import currency_name, units_text

COLUMNS: Final = ("group", "rows", "net", "in", "out", "fees")
TITLES: Mapping[str, str] = MappingProxyType(
    {"rows": "Rows", "net": "Net", "in": "In", "out": "Out", "fees": "Fees"},
)
GROUP_TITLES: Mapping[GroupBy, str] = MappingProxyType(
    {
        GroupBy.DAY: "Day (UTC)",
        GroupBy.MONTH: "Month (UTC)",
        GroupBy.COUNTERPARTY: "Counterparty",
        GroupBy.TOKEN: "Token",
    }
)
WORDS: Mapping[GroupBy, tuple[str, str]] = MappingProxyType(
    {
        GroupBy.DAY: ("day", "days"),
        GroupBy.MONTH: ("month", "months"),
        GroupBy.COUNTERPARTY: ("counterparty", "counterparties"),
        GroupBy.TOKEN: ("token", "tokens"),
    }
)
"""One, and many."""
NO_COUNTERPARTY: Final = "No counterparty"
_LINE = 200
_SYMBOL = 12
_FIGURES: Mapping[str, Callable[[TokenTotal], int | None]] = MappingProxyType(
    {
        "net": lambda total: total.net,
        "in": lambda total: total.coming,
        "out": lambda total: None if total.going is None else -total.going,
        "fees": lambda total: None if total.fees is None else -total.fees,
    }
)


def group_name(group: Group) -> str:
    """What a person calls it."""
    key = group.key
    if key.by is GroupBy.DAY:
        return f"{key.start.day} {key.start:%b} {key.start.year}"
    if key.by is GroupBy.MONTH:
        return f"{key.start:%B} {key.start.year}"
    if group.currency is not None:
        return currency_name(group.currency)
    return plain_line(str(key.value), _LINE) or NO_COUNTERPARTY


def group_cell(group: Group) -> Cell:
    """The first cell of a group's row."""
    name = group_name(group)
    if group.key.by is not GroupBy.COUNTERPARTY:
        return TextCell(name)
    if not group.key.value:
        return TextCell(NO_COUNTERPARTY, dim=True)
    return TextCell(name, mono=True, short=short_address(name) != name)


def total_cell(totals: GroupTotals, column: str) -> Cell | None:
    """A figure; None: it is not known yet. Of several tokens the first with one is shown, and how many others have."""
    if column == "rows":
        return NumberCell(f"{totals.rows:,}")
    known = _known(totals, column)
    if known is None:
        return None
    if not known:
        return TextCell("")
    (coin, units), others = known[0], len(known) - 1
    sign = Sign.PLUS if units > 0 else Sign.MINUS
    cell = amount_cell(units, coin, sign=sign)
    if not others:
        return cell
    return AmountCell(
        cell.text_integer, cell.text_fraction, f"{cell.unit} +{others}", cell.sign, truncated=cell.truncated
    )


def total_text(totals: GroupTotals, column: str) -> str | None:
    """All of a figure for copying, exact: a token after the other; None: it is not known yet."""
    if column == "rows":
        return str(totals.rows)
    known = _known(totals, column)
    return None if known is None else "; ".join(units_text(units, coin) for coin, units in known)


def whole_text(group: Group, totals: GroupTotals | None, column: str) -> str:
    """What a tooltip says: all tokens, a line each."""
    if column == "group":
        coin = group.currency
        return plain_line(group_text(group), _LINE) if coin is None or coin.contract else group_name(group)
    known = None if totals is None or column == "rows" else _known(totals, column)
    return "\n".join(signed_text(units, coin) for coin, units in known or ())


def signed_text(units: int, coin: Currency) -> str:
    """The exact movement with its sign and unit, such as "+1.5 ATC"."""
    sign = "+" if units > 0 else MINUS if units < 0 else ""
    return f"{sign}{format_units(abs(units), coin.decimals)} {plain_line(coin.symbol, _SYMBOL)}".rstrip()


def _known(totals: GroupTotals, column: str) -> list[tuple[Currency, int]] | None:
    """Tokens with a figure that is not zero; a net of nothing but zeros is one."""
    figure = _FIGURES[column]
    found = [(each.currency, figure(each)) for each in totals.tokens]
    if any(units is None for _coin, units in found):
        return None
    told = [(coin, units) for coin, units in found if units]
    if not told and column == "net" and found:
        return [(found[0][0], 0)]
    return told
