"""Rows of a page: read by id, with what lies in other tables fetched once for the page, so nothing multiplies rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, false, select, type_coerce
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import Sealed
from aether_desktop.ports.queries import Row
from aether_desktop.ports.tables import ColumnKind, ColumnSpec
from aether_desktop.storage.listed_ids import ListedSelect, listed
from aether_desktop.storage.schema import ANNOTATION_TAGS, ANNOTATIONS, CURRENCIES, PAYMENT_METHODS, WALLETS
from aether_desktop.storage.stores.annotations import note_of
from aether_desktop.storage.window_columns import TablePlan

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


class _Surroundings(NamedTuple):
    """``names`` by the column's key, then by id."""

    currencies: Mapping[int, Currency]
    names: Mapping[str, Mapping[int, object]]


class RowReader:
    """Rows of one table by id, values in the order of the table's columns. Immutable; any thread.

    Most values are there as they were read; the others are put in their place afterwards.
    """

    def __init__(self, plan: TablePlan, dialect: str) -> None:
        self._plan = plan
        columns = plan.table.c
        self._columns: list[ColumnElement[Any]] = [columns.id, columns.version, columns.archived_at, columns.owner_id]
        self._places: dict[str, int] = {"id": 0, "version": 1, "archived_at": 2, "owner_id": 3}
        self._known: list[_Known] = []
        self._money: list[_Money] = []
        self._hidden: list[_Hidden] = []
        self._picked = [self._placed(number, column) for number, column in enumerate(plan.spec.columns)]
        self._rows = ListedSelect(select(*self._columns).where(plan.scope, listed(columns.id, dialect)), dialect)
        self._around = _Around(plan, dialect)

    def read(self, connection: Connection, ids: Sequence[int]) -> list[Row]:
        """In the order asked; ids that are gone are left out."""
        columns = self._rows.columns(connection, set(ids))
        if not columns[0]:
            return []
        values: list[Sequence[object]] = [columns[place] for place in self._picked]
        around = self._around.of(connection, columns, self._places)
        for number, units, currency in self._money:
            coins = around.currencies
            values[number] = [
                None if amount is None else Amount(amount, coins[coin])
                for amount, coin in zip(columns[units], columns[currency], strict=True)
            ]
        for number, place, name, otherwise in self._known:
            names = around.names[name]
            values[number] = [names.get(row_id, otherwise) for row_id in columns[place]]
        for number, plain, sealed in self._hidden:
            values[number] = [
                open_value if hidden is None else hidden
                for open_value, hidden in zip(columns[plain], columns[sealed], strict=True)
            ]
        archived = [moment is not None for moment in columns[2]]
        made = map(Row, columns[0], columns[1], archived, zip(*values, strict=True), columns[3])
        found = dict(zip(columns[0], made, strict=True))
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
            return self._place(key, type_coerce(columns.node_type, Text()))
        if column.kind is ColumnKind.CHOICE:  # the plain text, as ColumnKind promises, not a member of an enumeration
            return self._place(key, type_coerce(columns[key], Text()))
        return self._place("batch_id" if key == "batch" else key)


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
        here = plan.vault_id
        wallets, methods, coins = WALLETS.c, PAYMENT_METHODS.c, CURRENCIES.c
        words, tags = ANNOTATIONS.c, ANNOTATION_TAGS.c

        def read(query: Select[Any], vault: ColumnElement[int], column: ColumnElement[int]) -> ListedSelect:
            return ListedSelect(query.where(vault == here, listed(column, dialect)), dialect)

        self._wallets = read(select(wallets.id, wallets.name, wallets.chain), wallets.vault_id, wallets.id)
        self._methods = read(select(methods.id, methods.name), methods.vault_id, methods.id)
        values = (coins.symbol, coins.decimals, coins.chain, coins.contract, coins.name, coins.decimals_assumed)
        self._currencies = read(select(coins.id, *values), coins.vault_id, coins.id)
        same = and_(tags.vault_id == words.vault_id, tags.annotation_id == words.id)
        query = (
            select(words.row_id, words.label, words.note, words.note_sealed, tags.tag)
            .select_from(ANNOTATIONS.outerjoin(ANNOTATION_TAGS, same))
            .where(words.table_name == plan.spec.name, words.detached.is_(false()))
            .order_by(words.row_id, tags.position)
        )
        self._words = read(query, words.vault_id, words.row_id)

    def of(self, connection: Connection, columns: Sequence[Sequence[Any]], places: Mapping[str, int]) -> _Surroundings:
        """What the rows refer to; currencies with the rows: a re-scale elsewhere changes amounts and decimals together.

        ``columns`` by their ``places``.
        """

        def referred(*names: str) -> set[int]:
            return set().union(*(columns[places[name]] for name in names if name in places)) - {None}

        wallets = self._wallets.columns(connection, referred("wallet_id"))
        methods = self._methods.columns(connection, referred("payment_method_id"))
        words = self.words(connection, columns[0])
        coins = {
            coin: Currency(symbol, decimals, chain, contract, name, decimals_assumed=assumed, id=coin)
            for coin, symbol, decimals, chain, contract, name, assumed in self._currencies.rows(
                connection, referred("currency_id", "fee_currency_id")
            )
        }
        names: dict[str, Mapping[int, object]] = {
            "wallet": dict(zip(wallets[0], wallets[1], strict=True)),
            "chain": dict(zip(wallets[0], wallets[2], strict=True)),
            "symbol": {coin: currency.symbol for coin, currency in coins.items()},
            "asset": {coin: currency.asset for coin, currency in coins.items()},
            "method": dict(zip(*methods, strict=True)),
        }
        names |= {key: {row_id: each[part] for row_id, each in words.items()} for part, key in enumerate(_WORDS)}
        return _Surroundings(coins, names)

    def words(
        self, connection: Connection, row_ids: Sequence[int]
    ) -> dict[int, tuple[str, str | Sealed, tuple[str, ...]]]:
        """Label, note and tags."""
        found: dict[int, tuple[str, str | Sealed, tuple[str, ...]]] = {}
        for row_id, label, note, sealed, tag in self._words.rows(connection, row_ids):
            tags = found[row_id][2] if row_id in found else ()
            found[row_id] = (label, note_of(note, sealed), tags if tag is None else (*tags, tag))
        return found
