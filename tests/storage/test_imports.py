"""Storing files: duplicates found as sets, provenance, words, settling, refusals, cancelling; on both engines."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from aether_desktop.domain.amounts import MAX_UNITS, Currency
from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Direction, Leg, Movement, TransactionKind, TransactionStatus
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import InvalidInputError, NotFoundError, OperationCancelled
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage import import_run
from aether_desktop.storage.import_run import chunks_of
from aether_desktop.storage.movements import Coins, digests, repeated
from aether_desktop.storage.sql_storage import SqlStorage
from tests.storage import samples
from tests.storage.files import (
    OTHER,
    OWN,
    SHELL,
    START,
    USDC,
    add_wallet,
    bring,
    counts,
    incoming,
    moment,
    movement,
    new_batch,
    parts_of,
    rows_of,
    tx_hash,
)
from tests.storage.samples import ETH, evm_address
from tests.support.storages import VaultPlace

CHUNK_ROWS = 16


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few rows lie in several chunks."""
    monkeypatch.setattr(import_run, "CHUNK_ROWS", CHUNK_ROWS)


class TestDuplicates:
    def test_the_same_file_twice_adds_nothing(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        file = [movement(number) for number in range(1, 40)]
        assert counts(bring(storage, wallet.id, file)[1]) == (39, 0, 0)
        assert counts(bring(storage, wallet.id, file)[1]) == (0, 39, 0)
        assert [row.source_row for row in rows_of(storage, wallet.id)] == list(range(2, 41))

    def test_overlapping_files_merge(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(number) for number in range(1, 20)])
        _, outcome = bring(storage, wallet.id, [movement(number) for number in range(10, 30)])
        assert counts(outcome) == (10, 10, 0)

    def test_two_transfers_inside_one_transaction_survive(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        file = [
            movement(1),
            movement(1, leg=Leg.INTERNAL),
            movement(1, leg=Leg.TOKEN, currency=USDC),
            movement(1, leg=Leg.TOKEN, currency=SHELL),
            movement(1, to_address=OWN, direction=Direction.SELF),
            movement(1, units=7),
        ]
        assert counts(bring(storage, wallet.id, file)[1]) == (6, 0, 0)
        assert len(storage.transactions.by_hash(tx_hash(1))) == 6

    @pytest.mark.parametrize("between", [0, 3, CHUNK_ROWS])
    def test_equal_rows_within_one_file_are_kept_apart(self, storage: Storage, between: int) -> None:
        """Side by side, and with so many others between them that they are stored in different chunks."""
        wallet = add_wallet(storage)
        filler = [movement(number) for number in range(10, 10 + between)]
        twin = movement(1)
        assert counts(bring(storage, wallet.id, [twin, *filler, twin, twin])[1]) == (3 + between, 0, 0)
        assert counts(bring(storage, wallet.id, [twin, twin, *filler, twin])[1]) == (0, 3 + between, 0)
        assert counts(bring(storage, wallet.id, [twin] * 5)[1]) == (2, 3, 0)
        assert counts(bring(storage, wallet.id, [twin])[1]) == (0, 1, 0)

    def test_what_a_file_may_word_differently_does_not_matter(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1)])
        again = movement(
            1,
            row=99,
            tx_hash=tx_hash(1).upper().replace("0X", "0x"),
            occurred_at=moment(2),
            kind=TransactionKind.CONTRACT_INTERACTION,
            method="0xa9059cbb",
            description="other words",
            fee_units=5,
            note="mine",
        )
        assert counts(bring(storage, wallet.id, [again])[1]) == (0, 1, 0)

    def test_without_a_hash_time_words_and_fee_tell_rows_apart(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bare = movement(1, tx_hash="")
        others = [
            bare,
            bare._replace(occurred_at=moment(2)),
            bare._replace(description="rent"),
            bare._replace(fee_units=None, fee_currency=None),
        ]
        assert counts(bring(storage, wallet.id, others)[1]) == (4, 0, 0)
        assert counts(bring(storage, wallet.id, reversed(others))[1]) == (0, 4, 0)

    def test_each_wallet_has_its_own_rows(self, storage: Storage) -> None:
        one, other = add_wallet(storage), add_wallet(storage, name="Second", address=OTHER)
        bring(storage, one.id, [movement(1)])
        assert counts(bring(storage, other.id, [movement(1)])[1]) == (1, 0, 0)

    def test_a_correction_of_decimals_does_not_make_rows_new(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        file = [incoming(number, leg=Leg.TOKEN, currency=SHELL, units=10**18) for number in (1, 2)]
        bring(storage, wallet.id, file)
        (token,) = [found for found in storage.currencies.all() if found.contract]
        storage.currencies.rescale(token.id, 6)
        (token,) = [found for found in storage.currencies.all() if found.contract]
        corrected = [incoming(number, leg=Leg.TOKEN, currency=token, units=10**6) for number in (1, 2, 3)]
        assert counts(bring(storage, wallet.id, corrected)[1]) == (1, 2, 0)
        # A file read with the old decimals (by a client that did not know) says the same figures.
        stale = [incoming(number, leg=Leg.TOKEN, currency=SHELL, units=10**18) for number in (3, 4)]
        assert counts(bring(storage, wallet.id, stale)[1]) == (1, 1, 0)
        assert {row.amount.base_units for row in rows_of(storage, wallet.id)} == {10**6}

    def test_identities_stay_as_they_are_for_ever(self) -> None:
        """Stored vaults hold them: changing how they are made would double every import."""
        coins = Coins(lambda _: None)
        with_hash = movement(1, tx_hash="0xAB", from_address="0x1", to_address="0x2", units=15 * 10**17)
        without = with_hash._replace(tx_hash="", occurred_at=1, description="rent", fee_units=21 * 10**12)
        found = [item.digest.hex() for item in digests([with_hash, without], coins)]
        assert found == ["9e0f002ede73ac7210bc07aae7856484", "9dd4d8dcdc25202f1300e8a5f7968020"]
        assert repeated(bytes(16), 1).hex() == "09e68e0b8241281ff268811052f6cb42"


class TestOtherPrograms:
    """The same transfer in another program's words: no addresses, another leg."""

    def test_it_is_a_duplicate(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(number) for number in range(1, 6)])
        file = [self.koinly(number) for number in range(3, 9)]
        assert storage.imports.classify(wallet.id, file, file_format="koinly.universal") == [True] * 3 + [False] * 3
        assert counts(bring(storage, wallet.id, file, file_format="koinly.universal")[1]) == (3, 3, 0)
        assert counts(bring(storage, wallet.id, file, file_format="koinly.universal")[1]) == (0, 6, 0)
        assert len(rows_of(storage, wallet.id)) == 8

    def test_the_nth_meets_the_nth(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1), movement(1, to_address=evm_address(4))])
        assert counts(bring(storage, wallet.id, [self.koinly(1)] * 3, file_format="koinly")[1]) == (1, 2, 0)
        assert counts(bring(storage, wallet.id, [self.koinly(1)] * 3, file_format="koinly")[1]) == (0, 3, 0)

    def test_the_nth_meets_the_nth_in_different_chunks(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        filler = [movement(number) for number in range(10, 10 + CHUNK_ROWS)]
        bring(storage, wallet.id, [movement(1)])
        file = [self.koinly(1), *filler, self.koinly(1)]
        assert counts(bring(storage, wallet.id, file, file_format="koinly")[1]) == (len(filler) + 1, 1, 0)
        assert counts(bring(storage, wallet.id, file, file_format="koinly")[1]) == (0, len(filler) + 2, 0)

    def test_exports_of_the_same_program_never_meet_that_way(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1)], file_format="etherscan.normal")
        internal = movement(1, leg=Leg.INTERNAL, fee_units=None, fee_currency=None)
        assert counts(bring(storage, wallet.id, [internal], file_format="etherscan.internal")[1]) == (1, 0, 0)

    def test_a_row_known_as_one_movement_is_not_taken_for_another(self, storage: Storage) -> None:
        """Koinly knows one transfer; Etherscan's two exports have two that differ in the leg only."""
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [self.koinly(1)], file_format="koinly")
        internal = movement(1, leg=Leg.INTERNAL, fee_units=None, fee_currency=None)
        assert counts(bring(storage, wallet.id, [movement(1)])[1]) == (0, 1, 0)
        assert counts(bring(storage, wallet.id, [internal], file_format="etherscan.internal")[1]) == (1, 0, 0)
        assert counts(bring(storage, wallet.id, [movement(1)])[1]) == (0, 1, 0)
        assert counts(bring(storage, wallet.id, [internal], file_format="etherscan.internal")[1]) == (0, 1, 0)

    def test_a_row_made_by_hand_is_met_too(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        storage.transactions.create(samples.transaction(storage, wallet.id, tx_hash=tx_hash(1)))
        assert counts(bring(storage, wallet.id, [incoming(1, units=10**18)])[1]) == (0, 1, 0)

    @pytest.mark.parametrize(
        "different",
        [{"units": 5}, {"direction": Direction.IN}, {"currency": USDC}, {"tx_hash": ""}, {"tx_hash": tx_hash(2)}],
        ids=lambda fields: next(iter(fields)),
    )
    def test_what_differs_is_new(self, storage: Storage, different: dict[str, object]) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1)])
        _, outcome = bring(storage, wallet.id, [self.koinly(1)._replace(**different)], file_format="koinly")  # type: ignore[arg-type]
        assert counts(outcome) == (1, 0, 0)

    def test_a_token_is_the_same_by_symbol_and_figure(self, storage: Storage) -> None:
        """Koinly knows no contracts; its decimals are assumed, Etherscan's are known."""
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [incoming(1, leg=Leg.TOKEN, currency=USDC, units=1_500_000)])
        theirs = Currency("usdc", 18, chain="ethereum", decimals_assumed=True)
        file = [self.koinly(1, direction=Direction.IN)._replace(currency=theirs, units=15 * 10**17)]
        assert counts(bring(storage, wallet.id, file, file_format="koinly")[1]) == (0, 1, 0)

    @staticmethod
    def koinly(number: int, **fields: object) -> Movement:
        bare = {"leg": Leg.TRADE, "from_address": "", "to_address": "", "block_number": None, "method": ""}
        return movement(number, **{**bare, **fields})


