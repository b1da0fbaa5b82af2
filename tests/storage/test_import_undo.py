"""Undoing imports: what goes, what stays with another file, what returns; and a model of it all; on both engines."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.imports import BatchStatus
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Leg, Movement, TransactionStatus
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import InvalidInputError, NotFoundError, OperationCancelled
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage import import_run, import_undo
from tests.storage import samples
from tests.storage.files import START, add_wallet, bring, counts, movement, rows_of, tx_hash

UNDONE = START + timedelta(days=400)
ROWS = TableName.TRANSACTIONS


def koinly(number: int, **fields: Any) -> Movement:
    """The movement as another program words it."""
    bare: dict[str, Any] = {"leg": Leg.TRADE, "from_address": "", "to_address": "", "fee_units": None}
    return movement(number, **{**bare, **fields})


def labels_of(storage: Storage, wallet_id: int) -> dict[str, str]:
    rows = {row.id: row.tx_hash for row in rows_of(storage, wallet_id)}
    return {rows[row_id]: found.label for row_id, found in storage.annotations.of(ROWS, list(rows)).items()}


def put_label(storage: Storage, row_id: int, label: str) -> None:
    storage.annotations.put(Annotation(id=storage.new_id(), table=ROWS, row_id=row_id, label=label, tags=("own",)))


class TestUndo:
    def test_it_removes_what_the_batch_brought_and_the_file_is_new_again(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        file = [movement(number) for number in range(1, 10)]
        batch, _ = bring(storage, wallet.id, file)
        assert storage.imports.touched_by_undo(batch.id) == (9, 0, ())
        changes = storage.imports.undo(batch.id, UNDONE)
        assert changes == ChangeSet(frozenset({ROWS}), None)
        assert rows_of(storage, wallet.id) == []
        undone = storage.imports.get(batch.id)
        assert (undone.status, undone.undone_at, undone.new) == (BatchStatus.UNDONE, UNDONE, 9)
        assert counts(bring(storage, wallet.id, file)[1]) == (9, 0, 0)

    def test_rows_go_a_part_at_a_time_and_a_cancelled_undo_leaves_all_of_them(
        self, storage: Storage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(import_undo, "_TOGETHER", dict.fromkeys(("sqlite", "postgresql"), 3))
        wallet = add_wallet(storage)
        other, _ = bring(storage, wallet.id, [movement(number) for number in range(100, 104)])
        batch, _ = bring(storage, wallet.id, [movement(number) for number in range(1, 11)])
        token, told = CancelToken(), list[tuple[int, int | None]]()

        def stop(done: int, total: int | None, message: str = "") -> None:
            told.append((done, total))
            token.cancel()

        with pytest.raises(OperationCancelled):
            storage.imports.undo(batch.id, UNDONE, token=token, progress=stop)
        assert [total for _, total in told] == [10]
        assert 0 < told[0][0] < 10
        assert len(rows_of(storage, wallet.id)) == 14
        assert storage.imports.get(batch.id).status is BatchStatus.STORED
        storage.imports.undo(batch.id, UNDONE, progress=lambda done, total, _message="": told.append((done, total)))
        assert told[-1] == (10, 10)
        assert len(told) > 3
        assert {row.batch_id for row in rows_of(storage, wallet.id)} == {other.id}

    def test_an_undone_or_unknown_batch_is_refused(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        batch, _ = bring(storage, wallet.id, [movement(1)])
        storage.imports.undo(batch.id, UNDONE)
        with pytest.raises(InvalidInputError, match="already undone"):
            storage.imports.undo(batch.id, UNDONE)
        with pytest.raises(NotFoundError):
            storage.imports.undo(5, UNDONE)
        with pytest.raises(NotFoundError):
            storage.imports.touched_by_undo(5)

    def test_rows_of_others_stay(self, storage: Storage) -> None:
        wallet, other = add_wallet(storage), add_wallet(storage, name="Second", address=samples.evm_address(5))
        by_hand = samples.transaction(storage, wallet.id)
        storage.transactions.create(by_hand)
        batch, _ = bring(storage, wallet.id, [movement(1)])
        bring(storage, wallet.id, [movement(2)])
        bring(storage, other.id, [movement(1)])
        storage.imports.undo(batch.id, UNDONE)
        assert {row.tx_hash for row in rows_of(storage, wallet.id)} == {by_hand.tx_hash, tx_hash(2)}
        assert len(rows_of(storage, other.id)) == 1

    def test_rows_that_another_file_brought_too_become_its_own(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        first, _ = bring(storage, wallet.id, [movement(number) for number in (1, 2, 3)])
        second, _ = bring(storage, wallet.id, [movement(2, row=70), movement(3, row=71), movement(4, row=72)])
        assert storage.imports.touched_by_undo(first.id)[:2] == (1, 2)
        storage.imports.undo(first.id, UNDONE)
        assert [(row.source_row, row.batch_id) for row in rows_of(storage, wallet.id)] == [
            (70, second.id),
            (71, second.id),
            (72, second.id),
        ]
        storage.imports.undo(second.id, UNDONE)
        assert rows_of(storage, wallet.id) == []

    def test_a_file_that_only_repeated_others_takes_nothing_away(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        first, _ = bring(storage, wallet.id, [movement(1)])
        second, _ = bring(storage, wallet.id, [movement(1)])
        storage.imports.undo(second.id, UNDONE)
        assert [row.batch_id for row in rows_of(storage, wallet.id)] == [first.id]
        storage.imports.undo(first.id, UNDONE)
        assert rows_of(storage, wallet.id) == []

    def test_archived_rows_go_and_stay_like_others(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        batch, _ = bring(storage, wallet.id, [movement(1)])
        (row,) = rows_of(storage, wallet.id)
        storage.transactions.archive([row.id], UNDONE)
        assert counts(bring(storage, wallet.id, [movement(1)])[1]) == (0, 1, 0)
        storage.imports.undo(batch.id, UNDONE)
        assert storage.transactions.get(row.id).archived_at == UNDONE


class TestOtherPrograms:
    def test_a_row_handed_over_is_known_by_its_new_name(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        scanned, _ = bring(storage, wallet.id, [movement(1)])
        listed, _ = bring(storage, wallet.id, [koinly(1)], file_format="koinly")
        storage.imports.undo(scanned.id, UNDONE)
        assert [row.batch_id for row in rows_of(storage, wallet.id)] == [listed.id]
        assert counts(bring(storage, wallet.id, [koinly(1)], file_format="koinly")[1]) == (0, 1, 0)
        assert counts(bring(storage, wallet.id, [movement(1)])[1]) == (0, 1, 0)

    def test_all_names_survive_every_order_of_undoing(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        files = {
            "etherscan.normal": [movement(1), movement(1)],
            "koinly": [koinly(1)],
            "ledger": [koinly(1, leg=Leg.NORMAL), koinly(1, leg=Leg.NORMAL)],
        }
        for undone in files:
            batches = {key: bring(storage, wallet.id, file, file_format=key)[0] for key, file in files.items()}
            assert len(rows_of(storage, wallet.id)) == 2
            storage.imports.undo(batches[undone].id, UNDONE)
            for key, file in files.items():
                assert storage.imports.classify(wallet.id, file, file_format=key) == [True] * len(file), (undone, key)
            for key in files.keys() - {undone}:
                storage.imports.undo(batches[key].id, UNDONE)
            assert rows_of(storage, wallet.id) == []


class TestWords:
    def test_they_are_named_before_and_return_with_the_rows(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        file = [movement(1, label="from the file"), movement(2), movement(3)]
        batch, _ = bring(storage, wallet.id, file)
        put_label(storage, rows_of(storage, wallet.id)[1].id, "rent")
        before = labels_of(storage, wallet.id)
        assert [(words.label, words.tags) for words in storage.imports.touched_by_undo(batch.id).annotations] == [
            ("from the file", ()),
            ("rent", ("own",)),
        ]
        assert storage.imports.undo(batch.id, UNDONE).annotations
        assert list(storage.annotations.all()) == []
        _, outcome = bring(storage, wallet.id, file)
        assert outcome.changes.annotations
        assert labels_of(storage, wallet.id) == before == {tx_hash(1): "from the file", tx_hash(2): "rent"}
        assert storage.annotations.tags() == ["own"]

    def test_own_words_win_over_the_words_of_the_file(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        batch, _ = bring(storage, wallet.id, [movement(1)])
        put_label(storage, rows_of(storage, wallet.id)[0].id, "mine")
        storage.imports.undo(batch.id, UNDONE)
        bring(storage, wallet.id, [movement(1, label="theirs"), movement(2, label="theirs")])
        assert labels_of(storage, wallet.id) == {tx_hash(1): "mine", tx_hash(2): "theirs"}

    def test_words_on_rows_that_stay_are_not_touched(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        batch, _ = bring(storage, wallet.id, [movement(1), movement(2)])
        bring(storage, wallet.id, [movement(1)])
        put_label(storage, rows_of(storage, wallet.id)[0].id, "stays")
        assert storage.imports.touched_by_undo(batch.id) == (1, 1, ())
        assert not storage.imports.undo(batch.id, UNDONE).annotations
        assert labels_of(storage, wallet.id) == {tx_hash(1): "stays"}

    def test_they_wait_for_their_own_wallet(self, storage: Storage) -> None:
        wallet, other = add_wallet(storage), add_wallet(storage, name="Second", address=samples.evm_address(5))
        batch, _ = bring(storage, wallet.id, [movement(1)])
        put_label(storage, rows_of(storage, wallet.id)[0].id, "mine")
        storage.imports.undo(batch.id, UNDONE)
        bring(storage, other.id, [movement(1)])
        assert labels_of(storage, other.id) == {}
        bring(storage, wallet.id, [movement(1)])
        assert labels_of(storage, wallet.id) == {tx_hash(1): "mine"}


class TestSettling:
    PENDING = movement(1, status=TransactionStatus.PENDING, block_number=None, fee_units=None, fee_currency=None)

    def test_a_row_is_pending_again_when_the_outcome_is_undone(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [self.PENDING])
        (before,) = rows_of(storage, wallet.id)
        batch, _ = bring(storage, wallet.id, [movement(1, status=TransactionStatus.FAILED, error="reverted")])
        assert rows_of(storage, wallet.id) != [before]
        storage.imports.undo(batch.id, UNDONE)
        (after,) = rows_of(storage, wallet.id)
        assert (after.status, after.block_number, after.error, after.fee) == (TransactionStatus.PENDING, None, "", None)
        assert after.version == 3

    def test_a_fee_returns_as_the_figure_it_was(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1, status=TransactionStatus.PENDING, fee_units=5 * 10**12)])
        batch, _ = bring(storage, wallet.id, [movement(1, fee_units=7)])
        storage.imports.undo(batch.id, UNDONE)
        fee = rows_of(storage, wallet.id)[0].fee
        assert fee is not None
        assert str(fee) == "0.000005 ETH"

    def test_it_stays_settled_while_another_file_knows_the_outcome(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [self.PENDING])
        batches = [bring(storage, wallet.id, [movement(1)])[0] for _ in range(2)]
        storage.imports.undo(batches[0].id, UNDONE)
        assert rows_of(storage, wallet.id)[0].status is TransactionStatus.CONFIRMED
        storage.imports.undo(batches[1].id, UNDONE)
        assert rows_of(storage, wallet.id)[0].status is TransactionStatus.PENDING

    def test_what_a_person_decided_since_stays(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [self.PENDING])
        batch, _ = bring(storage, wallet.id, [movement(1)])
        (row,) = rows_of(storage, wallet.id)
        storage.transactions.update(dataclasses.replace(row, status=TransactionStatus.ORPHANED))
        storage.imports.undo(batch.id, UNDONE)
        assert rows_of(storage, wallet.id)[0].status is TransactionStatus.ORPHANED


# A file is a list of small numbers, each a movement; equal numbers are equal movements.
_FILES = st.lists(st.integers(1, 4), max_size=6)
_PROGRAMS = st.sampled_from(["etherscan.normal", "koinly"])
_STEPS = st.lists(st.tuples(st.booleans(), _PROGRAMS, _FILES, st.integers(0, 5)), min_size=1, max_size=9)


class Model:
    """What a person expects: of every movement as many as the fullest file that is not undone has."""

    def __init__(self) -> None:
        self.files: dict[int, Counter[int]] = {}

    def stored(self) -> Counter[int]:
        total: Counter[int] = Counter()
        for content in self.files.values():
            total |= content
        return total


def file_of(numbers: Sequence[int], program: str) -> list[Movement]:
    make = movement if program.startswith("etherscan") else koinly
    return [make(number)._replace(row=line) for line, number in enumerate(numbers, 2)]


@pytest.fixture(params=[2, 1000], ids=["in_chunks", "at_once"])
def chunk_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same results whether a file is stored at once or in many chunks."""
    monkeypatch.setattr(import_run, "CHUNK_ROWS", request.param)


