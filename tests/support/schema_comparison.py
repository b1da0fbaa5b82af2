"""What a database's schema is, in a form that two databases can be compared by."""

from __future__ import annotations

import re

from sqlalchemy import Connection

_SPACES = re.compile(r"\s+")


def schema_of(connection: Connection) -> dict[str, list[str]]:
    """Facts by table: columns with types and defaults, constraints by name and text, indexes."""
    return _of_sqlite(connection) if connection.dialect.name == "sqlite" else _of_postgresql(connection)


def _of_sqlite(connection: Connection) -> dict[str, list[str]]:
    facts: dict[str, list[str]] = {}
    rows = connection.exec_driver_sql("SELECT tbl_name, type, sql FROM sqlite_master WHERE sql IS NOT NULL")
    for table, kind, statement in rows:
        text = _SPACES.sub(" ", statement.replace('"', "")).replace("( ", "(").replace(" )", ")")
        if kind == "table":
            head, _, rest = text.partition("(")
            body, _, tail = rest.rpartition(")")
            facts.setdefault(table, []).extend([head.strip(), tail.strip(), *_items(body)])
        else:
            facts.setdefault(table, []).append(text)
    return {table: sorted(items) for table, items in facts.items()}


def _items(body: str) -> list[str]:
    """The parts of a CREATE TABLE between commas that are in no bracket and no text."""
    items, depth, quoted, start = [], 0, False, 0
    for position, character in enumerate(body):
        if character == "'":
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, ")": -1}.get(character, 0)
            if character == "," and depth == 0:
                items.append(body[start:position].strip())
                start = position + 1
    return [*items, body[start:].strip()]


def _of_postgresql(connection: Connection) -> dict[str, list[str]]:
    columns = (
        "SELECT c.relname, a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' '"
        " || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' ' || a.attcollation::text"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped"
    )
    constraints = (
        "SELECT c.relname, o.conname || ' ' || pg_get_constraintdef(o.oid) FROM pg_constraint o"
        " JOIN pg_class c ON c.oid = o.conrelid WHERE c.relnamespace = 'public'::regnamespace AND o.contype <> 't'"
    )
    indexes = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    facts: dict[str, list[str]] = {}
    for query in (columns, constraints, indexes):
        for table, fact in connection.exec_driver_sql(query):
            facts.setdefault(table, []).append(fact)
    return {table: sorted(items) for table, items in facts.items()}
