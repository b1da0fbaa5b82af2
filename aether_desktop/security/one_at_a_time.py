"""One program at a time changes a file that is read, worked on and replaced. Worker threads only: it waits."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aether_desktop.ports.errors import KeyStoreError

LONGEST_WAIT: Final = 30.0  # seconds; a change takes one derivation of a key
_PAUSE: Final = 0.02  # seconds between two tries


@contextmanager
def one_at_a_time(path: Path, *, longest: float = LONGEST_WAIT) -> Iterator[None]:
    """Keep every other program, and every other thread, from changing ``path`` meanwhile; not re-entrant.

    The lock is on a small file beside it that stays: the file itself is replaced. It ends with its process, however
    that ends. Raises KeyStoreError for a folder that cannot be written, and when it takes too long.
    """
    lock = path.with_name(f".{path.name}.lock")
    try:
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise KeyStoreError(
            f"{path} cannot be changed: {error.strerror}.",
            hint="Make room, or make its folder writable; then try again.",
        ) from error
    try:
        deadline = time.monotonic() + longest
        while not _try_lock(descriptor, path):
            if time.monotonic() > deadline:
                raise KeyStoreError(
                    f"Another program is changing {path.name}.", hint="Wait until it is done, then try again."
                )
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)  # ends the lock


def _try_lock(descriptor: int, path: Path) -> bool:
    """False while somebody else has it. Raises KeyStoreError where there are no locks: SQLite needs them as well."""
    try:
        if os.name == "nt":
            import msvcrt  # noqa: PLC0415 - only there

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl  # noqa: PLC0415 - not on Windows

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the latter on Windows
        return False
    except OSError as error:
        raise KeyStoreError(
            f"{path} cannot be kept from other programs: {error.strerror}.",
            hint="Use a disk that knows locks.",
        ) from error
    return True
