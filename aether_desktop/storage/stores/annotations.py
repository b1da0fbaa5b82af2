"""A person's own words on any row, and imported labels whose row is not here."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, delete, false, insert, select, update

from aether_desktop.domain.annotations import Annotation, ForeignLabel
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import UNREVISED, Sealed
from aether_desktop.domain.text import fold
from aether_desktop.domain.times import utc_now
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import ConflictError, NotFoundError, PermissionDeniedError
from aether_desktop.ports.tables import TABLES
from aether_desktop.storage.audit_values import changes
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.roads import road_of
from aether_desktop.storage.schema import ANNOTATION_TAGS, ANNOTATIONS, FOREIGN_LABELS, NOTE_WORDS, RECORD_TABLES
from aether_desktop.storage.stores.records import id_slices, require_storable

_PAGE = 1_000
_TOGETHER = 500  # rows of one INSERT
_COLUMNS = (
    ANNOTATIONS.c.id,
    ANNOTATIONS.c.table_name,
    ANNOTATIONS.c.row_id,
    ANNOTATIONS.c.label,
    ANNOTATIONS.c.note,
    ANNOTATIONS.c.note_sealed,
    ANNOTATIONS.c.extra,
    ANNOTATIONS.c.version,
    ANNOTATIONS.c.owner_id,
)


class SqlAnnotationStore:
    """Implements ``ports.storage.AnnotationStore``. Words of rows removed by an undone import are kept but not shown.

    Worker threads only; raises the StorageError family.
    """

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._seals_required = False

    def require_seals(self) -> None:
        """New notes in plain are refused from now on. Any thread."""
        self._seals_required = True

    def owner_of(self, table: TableName, row_id: int) -> int:
        """Whose the words of a row are. Raises NotFoundError."""
        return self._database.fetch(lambda connection: self._owner_of_row(connection, table, row_id))

    def owners_of(self, table: TableName, row_ids: Sequence[int]) -> Mapping[int, int]:
        """The same of many rows. Raises NotFoundError when one does not exist."""
        return self._database.fetch(lambda connection: self._owners(connection, table, row_ids))

    def of(self, table: TableName, row_ids: Sequence[int]) -> Mapping[int, Annotation]:
        """By row id; rows without words are left out."""
        return self._database.fetch(lambda connection: self._of(connection, table, row_ids))

    def put(self, annotation: Annotation) -> ChangeSet:
        """Create or replace the words of a row; empty ones are removed.

        Raises ConflictError on a stale version, NotFoundError when the row does not exist, PermissionDeniedError for a
        new note in plain where notes are sealed.
        """
        for field, text in (
            ("label", annotation.label),
            ("note", "" if isinstance(annotation.note, Sealed) else annotation.note),
            ("tags", " ".join(annotation.tags)),
        ):
            require_storable(field, text)
        table = annotation.table
        with self._database.write(action=f"{table.value}.annotate", table="annotations") as unit:
            owner_id = self._owner_of_row(unit.connection, table, annotation.row_id)
            current = self._of(unit.connection, table, [annotation.row_id]).get(annotation.row_id)
            if current is not None and (current.id, current.version) != (annotation.id, annotation.version):
                raise ConflictError(
                    "Somebody changed these words since you opened them.", mine=annotation, theirs=current
                )
            self._check_sealed(annotation, current)
            self._store(unit, annotation, current, owner_id)
            self._store_note_words(unit, annotation, current, owner_id)
            hidden = self._seals_required or any(each and _sealed(each) for each in (current, annotation))
            unit.about(annotation.row_id, *changes(_words(current, hidden=hidden), _words(annotation, hidden=hidden)))
            unit.audit(rows=1 if unit.counts.by_table else 0, row=annotation.row_id)
            self._tell_note(annotation, current)
            return unit.changed(ChangeSet(frozenset({table}), frozenset({annotation.row_id}), annotations=True))

    def put_many(self, annotations: Sequence[Annotation]) -> ChangeSet:
        """As ``put``, for different rows of one table.

        One unit and one audit entry, which names how many and a digest of what they say; beside it an entry for each
        sealed note that has a revision and is another than before. Raises as ``put``.
        """
        if not annotations:
            return ChangeSet(annotations=True, ids=frozenset())
        table = annotations[0].table
        rows = [each.row_id for each in annotations]
        if len(set(rows)) < len(rows) or any(each.table is not table for each in annotations):
            raise ValueError("different rows of one table")
        for each in annotations:
            require_storable("label", each.label)
            require_storable("note", _plain(each))
            require_storable("tags", " ".join(each.tags))
        with self._database.write(action=f"{table.value}.annotate", table="annotations") as unit:
            owners = self._owners(unit.connection, table, rows)
            known = self._of(unit.connection, table, rows)
            for each in annotations:
                current = known.get(each.row_id)
                if current is not None and (current.id, current.version) != (each.id, each.version):
                    raise ConflictError("Somebody changed these words since you read them.", mine=each, theirs=current)
                self._check_sealed(each, current)
            _store_many(unit, annotations, known, owners, self._clock())
            unit.audit(rows=len(rows), digest=_digest_of(annotations))
            for each in annotations:
                if each.row_id in known or not _unrevised(each):
                    self._tell_note(each, known.get(each.row_id))
            return unit.changed(ChangeSet(frozenset({table}), frozenset(rows), annotations=True))

    def all(self) -> Iterator[Annotation]:
        """By table and row, read in pages: what is written meanwhile may or may not be seen."""
        after: tuple[str, int] | None = None
        while page := self._page(after):
            yield from page
            after = (page[-1].table.value, page[-1].row_id)

    def tags(self) -> list[str]:
        """Every tag in use, once whatever its case, sorted."""
        tags, words = ANNOTATION_TAGS.c, ANNOTATIONS.c
        query = (
            select(tags.tag)
            .join(ANNOTATIONS, (words.vault_id == tags.vault_id) & (words.id == tags.annotation_id))
            .where(tags.vault_id == self._database.vault_id, words.detached.is_(false()))
            .distinct()
        )
        found = self._database.fetch(lambda connection: list(connection.scalars(query)))
        shown = {fold(tag): tag for tag in sorted(found, reverse=True)}
        return [shown[key] for key in sorted(shown)]

    def foreign_labels(self) -> list[ForeignLabel]:
        """In the order they were first stored."""
        columns = FOREIGN_LABELS.c
        query = (
            select(columns.type, columns.ref, columns.record)
            .where(columns.vault_id == self._database.vault_id)
            .order_by(columns.id)
        )
        rows = self._database.fetch(lambda connection: connection.execute(query).all())
        return [ForeignLabel(row.type, row.ref, row.record) for row in rows]

    def put_foreign_labels(self, labels: Sequence[ForeignLabel]) -> ChangeSet:
        """Replaces those with the same type, ref and origin (none counts as an origin)."""
        if not labels:
            return ChangeSet(annotations=True, ids=frozenset())
        latest = {(label.type, label.ref, _origin(label)): label for label in labels}
        for label in latest.values():
            require_storable("ref", label.ref)
        with self._database.write(action="labels.keep", table="foreign_labels") as unit:
            new = [key for key, label in latest.items() if not self._replace_foreign(unit, key, label)]
            if new:
                rows = [
                    {
                        "vault_id": unit.vault_id,
                        "id": row_id,
                        "owner_id": unit.user_id,
                        "type": key[0],
                        "ref": key[1],
                        "origin": key[2],
                        "record": latest[key].record,
                    }
                    for row_id, key in zip(self._database.reserve_ids(len(new)), new, strict=True)
                ]
                unit.connection.execute(insert(FOREIGN_LABELS), rows)
            unit.audit(rows=len(latest))
            return unit.changed(ChangeSet(annotations=True, ids=frozenset()))

    # -- inside ----------------------------------------------------------------------------------------------

    def _of(self, connection: Connection, table: TableName, row_ids: Sequence[int]) -> dict[int, Annotation]:
        columns = ANNOTATIONS.c
        found: dict[int, Annotation] = {}
        for part in id_slices(row_ids):
            query = select(*_COLUMNS).where(
                columns.vault_id == self._database.vault_id,
                columns.table_name == table,
                columns.row_id.in_(part),
                columns.detached.is_(false()),
            )
            for annotation in annotations_of(connection, self._database.vault_id, query):
                found[annotation.row_id] = annotation
        return found

    def _page(self, after: tuple[str, int] | None) -> list[Annotation]:
        columns = ANNOTATIONS.c
        query = (
            select(*_COLUMNS)
            .where(columns.vault_id == self._database.vault_id, columns.detached.is_(false()))
            .order_by(columns.table_name, columns.row_id)
            .limit(_PAGE)
        )
        if after is not None:
            table, row_id = TableName(after[0]), after[1]
            query = query.where(
                (columns.table_name > table) | ((columns.table_name == table) & (columns.row_id > row_id))
            )
        return self._database.fetch(lambda connection: annotations_of(connection, self._database.vault_id, query))

    def _owner_of_row(self, connection: Connection, table: TableName, row_id: int) -> int:
        columns = RECORD_TABLES[table].c
        known = select(columns.owner_id).where(columns.vault_id == self._database.vault_id, columns.id == row_id)
        owner_id: int | None = connection.scalar(known)
        if owner_id is None:
            raise NotFoundError(
                f"The {TABLES[table].singular} does not exist (any more).", hint="Refresh and look again."
            )
        return owner_id

    def _owners(self, connection: Connection, table: TableName, row_ids: Sequence[int]) -> dict[int, int]:
        columns = RECORD_TABLES[table].c
        found: dict[int, int] = {}
        for part in id_slices(row_ids):
            known = select(columns.id, columns.owner_id).where(
                columns.vault_id == self._database.vault_id, columns.id.in_(part)
            )
            found.update((row.id, row.owner_id) for row in connection.execute(known))
        if len(found) < len(row_ids):
            raise NotFoundError(
                f"One {TABLES[table].singular} does not exist (any more).", hint="Refresh and look again."
            )
        return found

    def _store(self, unit: Unit, annotation: Annotation, current: Annotation | None, owner_id: int) -> None:
        columns, tags = ANNOTATIONS.c, ANNOTATION_TAGS.c
        this = (columns.vault_id == unit.vault_id, columns.id == annotation.id)
        if current is not None:
            tags_of_this = (tags.vault_id == unit.vault_id, tags.annotation_id == annotation.id)
            unit.connection.execute(delete(ANNOTATION_TAGS).where(*tags_of_this))
        if annotation.is_empty:
            if current is not None:
                delete_words(unit, [annotation.id])
                unit.connection.execute(delete(ANNOTATIONS).where(*this))
            return
        if current is not None:
            unit.connection.execute(update(ANNOTATIONS).where(*this).values(_values(annotation, self._clock())))
        else:
            unit.connection.execute(insert(ANNOTATIONS).values(_row(unit, annotation, owner_id, self._clock())))
        if annotation.tags:
            unit.connection.execute(insert(ANNOTATION_TAGS), tag_rows(unit.vault_id, annotation.id, annotation.tags))

    def _check_sealed(self, annotation: Annotation, current: Annotation | None) -> None:
        """A note that was plain before may stay so until its owner's program seals it."""
        before = "" if current is None else _plain(current)
        if self._seals_required and _plain(annotation) not in ("", before):
            raise PermissionDeniedError(
                "The note is not sealed, so it was not stored.",
                hint="This is a fault of the program: please report it.",
            )

    def _store_note_words(self, unit: Unit, annotation: Annotation, current: Annotation | None, owner_id: int) -> None:
        """What the note is found by; a note that stays keeps its words."""
        before, after = None if current is None else _sealed(current), _sealed(annotation)
        if before == after:
            return
        if before is not None and not annotation.is_empty:
            delete_words(unit, [annotation.id])
        if after is not None:
            insert_words(unit, word_rows(annotation.id, owner_id, after.words))

    def _tell_note(self, annotation: Annotation, current: Annotation | None) -> None:
        """An entry about the note itself, by its own id: words may go to another row when rows are imported again."""
        before, after = None if current is None else _sealed(current), _sealed(annotation)
        if before == after:
            return
        with self._database.write(action="note.seal", table=ANNOTATIONS.name) as unit:
            unit.about(annotation.id, *changes({"note_sealed": before}, {"note_sealed": after}))

    def _replace_foreign(self, unit: Unit, key: tuple[str, str, str], label: ForeignLabel) -> bool:
        columns = FOREIGN_LABELS.c
        statement = (
            update(FOREIGN_LABELS)
            .where(
                columns.vault_id == unit.vault_id,
                columns.owner_id == unit.user_id,
                columns.type == key[0],
                columns.ref == key[1],
                columns.origin == key[2],
            )
            .values(record=label.record)
        )
        return bool(unit.connection.execute(statement).rowcount)