class TestProvenance:
    def test_the_batch_comes_back_with_what_was_seen(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        rejections: list[Rejection] = []

        def chunks() -> Iterator[Sequence[Movement]]:
            yield [movement(1), movement(2), movement(2, leg=Leg.FEE)]  # one row may make several movements
            rejections.append(Rejection(4, "The amount is not a decimal number.\x00\ud800"))
            yield []
            yield [movement(4)]

        batch = new_batch(storage, wallet.id)
        stored, outcome = storage.imports.store(batch, chunks(), rejections, token=CancelToken())
        assert (stored.rows, stored.new, stored.duplicates, stored.rejected) == (4, 4, 0, 1)
        assert counts(outcome) == (4, 0, 0)
        assert storage.imports.get(batch.id) == stored
        assert storage.imports.rejections(batch.id) == [Rejection(4, "The amount is not a decimal number.\ufffd?")]
        assert {row.batch_id for row in rows_of(storage, wallet.id)} == {batch.id}

    def test_batches_are_listed_latest_first(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        batches = [new_batch(storage, wallet.id, imported_at=START + timedelta(days=days)) for days in (2, 3, 1)]
        stored = [storage.imports.store(batch, [], (), token=CancelToken())[0] for batch in batches]
        assert storage.imports.all() == [stored[1], stored[0], stored[2]]
        assert storage.imports.all(1) == [stored[1]]

    def test_unknown_wallet_and_batch_are_named(self, storage: Storage) -> None:
        with pytest.raises(NotFoundError):
            storage.imports.store(new_batch(storage, 5), [[movement(1)]], (), token=CancelToken())
        with pytest.raises(NotFoundError):
            storage.imports.get(5)
        assert storage.imports.all() == []

    def test_rows_hold_every_field(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        given = movement(
            1,
            units=MAX_UNITS,
            fee_currency=USDC,
            fee_units=1,
            error="Out of gas",
            status=TransactionStatus.FAILED,
            description="Öl & <b>\u202e",
            contract_address=OTHER,
        )
        batch, _ = bring(storage, wallet.id, [given])
        (row,) = rows_of(storage, wallet.id)
        for name in given._fields:
            if hasattr(row, name) and name not in {"occurred_at"}:
                assert getattr(row, name) == getattr(given, name), name
        assert row.occurred_at == START + timedelta(minutes=1)
        assert (row.amount.base_units, row.amount.currency.symbol) == (MAX_UNITS, "ETH")
        assert row.fee is not None
        assert (row.fee.base_units, row.fee.currency.symbol) == (1, "USDC")
        assert (row.batch_id, row.source_row, row.version, row.owner_id) == (batch.id, 2, 1, wallet.owner_id)
        assert row.created_at == batch.imported_at

    def test_one_change_and_one_audit_entry_tell_of_the_whole_file(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        storage.currencies.ensure([ETH])
        heard: list[ChangeSet] = []
        stop = storage.changes.subscribe(heard.append)
        batch, outcome = bring(storage, wallet.id, [movement(number) for number in range(1, 30)])
        bring(storage, wallet.id, [movement(1)])
        stop()
        assert heard[0] == outcome.changes == ChangeSet(frozenset({TableName.TRANSACTIONS}), None)
        assert heard[1] == ChangeSet(frozenset({TableName.TRANSACTIONS}), frozenset())
        entry = next(entry for entry in storage.audit.recent(10) if str(batch.id) in entry.detail)
        assert (entry.action, entry.rows) == ("import.store", 29)


class TestWords:
    def test_labels_and_notes_become_annotations_of_new_rows(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        file = [movement(1, label="rent"), movement(2, note="for May"), movement(3)]
        _, outcome = bring(storage, wallet.id, file)
        assert outcome.changes.annotations
        rows = rows_of(storage, wallet.id)
        words = storage.annotations.of(TableName.TRANSACTIONS, [row.id for row in rows])
        assert [(words[row.id].label, words[row.id].note) for row in rows[:2]] == [("rent", ""), ("", "for May")]
        assert rows[2].id not in words

    def test_a_duplicate_leaves_own_words_alone(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1)])
        (row,) = rows_of(storage, wallet.id)
        storage.annotations.put(Annotation(id=1, table=TableName.TRANSACTIONS, row_id=row.id, label="mine"))
        bring(storage, wallet.id, [movement(1, label="theirs")])
        assert storage.annotations.of(TableName.TRANSACTIONS, [row.id])[row.id].label == "mine"


class TestSettling:
    def test_a_pending_row_takes_the_outcome(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        pending = movement(1, status=TransactionStatus.PENDING, block_number=None, fee_units=None, fee_currency=None)
        bring(storage, wallet.id, [pending, movement(2)])
        settled = movement(1, status=TransactionStatus.FAILED, error="reverted", fee_units=77, method="other")
        assert counts(bring(storage, wallet.id, [settled, movement(2)])[1]) == (0, 2, 1)
        row = rows_of(storage, wallet.id)[0]
        assert (row.status, row.error, row.block_number) == (TransactionStatus.FAILED, "reverted", 1001)
        assert row.fee is not None
        assert (row.fee.base_units, row.method, row.version) == (77, "Transfer", 2)

    @pytest.mark.parametrize("status", [TransactionStatus.PENDING, TransactionStatus.ORPHANED])
    def test_nothing_but_an_outcome_settles(self, storage: Storage, status: TransactionStatus) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1, status=TransactionStatus.PENDING)])
        assert counts(bring(storage, wallet.id, [movement(1, status=status)])[1]) == (0, 1, 0)
        assert rows_of(storage, wallet.id)[0].status is TransactionStatus.PENDING

    def test_settled_rows_stay(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1)])
        assert counts(bring(storage, wallet.id, [movement(1, status=TransactionStatus.FAILED)])[1]) == (0, 1, 0)
        assert rows_of(storage, wallet.id)[0].status is TransactionStatus.CONFIRMED


