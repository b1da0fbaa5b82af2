"""The membership log against the owner of the server: whatever is altered, is refused; and who may state what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import (
    CourtGranted,
    CourtRevoked,
    DeviceCertified,
    Fact,
    GroupCourt,
    KeysReplaced,
    PersonAdded,
    PersonDisabled,
    PersonEnabled,
    Pin,
    RoleSet,
)
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.domain.users import Role
from aether_desktop.ports.access import KeysDamagedError, LevelLockedError
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import PermissionDeniedError
from aether_desktop.ports.identity import MembershipError, MembershipFault, RotationNeededError, StoredStatement
from aether_desktop.security.court_keys import CourtKeyName, wrap
from aether_desktop.security.membership import (
    LABEL,
    PIN_NAME,
    decode_pin,
    decode_statement,
    encode_pin,
    encode_statement,
    line_digest,
)
from aether_desktop.security.person_keys import PersonKeyring, make_person_keys
from aether_desktop.storage.changes import SqlChangeFeed
from tests.security.parties import NOW, VAULT, FixedLevels, Party, Server, founder, joined, party

FIELD = SealedField.NOTE
PLACE = {"row_id": 1, "owner_id": 1, "revision": 1}


def resigned(line: StoredStatement, signer: Party, **changes: Any) -> StoredStatement:
    """The statement with other contents, honestly signed by ``signer`` with their own key."""
    statement = replace(decode_statement(line.body), **changes)
    body = encode_statement(statement)
    key = PersonKeyring(signer.levels, signer.server.person_keys.of(signer.id)[0]).signing()
    return StoredStatement(line.index, body, key.sign(body, purpose=LABEL))


def faulty(one: Party, fault: MembershipFault, index: int | None = None) -> None:
    """That person's program refuses to go on, and says where."""
    with pytest.raises(MembershipError) as caught:
        one.identity.state()
    assert caught.value.fault is fault
    if index is not None:
        assert caught.value.index == index


