"""Files that appear complete or not at all: written under a passing name, flushed, renamed. Any thread."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aether_desktop.ports.errors import (
    AlreadyExistsError,
    DiskFullError,
    ReadOnlyError,
    StorageError,
    StorageUnavailableError,
)

_BESIDE: Final = ("", "-journal", "-wal", "-shm")  # what SQLite may leave beside a file that was not closed


def keys_beside(vault: Path) -> Path:
    """NAME.aether.keys of NAME.aether."""
    return vault.with_name(f"{vault.name}.keys")


def create_file(path: Path) -> None:
    """An empty file that only its owner may read and write.

    Raises AlreadyExistsError, ReadOnlyError, DiskFullError, StorageUnavailableError.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError as error:
        raise already_there(path) from error
    except OSError as error:
        raise file_failure(error, path) from error


@contextmanager
def passing_file(target: Path) -> Iterator[Path]:
    """A private file beside ``target`` that is gone afterwards unless it was renamed.

    Raises ReadOnlyError, DiskFullError, StorageUnavailableError, also for an OSError in the block.
    """
    passing = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    create_file(passing)
    try:
        yield passing
    except OSError as error:
        raise file_failure(error, target) from error
    finally:
        remove_database(passing)


def remove_database(path: Path) -> None:
    """Remove a database file that nobody has open, with what SQLite may have left beside it. Raises OSError."""
    for suffix in _BESIDE:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def take_name(passing: Path, target: Path, *, replace: bool) -> None:
    """Flush the file and give it its name; without ``replace`` never over a file that is there meanwhile.

    Raises AlreadyExistsError, OSError.
    """
    flush(passing)
    if replace:
        passing.replace(target)
    else:
        try:
            os.link(passing, target)
        except FileExistsError as error:
            raise already_there(target) from error
        except OSError:  # a file system without hard links
            passing.rename(target)
    flush_folder(target.parent)


def flush(path: Path) -> None:
    """Wait until the file's bytes are on the disk. Raises OSError."""
    _flush(path, os.O_RDWR)


def flush_folder(folder: Path) -> None:
    """Wait until new names in the folder are on the disk. Raises OSError."""
    if os.name != "nt":  # Windows cannot flush a folder, nor needs to
        _flush(folder, os.O_RDONLY)


def _flush(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def already_there(path: Path) -> AlreadyExistsError:
    """The refusal to write over a file."""
    return AlreadyExistsError(f"{path} is already there.", field="path", hint="Choose another name.")


def file_failure(error: OSError, path: Path) -> StorageError:
    """What the operating system said about a vault's file or folder, in our words."""
    if isinstance(error, FileNotFoundError):
        return StorageUnavailableError(
            f"The folder of {path} does not exist.", hint="Create it, or choose another.", details=str(error)
        )
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(f"No room left to write {path}.", hint="Free some space, then try again.")
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return ReadOnlyError(
            f"{path} cannot be written.", hint="Choose a folder that you may write to.", details=str(error)
        )
    return StorageUnavailableError(f"{path} cannot be used: {error.strerror}.", hint="Check the disk.")
