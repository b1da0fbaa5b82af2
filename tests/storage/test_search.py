"""Fragments and words are found alike whether nothing, a part or everything is indexed, whatever wrote the rows."""

from __future__ import annotations

import dataclasses
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from sqlalchemy import Connection, event, text

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.permissions import RULES, WATCH
from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.tables import TABLES, ColumnKind
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage import search_grams, search_index, search_upkeep
from aether_desktop.storage.schema import METADATA, RECORD_TABLES
from aether_desktop.storage.schema.search import SEARCHED
from aether_desktop.storage.search_index import grams_of
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.sums import fold_text
from aether_desktop.storage.window_columns import table_plans
from aether_desktop.storage.window_walks import Walk
from tests.storage import samples
from tests.storage.files import START, add_wallet, bring, incoming, rows_of, tx_hash
from tests.storage.test_database import ENDLESS
from tests.support.audits import ask, tamper
from tests.support.storages import VaultPlace

ROOT = Path(__file__).parents[2]
LEDGER = TableName.TRANSACTIONS
LETTERS = "abAB eéß%_\\\"'Ωσ…🜂"
FIELDS = ("description", "error", "tx_hash", "counterparty", "from", "to", "label", "note", "")


class Told(NamedTuple):
    """What a row of the ledger says."""

    description: str
    error: str
    tx_hash: str
    from_address: str
    to_address: str
    label: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()

    def has(self, field: str, fragment: str) -> bool:
        text = fragment.strip().lower()

        def fold(said: str) -> str:
            return str(fold_text(said))

        own = {
            "description": fold(fragment) in fold(self.description),
            "error": fold(fragment) in fold(self.error),
            "label": fold(fragment) in fold(self.label),
            "note": fold(fragment) in fold(self.note),
            "tx_hash": text in self.tx_hash,
            "from": text in self.from_address.lower(),
            "to": text in self.to_address.lower(),
            "counterparty": text in self.from_address.lower(),
        }
        if field:
            return own[field]
        del own["error"]
        return any(own.values()) or any(fold(fragment) in fold(tag) for tag in self.tags)


def finds(storage: SqlStorage, field: str, fragment: str, table: TableName = LEDGER) -> list[int]:
    query = TableQuery(table, (Term(field, Comparison.HAS, fragment),))
    rows = [row.id for row in storage.windows.window(query, 0, 500).rows]
    assert storage.windows.count(query) == len(rows) == len(set(rows))
    return rows


class Game:
    """A ledger in the vault and the same in a dictionary."""

    def __init__(self, storage: SqlStorage, chance: random.Random) -> None:
        self.storage, self.chance = storage, chance
        self.wallet = add_wallet(storage, name="W", address=samples.evm_address(99))
        self.rows: dict[int, Told] = {}
        self.batches: dict[int, list[int]] = {}
        self._number = 0

    def text(self) -> str:
        return "".join(self.chance.choice(LETTERS) for _ in range(self.chance.randrange(9))).strip()

    def told(self) -> Told:
        self._number += 1
        party, own = (samples.evm_address(self.chance.randrange(1, 9)) for _ in range(2))
        return Told(self.text(), self.text(), tx_hash(self._number), party, own)

    def bring(self) -> None:
        made = [self.told() for _ in range(self.chance.randrange(1, 7))]
        parts = ("description", "error", "tx_hash", "from_address", "to_address")
        moves = [
            incoming(number, occurred_at=number, **{name: getattr(told, name) for name in parts})
            for number, told in enumerate(made, self._number * 100)
        ]
        before = {row.id for row in rows_of(self.storage, self.wallet.id)}
        batch, _ = bring(self.storage, self.wallet.id, moves)
        new = [row.id for row in rows_of(self.storage, self.wallet.id) if row.id not in before]
        self.rows.update(zip(new, made, strict=True))
        self.batches[batch.id] = new

    def undo(self) -> None:
        if self.batches:
            batch = self.chance.choice(list(self.batches))
            self.storage.imports.undo(batch, START)
            for row_id in self.batches.pop(batch):
                del self.rows[row_id]

    def edit(self) -> None:
        if self.rows:
            row_id = self.chance.choice(list(self.rows))
            told = self.rows[row_id] = self.rows[row_id]._replace(description=self.text(), from_address=self.told()[3])
            row = self.storage.transactions.get(row_id)
            self.storage.transactions.update(
                dataclasses.replace(row, description=told.description, from_address=told.from_address)
            )

    def label(self) -> None:
        if self.rows:
            row_id = self.chance.choice(list(self.rows))
            known = self.storage.annotations.of(LEDGER, [row_id]).get(row_id)
            tags = tuple(self.chance.sample(["Rent", "tithe", "öl"], self.chance.randrange(3)))
            told = self.rows[row_id] = self.rows[row_id]._replace(label=self.text(), note=self.text(), tags=tags)
            if known is None:
                known = Annotation(id=self.storage.new_id(), table=LEDGER, row_id=row_id)
            words = dataclasses.replace(known, label=told.label, note=told.note, tags=tags)
            self.storage.annotations.put(words)

    def settle_some(self) -> None:
        self.storage.search.settle_some()

    def settle(self) -> None:
        self.storage.search.settle()

    def start_over(self) -> None:
        self.storage.search.start_over()

    def fragment(self) -> str:
        """Mostly of a text that is there."""
        told = self.chance.choice(list(self.rows.values()) or [self.told()])
        text = self.chance.choice([*told[:7], *told.tags, self.text()])
        start = self.chance.randrange(max(len(text) - 2, 1))
        cut = text[start : start + self.chance.randrange(1, 8)].replace("…", "a")
        return cut if start or not cut.startswith("0x") else cut[2:]  # a beginning has an index of its own

    def check(self) -> None:
        for _ in range(3):
            field, fragment = self.chance.choice(FIELDS), self.fragment()
            if fragment.strip():
                expected = sorted(row_id for row_id, told in self.rows.items() if told.has(field, fragment))
                assert sorted(finds(self.storage, field, fragment)) == expected, (field, fragment)


