"""The import as a state machine: which files, into which wallet, read how, and what became of each. No Qt.

The wizard asks it what comes next and tells it what the services answered; it starts nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.services.importing import FileKind, ImportOptions, ImportPreview, ImportReport
from aether_desktop.sum_api import FieldMapping
from aether_desktop.ui.models.copying import delimited_text
from aether_desktop.ui.wizards.column_mapping import guess_columns, mapping_problem


class Step(StrEnum):
    FILES = "files"
    MAPPING = "mapping"
    PREVIEW = "preview"
    RESULT = "result"


class FileState(StrEnum):
    READING = "reading"
    READY = "ready"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(slots=True, eq=False)
class FlowFile:
    """One file on its way in; itself and no other, even if all fields were equal."""

    path: Path
    kind: FileKind | None = None
    refusal: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    day_first: bool | None = None
    mapped: bool = False
    account: str = ""
    preview: ImportPreview | None = None
    preview_failure: str = ""
    report: ImportReport | None = None
    failure: str = ""
    cancelled: bool = False

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def state(self) -> FileState:
        if self.refusal:
            return FileState.REFUSED
        if self.kind is None:
            return FileState.READING
        return FileState.READY if self.kind.format or self.mapped else FileState.UNKNOWN

    @property
    def needs_mapping(self) -> bool:
        """Whether nobody knows its heading: a person says which column holds what."""
        return self.kind is not None and not self.kind.format and not self.refusal

    @property
    def ended(self) -> bool:
        """Whether the import of it is over, however it went."""
        return self.report is not None or bool(self.failure) or self.cancelled


@dataclass(frozen=True, slots=True)
class Counts:
    """``rows`` read; ``new`` and ``known`` movements; ``wrong`` rows; ``settled`` rows that were pending."""

    rows: int = 0
    new: int = 0
    known: int = 0
    wrong: int = 0
    settled: int = 0

    @classmethod
    def of(cls, report: ImportReport) -> Counts:
        return cls(report.rows, report.new, report.duplicates, len(report.rejections), report.updated)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.rows + other.rows,
            self.new + other.new,
            self.known + other.known,
            self.wrong + other.wrong,
            self.settled + other.settled,
        )

    def words(self) -> str:
        """One line: "120 rows: 100 new, 18 already there, 2 wrong"."""
        noun = "row" if self.rows == 1 else "rows"
        parts = [f"{self.new:,} new", f"{self.known:,} already there", f"{self.wrong:,} wrong"]
        if self.settled:
            parts.append(f"{self.settled:,} no longer pending")
        return f"{self.rows:,} {noun}: {', '.join(parts)}"


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row that was not stored; ``row`` counts from the heading = 1, 0 is the whole file."""

    file: str
    row: int
    reason: str


