"""``NAME.monitor`` beside a vault, and its key: a keyring entry (or key file) of its own. Worker threads only."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from aether_desktop.ports.errors import KeyMissingError, KeyStoreError
from aether_desktop.ports.keys import KeyStore
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.keyring_store import KeyringStore
from aether_desktop.storage.monitor_file import SqlMonitorFile, create_monitor_file
from aether_desktop.storage.vault_files import file_failure, keys_beside, remove_database


def monitor_beside(vault: Path) -> Path:
    """NAME.monitor of NAME.aether."""
    return vault.with_suffix(".monitor") if vault.suffix == ".aether" else vault.with_name(f"{vault.name}.monitor")


def open_monitor(vault: Path, *, key_file: Path | None = None) -> SqlMonitorFile | None:
    """What may be watched while the vault is locked; None where the person did not allow it.

    Needs no password. Raises KeyStoreError and its kinds, the StorageError family.
    """
    return BesideVault(vault, key_file=key_file).open()


class BesideVault:
    """Implements ``ports.monitoring.MonitorFiles`` for one vault file."""

    def __init__(self, vault: Path, *, key_file: Path | None = None) -> None:
        self._path = monitor_beside(vault)
        self._key_file = None if key_file is None else key_file.with_name(f"{key_file.name}.monitor")

    @property
    def exists(self) -> bool:
        """Looks at the disk only."""
        return self._path.exists()

    def open(self) -> SqlMonitorFile | None:
        """None where there is none. Raises KeyStoreError and its kinds, the StorageError family."""
        if not self.exists:
            return None
        return SqlMonitorFile(self._path, self._store().load(self._path))

    def create(self) -> SqlMonitorFile:
        """Anew, also over one that is there. Raises as ``open``."""
        self.remove()
        return create_monitor_file(self._path, self._store().create(self._path))

    def remove(self) -> None:
        """The file and its key. Raises KeyStoreError where the keyring does not let go of the key."""
        try:
            remove_database(self._path)
            if self._key_file is not None:
                self._key_file.unlink(missing_ok=True)
        except OSError as error:
            raise file_failure(error, self._path) from error
        if self._key_file is None:
            keyring, companion = KeyringStore(), keys_beside(self._path)
            with suppress(KeyMissingError):
                tag = keyring.tag_of(self._path)
                if tag is not None:
                    keyring.forget_tagged(tag)
            try:
                companion.unlink(missing_ok=True)
            except OSError as error:
                raise KeyStoreError(f"{companion} cannot be removed: {error.strerror}.") from error

    def _store(self) -> KeyStore:
        return KeyringStore() if self._key_file is None else KeyFileStore(self._key_file)
