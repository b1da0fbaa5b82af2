"""What both engines say about how they answer a question, reduced to what must not be: whole scans, whole sorts.

``Watched`` listens to an engine and keeps the plan of every statement that runs in it.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

_INDEXED = re.compile(r"SEARCH (?P<table>\w+) USING (?:COVERING )?INDEX (?P<index>\w+) \((?P<by>.*)\)")


class Watched:
    """The statements of an engine and their plans, while ``watching``; other threads may use it meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self.plans: list[tuple[str, list[Any]]] = []
        self.asked: list[str] = []
        """The statements with their values, one for each plan."""
        self._known: dict[str, list[Any]] = {}
        self._thread = 0
        event.listen(engine, "before_cursor_execute", self._explain)

    @contextmanager
    def watching(self) -> Iterator[list[tuple[str, list[Any]]]]:
        """What this thread runs inside."""
        self.plans, self.asked, self._thread = [], [], threading.get_ident()
        try:
            yield self.plans
        finally:
            self._thread = 0

    def _explain(
        self, connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> None:
        if threading.get_ident() != self._thread or not statement.lstrip().upper().startswith(("SELECT", "WITH")):
            return
        said = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN (FORMAT JSON) "
        asked = f"{statement} {parameters!r}"
        if asked not in self._known:
            cursor.execute(said + statement, parameters)
            self._known[asked] = list(cursor.fetchall())
        self.plans.append((statement, self._known[asked]))
        self.asked.append(asked)


def faults_on_sqlite(rows: list[Any], *, table: str, few: bool) -> list[str]:
    """``few``: rows that are known to be few may be sorted."""
    faults = []
    for row in rows:
        said = str(row[3])
        if re.match(rf"SCAN {table}\b", said):
            faults.append(said)
        if said.startswith("USE TEMP B-TREE") and not few:
            faults.append(said)
        found = _INDEXED.match(said)
        whole = found is not None and found["by"] == "vault_id=?" and found["index"] not in _SOME
        if few and whole and found is not None and found["table"] == table:
            faults.append(said)
    return faults


# Indexes over the few rows that have something: being in them is the condition.
_SOME = frozenset(
    f"ix_transactions_{name}"
    for name in ("verified", "error", "description", "archived", "contract", "method", "layer2")
)


def goes_on_from_a_place(rows: list[Any]) -> bool:
    """SQLite: whether every index search of a page after a place begins there."""
    found = [match["by"] for row in rows if (match := _INDEXED.match(str(row[3])))]
    return any(">" in by or "<" in by for by in found)


_COVERED = 10  # entries of an index are read and sorted in the time that one row is
_BLOCKING = ("Sort", "Incremental Sort", "Hash", "Materialize", "Bitmap Heap Scan", "HashAggregate", "SetOp", "Unique")


def faults_on_postgresql(rows: list[Any], *, table: str, most: int) -> list[str]:
    """``most``: so many rows of the table may be read before the first is told."""
    document = rows[0][0]
    plan = json.loads(document) if isinstance(document, str) else document
    return list(_faults(plan[0]["Plan"], table, most, blocking=False))


def _faults(node: dict[str, Any], table: str, most: int, *, blocking: bool) -> Iterator[str]:
    """A node that blocks takes all rows below it before it gives one, unless a limit below it stops them."""
    kind, rows = node["Node Type"], node["Plan Rows"]
    if kind == "Seq Scan" and node["Relation Name"] == table:
        yield f"Seq Scan on {table} {node.get('Filter', '')}"
    hashed = kind == "Aggregate" and node["Strategy"] != "Plain"
    blocking = kind != "Limit" and (blocking or hashed or kind in _BLOCKING)
    if blocking and rows > _most(node, most) and node.get("Relation Name") == table:
        yield f"{kind} of {rows} rows of {table}, all of them {node.get('Index Cond', '')}"
    inner = node.get("Plans", [])
    if kind in ("Sort", "Incremental Sort") and inner[0]["Plan Rows"] > _most(inner[0], most):
        yield f"{kind} of {inner[0]['Plan Rows']} rows by {node['Sort Key']}"
    for each in inner:
        yield from _faults(each, table, most, blocking=blocking)


def _most(node: dict[str, Any], most: int) -> int:
    return most * _COVERED if node["Node Type"] == "Index Only Scan" else most
