"""Wallets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping

from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import fold
from aether_desktop.domain.wallets import Wallet
from aether_desktop.storage.schema import WALLETS
from aether_desktop.storage.stores.records import SqlRecordStore, UniqueRule, record_fields


class SqlWalletStore(SqlRecordStore[Wallet]):
    """Implements ``ports.storage.WalletStore``. Worker threads only; raises the StorageError family."""

    name = TableName.WALLETS
    table = WALLETS
    uniques = (
        UniqueRule(
            ("owner_id", "name_fold"), "name", "Another wallet has this name; names differ by more than their case."
        ),
        UniqueRule(
            ("owner_id", "address", "chain", "kind", "symbol"),
            "address",
            "Another wallet watches this address already.",
        ),
    )

    def of_user(self, user_id: int) -> list[Wallet]:
        """Not archived, by name."""
        return self._select(self._shown().where(WALLETS.c.owner_id == user_id))

    def all(self) -> list[Wallet]:
        """Not archived, by name."""
        return self._select(self._shown())

    def by_name(self, name: str) -> list[Wallet]:
        """Not archived, exact name in any case: none or one."""
        return self._select(self._shown().where(WALLETS.c.name_fold == fold(name.strip())))

    def _shown(self) -> Any:
        return self._query().where(WALLETS.c.archived_at.is_(None)).order_by(WALLETS.c.name_fold, WALLETS.c.id)

    def _columns_of(self, record: Wallet) -> dict[str, Any]:
        return {
            "name": record.name,
            "name_fold": fold(record.name.strip()),
            "chain": record.chain,
            "address": record.address,
            "kind": record.kind,
            "symbol": record.symbol,
            "watch_only": record.watch_only,
        }

    def _record_of(self, row: RowMapping) -> Wallet:
        names = ("name", "chain", "address", "kind", "symbol", "watch_only")
        return Wallet(**record_fields(row), **{name: row[name] for name in names})
