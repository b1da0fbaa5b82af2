"""Two programs change the keys of one vault at once: none is lost, and the vault opens with what was said last."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import KeysDamagedError, WrongFactorError
from aether_desktop.ports.errors import AlreadyExistsError, KeyStoreError
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.security.device_keys import KeyFileDevices
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.one_at_a_time import BusyElsewhereError, one_at_a_time
from aether_desktop.security.passwords import STANDARD, stretch
from aether_desktop.security.vault_keys import FileVaultKeys
from aether_desktop.services.vault_access import VaultAccess

PASSWORD = "correct horse"
HOLDER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from aether_desktop.security.one_at_a_time import one_at_a_time
    with one_at_a_time(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.read()
    """
)


def keys_of(folder: Path, name: str = "books.aether") -> FileVaultKeys:
    return FileVaultKeys(folder / name, KeyFileDevices(folder / "device.key"))


def opened(folder: Path, name: str = "books.aether") -> FileVaultKeys:
    keys = keys_of(folder, name)
    keys.unlock(Factor.passphrase(PASSWORD))
    return keys


def test_another_process_is_waited_for_and_its_end_however_it_comes_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "books.aether.keys"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(KeyStoreError, match="Another program is changing"), one_at_a_time(path, longest=0.1):
            pass
        holder.kill()
    with one_at_a_time(path, longest=0.1):
        assert path.with_name(".books.aether.keys.lock").stat().st_mode & 0o077 == 0


def test_who_waits_gets_it_as_soon_as_it_is_let_go(tmp_path: Path) -> None:
    path, got = tmp_path / "file", threading.Event()

    def wait() -> None:
        with one_at_a_time(path):
            got.set()

    thread = threading.Thread(target=wait)
    with one_at_a_time(path):
        thread.start()
        assert not got.wait(0.1)
    assert got.wait(10)
    thread.join()


