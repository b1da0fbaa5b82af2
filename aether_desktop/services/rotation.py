"""Replacing a court's key: a new version for everybody entitled, then every row of the owner sealed under it.

Both parts survive being killed: making the version is one transaction with the journal's first line, and rows go over
in batches, each one transaction with the journal's next line. Until the last batch, rows under either version open.
Worker threads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import CourtRevoked
from aether_desktop.domain.note_words import words_of
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.ports.errors import AlreadyExistsError, NotFoundError, PermissionDeniedError
from aether_desktop.ports.identity import Identity, IdentityStores, StoredRotation
from aether_desktop.ports.sealed_rows import ResealedRow, SealedRow, SealedRows, VersionedSealer
from aether_desktop.ports.work import CancelToken, Progress, silent

BATCH: Final = 500  # rows a transaction
_TRIES: Final = 5  # of appending to the log while others do


class Transactions(Protocol):
    """What of ``ports.storage.Storage`` a rotation needs."""

    def unit_of_work(self) -> AbstractContextManager[None]: ...


@dataclass(frozen=True, slots=True)
class WaitingOwner:
    """A court whose rows wait for the client of their own owner. ``reason`` is a plain sentence."""

    owner_id: int
    name: str
    court: Court
    reason: str
    mine: bool


class RotationService:
    """Starts, continues and lists rotations of one person's vault."""

    def __init__(
        self,
        transactions: Transactions,
        stores: IdentityStores,
        rows: SealedRows,
        *,
        identity: Identity,
        sealer: VersionedSealer,
        batch: int = BATCH,
    ) -> None:
        self._transactions = transactions
        self._stores = stores
        self._rows = rows
        self._identity = identity
        self._sealer = sealer
        self._batch = batch

    def start(self, owner_id: int, court: Court, *, revoking: int | None = None) -> StoredRotation:
        """Make the next version; nothing new is sealed under the old one from here on. Follow with ``resume``.

        ``revoking`` names somebody whose grant ends with the present version, in the same transaction.

        Raises LevelLockedError (levels 2 and the court's), PermissionDeniedError for anybody but the owner (of a
        group: a Zadokite), MembershipError, the StorageError family.
        """
        for attempt in range(1, _TRIES + 1):
            issue = self._identity.new_court(owner_id, court, without=revoking)
            revoked = () if revoking is None else (CourtRevoked(owner_id, court, revoking),)
            statements = self._identity.sign([*revoked, *issue.facts])
            journal = StoredRotation(
                owner_id=owner_id, court=court, version=issue.keys[0].version, started_at=datetime.now(UTC)
            )
            try:
                with self._transactions.unit_of_work():
                    self._stores.membership.append(statements)
                    self._stores.court_keys.put(issue.keys)
                    self._stores.rotations.put(journal)
                break
            except AlreadyExistsError:  # somebody else appended first: sign on top of theirs
                if attempt == _TRIES:
                    raise
        self._identity.settled()
        return journal

    def resume(
        self, owner_id: int, court: Court, *, progress: Progress = silent, token: CancelToken | None = None
    ) -> StoredRotation:
        """Seal the rest of the owner's rows under the latest version. Cancelled or killed, it goes on from there.

        Raises NotFoundError when nothing is unfinished, OperationCancelled, LevelLockedError, SealError naming the
        field of a row that does not open (it stays as it is), the StorageError family.
        """
        journal = self._stores.rotations.unfinished(owner_id, court)
        if journal is None:
            raise NotFoundError("No rotation of this court is unfinished.")
        if owner_id != self._identity.user_id and owner_id not in self._identity.state().groups:
            raise PermissionDeniedError(
                "Rows are sealed again by their own owner's program.", hint="Ask the owner to open the vault."
            )
        fields = [field for field in self._rows.fields(court) if field.value >= journal.field]
        left = sum(self._left(field, journal) for field in fields)
        total = journal.rows_done + left
        progress(journal.rows_done, total, "Sealing under the new key")
        for field in fields:
            if field.value != journal.field:
                journal = journal._replace(field=field.value, row_id=-1)
            journal = self._field(field, journal, total=total, progress=progress, token=token)
        self._stragglers(journal, token)
        return self._finish(journal)

    def rotate(
        self, owner_id: int, court: Court, *, progress: Progress = silent, token: CancelToken | None = None
    ) -> StoredRotation:
        """``start``, unless one is unfinished that nothing has overtaken, then ``resume``. Raises as both do."""
        unfinished = self._stores.rotations.unfinished(owner_id, court)
        if unfinished is None or self._identity.state().needs_rotation(owner_id, court):
            self.start(owner_id, court)
        return self.resume(owner_id, court, progress=progress, token=token)

    def unfinished(self) -> list[StoredRotation]:
        """Of every owner. Raises the StorageError family."""
        return [journal for journal in self._stores.rotations.all() if journal.finished_at is None]

    def waiting(self) -> list[WaitingOwner]:
        """Whose keys must be replaced, or whose rows still have to be sealed again.

        Raises MembershipError, the StorageError family.
        """
        state = self._identity.state()
        found: dict[tuple[int, Court], str] = {
            (owner, court): f"The key must be replaced. {reason}" for owner, court, reason in state.pending_rotations()
        }
        for journal in self.unfinished():
            place = (journal.owner_id, journal.court)
            found.setdefault(place, f"{values_words(journal.rows_done)} sealed under the new key so far.")
        return [
            WaitingOwner(
                owner_id=owner,
                name=state.people[owner].username if owner in state.people else state.groups.get(owner, ""),
                court=court,
                reason=reason,
                mine=owner == self._identity.user_id
                or (owner in state.groups and state.is_zadokite(self._identity.user_id)),
            )
            for (owner, court), reason in sorted(found.items())
        ]

    # -- inside --------------------------------------------------------------------------------------------------

    def _left(self, field: SealedField, journal: StoredRotation) -> int:
        after = journal.row_id if field.value == journal.field else -1
        return self._rows.count(field, owner_id=journal.owner_id, after=after)

    def _field(
        self,
        field: SealedField,
        journal: StoredRotation,
        *,
        total: int,
        progress: Progress,
        token: CancelToken | None,
    ) -> StoredRotation:
        while True:
            if token is not None:
                token.check()
            page = self._rows.page(field, owner_id=journal.owner_id, after=journal.row_id, limit=self._batch)
            if not page:
                return journal
            resealed = self._resealed(field, page, journal)
            journal = journal._replace(row_id=page[-1].row_id, rows_done=journal.rows_done + len(page))
            with self._transactions.unit_of_work():
                if resealed:
                    self._rows.replace(field, resealed)
                self._stores.rotations.put(journal)
            progress(journal.rows_done, max(total, journal.rows_done), "Sealing under the new key")

    def _stragglers(self, journal: StoredRotation, token: CancelToken | None) -> None:
        """Values that a program which had not heard of the new key sealed behind our back."""
        for field in self._rows.fields(journal.court):
            after = -1
            while page := self._rows.page(field, owner_id=journal.owner_id, after=after, limit=self._batch):
                if token is not None:
                    token.check()
                after = page[-1].row_id
                resealed = self._resealed(field, page, journal)
                if resealed:
                    self._rows.replace(field, resealed)

    def _resealed(self, field: SealedField, page: Sequence[SealedRow], journal: StoredRotation) -> list[ResealedRow]:
        found = []
        for row in page:
            if self._sealer.version(field, row.content) >= journal.version:
                continue  # written since
            plain = self._sealer.open(
                field, row.content, row_id=row.row_id, owner_id=journal.owner_id, revision=row.revision
            )
            content = self._sealer.seal(
                field, plain, row_id=row.row_id, owner_id=journal.owner_id, revision=row.revision
            )
            tokens = self._sealer.blind(field, plain, owner_id=journal.owner_id) if self._rows.has_token(field) else ()
            words = self._words(field, plain, journal.owner_id) if self._rows.has_words(field) else ()
            found.append(ResealedRow(row, content, tokens[0] if tokens else None, words))
        return found

    def _words(self, field: SealedField, plain: bytes, owner_id: int) -> tuple[bytes, ...]:
        words = [word.encode() for word in words_of(plain.decode())]
        return tuple(tokens[0] for tokens in self._sealer.blind_many(field, words, owner_id=owner_id))

    def _finish(self, journal: StoredRotation) -> StoredRotation:
        """Also what an earlier rotation left unfinished: its rows are under this version now."""
        now = datetime.now(UTC)
        journal = journal._replace(finished_at=now)
        with self._transactions.unit_of_work():
            for each in self._stores.rotations.all():
                same = (each.owner_id, each.court) == (journal.owner_id, journal.court)
                if same and each.finished_at is None and each.version < journal.version:
                    self._stores.rotations.put(each._replace(finished_at=now))
            self._stores.rotations.put(journal)
        self._identity.settled()
        return journal


def values_words(count: int) -> str:
    """What ``StoredRotation.rows_done`` counts: sealed values, of which a row may have several."""
    return "1 value is" if count == 1 else f"{count:,} values are"
