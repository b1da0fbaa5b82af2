"""What stands between a person and a vault file: its keys, and the file's own key under them. Worker threads only.

A part of composition: where keys and storage meet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aether_desktop.composition.identity import pins_of
from aether_desktop.ports.access import KeysDamagedError
from aether_desktop.ports.errors import InvalidInputError, NotFoundError, WrongKeyError
from aether_desktop.ports.keys import KeyStore
from aether_desktop.ports.vault_keys import Factor, VaultLockedError
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.security.device_keys import DeviceKeys, KeyFileDevices, KeyringDevices
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.keyring_store import KeyringStore
from aether_desktop.security.vault_keys import FileVaultKeys
from aether_desktop.services.places import find_places
from aether_desktop.services.targets import Target
from aether_desktop.services.vault_access import AccessState, VaultAccess
from aether_desktop.storage import rekeying
from aether_desktop.storage.addresses import split_password
from aether_desktop.storage.sqlite import is_plain_database
from aether_desktop.storage.vault_files import keys_beside

_PLACE_DIGITS: Final = 24


@dataclass(frozen=True, slots=True)
class VaultLock:
    """The locks of one vault. ``access.state`` tells what must be asked: LOCKED a password or kit; OLD nothing, the
    vault was made before passwords and ``access.set_first_password`` converts it."""

    path: Path
    key_file: Path | None
    access: VaultAccess
    keys: FileVaultKeys = field(repr=False)
    shared: bool = False


def find_lock(target: Target, *, key_file: Path | None = None, data_dir: Path | None = None) -> VaultLock | None:
    """What stands between the person and a vault; None for the plain sample, which asks nothing.

    For a database: the keys of its person on this computer, OLD as long as they have no password.
    Raises NotFoundError, InvalidInputError for a folder, KeysDamagedError, KeyStoreError.
    """
    if target.vault is None:
        return lock_of(shared_place(target.database_url, data_dir), key_file or target.key_file, shared=True)
    _refuse_folder(target.vault)
    if not target.vault.exists():
        raise NotFoundError(f"There is no vault {target.vault}.", hint="Make one with: vault create")
    chosen = key_file or target.key_file
    if chosen is None and not keys_beside(target.vault).exists() and is_plain_database(target.vault):
        return None
    return lock_of(target.vault, chosen)


def shared_place(url: str, data_dir: Path | None) -> Path:
    """Where the keys of a person of a shared database lie on this computer: a name for each address and login."""
    digest = hashlib.sha256(split_password(url)[0].encode()).hexdigest()
    return find_places(data_dir).data / "shared" / digest[:_PLACE_DIGITS]


def lock_of(path: Path, key_file: Path | None, *, shared: bool = False) -> VaultLock:
    """The locks of a vault file, also of one not made yet; ``shared``: of a place that stands for a database.

    Raises InvalidInputError for a folder.
    """
    if not shared:
        _refuse_folder(path)
    devices: DeviceKeys = KeyringDevices() if key_file is None else KeyFileDevices(key_file)
    keys = FileVaultKeys(path, devices, shared=shared, pins=pins_of(key_file))
    return VaultLock(path, key_file, VaultAccess(keys), keys, shared)


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise InvalidInputError(f"{path} is a folder.", field="vault", hint="Name the vault's file, NAME.aether.")


def key_store_of(key_file: Path | None) -> KeyStore:
    """Where the device's key of a vault lies: in the keyring, or in the key file that stands for it."""
    return KeyringStore() if key_file is None else KeyFileStore(key_file)


def open_lock(lock: VaultLock, factor: Factor | None) -> None:
    """Unlock what is locked. Raises VaultLockedError without a factor, WrongFactorError, KeyStoreError."""
    if lock.access.state is not AccessState.LOCKED:
        return
    if factor is None:
        raise VaultLockedError(
            "Your keys open with their password." if lock.shared else f"{lock.path} opens with its password.",
            hint="Give it with --password-file PATH (mode 0600), or type it when asked.",
        )
    lock.access.unlock(factor)


def file_key_of(lock: VaultLock) -> bytes:
    """The key that opens the vault file now, which may be in the middle of being re-keyed.

    Raises LevelLockedError, KeyStoreError, StorageError.
    """
    if lock.access.state is AccessState.OLD:
        return key_store_of(lock.key_file).load(lock.path)
    keys = _file_keys(lock)
    return next((key for key in keys[1:] if rekeying.opens_with(lock.path, key)), keys[0])


def finish_rekeying(lock: VaultLock, *, progress: Progress, token: CancelToken | None) -> bool:
    """Encrypt the file anew where the key file says so, also when an earlier run was ended in the middle.

    Returns whether it did. Raises StorageError, KeyStoreError, OperationCancelled; the vault opens as before then.
    """
    if lock.access.state is AccessState.OLD:
        return False
    keys = _file_keys(lock)
    if len(keys) > 1:
        rekeying.rekey_vault(lock.path, keys[0], keys[1], progress=progress, token=token)
        lock.keys.settle_file_key()
    return len(keys) > 1


@contextmanager
def explained(lock: VaultLock) -> Iterator[None]:
    """A file that does not open because an older key file lies beside it: say so. Raises KeysDamagedError then."""
    try:
        yield
    except WrongKeyError as error:
        notice = None if lock.access.state is AccessState.OLD else lock.access.keys_notice()
        if notice is None:
            raise
        raise KeysDamagedError(
            f"{lock.path} does not open: its key file is not the one this computer saw last (generation {notice.now},"
            f" seen: {notice.seen}), and there were new keys since.",
            hint=f"Put the newer {lock.path.name}.keys back: it is {lock.path.name}.keys.1, or in the latest back-up.",
        ) from error


def key_of_backup(
    source: Path, *, key_file: Path | None, like: VaultLock | None, ask: Callable[[], Factor | None]
) -> bytes:
    """The key of a back-up. One of the vault ``like`` opens without being asked (``ask``) for its password.

    Raises VaultLockedError, WrongFactorError, KeyStoreError.
    """
    lock = lock_of(source, key_file)
    try:
        if like is not None and lock.access.state is AccessState.LOCKED:
            lock.keys.unlock_like(like.keys)
        if lock.access.state is AccessState.LOCKED:
            open_lock(lock, ask())
        return file_key_of(lock)
    finally:
        lock.access.lock()


def _file_keys(lock: VaultLock) -> list[bytes]:
    with ExitStack() as held:
        return [bytes(held.enter_context(each).data) for each in lock.keys.file_keys()]