class TestHostileServer:
    def test_swapped_public_key_in_the_log(self) -> None:
        miriam = founder()
        joined(miriam, 2, "aaron")
        mine = make_person_keys(FixedLevels(b"server"), vault_id=VAULT, user_id=2, at=NOW)
        lines = miriam.server.membership.lines
        index = next(line.index for line in lines if isinstance(decode_statement(line.body).fact, PersonAdded))
        fact = PersonAdded("aaron", Role.MEMBER, mine.public, mine.possession)
        body = encode_statement(replace(decode_statement(lines[index].body), fact=fact))
        lines[index] = StoredStatement(index, body, lines[index].signature)
        faulty(miriam.restarted(), MembershipFault.SIGNATURE, index)

    def test_swapped_public_key_of_a_whole_new_chain(self) -> None:
        """Everything behind is signed again, by the server's own people: the beginning is another."""
        miriam = founder()
        impostor = founder("miriam")
        faulty(miriam.restarted(impostor.server), MembershipFault.FOREIGN, 0)

    def test_swapped_public_key_in_the_row(self) -> None:
        miriam = founder()
        mine = make_person_keys(FixedLevels(b"server"), vault_id=VAULT, user_id=1, at=NOW)
        miriam.server.person_keys.rows = [mine.stored]
        with pytest.raises(KeysDamagedError):
            miriam.identity.sign([GroupCourt(9, "Elders")])

    def test_reissued_court_key(self) -> None:
        """HPKE does not say who wrapped: only the log's statement makes a key the owner's."""
        miriam = founder()
        name = CourtKeyName(VAULT, 1, Court.OUTER, 1)
        keys = miriam.identity.state().people[1].keys
        _, known_to_the_server = wrap(name, bytes(32), recipient=keys, at=NOW)
        miriam.server.court_keys.put([known_to_the_server])
        fresh = miriam.restarted()
        with pytest.raises(MembershipError) as caught:
            fresh.identity.sealer.seal(FIELD, b"x", **PLACE)
        assert caught.value.fault is MembershipFault.KEY

    def test_reissued_court_key_with_a_statement_of_its_own(self) -> None:
        miriam = founder()
        aaron = joined(miriam, 2, "aaron", role=Role.ZADOKITE)
        miriam.identity.settled()
        name = CourtKeyName(VAULT, 1, Court.OUTER, 2)
        fact, row = wrap(name, bytes(32), recipient=miriam.identity.state().people[1].keys, at=NOW)
        lines = miriam.server.membership.lines
        last = lines[-1]
        lines.append(
            resigned(
                StoredStatement(last.index + 1, last.body, b""),
                aaron,
                index=last.index + 1,
                previous=line_digest(last),
                signer_id=2,
                fact=fact,
            )
        )
        miriam.server.court_keys.put([row])
        faulty(miriam.restarted(), MembershipFault.NOT_ENTITLED, last.index + 1)

    def test_old_head_put_back(self) -> None:
        miriam = founder()
        before = miriam.server.copy()
        joined(miriam, 2, "aaron")
        seen = decode_pin(VAULT, miriam.pins.kept[VAULT, PIN_NAME])
        faulty(miriam.restarted(before), MembershipFault.CUT, seen.index)

    def test_old_head_put_back_while_the_program_runs(self) -> None:
        miriam = founder()
        joined(miriam, 2, "aaron")
        del miriam.server.membership.lines[-2:]
        faulty(miriam, MembershipFault.CUT)

    def test_all_statements_gone(self) -> None:
        miriam = founder()
        faulty(miriam.restarted(Server()), MembershipFault.CUT)

    def test_statement_by_somebody_not_entitled(self) -> None:
        miriam = founder()
        aaron = joined(miriam, 2, "aaron")
        lines = miriam.server.membership.lines
        last = lines[-1]
        promoted = resigned(
            StoredStatement(last.index + 1, last.body, b""),
            aaron,
            index=last.index + 1,
            previous=line_digest(last),
            signer_id=2,
            fact=RoleSet(2, Role.ZADOKITE),
        )
        lines.append(promoted)
        for one in (miriam.restarted(), aaron.restarted()):
            faulty(one, MembershipFault.NOT_ENTITLED, last.index + 1)

    def test_statement_signed_in_the_name_of_another(self) -> None:
        miriam = founder()
        aaron = joined(miriam, 2, "aaron")
        lines = miriam.server.membership.lines
        last = lines[-1]
        lines.append(
            resigned(
                StoredStatement(last.index + 1, last.body, b""),
                aaron,
                index=last.index + 1,
                previous=line_digest(last),
                signer_id=1,
                fact=RoleSet(2, Role.ZADOKITE),
            )
        )
        faulty(miriam.restarted(), MembershipFault.SIGNATURE, last.index + 1)

    def test_fork(self) -> None:
        """Two histories, each signed by entitled people: who has seen one refuses the other."""
        miriam = founder()
        joined(miriam, 2, "aaron")
        other = miriam.server.copy()
        elsewhere = miriam.restarted(other)
        miriam.state_facts(RoleSet(2, Role.LEVITE))
        seen = dict(miriam.pins.kept)
        elsewhere = elsewhere._replace(pins=type(elsewhere.pins)())
        apart = party(1, "miriam", other, levels=miriam.levels)
        apart.identity.settled()
        apart.state_facts(RoleSet(2, Role.AARONIC))
        assert miriam.pins.kept == seen
        faulty(miriam.restarted(other), MembershipFault.FORK, decode_pin(VAULT, seen[VAULT, PIN_NAME]).index)
        assert miriam.identity.log.code() != apart.identity.log.code()

    def test_reordered_statements(self) -> None:
        miriam = founder()
        joined(miriam, 2, "aaron")
        lines = miriam.server.membership.lines
        lines[1:3] = [replace(lines[2], index=1), replace(lines[1], index=2)]
        faulty(miriam.restarted(), MembershipFault.DAMAGED, 1)

    def test_a_dropped_statement_in_the_middle(self) -> None:
        miriam = founder()
        joined(miriam, 2, "aaron")
        lines = miriam.server.membership.lines
        miriam.server.membership.lines = [*lines[:2], *(replace(line, index=line.index - 1) for line in lines[3:])]
        faulty(miriam.restarted(), MembershipFault.DAMAGED, 2)

    def test_the_log_of_another_vault(self) -> None:
        miriam = founder()
        stranger = party(1, "miriam", miriam.server, levels=miriam.levels)
        stranger.identity.log._vault_id = VAULT + 1
        faulty(stranger, MembershipFault.FOREIGN)

    def test_without_a_pin_a_log_is_not_believed(self) -> None:
        miriam = founder()
        aaron = joined(miriam, 2, "aaron")
        newcomer = party(2, "aaron", miriam.server, levels=aaron.levels)
        faulty(newcomer, MembershipFault.UNKNOWN)
        with pytest.raises(MembershipError):
            newcomer.identity.settled()

    def test_a_colleagues_code_makes_a_new_computer_trust_the_log(self) -> None:
        miriam = founder()
        aaron = joined(miriam, 2, "aaron")
        code = miriam.identity.log_code()
        miriam.state_facts(GroupCourt(50, "Treasury"))  # the log grew since
        newcomer = party(2, "aaron", miriam.server, levels=aaron.levels)
        for wrong in ("", "7", f"1:{code.partition(':')[2]}", "99: ABCD", f"x{code}", founder().identity.log_code()):
            with pytest.raises(MembershipError, match="not this log's"):
                newcomer.identity.accept_code(wrong)
        faulty(newcomer, MembershipFault.UNKNOWN)
        newcomer.identity.accept_code(code.lower())
        assert newcomer.identity.settled() == miriam.identity.log.head()

    def test_the_founder_knows_their_own_beginning_and_nobody_elses(self) -> None:
        miriam = founder()
        again = party(1, "miriam", miriam.server, levels=miriam.levels)
        assert again.identity.settled().index == 3
        stranger = party(1, "miriam", miriam.server, levels=FixedLevels(b"other levels"))
        with pytest.raises(KeysDamagedError):
            stranger.identity.settled()

    def test_a_pin_of_another_vault_or_a_damaged_one(self) -> None:
        miriam = founder()
        pin = encode_pin(VAULT + 1, Pin(bytes(32), 0, bytes(32)))
        for value, fault in ((pin, MembershipFault.FOREIGN), (b"junk", MembershipFault.UNKNOWN)):
            miriam.pins.kept[VAULT, PIN_NAME] = value
            faulty(miriam, fault)

    def test_an_invitation_pin_that_disagrees(self) -> None:
        miriam = founder()
        head = miriam.identity.log.head()
        with pytest.raises(MembershipError) as caught:
            miriam.identity.log.trust(replace(head, genesis=bytes(32)))
        assert caught.value.fault is MembershipFault.FOREIGN
        with pytest.raises(MembershipError) as caught:
            miriam.identity.log.trust(replace(head, index=head.index + 1))
        assert caught.value.fault is MembershipFault.CUT


