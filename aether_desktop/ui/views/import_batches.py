"""Import batches as people read them: names instead of ids, and the columns and facts of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from aether_desktop.domain.imports import BatchStatus, ImportBatch
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.times import iso
from aether_desktop.ports.errors import NotFoundError
from aether_desktop.ports.storage import Storage
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.ui.models.cells import Cell, NumberCell, StatusCell, TextCell, TimeCell, Tone
from aether_desktop.ui.models.formatting import time_text
from aether_desktop.ui.models.value_table_model import ValueColumn
from aether_desktop.ui.widgets.details_list import DetailEntry

_NAME = 120


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch with the names that its ids stand for."""

    batch: ImportBatch
    kind: str
    wallet: str
    person: str


def read_batches(services: ServiceSet) -> list[BatchRow]:
    """Latest first, undone ones too. Worker threads only."""
    storage = services.storage
    batches = services.importing.batches()
    kinds = {entry.key: entry.title for entry in services.modules.entries()}
    wallets = {wallet.id: wallet.name for wallet in storage.wallets.all()}
    people = {user.id: user.display_name or user.username for user in storage.users.all()}
    for missing in {batch.wallet_id for batch in batches} - wallets.keys():
        wallets[missing] = _archived_wallet(storage, missing)
    return [
        BatchRow(
            batch,
            plain_line(kinds.get(batch.format, batch.format), _NAME),
            plain_line(wallets[batch.wallet_id], _NAME),
            plain_line(people.get(batch.imported_by, str(batch.imported_by)), _NAME),
        )
        for batch in batches
    ]


def batch_columns(zone: tzinfo, zone_name: str) -> Sequence[ValueColumn[BatchRow]]:
    """Columns of the grid; times in ``zone``, which the heading names."""

    def when(row: BatchRow) -> Cell:
        return TimeCell(time_text(row.batch.imported_at, zone))

    return (
        ValueColumn(
            "imported_at", f"Time ({zone_name})", when, width=16,
            whole=lambda row: iso(row.batch.imported_at), order=lambda row: row.batch.imported_at,
        ),
        ValueColumn(
            "file", "File", lambda row: TextCell(plain_line(row.batch.file_name, _NAME)), width=22,
            order=lambda row: row.batch.file_name.casefold(),
        ),
        ValueColumn("status", "State", _state, width=10, order=lambda row: row.batch.status.value),
        _count("new", "New", lambda batch: batch.new),
        _count("duplicates", "Known", lambda batch: batch.duplicates),
        _count("rejected", "Refused", lambda batch: batch.rejected),
        _count("rows", "Rows", lambda batch: batch.rows),
        ValueColumn("wallet", "Wallet", lambda row: TextCell(row.wallet), width=13, order=lambda row: row.wallet),
        ValueColumn("kind", "Kind", lambda row: TextCell(row.kind), width=24, order=lambda row: row.kind),
        ValueColumn("person", "By", lambda row: TextCell(row.person), width=9, order=lambda row: row.person),
    )  # fmt: skip


def batch_facts(row: BatchRow, zone: tzinfo) -> list[DetailEntry]:
    """One batch whole."""
    batch = row.batch
    undone = time_text(batch.undone_at, zone, year=True) if batch.undone_at is not None else ""
    return [
        DetailEntry("Kind", row.kind, copy=""),
        DetailEntry("Into", row.wallet, copy=""),
        DetailEntry("Imported", time_text(batch.imported_at, zone, year=True), copy=iso(batch.imported_at)),
        DetailEntry("By", row.person, copy=""),
        DetailEntry("Undone", undone, copy=""),
        DetailEntry("Rows of the file", counts_text(batch), copy=""),
        DetailEntry("SHA-256 of the file", batch.sha256, mono=True),
        DetailEntry("Batch", str(batch.id)),
    ]


def counts_text(batch: ImportBatch) -> str:
    """Where every row went; one row may make several movements."""
    return f"{batch.rows:,} read: {batch.new:,} new, {batch.duplicates:,} known already, {batch.rejected:,} refused"


def _count(key: str, title: str, of: Callable[[ImportBatch], int]) -> ValueColumn[BatchRow]:
    return ValueColumn(
        key,
        title,
        lambda row: NumberCell(f"{of(row.batch):,}"),
        width=7,
        whole=lambda row: str(of(row.batch)),
        order=lambda row: of(row.batch),
        right=True,
    )


def _state(row: BatchRow) -> Cell:
    if row.batch.unfinished:
        return StatusCell("Being stored", Tone.WARN)
    if row.batch.status is BatchStatus.UNDONE:
        return StatusCell("Undone", icon="undo")
    if row.batch.rejected:
        return StatusCell("In part", Tone.WARN)
    return StatusCell("Stored", Tone.OK)


def _archived_wallet(storage: Storage, wallet_id: int) -> str:
    try:
        return f"{storage.wallets.get(wallet_id).name} (archived)"
    except NotFoundError:
        return str(wallet_id)
