"""Looking a fragment up in the index of trigrams: which rows may hold it, and which the index does not know yet.

What it names are candidates: a question tests them in the rows. Together with the rows that changed since they were
indexed they hold every row that has the fragment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy import table as light_table
from sqlalchemy.dialects.postgresql import ARRAY

from aether_desktop.storage.schema import (
    ANNOTATIONS,
    SEARCH_MARKS,
    SEARCH_WATERS,
)
from aether_desktop.storage.schema.search import PARTY_KIND, sqlite_triggers
from aether_desktop.storage.sums import fold_text
from aether_desktop.storage.unindexed import driving

LEAST: Final = 3  # characters of a fragment that is looked up
PENDING: Final = 20_000  # with more rows than these to be indexed, a question goes by its order
_MOST: Final = 40_000  # candidates that PostgreSQL tells: more are never read one by one
_GRAMS: Final = 8  # of a long fragment so many are enough
_TRIGGERS: Final = sqlite_triggers()
_MARKS, _WATERS = SEARCH_MARKS.c, SEARCH_WATERS.c


class TextKind(IntEnum):
    """What a text is; PostgreSQL knows them by number (migrations/postgresql/search.sql)."""

    HASH = 1
    LEDGER_WORDS = 2
    LABEL = 3
    WALLETS = 4
    SMART_CONTRACTS = 5
    TEMPLE_NODES = 6
    PAYMENTS = 7
    PAYMENT_METHODS = 8
    CID_ENTRIES = 9
    AI_MONITORING_LOGS = 10
    USERS = 11
    PARTY = PARTY_KIND


# The tables of a vault file, made by upkeep (search_grams.py). The ids of all tables come from one source, so the words
# of all lie in one.
GRAM_TABLES: Final = {
    TextKind.HASH: "search_hash_grams",
    TextKind.LABEL: "search_label_grams",
    TextKind.PARTY: "search_party_grams",
}
WORD_GRAMS: Final = "search_word_grams"


def kind_of(table: Table) -> TextKind:
    """The words of a table's own columns."""
    name = table.name
    return TextKind.LEDGER_WORDS if name == "transactions" else TextKind[name.upper()]


def grams_of(parts: Sequence[str]) -> list[str]:
    """Trigrams that a text with all the parts has, as many as narrow it down."""
    found: dict[str, None] = {}
    for part in parts:
        last = len(part) - LEAST
        found.update(dict.fromkeys(part[start : start + LEAST] for start in (*range(0, last, LEAST), last)))
    return list(found)[:_GRAMS]


