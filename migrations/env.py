"""Alembic's environment: one history for SQLite and PostgreSQL.

Whoever runs it hands over an open connection, already in a transaction, as ``config.attributes["connection"]``; there
is no offline mode and no configuration file. ``aether_desktop.storage.upgrade`` and ``scripts/migration`` do.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import CheckConstraint, DefaultClause, TextClause
from sqlalchemy.types import TypeDecorator

from aether_desktop.storage.columns import KeyShape, key_shape_sql
from aether_desktop.storage.schema import METADATA
from aether_desktop.storage.schema.base import PLAIN_TEXT

VERSION_TABLE = "aether_schema"  # a name of our own: "alembic_version" may be another program's


def render_item(kind: str, item: Any, _autogenerate: AutogenContext) -> str | Literal[False]:
    """Keep the program's classes out of migrations: they must mean the same in ten years."""
    if kind == "type" and item is PLAIN_TEXT:
        return "PLAIN_TEXT"
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{type(item.impl_instance).__name__}()"
    if kind == "server_default" and isinstance(item, DefaultClause) and isinstance(item.arg, TextClause):
        return f"sa.text({item.arg.text!r})"
    if kind == "check" and isinstance(item, CheckConstraint) and isinstance(item.sqltext, KeyShape):
        sqlite, postgresql = (key_shape_sql(item.sqltext.column_name, name) for name in ("sqlite", "postgresql"))
        return f"sa.CheckConstraint(either(sqlite={sqlite!r}, postgresql={postgresql!r}), name=op.f({item.name!r}))"
    return False


def is_ours(_name: str | None, kind: str, parents: Any) -> bool:
    """On a shared server other programs may have tables in the same schema."""
    return kind != "table" or parents["schema_qualified_table_name"] in METADATA.tables


def is_meant(item: Any, _name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """An index may be of one engine only; its ``info`` says which. Those of trigrams Alembic cannot write down."""
    if kind == "index" and reflected and item.name.startswith("ix_search_"):
        return False
    engine = context.config.attributes["connection"].dialect.name
    return kind != "index" or reflected or item.info.get("engine", engine) == engine


def run() -> None:
    """Run the migrations on the connection given."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        version_table=VERSION_TABLE,
        render_as_batch=context.config.attributes.get("render_as_batch", True),
        render_item=render_item,
        include_name=is_ours,
        include_object=is_meant,
        compare_type=True,
        compare_server_default=True,
    )
    context.run_migrations()


run()
