"""From stored values to cells: the one place that decides how a value reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo

from aether_desktop.domain.addresses import short_address
from aether_desktop.domain.amounts import Amount, Currency, format_units
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.fiat import FIAT
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.times import iso
from aether_desktop.ports.queries import Row
from aether_desktop.ports.tables import ColumnKind, ColumnSpec, TableSpec
from aether_desktop.ui.models.cells import (
    AddressCell,
    AmountCell,
    Cell,
    FlagCell,
    NumberCell,
    Sign,
    StatusCell,
    TagsCell,
    TextCell,
    TimeCell,
    Tone,
)

FRACTION_DIGITS = 6
"""Digits after the point in grids; more are said by an ellipsis, and the tooltip and the details pane show all."""

_TEXT_LIMIT = 500
_LINE_LIMIT = 20_000  # characters of one line where the whole is shown
_SYMBOL_LIMIT = 64
_TONES: Mapping[str, Tone] = {
    "confirmed": Tone.OK,
    "completed": Tone.OK,
    "active": Tone.OK,
    "up": Tone.OK,
    "pending": Tone.INFO,
    "syncing": Tone.INFO,
    "info": Tone.INFO,
    "unknown": Tone.NEUTRAL,
    "candidate": Tone.NEUTRAL,
    "inactive": Tone.NEUTRAL,
    "retired": Tone.NEUTRAL,
    "silenced": Tone.NEUTRAL,
    "refunded": Tone.WARN,
    "orphaned": Tone.WARN,
    "degraded": Tone.WARN,
    "flapping": Tone.WARN,
    "warning": Tone.WARN,
    "expired": Tone.WARN,
    "failed": Tone.BAD,
    "down": Tone.BAD,
    "invalid": Tone.BAD,
    "critical": Tone.BAD,
}
_PILLS = frozenset({"status", "severity"})


def words(value: str) -> str:
    """A stored choice as people read it: "contract_interaction" -> "Contract interaction"."""
    return value.replace("_", " ").replace("-", " ").capitalize()


class CellFormatter:
    """Makes cells of one table's rows. ``zone`` is the one visible time zone. GUI thread or any other."""

    def __init__(self, spec: TableSpec, *, zone: tzinfo = UTC) -> None:
        self._spec = spec
        self._zone = zone
        keys = [column.key for column in spec.columns]
        self._direction = keys.index("direction") if "direction" in keys else None

    @property
    def zone_name(self) -> str:
        """What the visible zone is called now, such as "UTC"."""
        return datetime.now(self._zone).tzname() or "local"

    def cell(self, row: Row, column: int) -> Cell:
        """The cell of one value."""
        return self._cell(self._spec.columns[column], row.values[column], row)

    def raw(self, row: Row, column: int) -> str:
        """The exact value as text, for copying: ISO time, full amount, whole address."""
        return raw_text(row.values[column])

    def whole(self, row: Row, column: int) -> str:
        """What a tooltip says: the exact value, in words where it has some, hidden characters made visible."""
        value = row.values[column]
        if isinstance(value, datetime):
            return self._time(value, year=True)
        if isinstance(value, Amount):
            return f"{raw_text(value)} {plain_line(value.currency.symbol, _SYMBOL_LIMIT)}".strip()
        return "\n".join(plain_line(line, _LINE_LIMIT) for line in raw_text(value).splitlines())

    def _cell(self, column: ColumnSpec, value: object, row: Row) -> Cell:
        match value:
            case None:
                return TextCell("")
            case Amount():
                return self._amount(value, self._sign(column, value, row))
            case datetime():
                return TimeCell(self._time(value))
            case date():
                return TextCell(f"{value.day} {value:%b %Y}")
            case tuple():
                return TagsCell(tuple(plain_line(str(tag), _TEXT_LIMIT) for tag in value))
            case bool():
                return FlagCell(value)
            case int() | float():
                return _number(column, value)
            case _:
                return _text(column, str(value))

    def _sign(self, column: ColumnSpec, value: Amount, row: Row) -> Sign:
        if column.key != "amount" or self._direction is None or value.base_units == 0:
            return Sign.NONE
        return {"in": Sign.PLUS, "out": Sign.MINUS}.get(str(row.values[self._direction]), Sign.NONE)

    @staticmethod
    def _amount(value: Amount, sign: Sign) -> AmountCell:
        return amount_cell(value.base_units, value.currency, sign=sign)

    def _time(self, value: datetime, *, year: bool = False) -> str:
        return time_text(value, self._zone, year=year)


def amount_cell(units: int, currency: Currency, *, sign: Sign = Sign.NONE) -> AmountCell:
    """The cell of base units; a negative balance carries its minus, whatever ``sign`` says."""
    whole, _, fraction = format_units(abs(units), currency.decimals).partition(".")
    if currency.chain == FIAT:
        fraction = fraction.ljust(currency.decimals, "0")  # 783.20 EUR, as money is written
    return AmountCell(
        f"{int(whole):,}",
        fraction[:FRACTION_DIGITS],
        plain_line(currency.symbol, 12),
        Sign.MINUS if units < 0 else sign,
        truncated=len(fraction) > FRACTION_DIGITS,
    )


def time_text(value: datetime, zone: tzinfo, *, year: bool = False) -> str:
    """A time as "24 Nov 14:02:11"; with its year when that is asked for or not the present one."""
    local = value.astimezone(zone)
    show_year = year or local.year != datetime.now(zone).year
    return f"{local.day:02d} {local:%b %Y %H:%M:%S}" if show_year else f"{local.day:02d} {local:%b %H:%M:%S}"


def _number(column: ColumnSpec, value: float) -> Cell:
    if column.key in {"id", "batch", "related_id"}:
        return TextCell(str(value), mono=True)
    if isinstance(value, int):
        return NumberCell(f"{value:,}")
    whole, _, fraction = f"{value:.2f}".partition(".")
    return NumberCell(whole, fraction)


def _text(column: ColumnSpec, text: str) -> Cell:
    if column.kind is ColumnKind.ADDRESS:
        return _address(text)
    text = plain_line(text, _TEXT_LIMIT)
    if column.kind is ColumnKind.HASH:
        return TextCell(text, mono=True, short=True)
    if column.key == "chain" and text in CHAINS:
        return TextCell(CHAINS[text].name)
    if column.kind is ColumnKind.CHOICE:
        return (
            StatusCell(words(text), _TONES.get(text, Tone.NEUTRAL)) if column.key in _PILLS else TextCell(words(text))
        )
    return TextCell(text)


def raw_text(value: object) -> str:
    """The exact text of a row value; empty for None."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Amount):
        return format_units(value.base_units, value.currency.decimals)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return " ".join(str(item) for item in value)
    return "" if value is None else str(value)


def _address(text: str) -> Cell:
    """An address column may hold "name address" joined by a newline: the name people know first."""
    name, separator, address = text.rpartition("\n")
    if separator:
        return AddressCell(plain_line(name, 60), plain_line(address, _TEXT_LIMIT))
    text = plain_line(text, _TEXT_LIMIT)
    return TextCell(text, mono=True, short=True) if short_address(text) != text else TextCell(text, mono=True)
