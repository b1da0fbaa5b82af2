"""People over a real vault: from the founder to revocation, each step signed and stored as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import Fact, RoleSet
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.domain.users import Role
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.errors import AlreadyExistsError, InvalidInputError, NotFoundError, PermissionDeniedError
from aether_desktop.ports.identity import InvitationError, MembershipError, RotationNeededError, StoredStatement
from aether_desktop.services.attention import AttentionKind, keys_attention
from aether_desktop.services.people import Logins, PeopleService
from aether_desktop.storage.sql_storage import SqlStorage
from tests.services.identities import Seat, fill, founder, joined, require_readable, seat

FIELD = SealedField.PAYMENT_METADATA


@pytest.fixture
def miriam(sqlite_storage: SqlStorage) -> Seat:
    return founder(sqlite_storage)


def test_the_founder_begins_once(miriam: Seat) -> None:
    (standing,) = miriam.people.people()
    assert (standing.user.username, standing.warning) == ("miriam", "")
    assert standing.code
    assert standing.certified is not None
    assert list(keys_attention(miriam.people)) == []
    with pytest.raises(PermissionDeniedError):
        miriam.people.found()
    assert len(miriam.storage.identity.person_keys.of(miriam.id)) == 1


def test_before_the_founder_there_is_nobody(sqlite_storage: SqlStorage) -> None:
    one = seat(sqlite_storage, sqlite_storage.info.user_id)
    (standing,) = one.people.people()
    assert "Not certified" in standing.warning
    assert [each.kind for each in keys_attention(one.people)] == [AttentionKind.NO_KEYS]
    one.levels.open = {Court.OUTER, Court.HOLY}
    with pytest.raises(LevelLockedError):
        one.people.found()
    assert sqlite_storage.identity.membership.statements() == []


class TestInviting:
    def test_from_the_invitation_to_own_courts(self, miriam: Seat) -> None:
        made = miriam.people.invite("aaron", Role.LEVITE, url="postgresql://db/books", display_name="Aaron")
        aaron = seat(miriam.storage, made.stored.user_id)
        assert "Not certified" in next(each.warning for each in miriam.people.people() if each.user.id == aaron.id)
        with pytest.raises(MembershipError):
            aaron.people.make_own_courts()
        aaron.people.answer(made.file, made.secret)
        (waiting,) = miriam.people.open_invitations()
        assert waiting.reply is not None
        miriam.people.accept(waiting.id)
        assert aaron.people.make_own_courts() == list(Court)
        assert aaron.people.make_own_courts() == []
        miriam.identity.settled()
        assert [each.warning for each in miriam.people.people()] == ["", ""]
        assert miriam.people.open_invitations() == []
        assert miriam.people.log_code() == aaron.people.log_code()

    def test_a_reply_as_a_file(self, miriam: Seat) -> None:
        made = miriam.people.invite("aaron", Role.MEMBER)
        aaron = seat(miriam.storage, made.stored.user_id)
        reply = aaron.people.answer(made.file, made.secret, keep_in_database=False)
        with pytest.raises(InvalidInputError, match="No reply"):
            miriam.people.accept(made.stored.id)
        miriam.people.accept(made.stored.id, reply)
        with pytest.raises(InvitationError, match="already"):
            miriam.people.accept(made.stored.id, reply)

    def test_a_withdrawn_one_and_a_later_one(self, miriam: Seat) -> None:
        first = miriam.people.invite("aaron", Role.MEMBER)
        second = miriam.people.invite_again(first.stored.user_id)
        third = miriam.people.invite_again(first.stored.user_id)
        assert [each.id for each in miriam.people.open_invitations()] == [third.stored.id]
        aaron = seat(miriam.storage, first.stored.user_id)
        reply = aaron.people.answer(second.file, second.secret)
        with pytest.raises(InvitationError):
            miriam.people.accept(second.stored.id, reply)
        miriam.people.withdraw(third.stored.id)
        assert miriam.people.open_invitations() == []

    @pytest.mark.parametrize("name", ["aar\u202eon", "aaron\u200b", "aar\x07on"])
    def test_a_name_with_characters_that_nobody_sees_is_refused(self, miriam: Seat, name: str) -> None:
        with pytest.raises(InvalidInputError, match="invisible") as refused:
            miriam.people.invite(name, Role.MEMBER)
        assert refused.value.field == "username"

    def test_somebody_certified_is_found_in_the_log(self, miriam: Seat) -> None:
        aaron = joined(miriam, "aaron")
        miriam.people.invite("hur", Role.MEMBER)
        assert miriam.people.certified(" AARON ").user_id == aaron.id
        with pytest.raises(NotFoundError, match="hur"):
            miriam.people.certified("hur")

    def test_who_may_not_invite_learns_it_before(self, miriam: Seat) -> None:
        assert miriam.people.why_not_invite() == ""
        aaron = joined(miriam, "aaron")
        assert aaron.people.why_not_invite() == "Only a Zadokite may invite people. Ask a Zadokite of the vault."
        assert aaron.people.about(miriam.id).invite_refusal == aaron.people.why_not_invite()
        miriam.people.disable(aaron.id)
        assert "was disabled" in miriam.people.about(aaron.id).invite_refusal

    def test_names_are_unique_and_only_a_zadokite_invites(self, miriam: Seat) -> None:
        aaron = joined(miriam, "aaron", Role.AARONIC)
        with pytest.raises(AlreadyExistsError):
            miriam.people.invite("AARON", Role.MEMBER)
        with pytest.raises(InvalidInputError):
            miriam.people.invite("a b", Role.MEMBER)
        with pytest.raises(PermissionDeniedError):
            aaron.people.invite("hur", Role.MEMBER)
        assert len(miriam.storage.users.all()) == 2

    def test_somebody_who_lost_everything_comes_back(self, miriam: Seat) -> None:
        aaron = joined(miriam, "aaron")
        aaron.people.grant_court(Court.HOLY, miriam.id)
        made = miriam.people.invite_again(aaron.id)
        fresh = seat(miriam.storage, aaron.id)
        fresh.levels._seed = b"a new machine"
        miriam.people.accept(made.stored.id, fresh.people.answer(made.file, made.secret))
        assert miriam.identity.state().people[aaron.id].keys == fresh.identity.keyring().public
        assert (aaron.id, Court.HOLY) in [(one.owner_id, one.court) for one in fresh.rotation.waiting() if one.mine]
        with pytest.raises(RotationNeededError):
            fresh.identity.sealer.seal(FIELD, b"x", row_id=1, owner_id=aaron.id, revision=1)
        assert fresh.rotation.rotate(aaron.id, Court.HOLY).version == 2


class TestRoles:
    def test_given_and_taken(self, miriam: Seat) -> None:
        aaron = joined(miriam, "aaron")
        miriam.people.set_role(aaron.id, Role.ZADOKITE)
        assert miriam.storage.users.get(aaron.id).role is Role.ZADOKITE
        aaron.people.set_role(miriam.id, Role.MEMBER)
        miriam.identity.settled()
        with pytest.raises(PermissionDeniedError):
            miriam.people.set_role(miriam.id, Role.ZADOKITE)
        assert "Zadokite" in miriam.people.why_not(RoleSet(miriam.id, Role.ZADOKITE))
        assert aaron.people.why_not(RoleSet(miriam.id, Role.ZADOKITE)) == ""

    def test_the_last_zadokite_stays_in_row_and_log(self, miriam: Seat) -> None:
        joined(miriam, "aaron")
        with pytest.raises(PermissionDeniedError, match="Zadokite"):
            miriam.people.set_role(miriam.id, Role.MEMBER)
        with pytest.raises(PermissionDeniedError, match="Zadokite"):
            miriam.people.disable(miriam.id)
        assert miriam.storage.users.get(miriam.id).role is Role.ZADOKITE

    def test_disabled_and_enabled(self, miriam: Seat) -> None:
        aaron = joined(miriam, "aaron")
        aaron.people.grant_court(Court.OUTER, miriam.id)
        miriam.people.grant_court(Court.HOLY, aaron.id)
        miriam.people.disable(aaron.id)
        assert not miriam.storage.users.get(aaron.id).active
        assert next((each.court, each.mine) for each in miriam.rotation.waiting()) == (Court.HOLY, True)
        with pytest.raises(PermissionDeniedError, match="disabled"):
            aaron.people.grant_court(Court.HOLY, miriam.id)
        miriam.rotation.rotate(miriam.id, Court.HOLY)
        miriam.people.enable(aaron.id)
        aaron.identity.settled()
        aaron.people.grant_court(Court.HOLY, miriam.id)
        sealed = miriam.identity.sealer.seal(FIELD, b"x", row_id=1, owner_id=miriam.id, revision=1)
        with pytest.raises(PermissionDeniedError):
            aaron.identity.sealer.open(FIELD, sealed, row_id=1, owner_id=miriam.id, revision=1)

    def test_somebody_invited_who_never_came_is_disabled_and_enabled(self, miriam: Seat) -> None:
        """The log does not know them: their invitation is withdrawn, and whoever has it cannot come by it."""
        made = miriam.people.invite("hur", Role.MEMBER)
        hur, aaron = seat(miriam.storage, made.stored.user_id), joined(miriam, "aaron")
        reply = hur.people.answer(made.file, made.secret, keep_in_database=False)
        assert miriam.people.about(hur.id).activity_refusal == ""
        assert "Ask a Zadokite" in aaron.people.about(hur.id).activity_refusal
        for act in (aaron.people.disable, aaron.people.enable):
            with pytest.raises(PermissionDeniedError, match="Only a Zadokite"):
                act(hur.id)
        before = miriam.people.log_code()
        miriam.people.disable(hur.id)
        about = miriam.people.about(hur.id)
        assert not about.standing.active
        assert "was disabled" in about.invite_refusal
        assert miriam.people.log_code() == before, "nothing is stated of somebody whom the log does not know"
        assert miriam.people.open_invitations() == []
        with pytest.raises(InvitationError, match="withdrawn already"):
            miriam.people.accept(made.stored.id, reply)
        miriam.people.enable(hur.id)
        assert miriam.people.about(hur.id).standing.active
        again = miriam.people.invite_again(hur.id)
        miriam.people.accept(again.stored.id, hur.people.answer(again.file, again.secret))
        assert miriam.people.about(hur.id).standing.warning == ""

    def test_who_is_disabled_while_a_colleague_certifies_them_is_not_certified(
        self, miriam: Seat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made, aaron = miriam.people.invite("hur", Role.MEMBER), joined(miriam, "aaron", Role.ZADOKITE)
        hur = seat(miriam.storage, made.stored.user_id)
        reply, sign = hur.people.answer(made.file, made.secret), miriam.identity.sign

        def meanwhile(facts: Sequence[Fact]) -> Sequence[StoredStatement]:
            aaron.people.disable(hur.id)
            return sign(facts)

        monkeypatch.setattr(miriam.identity, "sign", meanwhile)
        with pytest.raises(NotFoundError, match="not open any more"):
            miriam.people.accept(made.stored.id, reply)
        assert hur.id not in aaron.identity.state().people

    def test_a_row_altered_behind_the_log_is_shown(self, miriam: Seat) -> None:
        aaron = joined(miriam, "aaron")
        with miriam.storage._database.write(action="t", table="users") as unit:
            unit.connection.exec_driver_sql("UPDATE users SET role = 'zadokite' WHERE username = 'aaron'")
        warning = next(each.warning for each in miriam.people.people() if each.user.id == aaron.id)
        assert "log says member" in warning


class TestCourts:
    def test_whom_the_log_certifies_and_why_they_cannot_be_granted(self, miriam: Seat) -> None:
        aaron, hur = joined(miriam, "aaron", Role.LEVITE), joined(miriam, "Hur")
        miriam.people.grant_court(Court.OUTER, aaron.id)
        miriam.people.grant_court(Court.OUTER, hur.id)
        miriam.people.invite("caleb", Role.MEMBER)
        miriam.people.disable(hur.id)
        aaron.identity.settled()
        known = {each.person.username: each for each in aaron.people.known()}
        assert list(known) == ["aaron", "Hur", "miriam"]
        assert [(each.me, each.person.role, each.person.active) for each in known.values()] == [
            (True, Role.LEVITE, True),
            (False, Role.MEMBER, False),
            (False, Role.ZADOKITE, True),
        ]
        assert known["miriam"].code == miriam.people.overview().my_code
        assert known["miriam"].opened == {Court.OUTER}
        assert [each.refusal for each in known["miriam"].grants] == ["", "", ""]
        assert all("was disabled" in each.refusal for each in known["Hur"].grants)
        (held, *_) = next(each.grants for each in miriam.people.known() if each.person.user_id == hur.id)
        assert (held.court, held.held, held.refusal) == (Court.OUTER, True, ""), "a grant to the disabled can end"

    def test_a_court_without_a_key_is_not_granted(self, miriam: Seat) -> None:
        made = miriam.people.invite("hur", Role.MEMBER)
        hur = seat(miriam.storage, made.stored.user_id)
        miriam.people.accept(made.stored.id, hur.people.answer(made.file, made.secret))
        (hers,) = [each for each in hur.people.known() if each.person.user_id == miriam.id]
        assert hers.grants[2].refusal == (
            "Your Most Holy Place has no key yet. Make the keys of your courts first (Courts and keys)."
        )
        with pytest.raises(PermissionDeniedError, match="no key of this court"):
            hur.people.grant_court(Court.MOST_HOLY, miriam.id)

    def test_granted_opened_revoked(self, miriam: Seat) -> None:
        aaron = joined(miriam, "aaron")
        fill(miriam, 3)
        miriam.people.grant_court(Court.HOLY, aaron.id)
        aaron.identity.settled()
        place = {"row_id": 500, "owner_id": miriam.id, "revision": 1}
        before = miriam.identity.sealer.seal(FIELD, b"shared", **place)
        assert aaron.identity.sealer.open(FIELD, before, **place) == b"shared"
        journal = miriam.people.revoke_court(Court.HOLY, aaron.id)
        assert journal.version == 2
        after = miriam.identity.sealer.seal(FIELD, b"mine", **place)
        aaron.identity.settled()
        with pytest.raises(PermissionDeniedError):
            aaron.identity.sealer.open(FIELD, after, **place)
        miriam.rotation.resume(miriam.id, Court.HOLY)
        require_readable(miriam, miriam.storage._database, version=2)
        with pytest.raises(PermissionDeniedError, match="no such grant"):
            miriam.people.revoke_court(Court.HOLY, aaron.id)

    def test_a_group(self, miriam: Seat) -> None:
        aaron = joined(miriam, "aaron")
        group = miriam.people.make_group("Treasury")
        miriam.people.grant_court(Court.HOLY, aaron.id, owner_id=group)
        aaron.identity.settled()
        place = {"row_id": 1, "owner_id": group, "revision": 1}
        sealed = aaron.identity.sealer.seal(FIELD, b"ours", **place)
        assert miriam.identity.sealer.open(FIELD, sealed, **place) == b"ours"
        with pytest.raises(PermissionDeniedError):
            aaron.people.revoke_court(Court.HOLY, miriam.id, owner_id=group)
        assert miriam.people.revoke_court(Court.HOLY, aaron.id, owner_id=group).version == 2

    def test_keys_replaced_by_their_person(self, miriam: Seat) -> None:
        fill(miriam, 4)
        assert miriam.people.replace_my_keys() == list(Court)
        for court in Court:
            miriam.rotation.resume(miriam.id, court)
        require_readable(miriam, miriam.storage._database, version=2)
        assert miriam.people.people()[0].warning == ""


class _Administration:
    """Implements ``ports.people.LoginAdministration``; keeps what it was told, fails when told to."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.failure: Exception | None = None

    def _note(self, *what: object) -> None:
        if self.failure is not None:
            raise self.failure
        self.told.append(what)

    def free_login(self, username: str) -> str:
        return f"u_{username}"

    def create_login(self, username: str, role: Role, *, scram_verifier: str, until: datetime | None = None) -> str:
        self._note("create", username, role, scram_verifier, until)
        return f"u_{username}"

    def admit_login(self, user_id: int) -> None:
        self._note("admit", user_id)

    def release_login(self, user_id: int) -> None:
        self._note("release", user_id)

    def set_role(self, user_id: int, role: Role) -> None:
        self._note("role", user_id, role)

    def disable(self, user_id: int) -> None:
        self._note("disable", user_id)

    def enable(self, user_id: int) -> None:
        self._note("enable", user_id)

    def end_sessions(self, user_id: int) -> int:
        self._note("end", user_id)
        return 0