def test_who_gave_up_does_not_keep_it_later(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with one_at_a_time(path):
        for _ in range(3):
            with pytest.raises(BusyElsewhereError), one_at_a_time(path, longest=0.01):
                pass
        waiting = [thread for thread in threading.enumerate() if thread.name == "waiting for a lock"]
        assert len(waiting) == 3
    for thread in waiting:
        thread.join(10)
    with one_at_a_time(path, longest=10):
        assert not [thread for thread in waiting if thread.is_alive()]


def test_of_two_new_passwords_at_the_same_moment_one_is_refused(tmp_path: Path) -> None:
    keys_of(tmp_path).create(Factor.passphrase(PASSWORD))
    programs = [VaultAccess(keys_of(tmp_path)) for _ in range(2)]
    for program in programs:
        program.unlock(Factor.passphrase(PASSWORD))
    together = threading.Barrier(2)
    proven = programs[0]._keys.verify, programs[1]._keys.verify
    said: dict[str, str] = {}

    def change(number: int) -> None:
        def verify(level: Court, factor: Factor) -> None:
            proven[number](level, factor)
            together.wait()  # both have proven the same old password now

        programs[number]._keys.verify = verify  # type: ignore[method-assign]
        new = f"fresh words number {number}"
        try:
            programs[number].change_password(Factor.passphrase(PASSWORD), Factor.passphrase(new))
            said[new] = ""
        except WrongFactorError as error:
            said[new] = str(error)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [new for new, error in said.items() if not error]
    (lost,) = [new for new, error in said.items() if error]
    assert "changed meanwhile" in said[lost]
    assert "Nothing was changed" in said[lost]
    keys_of(tmp_path).unlock(Factor.passphrase(won))
    for gone in (lost, PASSWORD):
        with pytest.raises(WrongFactorError):
            keys_of(tmp_path).unlock(Factor.passphrase(gone))


def test_whoever_opened_it_with_what_was_replaced_since_changes_nothing(tmp_path: Path) -> None:
    keys_of(tmp_path).create(Factor.passphrase(PASSWORD))
    owner, other = opened(tmp_path), opened(tmp_path)
    owner.set_factor(Court.OUTER, Factor.passphrase("fresh words here"))
    before = (tmp_path / "books.aether.keys").read_bytes()
    slot = other.describe()[0].slots[0]
    changes: tuple[Callable[[], object], ...] = (
        lambda: other.set_factor(Court.OUTER, Factor.passphrase("somebody else's")),
        lambda: other.add_factor(Court.OUTER, Factor.passphrase("somebody else's")),
        lambda: other.set_factor(Court.HOLY, Factor.passphrase("somebody else's")),
        lambda: other.keep_kit(other.new_kit("Books")),
        lambda: other.remove_slot(slot.slot_id),
        lambda: other.compromise({Court.OUTER: Factor.passphrase("somebody else's")}),
    )
    for change in changes:
        with pytest.raises(WrongFactorError, match="password was changed meanwhile"):
            change()
    assert (tmp_path / "books.aether.keys").read_bytes() == before
    owner.set_factor(Court.OUTER, Factor.passphrase("fresh words again"))  # one's own changes go on
    owner.keep_kit(owner.new_kit("Books"))
    owner.keep_kit(owner.new_kit("Books"))


def test_the_factor_of_a_level_that_was_replaced_is_not_replaced_again(tmp_path: Path) -> None:
    made = keys_of(tmp_path)
    made.create(Factor.passphrase(PASSWORD))
    made.set_factor(Court.HOLY, Factor.passphrase("battery staple"))
    programs = [opened(tmp_path), opened(tmp_path)]
    for program in programs:
        program.step_up(Court.HOLY, Factor.passphrase("battery staple"))
    programs[0].set_factor(Court.HOLY, Factor.passphrase("fresh words here"))
    with pytest.raises(WrongFactorError, match="factor of level 2 was changed meanwhile"):
        programs[1].set_factor(Court.HOLY, Factor.passphrase("somebody else's"))
    programs[1].lock(Court.HOLY)
    programs[1].step_up(Court.HOLY, Factor.passphrase("fresh words here"))
    programs[1].set_factor(Court.HOLY, Factor.passphrase("fresh words again"))


def test_a_program_that_opened_the_former_keys_overwrites_nothing_after_compromised(tmp_path: Path) -> None:
    keys_of(tmp_path).create(Factor.passphrase(PASSWORD))
    first, second = opened(tmp_path), opened(tmp_path)
    first.compromise({Court.OUTER: Factor.passphrase("fresh words here")})
    before = (tmp_path / "books.aether.keys").read_bytes()
    with pytest.raises(KeysDamagedError, match="another program made new ones"):
        second.set_factor(Court.OUTER, Factor.passphrase("somebody else's"))
    assert (tmp_path / "books.aether.keys").read_bytes() == before
    again = keys_of(tmp_path)
    again.unlock(Factor.passphrase("fresh words here"))
    assert [bytes(key.data) for key in again.file_keys()] == [bytes(key.data) for key in first.file_keys()]


def test_changes_at_the_same_moment_all_stay(tmp_path: Path) -> None:
    keys_of(tmp_path).create(Factor.passphrase(PASSWORD))
    programs = [opened(tmp_path) for _ in range(4)]
    together = threading.Barrier(len(programs))

    def change(number: int) -> None:
        together.wait()
        programs[number].add_factor(Court.OUTER, Factor.passphrase(f"password number {number}"), label=str(number))

    threads = [threading.Thread(target=change, args=(number,)) for number in range(len(programs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    labels = [slot.label for slot in keys_of(tmp_path).describe()[0].slots]
    assert sorted(labels) == ["", "0", "1", "2", "3"]


def test_a_vault_of_the_old_kind_is_converted_once(tmp_path: Path) -> None:
    KeyFileStore(tmp_path / "device.key").create(tmp_path / "books.aether")
    programs = [keys_of(tmp_path), keys_of(tmp_path)]
    together = threading.Barrier(2)
    said: list[str] = []

    def convert(number: int) -> None:
        together.wait()
        try:
            programs[number].convert(Factor.passphrase(f"password number {number}"))
            said.append(f"password number {number}")
        except AlreadyExistsError:
            said.append("")

    threads = [threading.Thread(target=convert, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = filter(None, said)
    assert len(said) == 2
    keys_of(tmp_path).unlock(Factor.passphrase(won))


def test_two_vaults_of_one_key_file_are_compromised_at_once(tmp_path: Path) -> None:
    names = ["one.aether", "two.aether"]
    for name in names:
        keys_of(tmp_path, name).create(Factor.passphrase(PASSWORD))
    programs = [opened(tmp_path, name) for name in names]
    together = threading.Barrier(2)

    def compromise(number: int) -> None:
        together.wait()
        programs[number].compromise({Court.OUTER: Factor.passphrase("fresh words here")})

    threads = [threading.Thread(target=compromise, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in names:
        keys_of(tmp_path, name).unlock(Factor.passphrase("fresh words here"))


def test_two_derivations_at_once_both_end() -> None:
    together = threading.Barrier(3)
    found: list[bytes] = []

    def derive() -> None:
        together.wait()
        with stretch(bytearray(b"correct horse"), salt=bytes(16), cost=STANDARD) as key:
            found.append(bytes(key.data))

    threads = [threading.Thread(target=derive, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(found) == 3
    assert len(set(found)) == 1
