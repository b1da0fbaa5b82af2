"""Bringing files in: recognise, preview, store as one batch, undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.chains import CHAINS, Chain
from aether_desktop.domain.imports import ImportBatch, Rejection
from aether_desktop.domain.times import utc_now
from aether_desktop.domain.transactions import Movement
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import ImportRefusedError
from aether_desktop.ports.storage import BatchTouch, Storage
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.bip329 import LabelService
from aether_desktop.services.currency_book import CurrencyBook
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.tabular import OpenTable, open_table, rows_of
from aether_desktop.sum_api import FieldMapping, SowingContext, SowingModule

GENERIC = "generic.csv"
_CHUNK = 4096
_SAMPLE_ROWS = 20


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
    """What a file is. ``format`` is "" where no module knows the heading: ``advice`` says what it is nearest to, and a
    mapping is needed. ``sample`` holds the first rows as (row number, cells)."""

    path: Path
    heading: tuple[str, ...]
    format: str
    title: str
    accounts: tuple[str, ...] = ()
    advice: str = ""
    remarks: tuple[str, ...] = ()
    sample: tuple[tuple[int, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of one file. ``rows`` are the records read; one record may make several movements, a rejected one
    makes none: ``new`` and ``duplicates`` count movements. ``batch`` is None for a dry run and where every row was
    rejected; ``assumed`` lists new tokens whose decimals the file does not say."""

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
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """A dry run with its first rows, in file order."""

    report: ImportReport
    first: tuple[PreviewRow, ...] = ()


class _TakenBack(Exception):  # noqa: N818 - not an error: ends a dry run's unit of work so that it rolls back
    pass


