"""Bringing files in: recognise, preview, store as one batch, undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.imports import ImportBatch, Rejection
from aether_desktop.domain.transactions import Movement
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.storage import BatchTouch, Storage
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.modules import ModuleService
from aether_desktop.sum_api import FieldMapping


class RowState(StrEnum):
    NEW = "new"
    DUPLICATE = "duplicate"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """``format`` forces a sowing module's key; ``mapping`` is for the generic CSV; ``zone_minutes`` the offset of times
    written without a zone; ``account`` picks one account of a file that holds several."""

    format: str = ""
    mapping: FieldMapping | None = None
    zone_minutes: int = 0
    account: str = ""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One line of the preview: ``movement`` as it will be stored, or None with the reason why not."""

    row: int
    state: RowState
    movement: Movement | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FileKind:
    """What a file is. ``format`` is "" where no module recognises the heading (a mapping is needed then)."""

    path: Path
    heading: tuple[str, ...]
    format: str
    title: str
    accounts: tuple[str, ...] = ()
    sample: tuple[tuple[int, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of one file. ``rows`` are the records read; rejected ones make no movement, one record may make
    several movements: ``new`` + ``duplicates`` are movements. ``batch`` is None for a dry run."""

    path: Path
    format: str
    title: str
    rows: int
    new: int
    duplicates: int
    updated: int
    rejections: tuple[Rejection, ...]
    batch: ImportBatch | None = None
    assumed: tuple[Currency, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """A dry run with its first rows."""

    report: ImportReport
    first: tuple[PreviewRow, ...] = field(default=())


class ImportService:
    """Worker threads only. Nothing of a file is stored when it is cancelled or the storage fails."""

    def __init__(self, storage: Storage, modules: ModuleService) -> None:
        self._storage = storage
        self._modules = modules

    def recognise(self, path: Path) -> FileKind:
        """Read the heading and the first records. Raises ImportRefusedError (empty, binary, gone, unreadable)."""
        ...

    def preview(
        self,
        path: Path,
        wallet_id: int,
        *,
        options: ImportOptions | None = None,
        token: CancelToken | None = None,
        progress: Progress = silent,
        limit: int = 200,
    ) -> ImportPreview:
        """A dry run over the whole file, and its first ``limit`` rows as they will be stored."""
        ...

    def run(
        self,
        path: Path,
        wallet_id: int,
        *,
        options: ImportOptions | None = None,
        dry_run: bool = False,
        token: CancelToken | None = None,
        progress: Progress = silent,
    ) -> ImportReport:
        """Store the file as one batch. Raises ImportRefusedError for the whole file, NotFoundError for the wallet,
        OperationCancelled, StorageError: nothing is stored then."""
        ...

    def batches(self, limit: int = 1000) -> Sequence[ImportBatch]: ...

    def touched_by_undo(self, batch_id: int) -> BatchTouch: ...

    def undo(self, batch_id: int) -> ChangeSet: ...

    def rescale(self, currency_id: int, decimals: int) -> ChangeSet: ...

    def mapping_guess(self, heading: Sequence[str]) -> Mapping[str, str]:
        """A first guess for the mapping page: field -> heading."""
        ...
