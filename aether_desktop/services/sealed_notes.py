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
        note, before = annotation.note, "" if base is None else base.note
        if not self.active or isinstance(note, Sealed) or not note:
            return annotation
        if base is not None and isinstance(before, Sealed) and self.text(base) == note:
            return replace(annotation, note=before)
        try:
            return self._with_seal(annotation, note, revision=1 if base is None else base.version + 1)
        except PermissionDeniedError:
            if note == before:  # somebody else's, from before notes were sealed: their own program will
                return annotation
            raise

    def seal_new(self, notes: Sequence[tuple[int, str]], *, owner_id: int) -> list[Sealed]:
        """Notes of rows that a file brings, given by the annotation's id. Raises as ``sealed``."""
        sealer = self._require_sealer()
        plains = [(row_id, note.encode()) for row_id, note in notes]
        contents = sealer.seal_many(_NOTE, plains, owner_id=owner_id, revision=UNREVISED)
        return [
            Sealed.of(UNREVISED, content, words=self._words(note, owner_id))
            for (_, note), content in zip(notes, contents, strict=True)
        ]

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

    def _with_seal(self, annotation: Annotation, text: str, *, revision: int) -> Annotation:
        try:
            plain = text.encode()
        except UnicodeEncodeError as error:
            raise InvalidInputError("The note holds a character that no text has.", field="note") from error
        owner_id = annotation.owner_id or self._storage.annotations.owner_of(annotation.table, annotation.row_id)
        content = self._require_sealer().seal(_NOTE, plain, row_id=annotation.id, owner_id=owner_id, revision=revision)
        note = Sealed.of(revision, content, words=self._words(text, owner_id))
        return replace(annotation, note=note, owner_id=owner_id)

    def _words(self, text: str, owner_id: int) -> tuple[bytes, ...]:
        """Under the present version."""
        words = [word.encode() for word in words_of(text)]
        return tuple(tokens[0] for tokens in self._require_sealer().blind_many(_NOTE, words, owner_id=owner_id))

    def _require_sealer(self) -> FieldSealer:
        if self._sealer is None:
            raise PermissionDeniedError(
                "This note is sealed, and no keys are open that could open it.",
                hint="Open the vault with its password.",
            )
        return self._sealer
