"""The ledger: transactions as records, and what they add up to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, func, select

from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Balance, Direction, Transaction
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.storage import DaySum, Dip
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.columns import rank_key
from aether_desktop.storage.currency_rows import joined_columns, joined_currency, stored_amount
from aether_desktop.storage.database import Database
from aether_desktop.storage.ledger_sums import LedgerSums
from aether_desktop.storage.movements import counterparty
from aether_desktop.storage.schema import CURRENCIES, TRANSACTIONS
from aether_desktop.storage.stores.currencies import SqlCurrencyStore
from aether_desktop.storage.stores.records import SqlRecordStore, record_fields

_ROWS = TRANSACTIONS.c
_HASHES = 500  # in one question
_PLAIN = (
    "wallet_id",
    "occurred_at",
    "tx_hash",
    "kind",
    "leg",
    "direction",
    "status",
    "from_address",
    "to_address",
    "contract_address",
    "block_number",
    "method",
    "error",
    "description",
    "ai_verified",
    "layer2_kind",
    "layer2_data",
    "batch_id",
    "source_row",
)
_COIN = CURRENCIES.alias("coin")
_FEE_COIN = CURRENCIES.alias("fee_coin")


class SqlTransactionStore(SqlRecordStore[Transaction]):
    """Implements ``ports.storage.TransactionStore``. Worker threads only; raises the StorageError family."""

    name = TableName.TRANSACTIONS
    table = TRANSACTIONS

    def __init__(self, database: Database, currencies: SqlCurrencyStore, sums: LedgerSums) -> None:
        super().__init__(database)
        self._currencies = currencies
        self._sums = sums

    # -- lists -----------------------------------------------------------------------------------------------

    def recent_of_user(self, user_id: int, limit: int) -> list[Transaction]:
        """Not archived, latest first."""
        return self._select(self._latest().where(_ROWS.owner_id == user_id).limit(limit))

    def of_wallet(self, wallet_id: int, limit: int = 1000) -> list[Transaction]:
        """Not archived, latest first."""
        return self._select(self._latest().where(_ROWS.wallet_id == wallet_id).limit(limit))

    def layer2_of_user(self, user_id: int, limit: int = 1000) -> list[Transaction]:
        """Not archived, with layer-2 data, latest first."""
        return self._select(self._latest().where(_ROWS.owner_id == user_id, _ROWS.layer2_kind != "").limit(limit))

    def by_hash(self, tx_hash: str) -> list[Transaction]:
        """All rows of one transaction, archived ones too, in the order they were stored; none for an empty hash."""
        if not tx_hash:
            return []
        return self._select(self._query().where(_ROWS.tx_hash == tx_hash).order_by(_ROWS.id))

    def ids_by_hash(self, hashes: Collection[str]) -> Mapping[str, Sequence[int]]:
        """As ``by_hash``, of many; hashes without rows are left out."""
        found: dict[str, list[int]] = {}
        wanted = sorted(each for each in hashes if each)
        for start in range(0, len(wanted), _HASHES):
            part = wanted[start : start + _HASHES]
            for row in self._database.fetch(partial(self._hashed, part)):
                found.setdefault(row.tx_hash, []).append(row.id)
        return found

    def _hashed(self, hashes: Sequence[str], connection: Connection) -> Sequence[Any]:
        query = select(_ROWS.tx_hash, _ROWS.id).where(_ROWS.vault_id == self._database.vault_id)
        return connection.execute(query.where(_ROWS.tx_hash.in_(hashes)).order_by(_ROWS.id)).all()

    # -- changes ---------------------------------------------------------------------------------------------

    def set_description(self, transaction_id: int, description: str, *, version: int) -> ChangeSet:
        """Raises ConflictError, NotFoundError, InvalidInputError."""
        return self._set("set_description", transaction_id, version, description=description)

    def set_layer2(self, transaction_id: int, kind: str, data: Mapping[str, object], *, version: int) -> ChangeSet:
        """Raises ConflictError, NotFoundError, InvalidInputError."""
        return self._set("set_layer2", transaction_id, version, layer2_kind=kind, layer2_data=data)

    # -- sums ------------------------------------------------------------------------------------------------

    def balances(self, wallet_ids: Sequence[int] | None = None, *, token: CancelToken | None = None) -> list[Balance]:
        """Computed from the rows: wallets that are not archived, every currency they touched."""
        return self._sums.balances(wallet_ids, token=token)

    def daily_sums(self, wallet_ids: Sequence[int] | None = None, *, token: CancelToken | None = None) -> list[DaySum]:
        """Net per UTC day, ascending."""
        return self._sums.daily(wallet_ids, token=token)

    def first_dips(self, *, token: CancelToken | None = None) -> list[Dip]:
        """Wallet and currency pairs whose running balance is ever negative."""
        return self._sums.first_dips(token=token)

    def directions_of(self, wallet_id: int) -> Mapping[Direction, int]:
        """Counts of rows that are not archived; every direction is named."""
        query = (
            select(_ROWS.direction, func.count())
            .where(_ROWS.vault_id == self._database.vault_id, _ROWS.wallet_id == wallet_id, _ROWS.archived_at.is_(None))
            .group_by(_ROWS.direction)
        )
        counted: dict[Direction, int] = self._database.fetch(lambda connection: dict(connection.execute(query).all()))
        return {direction: counted.get(direction, 0) for direction in Direction}

    # -- rows ------------------------------------------------------------------------------------------------

    def _latest(self) -> Select[Any]:
        return self._query().where(_ROWS.archived_at.is_(None)).order_by(_ROWS.occurred_at.desc(), _ROWS.id.desc())

    def _query(self) -> Select[Any]:
        return (
            select(TRANSACTIONS, *joined_columns(_COIN, "coin"), *joined_columns(_FEE_COIN, "fee_coin"))
            .join(_COIN, and_(_COIN.c.vault_id == _ROWS.vault_id, _COIN.c.id == _ROWS.currency_id))
            .outerjoin(_FEE_COIN, and_(_FEE_COIN.c.vault_id == _ROWS.vault_id, _FEE_COIN.c.id == _ROWS.fee_currency_id))
        )

    def _columns_of(self, record: Transaction) -> dict[str, Any]:
        amount, coin = stored_amount(record.amount, self._currencies, field="amount")
        columns = {
            **{name: getattr(record, name) for name in _PLAIN},
            "currency_id": coin.id,
            "amount": amount,
            "amount_rank": rank_key(amount, coin.decimals),
            "fee_currency_id": None,
            "fee": None,
            "fee_rank": None,
            "counterparty": counterparty(
                direction=record.direction,
                from_address=record.from_address,
                to_address=record.to_address,
                contract_address=record.contract_address,
            ),
        }
        if record.fee is not None:
            fee, coin = stored_amount(record.fee, self._currencies, field="fee")
            columns |= {"fee_currency_id": coin.id, "fee": fee, "fee_rank": rank_key(fee, coin.decimals)}
        return columns

    def _record_of(self, row: RowMapping) -> Transaction:
        fee = None
        if row["fee"] is not None:
            fee = Amount(row["fee"], joined_currency(row, "fee_coin", currency_id=row["fee_currency_id"]))
        coin = joined_currency(row, "coin", currency_id=row["currency_id"])
        return Transaction(
            **record_fields(row),
            **{name: row[name] for name in _PLAIN},
            amount=Amount(row["amount"], coin),
            fee=fee,
        )
