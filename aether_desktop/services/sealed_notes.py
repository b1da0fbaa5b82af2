"""Notes of a shared database: sealed under their owner's Outer Court, found by whole words. Worker threads only.

In the embedded vault, which one key encrypts as a whole, notes stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.note_words import words_of
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import UNREVISED, Sealed, SealedField
from aether_desktop.ports.access import FieldSealer
from aether_desktop.ports.errors import InvalidInputError, PermissionDeniedError
from aether_desktop.ports.notes import WordToken
from aether_desktop.ports.storage import Storage
from aether_desktop.services.latest_values import require_latest

_NOTE: Final = SealedField.NOTE
_TABLE: Final = "annotations"


class NoteService:
    """Implements ``ports.notes.NoteSeals``. ``sealer`` None: notes are stored as they are typed."""

    def __init__(self, storage: Storage, sealer: FieldSealer | None) -> None:
        self._storage = storage
        self._sealer = sealer
        self._shared = storage.info.engine != "sqlite"

    @property
    def active(self) -> bool:
        """Whether notes are sealed here. Any thread."""
        return self._sealer is not None and self._shared

    # -- storing -------------------------------------------------------------------------------------------------

    def sealed(self, annotation: Annotation, *, base: Annotation | None) -> Annotation:
        """As it may be stored over ``base`` (None: it is new). A note that says the same stays as it is.

        Raises LevelLockedError, PermissionDeniedError without a key of the owner, RotationNeededError,
        MembershipError, NotFoundError for a row that is gone, InvalidInputError.
        """
        settled, sealing = self.settled(annotation, base=base)
        if not sealing:
            return settled
        return self._with_seals([settled], 1 if base is None else base.version + 1)[0]

    def settled(self, annotation: Annotation, *, base: Annotation | None) -> tuple[Annotation, bool]:
        """With the note as it is stored where it says the same; and whether it has to be sealed, which can be done.

        Raises as ``sealed``, but no RotationNeededError.
        """
        note, before = annotation.note, "" if base is None else base.note
        if not self.active or isinstance(note, Sealed) or not note:
            return annotation, False
        if base is not None and isinstance(before, Sealed) and self.text(base) == note:
            return replace(annotation, note=before), False
        owner_id = annotation.owner_id or self._storage.annotations.owner_of(annotation.table, annotation.row_id)
        try:
            self._require_sealer().blind_many(_NOTE, (), owner_id=owner_id)
        except PermissionDeniedError:
            if note == before:  # somebody else's, from before notes were sealed: their own program will
                return annotation, False
            raise
        return replace(annotation, owner_id=owner_id), True

    def sealed_many(self, written: Sequence[tuple[Annotation, Annotation | None]]) -> list[Annotation]:
        """As ``sealed``, each with its base, for ``AnnotationStore.put_many``: new ones as a file's. Raises as it."""
        found: list[Annotation] = []
        groups: dict[tuple[int, int], list[int]] = {}
        for at, (annotation, base) in enumerate(written):
            settled, sealing = self.settled(annotation, base=base)
            found.append(settled)
            if sealing:
                revision = UNREVISED if base is None else base.version + 1
                groups.setdefault((settled.owner_id, revision), []).append(at)
        for (_, revision), places in groups.items():
            for at, sealed in zip(places, self._with_seals([found[at] for at in places], revision), strict=True):
                found[at] = sealed
        return found

    def seal_new(self, notes: Sequence[tuple[int, str]], *, owner_id: int) -> list[Sealed]:
        """Notes of rows that a file brings, given by the annotation's id. Raises as ``sealed``."""
        return self._seals(notes, owner_id=owner_id, revision=UNREVISED)

    # -- opening -------------------------------------------------------------------------------------------------

    def text(self, annotation: Annotation) -> str:
        """The note in plain, for computing with; never show or store it.

        Raises LevelLockedError, PermissionDeniedError, SealError, MembershipError.
        """
        note = annotation.note
        if not isinstance(note, Sealed):
            return note
        plain = self._require_sealer().open(
            _NOTE, note.content, row_id=annotation.id, owner_id=annotation.owner_id, revision=note.revision
        )
        return plain.decode()

    def same(self, one: Annotation, other: Annotation) -> bool:
        """Whether both notes say the same, which may be sealed twice. Raises as ``text``."""
        return one.note == other.note or self.text(one) == self.text(other)

    def reveal(self, table: TableName, row_id: int) -> str:
        """A row's note, after an audit entry says so; without the entry nothing is returned.

        Raises LevelLockedError, PermissionDeniedError saying who may grant, SealError for a note that was altered,
        moved, or put back from before.
        """
        with self._storage.unit_of_work():
            annotation = self._storage.annotations.of(table, [row_id]).get(row_id)
            if annotation is None or not isinstance(annotation.note, Sealed):
                return "" if annotation is None else self.text(annotation)
            text = self.text(annotation)
            require_latest(self._storage.audit, annotation.note, _NOTE, place=(_TABLE, annotation.id, "note"))
            self._storage.audit.note("sealed.reveal", table=table.value, row_id=row_id, field=_NOTE.value)
        return text

    def opened(self, annotations: Sequence[Annotation]) -> tuple[list[Annotation], int]:
        """With their notes in plain, for a file of the person's own, after an audit entry says so.

        Notes of owners whose key is not here are left out and counted. Raises LevelLockedError, SealError,
        MembershipError.
        """
        if not any(isinstance(each.note, Sealed) for each in annotations):
            return list(annotations), 0
        self._storage.audit.note("notes.export", table=_TABLE, field=_NOTE.value)
        found, shut = [], 0
        for each in annotations:
            try:
                text = self.text(each)
            except PermissionDeniedError:
                text = ""
                shut += 1
            found.append(replace(each, note=text))
        return found, shut

    # -- finding -------------------------------------------------------------------------------------------------

    def tokens(self, text: str) -> list[tuple[WordToken, ...]]:
        """For each word, its tokens of every owner whose key this person has, under every live version.

        Raises LevelLockedError, PermissionDeniedError without any key, MembershipError.
        """
        words = [word.encode() for word in words_of(text)]
        sealer = self._require_sealer()
        owners = sealer.owners(_NOTE.court) or (self._storage.info.user_id,)  # whose refusal says why
        found: list[list[WordToken]] = [[] for _ in words]
        for owner_id in owners:
            for of_word, tokens in zip(found, sealer.blind_many(_NOTE, words, owner_id=owner_id), strict=True):
                of_word += [WordToken(owner_id, token) for token in tokens]
        return [tuple(of_word) for of_word in found]

    # -- inside --------------------------------------------------------------------------------------------------

    def _with_seals(self, annotations: Sequence[Annotation], revision: int) -> list[Annotation]:
        """Of one owner, whose notes are plain."""
        notes = [(each.id, str(each.note)) for each in annotations]
        seals = self._seals(notes, owner_id=annotations[0].owner_id, revision=revision)
        return [replace(each, note=seal) for each, seal in zip(annotations, seals, strict=True)]

    def _seals(self, notes: Sequence[tuple[int, str]], *, owner_id: int, revision: int) -> list[Sealed]:
        """With their words under the present version."""
        sealer = self._require_sealer()
        try:
            plains = [(row_id, note.encode()) for row_id, note in notes]
        except UnicodeEncodeError as error:
            raise InvalidInputError("The note holds a character that no text has.", field="note") from error
        contents = sealer.seal_many(_NOTE, plains, owner_id=owner_id, revision=revision)
        words = [words_of(note) for _, note in notes]
        known = list(dict.fromkeys(word for of_note in words for word in of_note))
        tokens = sealer.blind_many(_NOTE, [word.encode() for word in known], owner_id=owner_id)
        found = {word: of_word[0] for word, of_word in zip(known, tokens, strict=True)}
        return [
            Sealed.of(revision, content, words=tuple(found[word] for word in of_note))
            for content, of_note in zip(contents, words, strict=True)
        ]

    def _require_sealer(self) -> FieldSealer:
        if self._sealer is None:
            raise PermissionDeniedError(
                "This note is sealed, and no keys are open that could open it.",
                hint="Open the vault with its password.",
            )
        return self._sealer
