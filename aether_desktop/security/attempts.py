"""Back-off after wrong factors, kept in NAME.aether.attempts so that a restart does not reset it; on a shared database
in a row of the person's as well.

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

from aether_desktop.domain.back_off import MOST_FAILURES, seconds_left, shown_wait
from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import AttemptCounter, WrongFactorError
from aether_desktop.ports.errors import AetherError, KeyStoreError
from aether_desktop.security.one_at_a_time import BusyElsewhereError, one_at_a_time
from aether_desktop.security.private_files import replace_file

_LONGEST_LOCK: Final = 10.0  # seconds; counting takes a millisecond
_FORMAT: Final = 1
_LIMIT: Final = 4096  # bytes


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
            counts[level] = (min(failures + 1, MOST_FAILURES), self._clock())
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
                pass  # a folder that cannot be written: nothing can be counted there, Argon2id alone slows guesses
            yield

    def _left(self, counts: dict[Court, tuple[int, float]], level: Court) -> float:
        failures, last = counts.get(level, (0, 0.0))
        return seconds_left(failures, self._clock() - last)

    def _read(self) -> dict[Court, tuple[int, float]]:
        try:
            with self._path.open("rb") as file:
                fields = json.loads(file.read(_LIMIT))
            levels = fields["levels"] if fields["format"] == _FORMAT else {}
            return {
                Court(int(level)): (max(0, min(int(failures), MOST_FAILURES)), float(last))
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


class AllAttempts:
    """Those beside the keys and, for what is opened once a shared database is connected, those in the database.

    What the database does not answer stops nobody: the count beside the keys goes on. Any thread.
    """

    def __init__(self, beside: Attempts) -> None:
        self._beside = beside
        self.shared: AttemptCounter | None = None

    def wait(self, level: Court) -> float:
        """The longer of the two; may ask the database."""
        left = self._beside.wait(level)
        shared = self._shared_for(level)
        if shared is not None:
            with suppress(AetherError):
                left = max(left, shared.wait(level))
        return left

    def begin(self, level: Court) -> None:
        """Raises as ``Attempts.begin``."""
        shared = self._shared_for(level)
        if shared is not None and self._beside.wait(level) <= 0:
            try:
                shared.begin(level)
            except WrongFactorError:
                raise
            except AetherError:
                pass  # unreachable, or a standby: it counts beside the key file all the same
        self._beside.begin(level)

    def succeed(self, level: Court) -> None:
        """Never raises."""
        self._beside.succeed(level)
        shared = self._shared_for(level)
        if shared is not None:
            with suppress(AetherError):
                shared.succeed(level)

    def _shared_for(self, level: Court) -> AttemptCounter | None:
        return self.shared if level >= Court.HOLY else None
