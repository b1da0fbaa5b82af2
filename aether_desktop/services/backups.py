"""Online backups of the open vault, and the way back: into a file of its own, never over the open one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from aether_desktop.domain.times import utc_now
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ports.work import CancelToken, Progress, silent


class VaultRestorer(Protocol):
    """Makes a vault of a backup; wired where keys may be asked for."""

    def __call__(
        self, source: Path, target: Path, *, token: CancelToken, progress: Progress, password: Factor | None = None
    ) -> None:
        """A proven copy of ``source`` at ``target``, which must not exist. Raises VaultLockedError for a back-up that
        needs a password, WrongFactorError, KeyStoreError, StorageError, InvalidInputError, OperationCancelled; then
        nothing is left behind."""
        ...


class BackupService:
    """Worker threads only."""

    def __init__(
        self, storage: Storage, *, restorer: VaultRestorer | None = None, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._storage = storage
        self._restorer = restorer
        self._now = now

    def suggested_name(self) -> str:
        """A file name that sorts by time: NAME-20260102T030405Z.aether."""
        stem = Path(self._storage.info.location).stem if self._storage.info.engine == "sqlite" else "vault"
        return f"{stem}-{self._now():%Y%m%dT%H%M%SZ}.aether"

    def back_up(self, target: Path, *, token: CancelToken | None = None, progress: Progress = silent) -> Path:
        """An encrypted copy proven by opening it; into a folder under the suggested name. Never replaces a file.

        Raises InvalidInputError when the target exists or has no folder, StorageError, OperationCancelled.
        """
        path = target / self.suggested_name() if target.is_dir() else target
        if path.exists():
            raise InvalidInputError(f"{path} exists already.", field="path", hint="Choose another name.")
        if not path.parent.is_dir():
            raise InvalidInputError(f"The folder {path.parent} does not exist.", field="path")
        self._storage.backup(path, progress=progress, token=token)
        return path

    def restore_as(
        self,
        source: Path,
        target: Path,
        *,
        password: Factor | None = None,
        token: CancelToken | None = None,
        progress: Progress = silent,
    ) -> Path:
        """A new vault at ``target`` from a backup, proven by opening it; the open vault is not touched.

        ``password`` (or the kit) of the backup is needed where it is not a copy of the open vault.
        Raises InvalidInputError (no backup, target exists, restoring is not wired here), VaultLockedError,
        WrongFactorError, KeyStoreError, StorageError, OperationCancelled; then nothing is left behind.
        """
        if self._restorer is None:
            raise InvalidInputError("Backups cannot be restored from here.", hint="Use: aether-desktop restore")
        if not source.is_file():
            raise InvalidInputError(f"There is no backup {source}.", field="source")
        if target.exists():
            raise InvalidInputError(f"{target} exists already.", field="path", hint="Choose another name.")
        if not target.parent.is_dir():
            raise InvalidInputError(f"The folder {target.parent} does not exist.", field="path")
        self._restorer(source, target, token=token or CancelToken(), progress=progress, password=password)
        return target
