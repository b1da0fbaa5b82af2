"""Backing up and restoring: online, encrypted, proven; nothing half-made, nothing lost."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from aether_desktop.ports.errors import (
    AlreadyExistsError,
    DamagedVaultError,
    NotAVaultError,
    OperationCancelled,
    StorageBusyError,
    StorageError,
    StorageUnavailableError,
    WrongKeyError,
)
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage import backup
from aether_desktop.storage.sql_storage import SqlStorage, create_vault, open_vault
from aether_desktop.storage.sqlite import PAGE_BYTES
from tests.storage import ledger, samples
from tests.support.hostile_folders import error_of
from tests.support.storages import KEY, VaultPlace

OTHER_KEY = bytes(32)


@pytest.fixture
def storage(sqlite_storage: SqlStorage) -> SqlStorage:
    """A vault with a small ledger."""
    ledger.store_ledger(sqlite_storage)
    return sqlite_storage


@pytest.fixture
def path(storage: SqlStorage) -> Path:
    return Path(storage.info.location)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "usb stick"
    folder.mkdir()
    return folder / "copy.aether"


def names(path: Path) -> list[str]:
    with closing(open_vault(path, KEY)) as opened:
        return [wallet.name for wallet in opened.wallets.all()]


def flip(path: Path, offset: int) -> None:
    """Change one bit of a closed file."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def listing(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


class TestBackingUp:
    def test_the_copy_is_complete_private_and_encrypted(self, storage: SqlStorage, target: Path) -> None:
        storage.backup(target)
        assert listing(target.parent) == [target.name]
        assert target.stat().st_mode & 0o777 == 0o600
        assert b"SQLite format 3" not in target.read_bytes()
        assert b"Treasury" not in target.read_bytes()
        with closing(open_vault(target, KEY)) as copy:
            assert copy.wallets.all() == storage.wallets.all()
            assert copy.transactions.balances() == storage.transactions.balances()
            assert copy.info.vault_id == storage.info.vault_id
            assert copy.check() == []
        with pytest.raises(WrongKeyError):
            open_vault(target, OTHER_KEY)

    def test_it_is_made_while_others_write(self, storage: SqlStorage, target: Path) -> None:
        stop = threading.Event()
        written: list[str] = []

        def write() -> None:
            while not stop.is_set():
                name = f"wallet {len(written)}"
                storage.wallets.create(
                    samples.wallet(storage, name=name, address=samples.evm_address(500 + len(written)))
                )
                written.append(name)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for turn in range(3):
                known = list(written)
                copy = target.with_name(f"{turn}.aether")
                storage.backup(copy)
                assert set(known) <= set(names(copy))
        finally:
            stop.set()
            writer.join()
        assert len(storage.wallets.all()) == len(written) + 2

    def test_progress_is_told(self, storage: SqlStorage, target: Path) -> None:
        told: list[tuple[int, int | None, str]] = []

        def listen(done: int, total: int | None, message: str = "") -> None:
            told.append((done, total, message))

        storage.backup(target, progress=listen)
        copying = [entry for entry in told if entry[2] == "Copying the vault"]
        assert copying[-1][0] == copying[-1][1]
        assert told[-1][2] == "Checking the copy"

    def test_the_companion_file_goes_along(self, storage: SqlStorage, path: Path, target: Path) -> None:
        keys = path.with_name(path.name + ".keys")
        keys.write_text(json.dumps({"format": 1}))
        storage.backup(target)
        copied = target.with_name(target.name + ".keys")
        assert copied.read_bytes() == keys.read_bytes()
        assert copied.stat().st_mode & 0o777 == 0o600

    def test_a_file_that_is_there_is_refused_and_kept(self, storage: SqlStorage, path: Path, target: Path) -> None:
        target.write_text("mine")
        with pytest.raises(AlreadyExistsError):
            storage.backup(target)
        assert target.read_text() == "mine"
        with pytest.raises(AlreadyExistsError):
            storage.backup(path)
        assert names(path) == ["Savings Öl", "Treasury"]

    def test_cancelling_leaves_nothing(self, storage: SqlStorage, target: Path) -> None:
        token = CancelToken()

        def cancel(done: int, total: int | None, message: str = "") -> None:
            token.cancel()

        with pytest.raises(OperationCancelled):
            storage.backup(target, progress=cancel, token=token)
        assert listing(target.parent) == []

    def test_a_folder_that_is_not_there_is_named(self, storage: SqlStorage, tmp_path: Path) -> None:
        with pytest.raises(StorageUnavailableError, match="does not exist"):
            storage.backup(tmp_path / "none" / "copy.aether")

    def test_a_damaged_vault_is_not_passed_off_as_a_good_copy(
        self, storage: SqlStorage, path: Path, target: Path
    ) -> None:
        storage.close()
        flip(path, path.stat().st_size - PAGE_BYTES + 100)
        with closing(open_vault(path, KEY)) as damaged:
            with pytest.raises(DamagedVaultError):
                damaged.backup(target)
            assert damaged.check() != []
        assert listing(target.parent) == []

    def test_a_shared_database_names_its_administrator_s_command(self, place: VaultPlace, tmp_path: Path) -> None:
        if place.engine == "sqlite":
            pytest.skip("the embedded vault has its own back-up")
        with pytest.raises(StorageError, match="pg_dump") as refused:
            place.open().backup(tmp_path / "copy.aether")
        assert "@127.0.0.1" in str(refused.value)
        password = place.location.split(":")[2].split("@")[0]
        assert password not in str(refused.value)


