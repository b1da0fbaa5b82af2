"""Files that are written as a whole or not at all: beside the target, to the disk, then renamed over it."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from aether_desktop.ports.errors import DiskFullError, InvalidInputError, ReadOnlyError, StorageError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextlib.contextmanager
def writing(path: Path, *, mode: int = 0o600) -> Iterator[TextIO]:
    """A UTF-8 text stream (newlines as written) that becomes ``path`` when the block ends without an error.

    Raises ReadOnlyError, DiskFullError, InvalidInputError (no such folder, a folder in the way), StorageError; an
    existing file is then as it was.
    """
    with _translated(path):
        if path.is_dir():
            raise InvalidInputError(f"{path} is a folder.", field="path", hint="Give a file's name.")
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:80]}.", suffix=".part", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as sink:
                yield sink
                sink.flush()
                os.fsync(sink.fileno())
            temporary.chmod(_kept_mode(path, mode))
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def _kept_mode(path: Path, mode: int) -> int:
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        return mode


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can (not on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise InvalidInputError(f"The folder {path.parent} does not exist.", field="path") from error
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(
                f"No room is left to write {path}.", hint="Make room, or choose another place; nothing was changed."
            ) from error
        if error.errno in _REFUSED:
            raise ReadOnlyError(
                f"{path} cannot be written: {error.strerror}.", hint="Choose another place, or change its permissions."
            ) from error
        raise StorageError(f"{path} cannot be written: {error.strerror or error}.") from error
