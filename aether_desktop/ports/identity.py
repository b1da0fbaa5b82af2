"""Keys of people and courts, the membership log and invitations, as storage keeps them and services use them.

Rows carry bytes whose meaning only ``security`` knows. Worker threads only; stores raise the StorageError family.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import Fact, Pin
from aether_desktop.domain.membership_state import MembershipState
from aether_desktop.domain.users import Role
from aether_desktop.ports.errors import AetherError, PermissionDeniedError

# -- errors ------------------------------------------------------------------------------------------------------


class MembershipFault(StrEnum):
    """What is wrong with a membership log."""

    DAMAGED = "damaged"  # a statement cannot be read, or is out of place
    SIGNATURE = "signature"  # not signed with the key of the person it names
    NOT_ENTITLED = "not_entitled"  # signed by somebody who may not say this
    FORK = "fork"  # another history than the one this computer accepted
    CUT = "cut"  # statements are missing that this computer has seen
    FOREIGN = "foreign"  # the log of another vault, or another beginning
    KEY = "key"  # a court key that no statement vouches for
    UNKNOWN = "unknown"  # this computer has nothing to compare the log with


class MembershipError(AetherError):
    """The membership log is not to be trusted: nothing is wrapped or sealed. ``index`` is the statement, -1: none."""

    def __init__(self, message: str, *, fault: MembershipFault, index: int = -1, hint: str = "") -> None:
        super().__init__(message, hint=hint or "Compare the membership code with a colleague before you go on.")
        self.fault = fault
        self.index = index


class RotationNeededError(PermissionDeniedError):
    """The court's key must be replaced before anything more is sealed under it."""

    def __init__(self, message: str, *, owner_id: int, court: Court, hint: str = "") -> None:
        super().__init__(message, hint=hint or "Replace the court's key first: People, then Replace key.")
        self.owner_id = owner_id
        self.court = court


class InvitationError(AetherError):
    """An invitation or its reply is altered, expired, answered already, or for somebody else."""


# -- rows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """One line of the membership log; ``index`` counts from 0 without gaps."""

    index: int
    body: bytes
    signature: bytes


class StoredPersonKeys(NamedTuple):
    """``generation`` counts replacements from 1; ``sealed`` are the private halves, openable by their person only."""

    user_id: int
    generation: int
    bundle: bytes
    sealed: bytes
    created_at: datetime


class StoredCourtKey(NamedTuple):
    """A court key wrapped to one recipient."""

    owner_id: int
    court: Court
    version: int
    recipient_id: int
    recipient_key: bytes
    wrapped: bytes
    created_at: datetime


class StoredInvitation(NamedTuple):
    """``sealed_key`` checks the reply and opens for the inviter only; ``settled_at`` is set when it can be used no
    more."""

    id: int
    user_id: int
    inviter_id: int
    created_at: datetime
    expires_at: datetime
    body: bytes
    sealed_key: bytes
    reply: bytes | None = None
    settled_at: datetime | None = None


class StoredRotation(NamedTuple):
    """How far the rows of one owner are re-sealed: all of the fields before ``field``, and of it up to ``row_id``.

    Once finished, no row of theirs is sealed under a version below ``version``.
    """

    owner_id: int
    court: Court
    version: int
    started_at: datetime
    field: str = ""
    row_id: int = -1
    rows_done: int = 0
    finished_at: datetime | None = None


# -- stores ------------------------------------------------------------------------------------------------------


class MembershipStore(Protocol):
    def statements(self, start: int = 0) -> list[StoredStatement]:
        """From that index on, in order."""
        ...

    def append(self, statements: Sequence[StoredStatement]) -> None:
        """Raises AlreadyExistsError when somebody else appended meanwhile: sign again on top of theirs."""
        ...


class PersonKeyStore(Protocol):
    def of(self, user_id: int) -> list[StoredPersonKeys]:
        """All generations, the latest first."""
        ...

    def add(self, keys: StoredPersonKeys) -> None:
        """Raises AlreadyExistsError when that generation is there."""
        ...

    def reseal(self, keys: StoredPersonKeys) -> None:
        """Replaces the sealed halves of one generation (after a level's secret changed). Raises NotFoundError."""
        ...


class CourtKeyStore(Protocol):
    def of_recipient(self, recipient_id: int) -> list[StoredCourtKey]:
        """By owner, court and version."""
        ...

    def of_owner(self, owner_id: int, court: Court) -> list[StoredCourtKey]:
        """By version and recipient."""
        ...

    def put(self, keys: Sequence[StoredCourtKey]) -> None:
        """Adds, or replaces what was wrapped to the same recipient."""
        ...

    def count_seals(self, owner_id: int, court: Court, *, version: int, recipient_id: int, more: int) -> int:
        """Note that the recipient is about to seal ``more`` values; returns the total of all recipients."""
        ...


