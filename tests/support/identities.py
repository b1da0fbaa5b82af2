"""People with real keys over the real stores of a vault, for tests of services and of the window."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from aether_desktop.domain.courts import Court
from aether_desktop.domain.users import Role
from aether_desktop.ports.identity import IdentityStores
from aether_desktop.security.court_quorums import PersonQuorums
from aether_desktop.security.identity import PersonIdentity
from aether_desktop.security.person_signing import PersonSigning
from aether_desktop.services.people import Logins, PeopleService
from aether_desktop.services.quorum import QuorumService
from aether_desktop.services.rotation import RotationService
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.storage.sql_storage import SqlStorage
from tests.security.parties import FixedLevels, Pins


@dataclass
class Person:
    """One person at their own computer: levels that a test opens and locks, and the services over their keys."""

    user_id: int
    name: str
    storage: SqlStorage
    levels: FixedLevels
    pins: Pins
    stores: IdentityStores
    identity: PersonIdentity
    rotation: RotationService
    people: PeopleService

    @property
    def signing(self) -> PersonSigning:
        return PersonSigning(self.identity)

    def lock(self) -> None:
        """Levels 2 and 3, as their timers do."""
        self.levels.open = {Court.OUTER}

    def services(self, services: ServiceSet) -> ServiceSet:
        """The same services, with this person's keys."""
        return dataclasses.replace(services, people=self.people, rotation=self.rotation, quorum=self.quorum)

    @property
    def quorum(self) -> QuorumService:
        return QuorumService(
            self.storage,
            self.storage.quorums,
            identity=self.identity,
            quorums=PersonQuorums(self.identity),
            people=self.people,
            rotation=self.rotation,
        )


def person(storage: SqlStorage, user_id: int, name: str, *, logins: Logins | None = None) -> Person:
    """Somebody in front of this storage; nothing is stored yet."""
    levels, pins = FixedLevels(name.encode().ljust(32, b".")), Pins()
    stores = storage.identity
    identity = PersonIdentity(levels, stores, pins, vault_id=storage.info.vault_id, user_id=user_id)
    rotation = RotationService(storage, stores, storage.sealed_rows, identity=identity, sealer=identity.sealer)
    people = PeopleService(storage, stores, identity=identity, rotation=rotation, logins=logins)
    return Person(user_id, name, storage, levels, pins, stores, identity, rotation, people)


def founder(storage: SqlStorage, *, name: str = "miriam") -> Person:
    """The vault's person, with keys and courts."""
    one = person(storage, storage.info.user_id, name)
    one.people.found()
    return one


def joined(by: Person, name: str, *, role: Role = Role.MEMBER) -> Person:
    """Invited, answered and certified in the same embedded vault, with courts of their own."""
    made = by.people.invite(name, role)
    one = person(by.storage, made.stored.user_id, name)
    one.people.answer(made.file, made.secret)
    by.people.accept(made.stored.id)
    one.people.make_own_courts()
    return one
