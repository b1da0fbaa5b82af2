"""One column of a table as the fields of an export: an amount becomes five, anything else one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from aether_desktop.sum_api import Amount, ColumnKind, ColumnSpec, TableSpec, format_units, iso
from aether_desktop.sums.own_format import AMOUNT_PARTS

Value = str | int | float | bool | list[str] | None
_NO_AMOUNT: tuple[Value, ...] = (None,) * len(AMOUNT_PARTS)


class Field(NamedTuple):
    """``names`` of the export's fields, where the value stands in a row, and how it becomes theirs."""

    names: tuple[str, ...]
    place: int
    kind: ColumnKind
    convert: Callable[[object], tuple[Value, ...]]


def fields_of(spec: TableSpec, columns: Sequence[str]) -> list[Field]:
    """In the order asked. Raises KeyError for a column that the table does not have."""
    return [_field(spec.column(name), spec.index(name)) for name in columns]


def names_of(spec: TableSpec, columns: Sequence[str]) -> list[str]:
    """What the export calls them, in its order. Raises KeyError for a column that the table does not have."""
    return [name for field in fields_of(spec, columns) for name in field.names]


def _field(column: ColumnSpec, place: int) -> Field:
    if column.kind is ColumnKind.AMOUNT:
        return Field(tuple(column.key + part for part in AMOUNT_PARTS), place, column.kind, _amount)
    return Field((column.key,), place, column.kind, _CONVERT.get(column.kind, _text))


def _amount(value: object) -> tuple[Value, ...]:
    """Figure, base units (as text: they exceed what many programs count exactly), symbol, decimals, contract."""
    if not isinstance(value, Amount):
        return _NO_AMOUNT
    currency = value.currency
    figure = format_units(value.base_units, currency.decimals)
    return figure, str(value.base_units), currency.symbol, currency.decimals, currency.contract


def _text(value: object) -> tuple[Value, ...]:
    return ("" if value is None else str(value),)


def _time(value: object) -> tuple[Value, ...]:
    return (iso(value) if isinstance(value, datetime) else None,)


def _date(value: object) -> tuple[Value, ...]:
    """A text is the mask of a sealed day."""
    return (value.isoformat() if isinstance(value, date) else value if isinstance(value, str) else None,)


def _integer(value: object) -> tuple[Value, ...]:
    return (int(value) if isinstance(value, int) else None,)


def _number(value: object) -> tuple[Value, ...]:
    return (value if isinstance(value, float | int) and math.isfinite(value) else None,)


def _boolean(value: object) -> tuple[Value, ...]:
    return (None if value is None else bool(value),)


def _tags(value: object) -> tuple[Value, ...]:
    return ([str(tag) for tag in value] if isinstance(value, Sequence) and not isinstance(value, str) else [],)


_CONVERT: Mapping[ColumnKind, Callable[[object], tuple[Value, ...]]] = MappingProxyType(
    {
        ColumnKind.TIME: _time,
        ColumnKind.DATE: _date,
        ColumnKind.INTEGER: _integer,
        ColumnKind.NUMBER: _number,
        ColumnKind.BOOLEAN: _boolean,
        ColumnKind.TAGS: _tags,
    }
)
