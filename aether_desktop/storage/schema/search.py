"""What fragments and words are found by: derived from rows, kept by triggers and by upkeep (storage/search_upkeep.py).

In a vault file the trigrams lie in FTS5 tables that upkeep makes (storage/search_grams.py); on PostgreSQL in
``search_texts`` and ``search_parties``, which only the definer functions of migrations/postgresql/search.sql write.
An index only ever names candidates, and which rows it does not know yet can always be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import DDL, event

from aether_desktop.storage.columns import Identifier
from aether_desktop.storage.schema.annotations import ANNOTATION_TAGS
from aether_desktop.storage.schema.base import METADATA, required, text_column, vault_table

# The texts of each table that are looked into, those that tell rows of millions apart first. Lists are never reordered.
PARTIES: Final = ("counterparty", "from_address", "to_address", "contract_address")
SEARCHED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "transactions": ("tx_hash", *PARTIES, "description", "error"),
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
)

# Rows [first_id, last_id] of one owner in the table ``source`` changed since they were indexed. ``mark`` is the id of
# the transaction that changed them on PostgreSQL, so that writers never wait for each other; 0 in a vault file, where
# marks are of single rows and of nobody (owner 0): new rows lie above the water mark instead.
SEARCH_MARKS = vault_table(
    "search_marks",
    text_column("source", default=False),
    required("owner_id", Identifier()),
    required("first_id", Identifier()),
    required("mark", Identifier()),
    required("last_id", Identifier()),
    key=("source", "owner_id", "first_id", "mark"),
)

# Vault files only: rows of ``source`` up to the rowid ``place`` are indexed, unless a mark says otherwise. There is
# always a row there (or it is 0), for SQLite gives a rowid once more only above the last row. ``place_id`` is the id of
# that row: who renumbers rows makes the index void.
SEARCH_WATERS = vault_table(
    "search_waters",
    text_column("source", default=False),
    required("place", Identifier()),
    required("place_id", Identifier()),
    key=("source",),
)

# The addresses of the ledger as they are stored, each once for an owner (0 in a vault file).
SEARCH_PARTIES = vault_table(
    "search_parties",
    required("owner_id", Identifier()),
    text_column("value", default=False),
    key=("owner_id", "value"),
)

# PostgreSQL only: the texts of a row in lower case. ``kind`` numbers what they are (search.sql).
SEARCH_TEXTS = vault_table(
    "search_texts",
    required("row_id", Identifier()),
    required("kind", Identifier()),
    required("owner_id", Identifier()),
    text_column("body", default=False),
    key=("row_id", "kind"),
)


def _marking(source: str, row: str, row_id: str) -> str:
    """The outer statement's conflict rule would replace one of the trigger's own, so it has none."""
    return (
        "INSERT INTO search_marks (vault_id, source, owner_id, first_id, mark, last_id)"  # noqa: S608 - fixed names
        f" SELECT {row}.vault_id, '{source}', 0, {row_id}, 0, {row_id} WHERE NOT EXISTS (SELECT 1 FROM search_marks m"
        f" WHERE m.vault_id = {row}.vault_id AND m.source = '{source}' AND m.owner_id = 0 AND m.first_id = {row_id}"
        " AND m.mark = 0);"
    )


def sqlite_triggers() -> list[str]:
    """What keeps marks and water marks in a vault file."""
    found: list[str] = []
    for source, columns in SEARCHED.items():
        mark = _marking(source, "OLD", "OLD.id")
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
        f"CREATE TRIGGER search_mark_tags_{verb.lower()} AFTER {verb} ON {ANNOTATION_TAGS.name}"
        f" BEGIN {_marking('annotations', row, f'{row}.annotation_id')} END"
        for verb, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    ]


# PostgreSQL: each three bytes of a text with the number of what it is, and whose it is, as one number each, so that an
# index of one person's texts is looked into as fast as that of all. Built in: no extension is needed.
PARTY_KIND: Final = 12
_KEYS: Final = """
CREATE OR REPLACE FUNCTION aether_search_keys(kind bigint, owner bigint, body text) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
SELECT pg_catalog.array_agg(((kind & 63) << 24)::integer | (pg_catalog.get_byte(b.text, i) << 16)
        | (pg_catalog.get_byte(b.text, i + 1) << 8) | pg_catalog.get_byte(b.text, i + 2))
    || (2130706432 | (pg_catalog.hashint8(owner) & 16777215))
FROM (SELECT pg_catalog.convert_to(body, 'UTF8') AS text) b,
    pg_catalog.generate_series(0, pg_catalog.length(b.text) - 3) i
$$
"""
_WITH: Final = "WITH (gin_pending_list_limit = 16384)"
_TEXT_KEYS: Final = "aether_search_keys(kind, owner_id, body)"
_PARTY_KEYS: Final = f"aether_search_keys({PARTY_KIND}, owner_id, lower(value))"
_ON_POSTGRESQL: Final = (
    _KEYS,
    f"CREATE INDEX ix_search_texts_keys ON search_texts USING gin ({_TEXT_KEYS}) {_WITH}",
    f"CREATE INDEX ix_search_parties_keys ON search_parties USING gin ({_PARTY_KEYS}) {_WITH}",
)

for _engine, _statements in (("sqlite", sqlite_triggers()), ("postgresql", _ON_POSTGRESQL)):
    for _statement in _statements:
        _made = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(METADATA, "after_create", _made.execute_if(dialect=_engine))  # once all tables are there
