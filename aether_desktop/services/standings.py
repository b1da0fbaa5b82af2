"""How people and courts stand, as rows and membership log say it; and why somebody may not do what. Any thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import Fact, PersonDisabled, PersonEnabled
from aether_desktop.domain.membership_state import MembershipState, Person
from aether_desktop.domain.users import User
from aether_desktop.ports.identity import StoredInvitation
from aether_desktop.services.rotation import WaitingOwner

_DISABLED: Final = "The person was disabled. A Zadokite can enable people again."
_NO_KEYS: Final = "This vault has no keys of people yet. Its founder makes them first (Courts and keys)."


@dataclass(frozen=True, slots=True)
class Standing:
    """One person as the rows and as the log say; ``warning`` is a plain sentence where the two disagree."""

    user: User
    certified: Person | None
    code: str
    warning: str = ""

    @property
    def active(self) -> bool:
        """Neither the log nor, for somebody the log does not know, the table calls them disabled."""
        return self.user.active if self.certified is None else self.certified.active


@dataclass(frozen=True, slots=True)
class CourtStanding:
    """One court of one owner. ``version`` 0: it has no key yet. ``stale`` says why its key must be replaced first."""

    owner_id: int
    court: Court
    version: int
    holders: tuple[Person, ...]
    stale: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page of people shows beside the rows. ``begun``: the log has its founder; ``certified``: it knows me.

    ``courts`` are one's own and those of groups one may administer.
    """

    begun: bool
    certified: bool
    my_code: str
    log_code: str
    courts: tuple[CourtStanding, ...]
    invitations: tuple[StoredInvitation, ...]
    waiting: tuple[WaitingOwner, ...]
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class CourtGrant:
    """Whether somebody holds one of one's own courts; ``refusal`` says why that cannot be changed now, or is empty."""

    court: Court
    held: bool
    refusal: str


@dataclass(frozen=True, slots=True)
class About:
    """One person as one who looks at them may act. The refusals are plain sentences, empty where it may be done."""

    standing: Standing
    me: bool
    role_refusal: str
    activity_refusal: str
    grants: tuple[CourtGrant, ...]
    invite_refusal: str


@dataclass(frozen=True, slots=True)
class CertifiedPerson:
    """One person as the membership log alone says, whatever rows one may read. ``opened``: their courts that I hold."""

    person: Person
    code: str
    me: bool
    grants: tuple[CourtGrant, ...]
    opened: frozenset[Court]


def court_standing(state: MembershipState, owner_id: int, court: Court) -> CourtStanding:
    """Its latest version and who holds it."""
    now = state.court(owner_id, court)
    holders = [state.people[each] for each in now.recipients(now.version) if each in state.people]
    return CourtStanding(owner_id, court, now.version, tuple(holders), state.needs_rotation(owner_id, court))


def holds(state: MembershipState, owner_id: int, court: Court, user_id: int) -> bool:
    """Whether somebody has the court's latest key and is to have the next."""
    now = state.court(owner_id, court)
    return user_id in now.recipients(now.version) and user_id not in now.revoked


def grants(state: MembershipState, me: int, person: Person | None) -> tuple[CourtGrant, ...]:
    """One's own courts, for somebody whom the log knows or not."""
    found = []
    for court in Court:
        held = person is not None and holds(state, me, court, person.user_id)
        found.append(CourtGrant(court, held, _own_refusal(state, me) or _grant_refusal(state, me, court, person, held)))
    return tuple(found)


def _own_refusal(state: MembershipState, me: int) -> str:
    if me not in state.people:
        return "Your own keys are not certified yet. A Zadokite of the vault certifies them."
    return "" if state.people[me].active else "You were disabled. A Zadokite can enable people again."


def _grant_refusal(state: MembershipState, me: int, court: Court, person: Person | None, held: bool) -> str:
    if person is None:
        return "The membership log does not know this person's keys. They answer an invitation first."
    if held:  # a revocation needs nothing of theirs
        return ""
    if not person.active:
        return _DISABLED
    if not state.court(me, court).version:
        return f"Your {court.title} has no key yet. Make the keys of your courts first (Courts and keys)."
    return ""


def invite_refusal(state: MembershipState, me: int) -> str:
    """Why somebody may not invite people; empty when they may."""
    if not state.people:
        return _NO_KEYS
    return "" if state.is_zadokite(me) else "Only a Zadokite may invite people. Ask a Zadokite of the vault."


def again_refusal(state: MembershipState, me: int, user: User) -> str:
    """Why somebody may not invite this person again; empty when they may."""
    return invite_refusal(state, me) or ("" if user.active else _DISABLED)


def activity_refusal(state: MembershipState, me: int, user: User) -> str:
    """Why somebody may not disable this person, or enable them again; empty when they may.

    Of whom the log does not know it says nothing: a Zadokite disables them in the table, with the login.
    """
    person = state.people.get(user.id)
    if person is None:
        if not state.people:
            return _NO_KEYS
        return "" if state.is_zadokite(me) else "Only a Zadokite may do this. Ask a Zadokite of the vault."
    fact: Fact = PersonDisabled(user.id) if person.active else PersonEnabled(user.id)
    return why_not(state, me, fact)


def why_not(state: MembershipState, me: int, fact: Fact) -> str:
    """Which rule refuses a statement now and who could make it; empty when it may be made."""
    refusal = state.refusal(me, fact)
    return "" if refusal is None else f"{refusal.reason} {refusal.who_may}".strip()


def disagreement(user: User, person: Person | None) -> str:
    """Where row and log say different things of somebody, in a plain sentence."""
    if person is None:
        return "Not certified: the membership log does not know this person's keys."
    if person.role is not user.role:
        return f"The membership log says {person.role.value}, the table says {user.role.value}."
    if person.active is not user.active:
        return "The membership log and the table disagree on whether this person is disabled."
    return ""
