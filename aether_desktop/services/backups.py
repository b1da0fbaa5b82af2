"""Online backups of the open vault. Restoring happens before a vault is open: see composition."""

from __future__ import annotations

from pathlib import Path

from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent


class BackupService:
    """Worker threads only."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def suggested_name(self) -> str: ...

    def back_up(self, target: Path, *, token: CancelToken | None = None, progress: Progress = silent) -> Path:
        """An encrypted copy proven by opening it; a folder gets a dated name. Never replaces a file.

        Raises InvalidInputError when the target exists, StorageError.
        """
        ...