LONG = founder()
joined(LONG, 2, "aaron", role=Role.LEVITE)
LONG.state_facts(GroupCourt(50, "Treasury"), DeviceCertified(1, bytes(32), "laptop"), PersonDisabled(2))


@settings(max_examples=80)
@given(st.integers(min_value=0), st.booleans())
def test_one_flipped_bit_anywhere_is_found(position: int, in_signature: bool) -> None:
    lines = LONG.server.membership.lines
    line = lines[position % len(lines)]
    part = bytearray(line.signature if in_signature else line.body)
    part[(position // 8) % len(part)] ^= 1 << position % 8
    damaged = LONG.server.copy()
    damaged.membership.lines[line.index] = (
        replace(line, signature=bytes(part)) if in_signature else replace(line, body=bytes(part))
    )
    with pytest.raises(MembershipError) as caught:
        LONG.restarted(damaged).identity.state()
    assert caught.value.index <= line.index


def test_statements_are_read_back_as_they_were() -> None:
    for line in LONG.server.membership.lines:
        assert encode_statement(decode_statement(line.body)) == line.body


class TestEntitlement:
    @pytest.mark.parametrize(
        ("fact", "who"),
        [
            (RoleSet(2, Role.ZADOKITE), "Zadokite"),
            (PersonDisabled(1), "Zadokite"),
            (PersonEnabled(3), "Zadokite"),
            (GroupCourt(60, "Mine"), "Zadokite"),
            (CourtRevoked(1, Court.HOLY, 2), "owner"),
            (CourtRevoked(50, Court.HOLY, 1), "Zadokite"),
            (DeviceCertified(1, bytes(32), "phone"), "own person"),
        ],
        ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
    )
    def test_what_a_plain_member_may_not_state(self, fact: Fact, who: str) -> None:
        miriam = founder()
        miriam.state_facts(GroupCourt(50, "Treasury"))
        aaron = joined(miriam, 2, "aaron")
        joined(miriam, 3, "hur")
        with pytest.raises(PermissionDeniedError, match=who):
            aaron.identity.sign([fact])

    @pytest.mark.parametrize("fact", [RoleSet(1, Role.MEMBER), PersonDisabled(1)])
    def test_the_last_zadokite_stays(self, fact: Fact) -> None:
        miriam = founder()
        joined(miriam, 2, "aaron")
        with pytest.raises(PermissionDeniedError, match="without a Zadokite"):
            miriam.identity.sign([fact])
        miriam.state_facts(RoleSet(2, Role.ZADOKITE))
        miriam.identity.sign([fact])

    def test_who_was_disabled_states_nothing_more(self) -> None:
        miriam = founder()
        aaron = joined(miriam, 2, "aaron", role=Role.ZADOKITE)
        miriam.identity.settled()
        miriam.state_facts(PersonDisabled(2))
        with pytest.raises(PermissionDeniedError, match="disabled"):
            aaron.identity.sign([RoleSet(2, Role.ZADOKITE)])
        with pytest.raises(PermissionDeniedError):
            miriam.identity.grant_court(1, Court.OUTER, recipient_id=2)
        miriam.state_facts(PersonEnabled(2))
        aaron.identity.sign([RoleSet(1, Role.MEMBER)])

    def test_disabling_somebody_who_holds_a_key_asks_its_owner_to_replace_it(self) -> None:
        miriam = founder()
        aaron, hur = joined(miriam, 2, "aaron"), joined(miriam, 3, "hur")
        aaron.identity.settled()
        aaron.issue(aaron.identity.grant_court(2, Court.HOLY, recipient_id=3))
        miriam.state_facts(PersonDisabled(3))
        pending = miriam.identity.state().pending_rotations()
        assert (2, Court.HOLY) in [(owner, court) for owner, court, _ in pending]
        aaron.issue(aaron.identity.new_court(2, Court.HOLY))
        state = aaron.identity.state()
        assert state.court(2, Court.HOLY).recipients(2) == [2]
        assert not state.needs_rotation(2, Court.HOLY)
        assert hur.id not in state.entitled(2, Court.HOLY)

    def test_a_zadokite_cannot_grant_somebody_elses_court(self) -> None:
        miriam = founder()
        aaron = joined(miriam, 2, "aaron")
        aaron.issue(aaron.identity.grant_court(2, Court.OUTER, recipient_id=1))
        miriam.identity.settled()
        with pytest.raises(PermissionDeniedError):
            miriam.identity.new_court(2, Court.OUTER)
        key = miriam.identity.ring.key(CourtKeyName(VAULT, 2, Court.OUTER, 1))
        fact, _ = wrap(
            CourtKeyName(VAULT, 2, Court.OUTER, 1), key, recipient=miriam.identity.state().people[1].keys, at=NOW
        )
        with pytest.raises(PermissionDeniedError, match="owner"):
            miriam.identity.sign([fact])

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda fact: replace(fact, commitment=bytes(32)), "another key"),
            (lambda fact: replace(fact, version=3), "follow one another"),
            (lambda fact: replace(fact, recipient_key=bytes(32)), "another key"),
            (lambda fact: replace(fact, version=2, recipient_id=1), "made it first|certified"),
        ],
    )
    def test_grants_that_make_no_sense(self, change: Callable[[CourtGranted], CourtGranted], reason: str) -> None:
        miriam = founder()
        aaron = joined(miriam, 2, "aaron")
        issue = aaron.identity.grant_court(2, Court.OUTER, recipient_id=1)
        fact = issue.facts[0]
        assert isinstance(fact, CourtGranted)
        with pytest.raises(PermissionDeniedError, match=reason):
            aaron.identity.sign([change(fact)])

    def test_signing_needs_level_2(self) -> None:
        miriam = founder()
        miriam.levels.open = {Court.OUTER}
        with pytest.raises(LevelLockedError) as caught:
            miriam.identity.sign([GroupCourt(9, "Elders")])
        assert caught.value.level is Court.HOLY

    def test_a_vault_has_one_founder(self) -> None:
        miriam = founder()
        with pytest.raises(PermissionDeniedError, match="founder"):
            miriam.identity.founding("miriam")


