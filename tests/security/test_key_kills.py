"""Killed at every call that touches the disk or the keyring, a vault opens with the old secret or the new one."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from keyring.backends.SecretService import Keyring as SecretServiceKeyring

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.keyring_store import KeyringStore
from aether_desktop.security.vault_keys import FileVaultKeys
from tests.support.key_kills import KIT, NEW, OLD, SECOND, SECOND_ADDED, SECOND_NEW, keys_in, prepare

ROOT = Path(__file__).resolve().parents[2]
INFO = b"aether/1/test"
OPERATIONS = (
    "create",
    "convert",
    "change",
    "level",
    "factor",
    "kit",
    "remove",
    "compromise",
    "settle",
    "again",
    "forget",
)


class Killer:
    """A process that forks one victim after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.key_kills"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def kill(self, operation: str, folder: Path, point: int) -> bool:
        """Whether the victim died; False when it had finished before."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{operation}\t{folder}\t{point}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer in {"died", "finished"}, (operation, point, answer)
        return answer == "died"

    def close(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


@pytest.fixture
def killer() -> Iterator[Killer]:
    killer = Killer()
    yield killer
    killer.close()


def opened(folder: Path, *passwords: str) -> FileVaultKeys:
    """Unlocked with the first password that does it; never none."""
    for password in passwords:
        (folder / "books.aether.attempts").unlink(missing_ok=True)
        keys = keys_in(folder)
        factor = Factor.kit(password) if password == KIT else Factor.passphrase(password)
        with suppress(WrongFactorError):
            keys.unlock(factor)
            return keys
    pytest.fail(f"nothing opens {folder}")


def stepped(folder: Path, keys: FileVaultKeys, *factors: str) -> str:
    """The factor of level 2 that opens it; never none."""
    for factor in factors:
        (folder / "books.aether.attempts").unlink(missing_ok=True)
        with suppress(WrongFactorError):
            keys.step_up(Court.HOLY, Factor.kit(factor) if factor == KIT else Factor.passphrase(factor))
            return factor
    pytest.fail(f"nothing opens level 2 of {folder}")


def check(operation: str, folder: Path, before: FileVaultKeys | None) -> None:
    """The vault is as before or as after, whole."""
    if operation == "create":
        again = keys_in(folder)
        again.create(Factor.passphrase(NEW))  # goes on, or begins anew
        assert len(again.file_keys()) == 1
        opened(folder, NEW)
        return
    if operation == "convert":
        store = KeyringStore() if (folder / "keyring").exists() else KeyFileStore(folder / "device.key")
        if not keys_in(folder).exists():
            assert len(store.load(folder / "books.aether")) == 32
            return
        assert len(opened(folder, NEW).file_keys()) == 2
        return
    assert before is not None
    keys = opened(folder, NEW, OLD)
    assert keys.notice() is None  # the memory of the key file is never ahead of it
    if operation == "forget":
        check_forgotten(folder, keys)
    if operation == "level":
        if keys.describe()[1].exists:
            assert stepped(folder, keys, SECOND_NEW)
        return
    stepped(folder, keys, SECOND_NEW, SECOND, SECOND_ADDED)
    if operation == "kit" and keys.describe()[0].has_kit:
        stepped(folder, opened(folder, KIT), KIT)
    for level in (Court.OUTER, Court.HOLY):
        now = (keys.levels.derive(level, INFO), *keys.levels.derive_previous(level, INFO))
        assert before.levels.derive(level, INFO) in now  # what was sealed can still be opened
    old_keys = [bytes(key.data) for key in before.file_keys()]
    now_keys = [bytes(key.data) for key in keys.file_keys()]
    assert old_keys[-1] in now_keys
    if operation in {"compromise", "again"} and (folder / "keyring").exists():
        check_former(before, keys)
    if operation == "again":
        check_renewed(folder, keys)


def check_renewed(folder: Path, keys: FileVaultKeys) -> None:
    """Doing it once more clears up what the kill left beside the key file."""
    if len(keys.file_keys()) > 1:
        keys.settle_file_key()
    keys.compromise({Court.OUTER: Factor.passphrase(NEW), Court.HOLY: Factor.passphrase(SECOND_NEW)})
    beside = [path for path in folder.glob("device.key.*") if path.suffix not in {".vault", ".lock"}]
    assert len(beside) <= 2, beside  # the first, which may serve others, and the last


def check_former(before: FileVaultKeys, keys: FileVaultKeys) -> None:
    """The former device's key is in the keyring exactly as long as the vault opens with it."""
    here, there = (keys._opened_with[Court.OUTER].device for keys in (before, keys))
    assert here is not None
    assert there is not None
    kept = KeyringStore().load_tagged(here.tag.hex())
    assert (kept is None) == (here.tag != there.tag)


