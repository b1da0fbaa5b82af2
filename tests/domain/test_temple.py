"""The temple's rules, against the tables in which they are agreed."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.temple import (
    COUNCIL_SEATS,
    ELDER_DAYS,
    ELDER_HARMONY,
    MAX_THRESHOLD,
    CovenantKind,
    InvalidTempleError,
    NodeType,
    Tier,
    harmony_score,
    is_elder_harmony,
    may_elevate,
    may_perform,
    may_serve,
    node_type,
    spiral_position,
)

CANDIDATE, LEVITE, AARONIC, ZADOKITE = NodeType
thresholds = st.integers(0, MAX_THRESHOLD)
shares = st.floats(0, 1)


def test_tiers_and_their_coins() -> None:
    assert [(tier.value, tier.coin_symbol, tier.display_name) for tier in Tier] == [
        ("outer_court", "FTC", "Outer Court"),
        ("holy_place", "AIC", "Holy Place"),
        ("most_holy_place", "ATC", "Most Holy Place"),
    ]


@pytest.mark.parametrize(
    ("total", "kind"),
    [
        (0, CANDIDATE), (2, CANDIDATE), (3, LEVITE), (6, LEVITE), (7, AARONIC), (11, AARONIC), (12, ZADOKITE),
        (24, ZADOKITE), (1000, ZADOKITE),
    ],
)  # fmt: skip
def test_the_sum_decides_the_type(total: int, kind: NodeType) -> None:
    assert node_type(total, 0, 0) is node_type(0, total, 0) is node_type(0, 0, total) is kind


@given(thresholds, thresholds, thresholds)
def test_only_the_sum_matters_and_more_is_never_less(storage: int, compute: int, abundance: int) -> None:
    kind = node_type(storage, compute, abundance)
    assert {node_type(*order) for order in itertools.permutations((storage, compute, abundance))} == {kind}
    if storage < MAX_THRESHOLD:
        assert node_type(storage + 1, compute, abundance).needed_sum >= kind.needed_sum


@pytest.mark.parametrize("bad", [-1, 1001, 2**70, True, 1.0, "3", None])
def test_thresholds_out_of_bounds_are_refused_by_name(bad: object) -> None:
    with pytest.raises(InvalidTempleError, match="storage threshold"):
        node_type(bad, 0, 0)  # type: ignore[arg-type]  # what a form or file may hold
    with pytest.raises(InvalidTempleError, match="compute threshold"):
        node_type(0, bad, 0)  # type: ignore[arg-type]  # same
    with pytest.raises(InvalidTempleError, match="abundance threshold") as caught:
        node_type(0, 0, bad)  # type: ignore[arg-type]  # same
    assert caught.value.reason == str(caught.value)


def test_who_serves_which_tier() -> None:
    served = {(kind, tier) for kind in NodeType for tier in Tier if may_serve(kind, tier)}
    assert served == {
        (LEVITE, Tier.OUTER_COURT),
        (AARONIC, Tier.OUTER_COURT),
        (AARONIC, Tier.HOLY_PLACE),
        (ZADOKITE, Tier.OUTER_COURT),
        (ZADOKITE, Tier.HOLY_PLACE),
        (ZADOKITE, Tier.MOST_HOLY_PLACE),
    }


@pytest.mark.parametrize(
    ("covenant", "performers", "elders"),
    [
        (CovenantKind.RESURRECTION_SEAL, {LEVITE, AARONIC, ZADOKITE}, {LEVITE, AARONIC, ZADOKITE}),
        (CovenantKind.SABBATH, {LEVITE, AARONIC, ZADOKITE}, {LEVITE, AARONIC, ZADOKITE}),
        (CovenantKind.JUBILEE, {AARONIC, ZADOKITE}, {AARONIC, ZADOKITE}),
        (CovenantKind.FEAST_SYNCHRONIZATION, {AARONIC, ZADOKITE}, {AARONIC, ZADOKITE}),
        (CovenantKind.BOOK_OF_LIFE, set(), {LEVITE, AARONIC, ZADOKITE}),
        (CovenantKind.MELCHIZEDEK_BLESSING, set(), {LEVITE, AARONIC, ZADOKITE}),
    ],
)
def test_who_performs_which_covenant(covenant: CovenantKind, performers: set[NodeType], elders: set[NodeType]) -> None:
    assert {kind for kind in NodeType if may_perform(covenant, kind, elder=False)} == performers
    assert {kind for kind in NodeType if may_perform(covenant, kind, elder=True)} == elders


def test_every_covenant_has_a_name() -> None:
    assert [covenant.display_name for covenant in CovenantKind] == [
        "Resurrection Seal", "Sabbath", "Jubilee", "Feast Synchronization", "Book of Life", "Melchizedek Blessing",
    ]  # fmt: skip
    assert [kind.display_name for kind in NodeType] == ["Candidate", "Levite", "Aaronic", "Zadokite"]


@given(shares, shares, shares)
def test_harmony_stays_in_its_range(availability: float, freshness: float, agreement: float) -> None:
    score = harmony_score(availability, freshness, agreement)
    assert 0 <= score <= 24
    assert score <= harmony_score(1, freshness, agreement)


def test_harmony_examples() -> None:
    assert harmony_score(1, 1, 1) == 24
    assert harmony_score(0, 1, 1) == 0
    assert harmony_score(0.5, 0.5, 1) == 6
    assert is_elder_harmony(harmony_score(0.99, 1, 1))
    assert is_elder_harmony(harmony_score(1, 0.99, 1))
    assert not is_elder_harmony(harmony_score(0.9899, 1, 1))
    assert (ELDER_HARMONY, ELDER_DAYS, COUNCIL_SEATS) == (24 * 0.99, 7, 24)


@pytest.mark.parametrize("bad", [-0.01, 1.01, math.nan, math.inf, -math.inf])
def test_shares_out_of_bounds_are_refused_by_name(bad: float) -> None:
    for place, name in enumerate(("availability", "freshness", "agreement")):
        values = [1.0, 1.0, 1.0]
        values[place] = bad
        with pytest.raises(InvalidTempleError, match=name):
            harmony_score(*values)


@pytest.mark.parametrize(
    ("current", "total", "allowed"),
    [
        (CANDIDATE, 2, False), (CANDIDATE, 3, True), (CANDIDATE, 12, True),
        (LEVITE, 6, False), (LEVITE, 7, True), (LEVITE, 12, True),
        (AARONIC, 11, False), (AARONIC, 12, True),
        (ZADOKITE, 12, False), (ZADOKITE, 1000, False),
    ],
)  # fmt: skip
def test_elevation_goes_one_type_at_a_time(current: NodeType, total: int, allowed: bool) -> None:
    assert may_elevate(current, (total, 0, 0)) is allowed


def test_steps_of_elevation() -> None:
    assert [kind.next for kind in NodeType] == [LEVITE, AARONIC, ZADOKITE, None]


@pytest.mark.parametrize("bad", [(), (1, 2), (1, 2, 3, 4), (-1, 2, 3)])
def test_elevation_refuses_impossible_thresholds(bad: tuple[int, ...]) -> None:
    with pytest.raises(InvalidTempleError):
        may_elevate(LEVITE, bad)


def test_the_spiral_spreads_nodes_evenly() -> None:
    positions = [spiral_position(index, spacing=2.0) for index in range(400)]
    assert max(math.hypot(x, y) for x, y in positions) < 2.0 * math.sqrt(400)
    nearest = [min(math.dist(a, b) for b in positions if b is not a) for a in positions]
    assert min(nearest) > 2.0
    assert max(nearest) < 4.5
    for x_sign, y_sign in itertools.product((1, -1), repeat=2):  # every quarter holds its share
        assert 95 <= sum(x * x_sign > 0 and y * y_sign > 0 for x, y in positions) <= 105


@given(st.integers(0, 10_000_000), st.floats(0.01, 1000))
def test_the_spiral_keeps_a_node_in_its_place(index: int, spacing: float) -> None:
    x, y = spiral_position(index, spacing=spacing)
    assert math.hypot(x, y) == pytest.approx(spacing * math.sqrt(index + 0.5))
    assert spiral_position(index, spacing=spacing) == (x, y)


def test_the_spiral_refuses_impossible_arguments() -> None:
    with pytest.raises(InvalidTempleError):
        spiral_position(-1)
    for spacing in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(InvalidTempleError):
            spiral_position(0, spacing=spacing)
