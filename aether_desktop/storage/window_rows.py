"""Rows of a page: read by id, with what lies in other tables fetched once for the page, so nothing multiplies rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, Text, false, select, type_coerce

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import Sealed
from aether_desktop.ports.queries import Row
from aether_desktop.ports.tables import ColumnKind
from aether_desktop.storage.currency_rows import currency_of
from aether_desktop.storage.schema import ANNOTATIONS, CURRENCIES, PAYMENT_METHODS, WALLETS
from aether_desktop.storage.stores.annotations import note_of, tags_of
from aether_desktop.storage.stores.records import id_slices
from aether_desktop.storage.window_columns import TablePlan, node_type_case

_FIXED = 4  # id, version, archived_at, owner_id come first in every row read


@dataclass(frozen=True, slots=True)
class _Words:
    label: str = ""
    note: str | Sealed = ""
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class _Surroundings:
    """What the rows of one page refer to, by id."""

    wallets: Mapping[int, tuple[str, str]]
    currencies: Mapping[int, Currency]
    methods: Mapping[int, str]
    words: Mapping[int, _Words]


_Cell = Callable[[Sequence[Any], _Surroundings], object]
_NO_WORDS = _Words()
_NO_WALLET = ("", "")


class RowReader:
    """Rows of one table by id, values in the order of the table's columns. Immutable; any thread."""

    def __init__(self, plan: TablePlan) -> None:
        self._plan = plan
        columns = plan.table.c
        self._columns: list[ColumnElement[Any]] = [
            columns.id,
            columns.version,
            columns.archived_at,
            columns.owner_id,
        ]
        self._places: dict[str, int] = {"id": 0, "version": 1, "archived_at": 2, "owner_id": 3}
        self._cells = [
            self._sealed(column.key) if column.sealed else self._cell(column.key, column.kind)
            for column in plan.spec.columns
        ]

    def read(self, connection: Connection, ids: Sequence[int]) -> list[Row]:
        """In the order asked; ids that are gone are left out."""
        table = self._plan.table
        found: dict[int, Row] = {}
        for part in id_slices(ids):
            query = select(*self._columns).where(self._plan.scope, table.c.id.in_(part))
            rows = connection.execute(query).all()
            around = self._surroundings(connection, rows)
            for row in rows:
                values = tuple(cell(row, around) for cell in self._cells)
                found[row[0]] = Row(row[0], row[1], row[2] is not None, values, row[3])
        return [found[row_id] for row_id in ids if row_id in found]

    # -- inside ----------------------------------------------------------------------------------------------

    def _place(self, name: str, expression: ColumnElement[Any] | None = None) -> int:
        if name not in self._places:
            self._places[name] = len(self._columns)
            self._columns.append(self._plan.table.c[name] if expression is None else expression)
        return self._places[name]

    def _cell(self, key: str, kind: ColumnKind) -> _Cell:
        name, columns = self._plan.spec.name, self._plan.table.c
        if key in ("label", "note", "tags"):
            return _words_cell(attrgetter(key))
        if kind is ColumnKind.AMOUNT:
            currency = "fee_currency_id" if key == "fee" else "currency_id"
            return _amount_cell(self._place(key), self._place(currency))
        if key in ("symbol", "asset") and "currency_id" in columns:
            return _currency_cell(self._place("currency_id"), attrgetter(key))
        if "wallet_id" in columns and key in ("wallet", "chain"):
            return _wallet_cell(self._place("wallet_id"), 0 if key == "wallet" else 1)
        if (name, key) == (TableName.PAYMENTS, "method"):
            return _method_cell(self._place("payment_method_id"))
        if (name, key) == (TableName.TEMPLE_NODES, "type"):
            return _own_cell(self._place(key, node_type_case()))
        if kind is ColumnKind.CHOICE:  # the plain text, as ColumnKind promises, not a member of an enumeration
            return _own_cell(self._place(key, type_coerce(columns[key], Text())))
        return _own_cell(self._place("batch_id" if key == "batch" else key))

    def _sealed(self, key: str) -> _Cell:
        """A ``Sealed`` where the value is: it shows itself as a mask."""
        plain, sealed = self._place(key), self._place(f"{key}_sealed")
        return lambda row, _around: row[plain] if row[sealed] is None else row[sealed]

    def _surroundings(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> _Surroundings:
        vault_id = self._plan.vault_id
        wallets = _named(connection, WALLETS, vault_id, self._referred(rows, "wallet_id"))
        methods = _named(connection, PAYMENT_METHODS, vault_id, self._referred(rows, "payment_method_id"))
        money = self._referred(rows, "currency_id") | self._referred(rows, "fee_currency_id")
        return _Surroundings(
            wallets={row.id: (row.name, row.chain) for row in wallets},
            currencies=_currencies(connection, vault_id, money),
            methods={row.id: row.name for row in methods},
            words=_words(connection, self._plan.spec.name, vault_id, [row[0] for row in rows]),
        )

    def _referred(self, rows: Sequence[Sequence[Any]], column: str) -> set[int]:
        place = self._places.get(column)
        return set() if place is None else {row[place] for row in rows} - {None}


def _own_cell(place: int) -> _Cell:
    return lambda row, _around: row[place]


def _words_cell(part: Callable[[_Words], object]) -> _Cell:
    return lambda row, around: part(around.words.get(row[0], _NO_WORDS))


def _amount_cell(units: int, currency: int) -> _Cell:
    def cell(row: Sequence[Any], around: _Surroundings) -> Amount | None:
        return None if row[units] is None else Amount(row[units], around.currencies[row[currency]])

    return cell


def _currency_cell(currency: int, part: Callable[[Currency], object]) -> _Cell:
    return lambda row, around: part(around.currencies[row[currency]])


def _wallet_cell(wallet: int, part: int) -> _Cell:
    pick = itemgetter(part)
    return lambda row, around: pick(around.wallets.get(row[wallet], _NO_WALLET))


def _method_cell(method: int) -> _Cell:
    return lambda row, around: around.methods.get(row[method], "")


def _named(connection: Connection, table: Table, vault_id: int, ids: Iterable[int]) -> list[Any]:
    found: list[Any] = []
    for part in id_slices(ids):
        found += connection.execute(select(table).where(table.c.vault_id == vault_id, table.c.id.in_(part))).all()
    return found


def _currencies(connection: Connection, vault_id: int, ids: Iterable[int]) -> dict[int, Currency]:
    """Read with the rows: a re-scale elsewhere changes amounts and decimals together."""
    return {row.id: currency_of(row) for row in _named(connection, CURRENCIES, vault_id, ids)}


def _words(connection: Connection, name: TableName, vault_id: int, row_ids: Sequence[int]) -> dict[int, _Words]:
    columns = ANNOTATIONS.c
    query = select(columns.id, columns.row_id, columns.label, columns.note, columns.note_sealed).where(
        columns.vault_id == vault_id,
        columns.table_name == name,
        columns.row_id.in_(row_ids),
        columns.detached.is_(false()),
    )
    rows = connection.execute(query).all()
    tags = tags_of(connection, vault_id, [row.id for row in rows])
    return {row.row_id: _Words(row.label, note_of(row.note, row.note_sealed), tags.get(row.id, ())) for row in rows}