@pytest.mark.parametrize("seed", range(2))
def test_any_history_finds_what_a_list_finds(storage: SqlStorage, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_grams, "_AT_ONCE", 3)
    monkeypatch.setattr(search_upkeep, "_SLICE", 3)
    monkeypatch.setattr(search_upkeep, "_SLICE_SECONDS", 0)
    monkeypatch.setattr(search_index, "PENDING", 8)
    game = Game(storage, random.Random(seed))
    moves: list[Callable[[], None]] = [game.bring, game.edit, game.label, game.undo, game.settle_some, game.settle]
    weights = [4, 3, 3, 1, 4, 2]
    game.bring()
    for number in range(14):
        game.chance.choices(moves, weights)[0]()
        if number == 9:
            game.start_over()
        game.check()
    game.settle()
    assert storage.search.waiting() == 0
    assert storage.search.wrong() == 0
    game.check()


# -- what is asked -----------------------------------------------------------------------------------------------


def asked_of(storage: SqlStorage, work: Callable[[], Any]) -> list[str]:
    said: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    reader = storage._database._kit.reader
    event.listen(reader, "before_cursor_execute", listen)
    try:
        work()
    finally:
        event.remove(reader, "before_cursor_execute", listen)
    return said


@pytest.fixture
def books(storage: SqlStorage) -> SqlStorage:
    wallet = add_wallet(storage)
    bring(storage, wallet.id, [incoming(number, description=f"Oil of lamp {number}") for number in range(1, 12)])
    return storage


def by_the_index(storage: SqlStorage, field: str, fragment: str) -> bool:
    names = ("_grams", "aether_search")
    return any(name in said for said in asked_of(storage, lambda: finds(storage, field, fragment)) for name in names)


def test_a_settled_index_is_asked_and_an_unsettled_one_is_not(
    books: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "PENDING", 10)
    assert not by_the_index(books, "description", "lamp 7")
    assert books.search.waiting() >= 11
    assert books.search.settle() >= 11
    assert books.search.waiting() == 0
    for field, fragment in (("description", "lamp 7"), ("hash", tx_hash(3)[9:15]), ("", "of lamp 4")):
        assert by_the_index(books, field, fragment)
        assert len(finds(books, field, fragment)) == 1
    assert not by_the_index(books, "description", "la")  # shorter than what is indexed
    assert len(finds(books, "description", "la")) == 11
    assert books.search.settle() == 0


