"""Windows over the nine tables: values, filters, orders, pages; on both engines."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from aether_desktop.domain.amounts import MAX_UNITS, Amount, Currency
from aether_desktop.domain.monitoring import MonitoringAction, Severity
from aether_desktop.domain.payments import PaymentStatus
from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import InvalidInputError, OperationCancelled
from aether_desktop.ports.queries import ArchivedRows, Comparison, Sort, TableQuery, Term
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import TABLES, ColumnKind
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import AI_MONITORING_LOGS
from tests.storage import samples
from tests.storage.ledger import TRANSACTIONS, WALLETS, annotate, ask, cells, store_ledger
from tests.storage.samples import EUR, LATER, NOW, evm_address


@pytest.fixture
def ledger(storage: Storage) -> dict[str, int]:
    """Ids by name."""
    return store_ledger(storage)


class TestValues:
    def test_a_transaction_row_holds_every_column_in_its_type(self, storage: Storage, ledger: dict[str, int]) -> None:
        (row,) = storage.windows.by_ids(TRANSACTIONS, [ledger["rent"]])
        shown = dict(zip((column.key for column in TABLES[TRANSACTIONS].columns), row.values, strict=True))
        record = storage.transactions.get(ledger["rent"])
        assert shown == {
            "occurred_at": NOW,
            "wallet": "Treasury",
            "chain": "ethereum",
            "counterparty": record.to_address,
            "direction": "out",
            "amount": record.amount,
            "symbol": "USDC",
            "asset": f"ethereum:{record.contract_address}",
            "status": "confirmed",
            "fee": record.fee,
            "kind": "send",
            "leg": "normal",
            "label": "Lamp ÖL",
            "method": "transfer",
            "description": "Rent 100% of_March",
            "tx_hash": record.tx_hash,
            "from_address": record.from_address,
            "to_address": record.to_address,
            "contract_address": record.contract_address,
            "block_number": None,
            "error": "",
            "ai_verified": False,
            "layer2_kind": "",
            "batch": None,
            "note": "see 50%\nfile",
            "tags": ("home", "Fixed"),
            "created_at": NOW,
            "archived_at": None,
            "id": record.id,
        }
        assert (row.id, row.version, row.archived) == (record.id, 1, False)
        assert str(shown["amount"]) == "1.5 USDC"

    def test_every_value_has_the_type_of_its_column(self, storage: Storage, subtests: pytest.Subtests) -> None:
        for sample in samples.SAMPLES:
            with subtests.test(sample.table.value):
                full = sample.make(storage)
                sample.store(storage).create(full)
                sample.store(storage).update(dataclasses.replace(full, **sample.change))  # type: ignore[arg-type]
                other = sample.make(storage, **_different(sample.table))
                sample.store(storage).create(other)
                annotate(storage, sample.table, full.id, label="l", tags=("t",))
                types: dict[ColumnKind, tuple[type, ...]] = {
                    ColumnKind.TEXT: (str,),
                    ColumnKind.AMOUNT: (Amount, type(None)),
                    ColumnKind.TIME: (datetime, type(None)),
                    ColumnKind.DATE: (date, type(None)),
                    ColumnKind.ADDRESS: (str,),
                    ColumnKind.HASH: (str,),
                    ColumnKind.INTEGER: (int, type(None)),
                    ColumnKind.NUMBER: (float, type(None)),
                    ColumnKind.BOOLEAN: (bool,),
                    ColumnKind.CHOICE: (str,),
                    ColumnKind.TAGS: (tuple,),
                }
                rows = storage.windows.by_ids(sample.table, [full.id, other.id])
                assert [row.version for row in rows] == [2, 1]
                for row in rows:
                    for column, value in zip(TABLES[sample.table].columns, row.values, strict=True):
                        assert type(value) in types[column.kind], column.key
                        if column.kind is ColumnKind.CHOICE:
                            assert value in column.choices
                        if isinstance(value, datetime):
                            assert value.utcoffset() == timedelta(0)
                own = storage.windows.by_ids(sample.table, [full.id])[0].values
                assert own[TABLES[sample.table].index("label")] == "l"
                assert own[TABLES[sample.table].index("tags")] == ("t",)

    def test_by_ids_keeps_the_order_asked_and_leaves_out_what_is_gone(
        self, storage: Storage, ledger: dict[str, int]
    ) -> None:
        ids = [ledger["btc"], storage.new_id(), ledger["archived"], ledger["gift"]]
        assert [row.id for row in storage.windows.by_ids(TRANSACTIONS, ids)] == [ids[0], ids[2], ids[3]]
        assert storage.windows.by_ids(TRANSACTIONS, []) == []

    def test_a_payment_names_its_wallet_and_method_if_it_has_them(self, storage: Storage) -> None:
        storage.wallets.create(wallet := samples.wallet(storage))
        storage.payment_methods.create(method := samples.payment_method(storage))
        storage.payments.create(
            samples.payment(storage, wallet_id=wallet.id, payment_method_id=method.id, external_id="1")
        )
        storage.payments.create(samples.payment(storage, external_id="2", paid_at=LATER))
        rows = ask(storage, TableName.PAYMENTS, "sort:paid_at")
        assert cells(rows, TableName.PAYMENTS, "wallet") == ["Treasury", ""]
        assert cells(rows, TableName.PAYMENTS, "method") == ["House card", ""]
        assert [row.id for row in ask(storage, TableName.PAYMENTS, 'wallet:""')] == [rows[1].id]
        assert [row.id for row in ask(storage, TableName.PAYMENTS, "-method:card")] == [rows[1].id]
        assert [row.id for row in ask(storage, TableName.PAYMENTS, "sort:wallet")] == [rows[1].id, rows[0].id]

    def test_the_rows_of_an_asset_move_it_or_pay_their_fee_in_it(
        self, storage: Storage, ledger: dict[str, int]
    ) -> None:
        rent = storage.transactions.get(ledger["rent"])
        assert rent.fee is not None
        token, coin = rent.amount.currency.asset, rent.fee.currency.asset
        assert token != coin
        assert ledger["rent"] in [row.id for row in ask(storage, TRANSACTIONS, f"asset={token}")]
        paying = ask(storage, TRANSACTIONS, f"asset={coin}")
        assert ledger["rent"] in [row.id for row in paying]
        everything = {row.id for row in ask(storage, TRANSACTIONS, "")}
        assert {row.id for row in ask(storage, TRANSACTIONS, f"-asset={coin}")} == everything - {
            row.id for row in paying
        }

    def test_a_rescaled_currency_shows_at_once(self, storage: Storage, ledger: dict[str, int]) -> None:
        query = TableQuery(TRANSACTIONS, (Term("symbol", Comparison.EQUAL, "usdc"),))
        assert str(cells(list(storage.windows.window(query, 0, 5).rows), TRANSACTIONS, "amount")[0]) == "1.5 USDC"
        (currency,) = [each for each in storage.currencies.all() if each.symbol == "USDC"]
        storage.currencies.rescale(currency.id, 9)
        amount = cells(list(storage.windows.window(query, 0, 5).rows), TRANSACTIONS, "amount")[0]
        assert (amount.base_units, str(amount)) == (1_500_000_000, "1.5 USDC")


def _different(table: TableName) -> dict[str, Any]:
    """What keeps two samples of one table apart."""
    return {
        TableName.WALLETS: {"name": "Other", "address": evm_address(50)},
        TableName.USERS: {"username": "Other", "email": "other@example.org"},
        TableName.PAYMENTS: {"external_id": "other"},
    }.get(table, {})


class TestOrder:
    def test_amounts_sort_by_the_figure_across_decimals(self, storage: Storage) -> None:
        storage.wallets.create(wallet := samples.wallet(storage))
        amounts = [Amount(units, Currency(f"D{decimals}", decimals, chain="x")) for decimals in (0, 2, 6, 18, 77)
                   for units in (0, 1, 9, 10, 99, 10**decimals, 10**decimals * 11 // 10, MAX_UNITS)]  # fmt: skip
        random.Random(7).shuffle(amounts)
        rows = [samples.transaction(storage, wallet.id, amount=amount) for amount in amounts]
        with storage.unit_of_work():
            for row in rows:
                storage.transactions.create(row)
        expected = sorted(
            rows, key=lambda row: (row.amount.base_units * 10 ** (77 - row.amount.currency.decimals), row.id)
        )
        for text, order in (("sort:amount", expected), ("sort:-amount", expected[::-1])):
            assert [row.id for row in ask(storage, TRANSACTIONS, text)] == [row.id for row in order]

    def test_words_sort_in_any_case_and_hashes_as_they_are(self, storage: Storage) -> None:
        for number, name in enumerate(("beta", "Alpha", "öl", "Zeta", "alpha 2", "ÄH")):
            storage.wallets.create(samples.wallet(storage, name=name, address=evm_address(60 + number)))
        names = cells(ask(storage, WALLETS, ""), WALLETS, "name")
        assert names == ["Alpha", "alpha 2", "beta", "Zeta", "ÄH", "öl"]
        addresses = cells(ask(storage, WALLETS, "sort:-address"), WALLETS, "address")
        assert addresses == sorted(addresses, reverse=True)

    def test_labels_sort_and_multiply_nothing(self, storage: Storage, ledger: dict[str, int]) -> None:
        found = cells(ask(storage, TRANSACTIONS, "sort:-label,amount archived:yes"), TRANSACTIONS, "label")
        assert found == ["Lamp ÖL", "lamp", "", "", "", "", ""]

    def test_sorting_by_what_has_no_order_is_refused(self, storage: Storage) -> None:
        for column in ("note", "tags", "archived_at", "nothing", "description"):
            with pytest.raises(InvalidInputError, match="cannot be sorted by") as refused:
                storage.windows.window(TableQuery(TRANSACTIONS, sort=(Sort(column),)), 0, 1)
            assert refused.value.field == "sort"
            assert "occurred_at" in refused.value.hint

    def test_every_sortable_column_sorts(self, storage: Storage, ledger: dict[str, int]) -> None:
        for table, spec in TABLES.items():
            for column in spec.columns:
                if column.sortable:
                    query = TableQuery(table, sort=(Sort(column.key, descending=True),), archived=ArchivedRows.INCLUDED)
                    assert len(list(storage.windows.rows(query))) == storage.windows.count(query)


@pytest.fixture
def crowd(storage: Storage, database: Database) -> list[int]:
    """2 345 log entries of three moments: equal keys everywhere. Their ids in the order of the table."""
    rows = [
        {
            "vault_id": database.vault_id,
            "id": row_id,
            "owner_id": database.user_id,
            "version": 1,
            "created_at": NOW,
            "seen_at": NOW + timedelta(seconds=number % 3),
            "action": MonitoringAction.GAS_OPTIMIZATION,
            "severity": Severity.INFO,
            "description": f"entry {number}",
        }
        for number, row_id in enumerate(database.reserve_ids(2_345))
    ]
    with database.write(action="test.crowd", table="ai_monitoring_logs") as unit:
        unit.connection.execute(insert(AI_MONITORING_LOGS), rows)
    return [int(str(row["id"])) for row in sorted(rows, key=lambda row: (row["seen_at"], row["id"]), reverse=True)]


class TestPages:
    query = TableQuery(TableName.MONITORING)

    def test_no_row_is_lost_or_doubled_across_borders(self, storage: Storage, crowd: list[int]) -> None:
        assert [row.id for row in storage.windows.rows(self.query)] == crowd
        found: list[int] = []
        while len(found) < len(crowd):
            page = storage.windows.window(self.query, len(found), len(found) + 173)
            assert page.start == len(found)
            found += [row.id for row in page.rows]
        assert found == crowd

    def test_jumps_land_where_the_order_says(self, storage: Storage, crowd: list[int]) -> None:
        chance = random.Random(11)
        for attempt in range(120):
            if attempt == 40:
                assert storage.windows.count(self.query) == len(crowd)  # from now on also from the far end
            start = chance.choice([chance.randrange(len(crowd) + 50), 0, len(crowd) - 3])
            stop = start + chance.choice([1, 50, 200])
            window = storage.windows.window(self.query, start, stop)
            assert [row.id for row in window.rows] == crowd[start:stop]

    def test_windows_outside_the_table_are_empty(self, storage: Storage, crowd: list[int]) -> None:
        assert storage.windows.window(self.query, 5_000, 5_100).rows == ()
        assert storage.windows.window(self.query, 10, 10).rows == ()
        assert len(storage.windows.window(self.query, -5, 3).rows) == 3
        storage.windows.count(self.query)
        assert storage.windows.window(self.query, 5_000, 5_100).rows == ()

    def test_positions_are_row_numbers(self, storage: Storage, crowd: list[int]) -> None:
        for number in (0, 1, 781, 1_000, 2_344):
            assert storage.windows.position(self.query, crowd[number]) == number
        assert storage.windows.position(self.query, storage.new_id()) is None
        filtered = TableQuery(TableName.MONITORING, (Term("description", Comparison.EQUAL, "entry 7"),))
        (row,) = storage.windows.rows(filtered)
        assert storage.windows.position(filtered, row.id) == 0
        assert storage.windows.position(filtered, next(i for i in crowd if i != row.id)) is None

    def test_changes_move_the_pages(self, storage: Storage, crowd: list[int]) -> None:
        storage.windows.count(self.query)
        storage.windows.window(self.query, 1_000, 1_100)
        storage.monitoring.archive(crowd[:500], LATER)
        assert [row.id for row in storage.windows.window(self.query, 500, 620).rows] == crowd[1_000:1_120]
        storage.monitoring.create(samples.log_entry(storage, seen_at=LATER))
        assert [row.id for row in storage.windows.window(self.query, 501, 620).rows] == crowd[1_000:1_119]
        assert storage.windows.count(self.query) == len(crowd) - 499

    def test_a_stream_sees_one_state(self, storage: Storage, crowd: list[int]) -> None:
        stream = storage.windows.rows(self.query)
        first = next(stream).id
        storage.monitoring.archive(crowd[1_500:], LATER)
        assert [first, *(row.id for row in stream)] == crowd
        assert storage.windows.count(self.query) == 1_500

    def test_a_stream_left_early_frees_its_connection(self, storage: Storage, crowd: list[int]) -> None:
        for _ in range(30):  # more than any pool holds
            stream = storage.windows.rows(self.query)
            next(stream)
            assert isinstance(stream, Iterator)
            stream.close()  # type: ignore[attr-defined]  # a generator

    def test_a_cancelled_question_stops(self, storage: Storage, crowd: list[int]) -> None:
        token = CancelToken()
        stream = storage.windows.rows(self.query, token=token)
        next(stream)
        token.cancel()
        with pytest.raises(OperationCancelled):
            list(stream)
        for attempt in (
            lambda: storage.windows.count(self.query, token=token),
            lambda: storage.windows.window(self.query, 0, 5, token=token),
            lambda: storage.windows.position(self.query, crowd[0], token=token),
        ):
            with pytest.raises(OperationCancelled):
                attempt()
        assert storage.windows.count(self.query) == len(crowd)


def test_archived_rows_of_every_table_hide_and_show(storage: Storage) -> None:
    for sample in samples.SAMPLES:
        others = storage.windows.count(TableQuery(sample.table))  # the founder
        sample.store(storage).create(record := sample.make(storage))
        sample.store(storage).archive([record.id], LATER)
        assert storage.windows.count(TableQuery(sample.table)) == others
        (row,) = storage.windows.rows(TableQuery(sample.table, archived=ArchivedRows.ONLY))
        assert (row.id, row.archived, row.version) == (record.id, True, 2)
        assert storage.windows.count(TableQuery(sample.table, archived=ArchivedRows.INCLUDED)) == others + 1


def test_free_words_find_rows_of_every_table(storage: Storage) -> None:
    words = {
        TableName.WALLETS: "reas",
        TableName.USERS: "EXAMPLE.org",
        TableName.CONTRACTS: "tithes",
        TableName.MONITORING: "unusual",
        TableName.CONTENT: samples.CID[:12],
        TableName.PAYMENT_METHODS: "lydia",
        TableName.PAYMENTS: "pay_1",
        TableName.TEMPLE_NODES: "gate",
    }
    for sample in samples.SAMPLES:
        sample.store(storage).create(record := sample.make(storage))
        assert record.id in {row.id for row in ask(storage, sample.table, words[sample.table])}
        assert ask(storage, sample.table, "nowhere-to-be-found") == []


def test_a_status_changed_elsewhere_is_counted_anew(storage: Storage) -> None:
    storage.payments.create(payment := samples.payment(storage, amount=Amount(1, EUR)))
    query = TableQuery(TableName.PAYMENTS, (Term("status", Comparison.HAS, "pending"),))
    assert storage.windows.count(query) == 1
    storage.payments.set_status(payment.id, PaymentStatus.COMPLETED, version=1)
    assert storage.windows.count(query) == 0
    assert storage.windows.window(query, 0, 5).rows == ()
