"""The next row whose text begins with what was typed, against the rows themselves; on both engines."""

from __future__ import annotations

import pytest

from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import fold
from aether_desktop.ports.errors import InvalidInputError, OperationCancelled
from aether_desktop.ports.queries import Place, Row, Sort, TableQuery
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import TABLES, ColumnKind, ColumnSpec, found_by_beginning
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.row_beginnings import begins
from aether_desktop.storage.schema import WALLETS as WALLET_TABLE
from tests.storage.ledger import TRANSACTIONS, WALLETS, store_ledger

SPEC = TABLES[TRANSACTIONS]


@pytest.fixture
def ledger(storage: Storage) -> dict[str, int]:
    return store_ledger(storage)


def shown(column: ColumnSpec, row: Row, table: TableName) -> str:
    text = str(row.values[TABLES[table].index(column.key)])
    if column.key == "chain":
        return CHAINS[text].name
    return text.replace("_", " ") if column.kind is ColumnKind.CHOICE else text


def expected(rows: list[Row], texts: list[str], typed: str, after: int | None, *, itself: bool) -> Place | None:
    """Row by row, from the one after (or from itself), once round."""
    start = 0 if after is None else after + (0 if itself else 1)
    for at in [*range(start, len(rows)), *range(start)]:
        if fold(texts[at]).startswith(fold(typed)):
            return Place(at, rows[at].id)
    return None


@pytest.mark.parametrize("table", [TRANSACTIONS, WALLETS])
def test_every_column_finds_the_next_row_in_every_order(
    storage: Storage, ledger: dict[str, int], table: TableName
) -> None:
    columns = [column for column in TABLES[table].columns if found_by_beginning(column)]
    wrong = []
    for column in columns:
        orders = [()] + [(Sort(column.key, flag),) for flag in (False, True) if column.sortable]
        for sort in orders:
            query = TableQuery(table, sort=sort)
            rows = list(storage.windows.rows(query))
            texts = [shown(column, row, table) for row in rows]
            typed = {text[:size] for text in texts for size in (1, 3) if text} | {"zz"}
            for number, text in enumerate(sorted(typed)[:: 2 if sort else 4]):
                after = [None, 0, len(rows) - 1, len(rows) // 2][number % 4]
                row_id = None if after is None else rows[after].id
                found = storage.windows.beginning(query, column.key, text, after=row_id, itself=number % 3 == 0)
                if found != expected(rows, texts, text, after, itself=number % 3 == 0):
                    wrong.append((column.key, sort, text, after, found))
    assert wrong == []
    assert {"label", "wallet", "counterparty", "tx_hash", "status"} <= {column.key for column in columns} or (
        table is WALLETS and len(columns) > 4
    )
    assert ledger


def test_only_rows_of_the_filter_are_found(storage: Storage, ledger: dict[str, int]) -> None:
    query = parse_table_query("direction:out", TRANSACTIONS)
    assert storage.windows.beginning(query, "label", "lam") == Place(0, ledger["rent"])
    assert storage.windows.beginning(query, "wallet", "sav") is None  # its row came in
    assert storage.windows.beginning(TableQuery(TRANSACTIONS), "wallet", "SAVINGS Ö") is not None


def test_what_no_index_says_is_refused(storage: Storage, ledger: dict[str, int]) -> None:
    for key in ("amount", "occurred_at", "note", "tags", "description", "ai_verified"):
        assert not found_by_beginning(SPEC.column(key))
        with pytest.raises(InvalidInputError) as refused:
            storage.windows.beginning(TableQuery(TRANSACTIONS), key, "1")
        assert refused.value.field == key
    with pytest.raises(InvalidInputError):
        storage.windows.beginning(TableQuery(TRANSACTIONS), "wallet", "a\x00")
    assert ledger


def test_a_cancelled_question_is_not_answered(storage: Storage, ledger: dict[str, int]) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelled):
        storage.windows.beginning(TableQuery(TRANSACTIONS), "wallet", "t", token=token)
    assert ledger


@pytest.mark.parametrize("text", ["a", "z\U0010ffff", "\U0010ffff", "\ud7ff", "ö"])
def test_a_range_ends_after_the_last_text_that_begins_so(storage: Storage, text: str) -> None:
    condition = begins(WALLET_TABLE.c.name, text)
    values = list(condition.compile().params.values())
    assert values[0] == text
    assert (
        all(text + tail < values[1] for tail in ("", "\U0010ffff" * 3))
        if len(values) > 1
        else text.strip("\U0010ffff") == ""
    )


def test_ids_come_in_the_order_of_the_rows(storage: Storage, ledger: dict[str, int]) -> None:
    for text in ("", "sort:amount", "archived:only"):
        query = parse_table_query(text, TRANSACTIONS)
        assert list(storage.windows.ids(query)) == [row.id for row in storage.windows.rows(query)]
    assert ledger
