"""Several people with logins of their own give a court's key back after a loss, and nobody else gets anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.errors import (
    AetherError,
    AlreadyExistsError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from aether_desktop.security.court_quorums import PersonQuorums
from aether_desktop.security.quorum import QuorumError
from aether_desktop.services.quorum import QuorumService, RequestStanding
from tests.security.parties import FixedLevels
from tests.services.identities import Seat
from tests.services.shared_people import Founded, founded
from tests.support.postgres import PostgresCluster

FIELD = SealedField.PAYMENT_METADATA
SECRET = b"sealed by aaron"


def quorum_of(one: Seat) -> QuorumService:
    return QuorumService(
        one.storage,
        one.storage.quorums,
        identity=one.identity,
        quorums=PersonQuorums(one.identity),
        people=one.people,
        rotation=one.rotation,
    )


@dataclass
class Town:
    """Miriam founded it; Aaron and the others came by invitation, each with a login of their own."""

    founded: Founded
    seats: dict[str, Seat] = field(default_factory=dict)

    def come(self, name: str, *, again: bool = False) -> Seat:
        who = self.seats[name].id if again else None
        one = self.founded.come(name, again=who, levels=FixedLevels(f"{name} {again}".encode()))
        if not again:
            one.people.make_own_courts()
        self.seats[name] = one
        for each in self.seats.values():
            each.identity.settled()
        return one

    def __getitem__(self, name: str) -> Seat:
        return self.seats[name]

    def quorum(self, name: str) -> QuorumService:
        return quorum_of(self.seats[name])

    def asked(self, name: str) -> RequestStanding:
        (request,) = self.quorum(name).overview().requests
        return request


@pytest.fixture
def town(postgres_cluster: PostgresCluster, postgres_database: Callable[..., str], tmp_path: Path) -> Iterator[Town]:
    with founded(postgres_cluster, postgres_database, tmp_path) as begun:
        made = Town(begun, {"miriam": begun.founder})
        for name in ("aaron", "bezalel", "oholiab"):
            made.come(name)
        yield made


def others(town: Town) -> list[int]:
    return [town[name].id for name in ("miriam", "bezalel", "oholiab")]


def sealed(one: Seat) -> bytes:
    return one.identity.sealer.seal(FIELD, SECRET, row_id=7, owner_id=one.id, revision=1)


def opened(one: Seat, content: bytes) -> bytes:
    return one.identity.sealer.open(FIELD, content, row_id=7, owner_id=one.id, revision=1)


def test_two_of_three_give_a_lost_key_back(town: Town) -> None:
    content = sealed(town["aaron"])
    facts = town.quorum("aaron").deal(town["aaron"].id, Court.HOLY, holders=others(town), needed=2)
    assert (set(facts.holders), facts.needed, facts.version) == (set(others(town)), 2, 1)

    lost = town.come("aaron", again=True)
    with pytest.raises(AetherError):
        opened(lost, content)
    request = town.quorum("aaron").ask(lost.id, Court.HOLY, purpose="My laptop drowned")
    for name in ("bezalel", "oholiab"):
        asked = town.asked(name)
        assert asked.request is not None
        assert (asked.id, asked.request.purpose, asked.asks_me) == (request, "My laptop drowned", True)
        assert not town.asked("aaron").complete
        with pytest.raises(QuorumError, match="2 holders must agree"):
            town.quorum("aaron").restore(request)
        town.quorum(name).release(request)
        with pytest.raises(AlreadyExistsError):
            town.quorum(name).release(request)
    assert town.asked("aaron").complete
    assert town.quorum("aaron").restore(request) is Court.HOLY
    assert opened(lost, content) == SECRET
    assert town.quorum("aaron").overview().requests == ()
    actions = {entry.action for entry in town["miriam"].storage.audit.recent(60)}
    assert actions >= {"quorum.deal", "quorum.request", "quorum.release", "quorum.settle", "court.wrap"}
    with pytest.raises(PermissionDeniedError):  # who released learnt nothing
        town["bezalel"].identity.sealer.open(FIELD, content, row_id=7, owner_id=lost.id, revision=1)
    lost.rotation.rotate(lost.id, Court.HOLY)
    (court,) = [each for each in town.quorum("aaron").overview().courts if each.court is Court.HOLY]
    assert "replaced since" in court.stale


def test_fewer_than_k_plus_1_holders_are_refused(town: Town, subtests: pytest.Subtests) -> None:
    """All in one town: a refusal leaves nothing."""
    aaron = town["aaron"]
    for count, needed in ((2, 2), (3, 3), (3, 1), (0, 2)):
        with subtests.test(f"{needed} of {count}"):
            with pytest.raises(InvalidInputError) as refused:
                town.quorum("aaron").deal(aaron.id, Court.HOLY, holders=others(town)[:count], needed=needed)
            assert refused.value.field == "holders"
            assert aaron.storage.quorums.deals() == []
            assert aaron.identity.state().court(aaron.id, Court.HOLY).version == 1


def test_other_holders_are_dealt_another_secret(town: Town) -> None:
    aaron, quorum = town["aaron"], town.quorum("aaron")
    quorum.deal(aaron.id, Court.HOLY, holders=others(town), needed=2)
    town.come("hur")
    again = quorum.deal(aaron.id, Court.HOLY, holders=[*others(town)[:2], town["hur"].id], needed=2)
    assert again.version == 2
    request = quorum.ask(aaron.id, Court.HOLY, purpose="new holders")
    with pytest.raises(QuorumError, match="You hold no share"):
        town.quorum("oholiab").release(request)
    assert town.quorum("oholiab").overview().requests == ()
    assert town.asked("hur").asks_me


def test_only_the_owner_deals_and_asks(town: Town) -> None:
    aaron = town["aaron"]
    with pytest.raises(InvalidInputError, match="owner cannot be a holder"):
        town.quorum("aaron").deal(aaron.id, Court.HOLY, holders=[aaron.id, *others(town)], needed=2)
    with pytest.raises(PermissionDeniedError, match="Only its owner"):
        town.quorum("miriam").deal(aaron.id, Court.HOLY, holders=others(town), needed=2)
    with pytest.raises(NotFoundError, match="Nobody holds shares"):
        town.quorum("aaron").ask(aaron.id, Court.HOLY, purpose="too early")
    town.quorum("aaron").deal(aaron.id, Court.HOLY, holders=others(town), needed=2)
    with pytest.raises(PermissionDeniedError, match="Only its owner"):
        town.quorum("bezalel").ask(aaron.id, Court.HOLY, purpose="I am curious")
    with pytest.raises(InvalidInputError):
        town.quorum("aaron").ask(aaron.id, Court.HOLY, purpose=" ")
    request = town.quorum("aaron").ask(aaron.id, Court.HOLY, purpose="no more")
    with pytest.raises(NotFoundError, match="of yours"):
        town.quorum("bezalel").withdraw(request)
    town.quorum("aaron").withdraw(request)
    with pytest.raises(NotFoundError):
        town.quorum("bezalel").release(request)


def test_releasing_needs_level_two(town: Town) -> None:
    aaron = town["aaron"]
    town.quorum("aaron").deal(aaron.id, Court.OUTER, holders=others(town), needed=2)
    request = town.quorum("aaron").ask(aaron.id, Court.OUTER, purpose="test")
    town["bezalel"].levels.open = {Court.OUTER}
    with pytest.raises(LevelLockedError) as locked:
        town.quorum("bezalel").release(request)
    assert locked.value.level is Court.HOLY


def test_a_groups_court_is_the_zadokites(town: Town) -> None:
    miriam, quorum = town["miriam"], town.quorum("miriam")
    group = miriam.people.make_group("Treasury")
    holders = [town[name].id for name in ("aaron", "bezalel", "oholiab")]
    for each in town.seats.values():
        each.identity.settled()
    quorum.deal(group, Court.HOLY, holders=holders, needed=2)
    with pytest.raises(PermissionDeniedError, match="Zadokite"):
        town.quorum("aaron").ask(group, Court.HOLY, purpose="curious")
    request = quorum.ask(group, Court.HOLY, purpose="Miriam lost hers")
    for name in ("aaron", "oholiab"):
        town.quorum(name).release(request)
    assert quorum.restore(request) is Court.HOLY


def test_a_hostile_server_gets_nothing_released(town: Town) -> None:
    """Rows that were swapped, altered, or put in for somebody: each is named and answered by nobody."""
    aaron = town["aaron"]
    town.quorum("aaron").deal(aaron.id, Court.HOLY, holders=others(town), needed=2)
    request = town.quorum("aaron").ask(aaron.id, Court.HOLY, purpose="true words")
    (deal,) = aaron.storage.quorums.deals()
    (stored,) = aaron.storage.quorums.requests()
    quorums = PersonQuorums(town["bezalel"].identity)
    bezalel = town["bezalel"].id
    wrong = [
        (deal, stored._replace(requester_id=bezalel)),
        (deal, stored._replace(body=stored.body.replace(b"true", b"fake"))),
        (deal, stored._replace(signature=bytes(len(stored.signature)))),
        (deal._replace(version=2), stored),
        (deal._replace(owner_id=bezalel), stored),
        (deal._replace(court=Court.OUTER), stored),
        (deal._replace(body=deal.body[:-1] + bytes((deal.body[-1] ^ 1,))), stored),
        (deal._replace(dealer_id=bezalel), stored),
    ]
    for each in wrong:
        with pytest.raises(AetherError):
            quorums.release(*each)
    late = stored._replace(expires_at=stored.expires_at + timedelta(days=300))
    assert quorums.read_request(deal, late).expires_at == stored.expires_at  # what was signed counts
    release = quorums.release(deal, stored)
    theirs = release._replace(holder_id=town["oholiab"].id)
    with pytest.raises(QuorumError):
        PersonQuorums(aaron.identity).restore(deal, stored, [release, theirs])
    assert request == stored.id