def test_what_is_known_is_shown_while_the_rest_is_indexed(books: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    books.search.settle()
    wallet = books.wallets.all()[0]
    bring(books, wallet.id, [incoming(number, description="More oil") for number in range(20, 29)])
    monkeypatch.setattr(search_index, "PENDING", 5)
    query = TableQuery(LEDGER, (Term("description", Comparison.HAS, "oil"),))
    first = books.windows.window(query, 0, 500, rough=True)
    assert (len(first.rows), first.whole, first.exact) == (11, False, False)
    while not books.windows.survey(query).exact:
        pass
    then = books.windows.window(query, 0, 500, rough=True)
    assert (len(then.rows), then.whole, then.exact) == (20, True, True)


def test_what_changed_since_it_was_indexed_is_found(books: SqlStorage) -> None:
    said, labelled = rows_of(books, books.wallets.all()[0].id)[:2]
    words = Annotation(id=books.new_id(), table=LEDGER, row_id=labelled.id, label="Temple tax")
    books.annotations.put(words)
    books.search.settle()
    books.transactions.update(dataclasses.replace(books.transactions.get(said.id), description="Frankincense"))
    known = books.annotations.of(LEDGER, [labelled.id])[labelled.id]
    books.annotations.put(dataclasses.replace(known, label="Half a shekel"))
    for field, fragment, row in (
        *(("description", "kincen", said), ("", "kincen", said)),
        *(("label", "shekel", labelled), ("", "shekel", labelled)),
    ):
        assert by_the_index(books, field, fragment)
        assert finds(books, field, fragment) == [row.id], (field, fragment)
    for field, fragment in (("label", "Temple"), ("", "Temple tax")):
        assert finds(books, field, fragment) == [], (field, fragment)


def test_another_client_s_rows_are_found(books: SqlStorage, open_second: Callable[[], SqlStorage]) -> None:
    books.search.settle()
    other = open_second()
    bring(other, other.wallets.all()[0].id, [incoming(40, description="Myrrh")])
    assert len(finds(other, "description", "myrrh")) == 1
    assert other.search.settle() == 1
    assert len(finds(other, "description", "myrrh")) == 1
    query = TableQuery(LEDGER, (Term("description", Comparison.HAS, "myr"),))  # never asked here before
    assert len(books.windows.window(query, 0, 9).rows) == 1


def test_settling_can_be_cancelled_and_goes_on(books: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_grams, "_AT_ONCE", 2)
    monkeypatch.setattr(search_upkeep, "_SLICE", 2)
    monkeypatch.setattr(search_upkeep, "_SLICE_SECONDS", 0)
    token = CancelToken()
    with pytest.raises(OperationCancelled):
        books.search.settle(token=token, progress=lambda *_: token.cancel())
    waiting = books.search.waiting()
    assert 0 < waiting < 14
    books.search.settle()
    assert len(finds(books, "description", "lamp")) == 11


def test_a_search_that_is_called_off_leaves_the_engine(books: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    books.search.settle()
    database, token = books._database, CancelToken()
    running, after = threading.Event(), list[str]()

    def endless(_walk: Walk, connection: Connection, *_given: Any, **_how: Any) -> None:
        running.set()
        connection.execute(text(ENDLESS[database.dialect])).scalar()
        after.append("the endless question was answered")

    def listen(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if token.cancelled:
            after.append(statement)

    def cancel_soon() -> None:
        running.wait()
        token.cancel()

    monkeypatch.setattr(Walk, "_fewest", endless)
    event.listen(database._kit.reader, "before_cursor_execute", listen)
    thread = threading.Thread(target=cancel_soon)
    thread.start()
    try:
        with pytest.raises(OperationCancelled):
            books.windows.window(parse_table_query("lamp", LEDGER), 0, 9, rough=True, token=token)
    finally:
        running.set()
        thread.join()
        event.remove(database._kit.reader, "before_cursor_execute", listen)
    assert after == []  # it was in the engine, which gave up, and nothing more was asked
    monkeypatch.undo()
    assert len(finds(books, "", "lamp")) == 11  # the connection is in order


def settle_and_kill(place: VaultPlace, slices: int) -> None:
    """Another process indexes, two rows at a time, and dies somewhere after so many times."""
    command = [sys.executable, "-m", "tests.support.search_settler", place.engine, place.location]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for number, _line in enumerate(child.stdout, start=1):
            if number == slices:
                child.kill()
        assert child.stderr is not None
        errors = child.stderr.read()
    assert child.returncode == -9, errors


def test_a_killed_build_of_the_index_goes_on(place: VaultPlace) -> None:
    with closing(place.open()) as storage:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [incoming(number, description=f"Oil of lamp {number}") for number in range(1, 201)])
        whole = storage.search.waiting()
    settle_and_kill(place, 7)
    with closing(place.open()) as storage:
        left = storage.search.waiting()
        assert 0 < left < whole
        assert len(finds(storage, "description", "of lamp")) == 200
        assert storage.search.settle() > 0
        assert storage.search.waiting() == 0
        assert len(finds(storage, "description", "of lamp")) == 200
        assert len(finds(storage, "hash", tx_hash(3)[9:15])) == 1
        assert storage.search.wrong() == 0


def test_a_damaged_index_is_noticed_and_made_anew(books: SqlStorage, place: VaultPlace) -> None:
    books.search.settle()
    assert books.search.wrong() == 0
    if place.engine == "sqlite":
        number = ask(place, "SELECT max(id) FROM transactions")[0][0]
        tamper(place, f"DELETE FROM search_word_grams WHERE rowid = {number}")
    else:
        tamper(place, "UPDATE search_texts SET body = 'wood' WHERE kind = 2 AND body = 'oil of lamp 11' || E'\\n'")
    assert books.search.wrong() == 1
    books.search.start_over()
    assert len(finds(books, "description", "lamp 11")) == 1
    books.search.settle()
    assert books.search.wrong() == 0


def test_rows_that_were_renumbered_are_indexed_anew(sqlite_storage: SqlStorage, sqlite_place: VaultPlace) -> None:
    wallet = add_wallet(sqlite_storage)
    bring(sqlite_storage, wallet.id, [incoming(number, description=f"Oil {number}") for number in range(1, 9)])
    sqlite_storage.search.settle()
    tamper(sqlite_place, "UPDATE transactions SET rowid = 1000 - rowid")
    assert len(finds(sqlite_storage, "description", "oil")) == 8
    assert sqlite_storage.search.settle() >= 8
    assert len(finds(sqlite_storage, "description", "oil 3")) == 1


def test_every_text_that_is_filtered_by_is_indexed(storage: SqlStorage) -> None:
    plans = table_plans(storage.info.vault_id)
    kinds = {ColumnKind.TEXT, ColumnKind.ADDRESS, ColumnKind.HASH}
    for name, spec in TABLES.items():
        for column in spec.columns:
            source = plans[name].sources[column.key]
            if column.filterable and column.kind in kinds and source.link is None and not source.few:
                assert source.compared.key in SEARCHED[RECORD_TABLES[name].name], (name, column.key)
    for source_name, columns in SEARCHED.items():
        assert set(columns) <= set(METADATA.tables[source_name].columns.keys())
        assert RULES[source_name].read == WATCH  # as the functions of a shared database take for granted


def test_few_trigrams_stand_for_a_long_fragment() -> None:
    assert grams_of(["abcdefgh"]) == ["abc", "def", "fgh"]
    assert grams_of(["abc"]) == ["abc"]
    assert len(grams_of([tx_hash(1)])) == 8


# -- a shared database -------------------------------------------------------------------------------------------


class TestSharedDatabase:
    @pytest.fixture(autouse=True)
    def _shared(self, place: VaultPlace) -> None:
        if place.engine != "postgresql":
            pytest.skip("in a vault file there is nobody else")

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT * FROM search_texts",
            "SELECT * FROM search_parties",
            "DELETE FROM search_marks",
            "INSERT INTO search_marks SELECT vault_id, source, owner_id, first_id, 1, last_id FROM search_marks",
            "SELECT aether_search_mark()",
            "SELECT aether_search_source('users', 1, 1, 0, 9)",
        ],
    )
    def test_nobody_reads_texts_or_writes_marks(self, books: SqlStorage, place: VaultPlace, statement: str) -> None:
        with psycopg.connect(place.location) as person, pytest.raises(psycopg.errors.InsufficientPrivilege):
            person.execute(statement.encode())

    def test_other_vaults_are_closed(self, books: SqlStorage, place: VaultPlace) -> None:
        other = books.info.vault_id + 1
        for call in (
            f"aether_search_settle({other}, 10)",
            f"aether_search({other}, '{{1}}', '{{abc}}', 10)",
            f"aether_search_addresses({other}, '{{abc}}', 10)",
            f"aether_search_mark_all({other})",
            f"aether_search_check({other}, 'users')",
        ):
            with psycopg.connect(place.location) as person, pytest.raises(psycopg.errors.InsufficientPrivilege):
                person.execute(f"SELECT {call}".encode())

    def test_many_changed_rows_make_one_mark(self, books: SqlStorage, place: VaultPlace) -> None:
        books.search.settle()
        bring(books, books.wallets.all()[0].id, [incoming(number, description="Wood") for number in range(50, 53)])
        assert ask(place, "SELECT count(*) FROM search_marks WHERE source = 'transactions'") == [(1,)]
        place.administer("UPDATE transactions SET description = 'Stone' WHERE description = 'Wood'")
        assert ask(place, "SELECT count(*) FROM search_marks WHERE source = 'transactions'") == [(4,)]
        place.administer("UPDATE transactions SET version = version + 1")  # no text is another
        assert ask(place, "SELECT count(*) FROM search_marks WHERE source = 'transactions'") == [(4,)]
        assert len(finds(books, "description", "stone")) == 3
