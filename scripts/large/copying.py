"""A shared database with the ledger of a vault file: the rows are copied, which takes a tenth of generating them anew.

As a restore does it: past triggers, sums of days as they are, indexes when all rows are there. The texts that are
searched are made by the server.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import Table

from aether_desktop.storage.columns import Flag
from aether_desktop.storage.opening import OpenVault
from aether_desktop.storage.schema import METADATA
from aether_desktop.storage.sql_storage import open_database

COPIED: Final = (
    "currencies",
    "wallets",
    "import_batches",
    "import_sightings",
    "transactions",
    "annotations",
    "annotation_tags",
    "ledger_days",
    "ledger_fees",
)
_OWNED: Final = ("owner_id", "imported_by")
_AT_ONCE: Final = 20_000


def copy_ledger(vault: OpenVault, administration: str, *, vault_id: int, owner_id: int) -> None:
    """Into a database that has none; all rows are ``owner_id``'s then."""
    with psycopg.connect(administration) as administrator:
        administrator.execute("SET session_replication_role = replica")
        with _late_indexes(administrator, "transactions"):
            for name in COPIED:
                _copy(vault, administrator, METADATA.tables[name], vault_id, owner_id)
    with psycopg.connect(administration, autocommit=True) as administrator:
        administrator.execute("VACUUM ANALYZE")  # as autovacuum does within minutes


def index_texts(administration: str, reader: str) -> None:
    """What fragments are found by, of the rows of the person whose address is ``reader``."""
    with psycopg.connect(administration, autocommit=True) as administrator:
        with _late_indexes(administrator, "search_texts"), closing(open_database(reader)) as storage:
            storage.search.start_over()
            while storage.search.settle_some() > 0:
                pass
        administrator.execute("VACUUM ANALYZE search_texts, search_parties, search_marks")


def _copy(vault: OpenVault, administrator: psycopg.Connection[Any], table: Table, vault_id: int, owner_id: int) -> None:
    names = [column.name for column in table.columns]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    given = {"vault_id": vault_id, **dict.fromkeys(_OWNED, owner_id)}
    constants = [(place, given[name]) for place, name in enumerate(names) if name in given]
    flags = [place for place, column in enumerate(table.columns) if isinstance(column.type, Flag)]
    with administrator.cursor() as cursor, cursor.copy(statement) as copy:
        for row in _rows(vault, table.name, names):
            values = list(row)
            for place, value in constants:
                values[place] = value
            for place in flags:
                values[place] = bool(values[place])
            copy.write_row(values)


def _rows(vault: OpenVault, table: str, names: Sequence[str]) -> Iterator[Sequence[Any]]:
    """As the driver gives them, in the order in which they lie."""
    with vault.kit.reader.connect() as connection:
        found = connection.connection.driver_connection.execute(  # type: ignore[union-attr]  # it is connected
            f"SELECT {', '.join(names)} FROM {table} NOT INDEXED"  # noqa: S608 - names of ours
        )
        while some := found.fetchmany(_AT_ONCE):
            yield from some


@contextmanager
def _late_indexes(administrator: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """The table has no index but its keys until the rows are there."""
    listed = administrator.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid = %s::regclass AND NOT i.indisprimary",
        (table,),
    ).fetchall()
    for name, _made in listed:
        administrator.execute(f"DROP INDEX {name}".encode())
    yield
    for _name, made in listed:
        administrator.execute(str(made).encode())