class TestHostileDisks:
    @pytest.fixture
    def folder(self, target: Path) -> Path:
        return target.parent

    def test_a_read_only_folder(self, storage: SqlStorage, path: Path, folder: Path) -> None:
        code = (
            "from aether_desktop.storage.sql_storage import open_vault\n"
            f"storage = open_vault(Path({str(path)!r}), bytes(range(32)))\n"
            "try:\n    storage.backup(folder / 'copy.aether')\nfinally:\n    storage.close()"
        )
        name, message = error_of(code, folder)
        assert name == "ReadOnlyError"
        assert str(folder) in message
        assert "Choose a folder" in message

    def test_a_full_disk_leaves_no_partial_copy(self, storage: SqlStorage, path: Path, folder: Path) -> None:
        with storage.unit_of_work():
            for number in range(4):
                storage.contracts.create(
                    samples.contract(
                        storage,
                        name=f"large {number}",
                        address=samples.evm_address(900 + number),
                        artifact={"source": "x" * 500_000},
                    )
                )
        code = (
            "from aether_desktop.storage.sql_storage import open_vault\n"
            f"storage = open_vault(Path({str(path)!r}), bytes(range(32)))\n"
            "try:\n    storage.backup(folder / 'copy.aether')\nfinally:\n    storage.close()"
        )
        name, message = error_of(code, folder, full=True)
        assert name == "DiskFullError"
        assert "Free some space" in message

    def test_a_vault_in_a_read_only_folder_says_so(self, storage: SqlStorage, path: Path, folder: Path) -> None:
        storage.backup(folder / "copy.aether")
        code = (
            "from aether_desktop.storage.sql_storage import open_vault\n"
            "open_vault(folder / 'copy.aether', bytes(range(32)))"
        )
        name, message = error_of(code, folder)
        assert name == "ReadOnlyError"
        assert "copy the vault to a folder of your own" in message

    def test_a_full_disk_undoes_the_write_and_keeps_what_was_stored(
        self, storage: SqlStorage, path: Path, folder: Path
    ) -> None:
        storage.backup(folder / "copy.aether")
        code = (
            "from aether_desktop.storage.sql_storage import open_vault\n"
            "from tests.storage import samples\n"
            "storage = open_vault(folder / 'copy.aether', bytes(range(32)))\n"
            "try:\n"
            "    storage.contracts.create(samples.contract(storage, artifact={'source': 'x' * 3_000_000}))\n"
            "finally:\n"
            "    assert len(storage.wallets.all()) == 2\n"
            "    assert storage.check() == []\n"
            "    storage.close()"
        )
        name, message = error_of(code, folder, full=True)
        assert name == "DiskFullError"
        assert "not stored" in message

    def test_creating_in_a_read_only_folder(self, folder: Path) -> None:
        code = (
            "from aether_desktop.storage.sql_storage import create_vault\n"
            "create_vault(folder / 'new.aether', bytes(range(32)), name='N', username='u')"
        )
        assert error_of(code, folder)[0] == "ReadOnlyError"

    def test_creating_on_a_full_disk_leaves_no_file(self, folder: Path) -> None:
        (folder / "ballast").write_bytes(bytes(1_900_000))
        code = (
            "from aether_desktop.storage.sql_storage import create_vault\n"
            "try:\n"
            "    create_vault(folder / 'new.aether', bytes(range(32)), name='N', username='u')\n"
            "finally:\n"
            "    assert [path.name for path in folder.iterdir()] == ['ballast']"
        )
        assert error_of(code, folder, full=True)[0] == "DiskFullError"


