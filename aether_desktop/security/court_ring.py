"""The court keys this person can open now, each checked against the membership log. Any worker thread."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership_state import MembershipState
from aether_desktop.ports.access import LevelLockedError, Levels
from aether_desktop.ports.errors import PermissionDeniedError
from aether_desktop.ports.identity import (
    CourtKeyStore,
    MembershipError,
    MembershipFault,
    RotationNeededError,
    RotationStore,
    StoredCourtKey,
)
from aether_desktop.security.boxes import wipe
from aether_desktop.security.court_keys import CourtKeyName, expand, unwrap
from aether_desktop.security.person_keys import PersonKeyring

ResultT = TypeVar("ResultT")
SEALS_BEFORE_ROTATION: Final = 1 << 30  # half of what design section 6 allows: counts of open programs may run late


@dataclass(frozen=True, slots=True)
class CourtVersions:
    """What is stored for this person of one court of one owner."""

    rows: tuple[StoredCourtKey, ...]
    oldest_live: int = 1

    @property
    def live(self) -> tuple[int, ...]:
        """Versions that rows may be sealed under, the latest first."""
        return tuple(row.version for row in reversed(self.rows) if row.version >= self.oldest_live)


class CourtKeyRing:
    """Opens court keys on demand and keeps them until their level locks.

    ``state`` gives the verified log, ``keyrings`` this person's key generations, the latest first.
    """

    def __init__(
        self,
        levels: Levels,
        store: CourtKeyStore,
        rotations: RotationStore,
        *,
        vault_id: int,
        user_id: int,
        state: Callable[[], MembershipState],
        keyrings: Callable[[], list[PersonKeyring]],
    ) -> None:
        self.vault_id = vault_id
        self.user_id = user_id
        self._levels = levels
        self._store = store
        self._rotations = rotations
        self._state = state
        self._keyrings = keyrings
        self._lock = threading.RLock()  # held while the store is asked
        self._guard = threading.Lock()  # of the keys themselves; never held while anything waits
        self._keys: dict[CourtKeyName, bytearray] = {}
        self._rows: dict[tuple[int, Court], CourtVersions] | None = None
        self._known: MembershipState | None = None
        self._latest: dict[tuple[int, Court], CourtKeyName] = {}
        self._stale = False
        self._on_wipe: list[Callable[[Court], None]] = []

    def on_wipe(self, listener: Callable[[Court], None]) -> None:
        """Call ``listener`` when keys of a court are wiped, to forget what was derived from them."""
        self._on_wipe.append(listener)

    def current(self, owner_id: int, court: Court) -> CourtKeyName:
        """What new values are sealed under.

        Raises PermissionDeniedError without a key, RotationNeededError, MembershipError, LevelLockedError.
        """
        self.require_open(court)
        with self._lock:
            self._forget_stale()
            found = self._latest.get((owner_id, court))
            if found is None:
                found = self._latest[owner_id, court] = self._find_current(owner_id, court)
            return found

    def _find_current(self, owner_id: int, court: Court) -> CourtKeyName:
        state = self._membership()
        reason = state.needs_rotation(owner_id, court)
        if reason:
            raise RotationNeededError(
                f"The key of the {court.title} must be replaced first. {reason}", owner_id=owner_id, court=court
            )
        version = state.court(owner_id, court).version
        if not version or not self.versions(owner_id, court).live:
            raise _no_key(court, own=owner_id == self.user_id)
        return CourtKeyName(self.vault_id, owner_id, court, version)

    def versions(self, owner_id: int, court: Court) -> CourtVersions:
        """What is stored for this person. Raises the StorageError family."""
        return self._all_versions().get((owner_id, court), CourtVersions(()))

    def owners(self, court: Court) -> tuple[int, ...]:
        """Whose live keys of the court are stored for this person. Raises the StorageError family."""
        return tuple(sorted(owner for (owner, of), found in self._all_versions().items() if of is court and found.live))

    def _all_versions(self) -> dict[tuple[int, Court], CourtVersions]:
        with self._lock:
            self._forget_stale()
            if self._rows is None:
                rows: dict[tuple[int, Court], list[StoredCourtKey]] = {}
                for row in self._store.of_recipient(self.user_id):
                    rows.setdefault((row.owner_id, row.court), []).append(row)
                oldest: dict[tuple[int, Court], int] = {}
                for done in self._rotations.all():
                    if done.finished_at is not None:
                        key = (done.owner_id, done.court)
                        oldest[key] = max(oldest.get(key, 1), done.version)
                self._rows = {
                    key: CourtVersions(tuple(sorted(each, key=lambda row: row.version)), oldest.get(key, 1))
                    for key, each in rows.items()
                }
            return self._rows

    def key(self, name: CourtKeyName) -> bytearray:
        """A copy, for the caller to wipe.

        Raises PermissionDeniedError without such a key, LevelLockedError, KeysDamagedError, MembershipError when the
        log does not vouch for the key.
        """
        return self._with_key(name, bytearray)

    def derive(self, name: CourtKeyName, info: bytes) -> bytes:
        """32 bytes from the key, for one purpose. Raises as ``key`` does."""
        return self._with_key(name, lambda key: expand(key, info))

    def require_open(self, court: Court) -> None:
        """Raises LevelLockedError; then nothing of that court is kept any more."""
        if not self._levels.is_open(court):
            self.lock(court)
            raise LevelLockedError(court)

    def lock(self, level: Court) -> None:
        """Wipe the keys of the court that the level opens. Any thread; quick, never waits for a query."""
        with self._guard:
            for name in [each for each in self._keys if each.court is level]:
                wipe(self._keys.pop(name))
        for listener in self._on_wipe:
            listener(level)

    def forget_rows(self) -> None:
        """Ask the log and the store again at the next use: something was granted, replaced or revoked. Quick."""
        self._stale = True

    # -- inside --------------------------------------------------------------------------------------------------

    def _forget_stale(self) -> None:
        if self._stale:
            self._stale = False
            self._rows = self._known = None
            self._latest.clear()

    def _with_key(self, name: CourtKeyName, use: Callable[[bytearray], ResultT]) -> ResultT:
        """``use`` the ring's own key while nobody can wipe it: a wiped key is one that everybody knows."""
        self.require_open(name.court)
        with self._guard:
            found = self._keys.get(name)
            if found is not None:
                return use(found)
        with self._lock:
            self._forget_stale()
            opened = self._opened(name)
        try:
            result = use(opened)
            with self._guard:
                if name not in self._keys:
                    self._keys[name] = bytearray(opened)
        finally:
            wipe(opened)
        self.require_open(name.court)  # it may have been locked meanwhile
        return result

    def _membership(self) -> MembershipState:
        if self._known is None:
            self._known = self._state()
        return self._known

    def _opened(self, name: CourtKeyName) -> bytearray:
        rows = [row for row in self.versions(name.owner_id, name.court).rows if row.version == name.version]
        if not rows:
            raise _no_key(name.court, own=False)
        row = rows[0]
        court = self._membership().court(name.owner_id, name.court)
        grants = [
            each
            for each in court.grants
            if (each.version, each.recipient_id, each.recipient_key) == (name.version, self.user_id, row.recipient_key)
            and each.wrapped == hashlib.sha256(row.wrapped).digest()
        ]
        if not grants:
            raise _not_vouched(name)
        ring = next((each for each in self._keyrings() if each.public.key_hash(name.court) == row.recipient_key), None)
        if ring is None:
            raise _no_key(name.court, own=False)
        key = unwrap(name, row, ring.encryption(name.court))
        if name.commitment(key) != grants[-1].commitment:
            wipe(key)
            raise _not_vouched(name)
        return key


def _no_key(court: Court, *, own: bool) -> PermissionDeniedError:
    if own:
        return PermissionDeniedError(
            f"Your {court.title} has no key yet.",
            hint="Once your keys are certified, make the keys of your courts: People, then Courts and keys.",
        )
    return PermissionDeniedError(
        f"You have no key of this owner's {court.title}.", hint="Ask the owner of the row to grant you the court."
    )


def _not_vouched(name: CourtKeyName) -> MembershipError:
    return MembershipError(
        f"Nobody entitled vouches for the stored key of the {name.court.title}, version {name.version}.",
        fault=MembershipFault.KEY,
        hint="Nothing is sealed under it. Compare the membership code with a colleague.",
    )
