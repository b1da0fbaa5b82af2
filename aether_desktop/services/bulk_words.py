"""A label, a note or tags on every row of a query: in batches, each committed with one entry in the audit.

Which rows is settled when it begins, from one snapshot: rows that arrive later, or fall out of the query because they
are labelled now, change nothing. Their ids take eight bytes each.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.records import InvalidRecordError, TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import AetherError, ConflictError, InvalidInputError, NotFoundError
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.sealed_notes import NoteService
from aether_desktop.services.undo import UndoStack, UndoStep

BATCH: Final = 2_000  # rows of one audit entry; others write in between
UNDO_LIMIT: Final = 10_000
"""Rows whose former words, or notes, are kept for one step back."""
NEW_LIMIT: Final = 1_000_000
"""Rows that had no words and got a label or tags: 16 bytes each are kept."""


@dataclass(frozen=True, slots=True)
class BulkWords:
    """What is written; None leaves a row's own. ``keep``: rows that have a label (a note) keep it. Tags are added."""

    label: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    keep: bool = True


@dataclass(frozen=True, slots=True)
class BulkSurvey:
    """Exact: ``rows`` of the query, ``labelled`` of which have a label."""

    rows: int
    labelled: int


@dataclass(slots=True)
class BulkResult:
    """``changed`` + ``same`` + ``gone`` rows of ``rows`` were looked at, the others not: cancelled, or ``problem``.

    ``same`` rows said so already, or keep their own; ``gone`` ones were removed meanwhile. ``undoable``: in one step.
    """

    rows: int
    changed: int = 0
    same: int = 0
    gone: int = 0
    problem: str = ""
    undoable: bool = False

    @property
    def whole(self) -> bool:
        """Whether every row was looked at."""
        return self.changed + self.same + self.gone == self.rows

    @property
    def sentence(self) -> str:
        """What was done, for people, and whether it can be taken back."""
        if self.undoable:
            return f"{self.said} Ctrl+Z takes it back."
        if self.changed:
            return f"{self.said} So many rows cannot be taken back in one step."
        return self.said

    @property
    def said(self) -> str:
        """What was done."""
        said = [f"{_rows(self.changed)} changed" + (f", {self.same:,} left as they were" if self.same else "") + "."]
        if self.gone:
            said.append(f"{_rows(self.gone)} had gone meanwhile.")
        if not self.whole:
            rest = self.rows - self.changed - self.same - self.gone
            said.append(f"It was stopped; {_rows(rest)} not looked at.")
        if self.problem:
            said.append(self.problem)
        return " ".join(said)


_Pair = tuple[Annotation, Annotation]


@dataclass(slots=True)
class _Steps:
    """Before and after of each row, while they are few enough. A row that had no words needs no more than two ids."""

    like: Annotation | None = None  # what every row says that had no words
    ids: array[int] = field(default_factory=lambda: array("q"))
    row_ids: array[int] = field(default_factory=lambda: array("q"))
    pairs: list[_Pair] = field(default_factory=list)
    too_many: bool = False

    def __len__(self) -> int:
        return len(self.ids) + len(self.pairs)

    def __iter__(self) -> Iterator[_Pair]:
        if self.like is not None:
            for new_id, row_id in zip(self.ids, self.row_ids, strict=True):
                blank = Annotation(id=0, table=self.like.table, row_id=row_id)
                yield blank, replace(self.like, id=new_id, row_id=row_id)
        yield from self.pairs

    def add(self, pairs: Iterable[_Pair]) -> None:
        if self.too_many:
            return
        for old, new in pairs:
            if old.id or new.note:  # a sealed note is another in each row
                self.pairs.append((old, new))
            else:
                self.like = self.like or new
                self.ids.append(new.id)
                self.row_ids.append(new.row_id)
        if len(self.pairs) > UNDO_LIMIT or len(self.ids) > NEW_LIMIT:
            self.too_many = True
            self.pairs.clear()
            del self.ids[:], self.row_ids[:]


