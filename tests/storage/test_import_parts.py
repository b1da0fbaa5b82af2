"""A vault file has one writer: an import gives way to another program that waits, and is still all or nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.imports import BatchStatus, ImportBatch, Rejection
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Movement, TransactionStatus
from aether_desktop.ports.errors import AetherError, InvalidInputError, OperationCancelled
from aether_desktop.ports.storage import ImportOutcome
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage import import_run
from aether_desktop.storage.import_parts import ImportUnderWayError
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.turns import Turns
from tests.storage import samples
from tests.storage.files import bring, incoming, new_batch, rows_of
from tests.support.audits import audit_of, device, verified
from tests.support.storages import VaultPlace

ROOT = Path(__file__).parents[2]
CHUNK = 50


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_run, "CHUNK_ROWS", CHUNK)


class Guest:
    """Another client of the vault that writes while an import's transaction is open."""

    def __init__(self, place: VaultPlace) -> None:
        self.storage = place.open()
        self.storage.new_id()  # its lease is a write, too
        self._turns = Turns(Path(place.location))
        self._thread: threading.Thread | None = None
        self._number = 0

    def knock(self, action: Callable[[], object] | None = None) -> None:
        """Begin to write, a wallet by default; returns when that waits for the import."""
        self._number += 1
        address = samples.evm_address(500 + self._number)
        wallet = samples.wallet(self.storage, name=f"guest {self._number}", address=address)
        self._thread = threading.Thread(target=action or (lambda: self.storage.wallets.create(wallet)))
        self._thread.start()
        while not self._turns.wanted():
            assert self._thread.is_alive()

    def meets(self, action: Callable[[], object], child: subprocess.Popen[str]) -> list[BaseException]:
        """What ``action`` raises when it comes between two parts of the other program's import."""
        errors: list[BaseException] = []

        def act() -> None:
            try:
                action()
            except AetherError as error:
                errors.append(error)

        thread = threading.Thread(target=act)
        thread.start()
        while not self._turns.wanted():
            assert thread.is_alive()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("go on\n")
        child.stdin.flush()
        thread.join()
        assert child.stdout.readline() == "part\n"
        return errors

    def served(self) -> None:
        """The write is done; the import goes on."""
        assert self._thread is not None
        self._thread.join()
        assert f"guest {self._number}" in {wallet.name for wallet in self.storage.wallets.all()}


@pytest.fixture
def guest(sqlite_place: VaultPlace) -> Guest:
    return Guest(sqlite_place)


def visited(guest: Guest, parts: int, *, at_end: Callable[[], None] = lambda: None) -> Iterator[Sequence[Movement]]:
    """Chunks of 50 rows; the guest comes during each but the last."""
    for part in range(parts):
        if part:
            guest.served()
        if part < parts - 1:
            guest.knock()
        yield [incoming(number) for number in range(part * CHUNK + 1, (part + 1) * CHUNK + 1)]
    at_end()


def store(
    storage: SqlStorage, wallet_id: int, chunks: Iterator[Sequence[Movement]], token: CancelToken | None = None
) -> tuple[ImportBatch, ImportOutcome]:
    return storage.imports.store(new_batch(storage, wallet_id), chunks, [], token=token or CancelToken())


@pytest.fixture
def wallet_id(sqlite_storage: SqlStorage) -> int:
    wallet = samples.wallet(sqlite_storage)
    sqlite_storage.wallets.create(wallet)
    return wallet.id


