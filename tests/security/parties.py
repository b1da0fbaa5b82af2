"""People with real keys over stores in memory, which a test may alter as the owner of a server could."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import Fact, PersonAdded
from aether_desktop.domain.users import Role
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.errors import AlreadyExistsError, NotFoundError
from aether_desktop.ports.identity import (
    CourtIssue,
    InvitationStore,
    KeyChange,
    RotationStore,
    StoredCourtKey,
    StoredInvitation,
    StoredPersonKeys,
    StoredRotation,
    StoredStatement,
)
from aether_desktop.security.identity import PersonIdentity
from aether_desktop.security.person_keys import make_person_keys

VAULT = 77
NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


class FixedLevels:
    """Implements ``ports.access.Levels`` over given secrets."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self.open = set(Court)

    def is_open(self, level: Court) -> bool:
        return level in self.open

    def derive(self, level: Court, info: bytes) -> bytes:
        if level not in self.open:
            raise LevelLockedError(level)
        secret = self._seed + bytes((level,))
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(secret)

    def derive_previous(self, level: Court, info: bytes) -> tuple[bytes, ...]:
        return ()


class Pins:
    """Implements ``ports.identity.PinStore``."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, str], bytes] = {}

    def load(self, vault_id: int, name: str) -> bytes | None:
        return self.kept.get((vault_id, name))

    def save(self, vault_id: int, name: str, value: bytes) -> None:
        self.kept[vault_id, name] = value


class Statements:
    def __init__(self) -> None:
        self.lines: list[StoredStatement] = []

    def statements(self, start: int = 0) -> list[StoredStatement]:
        return self.lines[start:]

    def append(self, statements: Sequence[StoredStatement]) -> None:
        if statements and statements[0].index != len(self.lines):
            raise AlreadyExistsError("taken", field="index")
        self.lines += statements


class PersonRows:
    def __init__(self) -> None:
        self.rows: list[StoredPersonKeys] = []

    def of(self, user_id: int) -> list[StoredPersonKeys]:
        return sorted((row for row in self.rows if row.user_id == user_id), key=lambda row: -row.generation)

    def add(self, keys: StoredPersonKeys) -> None:
        self.rows.append(keys)

    def reseal(self, keys: StoredPersonKeys) -> None:
        self.rows = [keys if row[:2] == keys[:2] else row for row in self.rows]


class CourtRows:
    def __init__(self) -> None:
        self.rows: dict[tuple[int, Court, int, int], StoredCourtKey] = {}
        self.seals: dict[tuple[int, Court, int], int] = {}
        self.counted = 0

    def of_recipient(self, recipient_id: int) -> list[StoredCourtKey]:
        return [row for row in self.rows.values() if row.recipient_id == recipient_id]

    def of_owner(self, owner_id: int, court: Court) -> list[StoredCourtKey]:
        return [row for row in self.rows.values() if (row.owner_id, row.court) == (owner_id, court)]

    def put(self, keys: Sequence[StoredCourtKey]) -> None:
        self.rows.update({row[:4]: row for row in keys})

    def count_seals(self, owner_id: int, court: Court, *, version: int, recipient_id: int, more: int) -> int:
        self.counted += 1
        key = (owner_id, court, version)
        self.seals[key] = self.seals.get(key, 0) + more
        return self.seals[key]


class Invitations:
    def __init__(self) -> None:
        self.rows: dict[int, StoredInvitation] = {}

    def open(self) -> list[StoredInvitation]:
        return [row for row in self.rows.values() if row.settled_at is None]

    def get(self, invitation_id: int) -> StoredInvitation:
        if invitation_id not in self.rows:
            raise NotFoundError("no such invitation")
        return self.rows[invitation_id]

    def add(self, invitation: StoredInvitation) -> None:
        self.rows[invitation.id] = invitation

    def set_reply(self, invitation_id: int, reply: bytes) -> None:
        self.rows[invitation_id] = self.get(invitation_id)._replace(reply=reply)

    def settle(self, invitation_id: int, at: datetime) -> None:
        self.rows[invitation_id] = self.get(invitation_id)._replace(settled_at=at)


class Rotations:
    def __init__(self) -> None:
        self.rows: dict[tuple[int, Court, int], StoredRotation] = {}

    def all(self) -> list[StoredRotation]:
        return list(self.rows.values())

    def unfinished(self, owner_id: int, court: Court) -> StoredRotation | None:
        fitting = [row for row in self.rows.values() if row[:2] == (owner_id, court) and row.finished_at is None]
        return fitting[0] if fitting else None

    def put(self, rotation: StoredRotation) -> None:
        self.rows[rotation[:3]] = rotation


@dataclass
class Server:
    """Implements ``ports.identity.IdentityStores``: all that the owner of a server holds."""

    membership: Statements = field(default_factory=Statements)
    person_keys: PersonRows = field(default_factory=PersonRows)
    court_keys: CourtRows = field(default_factory=CourtRows)
    invitations: InvitationStore = field(default_factory=Invitations)
    rotations: RotationStore = field(default_factory=Rotations)

    def copy(self) -> Server:
        """As it is now; later changes of either stay apart."""
        other = replace(self, membership=Statements(), person_keys=PersonRows(), court_keys=CourtRows())
        other.membership.lines = list(self.membership.lines)
        other.person_keys.rows = list(self.person_keys.rows)
        other.court_keys.rows = dict(self.court_keys.rows)
        return other


class Party(NamedTuple):
    """One person at their own computer."""

    id: int
    name: str
    levels: FixedLevels
    pins: Pins
    identity: PersonIdentity
    server: Server

    def state_facts(self, *facts: Fact) -> None:
        """Sign, store and remember."""
        self.server.membership.append(self.identity.sign(list(facts)))
        self.identity.settled()

    def issue(self, issue: CourtIssue) -> None:
        """Sign and store a court key that was made or granted."""
        self.server.court_keys.put(issue.keys)
        self.state_facts(*issue.facts)

    def store(self, change: KeyChange) -> None:
        """New keys with all that goes with them."""
        self.server.person_keys.add(change.person)
        self.server.court_keys.put(change.courts)
        self.server.membership.append(change.statements)
        self.identity.settled()

    def restarted(self, server: Server | None = None) -> Party:
        """The same person and pins, nothing else remembered."""
        return party(self.id, self.name, server or self.server, levels=self.levels, pins=self.pins)


def party(
    user_id: int, name: str, server: Server, *, levels: FixedLevels | None = None, pins: Pins | None = None
) -> Party:
    levels = levels or FixedLevels(name.encode().ljust(32, b"."))
    pins = pins or Pins()
    identity = PersonIdentity(levels, server, pins, vault_id=VAULT, user_id=user_id)
    return Party(user_id, name, levels, pins, identity, server)


def founder(name: str = "miriam", user_id: int = 1) -> Party:
    """Somebody who has begun a vault of their own server."""
    one = party(user_id, name, Server())
    begun = one.identity.founding(name)
    one.store(begun)
    return one


def joined(by: Party, user_id: int, name: str, *, role: Role = Role.MEMBER) -> Party:
    """Somebody certified by ``by``, with court keys of their own."""
    one = party(user_id, name, by.server)
    one.pins.kept = dict(by.pins.kept)
    made = make_person_keys(one.levels, vault_id=VAULT, user_id=user_id, at=NOW)
    by.server.person_keys.add(made.stored)
    by.state_facts(PersonAdded(name, role, made.public, made.possession))
    for court in Court:
        one.issue(one.identity.new_court(user_id, court))
    by.identity.settled()
    return one
