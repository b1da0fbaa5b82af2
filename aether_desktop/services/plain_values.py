"""Sealing what was stored before the vault had keys: in batches, each one transaction, as often as it takes.

Killed at any moment, a value is plain or sealed, never both and never neither. Worker threads only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aether_desktop.domain.note_words import words_of
from aether_desktop.domain.sealed_fields import BLIND_FIELDS, FIELD_PLACES, UNREVISED, Sealed, SealedField
from aether_desktop.ports.access import FieldSealer, LevelLockedError
from aether_desktop.ports.errors import PermissionDeniedError
from aether_desktop.ports.plain_values import PlainRow, PlainValueStore
from aether_desktop.ports.work import CancelToken, Progress, silent

BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class SealingReport:
    """``waiting``: fields whose level is locked; ``refused``: those that this person may not seal, and why.

    ``more``: it stopped because it had done as many as it was to do.
    """

    sealed: int
    waiting: tuple[SealedField, ...] = ()
    refused: tuple[tuple[SealedField, str], ...] = ()
    more: bool = False


class PlainValueSealer:
    """``owner_id`` None: this person seals everybody's rows, as in an embedded vault; there notes stay plain."""

    def __init__(
        self, store: PlainValueStore, sealer: FieldSealer, *, user_id: int, owner_id: int | None, batch: int = BATCH
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._user_id = user_id
        self._owner_id = owner_id
        self._batch = batch
        self._fields = (*FIELD_PLACES, *(() if owner_id is None else (SealedField.NOTE,)))

    def pending(self) -> dict[SealedField, int]:
        """Values that wait, by field; empty when all is done. Raises the StorageError family."""
        counts = {field: self._store.count(field, owner_id=self._owner_id) for field in self._fields}
        return {field: count for field, count in counts.items() if count}

    def run(
        self, *, at_most: int | None = None, token: CancelToken | None = None, progress: Progress = silent
    ) -> SealingReport:
        """Seal all that can be sealed now, or about ``at_most``; call it again after the next step-up.

        Raises OperationCancelled, MembershipError, the StorageError family.
        """
        pending = self.pending()
        total, done = sum(pending.values()), 0
        waiting: list[SealedField] = []
        refused: list[tuple[SealedField, str]] = []
        for field in pending:
            began = done

            def tell(count: int, began: int = began) -> None:
                progress(began + count, total, "Sealing values stored before")

            left = None if at_most is None else at_most - done
            if left is not None and left <= 0:
                break
            try:
                done += self._field(field, left, token, tell)
            except LevelLockedError:
                waiting.append(field)
            except PermissionDeniedError as error:
                refused.append((field, str(error)))
        return SealingReport(done, tuple(waiting), tuple(refused), more=at_most is not None and done >= at_most)

    def _field(
        self, field: SealedField, at_most: int | None, token: CancelToken | None, tell: Callable[[int], None]
    ) -> int:
        done, after = 0, -1
        while at_most is None or done < at_most:
            if token is not None:
                token.check()
            rows = self._store.page(field, owner_id=self._owner_id, after=after, limit=self._batch)
            if not rows:
                return done
            done += self._store.replace(field, self._sealed(field, rows))
            after = rows[-1].row_id
            tell(done)
        return done

    def _sealed(self, field: SealedField, rows: Sequence[PlainRow]) -> list[tuple[PlainRow, Sealed]]:
        """All rows of a page have one owner's key: this person's, or that of the one owner asked for."""
        owner_id = self._user_id if self._owner_id is None else self._owner_id
        plains = [(row.row_id, row.text.encode()) for row in rows]
        contents = self._sealer.seal_many(field, plains, owner_id=owner_id, revision=UNREVISED)
        sealed = []
        for row, (_, plain), content in zip(rows, plains, contents, strict=True):
            token = self._sealer.blind(field, plain, owner_id=owner_id)[0] if field in BLIND_FIELDS else None
            sealed.append((row, Sealed.of(UNREVISED, content, token=token, words=self._words(field, row, owner_id))))
        return sealed

    def _words(self, field: SealedField, row: PlainRow, owner_id: int) -> tuple[bytes, ...]:
        if field is not SealedField.NOTE:
            return ()
        words = [word.encode() for word in words_of(row.text)]
        return tuple(tokens[0] for tokens in self._sealer.blind_many(field, words, owner_id=owner_id))
