"""Copies of a vault: made online by SQLite's backup interface, encrypted with the same key, proven before they count.

A copy is written under a passing name beside its place, flushed to the disk, opened and checked, then renamed. The
key file NAME.aether.keys travels along.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlcipher3.dbapi2 as sqlcipher

from aether_desktop.ports.errors import (
    AlreadyExistsError,
    DamagedVaultError,
    NotAVaultError,
    StorageBusyError,
    StorageError,
)
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.failures import translated
from aether_desktop.storage.sqlite import SqliteKit, open_sqlite
from aether_desktop.storage.vault_files import keys_beside, passing_file, take_name

_PAGES_AT_ONCE: Final = 2048  # 8 MiB between two looks at the cancel token
_COPYING: Final = "Copying the vault"
_PROVING: Final = "Checking the copy"


def back_up(
    kit: SqliteKit,
    target: Path,
    *,
    replace: bool = False,
    progress: Progress = silent,
    token: CancelToken | None = None,
) -> None:
    """A proven copy of the open vault at ``target``; an existing file only with ``replace``.

    Raises AlreadyExistsError, ReadOnlyError, DiskFullError, DamagedVaultError, OperationCancelled; a partial copy is
    removed.
    """
    if not replace and target.exists():
        raise AlreadyExistsError(f"{target} is already there.", field="path", hint="Choose another name.")
    if target.exists() and target.samefile(kit.path):
        raise AlreadyExistsError("A vault cannot be copied onto itself.", field="path", hint="Choose another name.")
    with passing_file(target) as passing:
        _copy(kit, passing, progress=progress, token=token or CancelToken())
        _put_keys(keys_beside(kit.path), keys_beside(target))
        take_name(passing, target, replace=replace)


def restore(
    source: Path,
    target: Path,
    key: bytes,
    *,
    replace: bool = False,
    progress: Progress = silent,
    token: CancelToken | None = None,
) -> Path | None:
    """A proven copy of a back-up at ``target``. With ``replace`` a vault there is kept as ``.previous``, and returned.

    Raises AlreadyExistsError without ``replace``, StorageBusyError while the vault there is open, WrongKeyError,
    NotAVaultError, DamagedVaultError, ReadOnlyError, DiskFullError, OperationCancelled. Then nothing has changed.
    """
    exists = target.exists()
    if exists and not replace:
        raise AlreadyExistsError(f"{target} is already there.", field="path", hint="Choose another name.")
    if exists and target.samefile(source):
        raise AlreadyExistsError("A back-up cannot be restored onto itself.", field="path", hint="Choose another name.")
    kit = open_sqlite(source, key, read_only=True)
    try:
        with passing_file(target) as passing:
            _copy(kit, passing, progress=progress, token=token or CancelToken())
            kept = _set_aside(target, key) if exists else None
            _put_keys(keys_beside(source), keys_beside(target))
            take_name(passing, target, replace=False)
    finally:
        kit.dispose()
    return kept


def prove(kit: SqliteKit, path: Path, *, token: CancelToken) -> Mapping[str, int]:
    """Open a copy with the vault's key, verify every page and return its row counts.

    Raises WrongKeyError, NotAVaultError, DamagedVaultError, OperationCancelled.
    """
    with contextlib.closing(kit.connect(path)) as copy, translated(where=str(path), token=token):
        problems = integrity_problems(copy, encrypted=kit.encrypted, token=token)
        if problems:
            raise DamagedVaultError(
                f"The copy {path} does not verify.", hint="Check the disk; try again.", details="; ".join(problems)
            )
        return row_counts(copy)


def integrity_problems(connection: Any, *, encrypted: bool, token: CancelToken) -> list[str]:
    """What SQLCipher and SQLite find wrong with the pages and references of a file; in plain words."""
    found: list[str] = []
    with _stoppable(connection, token):
        if encrypted:
            found += [str(row[0]) for row in connection.execute("PRAGMA cipher_integrity_check")]
        if not found:
            found += [str(row[0]) for row in connection.execute("PRAGMA quick_check") if row[0] != "ok"]
        if not found:
            rows = connection.execute("PRAGMA foreign_key_check").fetchall()
            found += [
                f"A row of {table} refers to a row of {parent} that is not there." for table, _, parent, _ in rows
            ]
    return found


def row_counts(connection: Any) -> Mapping[str, int]:
    """Rows by table, SQLite's own left out."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {
        name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 - our own names
        for (name,) in names.fetchall()
    }


# -- inside ------------------------------------------------------------------------------------------------------


def _copy(kit: SqliteKit, passing: Path, *, progress: Progress, token: CancelToken) -> None:
    """Copy one snapshot, prove the copy against it and flush it."""
    with (
        translated(where=kit.location, token=token),
        contextlib.closing(kit.connect(read_only=kit.read_only)) as source,
    ):
        source.execute("BEGIN")
        expected = row_counts(source)  # also takes the snapshot that the pages below come from
        if not expected:
            raise NotAVaultError(f"{kit.path} holds no tables.", hint="Choose another file.")
        with translated(where=str(passing), token=token), contextlib.closing(kit.connect(passing)) as copy:
            copy.execute("PRAGMA synchronous = OFF")  # flushed once, below

            def step(_status: int, remaining: int, total: int) -> None:
                token.check()
                progress(total - remaining, total, _COPYING)

            token.check()
            source.backup(copy, pages=_PAGES_AT_ONCE, progress=step, sleep=0)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, readable from read-only media
        source.execute("ROLLBACK")
    token.check()
    progress(0, None, _PROVING)
    if prove(kit, passing, token=token) != expected:
        raise DamagedVaultError("The copy does not hold the same rows.", hint="Check the disk; try again.")


@contextmanager
def _stoppable(connection: Any, token: CancelToken) -> Iterator[None]:
    token.check()
    remove = token.on_cancel(connection.interrupt)
    try:
        yield
    finally:
        remove()


def _set_aside(target: Path, key: bytes) -> Path:
    """Rename the vault at ``target``, which nobody may have open, and return its new name."""
    _require_closed(target, key)
    kept = _unused(target.with_name(f"{target.name}.previous"))
    keys = keys_beside(target)
    if keys.exists():
        shutil.copy2(keys, keys_beside(kept))
    earlier = keys.with_name(f"{keys.name}.1")  # the generation before: of this vault, not of the one that comes
    if earlier.exists():
        earlier.rename(keys_beside(kept).with_name(f"{keys_beside(kept).name}.1"))
    target.rename(kept)
    return kept


def _require_closed(target: Path, key: bytes) -> None:
    busy = StorageBusyError(f"{target} is open.", hint="Close it in the other window or program, then try again.")
    beside = [target.with_name(target.name + suffix) for suffix in ("-wal", "-shm")]
    left = any(path.exists() for path in beside)  # looked at first: opening clears up after a crash
    try:
        kit = SqliteKit(target, key)
        with contextlib.closing(kit.connect()) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")  # refused while anybody else has the file open
            connection.execute("ROLLBACK")
    except sqlcipher.Error as error:
        raise busy from error
    except StorageBusyError:
        raise busy from None
    except StorageError:
        # Damaged, or of another key: nothing tells whether it is open but the files that an open vault has beside it.
        if left:
            raise busy from None


def _unused(path: Path) -> Path:
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate


def _put_keys(source: Path, target: Path) -> None:
    if not source.exists() or source == target:
        return
    with passing_file(target) as passing:
        passing.write_bytes(source.read_bytes())
        take_name(passing, target, replace=True)
