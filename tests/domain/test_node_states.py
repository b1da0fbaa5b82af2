"""The state machine of nodes: against a model that counts runs by itself, and the stories it is there for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aether_desktop.domain.node_grades import Grade, Verdict
from aether_desktop.domain.node_states import (
    SETTLED,
    Cause,
    Configured,
    Gap,
    Measured,
    Moment,
    NodeEvent,
    NodeState,
    Silence,
    StateRules,
    Tick,
    Transition,
    first_state,
    resumed,
    step,
)
from aether_desktop.domain.temple_nodes import NodeStatus

START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
RULES = StateRules()
WORDS = {Grade.GOOD: "", Grade.POOR: "It is still syncing.", Grade.BAD: "It refused.", Grade.NOTHING: "-32601"}


class Watched:
    """One node and two clocks."""

    def __init__(self, **first: bool) -> None:
        self.wall, self.ticks = START, 0.0
        self.state: NodeState = first_state(self.now, **first)
        self.seen: list[Transition] = []

    @property
    def now(self) -> Moment:
        return Moment(self.wall, self.ticks)

    def hear(self, event: NodeEvent, *, after: float = 30.0) -> None:
        self.wall += timedelta(seconds=after)
        self.ticks += after
        done = step(self.state, event, self.now, RULES)
        self.state = done.state
        if done.transition is not None:
            self.seen.append(done.transition)

    def rounds(self, letters: str) -> list[str]:
        """g(ood), p(oor), b(ad), n(othing), 30 seconds apart; the statuses that were entered."""
        before = len(self.seen)
        for letter in letters:
            grade = next(grade for grade in Grade if grade.value.startswith(letter))
            self.hear(Measured(Verdict(grade, WORDS[grade], heard=grade is not Grade.NOTHING)))
        return [change.after.value for change in self.seen[before:]]


class TestStories:
    def test_one_bad_round_is_not_told(self) -> None:
        node = Watched()
        assert node.rounds("ggbgbbgg") == ["up"]
        assert node.rounds("bbb") == ["down"]
        assert node.seen[-1].why == "It refused."
        assert node.rounds("bbbgg") == ["up"]
        assert (node.seen[-1].lasted, node.seen[-1].outage) == (timedelta(seconds=150), timedelta(seconds=150))

    def test_nothing_is_never_up(self) -> None:
        node = Watched()
        assert node.rounds("nnnn") == []
        assert (node.state.status, node.state.why) == (NodeStatus.UNKNOWN, "-32601")
        assert node.rounds("gg" + "n" * 6) == ["up", "unknown"]
        assert node.seen[-1].cause is Cause.MEASURED

    def test_stale_is_never_up(self) -> None:
        node = Watched()
        node.rounds("gg")
        node.hear(Tick(), after=RULES.stale_after)
        assert node.state.status is NodeStatus.UP
        node.hear(Tick(), after=1)
        assert (node.state.status, node.seen[-1].cause) == (NodeStatus.UNKNOWN, Cause.STALE)
        assert "2026-03-29 00:31 UTC" in node.state.why

    def test_after_a_gap_what_was_known_must_be_confirmed(self) -> None:
        node = Watched()
        node.rounds("gg")
        node.hear(Gap("No data since 00:31."), after=3600)
        assert (node.state.status, node.state.why) == (NodeStatus.UNKNOWN, "No data since 00:31.")
        assert node.rounds("bb") == []
        assert node.rounds("b") == ["down"]
        node.hear(Gap("Slept."))
        assert node.rounds("b") == ["down"]
        assert node.rounds("gg") == ["up"]

    def test_what_alternates_is_flapping_and_calms_down(self) -> None:
        node = Watched()
        assert node.rounds("gg" + "gb" * 10) == ["up", "flapping"]
        assert node.rounds("g" * 40) == ["up"]

    def test_slow_flapping_is_recognised_by_steady_changes(self) -> None:
        node = Watched()
        assert node.rounds("gg" + "bbbggg" * 2) == ["up", "down", "up", "down", "flapping"]
        assert node.rounds("g" * 25) == []
        assert node.rounds("g" * 5) == ["up"]
        assert node.seen[-1].outage is not None

    def test_a_silence_hides_and_ends_by_itself(self) -> None:
        node = Watched()
        node.rounds("gg")
        node.hear(Silence(node.wall + timedelta(minutes=10)))
        assert node.rounds("bbb") == []
        assert (node.state.status, node.state.observed) == (NodeStatus.SILENCED, NodeStatus.DOWN)
        node.hear(Tick(), after=600)
        assert (node.seen[-1].after, node.seen[-1].cause) == (NodeStatus.UNKNOWN, Cause.SILENCE_ENDED)

    def test_a_retired_node_hears_nothing_and_begins_anew(self) -> None:
        node = Watched()
        node.rounds("gg")
        node.hear(Configured(candidate=False, retired=True))
        assert node.rounds("bbbb") == []
        node.hear(Configured(candidate=False, retired=False))
        assert (node.state.status, node.state.settled) == (NodeStatus.UNKNOWN, None)
        assert node.rounds("g") == ["up"]

    def test_a_candidate_is_measured_and_stays_one(self) -> None:
        node = Watched(candidate=True)
        assert node.rounds("ggbbbb") == []
        assert node.state.observed is NodeStatus.DOWN
        node.hear(Configured(candidate=False, retired=False))
        assert node.seen[-1].after is NodeStatus.DOWN

    def test_clocks_that_jump_make_no_negative_times(self) -> None:
        node = Watched()
        node.rounds("ggbbb")
        node.wall -= timedelta(hours=3)
        node.rounds("gg")
        assert node.seen[-1].outage == timedelta(0) == node.seen[-1].lasted
        node.wall += timedelta(days=400)
        node.hear(Tick(), after=1)
        assert node.state.status is NodeStatus.UP  # only the clock that never jumps makes stale

    def test_what_was_stored_is_unknown_until_measured(self) -> None:
        node = Watched()
        node.rounds("ggbbb")
        again = resumed(node.state, Moment(node.wall + timedelta(hours=1), 5.0))
        assert (again.state.status, again.state.settled) == (NodeStatus.UNKNOWN, NodeStatus.DOWN)
        assert again.state.why == f"No data since {node.wall:%Y-%m-%d %H:%M} UTC."


class Machine(RuleBasedStateMachine):
    """Any events in any order: what holds always, and what a count of the last rounds says beside the machine."""

    def __init__(self) -> None:
        super().__init__()
        self.node = Watched()
        self.grades: list[Grade] = []
        self.evidence = 0.0

    @rule(grade=st.sampled_from(Grade), wait=st.sampled_from([1.0, 30.0, 149.0, 151.0]))
    def measure(self, grade: Grade, wait: float) -> None:
        self.node.hear(Measured(Verdict(grade, WORDS[grade], heard=grade is not Grade.NOTHING)), after=wait)
        if grade is not Grade.NOTHING and not self.node.state.retired:
            self.grades.append(grade)
            self.evidence = self.node.ticks

    @rule(wait=st.sampled_from([1.0, 60.0, 200.0]), jump=st.sampled_from([0, -7200, 7200]))
    def time(self, wait: float, jump: int) -> None:
        self.node.wall += timedelta(seconds=jump)
        self.node.hear(Tick(), after=wait)

    @rule()
    def gap(self) -> None:
        self.node.hear(Gap("Slept."))
        self.grades.clear()

    @rule(minutes=st.sampled_from([None, 1, 600]))
    def silence(self, minutes: int | None) -> None:
        until = None if minutes is None else self.node.wall + timedelta(minutes=minutes)
        self.node.hear(Silence(until), after=0)  # only measuring and ticks make a node older

    @rule(candidate=st.booleans(), retired=st.booleans())
    def configure(self, candidate: bool, retired: bool) -> None:
        if retired != self.node.state.retired:
            self.grades.clear()
        self.node.hear(Configured(candidate=candidate, retired=retired), after=0)

    @invariant()
    def what_is_shown(self) -> None:
        state = self.node.state
        if state.retired:
            assert state.status is NodeStatus.RETIRED
        elif state.candidate:
            assert state.status is NodeStatus.CANDIDATE
        elif state.silenced_until is not None:
            assert state.status is NodeStatus.SILENCED
            assert state.silenced_until > self.node.wall
        else:
            assert state.status is state.observed
        assert state.settled is None or state.settled in SETTLED
        assert len(state.grades) <= RULES.flap_span

    @invariant()
    def unknown_is_not_up(self) -> None:
        state = self.node.state
        if state.observed is not NodeStatus.UNKNOWN:
            assert self.node.ticks - self.evidence <= RULES.stale_after
        if state.observed is NodeStatus.UP:
            assert state.outage_since is None
            assert Grade.GOOD in self.grades
            assert self.grades[-RULES.down_after :] != [Grade.BAD] * RULES.down_after
        if state.observed is NodeStatus.DOWN:
            assert Grade.BAD in self.grades
            assert self.grades[-RULES.up_after :] != [Grade.GOOD] * RULES.up_after

    @invariant()
    def transitions_join(self) -> None:
        for one, other in zip(self.node.seen, self.node.seen[1:], strict=False):
            assert one.after is other.before
        for change in self.node.seen:
            assert change.before is not change.after
            assert change.lasted >= timedelta(0)
            assert change.outage is None or change.outage >= timedelta(0)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
