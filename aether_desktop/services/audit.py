"""The audit for people: what happened, whether the log is whole, what to give to others, and comparing with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from aether_desktop.domain.audit import CheckpointBody, RootPin, comparison_code, entry_leaf, read_code
from aether_desktop.domain.merkle import (
    RangeHeads,
    consistency_ranges,
    inclusion_ranges,
    verify_consistency,
    verify_inclusion,
)
from aether_desktop.domain.times import to_micros, utc_now
from aether_desktop.ports.audit import (
    AuditEntry,
    AuditError,
    AuditFault,
    AuditFilter,
    AuditProofs,
    CheckpointSigner,
    KeyHolders,
    LogRow,
    StoredCheckpoint,
)
from aether_desktop.ports.errors import (
    InvalidInputError,
    KeyStoreError,
    NotFoundError,
    PermissionDeniedError,
    StorageError,
)
from aether_desktop.ports.identity import PinStore
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services import audit_files
from aether_desktop.services.audit_memory import LOOK, LogMemory, told
from aether_desktop.services.audit_verification import BadPlace, HiddenEntry, LogVerifier, Verdict, follow, with_hidden


class Agreement(StrEnum):
    """How a colleague's log compares with this one."""

    SAME = "same"
    OTHER = "other"  # a fork: the server shows different logs to different people
    LONGER = "longer"  # theirs goes on beyond what this computer is shown


@dataclass(frozen=True, slots=True)
class Comparison:
    """``size`` entries were compared; ``code`` is this log's code at that size (or at its end)."""

    agreement: Agreement
    size: int
    code: str

    @property
    def text(self) -> str:
        """In plain words."""
        if self.agreement is Agreement.SAME:
            return f"The first {self.size} entries are the same on both computers."
        if self.agreement is Agreement.OTHER:
            return (
                f"The first {self.size} entries are not the same: the two of you are shown different logs. Keep both"
                " computers as they are and ask who runs the database."
            )
        return f"The other log has {self.size} entries, more than this one is shown. Refresh, then compare again."


