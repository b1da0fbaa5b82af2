"""Small files that people hand to one another: invitations and replies. Worker threads only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from aether_desktop.ports.errors import AlreadyExistsError, InvalidInputError, NotFoundError, StorageError

LIMIT: Final = 64 * 1024  # bytes; an invitation has under 1 KiB, a reply under 16


def write_exchange_file(path: Path, content: bytes) -> None:
    """A new file of mode 0600, complete or not there; never over another.

    Raises AlreadyExistsError, StorageError.
    """
    with new_exchange_file(path) as write:
        write(content)


@contextmanager
def new_exchange_file(path: Path) -> Iterator[Callable[[bytes], None]]:
    """The same for content that is made meanwhile: what cannot be written is refused before anything is made.

    Nothing is left of the file where the block or the writing fails. Raises AlreadyExistsError, StorageError.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise AlreadyExistsError(f"{path} is already there.", field="path", hint="Choose another name.") from error
    except OSError as error:
        raise _refused(path, "written", error) from error

    def write(content: bytes) -> None:
        try:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        except OSError as error:
            raise _refused(path, "written", error) from error

    complete = False
    file = os.fdopen(descriptor, "wb")
    try:
        yield write
        complete = True
    finally:
        with suppress(OSError):  # of a disk that was full: said by write
            file.close()
        if not complete:
            with suppress(OSError):
                path.unlink()


def read_exchange_file(path: Path) -> bytes:
    """Raises NotFoundError, InvalidInputError for what is too large to be one of ours, StorageError."""
    try:
        with path.open("rb") as file:
            content = file.read(LIMIT + 1)
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no file {path}.") from error
    except OSError as error:
        raise _refused(path, "read", error) from error
    if len(content) > LIMIT:
        raise InvalidInputError(f"{path} is too large.", field="path", hint="Choose the file that you were given.")
    return content


def _refused(path: Path, done: str, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be {done}: {error.strerror}.", hint="Choose another file.")
