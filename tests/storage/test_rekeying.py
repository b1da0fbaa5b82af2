"""A vault file gets another key: in place, whole, never under somebody else's feet, also when it is killed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from aether_desktop.ports.errors import NotFoundError, OperationCancelled, StorageBusyError, WrongKeyError
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.rekeying import opens_with, rekey_vault
from aether_desktop.storage.sqlite import SqliteKit

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = b"\xaa" * 32, b"\xbb" * 32
_REKEY = """
import sys
from pathlib import Path
from aether_desktop.storage.rekeying import rekey_vault
path, present, following = Path(sys.argv[1]), *map(bytes.fromhex, sys.argv[2:])
print("begin", flush=True)
rekey_vault(path, present, following)
print("done", flush=True)
"""


def made(path: Path, rows: int) -> Path:
    path.touch()
    with closing(SqliteKit(path, OLD).connect()) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE rows (content BLOB)")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO rows VALUES (?)", [(os.urandom(1000),) for _ in range(rows)])
        connection.execute("COMMIT")
    return path


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    return made(tmp_path / "books.aether", 200)


def rows_under(path: Path, key: bytes) -> int:
    """Every page verified."""
    with closing(SqliteKit(path, key).connect()) as connection:
        assert connection.execute("PRAGMA cipher_integrity_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return int(connection.execute("SELECT count(*) FROM rows").fetchone()[0])


def test_the_new_key_opens_and_the_old_one_does_not(vault: Path) -> None:
    told: list[str] = []
    rekey_vault(vault, OLD, NEW, progress=lambda _done, _total, message="": told.append(message))
    assert (opens_with(vault, OLD), opens_with(vault, NEW)) == (False, True)
    assert rows_under(vault, NEW) == 200
    assert told == ["Encrypting the vault anew"]
    assert [path.name for path in vault.parent.iterdir()] == [vault.name]
    before = vault.read_bytes()
    rekey_vault(vault, OLD, NEW)  # done already
    assert vault.read_bytes() == before


def test_what_was_only_in_the_log_comes_along(vault: Path) -> None:
    with closing(SqliteKit(vault, OLD).connect()) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("INSERT INTO rows VALUES (x'00')")
        left = {path: path.read_bytes() for path in vault.parent.iterdir()}
    for path, content in left.items():  # as after a crash: the row is in the write-ahead log alone
        path.write_bytes(content)
    rekey_vault(vault, OLD, NEW)
    assert rows_under(vault, NEW) == 201


def test_a_file_that_is_open_keeps_its_key(vault: Path) -> None:
    with closing(SqliteKit(vault, OLD).connect()) as connection:
        with pytest.raises(StorageBusyError, match="open elsewhere"):
            rekey_vault(vault, OLD, NEW)
        assert connection.execute("SELECT count(*) FROM rows").fetchone()[0] == 200
    assert rows_under(vault, OLD) == 200


def test_what_cannot_begin_changes_nothing(vault: Path, tmp_path: Path) -> None:
    before = vault.read_bytes()
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelled):
        rekey_vault(vault, OLD, NEW, token=token)
    with pytest.raises(WrongKeyError):
        rekey_vault(vault, b"\xcc" * 32, NEW)
    with pytest.raises(NotFoundError):
        rekey_vault(tmp_path / "none.aether", OLD, NEW)
    assert vault.read_bytes() == before


def rekeyed_and_killed(vault: Path, times: int, seed: int) -> set[bool]:
    """Kill the work at random moments; one key opens, every page verifies. Returns whether a journal was left."""
    chance = random.Random(seed)
    present, following, longest = OLD, NEW, 0.6
    rows = rows_under(vault, present)
    left: set[bool] = set()
    for _ in range(times):
        command = [sys.executable, "-c", _REKEY, str(vault), present.hex(), following.hex()]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begin\n"
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, longest))
            process.kill()
        left.add(Path(f"{vault}-journal").exists())
        opened = [key for key in (OLD, NEW) if opens_with(vault, key)]
        assert len(opened) == 1
        (present,) = opened
        following = NEW if present == OLD else OLD
        assert rows_under(vault, present) == rows
    return left


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Path]:
    path = made(tmp_path / "large.aether", 20_000)
    yield path
    path.unlink()


def test_killed_a_few_times(large: Path) -> None:
    rekeyed_and_killed(large, 3, seed=3)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_killed_sixty_times(large: Path) -> None:
    assert True in rekeyed_and_killed(large, 60, seed=5)
