"""The keys of one vault: created, unlocked, changed. Every change is one atomic replacement of one small file.

Killed at any step, the file is the old one or the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import KeysDamagedError, WrongFactorError
from aether_desktop.ports.errors import (
    AetherError,
    AlreadyExistsError,
    InvalidInputError,
    KeyMissingError,
    KeyStoreError,
    NotFoundError,
)
from aether_desktop.ports.vault_keys import Factor, FactorKind, OldCopy, RecoveryKit
from aether_desktop.security import recovery_kit
from aether_desktop.security.device_keys import DeviceKeys
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.key_header import Header, LevelKeys, authenticate, open_file_key
from aether_desktop.security.memory import Secret
from aether_desktop.security.old_copies import copies_beside, remove_copies
from aether_desktop.security.one_at_a_time import one_at_a_time
from aether_desktop.security.opening_keys import OpeningKeys, level_of
from aether_desktop.security.slot_making import Device
from aether_desktop.security.slots import DeviceRef, Slot


class FileVaultKeys(OpeningKeys):
    """Implements ``ports.vault_keys.VaultKeys`` over NAME.aether.keys. Worker threads, any of them."""

    # -- making --------------------------------------------------------------------------------------------------

    def create(self, password: Factor) -> None:
        """A key file for a new vault, level 1 open. One left by a creation that was interrupted is used again.

        Raises AlreadyExistsError for one that the password does not open, KeyStoreError and its kinds.
        """
        if self._shared:
            self._vault.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._file.is_there():
            self._use_unfinished(password)
            return
        ref, key = self._devices.obtain()
        root = Secret.random()
        try:
            with key, Secret.random() as file_key:
                keys = () if self._shared else (file_key,)
                header = self._maker.first_header(password, Device(ref, key), root, file_keys=keys)
                self._seen.note(header, self._file.write_first(header, root))
        except BaseException:
            self._take_back(ref)
            raise
        self._take(header, root, Court.OUTER)
        self._opened_with[Court.OUTER] = header.levels[0].slots[0]

    def discard(self) -> None:
        """Take a new key file back, when its vault could not be made."""
        with suppress(KeyStoreError):
            for slot in self._file.read()[0].levels[0].slots:
                if slot.device is not None:
                    self._devices.forget(slot.device)
        self._file.remove()
        self.lock()

    def convert(self, password: Factor) -> None:
        """Give a vault of the old kind, whose key alone opens it, a password; level 1 is open then.

        The old key becomes the device's key, so that old back-ups still open; the file is re-keyed when it is opened
        next. Raises AlreadyExistsError for a vault that was converted before, KeyStoreError and its kinds.
        """
        if self.exists():
            raise AlreadyExistsError("This vault has a password already.", field="password")
        if self._shared:  # nothing was kept under another key before
            self.create(password)
            return
        ref, key = self._devices.of_old_vault(self._vault)
        root = Secret.random()
        with one_at_a_time(self._file.path), key, Secret.random() as file_key:
            if self.exists():  # another program was quicker
                raise AlreadyExistsError("This vault has a password already.", field="password")
            header = self._maker.first_header(password, Device(ref, key), root, file_keys=(key, file_key))
            self._write(header, root, revoking=True)
        self._take(header, root, Court.OUTER)
        self._opened_with[Court.OUTER] = header.levels[0].slots[0]

    def settle_file_key(self) -> None:
        """The vault file opens with the next key now: forget the one before. Raises LevelLockedError."""
        self._change(lambda header: replace(header, file_keys=header.file_keys[-1:]), revoking=True)

    def drop_former(self, level: Court) -> None:
        """All that was sealed under the level's former secrets is sealed anew: forget them.

        Raises LevelLockedError, NotFoundError.
        """
        with self.levels.copy(level) as secret:
            self._change(lambda header: header.with_level(replace(level_of(header, level), former=())), revoking=True)
            self.levels.open(level, secret.copy())

    # -- changing ------------------------------------------------------------------------------------------------

    def set_factor(self, level: Court, factor: Factor, *, label: str = "") -> None:
        self._put_factor(level, factor, label=label, replacing=True)

    def add_factor(self, level: Court, factor: Factor, *, label: str = "") -> None:
        level_of(self._file.read()[0], level)
        self._put_factor(level, factor, label=label, replacing=False)

    def remove_slot(self, slot_id: str) -> None:
        def change(header: Header) -> Header:
            for level in header.levels:
                for slot in level.slots:
                    if slot.slot_id.hex() == slot_id:
                        self.levels.copy(level.level).wipe()  # only while it is open
                        self._require_present(header, level.level)
                        return header.with_level(_without(level, slot, self._devices))
            raise NotFoundError("There is no such slot any more.")

        self._change(change, revoking=True)
        for level, slot in tuple(self._opened_with.items()):
            if slot.slot_id.hex() == slot_id:  # the person's own wish
                del self._opened_with[level]

    def make_key_file(self, path: Path) -> None:
        with Secret(KeyFileStore(path).create(path)):
            pass

    def new_kit(self, vault_name: str) -> RecoveryKit:
        return recovery_kit.new_kit(vault_name, now=datetime.fromtimestamp(int(self._clock()), UTC))

    def keep_kit(self, kit: RecoveryKit) -> None:
        def change(header: Header) -> Header:
            self._require_present(header, *(each.level for each in header.levels))
            return self._maker.with_kit(header, kit, self.levels)

        self._change(change, revoking=True)
        for level, slot in tuple(self._opened_with.items()):
            if slot.kind is FactorKind.KIT:  # the new kit has taken its place
                del self._opened_with[level]

    def copies(self) -> tuple[OldCopy, ...]:
        if self._shared or not self.exists():
            return ()
        return copies_beside(self._vault, self._file.read()[0])

    def forget_copies(self, copies: Sequence[OldCopy]) -> None:
        with self._root() as (header, root):
            if len(header.file_keys) != 1:
                raise InvalidInputError(
                    "The vault file is still being encrypted anew.", hint="Close the vault, open it, then try again."
                )
            open_file_key(header, header.file_keys[0], root).wipe()
            remove_copies(set(copies) & set(copies_beside(self._vault, header)))

    def compromise(
        self, factors: Mapping[Court, Factor], *, kit: RecoveryKit | None = None, keep_device_key: bool = False
    ) -> None:
        with ExitStack() as made, ExitStack() as held, self._root() as (header, _root):
            if len(header.file_keys) > 1:
                raise InvalidInputError(
                    "The vault file is still being encrypted anew.", hint="Close the vault, open it, then try again."
                )
            existing = tuple(each.level for each in header.levels)
            if set(factors) != set(existing):
                raise InvalidInputError(
                    "A new factor is needed for each level there is: "
                    + ", ".join(str(int(level)) for level in existing)
                    + ".",
                    field="factors",
                )
            for level in existing:
                self.levels.copy(level).wipe()  # before a key is made: raises when it is not open
            self._require_present(header, *existing)
            before = [slot.device for slot in header.levels[0].slots if slot.device is not None]
            if keep_device_key and self._devices.forgets:
                before = []
            ref, key = self._devices.renew(header.vault_id, before=before)
            held.enter_context(key)
            made.push(lambda kind, _error, _trace: None if kind is None else self._take_back(ref))
            new = {level: held.enter_context(Secret.random()) for level in existing}
            changed = self._maker.renewed(
                header, new, levels=self.levels, factors=factors, device=Device(ref, key), kit=kit
            )
            changed = replace(changed, generation=header.generation + 1)
            self._write(changed, new[Court.OUTER], revoking=True)
            for level in existing:
                self._take(changed, new[level].copy(), level)
                self._opened_with[level] = level_of(changed, level).slots[0]
        with suppress(KeyStoreError):  # the slots find the new key where it is; ``unlock`` tries again
            if self.opens(Court.OUTER, factors[Court.OUTER]):  # as read back from disk and keyring
                self._devices.settle(ref, vault_id=header.vault_id, before=before)

    # -- inside --------------------------------------------------------------------------------------------------

    @contextmanager
    def _root(self) -> Iterator[tuple[Header, Secret]]:
        """The authenticated header and S(1), for one change at a time, whichever program makes it.

        Raises KeysDamagedError when the keys are no longer the ones that were opened.
        """
        with self._lock, self.levels.copy(Court.OUTER) as root, one_at_a_time(self._file.path):
            header, content = self._file.read()
            try:
                authenticate(content, root)
            except KeysDamagedError as error:
                raise KeysDamagedError(
                    "The vault's keys are not the ones that it was opened with: another program made new ones, or"
                    " somebody altered the key file.",
                    hint="Nothing was changed. Lock the vault and open it again.",
                ) from error
            yield header, root

    def _write(self, header: Header, root: Secret, *, revoking: bool) -> None:
        self._seen.note(header, self._file.write(header, root, revoking=revoking))

    def _take_back(self, ref: DeviceRef) -> None:
        """A device's key that was made in vain; it stays when a key file that was written all the same names it."""
        with suppress(AetherError):
            slots = self._file.read()[0].levels[0].slots if self._file.is_there() else ()
            if all(slot.device != ref for slot in slots):
                self._devices.forget(ref)

    def _change(self, change: Callable[[Header], Header], *, revoking: bool) -> None:
        with self._root() as (header, root):
            changed = replace(change(header), generation=header.generation + 1)
            self._write(changed, root, revoking=revoking)

    def _use_unfinished(self, password: Factor) -> None:
        try:
            if self.exists():
                self.unlock(password)
                return
        except WrongFactorError:
            pass
        raise AlreadyExistsError(
            f"{self._file.path} is there without its vault.",
            field="vault",
            hint="It belongs to a vault that was moved or not finished: move it away, or choose another name.",
        )

    def _put_factor(self, level: Court, factor: Factor, *, label: str, replacing: bool) -> None:
        if factor.kind is FactorKind.KIT:
            raise InvalidInputError("A recovery kit is never a daily factor.", field="factor")
        with self._root() as (header, root), ExitStack() as held:
            self._require_present(header, level)
            known = header.level(level)
            secret = held.enter_context(Secret.random() if known is None else self.levels.copy(level))
            slots = () if known is None else known.slots
            device: DeviceRef | None = None
            if level is Court.OUTER:
                device, below = self._this_device(slots)
            else:
                below = self.levels.copy(Court(level - 1))
            held.enter_context(below)
            slot = self._maker.slot(header.place(level), secret, factor=factor, below=below, device=device, label=label)
            kept = tuple(each for each in slots if not (replacing and _takes_place(each, device)))
            changed = LevelKeys(level, (*kept, slot), () if known is None else known.former)
            changed_header = replace(header.with_level(changed), generation=header.generation + 1)
            self._write(changed_header, root, revoking=replacing and known is not None)
            if known is None:
                self.levels.open(level, secret.copy())
            if replacing:
                self._opened_with[level] = slot

    def _this_device(self, slots: tuple[Slot, ...]) -> tuple[DeviceRef, Secret]:
        for slot in slots:
            if slot.device is not None:
                with suppress(KeyMissingError):
                    return slot.device, self._devices.find(slot.device)
        return self._devices.obtain()


def _takes_place(slot: Slot, device: DeviceRef | None) -> bool:
    """Whether a new factor takes the slot's place: no kit, and at level 1 of the same device."""
    return slot.kind is not FactorKind.KIT and slot.device == device


def _without(level: LevelKeys, gone: Slot, devices: DeviceKeys) -> LevelKeys:
    kept = tuple(each for each in level.slots if each is not gone)
    usable = any(each.kind is not FactorKind.KIT and _is_here(each, devices) for each in kept)
    if gone.kind is not FactorKind.KIT and not usable:
        raise InvalidInputError(
            f"Nothing but the recovery kit would open level {int(level.level)} here.",
            field="slot",
            hint="Add another factor first.",
        )
    return replace(level, slots=kept)


def _is_here(slot: Slot, devices: DeviceKeys) -> bool:
    if slot.device is None:
        return True
    try:
        devices.find(slot.device).wipe()
    except KeyMissingError:
        return False
    return True
