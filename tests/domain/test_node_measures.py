"""Roll-ups that merge, latencies in a few bytes, what the tier says, harmony and the council, quiet times."""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.harmony import Harmony, Seat, council, may_be_elder, measured_harmony
from aether_desktop.domain.latencies import LatencySketch
from aether_desktop.domain.node_grades import LIE_SPAN, Grade, TierView, tier_view, together, verdict
from aether_desktop.domain.node_samples import Period, Sample, merge, roll_up
from aether_desktop.domain.probes import Probe, ProbeAnswer, ProbeOutcome
from aether_desktop.domain.quiet import QuietHours, SilenceRecord
from aether_desktop.domain.records import InvalidRecordError
from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
latencies = st.lists(st.floats(0, 500), min_size=1, max_size=60)


def answer(**more: object) -> ProbeAnswer:
    return ProbeAnswer(**{"outcome": ProbeOutcome.ANSWERED, "latency": 0.1, **more})  # type: ignore[arg-type]  # by name


def probe(**more: object) -> Probe:
    return Probe(**{"id": 1, "node_id": 1, "kind": "tcp", "target": "127.0.0.1:1", **more})  # type: ignore[arg-type]


class TestLatencies:
    @given(latencies, st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]))
    def test_quantiles_are_within_five_per_cent(self, values: list[float], share: float) -> None:
        exact = sorted(values)[max(1, math.ceil(share * len(values))) - 1]
        found = LatencySketch.of(values).quantile(share)
        assert found is not None
        assert abs(found - exact) <= max(0.05 * exact, 0.000_1)

    @given(latencies, latencies)
    def test_merging_loses_nothing_and_bytes_come_back(self, one: list[float], two: list[float]) -> None:
        merged = LatencySketch.merged([LatencySketch.of(one), LatencySketch.of(two), LatencySketch()])
        whole = LatencySketch.of([*one, *two])
        assert (merged.buckets, merged.count, merged.least) == (whole.buckets, whole.count, whole.least)
        again = LatencySketch.decode(merged.encode(), least=merged.least, greatest=merged.greatest, total=merged.total)
        assert again == merged

    @pytest.mark.parametrize("data", [b"\x01", b"\x80", b"\xff\xff\x01\x01", b"\x01\x00", b"\x01\x01\x00\x01"])
    def test_damaged_bytes_are_refused(self, data: bytes) -> None:
        with pytest.raises(ValueError, match=r"missing|cut off|out of bounds|too long"):
            LatencySketch.decode(data, least=0.0, greatest=0.0, total=0.0)


class TestRollUps:
    @given(st.lists(st.tuples(st.integers(0, 200_000), st.booleans(), st.booleans()), min_size=1, max_size=40))
    def test_days_of_hours_of_minutes_are_days_of_samples(self, taken: list[tuple[int, bool, bool]]) -> None:
        samples = [
            Sample(
                node_id=1,
                probe_id=2,
                at=NOON + timedelta(seconds=second),
                outcome=ProbeOutcome.ANSWERED if good else ProbeOutcome.TIMED_OUT,
                grade=Grade.GOOD if good else Grade.BAD,
                status=NodeStatus.UP if good else NodeStatus.DOWN,
                latency=0.25 if good else None,
                height=second if good else None,
                freshness=0.5 if fresh else None,
                agrees=fresh,
            )
            for second, good, fresh in taken
        ]
        minutes = roll_up(samples)
        by_steps = merge(merge(minutes, Period.HOUR), Period.DAY)
        assert by_steps == roll_up(samples, Period.DAY)
        assert sum(part.samples for part in by_steps) == len(samples)
        assert all(part.start == part.period.start_of(part.start) for part in (*minutes, *by_steps))


class TestTierView:
    def test_one_liar_moves_nothing(self) -> None:
        tier = tier_view([answer(height=height, claim="9=a") for height in (100, 101, 99)] + [answer(height=10**18)])
        assert (tier.best_height, tier.claims) == (101, {"9": "9=a"})
        assert tier_view([answer(height=100), answer(height=10**18)]).best_height == 100
        assert tier_view([answer(height=100), answer(height=100 + LIE_SPAN)]).best_height == 100 + LIE_SPAN

    def test_freshness_falls_with_the_lag(self) -> None:
        tier = TierView(best_height=1000, best_pins=10)
        assert [tier.freshness(answer(height=height)) for height in (1001, 998, 967, 936, 0)] == [1, 1, 0.5, 0, 0]
        assert [tier.freshness(answer(pins=pins)) for pins in (20, 5, 0)] == [1, 0.5, 0]
        assert tier.freshness(answer()) is None

    def test_without_a_majority_nobody_disagrees(self) -> None:
        tier = tier_view([answer(claim="9=a"), answer(claim="9=b")])
        assert tier.agrees(answer(claim="9=a")) is None
        tier = tier_view([answer(claim="9=a"), answer(claim="9=a"), answer(claim="9=b")])
        assert [tier.agrees(answer(claim=claim)) for claim in ("9=a", "9=b", "", "8=c")] == [True, False, None, None]

    def test_the_worst_essential_probe_decides(self) -> None:
        alone = TierView()
        good = (probe(), verdict(probe(), answer(), alone, now=NOON))
        bad = verdict(probe(), answer(outcome=ProbeOutcome.REFUSED, reason="It refused."), alone, now=NOON)
        none = verdict(probe(), answer(outcome=ProbeOutcome.UNSUPPORTED), alone, now=NOON)
        assert together([good, (probe(), bad)]).grade is Grade.BAD
        assert together([good, (probe(essential=False), bad)]).grade is Grade.POOR
        assert together([good, (probe(), none)]).grade is Grade.GOOD
        assert together([(probe(), none)]).grade is Grade.NOTHING
        assert together([]).grade is Grade.NOTHING

    def test_a_certificate_that_ends_soon_degrades(self) -> None:
        soon = verdict(probe(), answer(expires_at=NOON + timedelta(days=3)), TierView(), now=NOON)
        assert (soon.grade, soon.why) == (Grade.POOR, "Its certificate expires in 3 days.")