class TestKeysReplaced:
    def test_own_courts_stay_readable_and_old_devices_stop_counting(self) -> None:
        miriam = founder()
        sealed = miriam.identity.sealer.seal(FIELD, b"before", **PLACE)
        old = miriam.identity.state().people[1]
        miriam.store(miriam.identity.replace_keys())
        now = miriam.identity.state().people[1]
        assert now.keys != old.keys
        assert [device for device, _ in now.devices] == [now.keys.device]
        fresh = miriam.restarted()
        assert fresh.identity.sealer.open(FIELD, sealed, **PLACE) == b"before"
        fresh.identity.sealer.seal(FIELD, b"after", **PLACE)

    def test_what_others_granted_must_be_granted_again(self) -> None:
        miriam = founder()
        aaron = joined(miriam, 2, "aaron")
        aaron.issue(aaron.identity.grant_court(2, Court.OUTER, recipient_id=1))
        miriam.store(miriam.identity.replace_keys())
        assert "miriam" in aaron.identity.state().needs_rotation(2, Court.OUTER)
        aaron.issue(aaron.identity.new_court(2, Court.OUTER))
        miriam.identity.settled()
        sealed = aaron.identity.sealer.seal(FIELD, b"x", row_id=1, owner_id=2, revision=1)
        assert miriam.identity.sealer.open(FIELD, sealed, row_id=1, owner_id=2, revision=1) == b"x"

    def test_keys_without_proof_of_possession_are_refused(self) -> None:
        miriam = founder()
        made, other = (make_person_keys(FixedLevels(b"x"), vault_id=VAULT, user_id=1, at=NOW) for _ in range(2))
        miriam.server.membership.append(miriam.identity.sign([KeysReplaced(made.public, other.possession)]))
        faulty(miriam.restarted(), MembershipFault.SIGNATURE)


