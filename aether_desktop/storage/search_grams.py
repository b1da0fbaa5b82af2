"""The trigrams of a vault file: FTS5 tables inside it, made when something is first indexed, without the texts.

Rows are indexed from the water mark on; marked ones once more. An entry of a row that is gone harms nobody, for rows
are looked at; it goes when its mark is settled.
"""
# ruff: noqa: S608 - every name is fixed

from __future__ import annotations

import time
from typing import Any, Final

from sqlalchemy import Connection, select, text

from aether_desktop.storage.schema import METADATA, SEARCH_MARKS, SEARCH_WATERS
from aether_desktop.storage.schema.search import PARTIES, SEARCHED, sqlite_triggers
from aether_desktop.storage.search_index import GRAM_TABLES, LEAST, WORD_GRAMS, TextKind, keeps_marks, match_text
from aether_desktop.storage.sums import fold_text

_HASHES, _LABELS, _PARTY = (GRAM_TABLES[kind] for kind in (TextKind.HASH, TextKind.LABEL, TextKind.PARTY))
_TABLES: Final = (_HASHES, _LABELS, _PARTY, WORD_GRAMS)
_AT_ONCE: Final = 500  # rows between two looks at the clock
_MARKS: Final = SEARCH_MARKS.c
_MADE: Final = "content='', contentless_delete=1, detail='none', tokenize='trigram'"


def make_tables(connection: Connection, vault_id: int) -> bool:
    """Whether there were none yet: now there are, and nothing is in them."""
    known = connection.scalar(text("SELECT count(*) FROM search_waters WHERE vault_id = :vault"), {"vault": vault_id})
    if known and keeps_marks(connection):
        return False
    start_over(connection, vault_id)
    return True


def start_over(connection: Connection, vault_id: int) -> None:
    """Empty tables, and every row waits."""
    for statement in sqlite_triggers():
        connection.exec_driver_sql(statement.replace("CREATE TRIGGER", "CREATE TRIGGER IF NOT EXISTS", 1))
    for name in _TABLES:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE VIRTUAL TABLE {name} USING fts5(body, {_MADE})")
    for name in ("search_parties", "search_marks", "search_waters"):
        connection.exec_driver_sql(f"DELETE FROM {name} WHERE vault_id = ?", (vault_id,))
    for source in SEARCHED:
        connection.exec_driver_sql(
            "INSERT INTO search_waters (vault_id, source, place, place_id) VALUES (?, ?, 0, 0)", (vault_id, source)
        )


def in_place(connection: Connection, vault_id: int) -> bool:
    """Whether rows still have the numbers that they had when they were indexed."""
    waters = SEARCH_WATERS.c
    for source, place, place_id in connection.execute(
        select(waters.source, waters.place, waters.place_id).where(waters.vault_id == vault_id, waters.place > 0)
    ).all():
        if connection.scalar(text(f"SELECT id FROM {source} WHERE rowid = :place"), {"place": place}) != place_id:
            return False
    return True