class SearchIndex:
    """Builds questions for one vault on one engine, and knows how much of it is indexed. Any thread."""

    def __init__(self, dialect: str, vault_id: int) -> None:
        self._embedded = dialect == "sqlite"
        self._vault_id = vault_id

    # -- candidates ----------------------------------------------------------------------------------------------

    def rows(self, kind: TextKind, parts: Sequence[str]) -> Select[Any]:
        """Ids of rows whose text of this kind may hold all the parts (each ``LEAST`` characters or more)."""
        if self._embedded:
            name = GRAM_TABLES.get(kind, WORD_GRAMS)
            asked = list(parts) if kind in (TextKind.HASH, TextKind.PARTY) else [str(fold_text(part)) for part in parts]
            number = column("rowid", BigInteger()).label("row_id")
            return select(number).select_from(light_table(name)).where(_match(name, asked))
        kinds = cast(literal([kind.value], ARRAY(BigInteger)), ARRAY(BigInteger))
        found = func.aether_search(self._vault(), kinds, _texts(parts), _most()).table_valued(
            column("row_id", BigInteger())
        )
        return select(found.c.row_id)

    def labelled(self, table_name: str, parts: Sequence[str], shown: ColumnElement[bool]) -> Select[Any]:
        """Ids of rows whose label, note or tags may hold the parts."""
        words = self.rows(TextKind.LABEL, parts).subquery()
        theirs = and_(ANNOTATIONS.c.vault_id == self._vault_id, ANNOTATIONS.c.id == words.c[0])
        joined = driving(words, ANNOTATIONS, theirs)
        return select(ANNOTATIONS.c.row_id).select_from(joined).where(ANNOTATIONS.c.table_name == table_name, shown)

    def addresses(self, parts: Sequence[str]) -> Select[Any]:
        """Addresses of the ledger that may hold all the parts; the column is called ``value``."""
        if self._embedded:
            grams = self.rows(TextKind.PARTY, parts).subquery()
            parties = light_table("search_parties", column("rowid", BigInteger()), column("value", Text()))
            joined = driving(grams, parties, parties.c.rowid == grams.c[0])
            return select(parties.c.value).select_from(joined)
        found = func.aether_search_addresses(self._vault(), _texts(parts), _most()).table_valued(
            column("value", Text(collation="C"))
        )
        return select(found.c.value)

    def led_to(
        self, few: FromClause, column: ColumnElement[Any], table: Table, *theirs: ColumnElement[bool]
    ) -> Select[Any]:
        """A column of the rows of a table that few others lead to (each to ``_MOST`` at most), from these to them and
        never the other way round, whatever the planner thinks how many there are."""
        if self._embedded:
            return select(column.label("found")).select_from(driving(few, table, and_(*theirs)))
        rows = select(column.label("found")).select_from(table).where(*theirs).limit(_MOST).correlate(few).lateral()
        return select(rows.c.found).select_from(few.join(rows, true()))

    # -- what is not indexed yet -----------------------------------------------------------------------------------

    def pending(self, table: Table, column: ColumnElement[Any], *tested: ColumnElement[bool]) -> list[Select[Any]]:
        """Of rows of the table that changed since they were indexed: a column where what is tested holds."""
        if not self._embedded:
            ours = (table.c.vault_id == self._vault_id, table.c.id.between(_MARKS.first_id, _MARKS.last_id))
            return [self.led_to(SEARCH_MARKS, column, table, *ours, *tested).where(*self._marks_of(table))]
        place = select(_WATERS.place).where(_WATERS.vault_id == self._vault_id, _WATERS.source == table.name)
        above = literal_column(f"{table.name}.rowid", BigInteger()) > place.scalar_subquery()
        theirs = and_(table.c.vault_id == self._vault_id, table.c.id == _MARKS.first_id)
        marked = self.led_to(SEARCH_MARKS, column, table, theirs).where(*self._marks_of(table), *tested)
        return [select(column.label("found")).select_from(table).where(above, *tested), marked]

    def ready(self, connection: Connection, tables: Iterable[Table]) -> bool:
        """Whether the index knows nearly all rows of these tables; a few that it does not are looked at."""
        return all(self._ready(connection, table) for table in tables)

    def begun(self, connection: Connection) -> bool:
        """Whether there is an index at all, and changes of rows are noted."""
        if not self._embedded:
            return True
        if not keeps_marks(connection):
            return False
        return connection.scalar(select(_WATERS.place).where(_WATERS.vault_id == self._vault_id).limit(1)) is not None

    def waiting(self, connection: Connection, table: Table, *, most: int | None = None) -> int | None:
        """Rows of the table to be indexed, about, counted up to ``most``; None where the whole table has yet to be."""
        if not self._embedded:
            ours = (table.c.vault_id == self._vault_id, table.c.id.between(_MARKS.first_id, _MARKS.last_id))
            marked = select(table.c.id).select_from(SEARCH_MARKS.join(table, and_(*ours)))
            return _count(connection, marked.where(*self._marks_of(table)).limit(most))
        above = self._above(connection, table)
        if above is None:
            return None
        return above + _count(connection, select(_MARKS.first_id).where(*self._marks_of(table)).limit(most))

    # -- inside --------------------------------------------------------------------------------------------------

    def _ready(self, connection: Connection, table: Table) -> bool:
        waiting = self.waiting(connection, table, most=PENDING + 1)
        return waiting is not None and waiting <= PENDING

    def _above(self, connection: Connection, table: Table) -> int | None:
        """Rows above the water mark of a vault file, about; None where there is none that counts."""
        asked = select(_WATERS.place, _WATERS.place_id)
        asked = asked.where(_WATERS.vault_id == self._vault_id, _WATERS.source == table.name)
        water = connection.execute(asked).first()
        if water is None or not keeps_marks(connection):
            return None
        if not self._in_place(connection, table, water.place, water.place_id):
            return None
        last = int(connection.scalar(select(func.max(literal_column("rowid", BigInteger()))).select_from(table)) or 0)
        return max(last - int(water.place), 0)

    def _in_place(self, connection: Connection, table: Table, place: int, place_id: int) -> bool:
        """Whether rows have the numbers that they had."""
        if place == 0:
            return True
        there = select(table.c.id).where(literal_column("rowid", BigInteger()) == place)
        return bool(connection.scalar(there) == place_id)

    def _marks_of(self, table: Table) -> tuple[ColumnElement[bool], ...]:
        return _MARKS.vault_id == self._vault_id, _MARKS.source == table.name

    def _vault(self) -> ColumnElement[int]:
        return literal(self._vault_id, BigInteger())


def keeps_marks(connection: Connection) -> bool:
    """Whether a vault file has all triggers: a migration that makes a table anew may lose them."""
    asked = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'search_mark_*'"
    return int(connection.exec_driver_sql(asked).scalar_one()) == len(_TRIGGERS)


def _most() -> ColumnElement[int]:
    """As the functions take it."""
    return literal_column(str(_MOST), BigInteger())


def _count(connection: Connection, rows: Select[Any]) -> int:
    return int(connection.scalar(select(func.count()).select_from(rows.subquery())) or 0)


def _texts(parts: Sequence[str]) -> ColumnElement[Any]:
    return cast(bindparam(None, list(parts), type_=ARRAY(Text), unique=True), ARRAY(Text))


def match_text(parts: Sequence[str]) -> str:
    """What FTS5 is asked for texts with all the parts."""
    return " AND ".join(f'"{gram.replace(chr(34), chr(34) * 2)}"' for gram in grams_of(parts))


def _match(name: str, parts: Sequence[str]) -> ColumnElement[bool]:
    asked = bindparam(None, match_text(parts), type_=Text(), unique=True)
    return literal_column(name).op("MATCH", is_comparison=True)(asked)
