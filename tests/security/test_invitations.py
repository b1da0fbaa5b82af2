"""Invitations: what the file and the secret protect, each against the other's absence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import KeysReplaced, PersonAdded
from aether_desktop.domain.users import Role
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.errors import PermissionDeniedError
from aether_desktop.ports.identity import InvitationError, MembershipError, NewInvitation
from aether_desktop.security.invitations import (
    check_reply,
    new_secret,
    normal_secret,
    open_invitation,
    read_invitation,
    reply_invitation_id,
)
from tests.security.parties import NOW, Party, Server, founder, joined, party

URL = "postgresql://db.example.org/books"


def invited(miriam: Party, name: str = "aaron", user_id: int = 2, invitation_id: int = 900) -> NewInvitation:
    made = miriam.identity.invite(
        invitation_id=invitation_id, user_id=user_id, username=name, role=Role.LEVITE, vault_name="Family", url=URL
    )
    miriam.server.invitations.add(made.stored)
    return made


MIRIAM = founder()
MADE = invited(MIRIAM)
AARON = party(2, "aaron", MIRIAM.server)
KEYS, REPLY = AARON.identity.answer(MADE.file, MADE.secret)


def test_an_invitation_leads_to_certified_keys() -> None:
    miriam = founder()
    made = invited(miriam)
    aaron = party(2, "aaron", miriam.server)
    row, reply = aaron.identity.answer(made.file, made.secret.lower().replace("-", " "))
    miriam.server.person_keys.add(row)
    assert reply_invitation_id(reply) == 900
    fact = miriam.identity.accept(miriam.server.invitations.get(900), reply)
    assert isinstance(fact, PersonAdded)
    assert (fact.username, fact.role, fact.keys.user_id) == ("aaron", Role.LEVITE, 2)
    miriam.state_facts(fact)
    for court in Court:
        aaron.issue(aaron.identity.new_court(2, court))
    assert aaron.identity.state().people[2].role is Role.LEVITE
    assert aaron.identity.settled() == miriam.identity.settled()


def test_the_file_carries_no_secret_and_names_what_the_invited_program_trusts() -> None:
    read = read_invitation(MADE.file)
    assert (read.url, read.vault_name, read.username) == (URL, "Family", "aaron")
    assert read.pin == MIRIAM.identity.log.head()
    assert normal_secret(MADE.secret).encode() not in MADE.file
    assert MADE.login_password.encode() not in MADE.file
    assert MADE.secret not in repr(MADE)
    assert MADE.login_password not in repr(MADE)


def test_both_ends_compute_the_first_password_of_the_login() -> None:
    _, keys = open_invitation(MADE.file, MADE.secret, at=NOW)
    with keys:
        assert keys.login_password == MADE.login_password
    assert len(MADE.login_password) >= 40
    assert not any(keys.reply.data)


def test_a_wrong_secret_opens_nothing() -> None:
    with pytest.raises(InvitationError, match="secret"):
        AARON.identity.answer(MADE.file, new_secret())
    for typed in ("", "short", MADE.secret + "0", "U" * 20):
        with pytest.raises(InvitationError):
            AARON.identity.answer(MADE.file, typed)


def test_letters_that_look_alike_are_the_same() -> None:
    assert normal_secret("o0iIlL-11111-22222-33333"[:24].replace("-", "")[:20]) == "001111111112222233333"[:20]


def test_a_file_altered_on_the_way_is_refused() -> None:
    """The owner of the mail server would like another beginning, or another server, to be trusted."""
    altered = MADE.file.replace(b"db.example.org", b"db.example.net")
    assert altered != MADE.file
    with pytest.raises(InvitationError, match="altered"):
        AARON.identity.answer(altered, MADE.secret)


@settings(max_examples=25)
@given(st.integers(min_value=0))
def test_a_flipped_bit_in_the_reply_is_refused(position: int) -> None:
    flipped = bytearray(REPLY)
    flipped[(position // 8) % len(flipped)] ^= 1 << position % 8
    with pytest.raises(InvitationError):
        check_reply(MADE.stored, bytes(flipped), MIRIAM.levels, at=NOW)


def test_keys_put_in_by_somebody_without_the_secret_are_refused() -> None:
    mallory = party(2, "mallory", MIRIAM.server)
    other = invited(MIRIAM, invitation_id=901)
    _, forged = mallory.identity.answer(other.file, other.secret)
    with pytest.raises(InvitationError, match="another invitation"):
        MIRIAM.identity.accept(MADE.stored, forged)
    renamed = forged.replace((901).to_bytes(8, "big"), (900).to_bytes(8, "big"))
    with pytest.raises(InvitationError, match="one-time secret"):
        MIRIAM.identity.accept(MADE.stored, renamed)


def test_an_invitation_is_used_once_and_expires() -> None:
    with pytest.raises(InvitationError, match="already"):
        MIRIAM.identity.accept(MADE.stored._replace(settled_at=NOW), REPLY)
    late = read_invitation(MADE.file).expires_at
    with pytest.raises(InvitationError, match="expired"):
        check_reply(MADE.stored, REPLY, MIRIAM.levels, at=late)
    with pytest.raises(InvitationError, match="expired"):
        open_invitation(MADE.file, MADE.secret, at=late)
    check_reply(MADE.stored, REPLY, MIRIAM.levels, at=late - timedelta(seconds=1))


def test_only_the_inviter_at_level_2_checks_a_reply() -> None:
    miriam = founder()
    made = invited(miriam)
    _, reply = party(2, "aaron", miriam.server).identity.answer(made.file, made.secret)
    other = joined(miriam, 3, "hur", role=Role.ZADOKITE)
    with pytest.raises(InvitationError, match="somebody else"):
        other.identity.accept(made.stored, reply)
    miriam.levels.open = {Court.OUTER}
    with pytest.raises(LevelLockedError):
        miriam.identity.accept(made.stored, reply)
    with pytest.raises(LevelLockedError):
        invited(miriam, invitation_id=902)


def test_only_a_zadokite_invites() -> None:
    miriam = founder()
    aaron = joined(miriam, 2, "aaron", role=Role.AARONIC)
    with pytest.raises(PermissionDeniedError, match="Zadokite"):
        invited(aaron, "hur", 3)


def test_the_invited_program_refuses_another_log_than_the_invitations() -> None:
    miriam = founder()
    made = invited(miriam)
    server = Server()
    server.membership.lines = founder().server.membership.lines
    with pytest.raises(MembershipError):
        party(2, "aaron", server).identity.answer(made.file, made.secret)
    with pytest.raises(PermissionDeniedError, match="somebody else"):
        party(5, "hur", miriam.server).identity.answer(made.file, made.secret)


def test_somebody_known_who_lost_their_keys_is_invited_again() -> None:
    miriam = founder()
    aaron = joined(miriam, 2, "aaron")
    made = invited(miriam, "aaron", 2, 905)
    fresh = party(2, "aaron", miriam.server)
    row, reply = fresh.identity.answer(made.file, made.secret)
    assert row.generation == 2
    fact = miriam.identity.accept(made.stored, reply)
    assert isinstance(fact, KeysReplaced)
    miriam.state_facts(fact)
    assert miriam.identity.state().people[2].keys != aaron.identity.keyrings()[0].public


@pytest.mark.parametrize("junk", [b"", b"x", MADE.file[:-1], MADE.file + b"\0", bytes(100_000)])
def test_what_is_no_invitation_says_so(junk: bytes) -> None:
    with pytest.raises(InvitationError):
        read_invitation(junk)
    with pytest.raises(InvitationError):
        reply_invitation_id(junk)
