"""Who waits for the one writer of a vault file, so that a long import of one program lets the others in.

SQLite does not tell a writer that somebody waits. Whoever waits holds a shared lock on a small file beside the vault;
the importer asks between two chunks whether it could have that lock alone. A second file is locked by the program
whose import is stored in parts. Locks end with their process, however that ends. Where there are none (Windows, a
folder that cannot be written) nobody is seen waiting, and an import is one transaction, as it is without company.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LONGEST_TURN: Final = 0.25  # seconds that an import leaves to those who wait
_PAUSE: Final = 0.002  # seconds between two looks


class Turns:
    """The two files of one vault. Any thread; nothing here raises."""

    def __init__(self, vault: Path) -> None:
        self._waiting = vault.with_name(f".{vault.name}.waiting")
        self._importing = vault.with_name(f".{vault.name}.importing")

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Be seen to wait for the writer."""
        descriptor = _opened(self._waiting)
        try:
            if descriptor >= 0:
                _lock(descriptor, shared=True)
            yield
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def wanted(self) -> bool:
        """Whether somebody else waits. Two system calls."""
        if not self._waiting.exists():
            return False
        with _held(self._waiting) as alone:
            return not alone

    def let_in(self) -> None:
        """Between two transactions: those who wait begin theirs, for a quarter of a second at most."""
        deadline = time.monotonic() + LONGEST_TURN
        while self.wanted() and time.monotonic() < deadline:
            time.sleep(_PAUSE)  # on a worker; those who wait hold shared locks, and no call tells when the last is gone

    @contextmanager
    def importing(self) -> Iterator[bool]:
        """True: no other program stores an import in parts, and none begins to meanwhile."""
        with _held(self._importing) as alone:
            yield alone


@contextmanager
def _held(path: Path) -> Iterator[bool]:
    descriptor = _opened(path)
    try:
        yield descriptor >= 0 and _lock(descriptor, shared=False)
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except (OSError, AttributeError):  # no O_CLOEXEC: Windows
        return -1


def _lock(descriptor: int, *, shared: bool) -> bool:
    """A shared lock waits for the moment that somebody looks; one alone is refused at once."""
    import fcntl  # noqa: PLC0415 - not on Windows, where nothing was opened

    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
