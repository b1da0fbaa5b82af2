"""Coins and tokens, and the correction of a token's decimals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, Table, and_, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from aether_desktop.domain.amounts import MAX_DECIMALS, Currency, InvalidAmountError, rescale_units
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import InvalidInputError, NotFoundError
from aether_desktop.storage.columns import units_key
from aether_desktop.storage.currency_rows import currency_of
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.import_parts import require_none_under_way
from aether_desktop.storage.roads import road_of
from aether_desktop.storage.schema import CURRENCIES, PAYMENTS, TRANSACTIONS
from aether_desktop.storage.stores.records import require_storable

_COINS = CURRENCIES.c
_Key = tuple[str, str, bool]
_KEYS_AT_ONCE: Final = 2_000
_ROWS_AT_ONCE: Final = 5_000
_LISTED: Final = 50  # of new currencies, in an audit entry


class _Money(NamedTuple):
    """A column that holds base units of the currency that another column names."""

    table: Table
    units: str
    currency: str
    moment: str
    words: str


_MONEY: Final = (
    _Money(TRANSACTIONS, "amount", "currency_id", "occurred_at", "amount of the transaction"),
    _Money(TRANSACTIONS, "fee", "fee_currency_id", "occurred_at", "fee of the transaction"),
    _Money(PAYMENTS, "amount", "currency_id", "paid_at", "amount of the payment"),
)


class SqlCurrencyStore:
    """Implements ``ports.storage.CurrencyStore``. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Currency]:
        """By symbol."""
        query = self._query().order_by(_COINS.symbol, _COINS.chain, _COINS.contract)
        return self._database.fetch(lambda connection: [currency_of(row) for row in connection.execute(query)])

    def ensure(self, currencies: Iterable[Currency]) -> list[Currency]:
        """The stored currencies (with ids), created where new; a known one keeps its stored decimals.

        Raises InvalidInputError for names that cannot be stored.
        """
        wanted = list(currencies)
        known = self._database.fetch(lambda connection: self._known(connection, wanted))
        missing = {_key(currency): currency for currency in wanted if _key(currency) not in known}
        if missing:
            known |= self._create(list(missing.values()))
        return [known[_key(currency)] for currency in wanted]

    def stored(self, connection: Connection, currency: Currency) -> Currency | None:
        """The currency as stored, None when it is not. Raises InvalidInputError for names that cannot be stored."""
        return self._known(connection, [currency]).get(_key(currency))

    def rescale(self, currency_id: int, decimals: int) -> ChangeSet:
        """Corrects the decimals in one transaction: every stored amount keeps the figure it showed.

        Raises NotFoundError, InvalidInputError naming the first row that would lose digits, StorageBusyError while
        another program stores an import in parts; then nothing is changed.
        """
        if not 0 <= decimals <= MAX_DECIMALS:
            raise InvalidInputError(f"A currency has 0 to {MAX_DECIMALS} decimals.", field="decimals")
        with self._database.write(action="currency.rescale", table=CURRENCIES.name) as unit:
            require_none_under_way(unit)
            query = self._query().where(_COINS.id == currency_id).with_for_update()
            row = unit.connection.execute(query).first()
            if row is None:
                raise NotFoundError("This currency does not exist (any more).", hint="Refresh and look again.")
            old = int(row.decimals)
            rows = 0
            if decimals != old:
                for money in _MONEY:
                    change = _Rescale(unit, money, currency_id=currency_id, old=old, new=decimals)
                    rows += change.run()
            unit.connection.execute(
                update(CURRENCIES)
                .where(_COINS.vault_id == unit.vault_id, _COINS.id == currency_id)
                .values(decimals=decimals, decimals_assumed=False)
            )
            unit.about(
                currency_id,
                {"decimals": old, "decimals_assumed": bool(row.decimals_assumed)},
                {"decimals": decimals, "decimals_assumed": False},
            )
            unit.audit(rows=rows, currency=currency_id)
            return unit.changed(ChangeSet(frozenset({TableName.TRANSACTIONS, TableName.PAYMENTS}), None))

    # -- inside --------------------------------------------------------------------------------------------------

    def _query(self) -> Select[Any]:
        return select(CURRENCIES).where(_COINS.vault_id == self._database.vault_id)

    def _known(self, connection: Connection, currencies: Sequence[Currency]) -> dict[_Key, Currency]:
        for currency in currencies:
            for name in ("symbol", "chain", "contract", "name"):
                require_storable(name, getattr(currency, name))
        keys = list(dict.fromkeys(_key(currency) for currency in currencies))
        found: dict[_Key, Currency] = {}
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            part = keys[start : start + _KEYS_AT_ONCE]
            tokens = [(chain, word) for chain, word, is_token in part if is_token]
            coins = [(chain, word) for chain, word, is_token in part if not is_token]
            asked = or_(
                and_(_COINS.contract != "", tuple_(_COINS.chain, _COINS.contract).in_(tokens)),
                and_(_COINS.contract == "", tuple_(_COINS.chain, _COINS.symbol).in_(coins)),
            )
            for row in connection.execute(self._query().where(asked)):
                currency = currency_of(row)
                found[_key(currency)] = currency
        return found

    def _create(self, currencies: Sequence[Currency]) -> dict[_Key, Currency]:
        """Another client may create the same at the same time: whoever comes second takes what is there."""
        insert = postgresql.insert if self._database.dialect == "postgresql" else sqlite.insert
        with self._database.write(action="currency.create", table=CURRENCIES.name) as unit:
            rows = [
                {"vault_id": unit.vault_id, "id": new_id, **_columns(currency)}
                for new_id, currency in zip(self._database.reserve_ids(len(currencies)), currencies, strict=True)
            ]
            unit.connection.execute(insert(CURRENCIES).on_conflict_do_nothing(), rows)
            if unit.counts.by_table:
                coins = [f"{currency.symbol} {currency.chain} {currency.contract}".strip() for currency in currencies]
                unit.audit(rows=unit.counts.total(CURRENCIES.name), currencies=coins[:_LISTED])
            return self._known(unit.connection, currencies)


