"""What the rows of a query add up to, against the rows themselves; on both engines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

import pytest
from sqlalchemy import Connection

from aether_desktop.domain.amounts import MAX_UNITS, Amount
from aether_desktop.domain.transactions import Direction
from aether_desktop.ports.errors import InvalidInputError, OperationCancelled
from aether_desktop.ports.queries import Row, TableQuery
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.query_totals import RowTotals, TokenTotal
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import TABLES
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.database import Database
from aether_desktop.storage.ledger_days import day_number
from aether_desktop.storage.query_totals import SqlQueryTotals, Tally, parts_of
from aether_desktop.storage.schema import TRANSACTIONS as ROWS
from aether_desktop.storage.windows import SqlWindowStore
from tests.storage import samples
from tests.storage.ledger import TRANSACTIONS, WALLETS, store_ledger
from tests.storage.samples import ETH, NOW
from tests.storage.test_windows_filters import FOUND

SPEC = TABLES[TRANSACTIONS]
Sums = dict[str, tuple[int, int, int, int, int]]


def cell(row: Row, key: str) -> object:
    return row.values[SPEC.index(key)]


def added_up(rows: Iterable[Row]) -> Sums:
    """By asset, row by row, from what a grid shows."""
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for row in rows:
        amount, fee, status = cell(row, "amount"), cell(row, "fee"), cell(row, "status")
        assert isinstance(amount, Amount)
        own = sums[amount.currency.asset]
        own[0] += 1
        if status == "confirmed":
            own[1] += 1
            own[2] += amount.base_units * (cell(row, "direction") == "in")
            own[3] += amount.base_units * (cell(row, "direction") == "out")
        if isinstance(fee, Amount) and status in ("confirmed", "failed"):
            sums[fee.currency.asset][4] += fee.base_units
    return {asset: (each[0], each[1], each[2], each[3], each[4]) for asset, each in sums.items()}


def told(totals: RowTotals) -> Sums:
    return {each.currency.asset: each[1:] for each in totals.tokens}


@pytest.fixture
def ledger(storage: Storage) -> dict[str, int]:
    return store_ledger(storage)


class TestOfQuery:
    def test_every_filter_adds_up_the_rows_it_finds(
        self, storage: Storage, database: Database, ledger: dict[str, int]
    ) -> None:
        windows = SqlWindowStore(database, clock=lambda: NOW)
        totals = SqlQueryTotals(database, windows.question, size=2)  # several slices
        wrong = {}
        for text in [*(text for text, _ in FOUND[::4]), "sort:amount", "archived:yes", "archived:only", "date:2026-03"]:
            query = parse_table_query(text, TRANSACTIONS)
            rows = list(windows.rows(query))
            found = totals.of_query(query)
            if (told(found), found.rows) != (added_up(rows), len(rows)):
                wrong[text] = found
        assert wrong == {}
        assert ledger

    def test_the_rule_is_that_of_balances(self, storage: Storage, ledger: dict[str, int]) -> None:
        totals = storage.totals.of_query(TableQuery(TRANSACTIONS))
        held = defaultdict[str, int](int)
        for balance in storage.transactions.balances():
            held[balance.currency.asset] += balance.base_units
        net = {each.currency.asset: each.net for each in totals.tokens}
        assert {asset: units for asset, units in net.items() if units} == {k: v for k, v in held.items() if v}
        assert totals.uncounted == 2  # one failed, one pending
        assert [each.currency.symbol for each in totals.tokens] == ["BTC", "ETH", "TINY", "USDC"]
        assert ledger

    def test_sums_larger_than_any_amount_are_exact(self, storage: Storage) -> None:
        storage.wallets.create(wallet := samples.wallet(storage))
        for _ in range(3):
            storage.transactions.create(samples.transaction(storage, wallet.id, amount=Amount(MAX_UNITS, ETH)))
        (total,) = storage.totals.of_query(TableQuery(TRANSACTIONS)).tokens
        assert (total.incoming, total.net, total.rows) == (3 * MAX_UNITS, 3 * MAX_UNITS, 3)

    def test_progress_counts_rows_and_a_cancelled_one_stops_between_slices(
        self, database: Database, ledger: dict[str, int]
    ) -> None:
        windows = SqlWindowStore(database, clock=lambda: NOW)
        totals = SqlQueryTotals(database, windows.question, size=2)
        told: list[int] = []

        def note(done: int, total: int | None, message: str = "") -> None:
            told.append(done)

        totals.of_query(TableQuery(TRANSACTIONS), progress=note)
        assert told[-1] == len(ledger) - 3  # without two wallets and the archived one
        assert told == sorted(told)
        assert len(told) > 2
        token, seen = CancelToken(), list[int]()

        def stop(done: int, total: int | None, message: str = "") -> None:
            seen.append(done)
            token.cancel()

        with pytest.raises(OperationCancelled):
            totals.of_query(TableQuery(TRANSACTIONS), token=token, progress=stop)
        assert seen == [2]

    def test_other_tables_and_unknown_terms_are_refused(self, storage: Storage) -> None:
        for query in (TableQuery(WALLETS), parse_table_query("amount:much", TRANSACTIONS)):
            with pytest.raises(InvalidInputError):
                storage.totals.of_query(query)

    def test_groups_are_told_apart_in_the_engine(self, database: Database, ledger: dict[str, int]) -> None:
        windows = SqlWindowStore(database, clock=lambda: NOW)
        question = windows.question(TableQuery(TRANSACTIONS))

        def by_day(connection: Connection) -> dict[int, int]:
            tallies: defaultdict[int, Tally] = defaultdict(Tally)
            day = day_number(ROWS.c.occurred_at)
            incoming = (ROWS.c.direction == Direction.IN,)
            for part in parts_of(connection, question, by=(day,), where=incoming, size=2):
                tallies[part.group[0]].add(part)
            return {day: tally.rows for day, tally in tallies.items()}

        times = [
            cell(row, "occurred_at") for row in windows.rows(TableQuery(TRANSACTIONS)) if cell(row, "direction") == "in"
        ]
        days = [time.toordinal() - date(1970, 1, 1).toordinal() for time in times if isinstance(time, datetime)]
        assert database.fetch(by_day) == {day: days.count(day) for day in days}
        assert ledger


class TestOfRows:
    def test_chosen_rows_are_added_up_once_each(self, storage: Storage, ledger: dict[str, int]) -> None:
        ids = [ledger[name] for name in ("rent", "gift", "archived", "rent")]
        rows = storage.windows.by_ids(TRANSACTIONS, ids[:3])
        totals = storage.totals.of_rows([*ids, 12345])  # one is gone
        assert (told(totals), totals.rows) == (added_up(rows), 3)

    def test_nothing_adds_up_to_nothing(self, storage: Storage) -> None:
        assert storage.totals.of_rows([]) == RowTotals(0, ())
        assert storage.totals.of_query(TableQuery(TRANSACTIONS)) == RowTotals(0, ())


def test_what_is_sent_to_oneself_is_neither_in_nor_out(storage: Storage, ledger: dict[str, int]) -> None:
    (total,) = storage.totals.of_rows([ledger["self"]]).tokens
    assert total == TokenTotal(total.currency, rows=1, counted=1)