def check_forgotten(folder: Path, keys: FileVaultKeys) -> None:
    """What is left of a copy is still found, and goes the next time."""
    left = list(folder.glob("books.aether.before-*"))
    assert bool(left) == bool(keys.copies())
    keys.forget_copies(keys.copies())
    assert not list(folder.glob("books.aether.before-*"))


def opened_before(operation: str, folder: Path) -> FileVaultKeys | None:
    """What the operation is about to change, open; None where there is nothing yet."""
    if operation in {"create", "convert"}:
        return None
    before = opened(folder, OLD)
    if operation != "level":
        stepped(folder, before, SECOND)
    return before


def killed_at_every_step(
    operation: str, killer: Killer, folder: Path, *, keyring: bool = False, stride: int = 1
) -> int:
    """Returns the number of steps, or up to ``stride`` fewer."""
    own = keyring and operation in {"compromise", "again"}  # which take the device's key from all copies
    before = None
    for point in range(1, 100, stride):
        place, template = folder / f"{operation}-{point}", folder / (f"template-{point}" if own else "template")
        if not template.exists():
            prepare(template, operation, keyring=keyring)
            before = opened_before(operation, template)
        shutil.copytree(template, place)
        died = killer.kill(operation, place, point)
        check(operation, place, before)
        if not died:
            return point - 1
        shutil.rmtree(place)
    pytest.fail("it never finished")


@pytest.mark.parametrize(("operation", "stride"), [("change", 3), ("compromise", 7), ("convert", 4)])
def test_killed_at_some_steps(operation: str, stride: int, killer: Killer, tmp_path: Path) -> None:
    assert killed_at_every_step(operation, killer, tmp_path, stride=stride) >= 8


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_change_killed_at_every_step(operation: str, killer: Killer, tmp_path: Path) -> None:
    assert killed_at_every_step(operation, killer, tmp_path) >= 5


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_change_killed_at_every_step_with_the_keyring(
    operation: str, real_keyring: SecretServiceKeyring, tmp_path: Path
) -> None:
    killer = Killer()  # after the keyring's address is in the environment
    try:
        assert killed_at_every_step(operation, killer, tmp_path, keyring=True) >= 5
    finally:
        killer.close()


_LOOP = """
import sys, time
from pathlib import Path
from tests.support.key_kills import keys_in
from aether_desktop.domain.courts import Court
from aether_desktop.ports.vault_keys import Factor
folder, number = Path(sys.argv[1]), int(sys.argv[2])
keys = keys_in(folder)
keys.unlock(Factor.passphrase(f"password {number}"))
print("ready", flush=True)
while True:
    number += 1
    new = Factor.passphrase(f"password {number}")
    if number % 3:
        keys.set_factor(Court.OUTER, new)
    else:
        keys.compromise({Court.OUTER: new})
        keys.settle_file_key()
    print(number, flush=True)
"""


def killed_at_random(folder: Path, times: int, seed: int) -> None:
    """Change the password again and again; kill at a random moment; it opens with the last one or the next."""
    chance = random.Random(seed)
    folder.mkdir()
    keys_in(folder).create(Factor.passphrase("password 0"))
    number = 0
    for _ in range(times):
        process = subprocess.Popen(
            [sys.executable, "-c", _LOOP, str(folder), str(number)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            said = [int(process.stdout.readline()) for _ in range(chance.choice((0, 0, 1, 2)))]
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, 0.5))
            process.kill()
            said += [int(line) for line in process.stdout.read().split()]
        number = said[-1] if said else number
        (folder / "books.aether.attempts").unlink(missing_ok=True)
        keys = keys_in(folder)
        try:
            keys.unlock(Factor.passphrase(f"password {number}"))
        except WrongFactorError:
            number += 1
            keys.unlock(Factor.passphrase(f"password {number}"))
        if len(keys.file_keys()) > 1:
            keys.settle_file_key()
    assert number > times // 8
    for left in folder.glob(".*.new"):
        os.unlink(left)  # noqa: PTH108 - what a killed write leaves beside holds no name that is read
    opened(folder, f"password {number}")


def test_killed_at_random_a_few_times(tmp_path: Path) -> None:
    killed_at_random(tmp_path / "vault", 4, seed=20261123)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_killed_at_random_200_times(tmp_path: Path) -> None:
    killed_at_random(tmp_path / "vault", 200, seed=144)
