"""A person's labels, notes and tags on any row, undoable."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.records import InvalidRecordError, TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import ConflictError, InvalidInputError
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import TABLES
from aether_desktop.services.sealed_notes import NoteService
from aether_desktop.services.undo import UndoStack, UndoStep

_WORDS = ("label", "note", "tags")


class AnnotationService:
    """Worker threads only."""

    def __init__(self, storage: Storage, undo: UndoStack, notes: NoteService | None = None) -> None:
        self._storage = storage
        self._undo = undo
        self._notes = notes or NoteService(storage, None)

    def of(self, table: TableName, row_id: int) -> Annotation:
        """The row's own words; an empty annotation (version 1, id 0) where there are none."""
        return self._storage.annotations.of(table, [row_id]).get(row_id) or Annotation(id=0, table=table, row_id=row_id)

    def annotate(
        self,
        table: TableName,
        row_ids: Sequence[int],
        *,
        label: str | None = None,
        note: str | None = None,
        tags: Sequence[str] | None = None,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
    ) -> int:
        """Set what is given on every row, in one unit; returns how many rows changed.

        Raises InvalidInputError naming the field, NotFoundError, ConflictError, where notes are sealed
        LevelLockedError and PermissionDeniedError; then nothing is changed.
        """
        current = {row_id: self._known(self.of(table, row_id)) for row_id in dict.fromkeys(row_ids)}
        added, removed = tuple(add_tags), frozenset(remove_tags)
        changed: list[tuple[Annotation, Annotation]] = []
        for old in current.values():
            kept = old.tags if tags is None else tuple(tags)
            words: dict[str, Any] = {
                "label": old.label if label is None else label.strip(),
                "note": old.note if note is None else note,
                "tags": tuple(tag for tag in (*kept, *added) if tag not in removed),
            }
            new = self._made(old, words)
            if new != old:
                changed.append((old, new))
        if changed:
            self._put(new for _, new in changed)
            where = TABLES[table].singular if len(changed) == 1 else f"{len(changed)} rows"
            self._undo.push(
                UndoStep(
                    f"annotate {where}",
                    undo=lambda: self._swap([(new, old) for old, new in changed]),
                    redo=lambda: self._swap(changed),
                )
            )
        return len(changed)

    def save(self, base: Annotation, words: Mapping[str, object]) -> Annotation:
        """Store a form's ``label``, ``note``, ``tags`` over ``base`` as it was read; returns the stored one.

        Raises InvalidInputError naming the field, ConflictError when it changed since, where notes are sealed
        LevelLockedError and PermissionDeniedError.
        """
        base = self._known(base)
        new = self._made(base, {name: words[name] for name in _WORDS if name in words})
        if new != base:
            self._put([new])
            pair = [(base, new)]
            self._undo.push(
                UndoStep(
                    f"annotate {TABLES[base.table].singular}",
                    undo=lambda: self._swap([(new, base)]),
                    redo=lambda: self._swap(pair),
                )
            )
        return self.of(base.table, base.row_id)

    def _known(self, annotation: Annotation) -> Annotation:
        """With an id of its own, which a sealed note is bound to."""
        return annotation if annotation.id else dataclasses.replace(annotation, id=self._storage.new_id())

    def _made(self, base: Annotation, words: Mapping[str, Any]) -> Annotation:
        try:
            new = dataclasses.replace(base, **words)
        except InvalidRecordError as error:
            raise InvalidInputError(error.reason, field=error.field) from error
        return self._notes.sealed(new, base=base if base.owner_id else None)

    def _put(self, annotations: Iterable[Annotation]) -> ChangeSet:
        changes = ChangeSet(ids=frozenset(), annotations=True)
        with self._storage.unit_of_work():
            for annotation in annotations:
                changes |= self._storage.annotations.put(annotation)
        return changes

    def _swap(self, pairs: Sequence[tuple[Annotation, Annotation]]) -> ChangeSet:
        """Replace each first by its second, where the first's words still stand."""
        ready: list[Annotation] = []
        for expected, wanted in pairs:
            current = self._known(self.of(wanted.table, wanted.row_id))
            words = {"label": wanted.label, "note": self._notes.text(wanted), "tags": wanted.tags}
            mine = self._made(current, words)
            if (current.label, current.tags) != (expected.label, expected.tags) or not self._notes.same(
                current, expected
            ):
                raise ConflictError("Somebody changed these words since; they were left.", mine=mine, theirs=current)
            ready.append(mine)
        return self._put(ready)
