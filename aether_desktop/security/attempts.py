"""Back-off after wrong factors, kept in NAME.aether.attempts so that a restart does not reset it.

It slows down somebody at the keyboard, however many programs guess at once: counting is one program's at a time.
Whoever copies the files is slowed down by Argon2id alone, so the file needs no authentication, and what cannot be read
or written stops nobody from opening their own vault.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.errors import KeyStoreError
from aether_desktop.security.one_at_a_time import BusyElsewhereError, one_at_a_time
from aether_desktop.security.private_files import replace_file

FREE_FAILURES: Final = 2
LONGEST_WAIT: Final = 3600  # seconds
_LONGEST_LOCK: Final = 10.0  # seconds; counting takes a millisecond
_FORMAT: Final = 1
_LIMIT: Final = 4096  # bytes
_MOST_FAILURES: Final = 1_000_000


def wait_after(failures: int) -> int:
    """Seconds after so many failures in a row: 0, 0, then the Fibonacci numbers 1, 1, 2, 3, 5, 8, ... up to an hour."""
    present, following = 0, 1
    for _ in range(failures - FREE_FAILURES):
        present, following = following, present + following
        if present >= LONGEST_WAIT:
            return LONGEST_WAIT
    return present


class Attempts:
    """Failures in a row by level. Any thread."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives seconds since 1970: a restart must not make the wait shorter."""
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()

    def wait(self, level: Court) -> float:
        """Seconds until the next attempt, 0 for now. A clock that was put back never makes it longer than it was."""
        return self._left(self._read(), level)

    def begin(self, level: Court) -> None:
        """Count an attempt as failed before it is made: ending the program does not save it from being counted.

        Raises WrongFactorError while the wait lasts, BusyElsewhereError; then nothing is counted.
        """
        with self._alone():
            counts = self._read()
            left = self._left(counts, level)
            if left > 0:
                raise WrongFactorError("Too many wrong attempts.", wait=left, hint=f"Wait {shown_wait(left)}.")
            failures = counts.get(level, (0, 0.0))[0]
            counts[level] = (min(failures + 1, _MOST_FAILURES), self._clock())
            self._write(counts)

    def succeed(self, level: Court) -> None:
        """The factor was right: the next failure is the first one. Never raises."""
        with suppress(BusyElsewhereError), self._alone():
            counts = self._read()
            if counts.pop(level, None) is not None:
                self._write(counts)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Between reading and writing nobody else does either. Raises BusyElsewhereError."""
        with self._lock, ExitStack() as held:
            try:
                held.enter_context(one_at_a_time(self._path, longest=_LONGEST_LOCK))
            except BusyElsewhereError:
                raise
            except KeyStoreError:
                pass  # a folder that cannot be written, where nothing can be counted either
            yield

    def _left(self, counts: dict[Court, tuple[int, float]], level: Court) -> float:
        failures, last = counts.get(level, (0, 0.0))
        whole = wait_after(failures)
        return min(max(0.0, last + whole - self._clock()), float(whole))

    def _read(self) -> dict[Court, tuple[int, float]]:
        try:
            with self._path.open("rb") as file:
                fields = json.loads(file.read(_LIMIT))
            levels = fields["levels"] if fields["format"] == _FORMAT else {}
            return {
                Court(int(level)): (max(0, min(int(failures), _MOST_FAILURES)), float(last))
                for level, (failures, last) in levels.items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return {}

    def _write(self, counts: dict[Court, tuple[int, float]]) -> None:
        if not counts:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            return
        levels = {str(int(level)): list(count) for level, count in sorted(counts.items())}
        content = json.dumps({"format": _FORMAT, "levels": levels})
        try:
            replace_file(self._path, f"{content}\n".encode("ascii"))
        except KeyStoreError:
            return  # a folder that cannot be written: see above


def shown_wait(seconds: float) -> str:
    """A wait in words, rounded up."""
    whole = int(seconds) + (seconds > int(seconds))
    if whole < 120:
        return f"{whole} second{'' if whole == 1 else 's'}"
    return f"{(whole + 59) // 60} minutes"