class InvitationStore(Protocol):
    def open(self) -> list[StoredInvitation]:
        """Neither settled, oldest first."""
        ...

    def get(self, invitation_id: int) -> StoredInvitation:
        """Raises NotFoundError."""
        ...

    def add(self, invitation: StoredInvitation) -> None: ...

    def set_reply(self, invitation_id: int, reply: bytes) -> None:
        """Raises NotFoundError, AlreadyExistsError when there is another reply."""
        ...

    def settle(self, invitation_id: int, at: datetime) -> None:
        """It can be used no more. Raises NotFoundError."""
        ...


class RotationStore(Protocol):
    def all(self) -> list[StoredRotation]:
        """Unfinished first, then the latest."""
        ...

    def unfinished(self, owner_id: int, court: Court) -> StoredRotation | None: ...

    def put(self, rotation: StoredRotation) -> None:
        """Adds or updates by owner, court and version."""
        ...


class IdentityStores(Protocol):
    """All of them over one database."""

    @property
    def membership(self) -> MembershipStore: ...
    @property
    def person_keys(self) -> PersonKeyStore: ...
    @property
    def court_keys(self) -> CourtKeyStore: ...
    @property
    def invitations(self) -> InvitationStore: ...
    @property
    def rotations(self) -> RotationStore: ...


# -- outside the database ----------------------------------------------------------------------------------------


class PinStore(Protocol):
    """What this computer remembers about a vault outside its database. Raises KeyStoreError and its kinds.

    ``name`` says what it is ("membership", "audit"); at most 1 KiB. May block on an OS prompt.
    """

    def load(self, vault_id: int, name: str) -> bytes | None: ...

    def save(self, vault_id: int, name: str, value: bytes) -> None: ...


def mark_of_place(place: Path) -> str:
    """Twenty letters for a path, for the names of what is remembered: two copies of one vault go on by themselves."""
    digest = hashlib.sha256(str(place.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:20]
    return digest.translate(str.maketrans("0123456789", "ghijklmnop"))


# -- cryptography as services see it -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CourtIssue:
    """A court key made or granted: facts to sign, wrapped keys to store with them."""

    facts: tuple[Fact, ...]
    keys: tuple[StoredCourtKey, ...]


@dataclass(frozen=True, slots=True)
class KeyChange:
    """New keys of a person, with the signed statements and wrapped court keys that go with them: one transaction."""

    person: StoredPersonKeys
    statements: tuple[StoredStatement, ...]
    courts: tuple[StoredCourtKey, ...]


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """``file`` is given to the invited person, ``secret`` on another way; ``login_password`` is the first one of the
    login on a shared server (the invited program computes it from file and secret)."""

    file: bytes
    secret: str
    stored: StoredInvitation
    login_password: str

    def __repr__(self) -> str:
        return f"NewInvitation({self.stored.id})"


class Identity(Protocol):
    """One person's keys over one vault. Raises MembershipError wherever the log is not to be trusted."""

    @property
    def user_id(self) -> int: ...

    def state(self) -> MembershipState:
        """Verified from the beginning, and against the pin. A copy."""
        ...

    def founding(self, username: str) -> KeyChange:
        """New keys, the first statements and the founder's own court keys, to store in one transaction.

        Raises LevelLockedError, PermissionDeniedError when the vault has a beginning.
        """
        ...

    def sign(self, facts: Sequence[Fact]) -> Sequence[StoredStatement]:
        """On top of the log as it is now. Raises LevelLockedError, PermissionDeniedError with the rule."""
        ...

    def settled(self) -> Pin:
        """After a commit, never inside a transaction: verify what is stored now and remember its head.

        Raises KeyStoreError.
        """
        ...

    def person_code(self, user_id: int) -> str:
        """For two people to compare a person's certified keys. Raises PermissionDeniedError for somebody unknown."""
        ...

    def log_code(self) -> str:
        """For two people to compare the whole log: equal codes are equal logs."""
        ...

    def accept_code(self, code: str) -> Pin:
        """On a computer that remembers nothing of this vault: trust the log that a colleague's ``log_code`` names.

        Raises MembershipError when it is another one.
        """
        ...

    def new_court(self, owner_id: int, court: Court, *, without: int | None = None) -> CourtIssue:
        """The next version of a court key, to everybody entitled but ``without``. Raises PermissionDeniedError."""
        ...

    def grant_court(self, owner_id: int, court: Court, *, recipient_id: int) -> CourtIssue:
        """Every live version to one more person. Raises LevelLockedError, PermissionDeniedError."""
        ...

    def invite(
        self, *, invitation_id: int, user_id: int, username: str, role: Role, vault_name: str, url: str
    ) -> NewInvitation:
        """Raises LevelLockedError, PermissionDeniedError, InvalidInputError."""
        ...

    def accept(self, invitation: StoredInvitation, reply: bytes) -> Fact:
        """The certified keys of a reply, as PersonAdded. Raises InvitationError, LevelLockedError."""
        ...

    def answer(self, file: bytes, secret: str) -> tuple[StoredPersonKeys, bytes]:
        """As the invited person: new keys to store, and the reply; begins to trust the log of the invitation.

        Raises InvitationError, LevelLockedError, MembershipError.
        """
        ...

    def replace_keys(self) -> KeyChange:
        """New keys of this person, with their own courts wrapped to them. Raises LevelLockedError."""
        ...