class TestGivingWay:
    def test_one_batch_in_parts(self, sqlite_storage: SqlStorage, guest: Guest, wallet_id: int, tmp_path: Path) -> None:
        sqlite_storage.audit.sign_with(device())
        seen: list[ImportBatch] = []
        chunks = visited(guest, 4, at_end=lambda: seen.extend(guest.storage.imports.all()))
        batch, outcome = store(sqlite_storage, wallet_id, chunks)
        assert (outcome.new, batch.new, batch.status, batch.undone_at) == (200, 200, BatchStatus.STORED, None)
        assert guest.storage.imports.all() == [batch]
        assert [(each.unfinished, each.status, each.new) for each in seen] == [(True, BatchStatus.UNDONE, 150)]
        assert len(rows_of(guest.storage, wallet_id)) == 200
        told = [entry for entry in reversed(sqlite_storage.audit.recent(50)) if entry.action == "import.store"]
        assert [entry.rows for entry in told] == [50, 50, 50, 50]
        assert [json.loads(entry.detail).get("part") for entry in told] == [1, 2, 3, None]
        assert [json.loads(entry.detail)["touched"]["transactions"] for entry in told] == [[50, 0, 0, 0]] * 4
        assert verified(audit_of(sqlite_storage, tmp_path / "pins")).bad is None
        sqlite_storage.imports.undo(batch.id, samples.NOW)
        assert rows_of(guest.storage, wallet_id) == []

    def test_alone_it_is_one_transaction(self, sqlite_storage: SqlStorage, guest: Guest, wallet_id: int) -> None:
        def chunks() -> Iterator[Sequence[Movement]]:
            for part in range(3):
                assert guest.storage.imports.all() == []
                yield [incoming(part * CHUNK + number) for number in range(1, CHUNK + 1)]

        store(sqlite_storage, wallet_id, chunks())
        assert [entry.rows for entry in guest.storage.audit.recent(9) if entry.action == "import.store"] == [150]

    def test_inside_a_unit_of_work_it_stays_one(self, sqlite_storage: SqlStorage, guest: Guest, wallet_id: int) -> None:
        def chunks() -> Iterator[Sequence[Movement]]:
            guest.knock()
            for part in range(2):
                yield [incoming(part * CHUNK + number) for number in range(1, CHUNK + 1)]

        with sqlite_storage.unit_of_work():
            store(sqlite_storage, wallet_id, chunks())
            assert not [wallet for wallet in guest.storage.wallets.all() if wallet.name.startswith("guest")]
        guest.served()

    def test_the_same_file_again_brings_nothing(self, sqlite_storage: SqlStorage, guest: Guest, wallet_id: int) -> None:
        store(sqlite_storage, wallet_id, visited(guest, 3))
        outcome = store(sqlite_storage, wallet_id, visited(guest, 3))[1]
        assert (outcome.new, outcome.duplicates) == (0, 150)
        assert sqlite_storage.check() == []


class TestTakingBack:
    def test_what_is_cancelled_was_never_there(self, sqlite_storage: SqlStorage, guest: Guest, wallet_id: int) -> None:
        pending = incoming(3, status=TransactionStatus.PENDING)
        first, _ = bring(sqlite_storage, wallet_id, [pending])
        before = rows_of(sqlite_storage, wallet_id)
        token = CancelToken()
        with pytest.raises(OperationCancelled):
            store(sqlite_storage, wallet_id, visited(guest, 3, at_end=token.cancel), token)
        (kept,) = rows_of(guest.storage, wallet_id)
        assert (kept.id, kept.status) == (before[0].id, TransactionStatus.PENDING)
        assert guest.storage.imports.all() == [first]
        assert guest.storage.audit.recent(1)[0].action == "import.take_back"
        assert sqlite_storage.check() == []
        assert store(sqlite_storage, wallet_id, visited(guest, 3))[1].new == 149

    def test_a_row_that_cannot_be_stored_takes_all_back(
        self, sqlite_storage: SqlStorage, guest: Guest, wallet_id: int
    ) -> None:
        def chunks() -> Iterator[Sequence[Movement]]:
            yield from visited(guest, 3)
            yield [incoming(900, error="x" * 5000)]

        with pytest.raises(InvalidInputError):
            store(sqlite_storage, wallet_id, chunks())
        assert rows_of(guest.storage, wallet_id) == []
        assert guest.storage.imports.all() == []

    def test_own_words_on_a_part_wait_for_its_rows(
        self, sqlite_storage: SqlStorage, guest: Guest, wallet_id: int
    ) -> None:
        def chunks() -> Iterator[Sequence[Movement]]:
            yield from visited(guest, 2)
            row = rows_of(guest.storage, wallet_id)[0]
            words = Annotation(id=guest.storage.new_id(), table=TableName.TRANSACTIONS, row_id=row.id, label="Rent")
            guest.knock(lambda: guest.storage.annotations.put(words))
            yield [incoming(number) for number in range(801, 801 + CHUNK)]
            assert [words.label for words in guest.storage.annotations.all()] == ["Rent"]
            token.cancel()

        token = CancelToken()
        with pytest.raises(OperationCancelled):
            store(sqlite_storage, wallet_id, chunks(), token)
        assert list(guest.storage.annotations.all()) == []
        store(sqlite_storage, wallet_id, visited(guest, 2))
        assert [words.label for words in guest.storage.annotations.all()] == ["Rent"]

    def test_refused_rows_are_kept_with_the_batch(
        self, sqlite_storage: SqlStorage, guest: Guest, wallet_id: int
    ) -> None:
        refused = [Rejection(7, "no number")]
        batch, outcome = sqlite_storage.imports.store(
            new_batch(sqlite_storage, wallet_id), visited(guest, 2), refused, token=CancelToken(), good_only=True
        )
        assert outcome.kept
        assert guest.storage.imports.rejections(batch.id) == refused
        nothing = sqlite_storage.imports.store(
            new_batch(sqlite_storage, wallet_id), [], refused, token=CancelToken(), good_only=True
        )[1]
        assert not nothing.kept
        assert guest.storage.imports.all() == [batch]


