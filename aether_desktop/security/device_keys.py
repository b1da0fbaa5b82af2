"""The device key D, in the keyring or in a key file that stands for it. Worker threads only: a keyring may block.

A slot names the key by a tag (its name in the keyring) and a check (derived from the key): a wrong device is told
from a wrong password.
"""

from __future__ import annotations

import glob
import json
import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from hmac import compare_digest
from pathlib import Path
from typing import Final, Protocol

from aether_desktop.ports.errors import KeyMissingError, KeyStoreError
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.keyring_store import KeyringStore
from aether_desktop.security.memory import Secret
from aether_desktop.security.one_at_a_time import one_at_a_time
from aether_desktop.security.private_files import replace_file
from aether_desktop.security.slots import TAG_BYTES, DeviceRef, device_check

_LONGEST_ID: Final = 64  # bytes of the file that names a key's vault
_TAG: Final = re.compile(rf"[0-9a-f]{{{2 * TAG_BYTES}}}")
_KIT: str = "On another device the recovery kit opens the vault."


class DeviceKeys(Protocol):
    """Where this device's keys lie. Everything raises KeyStoreError and its kinds."""

    forgets: bool
    """Whether settling a new key takes the former ones away."""

    def answers(self) -> str:
        """A sentence for people when keys can be kept here."""
        ...

    def find(self, device: DeviceRef) -> Secret:
        """Raises KeyMissingError when it is not here."""
        ...

    def obtain(self) -> tuple[DeviceRef, Secret]:
        """A key for a new vault, or for a slot of this device: stored and read back."""
        ...

    def renew(self, vault_id: bytes, *, before: Sequence[DeviceRef] = ()) -> tuple[DeviceRef, Secret]:
        """A fresh key for this vault alone, kept beside the present ones (``before``), which are not touched."""
        ...

    def settle(self, device: DeviceRef, *, vault_id: bytes, before: Sequence[DeviceRef]) -> None:
        """The vault's slots name this key now, and it was proven: it takes the place of the one before.

        ``before`` are those they named until now. A key file keeps them, a keyring forgets them.
        """
        ...

    def tidy(self, *, vault_id: bytes, named: Sequence[DeviceRef]) -> bool:
        """After an interruption between a renewal and its settling: settle it, where the slots that opened the vault
        (``named``) are the new ones. Returns whether something was left to do; without ``named`` it only looks.
        """
        ...

    def forget(self, device: DeviceRef) -> None:
        """Take back a key that nothing uses yet."""
        ...

    def of_old_vault(self, vault: Path) -> tuple[DeviceRef, Secret]:
        """The key that opens a vault of the old kind by itself; it becomes the device's key."""
        ...


class KeyringDevices:
    """Implements ``DeviceKeys`` over the keyring of the operating system: one entry per tag."""

    forgets = True

    def __init__(self, store: KeyringStore | None = None) -> None:
        self._store = store or KeyringStore()

    def answers(self) -> str:
        self._store.load_tagged("0" * (2 * TAG_BYTES))  # a locked keyring is found out by asking
        return "The keyring answers."

    def find(self, device: DeviceRef) -> Secret:
        key = self._store.load_tagged(device.tag.hex())
        if key is None:
            raise KeyMissingError("The keyring holds no key for this vault.", hint=_KIT)
        return _checked(Secret(key), device, "the keyring")

    def obtain(self) -> tuple[DeviceRef, Secret]:
        key, tag = Secret.random(), secrets.token_bytes(TAG_BYTES)
        self._store.keep_tagged(tag.hex(), bytes(key.data))
        return DeviceRef(tag, device_check(key)), key

    def renew(self, vault_id: bytes, *, before: Sequence[DeviceRef] = ()) -> tuple[DeviceRef, Secret]:
        """What is to be forgotten is written down first: killed at any moment, ``tidy`` finds it."""
        key, tag = Secret.random(), secrets.token_bytes(TAG_BYTES)
        tags = dict.fromkeys(each.tag.hex() for each in before)
        known = self._left(vault_id)
        if known is not None and known[0] in tags:
            tags.update(dict.fromkeys(known[1]))
        self._store.keep_note(vault_id.hex(), json.dumps({"format": 1, "new": tag.hex(), "former": [*tags]}))
        self._store.keep_tagged(tag.hex(), bytes(key.data))
        return DeviceRef(tag, device_check(key)), key

    def settle(self, device: DeviceRef, *, vault_id: bytes, before: Sequence[DeviceRef]) -> None:
        """The new key was proven: the keyring forgets the others. Copies made before open with their kit only."""
        left = self._left(vault_id)
        former = [each.tag.hex() for each in before]
        if left is not None and left[0] == device.tag.hex():
            former = [*dict.fromkeys([*former, *left[1]])]
        for tag in former:
            if tag != device.tag.hex():
                self._store.forget_tagged(tag)
        self._store.forget_note(vault_id.hex())

    def tidy(self, *, vault_id: bytes, named: Sequence[DeviceRef]) -> bool:
        """A key that was made in vain opens nothing and is left: another copy of the vault may be about to use it."""
        left = self._left(vault_id)
        if left is None:
            return False
        for device in named:
            if device.tag.hex() == left[0]:
                self.find(device).wipe()  # raises when it is not here
                self.settle(device, vault_id=vault_id, before=())
        if named and self._store.load_tagged(left[0]) is None:
            self._store.forget_note(vault_id.hex())
        return True

    def _left(self, vault_id: bytes) -> tuple[str, list[str]] | None:
        """The new key's tag and those of the former ones; None when nothing was begun, or by another program."""
        kept = self._store.note(vault_id.hex())
        try:
            note = None if kept is None else json.loads(kept)
        except ValueError:
            return None
        if not isinstance(note, dict) or set(note) != {"format", "new", "former"} or note["format"] != 1:
            return None
        tags = [note["new"], *note["former"]] if isinstance(note["former"], list) else []
        if not tags or not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags):
            return None
        return tags[0], tags[1:]

    def forget(self, device: DeviceRef) -> None:
        self._store.forget_tagged(device.tag.hex())

    def of_old_vault(self, vault: Path) -> tuple[DeviceRef, Secret]:
        key = Secret(self._store.load(vault))
        tag = self._store.tag_of(vault)
        if tag is None:
            raise KeyMissingError(f"{vault.name}.keys is not beside the vault.", hint="Move both files together.")
        return DeviceRef(bytes.fromhex(tag), device_check(key)), key


