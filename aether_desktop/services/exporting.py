"""Taking out exactly what is seen: a query and its columns through a reaping module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.modules import ModuleService


@dataclass(frozen=True, slots=True)
class ExportReport:
    path: Path
    rows: int


class ExportService:
    """Worker threads only."""

    def __init__(self, storage: Storage, modules: ModuleService) -> None:
        self._storage = storage
        self._modules = modules

    def run(
        self,
        path: Path,
        query: TableQuery,
        *,
        format_key: str,
        columns: Sequence[str] | None = None,
        token: CancelToken | None = None,
        progress: Progress = silent,
    ) -> ExportReport:
        """Write ``path`` as a whole or not at all; ``columns`` None means all.

        Raises InvalidInputError for an unknown format or column, ReadOnlyError, DiskFullError, OperationCancelled.
        """
        ...

    def write(
        self,
        sink: TextIO,
        query: TableQuery,
        *,
        format_key: str,
        columns: Sequence[str] | None = None,
        limit: int | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """The same to an open text stream; returns the row count."""
        ...
