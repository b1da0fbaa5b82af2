"""Looking for damage: pages, references, and money keys that do not agree with one another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy import Table as SqlTable

from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.backup import integrity_problems
from aether_desktop.storage.columns import rank_key
from aether_desktop.storage.database import Database
from aether_desktop.storage.engines import EngineKit
from aether_desktop.storage.failures import translated
from aether_desktop.storage.schema import CURRENCIES, PAYMENTS, TRANSACTIONS
from aether_desktop.storage.sqlite import SqliteKit

_ROWS_AT_ONCE: Final = 5_000
_LISTED: Final = 20
_PAGES: Final = "Checking the pages of the vault"
_AMOUNTS: Final = "Checking the amounts"
# table, units column, figure column, currency column
_MONEY: Final = (
    (TRANSACTIONS, "amount", "amount_rank", "currency_id"),
    (TRANSACTIONS, "fee", "fee_rank", "fee_currency_id"),
    (PAYMENTS, "amount", "amount_rank", "currency_id"),
)


def problems(
    database: Database, kit: EngineKit, *, progress: Progress = silent, token: CancelToken | None = None
) -> list[str]:
    """What is wrong, in plain words; empty when all is well. Raises the StorageError family, OperationCancelled."""
    stop = token or CancelToken()
    found: list[str] = []
    if isinstance(kit, SqliteKit):
        progress(0, None, _PAGES)
        with translated(where=kit.location, token=stop), closing(kit.connect()) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")  # the cipher check reads the main file only
            found += integrity_problems(connection, encrypted=kit.encrypted, token=stop)
        if found:
            return found  # reading rows of a damaged file says nothing more
    progress(0, None, _AMOUNTS)
    with database.read(stop) as connection:
        decimals = {
            row.id: row.decimals
            for row in connection.execute(
                select(CURRENCIES.c.id, CURRENCIES.c.decimals).where(CURRENCIES.c.vault_id == database.vault_id)
            )
        }
    done = 0
    for table, units, figure, currency in _MONEY:
        for page in _pages(database, table, (units, figure, currency), stop):
            found += [
                f"Row {row[0]} of {table.name}: the figure of its {units} is not that of its base units."
                for row in page
                if row[1] is not None and row[2] != rank_key(row[1], decimals[row[3]])
            ]
            done += len(page)
            progress(done, None, _AMOUNTS)
            if len(found) > _LISTED:
                return [*found[:_LISTED], "There may be more."]
    return found


def _pages(
    database: Database, table: SqlTable, columns: tuple[str, ...], token: CancelToken
) -> Iterator[list[tuple[Any, ...]]]:
    last = -1
    query = select(table.c.id, *(table.c[name] for name in columns)).where(table.c.vault_id == database.vault_id)

    def page(connection: Connection) -> list[tuple[Any, ...]]:
        rows = connection.execute(query.where(table.c.id > last).order_by(table.c.id).limit(_ROWS_AT_ONCE))
        return [tuple(row) for row in rows]

    while rows := database.fetch(page, token=token):
        yield rows
        last = rows[-1][0]
