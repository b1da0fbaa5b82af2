"""People of a vault: the founder's beginning, invitations, roles, disabling, courts. Worker threads only.

Everything that changes who may do what is a signed statement; it is stored in one transaction with what it is about
(rows, wrapped keys, logins), and the log's new head is remembered outside the database after the commit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import Fact, GroupCourt, PersonDisabled, PersonEnabled, RoleSet
from aether_desktop.domain.membership_state import Person
from aether_desktop.domain.records import InvalidRecordError
from aether_desktop.domain.text import fold, has_hidden_characters
from aether_desktop.domain.users import Role, User
from aether_desktop.ports.errors import AlreadyExistsError, InvalidInputError, NotFoundError, PermissionDeniedError
from aether_desktop.ports.identity import (
    CourtIssue,
    Identity,
    IdentityStores,
    NewInvitation,
    StoredCourtKey,
    StoredInvitation,
    StoredRotation,
)
from aether_desktop.ports.people import LoginAdministration, ScramVerifiers
from aether_desktop.ports.storage import Storage
from aether_desktop.services.rotation import RotationService
from aether_desktop.services.standings import (
    About,
    CertifiedPerson,
    Overview,
    Standing,
    activity_refusal,
    again_refusal,
    court_standing,
    disagreement,
    grants,
    holds,
    invite_refusal,
    why_not,
)

_TRIES: Final = 5  # of appending to the log while others do


@dataclass(frozen=True, slots=True)
class Logins:
    """What a shared server needs: logins, and the verifier it stores instead of a password.

    ``address`` puts a login into an address, so that an invitation says under which name to come.
    """

    administration: LoginAdministration
    verifier: ScramVerifiers
    address: Callable[[str, str], str] = lambda url, _login: url


class PeopleService:
    """Raises LevelLockedError where a level is needed, PermissionDeniedError with the rule, MembershipError where the
    log is not to be trusted, the StorageError family."""

    def __init__(
        self,
        storage: Storage,
        stores: IdentityStores,
        *,
        identity: Identity,
        rotation: RotationService,
        logins: Logins | None = None,
    ) -> None:
        self._storage = storage
        self._stores = stores
        self._identity = identity
        self._rotation = rotation
        self._logins = logins

    # -- looking -------------------------------------------------------------------------------------------------

    def begun(self) -> bool:
        """Whether the vault's people have keys: from then on fields are sealed and changes signed."""
        return bool(self._identity.state().people)

    def people(self) -> list[Standing]:
        """Everybody who is not archived, by user name."""
        state = self._identity.state()
        found = []
        for user in self._storage.users.all():
            person = state.people.get(user.id)
            code = self._identity.person_code(user.id) if person is not None else ""
            found.append(Standing(user, person, code, disagreement(user, person)))
        return found

    def overview(self) -> Overview:
        """Everything of the vault but the people themselves, read at once."""
        state, me = self._identity.state(), self._identity.user_id
        begun, certified = bool(state.people), me in state.people
        groups = sorted(state.groups) if state.is_zadokite(me) else []
        return Overview(
            begun=begun,
            certified=certified,
            my_code=self._identity.person_code(me) if certified else "",
            log_code=self._identity.log_code() if begun else "",
            courts=tuple(court_standing(state, owner, court) for owner in (me, *groups) for court in Court),
            invitations=tuple(self._stores.invitations.open()),
            waiting=tuple(self._rotation.waiting()) if begun else (),
            names={user.id: user.username for user in self._storage.users.all()} | state.groups,
        )

    def about(self, user_id: int) -> About:
        """One person, and why what cannot be done with them now cannot. Raises NotFoundError."""
        state, me = self._identity.state(), self._identity.user_id
        user, person = self._storage.users.get(user_id), state.people.get(user_id)
        code = self._identity.person_code(user_id) if person is not None else ""
        other = Role.MEMBER if user.role is not Role.MEMBER else Role.LEVITE
        return About(
            standing=Standing(user, person, code, disagreement(user, person)),
            me=user_id == me,
            role_refusal=why_not(state, me, RoleSet(user_id, other)),
            activity_refusal=activity_refusal(state, me, user),
            grants=grants(state, me, person),
            invite_refusal=again_refusal(state, me, user),
        )

    def known(self) -> list[CertifiedPerson]:
        """Whom the verified membership log certifies, by name: also for a member, who sees no rows of others."""
        state, me = self._identity.state(), self._identity.user_id
        return [
            CertifiedPerson(
                person=person,
                code=self._identity.person_code(person.user_id),
                me=person.user_id == me,
                grants=grants(state, me, person),
                opened=frozenset(court for court in Court if holds(state, person.user_id, court, me)),
            )
            for person in sorted(state.people.values(), key=lambda each: fold(each.username))
        ]

    def log_names(self) -> dict[int, str]:
        """Of people and groups, by id, as the log says them."""
        state = self._identity.state()
        return {each.user_id: each.username for each in state.people.values()} | state.groups

    def certified(self, username: str) -> Person:
        """Whom the log knows under that name: also a member, who sees no rows of others, may grant them a court.

        Raises NotFoundError.
        """
        people = self._identity.state().people.values()
        found = next((each for each in people if fold(each.username) == fold(username.strip())), None)
        if found is None:
            raise NotFoundError(f"Nobody certified has the user name {username.strip()[:80]!r}.")
        return found

    def open_invitations(self) -> list[StoredInvitation]:
        """Neither accepted nor withdrawn; a reply may have come."""
        return self._stores.invitations.open()

    def accept_code(self, code: str) -> None:
        """On a computer that remembers nothing of this vault: trust the list that a colleague's code names.

        Raises MembershipError when the list here is another one.
        """
        self._identity.accept_code(code)

    def log_code(self) -> str:
        """For comparing the membership log with a colleague's."""
        return self._identity.log_code()

    def why_not(self, fact: Fact) -> str:
        """Which rule refuses a statement now and who could make it; empty when it may be made."""
        return why_not(self._identity.state(), self._identity.user_id, fact)

    def why_not_invite(self) -> str:
        """Which rule refuses inviting people and who could; empty when it may be done."""
        return invite_refusal(self._identity.state(), self._identity.user_id)

    # -- beginning -----------------------------------------------------------------------------------------------

    def found(self) -> None:
        """The founder's keys and the first statements, once per vault; all levels must be open."""
        founder = self._storage.users.get(self._identity.user_id)
        change = self._identity.founding(founder.username)
        with self._storage.unit_of_work():
            self._stores.person_keys.add(change.person)
            self._stores.membership.append(change.statements)
            self._stores.court_keys.put(change.courts)
        self._identity.settled()

    def replace_my_keys(self) -> list[Court]:
        """New keys of one's own, then new versions of one's courts; returns the courts whose rows are to be resumed."""
        change = self._identity.replace_keys()
        with self._storage.unit_of_work():
            self._stores.person_keys.add(change.person)
            self._stores.membership.append(change.statements)
            self._stores.court_keys.put(change.courts)
        self._identity.settled()
        mine = self._identity.user_id
        courts = [court for court in Court if self._identity.state().court(mine, court).version]
        for court in courts:
            self._rotation.start(mine, court)
        return courts

    # -- inviting ------------------------------------------------------------------------------------------------

    def invite(self, username: str, role: Role, *, url: str = "", display_name: str = "") -> NewInvitation:
        """A person who is not here yet. ``url`` (no password in it) is where the shared vault is found.

        Raises InvalidInputError, AlreadyExistsError.
        """
        user = self._new_user(username, role, display_name)
        made, login = self._invitation(user, url)
        with self._storage.unit_of_work():
            self._storage.users.create(user)
            self._stores.invitations.add(made.stored)
            self._give_login(user, made, login)
        return made

    def invite_again(self, user_id: int, *, url: str = "") -> NewInvitation:
        """Somebody whose keys are lost or who let an invitation expire; earlier ones are withdrawn.

        In a shared database they get another login, and the one they had is shut at once. Raises PermissionDeniedError
        for oneself and for somebody disabled.
        """
        if user_id == self._identity.user_id:
            raise PermissionDeniedError("You cannot invite yourself.", hint="Ask another Zadokite of the vault.")
        user = self._storage.users.get(user_id)
        if not user.active:
            raise PermissionDeniedError(f"{user.username} was disabled.", hint="Enable them first.")
        made, login = self._invitation(user, url)
        with self._storage.unit_of_work():
            self._withdraw_all(user_id)
            self._stores.invitations.add(made.stored)
            self._give_login(user, made, login)
        return made

    def withdraw(self, invitation_id: int) -> None:
        """It can be used no more, and the login that was made for it is shut. Raises NotFoundError if not open."""
        with self._storage.unit_of_work():
            invited = {each.id: each.user_id for each in self._stores.invitations.open()}.get(invitation_id)
            if invited is None:  # perhaps accepted meanwhile: then the login is somebody's
                raise NotFoundError("This invitation is not open any more.", hint="Refresh and look again.")
            self._stores.invitations.settle(invitation_id, datetime.now(UTC))
            if self._logins is not None:
                self._logins.administration.release_login(invited)

    def accept(self, invitation_id: int, reply: bytes | None = None) -> None:
        """Certify the keys of a reply, given as a file's content or stored by the invited program.

        Raises InvitationError, NotFoundError, InvalidInputError when there is no reply yet.
        """
        invitation = self._stores.invitations.get(invitation_id)
        content = reply if reply is not None else invitation.reply
        if content is None:
            raise InvalidInputError("No reply has come yet.", field="reply", hint="Open the reply's file instead.")

        def store() -> None:
            if self._stores.invitations.get(invitation_id).settled_at is not None:  # by a colleague, meanwhile
                raise NotFoundError("This invitation is not open any more.", hint="Refresh and look again.")
            self._stores.invitations.settle(invitation_id, datetime.now(UTC))
            if self._logins is not None:
                self._logins.administration.admit_login(invitation.user_id)

        self._state([self._identity.accept(invitation, content)], store)

    # -- being invited -------------------------------------------------------------------------------------------

    def answer(self, file: bytes, secret: str, *, keep_in_database: bool = True) -> bytes:
        """As the invited person, on first start, all levels open: make keys, and the reply for the inviter.

        Raises InvitationError.
        """
        row, reply = self._identity.answer(file, secret)
        with self._storage.unit_of_work():
            self._stores.person_keys.add(row)
            mine = [each for each in self._stores.invitations.open() if each.body == file] if keep_in_database else []
            for each in mine:
                self._stores.invitations.set_reply(each.id, reply)
        return reply

    def make_own_courts(self) -> list[Court]:
        """Once certified: the first keys of one's own courts; returns those that were made. Twice is harmless."""
        mine = self._identity.user_id
        state = self._identity.state()
        if mine not in state.people:
            raise PermissionDeniedError(
                "Your keys are not certified yet.", hint="Wait until whoever invited you has accepted your reply."
            )
        missing = [court for court in Court if not state.court(mine, court).version]
        issues = [self._identity.new_court(mine, court) for court in missing]
        facts = [fact for issue in issues for fact in issue.facts]
        keys = [key for issue in issues for key in issue.keys]
        if facts:
            self._state(facts, lambda: self._stores.court_keys.put(keys))
        return missing

    # -- roles ---------------------------------------------------------------------------------------------------

    def set_role(self, user_id: int, role: Role) -> None:
        """Give or take a role; the last Zadokite stays one."""

        def store() -> None:
            if self._logins is not None:
                self._logins.administration.set_role(user_id, role)
            else:
                self._storage.users.update(dataclasses.replace(self._storage.users.get(user_id), role=role))

        self._state([RoleSet(user_id, role)], store)

    def disable(self, user_id: int) -> None:
        """The login is shut, statements no longer count, and the keys the person holds are to be replaced.

        Of somebody who was invited and is not certified yet the log says nothing: their invitations are withdrawn,
        with the login that was made for them. Raises PermissionDeniedError.
        """
        if user_id in self._identity.state().people:
            self._state([PersonDisabled(user_id)], lambda: self._set_active(user_id, active=False))
        else:
            self._require_activity(user_id)
            with self._storage.unit_of_work():
                self._withdraw_all(user_id)
                self._set_active(user_id, active=False)
        if self._logins is not None:
            self._logins.administration.end_sessions(user_id)

    def enable(self, user_id: int) -> None:
        """Undo ``disable``; keys that were replaced meanwhile must be granted again.

        Somebody who was not certified is invited again. Raises PermissionDeniedError.
        """
        if user_id in self._identity.state().people:
            self._state([PersonEnabled(user_id)], lambda: self._set_active(user_id, active=True))
        else:
            self._require_activity(user_id)
            self._set_active(user_id, active=True)

    # -- courts --------------------------------------------------------------------------------------------------

    def make_group(self, name: str) -> int:
        """A group with court keys of its own in all three courts; returns its id."""
        group_id = self._storage.new_id()
        self._state([GroupCourt(group_id, name)], lambda: None)
        for court in Court:
            issue = self._identity.new_court(group_id, court)
            self._state(issue.facts, self._keeping(issue.keys))
        return group_id

    def grant_court(self, court: Court, recipient_id: int, *, owner_id: int | None = None) -> None:
        """Wrap every live version of one's own court (or a group's) to somebody."""
        owner = self._identity.user_id if owner_id is None else owner_id
        issue = self._identity.grant_court(owner, court, recipient_id=recipient_id)
        self._state(issue.facts, self._keeping(issue.keys))

    def revoke_court(self, court: Court, recipient_id: int, *, owner_id: int | None = None) -> StoredRotation:
        """End a grant: a new version without that person, at once. It cannot unread what was read.

        Follow with ``RotationService.resume`` to seal the rows again.
        """
        owner = self._identity.user_id if owner_id is None else owner_id
        return self._rotation.start(owner, court, revoking=recipient_id)

    def store_issue(self, issue: CourtIssue, *, also: Callable[[], None]) -> None:
        """State and store a court key that came back from its holders, in one transaction with ``also``."""

        def store() -> None:
            self._stores.court_keys.put(issue.keys)
            also()

        self._state(issue.facts, store)

    # -- inside --------------------------------------------------------------------------------------------------

    def _withdraw_all(self, user_id: int) -> None:
        """Open invitations of one person, and whatever login they have."""
        for earlier in self._stores.invitations.open():
            if earlier.user_id == user_id:
                self._stores.invitations.settle(earlier.id, datetime.now(UTC))
        if self._logins is not None:
            self._logins.administration.release_login(user_id)

    def _require_activity(self, user_id: int) -> None:
        user = self._storage.users.get(user_id)
        refusal = activity_refusal(self._identity.state(), self._identity.user_id, user)
        if refusal:
            raise PermissionDeniedError(refusal)

    def _set_active(self, user_id: int, *, active: bool) -> None:
        if self._logins is None:
            self._storage.users.update(dataclasses.replace(self._storage.users.get(user_id), active=active))
        elif active:
            self._logins.administration.enable(user_id)
        else:
            self._logins.administration.disable(user_id)

    def _keeping(self, keys: Sequence[StoredCourtKey]) -> Callable[[], None]:
        return lambda: self._stores.court_keys.put(keys)

    def _state(self, facts: Sequence[Fact], store: Callable[[], None]) -> None:
        """Sign and append in one transaction with ``store``; again on top of what somebody else appended first."""
        for attempt in range(1, _TRIES + 1):
            statements = self._identity.sign(facts)
            try:
                with self._storage.unit_of_work():
                    self._stores.membership.append(statements)
                    store()
                break
            except AlreadyExistsError as error:
                if attempt == _TRIES or error.field != "position":
                    raise
        self._identity.settled()

    def _new_user(self, username: str, role: Role, display_name: str) -> User:
        if has_hidden_characters(username):  # two people's names must not look the same
            raise InvalidInputError("A user name has no invisible characters.", field="username", hint="Type it anew.")
        taken = [user for user in self._storage.users.all() if fold(user.username) == fold(username.strip())]
        if taken:
            raise AlreadyExistsError("Another person has this user name.", field="username")
        new_id = self._storage.new_id()
        try:
            return User(
                id=new_id,
                owner_id=new_id,
                created_at=datetime.now(UTC),
                username=username.strip(),
                display_name=display_name,
                role=role,
            )
        except InvalidRecordError as error:
            raise InvalidInputError(error.reason, field=error.field) from error

    def _invitation(self, user: User, url: str) -> tuple[NewInvitation, str]:
        """With the login that it names; empty in a vault file."""
        logins = self._logins
        login = "" if logins is None else logins.administration.free_login(user.username)
        made = self._identity.invite(
            invitation_id=self._storage.new_id(),
            user_id=user.id,
            username=user.username,
            role=user.role,
            vault_name=self._storage.info.vault_name,
            url=url if logins is None else logins.address(url, login),
        )
        return made, login

    def _give_login(self, user: User, made: NewInvitation, login: str) -> None:
        if self._logins is None:
            return
        verifier = self._logins.verifier(made.login_password)
        given = self._logins.administration.create_login(
            user.username, user.role, scram_verifier=verifier, until=made.stored.expires_at
        )
        if given != login:  # taken between the two; the invitation would name another one
            raise AlreadyExistsError("The login was taken just now.", field="username", hint="Try again.")
