"""Who belongs to a vault, as a sequence of statements: what each of them says. Immutable values; any thread.

The statements form a log that begins with the founder's. Reading it from the beginning gives the ``MembershipState``
(``domain.membership_state``, which has the rules of who may say what); a statement by somebody who was not entitled at
that moment makes the whole log invalid. Signatures and links between statements are verified in ``security``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

from aether_desktop.domain.courts import Court
from aether_desktop.domain.users import Role

HASH_BYTES: Final = 32
ENCRYPTION_KEY_BYTES: Final = 1184 + 32  # ML-KEM-768, X25519
SIGNING_KEY_BYTES: Final = 32 + 1952  # Ed25519, ML-DSA-65
DEVICE_KEY_BYTES: Final = 32  # Ed25519


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The public halves of one person of one vault. ``encryption`` by court, Outer first. Raises ValueError."""

    vault_id: int
    user_id: int
    encryption: tuple[bytes, bytes, bytes]
    signing: bytes
    device: bytes

    def __post_init__(self) -> None:
        sizes = [len(key) for key in self.encryption]
        if sizes != [ENCRYPTION_KEY_BYTES] * 3 or len(self.signing) != SIGNING_KEY_BYTES:
            raise ValueError("a public key has another length")
        if len(self.device) != DEVICE_KEY_BYTES:
            raise ValueError("a device key has another length")

    def key_hash(self, court: Court) -> bytes:
        """SHA-256 of the encryption key of a court: how grants name it."""
        return hashlib.sha256(self.encryption[court - 1]).digest()


class FactKind(IntEnum):
    """The numbers are permanent: they are part of what is signed."""

    GENESIS = 1
    PERSON_ADDED = 2
    ROLE_SET = 3
    PERSON_DISABLED = 4
    PERSON_ENABLED = 5
    COURT_GRANTED = 6
    COURT_REVOKED = 7
    KEYS_REPLACED = 8
    GROUP_COURT = 9
    DEVICE_CERTIFIED = 10


@dataclass(frozen=True, slots=True)
class Genesis:
    """The vault begins: its founder, a Zadokite. Signed with the keys it carries."""

    username: str
    keys: PublicKeys


@dataclass(frozen=True, slots=True)
class PersonAdded:
    """A person's keys are certified. ``possession`` is that person's own signature over the keys."""

    username: str
    role: Role
    keys: PublicKeys
    possession: bytes


@dataclass(frozen=True, slots=True)
class RoleSet:
    """A role given or taken."""

    user_id: int
    role: Role


@dataclass(frozen=True, slots=True)
class PersonDisabled:
    """No statement of that person counts from here on, and nobody wraps a key to them."""

    user_id: int


@dataclass(frozen=True, slots=True)
class PersonEnabled:
    """The person is back, in the role they had."""

    user_id: int


@dataclass(frozen=True, slots=True)
class CourtGranted:
    """A version of a court key was wrapped to somebody.

    ``recipient_key`` is the hash of the encryption key it was wrapped to, ``commitment`` a one-way value of the court
    key itself (equal in all grants of a version), ``wrapped`` the SHA-256 of the wrapped key.
    """

    owner_id: int
    court: Court
    version: int
    recipient_id: int
    recipient_key: bytes
    commitment: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class CourtRevoked:
    """The person gets no further version of the court's key; the present one must be replaced."""

    owner_id: int
    court: Court
    recipient_id: int


@dataclass(frozen=True, slots=True)
class KeysReplaced:
    """New keys of a person, by the person with the old ones, or by a Zadokite after a loss."""

    keys: PublicKeys
    possession: bytes


@dataclass(frozen=True, slots=True)
class GroupCourt:
    """A group that owns court keys of its own; its keys are granted by Zadokites."""

    group_id: int
    name: str


@dataclass(frozen=True, slots=True)
class DeviceCertified:
    """A further device of a person signs audit entries."""

    user_id: int
    device: bytes
    name: str


Fact: TypeAlias = (
    Genesis
    | PersonAdded
    | RoleSet
    | PersonDisabled
    | PersonEnabled
    | CourtGranted
    | CourtRevoked
    | KeysReplaced
    | GroupCourt
    | DeviceCertified
)

KIND_OF: Final[dict[type[object], FactKind]] = {
    Genesis: FactKind.GENESIS,
    PersonAdded: FactKind.PERSON_ADDED,
    RoleSet: FactKind.ROLE_SET,
    PersonDisabled: FactKind.PERSON_DISABLED,
    PersonEnabled: FactKind.PERSON_ENABLED,
    CourtGranted: FactKind.COURT_GRANTED,
    CourtRevoked: FactKind.COURT_REVOKED,
    KeysReplaced: FactKind.KEYS_REPLACED,
    GroupCourt: FactKind.GROUP_COURT,
    DeviceCertified: FactKind.DEVICE_CERTIFIED,
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of the log. ``previous`` is the hash of the line before, ``signed_at`` UTC microseconds since 1970."""

    vault_id: int
    index: int
    previous: bytes
    signer_id: int
    signed_at: int
    fact: Fact


@dataclass(frozen=True, slots=True)
class Pin:
    """What a client remembers outside the database: the hashes of the first and of the latest statement it accepted."""

    genesis: bytes
    index: int
    head: bytes
