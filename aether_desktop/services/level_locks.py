"""Unlocking, levels and their timers of one vault. Qt-free; knows no cryptography."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from enum import StrEnum
from typing import Final, TypeAlias

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError, Levels
from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.vault_keys import (
    DeviceKeyReport,
    Factor,
    FactorKind,
    KeysNotice,
    LevelDescription,
    VaultKeys,
)

IDLE_SECONDS: Final = 15 * 60.0  # level 1, unless the person chose another time
IDLE_LEAST: Final = 60.0
IDLE_MOST: Final = 60 * 60.0
HOLY_SECONDS: Final = 5 * 60.0  # level 2, from the step-up
MOST_HOLY_SECONDS: Final = 60.0  # level 3, when no operation follows the step-up

Record: TypeAlias = Callable[[str, Mapping[str, object]], AbstractContextManager[None]]
"""Around a change of keys: what is done, and facts about it."""


def lasting_clock() -> float:
    """Seconds that pass while the computer sleeps as well, where the system counts those. Any thread."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class AccessState(StrEnum):
    """OLD: made before passwords, the keyring alone opens it; it is converted by ``set_first_password``."""

    OLD = "old"
    LOCKED = "locked"
    SCREEN_LOCKED = "screen-locked"
    OPEN = "open"


class LevelLocks:
    """What is open of a vault, and for how long. The rest of a vault's keys is ``vault_access.VaultAccess``.

    Quick methods say so and may be called from any thread; the rest on worker threads. Times are seconds of the
    injected monotonic clock. The screen sets one timer for ``next_deadline`` and calls ``expire`` then; nothing polls.
    """

    def __init__(self, keys: VaultKeys, *, clock: Callable[[], float] = lasting_clock) -> None:
        self._keys = keys
        self._clock = clock
        self._lock = threading.RLock()
        self._screen_locked = False
        self._by_kit = False
        self._deadlines: dict[Court, float] = {}
        self._using: dict[Court, int] = dict.fromkeys(Court, 0)
        self._reseal: Callable[[], Sequence[Court]] | None = None
        self._record: Record | None = None
        self._idle = IDLE_SECONDS

    # -- what is open --------------------------------------------------------------------------------------------

    @property
    def levels(self) -> Levels:
        """For those who derive keys. Any thread."""
        return self._keys.levels

    @property
    def state(self) -> AccessState:
        """Reads a small file when nothing is open."""
        with self._lock:
            if self._keys.levels.is_open(Court.OUTER):
                return AccessState.SCREEN_LOCKED if self._screen_locked else AccessState.OPEN
        return AccessState.LOCKED if self._keys.exists() else AccessState.OLD

    @property
    def opened_by_kit(self) -> bool:
        """Whether the recovery kit opened the vault: a new password for this device is the next step. Quick."""
        return self._by_kit

    def is_open(self, level: Court) -> bool:
        """False for every level while the screen is locked. Quick."""
        with self._lock:
            return not self._screen_locked and self._keys.levels.is_open(level)

    def open_level(self) -> int:
        """The highest level open, 0 for none. Quick."""
        return max((int(level) for level in Court if self.is_open(level)), default=0)

    def require(self, level: Court) -> None:
        """Raises LevelLockedError naming the lowest level that must be opened first. Quick."""
        for each in Court:
            if each <= level and not self.is_open(each):
                raise LevelLockedError(each)

    def describe(self) -> tuple[LevelDescription, ...]:
        """All three levels with their slots. Raises KeysDamagedError."""
        return self._keys.describe()

    def device(self) -> DeviceKeyReport:
        """How the keyring or key file answers, in plain words. Raises KeysDamagedError."""
        return self._keys.device()

    def keys_notice(self) -> KeysNotice | None:
        """Whether the key file is older than the one this computer saw last. Raises KeysDamagedError, KeyStoreError."""
        return self._keys.notice()

    def wait(self, level: Court = Court.OUTER) -> float:
        """Seconds until the next attempt is allowed."""
        return self._keys.wait(level)

    # -- opening and locking -------------------------------------------------------------------------------------

    def unlock(self, factor: Factor) -> None:
        """Open level 1 with the password or the kit; also unlocks the screen.

        Raises WrongFactorError, KeysDamagedError, KeyStoreError and its kinds.
        """
        with wiped(factor):
            if self._keys.levels.is_open(Court.OUTER):
                self._keys.verify(Court.OUTER, factor)
            else:
                self._keys.unlock(factor)
                self._by_kit = factor.kind is FactorKind.KIT
        self._opened()

    def step_up(self, level: Court, factor: Factor) -> None:
        """Open level 2 or 3. Raises LevelLockedError naming a level to open before, WrongFactorError, NotFoundError."""
        with wiped(factor):
            for below in Court:
                if below < level:
                    self.require(below)
            self._keys.step_up(level, factor)
        with self._lock:
            if not self.is_open(Court.OUTER):  # locked while the key was made
                self.relock(level)
                raise LevelLockedError(Court.OUTER)
            self._start_timer(level)
        self._reseal_now()

    @contextmanager
    def operation(self, level: Court) -> Iterator[None]:
        """Do something that needs the level; it does not re-lock meanwhile. Level 3 re-locks at the end.

        Raises LevelLockedError.
        """
        with self._lock:
            self.require(level)
            self._using[level] += 1
        try:
            yield
        finally:
            with self._lock:
                self._using[level] -= 1
                if self._screen_locked and not self._used(Court.HOLY):
                    self.relock(Court.HOLY)
                elif level is Court.MOST_HOLY and not self._using[level]:
                    self.relock(level)

    def relock(self, level: Court) -> None:
        """Re-lock this level and those above. Quick."""
        with self._lock:
            self._keys.lock(level)
            for each in Court:
                if each >= level:
                    self._deadlines.pop(each, None)

    def lock_screen(self) -> None:
        """Hide everything and re-lock levels 2 and 3; level 1 stays for monitoring. Quick."""
        with self._lock:
            self.relock(Court.HOLY)
            self._deadlines.pop(Court.OUTER, None)
            self._screen_locked = self._keys.levels.is_open(Court.OUTER)

    def lock(self) -> None:
        """Wipe everything; whoever has the vault open closes it. Quick."""
        with self._lock:
            self.relock(Court.OUTER)
            self._screen_locked = False
            self._by_kit = False

    # -- timers --------------------------------------------------------------------------------------------------

    def touch(self) -> bool:
        """The person did something: the idle time of level 1 starts again. Quick; may be called for every key press.

        False when the time had run out before, while nothing could say so (the computer slept): ``expire`` is due.
        """
        with self._lock:
            deadline, now = self._deadlines.get(Court.OUTER), self._clock()
            if deadline is not None and deadline > now:
                self._deadlines[Court.OUTER] = now + self._idle
            return deadline is None or deadline > now

    def set_idle(self, seconds: float) -> None:
        """How long level 1 stays open without the person doing anything: from 1 minute to an hour. Quick."""
        with self._lock:
            self._idle = min(max(seconds, IDLE_LEAST), IDLE_MOST)
        self.touch()

    def next_deadline(self) -> float | None:
        """When ``expire`` has something to do, on the injected clock; None while nothing runs out. Quick."""
        with self._lock:
            return min(self._deadlines.values(), default=None)

    def expire(self) -> tuple[Court, ...]:
        """Re-lock what has run out and return it. Quick.

        OUTER among them: the screen is locked now. A level whose operation runs is asked again in a minute, and behind
        a locked screen it goes with the end of that.
        """
        with self._lock:
            now = self._clock()
            due = [level for level, deadline in self._deadlines.items() if deadline <= now]
            expired: list[Court] = []
            for level in sorted(due, reverse=True):
                if level is Court.OUTER:
                    self._hide()
                    expired.append(level)
                elif self._used(level):
                    self._deadlines[level] = now + MOST_HOLY_SECONDS
                elif level in self._deadlines:
                    self.relock(level)
                    expired.append(level)
            return tuple(sorted(expired))

    # -- who has the vault open ----------------------------------------------------------------------------------

    def record_with(self, record: Record | None) -> None:
        """Whoever has the vault open writes what is done to its keys into its audit log; None ends that.

        A change is made while the entry's transaction is open: without the entry it does not happen.
        """
        self._record = record

    def _recorded(self, action: str, **detail: object) -> AbstractContextManager[None]:
        return nullcontext() if self._record is None else self._record(action, detail)

    def reseal_with(self, work: Callable[[], Sequence[Court]]) -> None:
        """Whoever has the vault open seals anew what the levels' secrets seal, after "compromised".

        ``work`` is called on a worker thread once all levels are open, also after an interruption; it returns the
        levels of which nothing is left under a former secret. What it raises is tried again at the next step-up.
        """
        self._reseal = work
        self._reseal_now()

    def _reseal_now(self) -> None:
        if self._reseal is None or not self._keys.has_former():
            return
        if any(level.exists and not level.is_open for level in self._keys.describe()):
            return
        with suppress(AetherError):  # what is not sealed anew yet opens with the former secret meanwhile
            for level in self._reseal():
                if self._keys.levels.is_open(level):
                    self._keys.drop_former(level)

    def _used(self, level: Court) -> bool:
        """Whether an operation of this level or above runs."""
        return any(self._using[each] for each in Court if each >= level)

    def _hide(self) -> None:
        """Lock the screen, whatever runs: a level that is in use stays for that alone."""
        for level in (Court.MOST_HOLY, Court.HOLY):
            if not self._used(level):
                self.relock(level)
        self._deadlines.pop(Court.OUTER, None)
        self._screen_locked = self._keys.levels.is_open(Court.OUTER)

    def _start_timer(self, level: Court) -> None:
        """Of level 2 or 3."""
        with self._lock:
            self._deadlines[level] = self._clock() + (HOLY_SECONDS if level is Court.HOLY else MOST_HOLY_SECONDS)

    def _opened(self) -> None:
        with self._lock:
            self._screen_locked = False
            if self._keys.levels.is_open(Court.OUTER):  # and was not locked meanwhile
                self._deadlines[Court.OUTER] = self._clock() + self._idle


@contextmanager
def wiped(*factors: Factor) -> Iterator[None]:
    """Wipe the factors at the end, whatever happens."""
    try:
        yield
    finally:
        for factor in factors:
            factor.wipe()