class ImportService:
    """Worker threads only. Nothing of a file is stored when it is cancelled or the storage fails."""

    def __init__(
        self,
        storage: Storage,
        modules: ModuleService,
        labels: LabelService,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._storage = storage
        self._modules = modules
        self._labels = labels
        self._now = now

    def recognise(self, path: Path, *, chain: str = "", token: CancelToken | None = None) -> FileKind:
        """Read the heading and the first records; with a ``chain`` also which accounts the file holds.

        Raises ImportRefusedError (no such file, empty, binary, not readable), OperationCancelled.
        """
        with open_table(path, token=token, recognises=self._modules.recognises) as opened:
            heading, remarks = opened.table.heading, opened.remarks
            module = self._modules.recognise(heading, opened.table.format)
            sample = tuple(rows_of(opened.table, _SAMPLE_ROWS))
        if module is None:
            advice = self._modules.explain_unrecognised(heading, opened.table.format)
            return FileKind(path, heading, "", "", advice=advice, remarks=remarks, sample=sample)
        accounts: tuple[str, ...] = ()
        if chain:
            with open_table(path, token=token, recognises=module.recognises) as opened:
                accounts = module.accounts(opened.table, CHAINS[chain])
        return FileKind(path, heading, module.key, module.title, accounts, remarks=remarks, sample=sample)

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
        """A dry run over the whole file, and its first ``limit`` rows as they will be stored. Raises as ``run``."""
        reading = self._reading(path, wallet_id, options, token, progress, kept=limit)
        report = self._store(reading, dry_run=True)
        movements = reading.first_movements
        known = self._storage.imports.classify(wallet_id, movements, file_format=report.format)
        first = [
            PreviewRow(movement.row, RowState.DUPLICATE if is_known else RowState.NEW, movement)
            for movement, is_known in zip(movements, known, strict=True)
        ]
        last = movements[-1].row if len(movements) >= limit else None
        first += [
            PreviewRow(each.row, RowState.WRONG, reason=each.reason)
            for each in report.rejections[:limit]
            if last is None or each.row <= last
        ]
        first.sort(key=lambda each: each.row)
        return ImportPreview(report, tuple(first[:limit]))

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
        """Store the file as one batch; ``progress`` counts its bytes.

        Raises ImportRefusedError for the whole file, NotFoundError for the wallet, OperationCancelled, StorageError:
        nothing is stored then.
        """
        reading = self._reading(path, wallet_id, options, token, progress, kept=0)
        report = self._store(reading, dry_run=dry_run)
        if report.batch is not None and report.new:
            self._labels.adopt_kept()
        return report

    def batches(self, limit: int = 1000) -> list[ImportBatch]:
        """Latest first, undone ones too."""
        return self._storage.imports.all(limit)

    def touched_by_undo(self, batch_id: int) -> BatchTouch:
        """What ``undo`` would remove and whose notes it would touch. Raises NotFoundError."""
        return self._storage.imports.touched_by_undo(batch_id)

    def undo(self, batch_id: int, *, token: CancelToken | None = None, progress: Progress = silent) -> ChangeSet:
        """Remove the rows that only this batch brought.

        Raises NotFoundError, InvalidInputError when undone before, OperationCancelled (nothing is undone then).
        """
        return self._storage.imports.undo(batch_id, self._now(), token=token, progress=progress)

    def rescale(self, currency_id: int, decimals: int) -> ChangeSet:
        """Correct a token's decimals; figures stay. Raises InvalidInputError naming the first row that would lose
        digits."""
        return self._storage.currencies.rescale(currency_id, decimals)

    # -- inside ----------------------------------------------------------------------------------------------

    def _reading(
        self,
        path: Path,
        wallet_id: int,
        options: ImportOptions | None,
        token: CancelToken | None,
        progress: Progress,
        *,
        kept: int,
    ) -> _Reading:
        wallet = self._storage.wallets.get(wallet_id)
        chain = CHAINS[wallet.chain]
        return _Reading(
            path=path,
            wallet=wallet,
            chain=chain,
            options=options or ImportOptions(),
            book=CurrencyBook(chain, self._storage.currencies.all()),
            modules=self._modules,
            token=token or CancelToken(),
            progress=progress,
            kept=kept,
        )

    def _store(self, reading: _Reading, *, dry_run: bool) -> ImportReport:
        with reading.opened() as opened:
            module = reading.module(opened)
            batch = ImportBatch(
                id=self._storage.new_id(),
                wallet_id=reading.wallet.id,
                file_name=opened.table.file_name,
                sha256=reading.digest(),
                format=module.key,
                imported_at=self._now(),
                imported_by=self._storage.info.user_id,
                rows=0,
                new=0,
                duplicates=0,
                rejected=0,
            )
            chunks, stored = reading.chunks(opened, module, batch.sha256), self._storage.imports.store
            if dry_run:
                with suppress(_TakenBack), self._storage.unit_of_work():
                    done, outcome = stored(batch, chunks, reading.rejections, token=reading.token)
                    raise _TakenBack
            else:
                done, outcome = stored(batch, chunks, reading.rejections, token=reading.token, good_only=True)
            return ImportReport(
                path=reading.path,
                format=module.key,
                title=module.title,
                rows=opened.records,
                new=outcome.new,
                duplicates=outcome.duplicates,
                updated=outcome.updated,
                rejections=tuple(reading.rejections),
                batch=done if outcome.kept and not dry_run else None,
                assumed=tuple(reading.book.assumed),
                remarks=opened.remarks,
            )


@dataclass(slots=True)
class _Reading:
    """One pass over one file."""

    path: Path
    wallet: Wallet
    chain: Chain
    options: ImportOptions
    book: CurrencyBook
    modules: ModuleService
    token: CancelToken
    progress: Progress
    kept: int
    rejections: list[Rejection] = field(default_factory=list)
    first_movements: list[Movement] = field(default_factory=list)

    def opened(self) -> OpenTable:
        wanted = self.options.format or (GENERIC if self.options.mapping else "")
        recognises = self.modules.sowing(wanted).recognises if wanted else self.modules.recognises
        return open_table(self.path, token=self.token, progress=self.progress, recognises=recognises)

    def module(self, opened: OpenTable) -> SowingModule:
        """Raises ImportRefusedError when nobody knows the heading, InvalidInputError for an unknown format."""
        if self.options.format:
            return self.modules.sowing(self.options.format)
        if self.options.mapping is not None:
            return self.modules.sowing(GENERIC)
        found = self.modules.recognise(opened.table.heading, opened.table.format)
        if found is None:
            raise ImportRefusedError(self.modules.explain_unrecognised(opened.table.heading, opened.table.format))
        return found

    def digest(self) -> str:
        """SHA-256 of the file's bytes, wanted before the rows; ``chunks`` proves that the same bytes were read."""
        with open_table(self.path, token=self.token) as beforehand:
            return beforehand.sha256

    def chunks(self, opened: OpenTable, module: SowingModule, sha256: str) -> Iterator[Sequence[Movement]]:
        """Movements as they are parsed; ``rejections`` fills meanwhile and is in file order at the end."""
        context = SowingContext(
            wallet_name=self.wallet.name,
            wallet_address=self.wallet.address,
            chain=self.chain,
            currency=self.book.find,
            zone_minutes=self.options.zone_minutes,
            account=self.options.account,
            mapping=self.options.mapping,
        )
        chunk: list[Movement] = []
        refuse = self.rejections.append
        for item in module.read(opened.table, context):
            if isinstance(item, Movement):
                chunk.append(item)
                if len(chunk) >= _CHUNK:
                    yield self._noted(chunk)
                    chunk = []
            else:
                refuse(item)
        if chunk:
            yield self._noted(chunk)
        self.rejections.extend(opened.rejections)
        self.rejections.sort(key=lambda each: each.row)
        if opened.sha256 != sha256:
            raise ImportRefusedError(f"{opened.table.file_name} changed while it was read.", hint="Import it again.")

    def _noted(self, chunk: list[Movement]) -> list[Movement]:
        if len(self.first_movements) < self.kept:
            self.first_movements.extend(chunk[: self.kept - len(self.first_movements)])
        return chunk
