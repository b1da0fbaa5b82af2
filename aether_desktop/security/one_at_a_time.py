"""One program at a time changes a file that is read, worked on and replaced. Worker threads only: it waits."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from aether_desktop.ports.errors import KeyStoreError

LONGEST_WAIT: Final = 30.0  # seconds; a change takes one derivation of a key
_PAUSE: Final = 0.02  # seconds between two tries, on Windows


class BusyElsewhereError(KeyStoreError):
    """Another program has the lock, for longer than was waited."""


@contextmanager
def one_at_a_time(path: Path, *, longest: float = LONGEST_WAIT) -> Iterator[None]:
    """Keep every other program, and every other thread, from changing ``path`` meanwhile; not re-entrant.

    The lock is on a small file beside it that stays: the file itself is replaced. It ends with its process, however
    that ends. Raises BusyElsewhereError when it takes too long, KeyStoreError for a folder that cannot be written and
    for a disk without locks.
    """
    descriptor = _locked(path, longest)
    try:
        yield
    finally:
        os.close(descriptor)  # ends the lock


def _locked(path: Path, longest: float) -> int:
    try:
        descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise KeyStoreError(
            f"{path} cannot be changed: {error.strerror}.",
            hint="Make room, or make its folder writable; then try again.",
        ) from error
    try:
        if _try_lock(descriptor):
            return descriptor
    except OSError as error:  # SQLite needs locks as well
        os.close(descriptor)
        raise KeyStoreError(
            f"{path} cannot be kept from other programs: {error.strerror}.", hint="Use a disk that knows locks."
        ) from error
    if not (_try_again(descriptor, longest) if os.name == "nt" else _Waiter(descriptor).wait(longest)):
        raise BusyElsewhereError(
            f"Another program is changing {path.name}.", hint="Wait until it is done, then try again."
        )
    return descriptor


def _try_lock(descriptor: int) -> bool:
    """False while somebody else has it. Raises OSError where there are no locks."""
    try:
        if os.name == "nt":
            import msvcrt  # noqa: PLC0415 - only there

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl  # noqa: PLC0415 - not on Windows

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the latter on Windows
        return False
    return True


def _try_again(descriptor: int, longest: float) -> bool:
    """Windows only: its own waiting lock tries once a second, ten times, so trying oftener is the better way there.
    Closes what it does not get."""
    deadline = time.monotonic() + longest
    while time.monotonic() < deadline:
        time.sleep(_PAUSE)  # never on the GUI thread; no call waits shorter than a second there
        if _try_lock(descriptor):
            return True
    os.close(descriptor)
    return False


class _Waiter:
    """Waits for one lock on a thread of its own: ``flock`` knows no longest time, and cannot be called off.

    Who gives up leaves the descriptor to that thread, which closes it as soon as it gets the lock.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._got = self._given_up = False
        threading.Thread(target=self._run, name="waiting for a lock", daemon=True).start()

    def wait(self, longest: float) -> bool:
        """Whether the lock is here within ``longest`` seconds; otherwise the descriptor is no longer the caller's."""
        self._ended.wait(longest)
        with self._lock:
            self._given_up = not self._got
            if self._given_up and self._ended.is_set():
                os.close(self._descriptor)
            return self._got

    def _run(self) -> None:
        import fcntl  # noqa: PLC0415 - not on Windows

        got = False
        with suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            got = True
        with self._lock:
            if self._given_up:
                os.close(self._descriptor)
            self._got = got and not self._given_up
            self._ended.set()