def annotations_of(connection: Connection, vault_id: int, query: Select[Any]) -> list[Annotation]:
    """What a query selects of the columns of ``annotations``, with their tags."""
    rows = connection.execute(query).mappings().all()
    tags = tags_of(connection, vault_id, [row["id"] for row in rows])
    return [
        Annotation(
            id=row["id"],
            table=row["table_name"],
            row_id=row["row_id"],
            label=row["label"],
            note=note_of(row["note"], row["note_sealed"]),
            tags=tags.get(row["id"], ()),
            extra=row["extra"],
            version=row["version"],
            owner_id=row["owner_id"],
        )
        for row in rows
    ]


def tag_rows(vault_id: int, annotation_id: int, tags: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of ``annotation_tags`` for one annotation, in the person's order."""
    return [
        {
            "vault_id": vault_id,
            "annotation_id": annotation_id,
            "position": position,
            "tag": tag,
            "tag_fold": fold(tag),
        }
        for position, tag in enumerate(tags)
    ]


def tags_of(connection: Connection, vault_id: int, annotation_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The tags of annotations, in the person's order; those without tags are left out."""
    columns = ANNOTATION_TAGS.c
    found: defaultdict[int, list[str]] = defaultdict(list)
    for part in id_slices(annotation_ids):
        query = (
            select(columns.annotation_id, columns.tag)
            .where(columns.vault_id == vault_id, columns.annotation_id.in_(part))
            .order_by(columns.annotation_id, columns.position)
        )
        for annotation_id, tag in connection.execute(query):
            found[annotation_id].append(tag)
    return {annotation_id: tuple(tags) for annotation_id, tags in found.items()}


def note_of(plain: str, sealed: Sealed | None) -> str | Sealed:
    """A note as its two columns hold it."""
    return plain if sealed is None else sealed


def word_rows(annotation_id: int, owner_id: int, words: Sequence[bytes]) -> list[tuple[int, int, bytes]]:
    """The rows of ``note_words`` for one sealed note, for ``insert_words``."""
    return [(owner_id, annotation_id, token) for token in dict.fromkeys(words)]


def insert_words(unit: Unit, rows: Sequence[tuple[int, int, bytes]]) -> None:
    """Many in one statement, whose triggers and policies run once."""
    if rows:
        road_of(unit.connection, unit.vault_id).add_words(rows)


def delete_words(unit: Unit, annotation_ids: Sequence[int]) -> None:
    """What sealed notes are found by; cascading would do it, too, but uncounted."""
    words = NOTE_WORDS.c
    for part in id_slices(annotation_ids):
        unit.connection.execute(
            delete(NOTE_WORDS).where(words.vault_id == unit.vault_id, words.annotation_id.in_(part))
        )


def _insert_together(unit: Unit, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """One statement: its triggers run once. RETURNING lets SQLAlchemy keep it compiled, which takes longer than all
    the rest otherwise."""
    together = insert(table).returning(table.c.vault_id)
    for start in range(0, len(rows), _TOGETHER):
        unit.connection.execute(together, rows[start : start + _TOGETHER]).all()


def _plain(annotation: Annotation) -> str:
    return "" if isinstance(annotation.note, Sealed) else annotation.note


def _sealed(annotation: Annotation) -> Sealed | None:
    return annotation.note if isinstance(annotation.note, Sealed) else None


def _note_told(annotation: Annotation) -> str | dict[str, object]:
    return annotation.note.record() if isinstance(annotation.note, Sealed) else annotation.note


def _unrevised(annotation: Annotation) -> bool:
    """As a file brought it; a note that is not sealed counts as one."""
    note = _sealed(annotation)
    return note is None or note.revision == UNREVISED


def _words(annotation: Annotation | None, *, hidden: bool) -> dict[str, object]:
    """For the audit, which masks a note beside a sealed one."""
    if annotation is None:
        found: dict[str, object] = {"label": "", "note": "", "tags": "", "extra": {}}
        return found | ({"note_sealed": None} if hidden else {})
    tags = ", ".join(annotation.tags)
    found = {"label": annotation.label, "note": _plain(annotation), "tags": tags, "extra": annotation.extra}
    return found | ({"note_sealed": _sealed(annotation)} if hidden else {})


def _origin(label: ForeignLabel) -> str:
    origin = label.record.get("origin", "")
    return origin if isinstance(origin, str) else ""


def _digest_of(annotations: Sequence[Annotation]) -> str:
    """SHA-256 over one line of JSON for each, by row: what the words of many rows are now, of sealed notes a digest."""
    lines = [
        json.dumps(
            [each.row_id, each.label, _note_told(each), list(each.tags), each.extra], sort_keys=True, default=str
        )
        for each in sorted(annotations, key=lambda each: each.row_id)
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _store_many(
    unit: Unit,
    annotations: Sequence[Annotation],
    known: Mapping[int, Annotation],
    owners: Mapping[int, int],
    at: datetime,
) -> None:
    columns, tags = ANNOTATIONS.c, ANNOTATION_TAGS.c
    there = [each for each in annotations if each.row_id in known]
    for part in id_slices([each.id for each in there]):
        unit.connection.execute(
            delete(ANNOTATION_TAGS).where(tags.vault_id == unit.vault_id, tags.annotation_id.in_(part))
        )
    gone = [each.id for each in there if each.is_empty]
    if gone:
        delete_words(unit, gone)
        for part in id_slices(gone):
            unit.connection.execute(delete(ANNOTATIONS).where(columns.vault_id == unit.vault_id, columns.id.in_(part)))
    kept = [each for each in annotations if not each.is_empty]
    changed = [{"this": each.id, **_values(each, at)} for each in kept if each.row_id in known]
    if changed:
        one = (columns.vault_id == unit.vault_id, columns.id == bindparam("this"))
        unit.connection.execute(update(ANNOTATIONS).where(*one), changed)
    fresh = [_row(unit, each, owners[each.row_id], at) for each in kept if each.row_id not in known]
    _insert_together(unit, ANNOTATIONS, fresh)
    tagged = [row for each in kept for row in tag_rows(unit.vault_id, each.id, each.tags)]
    _insert_together(unit, ANNOTATION_TAGS, tagged)
    renoted = [each for each in kept if each.row_id not in known or _sealed(known[each.row_id]) != _sealed(each)]
    delete_words(unit, [each.id for each in renoted if each.row_id in known])
    words = [
        row
        for each in renoted
        if (note := _sealed(each)) is not None
        for row in word_rows(each.id, owners[each.row_id], note.words)
    ]
    insert_words(unit, words)


def _values(annotation: Annotation, at: datetime) -> dict[str, Any]:
    return {
        "label": annotation.label,
        "label_fold": fold(annotation.label),
        "note": _plain(annotation),
        "note_sealed": _sealed(annotation),
        "extra": annotation.extra,
        "changed_at": at,
        "version": annotation.version + 1,
    }


def _row(unit: Unit, annotation: Annotation, owner_id: int, at: datetime) -> dict[str, Any]:
    """One that was removed meanwhile comes back above the version that its readers hold."""
    return {
        "vault_id": unit.vault_id,
        "detached": False,
        "id": annotation.id,
        "owner_id": owner_id,
        "table_name": annotation.table,
        "row_id": annotation.row_id,
        **_values(annotation, at),
        "version": annotation.version + 1 if annotation.version > 1 else 1,
    }