def test_what_others_changed_is_heard_and_keys_go_with_their_level() -> None:
    miriam, feed, locks = founder(), SqlChangeFeed(), list[Callable[[Court], None]]()
    aaron = joined(miriam, 2, "aaron")
    aaron.issue(aaron.identity.grant_court(2, Court.OUTER, recipient_id=1))
    place = {"row_id": 1, "owner_id": 2, "revision": 1}
    miriam.identity.settled()
    sealed = miriam.identity.sealer.seal(FIELD, b"x", **place)

    def on_lock(listener: Callable[[Court], None]) -> Callable[[], None]:
        locks.append(listener)
        return locks.clear

    end = miriam.identity.watch(on_lock=on_lock, changes=feed)
    aaron.state_facts(CourtRevoked(2, Court.OUTER, 1))
    miriam.identity.sealer.seal(FIELD, b"x", **place)  # not heard yet
    feed.publish(ChangeSet())
    miriam.identity.sealer.seal(FIELD, b"x", **place)  # one's own changes are no news
    feed.publish(ChangeSet(foreign=True))
    with pytest.raises(RotationNeededError):
        miriam.identity.sealer.seal(FIELD, b"x", **place)
    assert miriam.identity.sealer.open(FIELD, sealed, **place) == b"x"
    assert miriam.identity.ring._keys
    for listener in locks:
        listener(Court.OUTER)
    assert not miriam.identity.ring._keys
    end()
    assert not locks


def test_a_group_court_is_granted_by_zadokites() -> None:
    miriam = founder()
    aaron = joined(miriam, 2, "aaron", role=Role.ZADOKITE)
    hur = joined(miriam, 3, "hur")
    miriam.identity.settled()
    miriam.state_facts(GroupCourt(50, "Treasury"))
    miriam.issue(miriam.identity.new_court(50, Court.HOLY))
    miriam.issue(miriam.identity.grant_court(50, Court.HOLY, recipient_id=3))
    field = SealedField.PAYMENT_METADATA
    hur.identity.settled()
    sealed = hur.identity.sealer.seal(field, b"ours", row_id=1, owner_id=50, revision=1)
    assert miriam.identity.sealer.open(field, sealed, row_id=1, owner_id=50, revision=1) == b"ours"
    with pytest.raises(PermissionDeniedError):
        hur.identity.grant_court(50, Court.HOLY, recipient_id=2)
    aaron.issue(aaron.identity.new_court(50, Court.HOLY))
    assert aaron.identity.state().court(50, Court.HOLY).recipients(2) == [2, 1, 3]