class KeyFileDevices:
    """Implements ``DeviceKeys`` over a key file, which may serve several vaults.

    A key that is not the file's own lies beside it, as NAME.CHECK, the first digits of its check. One that was made
    for a single vault has that vault's id in NAME.CHECK.vault beside it; only such keys are ever removed, and only
    once their vault has had two newer ones. The id goes when a second vault is given the key.
    """

    forgets = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def answers(self) -> str:
        return f"The key file {self._path.name} stands for the keyring."

    def find(self, device: DeviceRef) -> Secret:
        beside = self._beside(device.check)
        main = self._load(self._path)
        if compare_digest(device_check(main), device.check) or not beside.exists():
            return _checked(main, device, str(self._path))
        main.wipe()
        return _checked(self._load(beside), device, str(beside))

    def obtain(self) -> tuple[DeviceRef, Secret]:
        with one_at_a_time(self._path):
            key = Secret(KeyFileStore(self._path).create(self._path))
            device = DeviceRef(secrets.token_bytes(TAG_BYTES), device_check(key))
            self._owner(device.check).unlink(missing_ok=True)  # it serves one more vault from now on
            return device, key

    def renew(
        self,
        vault_id: bytes,
        *,
        before: Sequence[DeviceRef] = (),  # noqa: ARG002 - each lies in a file that says whose it is
    ) -> tuple[DeviceRef, Secret]:
        key = Secret.random()
        device = DeviceRef(secrets.token_bytes(TAG_BYTES), device_check(key))
        with one_at_a_time(self._path):
            replace_file(self._owner(device.check), f"{vault_id.hex()}\n".encode("ascii"))
            KeyFileStore(self._beside(device.check)).adopt(self._path, bytes(key.data))
        return device, key

    def settle(self, device: DeviceRef, *, vault_id: bytes, before: Sequence[DeviceRef]) -> None:
        renewed = self._beside(device.check)
        with one_at_a_time(self._path):  # another vault's key may be settled in the same file
            if renewed.exists():
                with self._load(self._path) as present:
                    KeyFileStore(self._beside(device_check(present))).adopt(self._path, bytes(present.data))
                try:
                    os.replace(renewed, self._path)  # noqa: PTH105 - the name that kill tests watch
                except OSError as error:
                    raise KeyStoreError(f"{self._path} cannot be written: {error.strerror}.") from error
            self._clear_up(vault_id, kept={_digits(each.check) for each in (device, *before)})

    def tidy(self, *, vault_id: bytes, named: Sequence[DeviceRef]) -> bool:  # noqa: ARG002
        """What an interruption leaves is cleared by the next renewal."""
        return False

    def forget(self, device: DeviceRef) -> None:
        """The file itself may serve other vaults: it stays."""
        with one_at_a_time(self._path):
            if self._owner(device.check).exists():
                with suppress(OSError):
                    self._remove(_digits(device.check))

    def of_old_vault(self, vault: Path) -> tuple[DeviceRef, Secret]:
        key = Secret(KeyFileStore(self._path).load(vault))
        return DeviceRef(secrets.token_bytes(TAG_BYTES), device_check(key)), key

    def _clear_up(self, vault_id: bytes, *, kept: set[str]) -> None:
        """Remove the vault's keys of earlier times, and those that a killed renewal left."""
        prefix = f"{self._path.name}."
        with suppress(OSError):  # they are found again the next time
            for owner in self._path.parent.glob(f"{glob.escape(prefix)}*.vault"):
                digits = owner.name[len(prefix) : -len(".vault")]
                if digits not in kept and owner.read_bytes()[:_LONGEST_ID].strip() == vault_id.hex().encode("ascii"):
                    self._remove(digits)

    def _remove(self, digits: str) -> None:
        """The key first: what a kill leaves is found again by its owner's file."""
        self._path.with_name(f"{self._path.name}.{digits}").unlink(missing_ok=True)
        self._path.with_name(f"{self._path.name}.{digits}.vault").unlink(missing_ok=True)

    def _beside(self, check: bytes) -> Path:
        return self._path.with_name(f"{self._path.name}.{_digits(check)}")

    def _owner(self, check: bytes) -> Path:
        return self._path.with_name(f"{self._path.name}.{_digits(check)}.vault")

    def _load(self, path: Path) -> Secret:
        return Secret(KeyFileStore(path).load(self._path))


def _digits(check: bytes) -> str:
    return check.hex()[:8]


def _checked(key: Secret, device: DeviceRef, where: str) -> Secret:
    if not compare_digest(device_check(key), device.check):
        key.wipe()
        raise KeyMissingError(f"What {where} holds is the key of another vault.", hint=_KIT)
    return key
