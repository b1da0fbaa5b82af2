"""Rows of a page: read by id, with what lies in other tables fetched once for the page, so nothing multiplies rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from operator import itemgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, false, select, type_coerce
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import Sealed
from aether_desktop.ports.queries import Row
from aether_desktop.ports.tables import ColumnKind, ColumnSpec
from aether_desktop.storage.currency_rows import currency_of
from aether_desktop.storage.listed_ids import listed, listing
from aether_desktop.storage.schema import ANNOTATION_TAGS, ANNOTATIONS, CURRENCIES, PAYMENT_METHODS, WALLETS
from aether_desktop.storage.stores.annotations import note_of
from aether_desktop.storage.window_columns import TablePlan, node_type_case

_WORDS: Final = ("label", "note", "tags")


class _Known(NamedTuple):
    """A value found by an id in the row; ``otherwise`` where the id leads nowhere."""

    number: int  # of the value
    place: int  # of the id
    name: str  # of what is known
    otherwise: object


class _Money(NamedTuple):
    number: int
    units: int
    currency: int


class _Hidden(NamedTuple):
    """A ``Sealed`` where there is one: it shows itself as a mask."""

    number: int
    plain: int
    sealed: int


class RowReader:
    """Rows of one table by id, values in the order of the table's columns. Immutable; any thread.

    Most values are there as they were read and are picked at once; the others are put in by number afterwards.
    """

    def __init__(self, plan: TablePlan, dialect: str) -> None:
        self._plan, self._dialect = plan, dialect
        columns = plan.table.c
        self._columns: list[ColumnElement[Any]] = [columns.id, columns.version, columns.archived_at, columns.owner_id]
        self._places: dict[str, int] = {"id": 0, "version": 1, "archived_at": 2, "owner_id": 3}
        self._known: list[_Known] = []
        self._money: list[_Money] = []
        self._hidden: list[_Hidden] = []
        self._picked = itemgetter(*(self._placed(number, column) for number, column in enumerate(plan.spec.columns)))
        self._rows = select(*self._columns).where(plan.scope, listed(columns.id, dialect))
        self._around = _Around(plan, dialect)

    def read(self, connection: Connection, ids: Sequence[int]) -> list[Row]:
        """In the order asked; ids that are gone are left out."""
        if not ids:
            return []
        picked, money, hidden = self._picked, self._money, self._hidden
        rows = connection.execute(self._rows, listing(set(ids), self._dialect)).all()
        currencies = self._currencies(connection, rows)
        around = self._surroundings(connection, rows, currencies)
        known = [(number, place, around[name], otherwise) for number, place, name, otherwise in self._known]
        found: dict[int, Row] = {}
        for row in rows:
            values = list(picked(row))
            for number, units, currency in money:
                if row[units] is not None:
                    values[number] = Amount(row[units], currencies[row[currency]])
            for number, place, names, otherwise in known:
                values[number] = names.get(row[place], otherwise)
            for number, plain, sealed in hidden:
                values[number] = row[plain] if row[sealed] is None else row[sealed]
            found[row[0]] = Row(row[0], row[1], row[2] is not None, tuple(values), row[3])
        return [found[row_id] for row_id in ids if row_id in found]

    # -- inside ----------------------------------------------------------------------------------------------

    def _place(self, name: str, expression: ColumnElement[Any] | None = None) -> int:
        if name not in self._places:
            self._places[name] = len(self._columns)
            self._columns.append(self._plan.table.c[name] if expression is None else expression)
        return self._places[name]

    def _placed(self, number: int, column: ColumnSpec) -> int:
        """Where the row has the value, or what stands there until it is put in."""
        name, key, columns = self._plan.spec.name, column.key, self._plan.table.c
        if column.sealed:
            self._hidden.append(_Hidden(number, self._place(key), self._place(f"{key}_sealed")))
            return self._place(key)
        if column.kind is ColumnKind.AMOUNT:
            currency = "fee_currency_id" if key == "fee" else "currency_id"
            self._money.append(_Money(number, self._place(key), self._place(currency)))
            return self._place(key)
        pointer = _pointer(name, key, columns)
        if pointer is not None:
            place = self._place(pointer)
            self._known.append(_Known(number, place, key, () if key == "tags" else ""))
            return place
        if (name, key) == (TableName.TEMPLE_NODES, "type"):
            return self._place(key, node_type_case())
        if column.kind is ColumnKind.CHOICE:  # the plain text, as ColumnKind promises, not a member of an enumeration
            return self._place(key, type_coerce(columns[key], Text()))
        return self._place("batch_id" if key == "batch" else key)

    def _currencies(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> Mapping[int, Currency]:
        ids = self._referred(rows, "currency_id") | self._referred(rows, "fee_currency_id")
        return self._around.currencies(connection, ids)

    def _surroundings(
        self, connection: Connection, rows: Sequence[Sequence[Any]], currencies: Mapping[int, Currency]
    ) -> Mapping[str, Mapping[int, object]]:
        """What the rows refer to: by the column's key, then by id."""
        around = self._around
        wallets = around.wallets(connection, self._referred(rows, "wallet_id"))
        words = around.words(connection, [row[0] for row in rows])
        found: dict[str, Mapping[int, object]] = {
            "wallet": {wallet_id: name for wallet_id, (name, _chain) in wallets.items()},
            "chain": {wallet_id: chain for wallet_id, (_name, chain) in wallets.items()},
            "symbol": {currency_id: currency.symbol for currency_id, currency in currencies.items()},
            "asset": {currency_id: currency.asset for currency_id, currency in currencies.items()},
            "method": around.methods(connection, self._referred(rows, "payment_method_id")),
        }
        found |= {key: {row_id: each[part] for row_id, each in words.items()} for part, key in enumerate(_WORDS)}
        return found

    def _referred(self, rows: Sequence[Sequence[Any]], column: str) -> set[int]:
        place = self._places.get(column)
        return set() if place is None else {row[place] for row in rows} - {None}


