"""Imported fiat prices: dated, sourced, exact decimal texts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.dialects import postgresql, sqlite

from aether_desktop.domain.prices import Price
from aether_desktop.storage.columns import json_text
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import PRICES
from aether_desktop.storage.stores.records import require_storable

_COLUMNS = PRICES.c
_KEY: Final = ("vault_id", "currency", "symbol", "day", "source")
_ROWS_AT_ONCE: Final = 1_000


class SqlPriceStore:
    """Implements ``ports.storage.PriceStore``. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, prices: Sequence[Price]) -> int:
        """Stores or replaces by (day, symbol, currency, source); returns how many were new or changed.

        Of prices with the same key the last one given holds. Raises InvalidInputError for texts that cannot be stored.
        """
        latest = {(price.currency, price.symbol, price.day, price.source): price for price in prices}
        if not latest:
            return 0
        wanted = list(latest.values())
        insert = postgresql.insert if self._database.dialect == "postgresql" else sqlite.insert
        total = 0
        digest = hashlib.sha256()
        with self._database.write(action="price.put", table=PRICES.name) as unit:
            for start in range(0, len(wanted), _ROWS_AT_ONCE):
                part = wanted[start : start + _ROWS_AT_ONCE]
                rows = [
                    {"vault_id": unit.vault_id, "id": new_id, **_columns(price)}
                    for new_id, price in zip(self._database.reserve_ids(len(part)), part, strict=True)
                ]
                statement = insert(PRICES).values(rows)
                changed = statement.on_conflict_do_update(
                    index_elements=_KEY,
                    set_={"price": statement.excluded.price},
                    where=_COLUMNS.price != statement.excluded.price,
                )
                total += len(unit.connection.execute(changed.returning(_COLUMNS.id)).all())
                digest.update(json_text({"prices": [[*_texts(price)] for price in part]}).encode())
            unit.counts.by_table = {PRICES.name: [0, 0, 0, total]} if total else {}  # SQLite counts no RETURNING
            if total:
                unit.audit(rows=total, given=len(wanted), digest=digest.hexdigest())
        return total

    def latest(self, currency: str) -> Mapping[str, Price]:
        """Newest price per symbol in that fiat currency."""
        newest = (
            select(_COLUMNS.symbol, func.max(_COLUMNS.day).label("day"))
            .where(_COLUMNS.vault_id == self._database.vault_id, _COLUMNS.currency == currency)
            .group_by(_COLUMNS.symbol)
            .subquery()
        )
        query = (
            self._query()
            .join(newest, and_(_COLUMNS.symbol == newest.c.symbol, _COLUMNS.day == newest.c.day))
            .where(_COLUMNS.currency == currency)
            .order_by(_COLUMNS.id)
        )
        return self._database.fetch(
            lambda connection: {row.symbol: _price(row) for row in connection.execute(query)}  # the last one holds
        )

    def currencies(self) -> list[str]:
        """Fiat currencies there are prices in, by name."""
        query = (
            select(_COLUMNS.currency)
            .distinct()
            .where(_COLUMNS.vault_id == self._database.vault_id)
            .order_by(_COLUMNS.currency)
        )
        return self._database.fetch(lambda connection: list(connection.scalars(query)))

    def at(self, symbol: str, currency: str, day: datetime) -> Price | None:
        """The newest price on or before that day."""
        query = (
            self._query()
            .where(_COLUMNS.currency == currency, _COLUMNS.symbol == symbol, _COLUMNS.day <= day)
            .order_by(_COLUMNS.day.desc(), _COLUMNS.id.desc())
            .limit(1)
        )
        row = self._database.fetch(lambda connection: connection.execute(query).first())
        return None if row is None else _price(row)

    def _query(self) -> Select[Any]:
        return select(PRICES).where(_COLUMNS.vault_id == self._database.vault_id)


def _columns(price: Price) -> dict[str, Any]:
    for name in ("symbol", "currency", "price", "source"):
        require_storable(name, getattr(price, name))
    return {
        "day": price.day,
        "symbol": price.symbol,
        "currency": price.currency,
        "price": price.price,
        "source": price.source,
    }


def _texts(price: Price) -> tuple[str, ...]:
    """What the audit entry's digest is over."""
    return price.day.isoformat(), price.symbol, price.currency, price.price, price.source


def _price(row: Row[Any]) -> Price:
    return Price(day=row.day, symbol=row.symbol, currency=row.currency, price=row.price, source=row.source)