class TestRestoring:
    @pytest.fixture
    def copy(self, storage: SqlStorage, target: Path) -> Path:
        """A back-up of the vault, which is closed."""
        storage.backup(target)
        storage.close()
        return target

    def test_into_a_new_file(self, copy: Path, tmp_path: Path) -> None:
        copy.with_name(copy.name + ".keys").write_text("{}")
        restored = tmp_path / "restored.aether"
        assert backup.restore(copy, restored, KEY) is None
        assert names(restored) == ["Savings Öl", "Treasury"]
        assert restored.stat().st_mode & 0o777 == 0o600
        assert restored.with_name(restored.name + ".keys").read_text() == "{}"

    def test_over_a_vault_only_when_told_and_then_that_is_kept(self, copy: Path, path: Path) -> None:
        with closing(open_vault(path, KEY)) as later:
            later.wallets.create(samples.wallet(later, name="Newer", address=samples.evm_address(44)))
        with pytest.raises(AlreadyExistsError):
            backup.restore(copy, path, KEY)
        kept = backup.restore(copy, path, KEY, replace=True)
        assert kept == path.with_name(path.name + ".previous")
        assert names(path) == ["Savings Öl", "Treasury"]
        assert names(kept) == ["Newer", "Savings Öl", "Treasury"]
        again = backup.restore(copy, path, KEY, replace=True)
        assert again == path.with_name(path.name + ".previous-2")
        assert names(kept) == ["Newer", "Savings Öl", "Treasury"]

    def test_never_over_an_open_vault(self, copy: Path, path: Path) -> None:
        before = listing(path.parent)
        with closing(open_vault(path, KEY)) as opened, pytest.raises(StorageBusyError, match="is open"):
            try:
                backup.restore(copy, path, KEY, replace=True)
            finally:
                assert len(opened.wallets.all()) == 2
        assert listing(path.parent) == before
        assert names(path) == ["Savings Öl", "Treasury"]

    def test_a_damaged_vault_may_be_replaced(self, copy: Path, path: Path) -> None:
        path.write_bytes(b"\x00" * 3000)
        kept = backup.restore(copy, path, KEY, replace=True)
        assert names(path) == ["Savings Öl", "Treasury"]
        assert kept is not None
        assert kept.read_bytes() == b"\x00" * 3000

    def test_a_damaged_vault_that_may_be_open_is_not_replaced(self, copy: Path, path: Path) -> None:
        path.write_bytes(b"\x00" * 3000)
        path.with_name(path.name + "-wal").write_bytes(b"x")
        with pytest.raises(StorageBusyError):
            backup.restore(copy, path, KEY, replace=True)

    @pytest.mark.parametrize("offset", [0.02, 0.5, 0.99])
    def test_a_damaged_back_up_is_refused_and_the_vault_stays(self, copy: Path, path: Path, offset: float) -> None:
        flip(copy, int(copy.stat().st_size * offset))
        before = listing(path.parent)
        with pytest.raises((DamagedVaultError, WrongKeyError)):
            backup.restore(copy, path, KEY, replace=True)
        assert listing(path.parent) == before
        assert names(path) == ["Savings Öl", "Treasury"]

    def test_a_truncated_back_up_is_refused(self, copy: Path, tmp_path: Path) -> None:
        whole = copy.read_bytes()
        for size in (0, 100, PAGE_BYTES * 7, PAGE_BYTES * 7 + 1, len(whole) - PAGE_BYTES, len(whole) - 1):
            copy.write_bytes(whole[:size])
            with pytest.raises((DamagedVaultError, NotAVaultError)):
                backup.restore(copy, tmp_path / "restored.aether", KEY)
            assert not (tmp_path / "restored.aether").exists()

    def test_a_wrong_key_is_refused(self, copy: Path, tmp_path: Path) -> None:
        with pytest.raises(WrongKeyError):
            backup.restore(copy, tmp_path / "restored.aether", OTHER_KEY)
        assert listing(tmp_path / "usb stick") == [copy.name]

    def test_onto_itself_is_refused(self, copy: Path) -> None:
        with pytest.raises(AlreadyExistsError):
            backup.restore(copy, copy, KEY, replace=True)

    def test_from_a_read_only_folder(self, copy: Path, tmp_path: Path) -> None:
        code = (
            "from aether_desktop.storage import backup\n"
            f"backup.restore(folder / {copy.name!r}, Path({str(tmp_path / 'restored.aether')!r}), bytes(range(32)))"
        )
        assert error_of(code, copy.parent) == ("", "")
        assert names(tmp_path / "restored.aether") == ["Savings Öl", "Treasury"]


