"""Unlocking, levels and their timers, password and recovery kit of one vault. Qt-free; knows no cryptography."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError, Levels
from aether_desktop.ports.errors import AetherError, InvalidInputError
from aether_desktop.ports.vault_keys import (
    DeviceKeyReport,
    Factor,
    FactorKind,
    LevelDescription,
    RecoveryKit,
    SlotDescription,
    VaultKeys,
    require_strong,
)

IDLE_SECONDS: Final = 15 * 60.0  # level 1, unless the person chose another time
IDLE_LEAST: Final = 60.0
IDLE_MOST: Final = 60 * 60.0
HOLY_SECONDS: Final = 5 * 60.0  # level 2, from the step-up
MOST_HOLY_SECONDS: Final = 60.0  # level 3, when no operation follows the step-up


class AccessState(StrEnum):
    """OLD: made before passwords, the keyring alone opens it; it is converted by ``set_first_password``."""

    OLD = "old"
    LOCKED = "locked"
    SCREEN_LOCKED = "screen-locked"
    OPEN = "open"


class VaultAccess:
    """One vault's locks. Quick methods say so and may be called from any thread; the rest on worker threads.

    Times are seconds of the injected monotonic clock. The screen sets one timer for ``next_deadline`` and calls
    ``expire`` then; nothing polls. Factors that are handed in are wiped.
    """

    def __init__(self, keys: VaultKeys, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._clock = clock
        self._lock = threading.RLock()
        self._screen_locked = False
        self._by_kit = False
        self._deadlines: dict[Court, float] = {}
        self._using: dict[Court, int] = dict.fromkeys(Court, 0)
        self._reseal: Callable[[], Sequence[Court]] | None = None
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

    def wait(self, level: Court = Court.OUTER) -> float:
        """Seconds until the next attempt is allowed."""
        return self._keys.wait(level)

    # -- making --------------------------------------------------------------------------------------------------

    def create(self, password: Factor) -> None:
        """The keys of a new vault, level 1 open. Raises InvalidInputError, AlreadyExistsError, KeyStoreError."""
        with _wiped(password):
            require_strong(password)
            self._keys.create(password)
        self._opened()

    def set_first_password(self, password: Factor) -> None:
        """Convert a vault of the old kind; it may be open meanwhile and is encrypted anew when it is opened next.

        Raises InvalidInputError, AlreadyExistsError when it has a password, KeyStoreError and its kinds.
        """
        with _wiped(password):
            require_strong(password)
            self._keys.convert(password)
        self._opened()

    # -- opening and locking -------------------------------------------------------------------------------------

    def unlock(self, factor: Factor) -> None:
        """Open level 1 with the password or the kit; also unlocks the screen.

        Raises WrongFactorError, KeysDamagedError, KeyStoreError and its kinds.
        """
        with _wiped(factor):
            if self._keys.levels.is_open(Court.OUTER):
                self._keys.verify(Court.OUTER, factor)
            else:
                self._keys.unlock(factor)
                self._by_kit = factor.kind is FactorKind.KIT
        self._opened()

    def step_up(self, level: Court, factor: Factor) -> None:
        """Open level 2 or 3. Raises LevelLockedError naming a level to open before, WrongFactorError, NotFoundError."""
        with _wiped(factor):
            for below in Court:
                if below < level:
                    self.require(below)
            self._keys.step_up(level, factor)
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
                if level is Court.MOST_HOLY and not self._using[level]:
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

    def touch(self) -> None:
        """The person did something: the idle time of level 1 starts again. Quick; may be called for every key press."""
        if Court.OUTER in self._deadlines:
            self._deadlines[Court.OUTER] = self._clock() + self._idle

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

        OUTER among them: the screen is locked now. A level whose operation runs is asked again in a minute.
        """
        with self._lock:
            now = self._clock()
            due = [level for level, deadline in self._deadlines.items() if deadline <= now]
            expired: list[Court] = []
            for level in sorted(due, reverse=True):
                if any(self._using[each] for each in Court if each >= max(level, Court.HOLY)):  # level 1 stays open
                    self._deadlines[level] = now + MOST_HOLY_SECONDS
                elif level is Court.OUTER:
                    self.lock_screen()
                    expired.append(level)
                elif level in self._deadlines:
                    self.relock(level)
                    expired.append(level)
            return tuple(sorted(expired))

    # -- changing what opens -------------------------------------------------------------------------------------

    def change_password(self, current: Factor, new: Factor) -> None:
        """Re-wraps one slot. Raises WrongFactorError, InvalidInputError (field ``password``), LevelLockedError."""
        with _wiped(current, new):
            require_strong(new)
            self.require(Court.OUTER)
            self._keys.verify(Court.OUTER, current)
            self._keys.set_factor(Court.OUTER, new)

    def set_password_after_kit(self, new: Factor) -> None:
        """A password for this device, after the kit opened the vault. Raises InvalidInputError, LevelLockedError."""
        with _wiped(new):
            require_strong(new)
            self.require(Court.OUTER)
            if not self._by_kit:
                raise InvalidInputError(
                    "The password is changed with the present one.", field="password", hint="Use: change password."
                )
            self._keys.set_factor(Court.OUTER, new)
            self._by_kit = False

    def set_factor(self, level: Court, factor: Factor, *, label: str = "") -> None:
        """Set level 2 or 3 up, or replace its factor. A level that was just set up is open.

        Raises LevelLockedError (the level below, or the level itself when it exists), InvalidInputError.
        """
        with _wiped(factor):
            if level is Court.OUTER:
                raise InvalidInputError("Level 1 opens with the password.", field="level")
            require_strong(factor)
            self._keys.set_factor(level, factor, label=label)
        self._start_timer(level)

    def add_factor(self, level: Court, factor: Factor, *, label: str = "") -> None:
        """A further way to open a level. Raises LevelLockedError, NotFoundError, InvalidInputError."""
        with _wiped(factor):
            require_strong(factor)
            self._keys.add_factor(level, factor, label=label)

    def remove_slot(self, slot: SlotDescription) -> None:
        """Raises NotFoundError, LevelLockedError, InvalidInputError for the last slot that is no kit."""
        self.require(slot.level)
        self._keys.remove_slot(slot.slot_id)

    def make_key_file(self, path: Path) -> None:
        """A new key file for ``Factor.key_file``; one that is there is left alone.

        Raises PermissionDeniedError, KeyStoreError.
        """
        self._keys.make_key_file(path)

    # -- recovery kit --------------------------------------------------------------------------------------------

    def new_kit(self, vault_name: str) -> RecoveryKit:
        """Fresh words to show and print; they open nothing before ``keep_kit``."""
        return self._keys.new_kit(vault_name)

    def keep_kit(self, kit: RecoveryKit, typed_back: Mapping[int, str]) -> None:
        """Make the kit valid for every level, after some words were typed back: position (from 1) to word.

        Raises InvalidInputError naming the position that differs, LevelLockedError for a level that is not open.
        """
        confirm_words(kit, typed_back)
        self.require(Court.OUTER)
        self._keys.keep_kit(kit)

    def wrong_words(self, words: str) -> str:
        """What is wrong with typed kit words, in plain words; empty when well. Quick."""
        return self._keys.wrong_words(words)

    # -- compromised ---------------------------------------------------------------------------------------------

    def compromised(self, current: Factor, factors: Mapping[Court, Factor], *, kit: RecoveryKit | None = None) -> None:
        """New secrets everywhere: levels, device key, file key. ``factors``: the new one of every level there is.

        The old password, kit and key files open nothing any more. The vault must be closed and opened again, which
        re-encrypts the file with progress; killed meanwhile, opening goes on with it.
        Raises WrongFactorError, LevelLockedError for a level that is not open, InvalidInputError.
        """
        with _wiped(current, *factors.values()):
            for factor in factors.values():
                require_strong(factor)
            for level in self._keys.describe():
                if level.exists:
                    self.require(level.level)
            self._keys.verify(Court.OUTER, current)
            self._keys.compromise(factors, kit=kit)
            self._by_kit = False
        self._reseal_now()

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

    def _start_timer(self, level: Court) -> None:
        """Of level 2 or 3."""
        with self._lock:
            self._deadlines[level] = self._clock() + (HOLY_SECONDS if level is Court.HOLY else MOST_HOLY_SECONDS)

    def _opened(self) -> None:
        with self._lock:
            self._screen_locked = False
            self._deadlines[Court.OUTER] = self._clock() + self._idle


def confirm_words(kit: RecoveryKit, typed_back: Mapping[int, str]) -> None:
    """Compare words typed back with the kit's, by position from 1. Raises InvalidInputError (field ``word N``)."""
    if not typed_back:
        raise InvalidInputError("Type some of the words back.", field="words")
    for position, word in sorted(typed_back.items()):
        if not 1 <= position <= len(kit.words) or word.strip().casefold() != kit.words[position - 1]:
            raise InvalidInputError(
                f"Word {position} is not the one of the kit.",
                field=f"word {position}",
                hint="Compare with what was written down or printed.",
            )


@contextmanager
def _wiped(*factors: Factor) -> Iterator[None]:
    try:
        yield
    finally:
        for factor in factors:
            factor.wipe()
