"""What the schema modules share: one metadata, the naming convention, and how tables, texts and references look.

Every primary key, unique constraint, index and foreign key begins with ``vault_id``: a set of books is a shard, and a
constraint never answers a question about another vault. Tables refer to each other by name only, so the modules may
be imported in any order; ``schema/__init__.py`` imports them all.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.schema import SchemaItem

from aether_desktop.storage.columns import Identifier, SealedValue, UtcTime

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(constraint_name)s",
    }
)

# Texts compare and sort by code point on both engines, so a plain index also serves prefix ranges.
PLAIN_TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def vault_table(name: str, *items: SchemaItem, key: tuple[str, ...] = ("id",), clustered: bool = False) -> Table:
    """A table of one vault's rows, with ``vault_id`` first and the primary key (vault_id, *key).

    ``clustered``: SQLite keeps the rows in the key itself (WITHOUT ROWID), which halves tables of small rows.
    """
    options: dict[str, Any] = {"sqlite_strict": True} | ({"sqlite_with_rowid": False} if clustered else {})
    return Table(
        name,
        METADATA,
        Column("vault_id", Identifier(), nullable=False),
        *items,
        PrimaryKeyConstraint("vault_id", *key),
        ForeignKeyConstraint(["vault_id"], ["vaults.id"], name="vault"),
        **options,
    )


def record_table(name: str, *items: SchemaItem, owner_index: bool = True) -> Table:
    """One of the nine tables people see: the columns of ``domain.records.Record``, then its own.

    ``owner_index`` False where a huge table is read by other indexes and loading it must stay fast.
    """
    indexes = [Index(f"ix_{name}_owner", "vault_id", "owner_id", "id")] if owner_index else []
    return vault_table(
        name,
        Column("id", Identifier(), nullable=False, autoincrement=False),
        Column("owner_id", Identifier(), nullable=False),
        Column("version", Identifier(), nullable=False),
        Column("created_at", UtcTime(), nullable=False),
        Column("archived_at", UtcTime()),
        *items,
        reference("owner_id", "users"),
        *indexes,
    )


def folded_column(name: str) -> Column[str]:
    """Beside the text ``name``: it as ``domain.text.fold`` makes it, which it is sorted and compared by.

    Stored, because an index over a function serves nobody under row security. Stores fill it in by its name.
    """
    return text_column(f"{name}_fold")


def text_column(name: str, *, default: bool = True) -> Column[str]:
    """A text that is never NULL; empty means absent. ``default`` False makes every insert name it."""
    return Column(name, PLAIN_TEXT, nullable=False, server_default=text("''") if default else None)


def required(name: str, kind: Any) -> Column[Any]:
    """A column that is never NULL."""
    return Column(name, kind, nullable=False)


def sealed_column(name: str, *, empty: str = "''") -> Column[Any]:
    """Beside the plain column ``name``: a value is in one of the two, never in both; ``empty`` is the plain one's."""
    alone = f"{name} IS NULL" if empty == "NULL" else f"{name} = {empty}"
    return Column(
        f"{name}_sealed",
        SealedValue(),
        CheckConstraint(f"{name}_sealed IS NULL OR {alone}", name=f"{name}_once"),
    )


def reference(column: str, target: str, *, on_delete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key to the (vault_id, id) of another table, by name."""
    return ForeignKeyConstraint(
        ["vault_id", column], [f"{target}.vault_id", f"{target}.id"], name=column, ondelete=on_delete
    )


def unique_index(name: str, *columns: str, where: str | None = None) -> Index:
    """A unique index over all rows, or those that satisfy ``where`` (fixed SQL, the same on both engines)."""
    if where is None:
        return Index(name, "vault_id", *columns, unique=True)
    condition = text(where)
    return Index(name, "vault_id", *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


def ledger_index(name: str, *columns: str, where: str | None = None) -> Index:
    """An index of ``transactions`` that gives the rows of each value in the order of time.

    ``archived_at`` last: whether a row is shown is in the index, so counts, jumps and sorting what a range has do not
    visit the rows. PostgreSQL's row security asks for the owner, too. ``where`` (fixed SQL, the same on both engines)
    keeps out what most rows have: it costs an import nothing.
    """
    condition = None if where is None else text(where)
    return Index(
        f"ix_transactions_{name}",
        *("vault_id", *columns, "occurred_at", "id", "archived_at"),
        sqlite_where=condition,
        postgresql_where=condition,
        postgresql_include=["owner_id"],
    )


def engine_index(name: str, *columns: str, engine: str) -> Index:
    """An index that exists on one engine only; ``info`` tells migrations so."""
    return Index(name, *columns, info={"engine": engine}).ddl_if(dialect=engine)


def order_indexes(table: str, *columns: str) -> list[Index]:
    """An index for each of these columns, to sort and to filter by; the id ends it as it ends every order."""
    return [Index(f"ix_{table}_{column}", "vault_id", column, "id") for column in columns]
