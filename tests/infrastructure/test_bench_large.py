"""The large part of the bench asks everybody the same, and knows what is right."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Sort, TableQuery
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.tables import TABLES
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.storage.opening import open_vault_file
from aether_desktop.storage.schema import TRANSACTIONS
from aether_desktop.storage.sql_storage import open_database, open_vault
from scripts.large.places import PLAIN_INDEXES, Cache, Place, plain_connection
from scripts.large.questions import Match, Questions, ask
from scripts.large.report import Row, median, p99, print_missed, print_sizes, print_table, worst
from scripts.large.stock import Contestant, EverythingContestant, SqlContestant
from tests.support.postgres import PostgresCluster

ROWS = 3_000
_HASH = TABLES[TableName.TRANSACTIONS].index("tx_hash")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = Cache(tmp_path_factory.mktemp("ledgers")).vault(ROWS, 1)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def questions(ledger: Place) -> Questions:
    return ask(ledger)


def test_a_ledger_is_made_once(ledger: Place) -> None:
    made = Path(ledger.vault).stat().st_mtime_ns
    again = Cache(Path(ledger.vault).parent.parent, prepared=True)
    assert again.vault(ROWS, 1) == ledger
    assert again.vault(ROWS + 1, 1) is None
    assert Path(ledger.vault).stat().st_mtime_ns == made
    with closing(plain_connection(ledger)) as connection:
        assert connection.execute("SELECT count(*) FROM transactions").fetchone() == (ROWS,)
        indexes = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        assert indexes.fetchone()[0] == len(PLAIN_INDEXES)
    key = KeyFileStore(Path(ledger.key_file)).load(Path(ledger.vault))
    with closing(open_vault_file(Path(ledger.vault), key)) as vault, vault.kit.reader.connect() as reader:
        names = reader.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'").scalars().all()
    assert {index.name for index in TRANSACTIONS.indexes if index.info.get("engine") != "postgresql"} <= set(names)


def test_the_storage_shows_what_plain_sql_found(ledger: Place, questions: Questions) -> None:
    path = Path(ledger.vault)
    asked = [(parse_table_query(each.text, TableName.TRANSACTIONS), each.right) for each in questions.filters]
    asked += [(parse_table_query(each.text, TableName.TRANSACTIONS), each.right) for each in questions.combinations]
    asked.append((TableQuery(TableName.TRANSACTIONS), questions.first))
    asked += [
        (parse_table_query(each.text, TableName.TRANSACTIONS), each.right)
        for each in (questions.fragment, questions.address_fragment)
    ]
    for descending, right in ((False, questions.by_amount), (True, questions.by_amount_backward)):
        asked.append((TableQuery(TableName.TRANSACTIONS, sort=(Sort("amount", descending),)), right))
    with closing(open_vault(path, KeyFileStore(Path(ledger.key_file)).load(path))) as storage:
        for query, right in asked:
            rows = storage.windows.window(query, 0, len(right)).rows
            assert [row.values[_HASH] for row in rows] == right, query
        (number, tx_hash) = questions.jumps[0]
        (row,) = storage.windows.window(TableQuery(TableName.TRANSACTIONS), number, number + 1).rows
        assert row.values[_HASH] == tx_hash
    assert len({each.name for each in questions.filters}) >= 6
    assert questions.fragment.right


def test_a_shared_database_holds_the_same_rows_and_indexes(
    ledger: Place, questions: Questions, postgres_cluster: PostgresCluster
) -> None:
    folder = Path(ledger.vault).parent.parent
    made = Cache(folder).database(postgres_cluster, ROWS, 1)
    assert made is not None
    assert Cache(folder, prepared=True).database(postgres_cluster, ROWS + 1, 1) is None
    try:
        with closing(open_database(made.member_url)) as storage:
            for query, right in (
                (TableQuery(TableName.TRANSACTIONS), questions.first),
                (parse_table_query(questions.fragment.text, TableName.TRANSACTIONS), questions.fragment.right),
            ):
                rows = storage.windows.window(query, 0, len(right)).rows
                assert [row.values[_HASH] for row in rows] == right
            assert storage.windows.count(TableQuery(TableName.TRANSACTIONS)) == ROWS
            assert (storage.ledger.unsettled(), storage.search.waiting(), storage.ledger.recount()) == (0, 0, [])
        with psycopg.connect(made.administration) as administrator:
            names = {row[0] for row in administrator.execute("SELECT indexname FROM pg_indexes").fetchall()}
        assert {index.name for index in TRANSACTIONS.indexes} | {"ix_search_texts_keys"} <= names
    finally:
        postgres_cluster.drop_database(f"ledger_{ROWS}_1")


@pytest.mark.parametrize("kind", [SqlContestant, EverythingContestant])
def test_the_others_are_asked_the_same(
    kind: type[SqlContestant | EverythingContestant], ledger: Place, questions: Questions, qtbot: QtBot
) -> None:
    del qtbot  # there is an application
    contestant: Contestant = kind(ledger.told(), questions.vault_id)
    contestant.load()
    count = len(questions.first)
    assert contestant.hashes(0, count) == questions.first
    assert contestant.to_the_end()
    assert contestant.model.rowCount() == ROWS
    assert contestant.hashes(ROWS - count, count) == questions.last
    contestant.sort("amount_rank", descending=False)
    assert contestant.hashes(0, count) == questions.by_amount
    contestant.sort("occurred_at", descending=True)
    for each in (*questions.filters, *questions.combinations, questions.fragment, questions.address_fragment):
        contestant.filter([Match(*match) for match in asdict(each)["matches"]])
        assert contestant.hashes(0, len(each.right)) == each.right, each.name


def test_what_never_came_is_no_good_figure() -> None:
    assert median([0.1, None, 0.2]) == 0.2
    assert worst([0.1, None]) == float("inf")
    assert p99([0.001 * number for number in range(1, 101)]) == pytest.approx(0.099)
    assert Row("", "x", median).figure([]) is None


def test_tables_say_what_was_not_run_and_what_was_not_reached(capsys: pytest.CaptureFixture[str]) -> None:
    ours = {
        "first rows": [0.05],
        "jump": [0.04] * 200,
        "peak memory": 340_000_000,
        "peak memory of reading": 335_000_000,
        "idle loop": {"p99": 0.001},
    }
    results: dict[str, dict[str, Any]] = {
        "window sqlite": ours,
        "storage sqlite": {"jump, all that is shown": [0.04] * 200},
        "raw sqlite": {"first rows": [0.01], "jump": [0.01] * 200, "jump, all that is shown": [0.01] * 200},
        "sql": {"failed": "no driver"},
    }
    brought = {
        "sqlite": {"raw": 1.0, "batches": 1.25, "ours": 4.0, "peak": 200_000_000, "before": 90_000_000, "rows": 1_000}
    }
    empty = {"window sqlite": {"peak memory": 180_000_000}}
    missed = print_table(results, empty, brought, rows=1_000)
    assert print_sizes({100: results, 1_000: results}, empty) == []
    print_missed(missed)
    printed = capsys.readouterr().out
    first = next(line for line in printed.splitlines() if line.strip().startswith("first rows on screen"))
    assert first.split()[4:] == ["50.0", *("not", "run") * 4, "10.0", "not", "run", "5.00", "under", "100", "ms"]
    assert "prepared batches       800 (0.80" in printed
    assert "no driver" in printed
    assert "155" in next(line for line in printed.splitlines() if "peak, all reading" in line)
    assert len(missed) == 3
    assert "155 MB above an empty window" in missed[0]
    assert "4.00 x raw, wanted under 3 x raw" in missed[1]
    assert "0.25 of the raw engine" in missed[2]


def test_memory_may_not_grow_with_the_rows(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = {
        size: {"window sqlite": {"first rows": [0.01], "peak memory of reading": 100_000_000 + held}}
        for size, held in ((1_000_000, 50_000_000), (10_000_000, 60_000_000))
    }
    missed = print_sizes(sizes, {"window sqlite": {"peak memory": 100_000_000}})
    assert missed == ["memory (window sqlite) at 10,000,000 rows is 1.20 x that at 1,000,000"]
    assert "60" in capsys.readouterr().out