class TestHarmony:
    def full(self, at: datetime, before: Harmony | None = None, *, answered: int = 100) -> Harmony:
        samples = [
            Sample(
                node_id=1,
                probe_id=2,
                at=at - timedelta(minutes=10 + number),
                outcome=ProbeOutcome.ANSWERED if number < answered else ProbeOutcome.REFUSED,
                grade=Grade.GOOD,
                status=NodeStatus.UP,
                freshness=1.0,
                agrees=True,
            )
            for number in range(100)
        ]
        return measured_harmony(1, at, roll_up(samples), before=before)

    def test_it_is_held_without_a_break_for_seven_days(self) -> None:
        held = self.full(NOON)
        for hour in range(20, 7 * 24, 20):
            held = self.full(NOON + timedelta(hours=hour), held, answered=99)
            assert not may_be_elder(held)
        assert held.score == pytest.approx(23.76)
        held = self.full(NOON + timedelta(days=7), held)
        assert may_be_elder(held)
        assert not may_be_elder(self.full(NOON + timedelta(days=8, seconds=1), held))  # more than a day unmeasured
        assert self.full(NOON + timedelta(days=7, hours=1), held, answered=98).held_since is None

    def test_what_was_not_measured_has_no_score(self) -> None:
        bare = measured_harmony(1, NOON, [])
        assert bare.score is None
        assert bare.explanation.startswith("Not measured: availability unknown (0 of 0 probes answered)")

    def test_whoever_sits_stays_and_free_seats_go_to_the_longest(self) -> None:
        def worthy(node_id: int, days: int) -> Harmony:
            shares = {"asked": 1, "answered": 1, "fresh": 1, "freshness_sum": 1.0, "compared": 1, "matched": 1}
            return Harmony(node_id=node_id, at=NOON, held_since=NOON - timedelta(days=days), **shares)  # type: ignore[arg-type]

        latest = [worthy(number, 8 + number) for number in range(30)]
        sitting = [Seat(3, 0, NOON), Seat(4, 99, NOON)]  # 99 is worthy no more
        seats = council(latest, sitting, at=NOON)
        assert [seat.number for seat in seats] == list(range(1, 25))
        assert {seat.node_id for seat in seats} == {0, *range(7, 30)}
        assert seats[2] == Seat(3, 0, NOON)
        assert seats[0].node_id == 29
        assert council(latest, seats, at=NOON + timedelta(days=2)) == []


class TestQuiet:
    def test_quiet_hours_go_over_midnight_and_over_summer_time(self) -> None:
        nights = QuietHours(begin=time(22), end=time(7), zone="Europe/Berlin", days=frozenset({5}))  # Saturdays
        inside = datetime(2026, 3, 28, 21, 30, tzinfo=UTC), datetime(2026, 3, 29, 4, 59, tzinfo=UTC)  # 22:30, 06:59
        outside = datetime(2026, 3, 28, 20, 59, tzinfo=UTC), datetime(2026, 3, 29, 5, 0, tzinfo=UTC)
        assert [nights.are_now(at) for at in inside] == [True, True]
        assert [nights.are_now(at) for at in outside] == [False, False]

    def test_what_makes_no_sense_is_refused(self) -> None:
        with pytest.raises(InvalidRecordError, match="zone"):
            QuietHours(begin=time(1), end=time(2), zone="Nowhere/Nothing")
        with pytest.raises(InvalidRecordError, match="one node or of one tier"):
            SilenceRecord(id=1, owner_id=1, begins_at=NOON, until=NOON + timedelta(hours=1))
        with pytest.raises(InvalidRecordError, match="within a year"):
            SilenceRecord(id=1, owner_id=1, tier=Tier.OUTER_COURT, begins_at=NOON, until=NOON)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target", "https://user:pass@node.example/"),
        ("target", "two words"),
        ("target", ""),
        ("kind", "Not A Kind"),
        ("network", "no such"),
        ("interval", 1),
        ("timeout", math.nan),
    ],
)
def test_probes_that_make_no_sense_are_refused(field: str, value: object) -> None:
    with pytest.raises(InvalidRecordError) as refused:
        probe(**{field: value})
    assert refused.value.field == field