class TestLogins:
    def service(self, miriam: Seat, logins: _Administration) -> PeopleService:
        return PeopleService(
            miriam.storage,
            miriam.storage.identity,
            identity=miriam.identity,
            rotation=miriam.rotation,
            logins=Logins(logins, lambda password: f"verifier of {len(password)}"),
        )

    def test_logins_follow_the_statements(self, miriam: Seat) -> None:
        aaron, logins = joined(miriam, "aaron"), _Administration()
        people = self.service(miriam, logins)
        made = people.invite("hur", Role.LEVITE)
        people.set_role(aaron.id, Role.ZADOKITE)
        people.disable(aaron.id)
        people.enable(aaron.id)
        hur = seat(miriam.storage, made.stored.user_id)
        people.accept(made.stored.id, hur.people.answer(made.file, made.secret))
        assert [told[0] for told in logins.told] == ["create", "role", "disable", "end", "enable", "admit"]
        assert logins.told[0] == ("create", "hur", Role.LEVITE, "verifier of 43", made.stored.expires_at)
        assert logins.told[-1] == ("admit", hur.id)

    def test_somebody_invited_who_never_came_is_disabled_with_the_login(self, miriam: Seat) -> None:
        logins = _Administration()
        people = self.service(miriam, logins)
        made = people.invite("hur", Role.LEVITE)
        people.disable(made.stored.user_id)
        assert [told[0] for told in logins.told] == ["create", "release", "disable", "end"]
        assert people.open_invitations() == []

    def test_an_invitation_withdrawn_or_made_again_takes_its_login_along(self, miriam: Seat) -> None:
        logins = _Administration()
        people = self.service(miriam, logins)
        made = people.invite("hur", Role.LEVITE)
        again = people.invite_again(made.stored.user_id)
        with pytest.raises(NotFoundError, match="not open"):
            people.withdraw(made.stored.id)
        people.withdraw(again.stored.id)
        assert [told[0] for told in logins.told] == ["create", "release", "create", "release"]

    def test_nobody_invites_themselves_or_somebody_disabled_again(self, miriam: Seat) -> None:
        aaron = joined(miriam, "aaron")
        with pytest.raises(PermissionDeniedError, match="yourself"):
            miriam.people.invite_again(miriam.id)
        miriam.people.disable(aaron.id)
        with pytest.raises(PermissionDeniedError, match="was disabled"):
            miriam.people.invite_again(aaron.id)
        assert miriam.people.open_invitations() == []

    @pytest.mark.parametrize(
        "act",
        [
            lambda people, _: people.invite("hur", Role.MEMBER),
            lambda people, who: people.set_role(who, Role.LEVITE),
            lambda people, who: people.disable(who),
        ],
    )
    def test_what_the_server_refuses_is_not_stated(
        self, miriam: Seat, act: Callable[[PeopleService, int], object]
    ) -> None:
        aaron, logins = joined(miriam, "aaron"), _Administration()
        before = miriam.storage.identity.membership.statements(), miriam.storage.users.all()
        logins.failure = PermissionDeniedError("refused by the server")
        with pytest.raises(PermissionDeniedError, match="by the server"):
            act(self.service(miriam, logins), aaron.id)
        assert (miriam.storage.identity.membership.statements(), miriam.storage.users.all()) == before
        assert miriam.people.open_invitations() == []
        miriam.identity.settled()
