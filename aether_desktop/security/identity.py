"""One person's keys over one vault: the log, the court keys and the sealer, put together.

Any worker thread. Everything that is made here is only returned; services store it in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import CourtGranted, Fact, Genesis, KeysReplaced, PersonAdded, Pin, PublicKeys
from aether_desktop.domain.membership_state import MembershipRuleError, MembershipState
from aether_desktop.domain.users import Role
from aether_desktop.ports.access import KeysDamagedError, Levels
from aether_desktop.ports.changes import ChangeFeed, ChangeSet
from aether_desktop.ports.errors import PermissionDeniedError
from aether_desktop.ports.identity import (
    CourtIssue,
    IdentityStores,
    KeyChange,
    MembershipError,
    MembershipFault,
    NewInvitation,
    PinStore,
    StoredCourtKey,
    StoredInvitation,
    StoredPersonKeys,
    StoredStatement,
)
from aether_desktop.security.boxes import wipe
from aether_desktop.security.court_keys import CourtKeyName, new_court_key, wrap
from aether_desktop.security.court_ring import CourtKeyRing
from aether_desktop.security.hybrid_signatures import HybridSigningKey
from aether_desktop.security.invitations import (
    LIFETIME,
    Invitation,
    check_reply,
    make_invitation,
    make_reply,
    new_salt,
    new_secret,
    open_invitation,
)
from aether_desktop.security.membership import PIN_NAME, MembershipLog
from aether_desktop.security.person_keys import PersonKeyring, bundle_fingerprint, comparison_code, make_person_keys
from aether_desktop.security.sealing import CourtSealer


class PersonIdentity:
    """Implements ``ports.identity.Identity``; ``ring`` and ``sealer`` are for whoever seals and opens fields."""

    def __init__(self, levels: Levels, stores: IdentityStores, pins: PinStore, *, vault_id: int, user_id: int) -> None:
        self.log = MembershipLog(stores.membership, pins, vault_id=vault_id)
        self.ring = CourtKeyRing(
            levels,
            stores.court_keys,
            stores.rotations,
            vault_id=vault_id,
            user_id=user_id,
            state=self.log.state,
            keyrings=self.keyrings,
        )
        self.sealer = CourtSealer(self.ring, stores.court_keys)
        self._levels = levels
        self._stores = stores
        self._pins = pins
        self._vault_id = vault_id
        self._user_id = user_id

    def watch(
        self, *, on_lock: Callable[[Callable[[Court], None]], Callable[[], None]], changes: ChangeFeed
    ) -> Callable[[], None]:
        """Wipe court keys with their level, and ask the log again after what others changed; returns what ends it.

        ``on_lock`` is that of the open levels (``UnlockedKeys.on_lock``). Any thread.
        """

        def changed(change: ChangeSet) -> None:
            if change.foreign:
                self.ring.forget_rows()

        endings = (on_lock(self.ring.lock), changes.subscribe(changed))

        def end() -> None:
            for each in endings:
                each()

        return end

    @property
    def user_id(self) -> int:
        """Whose keys these are."""
        return self._user_id

    def resealed(self) -> list[StoredPersonKeys]:
        """What was sealed before "compromised", sealed under the levels' present secrets.

        All levels must be open. Raises LevelLockedError, KeysDamagedError, the StorageError family.
        """
        return [ring.resealed(self._levels) for ring in self.keyrings() if ring.is_sealed_before()]

    def state(self) -> MembershipState:
        """Verified, a copy. Raises MembershipError, KeyStoreError, the StorageError family."""
        return self.log.state()

    def keyrings(self) -> list[PersonKeyring]:
        """All generations, the latest first. Raises KeysDamagedError, the StorageError family."""
        return [PersonKeyring(self._levels, row) for row in self._stores.person_keys.of(self._user_id)]

    def keyring(self) -> PersonKeyring:
        """The present keys, as the log certifies them.

        Raises MembershipError when the stored ones are others, KeysDamagedError when there are none.
        """
        known = self.state().people.get(self._user_id)
        if known is None:
            raise MembershipError(
                "Your keys are not certified in this vault yet.",
                fault=MembershipFault.KEY,
                hint="Send your reply to whoever invited you, and wait until they accept it.",
            )
        for ring in self.keyrings():
            if ring.public == known.keys:
                return ring
        raise KeysDamagedError(
            "Your private keys are not in this vault, or not the certified ones.",
            hint="Restore a back-up of the vault, or ask a Zadokite to invite you again.",
        )

    def sign(self, facts: Sequence[Fact]) -> Sequence[StoredStatement]:
        """On top of the log as it is now.

        Raises LevelLockedError (level 2), PermissionDeniedError with the rule, MembershipError, KeysDamagedError.
        """
        return self.log.compose(facts, signer_id=self._user_id, key=self._signing_key())

    def settled(self) -> Pin:
        """After a commit, never inside a transaction. Raises MembershipError, KeyStoreError.

        A founder needs no other proof of the beginning than their own key in it, which nobody else can use; everybody
        else learns the beginning from an invitation or by comparing codes.
        """
        self.ring.forget_rows()
        if self._pins.load(self._vault_id, PIN_NAME) is None:
            self._trust_own_beginning()
        return self.log.remember()

    def _trust_own_beginning(self) -> None:
        found = self.log.beginning()
        if found is None:
            return
        pin, keys = found
        for ring in self.keyrings():
            if ring.public == keys and self._levels.is_open(Court.HOLY):
                ring.signing()  # opens under this person's own level, and is compared with the public half
                self.log.trust(pin)

    def person_code(self, user_id: int) -> str:
        """Raises PermissionDeniedError for somebody unknown, MembershipError."""
        return comparison_code(bundle_fingerprint(_person(self.state(), user_id)))

    def log_code(self) -> str:
        """Raises MembershipError."""
        return self.log.code()

    def accept_code(self, code: str) -> Pin:
        """Trust the log that a colleague's code names, on a computer without a memory of it. Raises MembershipError."""
        return self.log.accept_code(code)

    # -- beginning -----------------------------------------------------------------------------------------------

    def founding(self, username: str) -> KeyChange:
        """Raises LevelLockedError, PermissionDeniedError when the log has begun already."""
        if self.state().people:
            raise PermissionDeniedError("This vault has its founder already.", hint="Ask them for an invitation.")
        now = datetime.now(UTC)
        person = make_person_keys(self._levels, vault_id=self._vault_id, user_id=self._user_id, at=now)
        facts: list[Fact] = [Genesis(username, person.public)]
        rows: list[StoredCourtKey] = []
        for court in Court:
            issue = self._wrapped_new(CourtKeyName(self._vault_id, self._user_id, court, 1), [person.public])
            facts += issue.facts
            rows += issue.keys
        signing = PersonKeyring(self._levels, person.stored).signing()
        lines = self.log.compose(facts, signer_id=self._user_id, key=signing)
        return KeyChange(person.stored, tuple(lines), tuple(rows))

    # -- courts --------------------------------------------------------------------------------------------------

    def new_court(self, owner_id: int, court: Court, *, without: int | None = None) -> CourtIssue:
        """The next version, to this person and everybody entitled. Raises PermissionDeniedError, MembershipError."""
        state = self.state()
        self._require_administrator(state, owner_id)
        others = [each for each in state.entitled(owner_id, court) if each not in {self._user_id, without}]
        name = CourtKeyName(self._vault_id, owner_id, court, state.court(owner_id, court).version + 1)
        return self._wrapped_new(name, [_person(state, each) for each in (self._user_id, *others)])

    def grant_court(self, owner_id: int, court: Court, *, recipient_id: int) -> CourtIssue:
        """Every live version to one more person.

        Raises LevelLockedError (the court's level), PermissionDeniedError, MembershipError.
        """
        state = self.state()
        self._require_administrator(state, owner_id)
        recipient = _person(state, recipient_id)
        if not state.people[recipient_id].active:
            raise PermissionDeniedError("The person was disabled.", hint="A Zadokite can enable people again.")
        live = self.ring.versions(owner_id, court).live
        if not live:
            raise PermissionDeniedError("You have no key of this court yourself.", hint="Make the court's key first.")
        return self._wrapped_known(owner_id, court, versions=tuple(reversed(live)), recipient=recipient)

    def replace_keys(self) -> KeyChange:
        """A new generation, and every key of this person's own courts wrapped to it. Raises LevelLockedError."""
        present = self.keyring()
        made = make_person_keys(
            self._levels,
            vault_id=self._vault_id,
            user_id=self._user_id,
            generation=present.generation + 1,
            at=datetime.now(UTC),
        )
        facts: list[Fact] = [KeysReplaced(made.public, made.possession)]
        rows: list[StoredCourtKey] = []
        for court in Court:
            versions = tuple(row.version for row in self.ring.versions(self._user_id, court).rows)
            issue = self._wrapped_known(self._user_id, court, versions=versions, recipient=made.public)
            facts += issue.facts
            rows += issue.keys
        lines = self.log.compose(
            facts,
            signer_id=self._user_id,
            key=present.signing(),
            next_key=PersonKeyring(self._levels, made.stored).signing(),
        )
        return KeyChange(made.stored, tuple(lines), tuple(rows))

    # -- invitations ---------------------------------------------------------------------------------------------

    def invite(
        self, *, invitation_id: int, user_id: int, username: str, role: Role, vault_name: str, url: str
    ) -> NewInvitation:
        """Raises LevelLockedError (level 2), PermissionDeniedError for anybody but a Zadokite, MembershipError."""
        if not self.state().is_zadokite(self._user_id):
            raise PermissionDeniedError("Only a Zadokite may invite people.", hint="Ask a Zadokite of the vault.")
        now = datetime.now(UTC)
        invitation = Invitation(
            id=invitation_id,
            vault_id=self._vault_id,
            vault_name=vault_name,
            url=url,
            inviter_id=self._user_id,
            user_id=user_id,
            username=username,
            role=role,
            expires_at=now + LIFETIME,
            pin=self.log.head(),
            salt=new_salt(),
        )
        return make_invitation(invitation, self._levels, secret=new_secret(), at=now)

    def answer(self, file: bytes, secret: str) -> tuple[StoredPersonKeys, bytes]:
        """As the invited person; all three levels must be open.

        Raises InvitationError, LevelLockedError, MembershipError when the log is not the one of the invitation.
        """
        now = datetime.now(UTC)
        invitation, keys = open_invitation(file, secret, at=now)
        with keys:
            if (invitation.vault_id, invitation.user_id) != (self._vault_id, self._user_id):
                raise PermissionDeniedError("This invitation is for somebody else.", hint="Log in as that person.")
            self.log.trust(invitation.pin)
            generation = 1 + max((ring.generation for ring in self.keyrings()), default=0)
            person = make_person_keys(
                self._levels, vault_id=self._vault_id, user_id=self._user_id, generation=generation, at=now
            )
            return person.stored, make_reply(file, keys, person)

    def accept(self, invitation: StoredInvitation, reply: bytes) -> PersonAdded | KeysReplaced:
        """New keys of somebody the log knows already replace theirs. Raises InvitationError, LevelLockedError."""
        added = check_reply(invitation, reply, self._levels, at=datetime.now(UTC))
        if added.keys.user_id in self.state().people:
            return KeysReplaced(added.keys, added.possession)
        return added

    # -- inside --------------------------------------------------------------------------------------------------

    def _signing_key(self) -> HybridSigningKey:
        return self.keyring().signing()

    def _require_administrator(self, state: MembershipState, owner_id: int) -> None:
        mine = owner_id == self._user_id or (owner_id in state.groups and state.is_zadokite(self._user_id))
        if not mine:
            raise PermissionDeniedError(
                "Only its owner may grant, revoke or replace a court's key.", hint="Ask the owner of the rows."
            )

    def _wrapped_new(self, name: CourtKeyName, recipients: Sequence[PublicKeys]) -> CourtIssue:
        key = new_court_key()
        try:
            return self._wrapped(name, key, recipients)
        finally:
            wipe(key)

    def _wrapped_known(
        self, owner_id: int, court: Court, *, versions: Sequence[int], recipient: PublicKeys
    ) -> CourtIssue:
        issues = []
        for version in versions:
            name = CourtKeyName(self._vault_id, owner_id, court, version)
            key = self.ring.key(name)
            try:
                issues.append(self._wrapped(name, key, [recipient]))
            finally:
                wipe(key)
        return CourtIssue(
            tuple(fact for issue in issues for fact in issue.facts),
            tuple(row for issue in issues for row in issue.keys),
        )

    @staticmethod
    def _wrapped(name: CourtKeyName, key: bytearray, recipients: Sequence[PublicKeys]) -> CourtIssue:
        now = datetime.now(UTC)
        pairs = [wrap(name, key, recipient=recipient, at=now) for recipient in recipients]
        facts: tuple[CourtGranted, ...] = tuple(fact for fact, _ in pairs)
        return CourtIssue(facts, tuple(row for _, row in pairs))


def _person(state: MembershipState, user_id: int) -> PublicKeys:
    try:
        return state.person(user_id).keys
    except MembershipRuleError as error:
        raise PermissionDeniedError(error.reason, hint=error.who_may) from error
