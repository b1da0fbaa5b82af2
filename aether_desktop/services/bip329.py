"""Labels in and out as BIP-329 JSON Lines. Unknown keys and records that name nothing here are kept and come back.

``tx`` names every transaction row of a hash, ``addr`` every wallet of an address. Rows that BIP-329 has no type for are
written as ``aether:TABLE`` with the row's id; notes and tags travel in an ``aether`` object that others ignore.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from aether_desktop.domain.annotations import Annotation, ForeignLabel
from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.records import InvalidRecordError, TableName
from aether_desktop.domain.sealed_fields import Sealed
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.errors import ImportRefusedError, PermissionDeniedError
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import TABLES
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.label_records import LabelRecord, UnreadableLabelError, parse_label, write_label
from aether_desktop.services.sealed_notes import NoteService
from aether_desktop.services.whole_file import writing

_OURS = "aether:"
_CHUNK = 500
_MAX_LINE = 1_000_000


@dataclass(frozen=True, slots=True)
class LabelReport:
    """``applied`` records changed rows here, ``unchanged`` said what was already so, ``kept`` name nothing here yet."""

    path: Path
    records: int
    applied: int
    unchanged: int
    kept: int
    rejections: tuple[Rejection, ...]


class _RefusedNoteError(UnreadableLabelError):
    """A record that is well made, whose note cannot be sealed here."""


@dataclass(slots=True)
class LabelsOut:
    """``shut``: sealed notes of owners whose key this person does not have; they are not in the file."""

    records: int = 0
    shut: int = 0

    @property
    def remark(self) -> str:
        """A sentence about what is lacking; empty where nothing is."""
        if not self.shut:
            return ""
        notes = "one note" if self.shut == 1 else f"{self.shut:,} notes"
        return f"Without {notes} that other people sealed: ask them to grant you their Outer Court."


@dataclass(slots=True)
class _Tally:
    records: int = 0
    applied: int = 0
    unchanged: int = 0
    foreign: list[ForeignLabel] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    seen: dict[tuple[str, str], object] = field(default_factory=dict)
    waiting: list[tuple[int, LabelRecord]] = field(default_factory=list)
    """Records with their lines, until there are enough to be looked up and stored together."""
    wallets: Sequence[Wallet] = ()


class LabelService:
    """Worker threads only."""

    def __init__(self, storage: Storage, notes: NoteService | None = None) -> None:
        self._storage = storage
        self._notes = notes or NoteService(storage, None)

    # ---------------------------------------------------------------------------------------------------- out

    def export(self, path: Path, *, token: CancelToken | None = None, progress: Progress = silent) -> LabelsOut:
        """Write every label, note and tag to ``path`` (replaced as a whole).

        Raises ReadOnlyError, DiskFullError, InvalidInputError, OperationCancelled, as ``lines``.
        """
        out = LabelsOut()
        with writing(path) as sink:
            for line in self.lines(token=token, out=out):
                sink.write(line + "\n")
                if out.records % _CHUNK == 0:
                    progress(out.records, None)
        return out

    def lines(self, *, token: CancelToken | None = None, out: LabelsOut | None = None) -> Iterator[str]:
        """The records as JSON texts, one a line; ``out`` is filled meanwhile. Opening sealed notes is audited.

        Raises LevelLockedError, SealError.
        """
        out = LabelsOut() if out is None else out
        for line in self._lines(token, out):
            out.records += 1
            yield line

    def _lines(self, token: CancelToken | None, out: LabelsOut) -> Iterator[str]:
        written: set[tuple[str, str]] = set()
        ordered, out.shut = self._notes.opened(
            sorted(self._storage.annotations.all(), key=lambda each: (each.table.value, each.row_id))
        )
        for table, group in groupby(ordered, key=lambda each: each.table):
            for record in self._records(table, list(group), token):
                written.add((record.type, record.ref))
                yield write_label(record)
        for label in self._storage.annotations.foreign_labels():
            adopted = (label.type, label.ref) in written and "origin" not in label.record
            if not adopted:
                yield json.dumps({"type": label.type, "ref": label.ref, **label.record}, ensure_ascii=False)

    def _records(
        self, table: TableName, annotations: list[Annotation], token: CancelToken | None
    ) -> Iterator[LabelRecord]:
        names: Mapping[int, tuple[str, str]] = {}
        wallets = self._storage.wallets.all()
        if table is TableName.TRANSACTIONS:
            names = self._names(table, "tx", "tx_hash", [each.row_id for each in annotations])
        elif table is TableName.WALLETS:
            names = self._names(table, "addr", "address", [each.row_id for each in annotations])
        grouped: dict[tuple[str, str], list[Annotation]] = {}
        for annotation in annotations:
            own = (f"{_OURS}{table.value}", str(annotation.row_id))
            grouped.setdefault(names.get(annotation.row_id, own), []).append(annotation)
        for (kind, ref), group in grouped.items():
            if token is not None:
                token.check()
            first = group[0]
            if kind.startswith(_OURS):
                yield LabelRecord(kind, ref, first.label, self._notes.text(first), first.tags, first.extra)
                continue
            rows = self._rows_named(kind, ref, wallets)
            alike = len({_words(each) for each in group}) == 1 and len(group) == len(rows)
            note = self._notes.text(first)
            yield LabelRecord(kind, ref, first.label, note, first.tags, first.extra, partial=not alike)
            if not alike:
                for each in group:
                    own_kind = f"{_OURS}{table.value}"
                    note = self._notes.text(each)
                    yield LabelRecord(own_kind, str(each.row_id), each.label, note, each.tags, each.extra)

    def _names(self, table: TableName, kind: str, column: str, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        position = TABLES[table].index(column)
        names: dict[int, tuple[str, str]] = {}
        for start in range(0, len(ids), _CHUNK):
            for row in self._storage.windows.by_ids(table, ids[start : start + _CHUNK]):
                ref = str(row.values[position] or "")
                if ref:
                    names[row.id] = (kind, ref)
        return names

    # ----------------------------------------------------------------------------------------------------- in

    def import_file(self, path: Path, *, token: CancelToken | None = None, progress: Progress = silent) -> LabelReport:
        """Store the good lines in one unit, report the bad ones by line number.

        Raises ImportRefusedError for the whole file, OperationCancelled (nothing is stored).
        """
        tally = _Tally(wallets=self._storage.wallets.all())
        if path.exists() and not path.is_file():
            raise ImportRefusedError(f"{path.name} is not a file.")
        try:
            with path.open("rb") as source, self._storage.unit_of_work():
                for number, line in enumerate(source, 1):
                    if number % _CHUNK == 0:
                        progress(number, None)
                        if token is not None:
                            token.check()
                    self._take_line(number, line, tally)
                    if len(tally.waiting) == _CHUNK:
                        self._take_waiting(tally)
                self._take_waiting(tally)
                if token is not None:
                    token.check()
                if tally.foreign:
                    self._storage.annotations.put_foreign_labels(tally.foreign)
                if not tally.records:
                    raise _nothing_in(path, tally)
        except OSError as error:
            raise ImportRefusedError(f"{path.name} cannot be read: {error.strerror or error}.") from error
        return LabelReport(
            path,
            tally.records,
            tally.applied,
            tally.unchanged,
            len(tally.foreign),
            tuple(sorted(tally.rejections, key=lambda each: each.row)),
        )

    def adopt_kept(self) -> int:
        """Give kept records to rows that have appeared since and carry no words yet; returns how many rows changed."""
        kept = self._storage.annotations.foreign_labels()
        if not kept:
            return 0
        changed, wallets = 0, self._storage.wallets.all()
        with self._storage.unit_of_work():
            for label in kept:
                if label.type not in ("tx", "addr"):
                    continue
                try:
                    record = parse_label(json.dumps(dict(label.record)))
                except UnreadableLabelError:
                    continue  # kept as it came; an older program took what this one would refuse
                batch = _Batch(self._storage, self._notes, [record], wallets)
                table, rows = batch.target(record)
                current = batch.of(table, rows) if table else {}
                fresh = [row for row in rows if row not in current]
                with suppress(_RefusedNoteError):  # without a key for its note it is kept as it came
                    changed += self._apply(record, table, fresh, batch) if table else 0
                    batch.store()
        return changed

    def _take_line(self, number: int, line: bytes, tally: _Tally) -> None:
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line.strip():
            return
        tally.records += 1
        try:
            if len(line) > _MAX_LINE:
                raise UnreadableLabelError("The line is longer than a label can be.")
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError:
                raise UnreadableLabelError("The line is not UTF-8 text.") from None
            record = parse_label(text)
        except UnreadableLabelError as error:
            tally.records -= 1
            tally.rejections.append(Rejection(number, error.reason))
            return
        if record.partial:  # the rows' own records follow it
            tally.unchanged += 1
        else:
            tally.waiting.append((number, record))

    def _take_waiting(self, tally: _Tally) -> None:
        waiting, tally.waiting = tally.waiting, []
        batch = _Batch(self._storage, self._notes, [record for _, record in waiting], tally.wallets)
        for number, record in waiting:
            try:
                self._take_record(record, tally, batch)
            except _RefusedNoteError as error:
                tally.rejections.append(Rejection(number, error.reason))
            except UnreadableLabelError as error:
                tally.records -= 1
                tally.rejections.append(Rejection(number, error.reason))
        batch.store()

    def _take_record(self, record: LabelRecord, tally: _Tally, batch: _Batch) -> None:
        table, rows = batch.target(record)
        key = (record.type, record.ref)
        origin = record.extra.get("origin")
        another_origin = key in tally.seen and tally.seen[key] != origin
        tally.seen.setdefault(key, origin)
        if table is None or not rows or another_origin:
            if record.note and self._notes.active:
                raise _RefusedNoteError(
                    "It names nothing here, and its note is sealed only with the row it belongs to: import the rows"
                    " first."
                )
            tally.foreign.append(ForeignLabel(record.type, record.ref, record.whole))
            return
        try:
            if self._apply(record, table, rows, batch):
                tally.applied += 1
            else:
                tally.unchanged += 1
        except InvalidRecordError as error:
            raise UnreadableLabelError(f"{error.field}: {error.reason}") from error

    def _apply(self, record: LabelRecord, table: TableName, rows: Sequence[int], batch: _Batch) -> int:
        current = batch.of(table, rows)
        changed: list[tuple[Annotation, Annotation | None]] = []
        for row in rows:
            base = current.get(row)
            old = base or Annotation(
                id=self._storage.new_id(), table=table, row_id=row, owner_id=batch.owner_of(table, row)
            )
            new = replace(
                old,
                label=old.label if record.label is None else record.label,
                note=old.note if record.note is None else record.note,
                tags=old.tags if record.tags is None else record.tags,
                extra={**old.extra, **record.extra},
            )
            new, sealing = self._settled(new, base)
            if sealing or _words(new) != _words(old):
                changed.append((new, base))
        for new, base in changed:
            batch.put(new, base)
        return len(changed)

    def _settled(self, new: Annotation, base: Annotation | None) -> tuple[Annotation, bool]:
        """Raises _RefusedNoteError where this person has no key for the note."""
        try:
            return self._notes.settled(new, base=base)
        except PermissionDeniedError as error:
            raise _RefusedNoteError(str(error)) from error

    def _rows_named(self, kind: str, ref: str, wallets: Sequence[Wallet]) -> list[int]:
        if kind == "tx":
            return [row.id for row in self._storage.transactions.by_hash(ref)]
        if kind == "addr":
            return [wallet.id for wallet in wallets if wallet.is_at(ref)]
        return []


class _Batch:
    """Some records of an import: the rows they name and what is said of those, looked up and stored together."""

    def __init__(
        self, storage: Storage, notes: NoteService, records: Sequence[LabelRecord], wallets: Sequence[Wallet]
    ) -> None:
        self._storage, self._notes, self._wallets = storage, notes, wallets
        self._hashes = storage.transactions.ids_by_hash({each.ref for each in records if each.type == "tx"})
        self._there: dict[TableName, set[int]] = {}
        self._current: dict[TableName, dict[int, Annotation]] = {}
        self._owners: dict[TableName, Mapping[int, int]] = {}
        self._new: dict[TableName, dict[int, tuple[Annotation, Annotation | None]]] = {}
        ours = [each for each in records if each.type.startswith(_OURS)]
        own = [place for place in map(_own_place, ours) if place is not None]
        for table in {table for table, _ in own}:
            asked = [row_id for each, row_id in own if each is table]
            self._there[table] = {row.id for row in storage.windows.by_ids(table, asked)}
        wanted: dict[TableName, set[int]] = {}
        for record in records:
            named, rows = self.target(record)
            if named is not None:
                wanted.setdefault(named, set()).update(rows)
        for table, ids in wanted.items():
            self._current[table] = dict(storage.annotations.of(table, sorted(ids)))
            if notes.active and any(record.note for record in records):
                self._owners[table] = storage.annotations.owners_of(table, sorted(ids))

    def target(self, record: LabelRecord) -> tuple[TableName | None, list[int]]:
        """The table and rows a record names here."""
        if record.type.startswith(_OURS):
            place = _own_place(record)
            if place is None:
                return None, []
            table, row_id = place
            return table, [row_id] if row_id in self._there.get(table, ()) else []
        if record.type == "tx":
            return TableName.TRANSACTIONS, list(self._hashes.get(record.ref, ()))
        if record.type == "addr":
            return TableName.WALLETS, [wallet.id for wallet in self._wallets if wallet.is_at(record.ref)]
        return None, []

    def of(self, table: TableName, rows: Sequence[int]) -> Mapping[int, Annotation]:
        """What is stored for these rows; what waits for them is stored before."""
        new = self._new.get(table, {})
        if any(row in new for row in rows):
            self.store()
            self._current[table].update(self._storage.annotations.of(table, rows))
        return self._current.get(table, {})

    def owner_of(self, table: TableName, row: int) -> int:
        """Whose the row is, where notes are sealed; 0 where nobody needs to know."""
        return self._owners.get(table, {}).get(row, 0)

    def put(self, new: Annotation, base: Annotation | None) -> None:
        """Store a row's words with the others, over ``base``; their notes are sealed together, too."""
        self._new.setdefault(new.table, {})[new.row_id] = (new, base)

    def store(self) -> None:
        """Store what waits."""
        new, self._new = self._new, {}
        for rows in new.values():
            self._storage.annotations.put_many(self._notes.sealed_many(list(rows.values())))


def _own_place(record: LabelRecord) -> tuple[TableName, int] | None:
    """The table and row that a record of our own kind names."""
    try:
        return TableName(record.type.removeprefix(_OURS)), int(record.ref)
    except ValueError:
        return None


def _words(annotation: Annotation) -> tuple[str, str | Sealed, tuple[str, ...], str]:
    extra = json.dumps(dict(annotation.extra), sort_keys=True)
    return annotation.label, annotation.note, annotation.tags, extra


def _nothing_in(path: Path, tally: _Tally) -> ImportRefusedError:
    if not tally.rejections:
        return ImportRefusedError(f"{path.name} holds no labels.")
    first = min(tally.rejections, key=lambda each: each.row)
    return ImportRefusedError(
        f"{path.name} is not a file of BIP-329 labels: line {first.row}: {first.reason}",
        hint="Each line is a JSON object with type, ref and label.",
    )
