"""The state that a membership log leads to, and the rules of who may add which statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import (
    HASH_BYTES,
    CourtGranted,
    CourtRevoked,
    DeviceCertified,
    Fact,
    Genesis,
    GroupCourt,
    KeysReplaced,
    PersonAdded,
    PersonDisabled,
    PersonEnabled,
    PublicKeys,
    RoleSet,
)
from aether_desktop.domain.text import fold
from aether_desktop.domain.users import Role

NAME_LIMIT: Final = 200


class MembershipRuleError(ValueError):
    """The statement is against a rule; ``reason`` is a plain sentence, ``who_may`` says who could make it."""

    def __init__(self, reason: str, *, who_may: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.who_may = who_may


@dataclass(frozen=True, slots=True)
class Person:
    """One person as the log says. ``devices`` are the audit keys that count, by key, with their names."""

    user_id: int
    username: str
    role: Role
    keys: PublicKeys
    active: bool = True
    devices: tuple[tuple[bytes, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CourtState:
    """One court of one owner: its versions (first is 1) and who holds the latest.

    ``commitments[n]`` belongs to version n + 1; ``grants`` are all that were made, ``revoked`` those who must not get
    another version.
    """

    commitments: tuple[bytes, ...] = ()
    grants: tuple[CourtGranted, ...] = ()
    revoked: frozenset[int] = frozenset()

    @property
    def version(self) -> int:
        """The latest, 0 before the first."""
        return len(self.commitments)

    def recipients(self, version: int) -> list[int]:
        """Who was given that version, in the order they were."""
        return list(dict.fromkeys(grant.recipient_id for grant in self.grants if grant.version == version))

    def grant(self, version: int, recipient_id: int) -> CourtGranted | None:
        """The latest grant of that version to somebody (a second one follows a replacement of keys)."""
        fitting = [each for each in self.grants if each.version == version and each.recipient_id == recipient_id]
        return fitting[-1] if fitting else None


@dataclass(slots=True)
class MembershipState:
    """Everything the statements applied so far say. One thread at a time; ``copy`` before trying something."""

    vault_id: int = 0
    people: dict[int, Person] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)
    courts: dict[tuple[int, Court], CourtState] = field(default_factory=dict)
    former: dict[int, tuple[PublicKeys, ...]] = field(default_factory=dict)
    """Keys that were replaced, by person, the oldest first: old signatures still tell whose they are."""

    def copy(self) -> MembershipState:
        """An independent state."""
        return replace(
            self,
            people=dict(self.people),
            groups=dict(self.groups),
            courts=dict(self.courts),
            former=dict(self.former),
        )

    # -- questions -----------------------------------------------------------------------------------------------

    def person(self, user_id: int) -> Person:
        """Raises MembershipRuleError when the log does not know them."""
        found = self.people.get(user_id)
        if found is None:
            raise MembershipRuleError(
                "The membership log does not know this person.", who_may="A Zadokite adds people by an invitation."
            )
        return found

    def is_zadokite(self, user_id: int) -> bool:
        """Active, and in that role."""
        found = self.people.get(user_id)
        return found is not None and found.active and found.role is Role.ZADOKITE

    def court(self, owner_id: int, court: Court) -> CourtState:
        """An empty one where no key was made yet."""
        return self.courts.get((owner_id, court), CourtState())

    def entitled(self, owner_id: int, court: Court) -> list[int]:
        """Who holds the latest version and is to hold the next: not revoked, not disabled."""
        now = self.court(owner_id, court)
        return [
            each
            for each in now.recipients(now.version)
            if each not in now.revoked and each in self.people and self.people[each].active
        ]

    def needs_rotation(self, owner_id: int, court: Court) -> str:
        """Why the latest key must be replaced before anything more is sealed under it; empty when it need not."""
        now = self.court(owner_id, court)
        for recipient in now.recipients(now.version):
            person, grant = self.people.get(recipient), now.grant(now.version, recipient)
            name = person.username if person is not None else str(recipient)
            if recipient in now.revoked:
                return f"The grant of {name} was revoked."
            if person is None or not person.active:
                return f"{name} was disabled."
            if grant is not None and grant.recipient_key != person.keys.key_hash(court):
                return f"The keys of {name} were replaced."
        return ""

    def pending_rotations(self) -> list[tuple[int, Court, str]]:
        """Every owner and court whose key must be replaced, and why."""
        found = [(owner, court, self.needs_rotation(owner, court)) for owner, court in self.courts]
        return [each for each in found if each[2]]

    # -- statements ----------------------------------------------------------------------------------------------

    def refusal(self, signer_id: int, fact: Fact) -> MembershipRuleError | None:
        """Why that person may not state that now; None when they may. Changes nothing."""
        try:
            self.copy().apply(signer_id, fact)
        except MembershipRuleError as error:
            return error
        return None

    def apply(self, signer_id: int, fact: Fact) -> None:
        """Raises MembershipRuleError; then nothing has changed."""
        if isinstance(fact, Genesis):
            self._begin(signer_id, fact)
            return
        if not self.people:
            raise MembershipRuleError("A membership log begins with its founder's statement.")
        if not self.person(signer_id).active:
            raise MembershipRuleError("Who signed this was disabled.", who_may="A Zadokite can enable people again.")
        rule: Callable[[MembershipState, int, Any], None] = _RULES[type(fact)]
        rule(self, signer_id, fact)

    def _begin(self, signer_id: int, fact: Genesis) -> None:
        if self.people:
            raise MembershipRuleError("A membership log has one beginning.")
        if signer_id != fact.keys.user_id:
            raise MembershipRuleError("The founder signs the beginning.")
        self.vault_id = fact.keys.vault_id
        self._put(fact.username, Role.ZADOKITE, fact.keys)

    def _put(self, username: str, role: Role, keys: PublicKeys) -> None:
        _require_name(username)
        if keys.vault_id != self.vault_id:
            raise MembershipRuleError("These keys were made for another vault.")
        self._require_new_device(keys.device)
        devices = ((keys.device, ""),)
        self.people[keys.user_id] = Person(keys.user_id, username, role, keys, devices=devices)

    def _require_new_device(self, device: bytes) -> None:
        if any(device == known for person in self.people.values() for known, _ in person.devices):
            raise MembershipRuleError("This device is known already.")

    def _require_zadokite(self, signer_id: int) -> None:
        if not self.is_zadokite(signer_id):
            raise MembershipRuleError("Only a Zadokite may do this.", who_may="Ask a Zadokite of the vault.")

    def _require_ruler_left(self) -> None:
        if not any(self.is_zadokite(each) for each in self.people):
            raise MembershipRuleError(
                "The vault would be without a Zadokite.", who_may="Make somebody else a Zadokite first."
            )

    def _change(self, changed: Iterable[Person]) -> None:
        """Replace people, unless nobody would be left to rule."""
        before = dict(self.people)
        self.people.update({person.user_id: person for person in changed})
        try:
            self._require_ruler_left()
        except MembershipRuleError:
            self.people = before
            raise


# -- the rules, by fact ------------------------------------------------------------------------------------------


def _add_person(state: MembershipState, signer_id: int, fact: PersonAdded) -> None:
    state._require_zadokite(signer_id)
    if fact.keys.user_id in state.people or fact.keys.user_id in state.groups:
        raise MembershipRuleError("This person is in the log already.")
    if any(fold(person.username) == fold(fact.username) for person in state.people.values()):
        raise MembershipRuleError("Another person has this user name.")
    state._put(fact.username, fact.role, fact.keys)


def _set_role(state: MembershipState, signer_id: int, fact: RoleSet) -> None:
    state._require_zadokite(signer_id)
    state._change([replace(state.person(fact.user_id), role=fact.role)])


def _disable(state: MembershipState, signer_id: int, fact: PersonDisabled) -> None:
    state._require_zadokite(signer_id)
    state._change([replace(state.person(fact.user_id), active=False)])


def _enable(state: MembershipState, signer_id: int, fact: PersonEnabled) -> None:
    state._require_zadokite(signer_id)
    state._change([replace(state.person(fact.user_id), active=True)])


def _require_owner(state: MembershipState, signer_id: int, owner_id: int) -> None:
    if owner_id in state.groups:
        state._require_zadokite(signer_id)
    elif signer_id != owner_id:
        raise MembershipRuleError("Only its owner may grant or revoke a court.", who_may="Ask the owner of the rows.")


def _grant(state: MembershipState, signer_id: int, fact: CourtGranted) -> None:
    _require_owner(state, signer_id, fact.owner_id)
    recipient = state.person(fact.recipient_id)
    if not recipient.active:
        raise MembershipRuleError("The person was disabled.", who_may="A Zadokite can enable people again.")
    if fact.recipient_key != recipient.keys.key_hash(fact.court):
        raise MembershipRuleError("The court key was wrapped to another key than the person's certified one.")
    if len(fact.commitment) != HASH_BYTES or len(fact.wrapped) != HASH_BYTES:
        raise MembershipRuleError("A hash has another length.")
    now = state.court(fact.owner_id, fact.court)
    if fact.version == now.version + 1:
        if fact.recipient_id != signer_id:
            raise MembershipRuleError("A new court key is granted to the one who made it first.")
        if fact.commitment in now.commitments:
            raise MembershipRuleError("A new version needs a new key.")
        now = replace(now, commitments=(*now.commitments, fact.commitment))
    elif not 1 <= fact.version <= now.version:
        raise MembershipRuleError("Versions of a court key follow one another.")
    elif fact.commitment != now.commitments[fact.version - 1]:
        raise MembershipRuleError("This is another key than the one that version was made with.")
    state.courts[fact.owner_id, fact.court] = replace(
        now, grants=(*now.grants, fact), revoked=now.revoked - {fact.recipient_id}
    )


def _revoke(state: MembershipState, signer_id: int, fact: CourtRevoked) -> None:
    _require_owner(state, signer_id, fact.owner_id)
    if fact.recipient_id == fact.owner_id:
        raise MembershipRuleError("An owner keeps their own court.")
    now = state.court(fact.owner_id, fact.court)
    if fact.recipient_id in now.revoked or not any(each.recipient_id == fact.recipient_id for each in now.grants):
        raise MembershipRuleError("There is no such grant.")
    state.courts[fact.owner_id, fact.court] = replace(now, revoked=now.revoked | {fact.recipient_id})


def _replace_keys(state: MembershipState, signer_id: int, fact: KeysReplaced) -> None:
    person = state.person(fact.keys.user_id)
    if signer_id != person.user_id and not state.is_zadokite(signer_id):
        raise MembershipRuleError(
            "Keys are replaced by the person or a Zadokite.", who_may="The person themself, or a Zadokite."
        )
    if fact.keys.vault_id != state.vault_id:
        raise MembershipRuleError("These keys were made for another vault.")
    state._require_new_device(fact.keys.device)
    state.former[person.user_id] = (*state.former.get(person.user_id, ()), person.keys)
    state.people[person.user_id] = replace(person, keys=fact.keys, devices=((fact.keys.device, ""),))


def _make_group(state: MembershipState, signer_id: int, fact: GroupCourt) -> None:
    state._require_zadokite(signer_id)
    _require_name(fact.name)
    if fact.group_id in state.groups or fact.group_id in state.people:
        raise MembershipRuleError("This group is in the log already.")
    state.groups[fact.group_id] = fact.name


def _certify_device(state: MembershipState, signer_id: int, fact: DeviceCertified) -> None:
    if signer_id != fact.user_id:
        raise MembershipRuleError("A device is certified by its own person.", who_may="The person themself.")
    person = state.person(fact.user_id)
    _require_name(fact.name)
    state._require_new_device(fact.device)
    state.people[person.user_id] = replace(person, devices=(*person.devices, (fact.device, fact.name)))


def _require_name(name: str) -> None:
    if not name.strip() or len(name) > NAME_LIMIT:
        raise MembershipRuleError(f"A name has 1 to {NAME_LIMIT} characters.")


_RULES: Final[dict[type[object], Callable[[MembershipState, int, Any], None]]] = {
    PersonAdded: _add_person,
    RoleSet: _set_role,
    PersonDisabled: _disable,
    PersonEnabled: _enable,
    CourtGranted: _grant,
    CourtRevoked: _revoke,
    KeysReplaced: _replace_keys,
    GroupCourt: _make_group,
    DeviceCertified: _certify_device,
}
