"""k of n holders open a secret together, for one purpose, and fewer learn nothing."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.security.person_keys import PersonKeyring, make_person_keys
from aether_desktop.security.quorum import (
    Deal,
    QuorumError,
    Release,
    Request,
    check_deal,
    deal_secret,
    new_request,
    open_secret,
    release_share,
)
from tests.security.parties import NOW, VAULT, FixedLevels

SECRET = bytes(range(32))
LATER = NOW + timedelta(hours=1)


def person(user_id: int) -> PersonKeyring:
    levels = FixedLevels(bytes((user_id,)))
    return PersonKeyring(levels, make_person_keys(levels, vault_id=VAULT, user_id=user_id, at=NOW).stored)


HOLDERS = [person(number) for number in range(1, 6)]
PUBLIC = {holder.public.user_id: holder.public for holder in HOLDERS}
ASKING = person(9)
DEALER = HOLDERS[0].signing()
DEAL, SIGNATURE = deal_secret(
    SECRET, [holder.public for holder in HOLDERS], needed=3, dealer_id=1, key=DEALER, purpose="recovery"
)
REQUEST = new_request(DEAL, ASKING.public, purpose="Aaron lost his key file", expires_at=LATER)
RELEASES = [release_share(DEAL, REQUEST, ASKING.public, holder=holder, at=NOW) for holder in HOLDERS]


def opened(releases: list[Release], **changes: object) -> bytearray:
    given = {"requester": ASKING, "holders": PUBLIC, "at": NOW, **changes}
    return open_secret(DEAL, REQUEST, releases, **given)  # type: ignore[arg-type]


def test_any_three_of_five_open_it() -> None:
    check_deal(DEAL, SIGNATURE, HOLDERS[0].public)
    for chosen in itertools.combinations(RELEASES, 3):
        assert opened(list(chosen)) == SECRET
    assert opened(RELEASES) == SECRET


def test_two_do_not_even_twice() -> None:
    with pytest.raises(QuorumError, match="3 holders must agree; 2 did"):
        opened([RELEASES[0], RELEASES[1], RELEASES[1]])


@pytest.mark.parametrize(("needed", "count"), [(3, 3), (2, 2), (1, 3), (4, 4)])
def test_fewer_than_k_plus_1_holders_are_refused(needed: int, count: int) -> None:
    """Otherwise nobody could be replaced when one is lost."""
    with pytest.raises(InvalidInputError, match="cannot be"):
        deal_secret(
            SECRET, [each.public for each in HOLDERS[:count]], needed=needed, dealer_id=1, key=DEALER, purpose="x"
        )


def test_a_holder_has_one_share() -> None:
    twice = [HOLDERS[0].public, HOLDERS[1].public, HOLDERS[1].public]
    with pytest.raises(InvalidInputError, match="another person"):
        deal_secret(SECRET, twice, needed=2, dealer_id=1, key=DEALER, purpose="x")


def test_an_altered_deal_is_refused() -> None:
    with pytest.raises(QuorumError, match="altered"):
        check_deal(replace(DEAL, needed=2), SIGNATURE, HOLDERS[0].public)
    with pytest.raises(QuorumError, match="somebody else"):
        check_deal(DEAL, SIGNATURE, HOLDERS[1].public)


def test_a_release_is_for_one_request() -> None:
    other = new_request(DEAL, ASKING.public, purpose="Something else", expires_at=LATER)
    with pytest.raises(QuorumError, match="not the one that was dealt"):
        open_secret(DEAL, other, RELEASES, requester=ASKING, holders=PUBLIC, at=NOW)
    fresh = [release_share(DEAL, other, ASKING.public, holder=holder, at=NOW) for holder in HOLDERS[:2]]
    with pytest.raises(QuorumError, match="not the one that was dealt"):
        opened([*fresh, RELEASES[2]])


def test_a_holder_who_releases_something_else_is_named() -> None:
    other, _ = deal_secret(
        bytes(32), [holder.public for holder in HOLDERS], needed=3, dealer_id=1, key=DEALER, purpose="recovery"
    )
    forged = replace(DEAL, shares=(DEAL.shares[0], *other.shares[1:]))
    request = replace(REQUEST, deal=forged.digest)
    with pytest.raises(QuorumError):
        release_share(forged, request, ASKING.public, holder=HOLDERS[1], at=NOW)
    bad = replace(RELEASES[1], wrapped=RELEASES[2].wrapped)
    with pytest.raises(QuorumError, match="person 2"):
        opened([RELEASES[0], bad, RELEASES[2]])


def test_only_the_requester_opens_and_only_in_time() -> None:
    with pytest.raises(QuorumError, match="another person"):
        opened(RELEASES, requester=person(10))
    with pytest.raises(QuorumError, match="expired"):
        opened(RELEASES, at=LATER)
    with pytest.raises(QuorumError, match="expired"):
        release_share(DEAL, REQUEST, ASKING.public, holder=HOLDERS[0], at=LATER)
    with pytest.raises(QuorumError, match="replaced since"):
        release_share(DEAL, REQUEST, person(9).public, holder=HOLDERS[0], at=NOW)
    with pytest.raises(QuorumError, match="no share"):
        release_share(DEAL, REQUEST, ASKING.public, holder=ASKING, at=NOW)


def test_somebody_who_left_does_not_count() -> None:
    without = {user_id: keys for user_id, keys in PUBLIC.items() if user_id != 2}
    with pytest.raises(QuorumError, match="does not hold"):
        opened(RELEASES[:3], holders=without)


def test_releasing_needs_level_2() -> None:
    levels = FixedLevels(bytes((1,)))
    levels.open = {Court.OUTER}
    locked = PersonKeyring(levels, HOLDERS[0]._row)
    with pytest.raises(LevelLockedError):
        release_share(DEAL, REQUEST, ASKING.public, holder=locked, at=NOW)


def test_everything_travels_and_anything_else_is_refused() -> None:
    assert Deal.decoded(DEAL.encoded()) == DEAL
    assert Request.decoded(REQUEST.encoded()) == REQUEST
    assert Release.decoded(RELEASES[0].encoded()) == RELEASES[0]
    for kind, data in ((Deal, DEAL.encoded()), (Request, REQUEST.encoded()), (Release, RELEASES[0].encoded())):
        for damaged in (b"", data[:-1], data + b"\0"):
            with pytest.raises(QuorumError):
                kind.decoded(damaged)