class TestRefusals:
    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"description": "a\x00b"}, "Row 3 contains a NUL"),
            ({"from_address": "a\x00b"}, "Row 3 contains a NUL"),
            ({"note": "a\x00b"}, "Row 3 contains a NUL"),
            ({"method": "\ud800"}, "Row 3 contains half a character"),
            ({"to_address": "\ud800"}, "Row 3 contains half a character"),
            ({"units": MAX_UNITS + 1}, "Row 3: "),
            ({"units": -1}, "Row 3: The amount is negative"),
            ({"fee_units": -1}, "Row 3: "),
            ({"description": "x" * 10_001}, "Row 3: the description has more than 10000"),
            ({"tx_hash": "x" * 201}, "Row 3: the tx hash has more than 200"),
            ({"block_number": -1}, "Row 3: this is no block number"),
        ],
        ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
    )
    def test_a_row_that_cannot_be_stored_is_named_and_nothing_is_stored(
        self, storage: Storage, fields: dict[str, object], said: str
    ) -> None:
        wallet = add_wallet(storage)
        with pytest.raises(InvalidInputError) as refused:
            bring(storage, wallet.id, [movement(1), movement(2, **fields), movement(3)])
        assert str(refused.value).startswith(said)
        assert rows_of(storage, wallet.id) == []
        assert storage.imports.all() == []

    def test_decimals_that_lose_digits_are_refused(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        storage.currencies.ensure([USDC])
        finer = Currency(USDC.symbol, 18, chain=USDC.chain, contract=USDC.contract)
        with pytest.raises(InvalidInputError, match="Row 2"):
            bring(storage, wallet.id, [movement(1, currency=finer, units=1)])


class TestCancelling:
    def test_nothing_is_stored(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        token = CancelToken()
        seen: list[int] = []

        def progress(done: int, total: int | None, message: str = "") -> None:
            seen.append(done)
            token.cancel()

        movements = [movement(number) for number in range(1, CHUNK_ROWS + 10)]
        with pytest.raises(OperationCancelled):
            storage.imports.store(new_batch(storage, wallet.id), [movements], (), token=token, progress=progress)
        assert seen == [CHUNK_ROWS]
        assert rows_of(storage, wallet.id) == []
        assert storage.imports.all() == []
        assert counts(bring(storage, wallet.id, movements)[1]) == (len(movements), 0, 0)

    def test_while_the_file_is_read(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        token = CancelToken()

        def chunks() -> Iterator[Sequence[Movement]]:
            yield [movement(number) for number in range(1, CHUNK_ROWS + 1)]
            token.cancel()
            yield [movement(CHUNK_ROWS + 1)]

        with pytest.raises(OperationCancelled):
            storage.imports.store(new_batch(storage, wallet.id), chunks(), (), token=token)
        assert rows_of(storage, wallet.id) == []

    def test_a_reader_that_fails_takes_everything_back(self, storage: Storage) -> None:
        wallet = add_wallet(storage)

        def chunks() -> Iterator[Sequence[Movement]]:
            yield [movement(number) for number in range(1, CHUNK_ROWS + 1)]
            raise InvalidInputError("The file is gone.")

        with pytest.raises(InvalidInputError, match="gone"):
            storage.imports.store(new_batch(storage, wallet.id), chunks(), (), token=CancelToken())
        assert rows_of(storage, wallet.id) == []

    def test_inside_a_unit_of_work_all_goes_with_it(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        with pytest.raises(RuntimeError, match="stop"), storage.unit_of_work():
            assert counts(bring(storage, wallet.id, [movement(1)])[1]) == (1, 0, 0)
            assert counts(bring(storage, wallet.id, [movement(1), movement(2)])[1]) == (1, 1, 0)
            raise RuntimeError("stop")
        assert rows_of(storage, wallet.id) == []


class TestTogether:
    def test_waiting_for_another_import_can_be_cancelled(self, storage: Storage) -> None:
        """SQLite waits for its one writer, PostgreSQL for the wallet: inside a statement."""
        wallet = add_wallet(storage)
        holding, release = threading.Event(), threading.Event()

        def hold() -> None:
            with storage.unit_of_work():
                bring(storage, wallet.id, [movement(1)])
                holding.set()
                release.wait(30)

        holder = threading.Thread(target=hold)
        holder.start()
        assert holding.wait(30)
        token = CancelToken()
        canceller = threading.Timer(0.3, token.cancel)
        canceller.start()
        with pytest.raises(OperationCancelled):
            storage.imports.store(new_batch(storage, wallet.id), [[movement(2)]], (), token=token)
        release.set()
        for thread in (holder, canceller):
            thread.join()
        assert [row.tx_hash for row in rows_of(storage, wallet.id)] == [tx_hash(1)]

    def test_two_clients_importing_the_same_file_store_it_once(self, place: VaultPlace) -> None:
        clients = [SqlStorage(place.open_raw()) for _ in range(2)]
        wallet = add_wallet(clients[0])
        file = [movement(number) for number in range(1, 2_000)]
        outcomes = []

        def run(client: SqlStorage) -> None:
            outcomes.append(bring(client, wallet.id, file)[1])

        threads = [threading.Thread(target=run, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(counts(outcome) for outcome in outcomes) == [(0, 1_999, 0), (1_999, 0, 0)]
        assert len(rows_of(clients[0], wallet.id)) == 1_999


class TestPreview:
    def test_it_says_what_storing_would_find(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1), movement(1), movement(2)])
        file = [movement(3), movement(1), movement(1), movement(1), movement(2, currency=USDC)]
        assert storage.imports.classify(wallet.id, file) == [False, True, True, False, False]
        assert [currency.symbol for currency in storage.currencies.all()] == ["ETH"]
        assert counts(bring(storage, wallet.id, file)[1]) == (3, 2, 0)

    def test_ordinals_are_counted_across_the_whole_list(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1)])
        filler = [movement(number) for number in range(10, 10 + CHUNK_ROWS)]
        found = storage.imports.classify(wallet.id, [movement(1), *filler, movement(1)])
        assert [found[0], found[-1], any(found[1:])] == [True, False, False]


def test_chunks_are_even_whatever_the_parts() -> None:
    file = [movement(number) for number in range(1, 24)]
    for size in (1, 2, 7, 23, 50):
        chunks = list(chunks_of(parts_of(file, size), 10))
        assert [len(chunk) for chunk in chunks] == [10, 10, 3]
        assert [item for chunk in chunks for item in chunk] == file
