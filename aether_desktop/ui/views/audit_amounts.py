"""Which coin an amount in an audit entry is of, and how many decimals that had then: entries hold base units alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from aether_desktop.domain.amounts import Amount, Currency, InvalidAmountError, format_units
from aether_desktop.domain.audit import Attestation, facts_of
from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.audit import AuditEntry, AuditFilter
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import TABLES
from aether_desktop.ports.work import CancelToken

Coins = Mapping[tuple[str, str], Currency]
"""Of one entry: by the part that tells it ("before", "after") and the column; with the decimals of that time."""

_UNITS: Final = {"amount": "currency_id", "fee": "fee_currency_id"}  # and the column that names their coin
_TABLES: Final = {table.value: table for table in (TableName.TRANSACTIONS, TableName.PAYMENTS)}
_PARTS: Final = ("before", "after")
_HISTORY: Final = 50  # entries of one row that are looked at
_ROWS: Final = 50  # whose history is asked for, of one page
_RESCALES: Final = 1_000
_SYMBOL: Final = 64
_LONGEST: Final = 78  # digits of 2^256


def amount_text(units: object, coin: Currency | None) -> str | None:
    """Base units as an entry tells them, with the coin's decimals; None for what is no amount of a known coin."""
    number = _integer(units)
    if coin is None or number is None:
        return None
    return f"{format_units(number, coin.decimals)} {plain_line(coin.symbol, _SYMBOL)}".rstrip()


def coins_of(
    storage: Storage, entries: Iterable[AuditEntry], *, token: CancelToken | None = None
) -> dict[int, dict[tuple[str, str], Currency]]:
    """By the entry's id. Worker threads only. Raises OperationCancelled, the StorageError family."""
    wanted = {entry: parts for entry in entries if entry.table in _TABLES and (parts := _parts_with_units(entry))}
    if not wanted:
        return {}
    coins = _CoinsThen(storage, token)
    rows = _Histories(storage, [entry for entry, parts in wanted.items() if _untold(parts)], token)
    found: dict[int, dict[tuple[str, str], Currency]] = {}
    for entry, parts in wanted.items():
        for part, values in parts.items():
            for name in _UNITS.keys() & values.keys():
                told = values.get(_UNITS[name])
                coin_id = _integer(told) if told is not None else rows.coin_id(entry, name)
                coin = coins.at(coin_id, entry.id)
                if coin is not None:
                    found.setdefault(entry.id, {})[part, name] = coin
    return found


class _CoinsThen:
    """Coins by id, with the decimals that they had when an entry was written."""

    def __init__(self, storage: Storage, token: CancelToken | None) -> None:
        self._coins = {coin.id: coin for coin in storage.currencies.all()}
        self._rescales: dict[int, list[tuple[int, int]]] = {}  # (id of the entry, decimals before it), oldest first
        asked = AuditFilter(table="currencies", action="currency.rescale")
        for entry in reversed(storage.audit.page(asked, limit=_RESCALES, token=token)):
            before = _part(facts_of(entry.detail), "before").get("decimals")
            if entry.row_id is not None and isinstance(before, int) and not _past_the_program(entry):
                self._rescales.setdefault(entry.row_id, []).append((entry.id, before))

    def at(self, coin_id: int | None, entry_id: int) -> Currency | None:
        coin = self._coins.get(-1 if coin_id is None else coin_id)
        rescales = self._rescales.get(coin.id, []) if coin is not None else []
        later = bisect_right(rescales, entry_id, key=lambda each: each[0])
        if coin is None or later == len(rescales):
            return coin
        try:
            return replace(coin, decimals=rescales[later][1])
        except InvalidAmountError:
            return None


class _Histories:
    """What other entries about the same rows, and the rows themselves, say of their coins."""

    def __init__(self, storage: Storage, entries: Sequence[AuditEntry], token: CancelToken | None) -> None:
        places = list(dict.fromkeys((entry.table, entry.row_id) for entry in entries if entry.row_id is not None))
        self._now: dict[tuple[str, int, str], int] = {}
        self._told: dict[tuple[str, int], list[AuditEntry]] = {}
        for name, row_id in places[:_ROWS]:
            asked = AuditFilter(table=name, row_id=row_id)
            page = storage.audit.page(asked, limit=_HISTORY, token=token)
            self._told[name, row_id] = [entry for entry in reversed(page) if not _past_the_program(entry)]
        for name, table in _TABLES.items():
            ids = [row_id for place, row_id in self._told if place == name]
            columns = [column.key for column in TABLES[table].columns]
            for row in storage.windows.by_ids(table, ids) if ids else ():
                for key, value in zip(columns, row.values, strict=True):
                    if key in _UNITS and isinstance(value, Amount):
                        self._now[name, row.id, key] = value.currency.id

    def coin_id(self, entry: AuditEntry, units: str) -> int | None:
        """Of the row's column when the entry was written, which does not tell it: so it did not change then."""
        if entry.row_id is None:
            return None
        entries, column = self._told.get((entry.table, entry.row_id), []), _UNITS[units]
        at = next((number for number, each in enumerate(entries) if each.id == entry.id), None)
        if at is None:
            return None
        for each in entries[at + 1 :]:
            told = _part(facts_of(each.detail), "before").get(column)
            if told is not None:
                return _integer(told)
        now = self._now.get((entry.table, entry.row_id, units))
        if now is not None:
            return now
        for each in reversed(entries[:at]):
            told = _part(facts_of(each.detail), "after").get(column)
            if told is not None:
                return _integer(told)
        return None


def _parts_with_units(entry: AuditEntry) -> dict[str, Mapping[str, Any]]:
    facts = facts_of(entry.detail)
    parts = {name: _part(facts, name) for name in _PARTS}
    return {name: part for name, part in parts.items() if _UNITS.keys() & part.keys()}


def _untold(parts: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(_UNITS[name] not in part for part in parts.values() for name in _UNITS.keys() & part.keys())


def _part(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = facts.get(name)
    return part if isinstance(part, dict) else {}


def _past_the_program(entry: AuditEntry) -> bool:
    """Written by somebody with a login of their own, who can say what they like."""
    return entry.attested is Attestation.SERVER and bool(entry.login)


def _integer(value: object) -> int | None:
    """Integers beyond 2^53 are texts in JSON."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _LONGEST:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
