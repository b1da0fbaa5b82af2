"""The matrix role x table x verb: written down in matrix.csv, tried through psql.

``python -m tests.access.matrix`` writes the file from domain/permissions.py; read the difference before committing it.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Table

from aether_desktop.domain.permissions import RANKS, RULES, Verb, may
from aether_desktop.domain.users import Role
from aether_desktop.storage.access.policies import changeable, lowest
from tests.access.rows import SKIPPED, Person, insert_sql, tables, where_sql
from tests.access.scene import OTHER, Scene

FILE = Path(__file__).with_name("matrix.csv")
HEADING = ("table", "verb", "whose", *(role.value for role in RANKS))
_UNIQUE_PEOPLE = {"users", "vault_members"}  # nobody can be added a second time


@dataclass(frozen=True)
class Cell:
    """One thing to try. ``whose`` is own, others or common."""

    table: str
    verb: Verb
    whose: str

    @property
    def name(self) -> str:
        return f"{self.table}|{self.verb.value}|{self.whose}"


def cells() -> Iterator[Cell]:
    """In the order of the file."""
    for table, rule in sorted(RULES.items()):
        if table in SKIPPED:
            continue
        for verb in Verb:
            for whose in ("common",) if rule.common or verb is Verb.EMPTY else ("own", "others"):
                if verb is Verb.ADD and whose == "own" and table in _UNIQUE_PEOPLE:
                    continue
                yield Cell(table, verb, whose)


def expected(cell: Cell, role: Role) -> bool:
    """By the domain's rules."""
    return may(role, cell.verb, cell.table, own=cell.whose == "own")


def read_file() -> dict[tuple[str, str, str], dict[str, str]]:
    """What was agreed."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {(row["table"], row["verb"], row["whose"]): row for row in csv.DictReader(file)}


def statement(cell: Cell, table: Table, role: Role, scene: Scene, person: Person) -> str:
    """What to try; the row is there, and the new one is valid, so that only a rule can refuse it."""
    owner = scene.people[OTHER] if cell.whose == "others" else person
    if cell.verb is Verb.EMPTY:
        return f"TRUNCATE {table.name};"
    if cell.verb is Verb.ADD:
        return f"{insert_sql(table, scene.maker.make(table, owner, by=person))};"
    where = where_sql(scene.maker.key_of(table, owner) if cell.table != "id_clients" else owner.keys["id_clients"])
    if cell.verb is Verb.READ:
        return f"SELECT count(*) AS n FROM {table.name} WHERE {where} \\gset"
    if cell.verb is Verb.REMOVE:
        return f"DELETE FROM {table.name} WHERE {where};"
    column = _column(cell, table)
    return f"UPDATE {table.name} SET {column} = {column} WHERE {where};"


def _column(cell: Cell, table: Table) -> str:
    """A column that whoever may change this row may change."""
    rule = RULES[cell.table]
    by_role = changeable(table, rule)
    least = rule.change.own if cell.whose == "own" else rule.change.others
    columns = by_role.get(least or Role.MEMBER) or by_role.get(lowest(rule.change) or Role.MEMBER)
    if columns:
        return columns[0]
    return next((column.name for column in table.columns if not column.primary_key), table.columns.keys()[-1])


def script(scene: Scene, person: Person, role: Role) -> str:
    """All cells for one person; every one is undone."""
    lines = ["BEGIN;"]
    found = {table.name: table for table in tables()}
    for cell in cells():
        if cell.table not in found:
            continue  # of a newer schema
        lines += [
            "SAVEPOINT cell;",
            "\\set n -1",
            statement(cell, found[cell.table], role, scene, person),
            f"\\echo {cell.name} :SQLSTATE :ROW_COUNT :n",
            "ROLLBACK TO cell;",
        ]
    return "\n".join([*lines, "ROLLBACK;", ""])


def outcomes(said: str) -> dict[str, tuple[bool | None, str]]:
    """By cell: allowed, refused, or None for anything that is neither, and the SQLSTATE and figures."""
    found: dict[str, tuple[bool | None, str]] = {}
    for line in said.splitlines():
        name, state, rows, count = line.rsplit(" ", 3)
        verb = name.split("|")[1]
        touched = int(count) if verb == Verb.READ.value and state == "00000" else int(rows)
        allowed: bool | None = None
        if state == "42501" or (state == "00000" and touched == 0 and verb != Verb.ADD.value):
            allowed = False
        elif state == "00000" and touched == 1:
            allowed = True
        found[name] = (allowed, f"{state} {rows} {count}")
    return found


def main() -> int:
    """Write the file."""
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADING)
        for cell in cells():
            answers = ("yes" if expected(cell, role) else "no" for role in RANKS)
            writer.writerow((cell.table, cell.verb.value, cell.whose, *answers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
