"""Every single sort and every single filter that the tables offer is served by an index: the engines say so.

Read from the plans of all statements that a first page, the next, the one before and the last ask, on an embedded
vault, and on PostgreSQL as an administrator and as a plain member under row security. A *whole* scan or sort fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from sqlalchemy import Connection, Engine

from aether_desktop.domain.records import TableName
from aether_desktop.domain.users import Role
from aether_desktop.ports.groups import GroupQuery
from aether_desktop.ports.queries import ArchivedRows, Comparison, GroupBy, GroupKey, Row, Sort, TableQuery, Term
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.tables import TABLES, ColumnKind, found_by_beginning
from aether_desktop.security.scram import scram_verifier
from aether_desktop.storage import groups, search_grams, window_sieves, window_walks
from aether_desktop.storage.access.logins import SqlLoginAdministration
from aether_desktop.storage.opening import create_vault_file, open_shared, open_vault_file
from aether_desktop.storage.schema import RECORD_TABLES
from aether_desktop.storage.schema.search import SEARCHED
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.window_walks import Walk
from aether_desktop.storage.windows import SqlWindowStore
from tests.storage import samples
from tests.support.full_tables import FullTables, Raw
from tests.support.offered import Offer, filters, sorts, words
from tests.support.plans import Watched, faults_on_postgresql, faults_on_sqlite, goes_on_from_a_place
from tests.support.postgres import PostgresCluster
from tests.support.storages import KEY, PASSWORD, as_founder, provision

PAGE = 64
FEW = 150  # stands for GATHERED in tables of this size: ten million rows are 300 times as many
MOST = 1_000  # PostgreSQL guesses how many rows there are
SEATS = ("embedded", "administrator", "member")


class Seat:
    """A person who asks, with rows to take values from."""

    def __init__(self, storage: SqlStorage, reader: Engine, rows: dict[TableName, list[Row]]) -> None:
        assert isinstance(storage.windows, SqlWindowStore)
        self.windows = storage.windows
        self.groups = storage.groups
        self.totals = storage.totals
        self.reader = reader
        self.watched = Watched(reader)
        self.rows = rows
        self._looked_at: set[tuple[str, ...]] = set()

    def plans(self, query: TableQuery) -> tuple[bool, list[list[object]], list[object]]:
        """Whether few rows are gathered, all plans, and the one that went on from a row.

        Of what asked for its first page as another query did (``:`` is often ``=``), no further pages.
        """
        walk = self.windows.question(query).walk
        with self.watched.watching() as plans, self.reader.connect() as connection:
            first = walk.keys(connection, None, limit=PAGE)
            told = len(plans)
            if (asked := tuple(self.watched.asked)) in self._looked_at:
                return walk.gathers(connection), [plan for _, plan in plans], []
            self._looked_at.add(asked)
            if first:
                walk.keys(connection, first[len(first) // 2], limit=PAGE)
                walk.keys(connection, first[-1], limit=PAGE, backward=True)
            walk.keys(connection, None, limit=PAGE, backward=True)
            following = plans[told][1] if first else []
            return walk.gathers(connection), [plan for _, plan in plans], following

    def faults_of(self, plans: Sequence[list[object]], *, few: bool, table: str = "transactions") -> set[str]:
        """What none of these plans may say."""
        if self.reader.dialect.name == "postgresql":
            return {fault for plan in plans for fault in faults_on_postgresql(plan, table=table, most=MOST)}
        return {fault for plan in plans for fault in faults_on_sqlite(plan, table=table, few=few)}

    def scans(self, plans: Sequence[list[object]]) -> set[str]:
        """What says that a whole table is read."""
        return {fault for fault in self.faults_of(plans, few=False) if fault.startswith(("SCAN", "Seq Scan"))}

    def few(self, query: TableQuery, by: GroupBy) -> bool:
        """Whether its groups are put together of few rows that are gathered."""
        column = "occurred_at" if by in (GroupBy.DAY, GroupBy.MONTH) else "counterparty"
        with self.reader.connect() as connection:
            return self.windows.question(replace(query, sort=(Sort(column),))).walk.gathers(connection)

    def faults(self, query: TableQuery) -> set[str]:
        """What the plans must not say."""
        few, plans, following = self.plans(query)
        found = self.faults_of(plans, few=few, table=RECORD_TABLES[query.table].name)
        if self.reader.dialect.name == "postgresql":
            return found
        if following and not few and not goes_on_from_a_place(following):
            found.add(f"the next page begins at the first row: {following}")
        return found


def pretend_indexed(connection: Connection, vault_id: int) -> None:
    """As if all was indexed, of which only addresses are: the plans are the same, and made in no time."""
    search_grams.start_over(connection, vault_id)
    writer = search_grams.GramWriter(connection, vault_id)
    writer._parties("transactions WHERE transactions.rowid > ? AND transactions.rowid <= ?", 0, 500)
    for source in SEARCHED:
        last = f"SELECT {{}} FROM {source} ORDER BY rowid DESC LIMIT 1"
        connection.exec_driver_sql(
            f"UPDATE search_waters SET place = ({last.format('rowid')}), place_id = ({last.format('id')})"
            " WHERE source = ?",
            (source,),
        )


def rows_of(storage: SqlStorage) -> dict[TableName, list[Row]]:
    return {name: list(storage.windows.window(TableQuery(name), 0, 400).rows) for name in TABLES}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    path: Path = tmp_path_factory.mktemp("plans") / "full.aether"
    create_vault_file(path, KEY, name="Full", username="miriam")
    with closing(open_vault_file(path, KEY)) as vault:
        with vault.kit.writer.connect() as connection, connection.begin():

            def write(table: str, rows: Sequence[Raw]) -> None:
                names = list(rows[0])
                marks = ", ".join("?" * len(names))
                statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
                connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows])

            me = vault.info.user_id
            FullTables(write, vault_id=vault.info.vault_id, owners=(me, me)).fill()
        storage = SqlStorage(vault)
        with vault.kit.writer.connect() as connection, connection.begin():
            pretend_indexed(connection, vault.info.vault_id)
        yield Seat(storage, vault.kit.reader, rows_of(storage))


@pytest.fixture(scope="module")
def shared(postgres_cluster: PostgresCluster) -> Iterator[dict[str, Seat]]:
    """The founder, who sees everything, and a member, who has every second row."""
    name = postgres_cluster.create_database()
    url = postgres_cluster.url(name)
    provision(url)
    with ExitStack() as stack:
        vault = stack.enter_context(closing(open_shared(as_founder(url))))
        storage = SqlStorage(vault)
        mara = samples.user(storage, username="mara", email="mara@example.org", role=Role.MEMBER)
        storage.users.create(mara)
        logins = SqlLoginAdministration(vault.database)
        login = logins.create_login("mara", Role.MEMBER, scram_verifier=scram_verifier(PASSWORD))
        with psycopg.connect(url) as administration:

            def write(table: str, rows: Sequence[Raw]) -> None:
                columns = ", ".join(rows[0])
                with administration.cursor().copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy:
                    for row in rows:
                        copy.write_row(list(row.values()))

            FullTables(write, vault_id=vault.info.vault_id, owners=(vault.info.user_id, mara.id)).fill()
            administration.execute("DELETE FROM search_marks")  # as if indexed: what functions find is in no plan
            administration.execute(
                "INSERT INTO search_parties SELECT DISTINCT vault_id, owner_id, counterparty FROM transactions"
            )
            administration.execute("ANALYZE")
        parts = urlsplit(url)
        place = f"{login}:{quote(PASSWORD)}@{parts.netloc.rpartition('@')[2]}"
        hers = stack.enter_context(closing(open_shared(parts._replace(netloc=place).geturl())))
        rows = rows_of(storage)
        yield {
            "administrator": Seat(storage, vault.kit.reader, rows),
            "member": Seat(SqlStorage(hers), hers.kit.reader, rows),
        }
    postgres_cluster.drop_database(name)


@pytest.fixture(scope="module", params=SEATS)
def seat(request: pytest.FixtureRequest) -> Seat:
    if request.param == "embedded":
        embedded: Seat = request.getfixturevalue("embedded")
        return embedded
    shared: dict[str, Seat] = request.getfixturevalue("shared")
    return shared[request.param]


@pytest.fixture(autouse=True)
def proportions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_walks, "GATHERED", FEW)
    monkeypatch.setattr(window_walks, "FEW", FEW // 10)
    monkeypatch.setattr(window_walks, "SIEVED", FEW * 10)
    monkeypatch.setattr(window_sieves, "_LOOK", 0)
    monkeypatch.setattr(Walk, "_spare", lambda *_: None)


def faulty(seat: Seat, offers: Iterator[Offer]) -> dict[str, set[str]]:
    return {offer.name: faults for offer in offers if (faults := seat.faults(offer.query))}


@pytest.mark.parametrize("table", TableName)
def test_every_sort_is_served_by_an_index(seat: Seat, table: TableName) -> None:
    assert faulty(seat, sorts(table)) == {}


def test_a_sort_by_a_value_and_then_by_time_is_served_by_an_index(seat: Seat) -> None:
    wrong: dict[str, set[str]] = {}
    for key in ("wallet", "chain", "symbol", "status", "kind", "direction", "leg"):
        for first, then in ((False, True), (True, True)):
            sort = (Sort(key, first), Sort("occurred_at", then))
            if faults := seat.faults(TableQuery(TableName.TRANSACTIONS, sort=sort)):
                wrong[f"{key} {first}"] = faults
    assert wrong == {}


@pytest.mark.parametrize("table", TableName)
def test_every_filter_is_served_by_an_index(seat: Seat, table: TableName) -> None:
    assert faulty(seat, chain(filters(table, seat.rows[table]), words(table))) == {}


def test_a_sieve_walks_between_two_places_of_one_index(embedded: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_sieves, "_LOOK", 10)
    monkeypatch.setattr(window_sieves, "_HOPE", 1)
    walked = {'-label:""': r"time \(vault_id=\? AND \(occurred_at,id\)>", "label:7 status:failed": "status"}
    for text, index in walked.items():
        walk = embedded.windows.question(parse_table_query(text, TableName.TRANSACTIONS)).walk
        with embedded.reader.connect() as connection:
            walk.settled(connection)
            with embedded.watched.watching() as plans:
                walk.keys(connection, None, limit=3)
        edge, steps = ([str(row[3]) for row in plan] for _, plan in plans)
        assert any(re.match(rf"SEARCH transactions USING .*INDEX ix_transactions_{index}", each) for each in steps), (
            steps
        )
        assert not any("TEMP B-TREE FOR" in each for each in steps), steps
        assert all("USING COVERING INDEX" in each for each in edge), edge


def test_a_large_range_is_tried_on_a_walk_and_then_sorted_in_its_index(
    embedded: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    for name, few in (("GATHERED", 0), ("SIEVED", 0), ("_TRIED", 1)):
        monkeypatch.setattr(window_walks, name, few)
    monkeypatch.setattr(window_sieves, "_LOOK", 1)
    walk = embedded.windows.question(parse_table_query("amount>99 amount<5000", TableName.TRANSACTIONS)).walk
    with embedded.reader.connect() as connection:
        assert not walk.gathers(connection)
        with embedded.watched.watching() as plans:
            walk.keys(connection, None, limit=PAGE)
    tried, sorted_ = ([str(row[3]) for row in plan] for _, plan in plans[-2:])
    assert any("ix_transactions_time (vault_id=? AND (occurred_at,id)>" in each for each in tried), tried
    assert any("COVERING INDEX ix_transactions_amount" in each for each in sorted_), sorted_


def test_combinations_are_driven_by_one_index(seat: Seat) -> None:
    """The rarer of two terms drives, whatever the order is."""
    terms = {
        "rare and frequent": (Term("direction", Comparison.EQUAL, "self"), Term("kind", Comparison.EQUAL, "send")),
        "two frequent": (Term("direction", Comparison.EQUAL, "in"), Term("wallet", Comparison.NOT_EQUAL, "Wallet 3")),
        "range and value": (Term("amount", Comparison.GREATER, "99"), Term("status", Comparison.EQUAL, "failed")),
        "label and time": (Term("label", Comparison.EQUAL, "Label 7"), Term("occurred_at", Comparison.LESS, "2025")),
    }
    combined = {name: TableQuery(TableName.TRANSACTIONS, each) for name, each in terms.items()}
    combined["archived"] = TableQuery(TableName.TRANSACTIONS, terms["two frequent"], archived=ArchivedRows.ONLY)
    assert {name: faults for name, query in combined.items() if (faults := seat.faults(query))} == {}


def test_type_ahead_is_served_by_an_index(seat: Seat) -> None:
    """Of every column that rows are looked up by, in its own order and in the table's."""
    wrong: dict[str, set[str]] = {}
    for table in TableName:
        for column in filter(found_by_beginning, TABLES[table].columns):
            text = "0x1" if column.kind in (ColumnKind.ADDRESS, ColumnKind.HASH) else "c"
            for sort in ((), (Sort(column.key),)) if column.sortable else ((),):
                walks = seat.windows._beginning_walks(TableQuery(table, sort=sort), column.key, text)
                with seat.watched.watching() as plans, seat.reader.connect() as connection:
                    for walk in walks:
                        walk.keys(connection, None, limit=1)
                    asked = [plan for _, plan in plans]
                    few = any(walk.gathers(connection) for walk in walks)
                if faults := seat.faults_of(asked, few=few, table=RECORD_TABLES[table].name):
                    wrong[f"{table} {column.key} {sort}"] = faults
    assert wrong == {}