def _pointer(name: TableName, key: str, columns: ReadOnlyColumnCollection[str, Any]) -> str | None:
    """The column whose id leads to the value; None: the value is the row's own."""
    if key in _WORDS:
        return "id"
    if key in ("symbol", "asset") and "currency_id" in columns:
        return "currency_id"
    if key in ("wallet", "chain") and "wallet_id" in columns:
        return "wallet_id"
    return "payment_method_id" if (name, key) == (TableName.PAYMENTS, "method") else None


class _Around:
    """Reads what rows refer to; its statements are built once. Immutable; any thread."""

    def __init__(self, plan: TablePlan, dialect: str) -> None:
        self._dialect = dialect
        here = plan.vault_id
        wallets, methods, currencies = WALLETS.c, PAYMENT_METHODS.c, CURRENCIES.c
        words, tags = ANNOTATIONS.c, ANNOTATION_TAGS.c
        self._wallets = select(wallets.id, wallets.name, wallets.chain).where(
            wallets.vault_id == here, listed(wallets.id, dialect)
        )
        self._methods = select(methods.id, methods.name).where(methods.vault_id == here, listed(methods.id, dialect))
        self._currencies = select(CURRENCIES).where(currencies.vault_id == here, listed(currencies.id, dialect))
        same = and_(tags.vault_id == words.vault_id, tags.annotation_id == words.id)
        self._words = (
            select(words.row_id, words.label, words.note, words.note_sealed, tags.tag)
            .select_from(ANNOTATIONS.outerjoin(ANNOTATION_TAGS, same))
            .where(
                words.vault_id == here,
                words.table_name == plan.spec.name,
                listed(words.row_id, dialect),
                words.detached.is_(false()),
            )
            .order_by(words.row_id, tags.position)
        )

    def wallets(self, connection: Connection, ids: Set[int]) -> dict[int, tuple[str, str]]:
        return {row[0]: (row[1], row[2]) for row in self._asked(connection, self._wallets, ids)}

    def methods(self, connection: Connection, ids: Set[int]) -> dict[int, str]:
        return {row[0]: row[1] for row in self._asked(connection, self._methods, ids)}

    def currencies(self, connection: Connection, ids: Set[int]) -> dict[int, Currency]:
        """Read with the rows: a re-scale elsewhere changes amounts and decimals together."""
        return {row.id: currency_of(row) for row in self._asked(connection, self._currencies, ids)}

    def words(
        self, connection: Connection, row_ids: Sequence[int]
    ) -> dict[int, tuple[str, str | Sealed, tuple[str, ...]]]:
        """Label, note and tags."""
        found: dict[int, tuple[str, str | Sealed, tuple[str, ...]]] = {}
        for row_id, label, note, sealed, tag in self._asked(connection, self._words, row_ids):
            tags = found[row_id][2] if row_id in found else ()
            found[row_id] = (label, note_of(note, sealed), tags if tag is None else (*tags, tag))
        return found

    def _asked(self, connection: Connection, query: Select[Any], ids: Collection[int]) -> Sequence[Any]:
        return connection.execute(query, listing(ids, self._dialect)).all() if ids else ()