class ImportFlow:
    """One import from choosing files to the last report."""

    def __init__(self) -> None:
        self.files: list[FlowFile] = []
        self.wallet: Wallet | None = None
        self.zone_minutes = 0
        self.step = Step.FILES
        self._mapping: FlowFile | None = None

    # ------------------------------------------------------------------------------------------------- choosing

    def add_files(self, paths: Iterable[Path]) -> list[FlowFile]:
        """Take files not taken yet; returns those to be recognised."""
        known = {file.path for file in self.files}
        added = []
        for path in paths:
            if path not in known:
                known.add(path)
                added.append(FlowFile(path))
        self.files.extend(added)
        return added

    def remove(self, file: FlowFile) -> None:
        self.files.remove(file)

    def set_wallet(self, wallet: Wallet | None) -> list[FlowFile]:
        """Choose the wallet; returns the files to recognise again, because another chain has other accounts."""
        old, self.wallet = self.wallet, wallet
        self._forget_previews(self.files)
        if wallet is None or (old is not None and old.chain == wallet.chain):
            return []
        again = [file for file in self.files if file.refusal == ""]
        for file in again:
            file.kind = None
        return again

    def set_zone(self, minutes: int) -> None:
        """The offset of times written without a zone."""
        self.zone_minutes = minutes
        self._forget_previews(self.files)

    def set_account(self, file: FlowFile, account: str) -> None:
        file.account = account
        self._forget_previews([file])

    def recognised(self, file: FlowFile, kind: FileKind) -> None:
        """The answer of ``ImportService.recognise``."""
        file.kind, file.refusal = kind, ""
        if file.account not in kind.accounts:
            file.account = ""
        if file.needs_mapping and not file.columns:
            file.columns = guess_columns(kind.heading)

    def refused(self, file: FlowFile, reason: str) -> None:
        """The file cannot be read at all."""
        file.kind, file.refusal = None, reason

    # --------------------------------------------------------------------------------------------------- walking

    @property
    def usable(self) -> list[FlowFile]:
        """Files that can be imported."""
        return [file for file in self.files if not file.refusal]

    @property
    def mapping_file(self) -> FlowFile | None:
        """The file whose columns are being mapped."""
        return self._mapping if self.step is Step.MAPPING else None

    def obstacle(self) -> str:
        """Why the present step cannot be left forwards, "" when it can."""
        match self.step:
            case Step.FILES:
                return self._obstacle_of_files()
            case Step.MAPPING:
                problem = mapping_problem(self._mapping.columns) if self._mapping else None
                return problem.text if problem else ""
            case Step.PREVIEW:
                return self._obstacle_of_preview()
            case Step.RESULT:
                return ""

    def forward(self) -> Step:
        """Go to the next step; the present one where there is an obstacle."""
        if self.obstacle():
            return self.step
        if self.step is Step.MAPPING and self._mapping is not None:
            self._settle_mapping(self._mapping)
        if self.step in {Step.FILES, Step.MAPPING}:
            unmapped = next((file for file in self.usable if file.state is FileState.UNKNOWN), None)
            self._mapping = unmapped
            self.step = Step.PREVIEW if unmapped is None else Step.MAPPING
        elif self.step is Step.PREVIEW:
            self.step = Step.RESULT
        return self.step

    def leave_out(self) -> Step:
        """Go on without the file being mapped; back to choosing when no other is left."""
        if self.step is Step.MAPPING and self._mapping is not None:
            self.files.remove(self._mapping)
            self._mapping, self.step = None, Step.FILES
            if self.usable:
                self.forward()
        return self.step

    def back(self) -> Step:
        """Go one step back; from the result there is no way back, only a new import."""
        mapped = [file for file in self.usable if file.needs_mapping]
        if self.step is Step.MAPPING and self._mapping in mapped:
            mapped = mapped[: mapped.index(self._mapping)]
        if self.step in {Step.MAPPING, Step.PREVIEW}:
            self._mapping = mapped[-1] if mapped else None
            if self._mapping is not None:
                self._mapping.mapped = False
            self.step = Step.FILES if self._mapping is None else Step.MAPPING
        return self.step

    # --------------------------------------------------------------------------------------------------- mapping

    def set_column(self, key: str, heading: str) -> None:
        """In the file being mapped, ``heading`` holds the field ``key``; "" takes it away."""
        if self._mapping is None:
            return
        if heading:
            self._mapping.columns[key] = heading
        else:
            self._mapping.columns.pop(key, None)
        self._forget_previews([self._mapping])

    def set_day_first(self, day_first: bool | None) -> None:
        if self._mapping is not None:
            self._mapping.day_first = day_first
            self._forget_previews([self._mapping])

    # ------------------------------------------------------------------------------------------- preview and run

    def options(self, file: FlowFile) -> ImportOptions:
        """How the services are to read a file."""
        mapping = FieldMapping(dict(file.columns), file.day_first) if file.needs_mapping else None
        return ImportOptions(mapping=mapping, zone_minutes=self.zone_minutes, account=file.account)

    def without_preview(self) -> list[FlowFile]:
        return [file for file in self.usable if file.preview is None and not file.preview_failure]

    def previewed(self, file: FlowFile, preview: ImportPreview) -> None:
        file.preview, file.preview_failure = preview, ""

    def preview_failed(self, file: FlowFile, reason: str) -> None:
        file.preview, file.preview_failure = None, reason

    def to_run(self) -> list[FlowFile]:
        """Files that are imported when the preview is left: all that have something to store or to report."""
        return [file for file in self.usable if file.preview is not None]

    def preview_counts(self) -> Counts:
        return _summed(file.preview.report for file in self.usable if file.preview is not None)

    @property
    def ended(self) -> bool:
        """Whether every file that was started is over."""
        return self.step is Step.RESULT and all(file.ended for file in self.to_run())

    def result_counts(self) -> Counts:
        return _summed(file.report for file in self.files if file.report is not None)

    def rejected(self) -> list[RejectedRow]:
        """Every row that was not stored, and every file that failed as a whole."""
        found = []
        for file in self.files:
            if file.refusal or file.failure:
                found.append(RejectedRow(file.name, 0, file.failure or file.refusal))
            if file.report is not None:
                found += [RejectedRow(file.name, each.row, each.reason) for each in file.report.rejections]
        return found

    def assumed(self) -> list[Currency]:
        """Tokens whose decimals no file said."""
        reports = [file.report or (file.preview.report if file.preview else None) for file in self.files]
        found: dict[tuple[str, str, str], Currency] = {}
        for report in reports:
            for currency in report.assumed if report is not None else ():
                found.setdefault((currency.chain, currency.contract, currency.symbol), currency)
        return list(found.values())

    # ---------------------------------------------------------------------------------------------------- inside

    def _obstacle_of_files(self) -> str:
        if not self.files:
            return "Choose one or more files."
        if any(file.state is FileState.READING for file in self.files):
            return "The files are being read."
        if not self.usable:
            return "None of these files can be imported."
        if self.wallet is None:
            return "Choose the wallet whose history this is."
        return ""

    def _obstacle_of_preview(self) -> str:
        if self.without_preview():
            return "The files are being read."
        if not self.to_run():
            return "None of these files can be imported."
        counts = self.preview_counts()
        if not counts.new and not counts.settled:
            return "There is nothing new in these files." if counts.known else "No row of these files can be stored."
        return ""

    def _settle_mapping(self, done: FlowFile) -> None:
        """Files with the same heading need not be asked about again."""
        done.mapped = True
        for file in self.usable:
            same = file.kind is not None and done.kind is not None and file.kind.heading == done.kind.heading
            if same and file.state is FileState.UNKNOWN:
                file.columns, file.day_first, file.mapped = dict(done.columns), done.day_first, True

    @staticmethod
    def _forget_previews(files: Iterable[FlowFile]) -> None:
        for file in files:
            file.preview, file.preview_failure = None, ""


def rows_of_batch(batch_id: int) -> TableQuery:
    """The rows that a batch brought."""
    return TableQuery(TableName.TRANSACTIONS, (Term("batch", Comparison.EQUAL, str(batch_id)),))


def rejections_csv(rows: Sequence[RejectedRow]) -> str:
    """The refused rows as CSV, safe to open in a spreadsheet."""
    return delimited_text(
        ("File", "Row", "Reason"), [(each.file, str(each.row or ""), each.reason) for each in rows], ","
    )


def sample_values(kind: FileKind, heading: str, *, most: int = 3) -> list[str]:
    """The first different values that are not empty in a column."""
    if heading not in kind.heading:
        return []
    place = kind.heading.index(heading)
    values = dict.fromkeys(cells[place].strip() for _row, cells in kind.sample if place < len(cells))
    return [value for value in values if value][:most]


def _summed(reports: Iterable[ImportReport]) -> Counts:
    total = Counts()
    for report in reports:
        total += Counts.of(report)
    return total
