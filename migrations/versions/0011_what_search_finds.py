"""Texts by which fragments and words are found, and marks of the rows whose texts changed since.

Revision 0011, after 0010. Forward only: the way back is the back-up made before. Nothing is indexed here: that is done
in the background, for ten million rows take minutes.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PLAIN_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # compares by code point on both engines
SEARCHED = {
    "transactions": (
        *("tx_hash", "counterparty", "from_address", "to_address", "contract_address"),
        *("description", "error"),
    ),
    "annotations": ("label", "note"),
    "wallets": ("name", "address", "symbol"),
    "smart_contracts": ("name", "address"),
    "temple_nodes": ("node_id",),
    "payments": ("provider", "external_id", "description"),
    "payment_methods": ("name", "provider", "provider_reference", "last_four"),
    "cid_entries": ("cid", "name"),
    "ai_monitoring_logs": ("description",),
    "users": ("username", "display_name", "email"),
}


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def words(name: str) -> sa.Column[str]:
    return sa.Column(name, PLAIN_TEXT, nullable=False)


def table(name: str, *items: sa.schema.SchemaItem, key: tuple[str, ...]) -> None:
    op.create_table(
        name,
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        *items,
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f(f"fk_{name}_vault")),
        sa.PrimaryKeyConstraint("vault_id", *key, name=op.f(f"pk_{name}")),
        sqlite_strict=True,
    )


def marking(source: str, row: str, row_id: str) -> str:
    return (
        "INSERT INTO search_marks (vault_id, source, owner_id, first_id, mark, last_id)"  # noqa: S608 - fixed names
        f" SELECT {row}.vault_id, '{source}', 0, {row_id}, 0, {row_id} WHERE NOT EXISTS (SELECT 1 FROM search_marks m"
        f" WHERE m.vault_id = {row}.vault_id AND m.source = '{source}' AND m.owner_id = 0 AND m.first_id = {row_id}"
        " AND m.mark = 0);"
    )


def upgrade() -> None:
    table(
        "search_marks",
        words("source"),
        *map(number, ("owner_id", "first_id", "mark", "last_id")),
        key=("source", "owner_id", "first_id", "mark"),
    )
    table("search_waters", words("source"), number("place"), number("place_id"), key=("source",))
    table("search_parties", number("owner_id"), words("value"), key=("owner_id", "value"))
    table(
        "search_texts",
        *map(number, ("row_id", "kind", "owner_id")),
        words("body"),
        key=("row_id", "kind"),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        name = str(connection.scalar(sa.text("SELECT current_schema()")))
        schema = connection.dialect.identifier_preparer.quote(name)
        text = (Path(__file__).parents[1] / "postgresql" / "search.sql").read_text("utf-8")
        text = text.replace("{schema}", schema).replace("{path}", f"pg_catalog, {schema}, pg_temp")
        connection.exec_driver_sql(text, execution_options={"no_parameters": True})
        for source in SEARCHED:
            owner = "id" if source == "users" else "owner_id"
            connection.exec_driver_sql(
                "INSERT INTO search_marks (vault_id, source, owner_id, first_id, mark, last_id)"  # noqa: S608
                f" SELECT vault_id, '{source}', {owner}, min(id), 0, max(id) FROM {source} GROUP BY vault_id, {owner}"
            )
        return
    for statement in triggers():
        connection.exec_driver_sql(statement)


def triggers() -> list[str]:
    """Of a vault file, where new rows lie above a water mark."""
    found = []
    for source, columns in SEARCHED.items():
        mark = marking(source, "OLD", "OLD.id")
        # the row at the water mark is gone: down to the one before it
        before = f"FROM {source} WHERE rowid <= search_waters.place ORDER BY rowid DESC LIMIT 1"
        lower = (
            f"UPDATE search_waters SET place = coalesce((SELECT rowid {before}), 0),"  # noqa: S608 - fixed names
            f" place_id = coalesce((SELECT id {before}), 0)"
            f" WHERE vault_id = OLD.vault_id AND source = '{source}' AND place = OLD.rowid;"
        )
        update = f"AFTER UPDATE OF {', '.join(columns)} ON {source}"
        found += [
            f"CREATE TRIGGER search_mark_{source}_update {update} BEGIN {mark} END",
            f"CREATE TRIGGER search_mark_{source}_delete AFTER DELETE ON {source} BEGIN {mark} {lower} END",
        ]
    return found + [
        f"CREATE TRIGGER search_mark_tags_{verb.lower()} AFTER {verb} ON annotation_tags"
        f" BEGIN {marking('annotations', row, f'{row}.annotation_id')} END"
        for verb, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    ]