SUMMED = ("", "direction:in", "amount>1", 'wallet="Wallet 3" status:failed', "date<2025", "archived:only", "label:7")


def test_sums_read_the_rows_of_an_index(seat: Seat) -> None:
    for text in SUMMED:
        query = parse_table_query(text, TableName.TRANSACTIONS)
        with seat.watched.watching() as plans:
            seat.totals.of_query(query)
        assert seat.scans([plan for _, plan in plans]) == set(), text


GROUPED = ("", "direction:in", "amount>1", 'wallet="Wallet 3"', "date<2025", "archived:yes", "status:failed")


@pytest.mark.parametrize("by", GroupBy)
def test_groups_are_found_by_steps_over_an_index(seat: Seat, by: GroupBy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first page of groups and the next, and the totals of some, made of the rows."""
    monkeypatch.setattr(groups, "_ADDED_UP_AT_ONCE", -1)  # what is kept says nothing
    store = seat.groups
    for text in GROUPED:
        if by is GroupBy.TOKEN and text.startswith("wallet"):
            continue  # sums of days say which it can be; marked ones are added up from a stream, which has no plan
        query = parse_table_query(text, TableName.TRANSACTIONS)
        asked = GroupQuery.usual(query, by)
        with seat.watched.watching() as plans:
            page = store.page(asked, limit=5)
            store.page(asked, after=page.groups[-1] if page.groups else None, limit=5)
        assert seat.faults_of([plan for _, plan in plans], few=seat.few(query, by)) == set(), (text, by)
        with seat.watched.watching() as plans:
            store.totals(asked, page.groups[:3])
        assert seat.scans([plan for _, plan in plans]) == set(), (text, by)


def test_a_person_sees_groups_of_the_rows_that_are_theirs(seat: Seat) -> None:
    columns = {GroupBy.COUNTERPARTY: "counterparty", GroupBy.TOKEN: "currency_id"}
    for by, column in columns.items():
        asked = GroupQuery.usual(TableQuery(TableName.TRANSACTIONS), by)
        page = seat.groups.page(asked, limit=2_000)
        counted = f"SELECT {column}, count(*) FROM transactions WHERE archived_at IS NULL GROUP BY 1"
        with seat.reader.connect() as connection:
            wanted = {GroupKey(by, value): rows for value, rows in connection.exec_driver_sql(counted)}
        assert {group.key for group in page.groups} == set(wanted)
        some = page.groups[::7]
        totals = seat.groups.totals(asked, some)
        assert {key: each.rows for key, each in totals.items()} == {group.key: wanted[group.key] for group in some}


def test_fragments_are_asked_of_the_trigrams(seat: Seat) -> None:
    """Of a hash, an address, words on a row and free words, in the ledger and elsewhere."""
    for table, field, value in (
        (TableName.TRANSACTIONS, "tx_hash", "91c2"),
        (TableName.TRANSACTIONS, "from_address", "91c2"),
        (TableName.TRANSACTIONS, "description", "aid 2"),
        (TableName.WALLETS, "label", "abel"),
        (TableName.CONTENT, "cid", "91c2"),
        (TableName.PAYMENTS, "", "rent"),
    ):
        walk = seat.windows.question(TableQuery(table, (Term(field, Comparison.HAS, value),))).walk
        with seat.watched.watching() as plans, seat.reader.connect() as connection:
            walk.keys(connection, None, limit=PAGE)
        said = [statement for statement, _ in plans]
        assert any("_grams MATCH" in each or "aether_search" in each for each in said), (table, field)


def test_the_plans_are_looked_at(embedded: Seat) -> None:
    """A sort by two columns is served by no index, and is seen not to be."""
    both = (Sort("amount"), Sort("fee", descending=True))
    assert embedded.faults(TableQuery(TableName.TRANSACTIONS, sort=both))
