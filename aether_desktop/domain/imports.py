"""Provenance: which file brought which rows, when, by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from aether_desktop.domain.times import EPOCH


class BatchStatus(StrEnum):
    STORED = "stored"
    UNDONE = "undone"


UNFINISHED: Final = EPOCH  # in ``undone_at``


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not stored, and why. ``row`` counts from the heading = 1; 0 means the whole file."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportBatch:
    """One file. ``sha256`` is lower-case hex of the file's bytes; ``format`` the importer's key."""

    id: int
    wallet_id: int
    file_name: str
    sha256: str
    format: str
    imported_at: datetime
    imported_by: int
    rows: int
    new: int
    duplicates: int
    rejected: int
    status: BatchStatus = BatchStatus.STORED
    undone_at: datetime | None = None

    @property
    def unfinished(self) -> bool:
        """Whether only a part is stored so far; it counts as undone until its end is."""
        return self.undone_at == UNFINISHED