class AuditService:
    """The log of one open vault. Worker threads only. Raises the StorageError family; AuditError for a bad log."""

    def __init__(
        self,
        storage: Storage,
        *,
        proofs: AuditProofs | None = None,
        pins: PinStore | None = None,
        holders: Callable[[], KeyHolders] | None = None,
        signer: Callable[[], CheckpointSigner] | None = None,
        place: Path | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """``pins`` None: nothing is remembered (the sample). ``holders`` reads the membership log; ``place`` is the
        file of an embedded vault."""
        self._storage = storage
        self._store = storage.audit
        self._vault_id = storage.info.vault_id
        self._proofs = proofs
        self._memory = LogMemory(self._store, pins, vault_id=self._vault_id, place=place)
        self._holders = holders
        self._signer = signer
        self._now = now

    # -- reading ---------------------------------------------------------------------------------------------------

    def page(
        self,
        wanted: AuditFilter = AuditFilter(),  # noqa: B008 - frozen
        *,
        limit: int = 200,
        before: AuditEntry | None = None,
        token: CancelToken | None = None,
    ) -> list[AuditEntry]:
        """Latest first, those older than ``before``. Raises OperationCancelled."""
        return self._store.page(wanted, limit=limit, before=before, token=token)

    def entry_at(self, index: int) -> AuditEntry | None:
        """The entry at a place in the log; None when the place is empty."""
        return self._store.at_index(index)

    def actions(self) -> list[str]:
        """For a filter."""
        return self._store.actions()

    # -- what this computer remembers ------------------------------------------------------------------------------

    def sign_on(self, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """Before anything is written: the log must go on from what this computer saw last; its size is returned.

        Until it does every write is refused. Raises AuditError (CUT, FORK, MISSING), KeyStoreError.
        """
        if not self._memory.remembers:
            return self._store.head().size
        return self._memory.frontier(token=token, progress=progress).size

    @property
    def problem(self) -> AuditError | None:
        """Why every write is refused now; None while the log goes on from what this computer remembers. Any thread."""
        return self._memory.problem

    def remember(self) -> None:
        """Note how far the log reaches now; never raises (what cannot be noted is looked at when the vault opens)."""
        with suppress(StorageError, KeyStoreError):
            self.sign_on()

    def accept(self) -> int:
        """After a restored back-up, by a person's own decision: take the log as it is from now on.

        An entry says so. Raises KeyStoreError, AuditError for a log that does not even fit its own head.
        """
        return self._memory.accept()

    # -- verification ----------------------------------------------------------------------------------------------

    def verify(self, *, token: CancelToken, progress: Progress = silent) -> Verdict:
        """Read every entry; the verdict names the first bad one. Entries that have no place in the log are looked for
        last. Raises OperationCancelled, MembershipError.
        """
        head = self._store.head()
        pin = self._memory.pin()
        stop = max(head.size, self._store.last_index() + 1)
        verifier = LogVerifier(
            vault_id=self._vault_id,
            proofs=self._checked_proofs(),
            devices=self._store.devices(),
            holders=None if self._holders is None else self._holders(),
        )
        rows: Iterable[LogRow | HiddenEntry] = self._store.log(0, stop, token=token)
        if self._storage.info.engine == "postgresql":  # where a person may not read the entries of others
            rows = with_hidden(self._store.log(0, stop, token=token), self._store.leaves(0, stop, token=token))
        verdict = verifier.run(
            rows,
            head=head,
            pin=pin,
            checkpoints=self._store.checkpoints(),
            token=token,
            progress=progress,
        )
        progress(verdict.size, verdict.size, "Verifying the audit log")
        if verdict.bad is None and (stray := self._store.unplaced()):
            entries = "1 entry has" if stray == 1 else f"{stray} entries have"
            reason = f"{entries} no place in the log: written around it, and vouched for by nothing."
            return dataclasses.replace(verdict, bad=BadPlace(AuditFault.HEAD, verdict.size, reason))
        return verdict

    # -- checkpoints and proofs ------------------------------------------------------------------------------------

    def checkpoint(self, *, token: CancelToken | None = None, progress: Progress = silent) -> StoredCheckpoint:
        """Sign how far the log reaches now, after it was compared with what this computer remembers.

        Raises AuditError, LevelLockedError (level 2), PermissionDeniedError without keys, NotFoundError when empty.
        """
        if self._signer is None:
            raise PermissionDeniedError(
                "Checkpoints are signed with your keys, and you have none in this vault.",
                hint="Give the vault a password first: then it has keys.",
            )
        signer = self._signer()
        frontier = self._memory.frontier(token=token, progress=progress)
        if not frontier.size:
            raise NotFoundError("The audit log has no entries yet.")
        at = self._now()
        body = CheckpointBody(
            vault_id=self._vault_id,
            size=frontier.size,
            root=frontier.root,
            at=to_micros(at),
            user_id=self._storage.info.user_id,
        ).encode()
        point = StoredCheckpoint(
            id=self._storage.new_id(),
            size=frontier.size,
            at=at,
            user_id=self._storage.info.user_id,
            body=body,
            public_key=signer.public_key,
            signature=signer.sign(body),
        )
        self._store.add_checkpoint(point)
        return point

    def checkpoints(self) -> list[StoredCheckpoint]:
        """By size."""
        return self._store.checkpoints()

    def export_checkpoint(
        self, path: Path, *, token: CancelToken | None = None, progress: Progress = silent
    ) -> CheckpointBody:
        """A new checkpoint, as a file. Raises as ``checkpoint``, InvalidInputError for the path."""
        point = self.checkpoint(token=token, progress=progress)
        audit_files.write_fields(path, audit_files.checkpoint_fields(point))
        return CheckpointBody.decode(point.body)

    def export_inclusion_proof(
        self, entry_id: int, path: Path, *, token: CancelToken | None = None, progress: Progress = silent
    ) -> int:
        """That an entry is in the log, under the latest checkpoint that covers it (a new one where none does).

        Returns the entry's place. Raises NotFoundError for an entry older than the log, and as ``checkpoint``.
        """
        entry = self._store.get(entry_id)
        index = entry.leaf_index
        if index is None:
            raise NotFoundError("This entry was made before the log began; nothing can be proved about it.")
        covering = [point for point in self._store.checkpoints() if point.size > index]
        point = covering[-1] if covering else self.checkpoint(token=token, progress=progress)
        ranges = inclusion_ranges(index, point.size)
        row, heads = self._row(index), self._heads(ranges, point.size, token=token, progress=progress)
        body = CheckpointBody.decode(point.body)
        leaf = entry_leaf(row.entry, row.signature)
        if not verify_inclusion(leaf=leaf, index=index, size=body.size, proof=heads, root=body.root):
            raise _other_log()
        keys = {device.key_id: device.public_key for device in self._store.devices()}
        fields = audit_files.inclusion_fields(row, keys.get(row.key_id, b""), heads, point)
        audit_files.write_fields(path, fields)
        return index

    def export_consistency_proof(
        self,
        first_id: int,
        second_id: int,
        path: Path,
        *,
        token: CancelToken | None = None,
        progress: Progress = silent,
    ) -> None:
        """That one checkpoint's log is the beginning of a later one's.

        Raises NotFoundError, InvalidInputError for the path, AuditError where it is not.
        """
        points = {point.id: point for point in self._store.checkpoints()}
        try:
            first, second = sorted((points[first_id], points[second_id]), key=lambda point: point.size)
        except KeyError:
            raise NotFoundError("There is no such checkpoint.", hint="List them with: audit checkpoints") from None
        ranges = consistency_ranges(first.size, second.size)
        heads = self._heads(ranges, second.size, token=token, progress=progress)
        earlier, later = CheckpointBody.decode(first.body), CheckpointBody.decode(second.body)
        if not verify_consistency(
            first=earlier.size, second=later.size, first_root=earlier.root, second_root=later.root, proof=heads
        ):
            raise _other_log()
        audit_files.write_fields(path, audit_files.consistency_fields(first, second, heads))

    # -- comparing -------------------------------------------------------------------------------------------------

    def code(self, *, token: CancelToken | None = None, progress: Progress = silent) -> str:
        """What to read to a colleague. Raises as ``sign_on``."""
        frontier = self._memory.frontier(token=token, progress=progress)
        return comparison_code(self._vault_id, frontier.size, frontier.root)

    def compare_code(self, text: str, *, token: CancelToken | None = None, progress: Progress = silent) -> Comparison:
        """With the code a colleague reads. Raises InvalidInputError for what is no code."""
        try:
            size, code = read_code(text)
        except ValueError:
            raise InvalidInputError(
                "This is no code of an audit log.", field="code", hint="A code looks like 1024-ABCD-… with 24 letters."
            ) from None
        return self._compared(size, lambda mine: mine == code, token=token, progress=progress)

    def compare_file(self, path: Path, *, token: CancelToken | None = None, progress: Progress = silent) -> Comparison:
        """With a colleague's checkpoint. Raises InvalidInputError for a file that is none, or of another vault."""
        body, content, public, signature = audit_files.read_checkpoint(path)
        if body.vault_id != self._vault_id:
            raise InvalidInputError(f"{path.name} is about another vault.", field="file")
        owner = None if self._holders is None else self._holders().signing_owner(public)
        if not self._checked_proofs().checkpoint_signed(public, signature, content) or (
            self._holders is not None and owner != body.user_id
        ):
            raise InvalidInputError(
                f"{path.name} was not signed by the person it names, or was altered.",
                field="file",
                hint="Ask for it again, on another way.",
            )
        return self._compared(body.size, lambda mine: mine == body.code, token=token, progress=progress)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _compared(
        self, size: int, same: Callable[[str], bool], *, token: CancelToken | None, progress: Progress
    ) -> Comparison:
        head = self._store.head()
        if size > head.size:
            frontier = self._memory.frontier(token=token, progress=progress)
            code = comparison_code(self._vault_id, frontier.size, frontier.root)
            return Comparison(Agreement.LONGER, size, code)
        frontier = follow(RootPin(0, b""), told(self._store.leaves(0, size, token=token), size, progress))
        code = comparison_code(self._vault_id, frontier.size, frontier.root)
        return Comparison(Agreement.SAME if same(code) else Agreement.OTHER, size, code)

    def _row(self, index: int) -> LogRow:
        for row in self._store.log(index, index + 1):
            return row
        raise AuditError(f"The audit log has no entry {index}.", fault=AuditFault.MISSING, index=index, hint=LOOK)

    def _heads(
        self, ranges: Sequence[tuple[int, int]], size: int, *, token: CancelToken | None, progress: Progress
    ) -> list[bytes]:
        """From one reading of the log's first ``size`` entries."""
        heads = RangeHeads(ranges)
        expected = 0
        for place, leaf in told(self._store.leaves(0, size, token=token), size, progress):
            if place != expected:
                break
            heads.add(leaf)
            expected += 1
        if expected != size:
            raise AuditError(
                f"The audit log has no entry {expected}.", fault=AuditFault.MISSING, index=expected, hint=LOOK
            )
        return heads.heads(ranges)

    def _checked_proofs(self) -> AuditProofs:
        if self._proofs is None:
            raise PermissionDeniedError("Signatures cannot be verified here.")
        return self._proofs


def _other_log() -> AuditError:
    return AuditError(
        "The checkpoint speaks of another log than the one that is here; nothing can be proved with it.",
        fault=AuditFault.FORK,
        hint=LOOK,
    )
