"""Currencies as rows: read alone, or joined to what they count; and amounts in the decimals that the vault has."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, RowMapping

from aether_desktop.domain.amounts import Amount, Currency, InvalidAmountError, rescale_units
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.storage import CurrencyStore

_FIELDS = ("symbol", "decimals", "chain", "contract", "name", "decimals_assumed")


def currency_of(row: Row[Any]) -> Currency:
    """Of a row of ``currencies``."""
    return Currency(id=row.id, **{name: getattr(row, name) for name in _FIELDS})


def joined_columns(currencies: FromClause, prefix: str) -> list[ColumnElement[Any]]:
    """The columns that ``joined_currency`` reads, of a table or alias that is joined."""
    return [currencies.c[name].label(f"{prefix}_{name}") for name in _FIELDS]


def joined_currency(row: RowMapping, prefix: str, *, currency_id: int) -> Currency:
    """Of a row selected with ``joined_columns``."""
    return Currency(id=currency_id, **{name: row[f"{prefix}_{name}"] for name in _FIELDS})


def stored_amount(amount: Amount, currencies: CurrencyStore, *, field: str) -> tuple[int, Currency]:
    """The same figure in the stored decimals of its currency, which is created if it is new.

    Raises InvalidInputError naming the field, for digits that would be lost.
    """
    (stored,) = currencies.ensure([amount.currency])
    try:
        units = rescale_units(amount.base_units, old_decimals=amount.currency.decimals, new_decimals=stored.decimals)
    except InvalidAmountError as error:
        raise InvalidInputError(error.reason, field=field) from error
    return units, stored
