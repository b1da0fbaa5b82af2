"""Does one change of a vault's keys and dies at a chosen call that touches the disk or the keyring.

Run as a program it is a server: a line ``operation folder point`` on standard input forks a process that dies before
its ``point``-th such call; the answer is ``died`` or ``finished``. One process, one thread: forking is safe. What the
victims of an operation stretch is stretched beforehand, in a rehearsal over a copy of the folder.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from aether_desktop.domain.courts import Court
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.security import keyring_store
from aether_desktop.security.device_keys import KeyFileDevices, KeyringDevices
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.keyring_store import KeyringStore
from aether_desktop.security.pin_stores import FilePinStore, KeyringPinStore
from aether_desktop.security.vault_keys import FileVaultKeys
from tests.support import remembered_argon2

OLD, NEW = "old password", "new password"
SECOND, SECOND_NEW, SECOND_ADDED = "second factor", "second factor anew", "second factor added"
KIT: Final = "legal winner thank year wave sausage worth useful " * 2 + (
    "legal winner thank year wave sausage worth title"
)
_DIED: Final = 77


def keys_in(folder: Path) -> FileVaultKeys:
    """The keys of the vault in a folder; its device key is in a key file, or in the keyring where ``keyring`` lies."""
    vault = folder / "books.aether"
    if (folder / "keyring").exists():
        return FileVaultKeys(vault, KeyringDevices(), pins=KeyringPinStore())
    return FileVaultKeys(vault, KeyFileDevices(folder / "device.key"), pins=FilePinStore(folder))


def prepare(folder: Path, operation: str, *, keyring: bool) -> None:
    """What there is before the operation."""
    folder.mkdir(parents=True)
    if keyring:
        (folder / "keyring").touch()
    vault = folder / "books.aether"
    if operation == "convert":
        (KeyringStore() if keyring else KeyFileStore(folder / "device.key")).create(vault)
    if operation in {"convert", "create"}:
        return
    keys = keys_in(folder)
    keys.create(Factor.passphrase(OLD))
    if operation != "level":
        keys.set_factor(Court.HOLY, Factor.passphrase(SECOND))
    if operation == "remove":
        keys.add_factor(Court.HOLY, Factor.passphrase(SECOND_ADDED))
    for _ in range({"settle": 1, "again": 1 if keyring else 3}.get(operation, 0)):
        keys.compromise({Court.OUTER: Factor.passphrase(OLD), Court.HOLY: Factor.passphrase(SECOND)})
        if operation == "again":
            keys.settle_file_key()
    if operation == "forget":
        for ending in ("", ".keys", ".keys.1"):
            (folder / f"books.aether.before-0001{ending}").write_text("{}")


def change(keys: FileVaultKeys, operation: str) -> Callable[[], None]:
    """The operation, ready to be done: everything is unlocked."""
    new, second = Factor.passphrase(NEW), Factor.passphrase(SECOND_NEW)
    if operation == "create":
        return lambda: keys.create(new)
    if operation == "convert":
        return lambda: keys.convert(new)
    keys.unlock(Factor.passphrase(OLD))
    if operation not in {"change", "settle", "level"}:
        keys.step_up(Court.HOLY, Factor.passphrase(SECOND))
    kit = replace(keys.new_kit("Books"), words=tuple(KIT.split()))
    operations: dict[str, Callable[[], None]] = {
        "change": lambda: keys.set_factor(Court.OUTER, new),
        "settle": keys.settle_file_key,
        "level": lambda: keys.set_factor(Court.HOLY, second),
        "factor": lambda: keys.set_factor(Court.HOLY, second),
        "remove": lambda: keys.remove_slot(keys.describe()[1].slots[0].slot_id),
        "kit": lambda: keys.keep_kit(kit),
        "forget": lambda: keys.forget_copies(keys.copies()),
        "again": lambda: keys.compromise({Court.OUTER: new, Court.HOLY: second}),
        "compromise": lambda: keys.compromise({Court.OUTER: new, Court.HOLY: second}),
    }
    return operations[operation]


def arm(point: int) -> None:
    """Die before the ``point``-th call, counted from 1."""
    count = itertools.count(1)

    def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if next(count) == point:
                os._exit(_DIED)
            return real(*arguments, **named)

        return call

    for name in ("open", "fdopen", "fsync", "link", "replace", "rename", "unlink"):
        setattr(os, name, deadly(getattr(os, name)))
    keyring_store._call = deadly(keyring_store._call)


def _run(operation: str, folder: Path, point: int) -> None:
    work = change(keys_in(folder), operation)
    arm(point)
    work()


def _rehearse(operation: str, folder: Path) -> None:
    """Not with the keyring, of which there is no copy."""
    if (folder / "keyring").exists():
        return
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / folder.name
        shutil.copytree(folder, copy)
        change(keys_in(copy), operation)()


def serve() -> None:
    """See above."""
    salts, rehearsed = remembered_argon2.install(), ""
    for line in sys.stdin:
        operation, folder, point = line.split("\t")
        if operation != rehearsed:
            salts.restart()
            _rehearse(operation, Path(folder))
            rehearsed = operation
        salts.restart()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _run(operation, Path(folder), int(point))
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        answers = {0: "finished", _DIED: "died"}
        sys.stdout.write(answers.get(os.waitstatus_to_exitcode(status), "failed") + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