class GramWriter:
    """Indexes rows inside one transaction. Worker threads only."""

    def __init__(self, connection: Connection, vault_id: int) -> None:
        self._connection = connection
        self._vault_id = vault_id

    def some(self, seconds: float) -> int:
        """Marked rows, then new ones, for about so long; how many were looked at, 0 when nothing waits."""
        until, done = time.monotonic() + seconds, 0
        for source in SEARCHED:
            while found := self._marked(source) or self._above(source):
                done += found
                if time.monotonic() > until:
                    return done
        return done

    # -- inside --------------------------------------------------------------------------------------------------

    def _run(self, statement: str, *values: Any) -> Any:
        return self._connection.exec_driver_sql(statement, values)

    def _marked(self, source: str) -> int:
        marked = select(_MARKS.first_id).where(
            _MARKS.vault_id == self._vault_id, _MARKS.source == source, _MARKS.owner_id == 0
        )
        ids = self._connection.scalars(marked.order_by(_MARKS.first_id).limit(_AT_ONCE)).all()
        if not ids:
            return 0
        known = "search_marks WHERE vault_id = ? AND source = ? AND owner_id = 0 AND first_id <= ?"
        values = (self._vault_id, source, ids[-1])
        for name in _of_source(source):
            self._run(f"DELETE FROM {name} WHERE rowid IN (SELECT first_id FROM {known})", *values)
        marks = f"(SELECT vault_id AS vault, first_id FROM {known}) m"  # lead: a vault file has no statistics
        self._index(
            source, f"{marks} CROSS JOIN {source} ON {source}.vault_id = m.vault AND {source}.id = m.first_id", *values
        )
        self._run(f"DELETE FROM {known}", *values)
        return len(ids)

    def _above(self, source: str) -> int:
        place = self._run(
            "SELECT place FROM search_waters WHERE vault_id = ? AND source = ?", self._vault_id, source
        ).scalar_one()
        last, count = self._run(
            "SELECT max(number), count(*) FROM (SELECT rowid AS number FROM"
            f" {source} WHERE rowid > ? ORDER BY rowid LIMIT {_AT_ONCE})",
            place,
        ).one()
        if not count:
            return 0
        self._index(source, f"{source} WHERE {source}.rowid > ? AND {source}.rowid <= ?", place, last)
        self._run(
            f"UPDATE search_waters SET place = ?, place_id = (SELECT id FROM {source} WHERE rowid = ?)"
            " WHERE vault_id = ? AND source = ?",
            *(last, last, self._vault_id, source),
        )
        return int(count)

    def _index(self, source: str, rows: str, *values: Any) -> None:
        """``rows`` comes after FROM and ends in a condition."""
        into = "INSERT OR REPLACE INTO {} (rowid, body)"
        if source == "transactions":
            self._run(
                f"{into.format(_HASHES)} SELECT id, lower(tx_hash) FROM {rows} AND tx_hash <> ''",
                *values,
            )
            self._parties(rows, *values)
            said = "description || char(10) || error"
            words = f"SELECT id, aether_fold({said}) FROM {rows} AND (description <> '' OR error <> '')"
            self._run(f"{into.format(WORD_GRAMS)} {words}", *values)
        elif source == "annotations":
            tags = "(SELECT group_concat(t.tag_fold, char(10)) FROM annotation_tags t WHERE t.vault_id ="
            tags += " annotations.vault_id AND t.annotation_id = annotations.id)"
            said = f"aether_fold(label || char(10) || note || char(10) || coalesce({tags}, ''))"
            self._run(f"{into.format(_LABELS)} SELECT id, {said} FROM {rows}", *values)
        else:
            said = " || char(10) || ".join(SEARCHED[source])
            self._run(f"{into.format(WORD_GRAMS)} SELECT id, aether_fold({said}) FROM {rows}", *values)

    def _parties(self, rows: str, *values: Any) -> None:
        """Addresses that were not there yet, and their trigrams."""
        last = self._run("SELECT coalesce(max(rowid), 0) FROM search_parties").scalar_one()
        each = " UNION ".join(f"SELECT {name} AS value FROM {rows}" for name in PARTIES)
        self._run(
            "INSERT OR IGNORE INTO search_parties (vault_id, owner_id, value)"
            f" SELECT ?, 0, value FROM ({each}) WHERE value <> ''",
            *(self._vault_id, *values * len(PARTIES)),
        )
        self._run(
            f"INSERT INTO {_PARTY} (rowid, body) SELECT rowid, lower(value) FROM search_parties WHERE rowid > ?", last
        )


def missed_rows(connection: Connection, vault_id: int, source: str, *, most: int) -> int:
    """Of up to ``most`` rows, spread over the table, those whose texts the index does not find and thinks it has."""
    water = connection.execute(
        text("SELECT place FROM search_waters WHERE vault_id = :vault AND source = :source"),
        {"vault": vault_id, "source": source},
    ).scalar()
    if not water:
        return 0
    numbers = range(1, water + 1, max(1, water // most))
    names = ", ".join(SEARCHED[source])
    row = f"SELECT rowid, id, {names} FROM {source} WHERE rowid >= ? AND rowid <= ? ORDER BY rowid LIMIT 1"
    marked = "SELECT 1 FROM search_marks WHERE vault_id = ? AND source = ? AND first_id = ?"
    missed = last = 0
    for number in numbers:
        found = connection.exec_driver_sql(row, (max(number, last + 1), water)).first()
        if found is None:
            break
        last, row_id, *texts = found
        values = dict(zip(SEARCHED[source], texts, strict=True))
        known = all(_is_known(connection, source, row_id, name, value) for name, value in values.items())
        if not known and connection.exec_driver_sql(marked, (vault_id, source, row_id)).first() is None:
            missed += 1
    return missed


def _is_known(connection: Connection, source: str, row_id: int, name: str, value: str) -> bool:
    if len(value) < LEAST:
        return True
    if source == "transactions" and name in PARTIES:
        place = text("SELECT rowid FROM search_parties WHERE value = :value")
        number, table, said = connection.scalar(place, {"value": value}), _PARTY, value.lower()
    elif source == "transactions" and name == "tx_hash":
        number, table, said = row_id, _HASHES, value.lower()
    else:
        number, said = row_id, str(fold_text(value))
        table = _LABELS if source == "annotations" else WORD_GRAMS
    asked = f"SELECT 1 FROM {table} WHERE {table} MATCH ? AND rowid = ?"
    return number is not None and connection.exec_driver_sql(asked, (match_text((said,)), number)).first() is not None


def _of_source(source: str) -> tuple[str, ...]:
    if source == "transactions":
        return _HASHES, WORD_GRAMS
    return (_LABELS,) if source == "annotations" else (WORD_GRAMS,)


assert set(SEARCHED) <= set(METADATA.tables)  # noqa: S101 - names in statements are names of tables