@contextmanager
def half_way(place: VaultPlace, guest: Guest, wallet_id: int) -> Iterator[subprocess.Popen[str]]:
    """Another program that has stored one part of an import and is in the middle of the next."""
    command = [sys.executable, "-m", "tests.support.slow_importer", place.location, str(wallet_id), str(CHUNK)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        try:
            assert child.stdout.readline() == "open\n"
            guest.knock()
            guest.served()
            assert child.stdout.readline() == "part\n"
            yield child
        finally:
            child.kill()


class TestAnotherProgram:
    def test_what_it_left_when_it_was_killed_is_taken_back(
        self, sqlite_place: VaultPlace, guest: Guest, wallet_id: int
    ) -> None:
        with half_way(sqlite_place, guest, wallet_id) as child:
            assert len(rows_of(guest.storage, wallet_id)) == CHUNK
            assert guest.storage.imports.take_back_unfinished() == 0  # it is at work
            child.kill()
            child.wait()
        assert guest.storage.imports.take_back_unfinished() == 1
        assert rows_of(guest.storage, wallet_id) == []
        assert guest.storage.imports.all() == []
        assert guest.storage.check() == []

    def test_the_next_import_takes_it_back_first(self, sqlite_place: VaultPlace, guest: Guest, wallet_id: int) -> None:
        with half_way(sqlite_place, guest, wallet_id) as child:
            child.kill()
            child.wait()
        batch, outcome = bring(guest.storage, wallet_id, [incoming(number) for number in range(1, 11)])
        assert outcome.new == 10
        assert guest.storage.imports.all() == [batch]

    def test_what_would_meet_the_half_is_refused_meanwhile(
        self, sqlite_place: VaultPlace, guest: Guest, wallet_id: int
    ) -> None:
        earlier, _ = bring(guest.storage, wallet_id, [incoming(900)])
        (coin,) = [each for each in guest.storage.currencies.all() if each.symbol == "ETH"]
        with half_way(sqlite_place, guest, wallet_id) as child:
            refusals = guest.meets(lambda: guest.storage.imports.undo(earlier.id, samples.NOW), child)
            refusals += guest.meets(lambda: guest.storage.currencies.rescale(coin.id, 20), child)
            assert [type(error) for error in refusals] == [ImportUnderWayError] * 2
            assert child.stdin is not None
            child.stdin.close()
            outcome = bring(guest.storage, wallet_id, [incoming(number) for number in range(195, 205)])[1]
            assert (outcome.new, outcome.duplicates) == (4, 6)  # after all of the other's two hundred
            assert child.wait() == 0
        guest.storage.imports.undo(earlier.id, samples.NOW)
        assert len(rows_of(guest.storage, wallet_id)) == 204