@pytest.mark.usefixtures("chunk_rows")
@settings(
    max_examples=settings().max_examples // 5,  # the form that runs decides; each is up to nine files on disk
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=_STEPS)
def test_any_imports_and_undos_store_what_a_person_expects(
    storage: Storage, steps: list[tuple[bool, str, list[int], int]]
) -> None:
    name = f"Wallet {storage.new_id()}"
    wallet = add_wallet(storage, name=name, address=samples.evm_address(storage.new_id()))
    model = Model()
    for undo, program, numbers, choice in steps:
        if undo and model.files:
            batch_id = sorted(model.files)[choice % len(model.files)]
            expected = storage.imports.touched_by_undo(batch_id)
            count = len(rows_of(storage, wallet.id))
            storage.imports.undo(batch_id, UNDONE)
            del model.files[batch_id]
            assert count - len(rows_of(storage, wallet.id)) == expected.rows
        else:
            before, content = model.stored(), Counter(numbers)
            known = storage.imports.classify(wallet.id, file_of(numbers, program), file_format=program)
            batch, outcome = bring(storage, wallet.id, file_of(numbers, program), file_format=program)
            model.files[batch.id] = content
            assert outcome.new == sum((content - before).values()) == known.count(False)
            assert outcome.duplicates == len(numbers) - outcome.new
        found = rows_of(storage, wallet.id)
        assert Counter(row.tx_hash for row in found) == {tx_hash(n): c for n, c in model.stored().items()}
        assert {row.batch_id for row in found} <= set(model.files)
