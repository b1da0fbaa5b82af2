"""Labels in and out as BIP-329 JSON Lines. Unknown keys and records that name nothing here are kept and come back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aether_desktop.domain.imports import Rejection
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent


@dataclass(frozen=True, slots=True)
class LabelReport:
    """``applied`` records changed rows here, ``unchanged`` said what was already so, ``kept`` name nothing here yet."""

    path: Path
    records: int
    applied: int
    unchanged: int
    kept: int
    rejections: tuple[Rejection, ...]


class LabelService:
    """Worker threads only."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def export(self, path: Path, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """Write every label, note and tag to ``path`` (replaced as a whole); returns the number of records."""
        ...

    def import_file(self, path: Path, *, token: CancelToken | None = None, progress: Progress = silent) -> LabelReport:
        """Store the good lines, report the bad ones by line number. Raises ImportRefusedError for the whole file."""
        ...