class TestChecking:
    def test_a_good_vault_has_no_problems(self, place: VaultPlace) -> None:
        storage = place.open()
        ledger.store_ledger(storage)
        assert storage.check() == []

    def test_a_figure_that_disagrees_with_its_units_is_found(self, place: VaultPlace) -> None:
        storage = place.open()
        ids = ledger.store_ledger(storage)
        with storage._database.write(action="x", table="y") as unit:
            unit.connection.execute(
                text("UPDATE transactions SET amount_rank = :rank WHERE id = :id"),
                {"rank": b"\x80\x10", "id": ids["gift"]},
            )
        assert storage.check() == [
            f"Row {ids['gift']} of transactions: the figure of its amount is not that of its base units."
        ]

    def test_a_flipped_bit_is_found(self, storage: SqlStorage, path: Path) -> None:
        storage.close()
        flip(path, path.stat().st_size - PAGE_BYTES + 100)
        with closing(open_vault(path, KEY)) as damaged:
            problems = damaged.check()
        assert problems
        assert all(isinstance(problem, str) for problem in problems)

    def test_a_row_that_refers_to_nothing_is_found(self, storage: SqlStorage) -> None:
        kit = storage._vault.kit
        with closing(kit.connect()) as connection:  # type: ignore[attr-defined] # SqliteKit's
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("DELETE FROM wallets WHERE name = 'Savings Öl'")
        problems = storage.check()
        assert problems
        assert "refers to a row of wallets that is not there" in problems[0]

    def test_checking_can_be_cancelled(self, place: VaultPlace) -> None:
        token = CancelToken()
        token.cancel()
        with pytest.raises(OperationCancelled):
            place.open().check(token=token)


def test_the_sample_vault_is_backed_up_plain(tmp_path: Path) -> None:
    with closing(create_vault(tmp_path / "sample.aether", None, name="S", username="u", sample=True)) as storage:
        storage.backup(tmp_path / "copy.aether")
    with closing(open_vault(tmp_path / "copy.aether", None, sample=True)) as copy:
        assert copy.info.encrypted is False
        assert copy.check() == []