class _Rescale:
    """One money column of one currency; inside a write unit."""

    def __init__(self, unit: Unit, money: _Money, *, currency_id: int, old: int, new: int) -> None:
        self._unit = unit
        self._money = money
        self._old = old
        self._new = new
        self._units = money.table.c[money.units]
        self._id = money.table.c.id
        self._mine = and_(money.table.c.vault_id == unit.vault_id, money.table.c[money.currency] == currency_id)

    def run(self) -> int:
        """Rows changed. Raises InvalidInputError naming the first row, in time, that would lose digits."""
        done, last = 0, -1
        road = road_of(self._unit.connection, self._unit.vault_id)
        while True:
            page = select(self._id, self._units).where(self._mine, self._id > last).order_by(self._id)
            found = self._unit.connection.execute(page.limit(_ROWS_AT_ONCE)).all()
            if not found:
                return done
            try:
                keys = [(row_id, units_key(self._rescaled(units))) for row_id, units in found]
            except InvalidAmountError:
                raise self._first_refused(last) from None
            road.replace_keys(self._money.table.name, self._money.units, keys)
            done, last = done + len(keys), found[-1][0]

    def _rescaled(self, units: int) -> int:
        return rescale_units(units, old_decimals=self._old, new_decimals=self._new)

    def _first_refused(self, last: int) -> InvalidInputError:
        """The rows up to id ``last`` fitted and are changed already."""
        table, moment = self._money.table, self._money.table.c[self._money.moment]
        name = table.c.tx_hash if table is TRANSACTIONS else table.c.external_id
        rows = select(moment, name, self._units).where(self._mine, self._id > last).order_by(moment, self._id)
        for when, name_of_row, units in self._unit.connection.execute(rows):
            try:
                self._rescaled(units)
            except InvalidAmountError as error:
                shown = f" {name_of_row}" if name_of_row else ""
                return InvalidInputError(
                    f"The {self._money.words}{shown} of {when:%Y-%m-%d %H:%M} UTC does not fit: {error.reason}",
                    field="decimals",
                    hint="Nothing was changed; choose decimals that hold every stored figure.",
                )
        return InvalidInputError("A stored amount does not fit these decimals.", field="decimals")


def _key(currency: Currency) -> _Key:
    return currency.chain, currency.contract or currency.symbol, bool(currency.contract)


def _columns(currency: Currency) -> dict[str, Any]:
    return {
        "symbol": currency.symbol,
        "decimals": currency.decimals,
        "chain": currency.chain,
        "contract": currency.contract,
        "name": currency.name,
        "decimals_assumed": currency.decimals_assumed,
    }
