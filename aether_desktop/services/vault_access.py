"""Password, factors, recovery kit and new keys of one vault, over its locks. Qt-free; knows no cryptography."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aether_desktop.domain.courts import Court
from aether_desktop.ports.errors import DamagedVaultError, InvalidInputError
from aether_desktop.ports.vault_keys import (
    CopyOpens,
    Factor,
    FactorKind,
    OldCopy,
    RecoveryKit,
    SlotDescription,
    require_strong,
)
from aether_desktop.services.level_locks import (
    HOLY_SECONDS,
    IDLE_LEAST,
    IDLE_MOST,
    IDLE_SECONDS,
    MOST_HOLY_SECONDS,
    AccessState,
    LevelLocks,
    wiped,
)

__all__ = [
    "HOLY_SECONDS",
    "IDLE_LEAST",
    "IDLE_MOST",
    "IDLE_SECONDS",
    "MOST_HOLY_SECONDS",
    "AccessState",
    "VaultAccess",
    "confirm_words",
]


_OWN = "Give each level a passphrase of its own: otherwise whoever learns one has both."


class VaultAccess(LevelLocks):
    """One vault's keys, over its locks. Quick methods say so and may be called from any thread; the rest on worker
    threads. Factors that are handed in are wiped."""

    # -- making --------------------------------------------------------------------------------------------------

    def create(self, password: Factor) -> None:
        """The keys of a new vault, level 1 open. Raises InvalidInputError, AlreadyExistsError, KeyStoreError."""
        with wiped(password):
            require_strong(password)
            self._keys.create(password)
        self._opened()

    def set_first_password(self, password: Factor) -> None:
        """Convert a vault of the old kind; it may be open meanwhile and is encrypted anew when it is opened next.

        Raises InvalidInputError, AlreadyExistsError when it has a password, KeyStoreError and its kinds.
        """
        with wiped(password):
            require_strong(password)
            with self._recorded("vault.password", after="none"):
                self._keys.convert(password)
        self._opened()

    # -- changing what opens -------------------------------------------------------------------------------------

    def change_password(self, current: Factor, new: Factor) -> None:
        """Re-wraps one slot. Raises WrongFactorError, InvalidInputError (field ``password``), LevelLockedError."""
        with wiped(current, new):
            require_strong(new)
            self.require(Court.OUTER)
            self._keys.verify(Court.OUTER, current)
            self._require_own(Court.OUTER, new)
            with self._recorded("vault.password"):
                self._keys.set_factor(Court.OUTER, new)

    def set_password_after_kit(self, new: Factor) -> None:
        """A password for this device, after the kit opened the vault. Raises InvalidInputError, LevelLockedError."""
        with wiped(new):
            require_strong(new)
            self.require(Court.OUTER)
            if not self._by_kit:
                raise InvalidInputError(
                    "The password is changed with the present one.", field="password", hint="Use: change password."
                )
            with self._recorded("vault.password", after="kit"):
                self._keys.set_factor(Court.OUTER, new)
            self._by_kit = False

    def set_factor(self, level: Court, factor: Factor, *, label: str = "") -> None:
        """Set level 2 or 3 up, or replace its factor. A level that was just set up is open.

        Raises LevelLockedError (the level below, or the level itself when it exists), InvalidInputError.
        """
        with wiped(factor):
            if level is Court.OUTER:
                raise InvalidInputError("Level 1 opens with the password.", field="level")
            require_strong(factor)
            self._require_own(level, factor)
            with self._recorded("vault.factor", level=int(level), kind=factor.kind.value):
                self._keys.set_factor(level, factor, label=label)
        self._start_timer(level)

    def add_factor(self, level: Court, factor: Factor, *, label: str = "") -> None:
        """A further way to open a level. Raises LevelLockedError, NotFoundError, InvalidInputError."""
        with wiped(factor):
            require_strong(factor)
            self._require_own(level, factor)
            with self._recorded("vault.add-factor", level=int(level), kind=factor.kind.value):
                self._keys.add_factor(level, factor, label=label)

    def _require_own(self, level: Court, factor: Factor) -> None:
        """What opens one level opens no other, as far as the others can be tried now."""
        if factor.kind is not FactorKind.PASSPHRASE:
            return
        for other in self._keys.describe():
            if not other.exists or other.level is level:
                continue
            if self._keys.levels.is_open(other.level) and self._keys.opens(other.level, factor):
                raise InvalidInputError(f"This opens level {int(other.level)} already.", field="factor", hint=_OWN)

    def remove_slot(self, slot: SlotDescription) -> None:
        """Raises NotFoundError, LevelLockedError, InvalidInputError for the last slot that is no kit."""
        self.require(slot.level)
        with self._recorded("vault.remove-factor", level=int(slot.level), kind=slot.kind.value, slot=slot.slot_id):
            self._keys.remove_slot(slot.slot_id)

    def make_key_file(self, path: Path) -> None:
        """A new key file for ``Factor.key_file``; one that is there is left alone.

        Raises PermissionDeniedError, KeyStoreError.
        """
        self._keys.make_key_file(path)

    def accept_keys(self) -> None:
        """The key file, which is older than the one seen here last, is the person's own wish: a restored back-up.

        Raises LevelLockedError, KeyStoreError and its kinds.
        """
        self.require(Court.OUTER)
        notice = self.keys_notice()
        if notice is not None:
            with self._recorded("vault.accept-keys", generation=notice.now, seen=str(notice.seen)):
                self._keys.accept()

    # -- copies beside the vault ---------------------------------------------------------------------------------

    def old_copies(self) -> tuple[OldCopy, ...]:
        """Copies that the program left beside the vault and that open with something else than the vault does now.

        Raises KeysDamagedError, KeyStoreError.
        """
        return tuple(copy for copy in self._keys.copies() if copy.opens is not CopyOpens.PRESENT)

    def forget_copies(self, check: Callable[[], Sequence[str]], *, set_aside: bool = False) -> tuple[OldCopy, ...]:
        """Delete those copies, once ``check`` found nothing wrong with the open vault itself; returns them.

        ``set_aside``: also what restored back-ups took the place of. Raises LevelLockedError, DamagedVaultError,
        InvalidInputError, KeyStoreError, and what ``check`` does.
        """
        self.require(Court.OUTER)
        copies = tuple(copy for copy in self.old_copies() if set_aside or not copy.set_aside)
        if not copies:
            return ()
        problems = check()
        if problems:
            raise DamagedVaultError(
                f"The vault itself does not verify: {problems[0]}",
                hint="No copy was deleted. Restore a back-up, or open a copy.",
                details="; ".join(problems),
            )
        with self._recorded("vault.forget-copies", copies=[copy.path.name for copy in copies]):
            self._keys.forget_copies(copies)
        return copies

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
        with self._recorded("vault.kit", kit=kit.kit_id):
            self._keys.keep_kit(kit)

    def wrong_words(self, words: str) -> str:
        """What is wrong with typed kit words, in plain words; empty when well. Quick."""
        return self._keys.wrong_words(words)

    # -- compromised ---------------------------------------------------------------------------------------------

    @property
    def forgets_device_keys(self) -> bool:
        """Whether "compromised" takes the former device key away, unless it is to be kept. Quick."""
        return self._keys.forgets_device_keys

    def compromised(
        self,
        current: Factor,
        factors: Mapping[Court, Factor],
        *,
        kit: RecoveryKit | None = None,
        keep_device_key: bool = False,
    ) -> None:
        """New secrets everywhere: levels, device key, file key. ``factors``: the new one of every level there is.

        The old password, kit and key files open nothing any more. The vault must be closed and opened again, which
        re-encrypts the file with progress; killed meanwhile, opening goes on with it. A keyring forgets the former
        device key, and back-ups from before open with their kit alone, but for ``keep_device_key``.
        Raises WrongFactorError, LevelLockedError for a level that is not open, InvalidInputError.
        """
        with wiped(current, *factors.values()):
            for factor in factors.values():
                require_strong(factor)
            typed = [bytes(factor.secret) for factor in factors.values() if factor.kind is FactorKind.PASSPHRASE]
            if len(set(typed)) < len(typed):
                raise InvalidInputError("Two levels have the same new passphrase.", field="factor", hint=_OWN)
            for level in self._keys.describe():
                if level.exists:
                    self.require(level.level)
            self._keys.verify(Court.OUTER, current)
            with self._recorded("vault.compromised", levels=sorted(int(level) for level in factors)):
                self._keys.compromise(factors, kit=kit, keep_device_key=keep_device_key)
            self._by_kit = False
        self._reseal_now()


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