class BulkWordService:
    """Worker threads only; raises the StorageError family."""

    def __init__(self, storage: Storage, undo: UndoStack, notes: NoteService | None = None) -> None:
        self._storage, self._undo = storage, undo
        self._notes = notes or NoteService(storage, None)

    def survey(self, query: TableQuery, *, token: CancelToken | None = None) -> BulkSurvey:
        """How many rows it would be. Raises InvalidInputError, OperationCancelled."""
        labelled = replace(query, terms=(*query.terms, Term("label", Comparison.NOT_EQUAL, "")), sort=())
        windows = self._storage.windows
        return BulkSurvey(windows.count(query, token=token), windows.count(labelled, token=token))

    def survey_rows(self, table: TableName, ids: Sequence[int]) -> BulkSurvey:
        """The same of chosen rows."""
        found = self._storage.annotations.of(table, ids)
        return BulkSurvey(len(set(ids)), sum(1 for each in found.values() if each.label))

    def write_on_query(
        self, query: TableQuery, words: BulkWords, *, token: CancelToken | None = None, progress: Progress = silent
    ) -> BulkResult:
        """On every row that the query finds now.

        What is done when it is cancelled, or when a batch is refused, stays, and the result says how much that is;
        refused at once it raises: InvalidInputError naming the field, PermissionDeniedError, LevelLockedError.
        """
        ids = array("q", self._storage.windows.ids(replace(query, sort=()), token=token))
        return self._write(query.table, ids, words, token, progress)

    def write_on_rows(
        self,
        table: TableName,
        ids: Sequence[int],
        words: BulkWords,
        *,
        token: CancelToken | None = None,
        progress: Progress = silent,
    ) -> BulkResult:
        """On chosen rows; as ``write_on_query``."""
        return self._write(table, array("q", dict.fromkeys(ids)), words, token, progress)

    # -- inside ----------------------------------------------------------------------------------------------

    def _write(
        self, table: TableName, ids: array[int], words: BulkWords, token: CancelToken | None, progress: Progress
    ) -> BulkResult:
        _checked(table, words)
        result, steps = BulkResult(len(ids)), _Steps()
        for start in range(0, len(ids), BATCH):
            if token is not None and token.cancelled:
                break
            try:
                self._write_batch(table, ids[start : start + BATCH], words, result, steps)
            except AetherError as error:
                if not start:
                    raise
                result.problem = str(error)
                break
            progress(min(start + BATCH, len(ids)), len(ids))
        if steps:
            result.undoable = True
            self._undo.push(
                UndoStep(
                    f"label {_rows(len(steps))}",
                    undo=lambda: self._swap((new, old) for old, new in steps),
                    redo=lambda: self._swap(steps),
                )
            )
        return result

    def _write_batch(
        self, table: TableName, ids: Sequence[int], words: BulkWords, result: BulkResult, steps: _Steps
    ) -> None:
        try:
            changed, looked_at = self._attempt(table, ids, words)
        except (NotFoundError, ConflictError):  # removed, or written on, since they were read: once more
            there = [row.id for row in self._storage.windows.by_ids(table, ids)]
            changed, looked_at = self._attempt(table, there, words)
        result.changed += len(changed)
        result.same += looked_at - len(changed)
        result.gone += len(ids) - looked_at
        steps.add(changed)

    def _attempt(self, table: TableName, ids: Sequence[int], words: BulkWords) -> tuple[list[_Pair], int]:
        current = self._storage.annotations.of(table, ids)
        pairs = []
        for row_id in ids:
            old = current.get(row_id) or Annotation(id=0, table=table, row_id=row_id)
            new = self._new(old, words)
            if new is not None:
                pairs.append((old, new))
        made = self._notes.sealed_many([(new, old if old.owner_id else None) for old, new in pairs])
        self._storage.annotations.put_many(made)
        return [(old, new) for (old, _), new in zip(pairs, made, strict=True)], len(ids)

    def _new(self, old: Annotation, words: BulkWords) -> Annotation | None:
        """None where the row says so already."""
        changes: dict[str, Any] = {}
        if words.label is not None and words.label != old.label and not (words.keep and old.label):
            changes["label"] = words.label
        if words.note is not None and words.note != old.note and not (words.keep and old.note):
            changes["note"] = words.note
        fresh = tuple(tag for tag in words.tags if tag not in old.tags)
        if fresh:
            changes["tags"] = (*old.tags, *fresh)
        if not changes:
            return None
        return replace(old, **changes, id=old.id or self._storage.new_id())

    def _swap(self, pairs: Iterable[_Pair]) -> ChangeSet:
        """Each first by its second, all or none, where the first's words still stand."""
        changes = ChangeSet(ids=frozenset(), annotations=True)
        source = iter(pairs)
        with self._storage.unit_of_work():
            while part := list(islice(source, BATCH)):
                current = self._storage.annotations.of(part[0][0].table, [new.row_id for _, new in part])
                changes |= self._storage.annotations.put_many([self._back(pair, current) for pair in part])
        return changes

    def _back(self, pair: _Pair, current: Mapping[int, Annotation]) -> Annotation:
        expected, wanted = pair
        now = current.get(wanted.row_id) or Annotation(
            id=self._storage.new_id(), table=wanted.table, row_id=wanted.row_id
        )
        mine = replace(now, label=wanted.label, tags=wanted.tags, note=self._notes.text(wanted))
        mine = self._notes.sealed(mine, base=now if now.owner_id else None)
        same = (now.label, now.tags) == (expected.label, expected.tags) and self._notes.same(now, expected)
        if not same:
            raise ConflictError("Somebody changed these words since; they were left.", mine=mine, theirs=now)
        return mine


def _checked(table: TableName, words: BulkWords) -> None:
    """Raises InvalidInputError naming the field, before anything is written."""
    if words.label is None and words.note is None and not words.tags:
        raise InvalidInputError("Nothing is given to write.", field="label")
    try:
        made = Annotation(id=1, table=table, row_id=1, label=words.label or "", note=words.note or "", tags=words.tags)
    except InvalidRecordError as error:
        raise InvalidInputError(error.reason, field=error.field) from error
    if made.tags != words.tags:
        raise InvalidInputError("Tags are words, each once.", field="tags")


def _rows(count: int) -> str:
    return "One row" if count == 1 else f"{count:,} rows"
