"""The people of a real vault with real keys, over identity stores in memory."""

from __future__ import annotations

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import Fact, PersonAdded
from aether_desktop.domain.users import Role
from aether_desktop.ports.storage import Storage
from aether_desktop.security.identity import PersonIdentity
from aether_desktop.security.person_keys import make_person_keys
from aether_desktop.security.person_signing import PersonSigning
from tests.security.parties import NOW, FixedLevels, Pins, Server


class Signers:
    """The founder, and whoever is added; one server, one computer each."""

    def __init__(self, storage: Storage, *, name: str = "miriam") -> None:
        self.server = Server()
        self.levels = FixedLevels(name.encode().ljust(32, b"."))
        self._vault_id = storage.info.vault_id
        self._pins = Pins()
        self.identity = self._identity(self.levels, storage.info.user_id)
        begun = self.identity.founding(name)
        self.server.person_keys.add(begun.person)
        self.server.court_keys.put(begun.courts)
        self.server.membership.append(begun.statements)
        self.identity.settled()
        self.founder = PersonSigning(self.identity)

    def add(self, user_id: int, name: str) -> PersonSigning:
        """Certify one more person."""
        levels = FixedLevels(name.encode().ljust(32, b"."))
        made = make_person_keys(levels, vault_id=self._vault_id, user_id=user_id, at=NOW)
        self.server.person_keys.add(made.stored)
        self.state(PersonAdded(name, Role.AARONIC, made.public, made.possession))
        return PersonSigning(self._identity(levels, user_id))

    def state(self, *facts: Fact) -> None:
        """Sign as the founder, store, remember."""
        self.server.membership.append(self.identity.sign(list(facts)))
        self.identity.settled()

    def replace_founders_keys(self) -> None:
        """A new generation; the old keys stay in the log."""
        change = self.identity.replace_keys()
        self.server.person_keys.add(change.person)
        self.server.court_keys.put(change.courts)
        self.server.membership.append(change.statements)
        self.identity.settled()

    def afresh(self) -> PersonSigning:
        """The founder after a restart, who has verified nothing yet."""
        return PersonSigning(self._identity(self.levels, self.identity.user_id))

    def lock_second_level(self) -> None:
        """As its timer does."""
        self.levels.open = {Court.OUTER}

    def _identity(self, levels: FixedLevels, user_id: int) -> PersonIdentity:
        return PersonIdentity(levels, self.server, self._pins, vault_id=self._vault_id, user_id=user_id)
