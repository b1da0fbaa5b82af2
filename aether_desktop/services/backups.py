"""Online backups of the open vault. Restoring happens before a vault is open: see composition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.records import utc_now


class BackupService:
    """Worker threads only."""

    def __init__(self, storage: Storage, *, now: Callable[[], datetime] = utc_now) -> None:
        self._storage = storage
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
