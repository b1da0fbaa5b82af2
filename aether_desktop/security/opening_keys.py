"""The keys of one vault as they are read and opened; ``vault_keys`` changes them. Worker threads, any of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from aether_desktop.domain.back_off import shown_wait
from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import AttemptCounter, KeysDamagedError, WrongFactorError
from aether_desktop.ports.errors import AetherError, KeyMissingError, NotFoundError
from aether_desktop.ports.identity import PinStore
from aether_desktop.ports.vault_keys import DeviceKeyReport, Factor, FactorKind, KeysNotice, LevelDescription
from aether_desktop.security import recovery_kit
from aether_desktop.security.attempts import AllAttempts, Attempts
from aether_desktop.security.device_keys import DeviceKeys
from aether_desktop.security.header_file import HeaderFile
from aether_desktop.security.key_descriptions import describe_device, describe_levels
from aether_desktop.security.key_header import Header, LevelKeys, authenticate, open_file_key, open_former
from aether_desktop.security.keys_seen import KeysSeen
from aether_desktop.security.memory import Secret
from aether_desktop.security.one_at_a_time import one_at_a_time
from aether_desktop.security.slot_factors import factor_bytes, wrong_factor
from aether_desktop.security.slot_making import SlotMaker
from aether_desktop.security.slots import Slot, open_slot
from aether_desktop.security.unlocked_keys import UnlockedKeys

_TIDY_WAIT: Final = 0.5  # seconds


class OpeningKeys:
    """The first half of ``ports.vault_keys.VaultKeys``, over NAME.aether.keys."""

    def __init__(
        self,
        vault: Path,
        devices: DeviceKeys,
        *,
        shared: bool = False,
        pins: PinStore | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``shared``: a place in the data directory that stands for a database; its key file holds no file key.

        ``pins``: where the latest generation of the key file is remembered; None remembers none.
        """
        self.levels = UnlockedKeys()
        self._vault = vault
        self._file = HeaderFile(vault)
        self._devices = devices
        self._shared = shared
        self._clock = clock
        self._maker = SlotMaker(clock)
        self._seen = KeysSeen(pins, vault)
        self._opened_with: dict[Court, Slot] = {}
        self._attempts = AllAttempts(Attempts(vault.with_name(f"{vault.name}.attempts"), clock=clock))
        self._lock = threading.RLock()

    # -- reading -------------------------------------------------------------------------------------------------

    def exists(self) -> bool:
        return self._file.is_of_hierarchy()

    def describe(self) -> tuple[LevelDescription, ...]:
        return describe_levels(self._file.read()[0] if self.exists() else None, self._devices, self.levels)

    def device(self) -> DeviceKeyReport:
        return describe_device(self._file.read()[0] if self.exists() else None, self._devices, self._vault)

    @property
    def forgets_device_keys(self) -> bool:
        return self._devices.forgets

    def wait(self, level: Court) -> float:
        return self._attempts.wait(level)

    def count_in(self, shared: AttemptCounter | None) -> None:
        """While a shared database is open: wrong factors of levels 2 and 3 count there as well. Any thread."""
        self._attempts.shared = shared

    def wrong_words(self, words: str) -> str:
        return recovery_kit.problem_with(words)

    def notice(self) -> KeysNotice | None:
        if not self.exists():
            return None
        return self._seen.notice(*self._file.read())

    def accept(self) -> None:
        if self.exists():
            self._seen.accept(*self._file.read())

    # -- opening -------------------------------------------------------------------------------------------------

    def unlock(self, factor: Factor) -> None:
        self._take(*self._open(Court.OUTER, factor), Court.OUTER)
        if factor.kind is not FactorKind.KIT:
            self._tidy()

    def step_up(self, level: Court, factor: Factor) -> None:
        self._take(*self._open(level, factor), level)

    def verify(self, level: Court, factor: Factor) -> None:
        with self.levels.copy(level):
            self._open(level, factor)[1].wipe()

    def opens(self, level: Court, factor: Factor) -> bool:
        header, _content = self._file.read()
        slots = [slot for slot in level_of(header, level).slots if slot.kind is factor.kind]
        with ExitStack() as held, suppress(KeyMissingError):
            held.enter_context(self.levels.copy(level))
            material = held.enter_context(factor_bytes(factor))
            for slot, below in self._candidates(level, slots, held):
                secret = open_slot(header.place(level), slot, factor=material.data, below=below)
                if secret is not None:
                    secret.wipe()
                    return True
        return False

    def lock(self, level: Court = Court.OUTER) -> None:
        for each in Court:
            if each >= level:
                self._opened_with.pop(each, None)
        self.levels.lock(level)

    def unlock_like(self, other: OpeningKeys) -> bool:
        """Open level 1 with what is open in another key file, of the same vault: a back-up's. False when it differs."""
        if not other.levels.is_open(Court.OUTER):
            return False
        root = other.levels.copy(Court.OUTER)
        try:
            header = self._file.read_authenticated(root)
        except KeysDamagedError:
            root.wipe()
            return False
        self._take(header, root, Court.OUTER)
        return True

    def file_keys(self) -> tuple[Secret, ...]:
        """The vault file's present key, and the next one while the file is re-keyed; the caller wipes them.

        Raises LevelLockedError, KeysDamagedError.
        """
        with self.levels.copy(Court.OUTER) as root:
            header = self._file.read_authenticated(root)
            return tuple(open_file_key(header, sealed, root) for sealed in header.file_keys)

    def has_former(self) -> bool:
        return any(self.levels.has_former(level) for level in Court)

    # -- inside --------------------------------------------------------------------------------------------------

    def _tidy(self) -> None:
        """Finish what an interruption left in the keyring. Never raises, and does not wait for another program."""
        with suppress(AetherError):
            vault_id = self._file.read()[0].vault_id
            if self._devices.tidy(vault_id=vault_id, named=()):
                with one_at_a_time(self._file.path, longest=_TIDY_WAIT):
                    slots = self._file.read()[0].levels[0].slots
                    opened = self._opened_with.get(Court.OUTER)
                    if opened is not None and opened.device is not None and opened in slots:
                        self._devices.tidy(vault_id=vault_id, named=(opened.device,))

    def _require_present(self, header: Header, *levels: Court) -> None:
        """Whoever opened a level with what was replaced or taken away meanwhile changes nothing any more.

        ``header`` was read under the lock. Raises WrongFactorError.
        """
        for level in sorted({Court.OUTER, *levels}):
            slot, known = self._opened_with.get(level), header.level(level)
            if slot is not None and (known is None or slot not in known.slots):
                what = "password" if level is Court.OUTER else f"factor of level {int(level)}"
                raise WrongFactorError(
                    f"The {what} was changed meanwhile, in another window or program: the one given here opens nothing"
                    " any more.",
                    hint="Nothing was changed. Lock the vault and open it with the present one.",
                )

    def _open(self, level: Court, factor: Factor) -> tuple[Header, Secret]:
        header, content = self._file.read()
        slots = [slot for slot in level_of(header, level).slots if slot.kind is factor.kind]
        if not slots:
            raise WrongFactorError(f"Nothing of that kind opens level {int(level)}.", hint="Use another factor.")
        with ExitStack() as held:
            material = held.enter_context(factor_bytes(factor))
            candidates = self._candidates(level, slots, held)
            self._attempts.begin(level)
            for slot, below in candidates:
                secret = open_slot(header.place(level), slot, factor=material.data, below=below)
                if secret is not None:
                    root = secret if level is Court.OUTER else held.enter_context(self.levels.copy(Court.OUTER))
                    authenticate(content, root)
                    self._seen.note(header, content)
                    self._attempts.succeed(level)
                    self._opened_with[level] = slot
                    return header, secret
        wait = self._attempts.wait(level)
        raise WrongFactorError(
            wrong_factor(factor.kind, level),
            wait=wait,
            hint=f"Wait {shown_wait(wait)}, then try again." if wait else "Try again.",
        )

    def _candidates(self, level: Court, slots: list[Slot], held: ExitStack) -> list[tuple[Slot, Secret | None]]:
        """Slots with what salts their key; those of other devices left out. Raises when that leaves none."""
        if level is not Court.OUTER:
            under = held.enter_context(self.levels.copy(Court(level - 1)))
            return [(slot, under) for slot in slots]
        found: list[tuple[Slot, Secret | None]] = []
        missing: KeyMissingError | None = None
        for slot in slots:
            try:
                below = None if slot.device is None else held.enter_context(self._devices.find(slot.device))
                found.append((slot, below))
            except KeyMissingError as error:
                missing = missing or error
        if not found and missing is not None:
            raise missing
        return found

    def _take(self, header: Header, secret: Secret, level: Court) -> None:
        place = header.place(level)
        former = [open_former(place, sealed, secret) for sealed in level_of(header, level).former]
        self.levels.open(level, secret, former)


def level_of(header: Header, level: Court) -> LevelKeys:
    known = header.level(level)
    if known is None:
        raise NotFoundError(f"Level {int(level)} was not set up.", hint="Set a factor for it first.")
    return known
