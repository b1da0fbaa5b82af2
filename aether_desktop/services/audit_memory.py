"""How far this computer has seen a vault's log, kept outside its database, and whether the log goes on from there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from aether_desktop.domain.audit import RootPin
from aether_desktop.domain.canonical import NotCanonicalError
from aether_desktop.domain.merkle import Frontier, MerkleError
from aether_desktop.ports.audit import AuditError, AuditFault, AuditStore, LogHead
from aether_desktop.ports.identity import PinStore, mark_of_place
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.audit_verification import follow

_PIN_NAME: Final = "audit"
LOOK: Final = "Nothing is written meanwhile. Verify the log on the audit page, and compare it with a colleague's."
_TOLD_EVERY: Final = 2_000


class LogMemory:
    """Worker threads only; calls follow one another. Raises the StorageError family, KeyStoreError."""

    def __init__(self, store: AuditStore, pins: PinStore | None, *, vault_id: int, place: Path | None = None) -> None:
        """``pins`` None: nothing is remembered, and the log is read from its beginning each time.

        ``place`` is the file of an embedded vault: two copies of one vault go on by themselves.
        """
        self._name = _PIN_NAME if place is None else f"{_PIN_NAME}-{mark_of_place(place)}"
        self._store = store
        self._pins = pins
        self._vault_id = vault_id
        self._lock = threading.Lock()
        self.problem: AuditError | None = None

    @property
    def remembers(self) -> bool:
        """Whether there is anywhere to remember it."""
        return self._pins is not None

    def pin(self) -> RootPin | None:
        """What is remembered. Raises AuditError when that is damaged."""
        kept = None if self._pins is None else self._pins.load(self._vault_id, self._name)
        if kept is None:
            return None
        try:
            return RootPin.decode(kept)
        except (NotCanonicalError, MerkleError):
            raise AuditError(
                "What this computer remembers of the audit log is damaged.",
                fault=AuditFault.FORK,
                hint="Verify the log, compare it with a colleague, then run: aether-desktop audit accept",
            ) from None

    def frontier(self, *, token: CancelToken | None = None, progress: Progress = silent) -> Frontier:
        """The log's end, once it is proven to go on from what is remembered; that is remembered then.

        Otherwise every write is refused from now on. Raises AuditError (CUT, FORK, MISSING), OperationCancelled.
        """
        with self._lock:
            try:
                known = self.pin()
                now = self._followed(known, token=token, progress=progress)
            except AuditError as error:
                self._refuse(error)
                raise
            if known != now:
                self._keep(now)
            self._refuse(None)
            return Frontier(now.size, now.peaks)

    def accept(self) -> int:
        """Take the log as it is from now on; an entry says so. Raises AuditError when it does not fit its own head."""
        with self._lock:
            before = None
            with suppress(AuditError):
                before = self.pin()
            now = self._followed(None)
            self._keep(now)
            self._refuse(None)
        self._store.note("audit.accept", size=now.size, known=0 if before is None else before.size)
        return self.frontier().size

    def _refuse(self, error: AuditError | None) -> None:
        self.problem = error
        self._store.refuse(error)

    def _keep(self, now: RootPin) -> None:
        if self._pins is not None:
            self._pins.save(self._vault_id, self._name, now.encode())

    def _followed(
        self, pin: RootPin | None, *, token: CancelToken | None = None, progress: Progress = silent
    ) -> RootPin:
        """What should be remembered now."""
        head = self._store.head()
        known = RootPin(0, b"") if pin is None else pin
        if head.size < known.size:
            raise _cut(head, known)
        frontier = follow(known, told(self._store.leaves(known.size, head.size, token=token), head.size, progress))
        if frontier.size != head.size:
            raise AuditError(
                f"The audit log has no entry {frontier.size}, though it counts {head.size}.",
                fault=AuditFault.MISSING,
                index=frontier.size,
                hint=LOOK,
            )
        if frontier.peaks != head.peaks:
            raise AuditError(
                "The audit log is not the one that this computer saw: entries it knew were changed since.",
                fault=AuditFault.FORK,
                hint=LOOK,
            )
        return RootPin(frontier.size, frontier.peaks)


def told(leaves: Iterator[tuple[int, bytes]], total: int, progress: Progress) -> Iterator[tuple[int, bytes]]:
    """The leaves, with progress told now and then."""
    for leaf in leaves:
        if leaf[0] % _TOLD_EVERY == 0:
            progress(leaf[0], total, "Reading the audit log")
        yield leaf


def _cut(head: LogHead, known: RootPin) -> AuditError:
    return AuditError(
        f"The audit log ends after {head.size} entries, but this computer saw {known.size}: its end was cut off, or an"
        " older copy of the vault was put in its place.",
        fault=AuditFault.CUT,
        index=head.size,
        hint="If you restored a back-up yourself, accept the log as it is: aether-desktop audit accept. If not: "
        + LOOK[0].lower()
        + LOOK[1:],
    )
