"""Giving a vault file another key: SQLCipher's ``PRAGMA rekey``, in place, in one transaction.

Killed in the middle, SQLite's journal takes the file back to the key it had. Nobody else may have the file open.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Final

import sqlcipher3.dbapi2 as sqlcipher

from aether_desktop.ports.errors import StorageBusyError, StorageError, WrongKeyError
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.failures import translated
from aether_desktop.storage.sqlite import SqliteKit, open_sqlite

_DOING: Final = "Encrypting the vault anew"


def opens_with(path: Path, key: bytes) -> bool:
    """Whether the file opens with the key. Raises what ``open_sqlite`` does, but WrongKeyError."""
    try:
        open_sqlite(path, key).dispose()
    except WrongKeyError:
        return False
    return True


def rekey_vault(
    path: Path, present: bytes, following: bytes, *, progress: Progress = silent, token: CancelToken | None = None
) -> None:
    """Encrypt the file anew; done already, it only looks. About 100 MB a second; cannot be cancelled once it began.

    Raises StorageBusyError while somebody else has the file open, WrongKeyError when neither key opens it,
    DiskFullError, ReadOnlyError, OperationCancelled. Then the present key still opens it.
    """
    if opens_with(path, following):
        return
    open_sqlite(path, present).dispose()
    if token is not None:
        token.check()
    progress(0, None, _DOING)
    kit = SqliteKit(path, present)
    with translated(where=str(path)), contextlib.closing(kit.connect()) as connection:
        _require_alone(connection, kit)
        connection.execute(f"PRAGMA rekey = \"x'{following.hex()}'\"")
    if not opens_with(path, following):  # the pragma answers "ok" whatever happened
        raise StorageError(
            f"{path} could not be encrypted anew; it opens as before.", hint="Make room on the disk, then try again."
        )


def _require_alone(connection: Any, kit: SqliteKit) -> None:
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]  # also empties the write-ahead log
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")  # the lock stays
    except sqlcipher.Error as error:
        raise _busy(kit) from error
    if mode != "delete":
        raise _busy(kit)


def _busy(kit: SqliteKit) -> StorageBusyError:
    return StorageBusyError(
        f"{kit.path} is open elsewhere.", hint="Close it in the other window or program, then try again."
    )
