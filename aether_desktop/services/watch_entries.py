"""What the monitor holds of each node between two rounds, and what a tier's nodes say together. One event loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from aether_desktop.domain.node_grades import Grade, TierView, Verdict, tier_view, together, verdict
from aether_desktop.domain.node_samples import Sample
from aether_desktop.domain.node_states import (
    Configured,
    Measured,
    Moment,
    NodeEvent,
    NodeState,
    Silence,
    StateRules,
    Step,
    Tick,
    step,
)
from aether_desktop.domain.probes import DEFAULT_INTERVAL, Probe, ProbeAnswer, ProbeOutcome
from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ports.monitoring import NodeReading, WatchedNode

_SMALL_TIER: Final = 200  # answers that are looked at together each time; larger tiers every VIEW_SECONDS
_VIEW_SECONDS: Final = 2.0


class TierKey(NamedTuple):
    """Answers that can be compared: of one tier, one kind, one network."""

    tier: Tier
    kind: str
    network: str


@dataclass(slots=True)
class _Group:
    answers: dict[int, ProbeAnswer] = field(default_factory=dict)  # by probe
    view: TierView = field(default_factory=TierView)
    fresh: bool = True
    made_at: float = 0.0


class TierViews:
    """The latest answers of all nodes, by what can be compared."""

    def __init__(self) -> None:
        self._groups: dict[TierKey, _Group] = {}

    def put(self, key: TierKey, probe_id: int, answer: ProbeAnswer) -> ProbeAnswer:
        """A new answer. What it does not claim anew it still claims."""
        group = self._group(key)
        before = group.answers.get(probe_id)
        if not answer.claim and before is not None and before.claim and answer.outcome is ProbeOutcome.ANSWERED:
            answer = replace(answer, claim=before.claim)
        group.answers[probe_id] = answer
        group.fresh = False
        return answer

    def view(self, key: TierKey, ticks: float) -> TierView:
        group = self._group(key)
        if not group.fresh and (len(group.answers) <= _SMALL_TIER or ticks - group.made_at >= _VIEW_SECONDS):
            group.view, group.fresh, group.made_at = tier_view(group.answers.values()), True, ticks
        return group.view

    def drop(self, keys: Mapping[int, TierKey]) -> None:
        """These probes (by id) are asked no more."""
        for probe_id, key in keys.items():
            group = self._groups.get(key)
            if group is not None and group.answers.pop(probe_id, None) is not None:
                group.fresh = False

    def clear(self) -> None:
        self._groups.clear()

    def _group(self, key: TierKey) -> _Group:
        found = self._groups.get(key)
        if found is None:
            found = self._groups[key] = _Group()
        return found


@dataclass(slots=True, eq=False)
class Entry:
    """One node. Times without a zone are ticks."""

    node: WatchedNode
    state: NodeState
    place: int
    ours: bool = True
    running: bool = False
    due: float = 0.0  # when its latest round should have begun
    phase: float = 0.0  # its rounds begin at whole intervals after this
    doubt: bool = False  # its latest round was unlike what is settled: it is asked again soon
    doubtful: bool = True  # it has not answered lately: it waits with others of its sort
    down_rounds: int = 0
    turns: dict[int, int] = field(default_factory=dict)  # by probe
    asked_at: dict[int, float] = field(default_factory=dict)
    answers: dict[int, ProbeAnswer] = field(default_factory=dict)
    latency: float | None = None
    height: int | None = None
    lag: int | None = None
    peers: int | None = None
    interval: float = field(init=False)
    """Between two rounds: that of its most frequent probe."""
    stale_after: float = field(init=False)
    keys: dict[int, TierKey] = field(init=False)
    """By probe."""
    _longest: float = field(init=False)  # timeout

    def __post_init__(self) -> None:
        self._look_at_probes()

    def _look_at_probes(self) -> None:
        probes = self.node.probes
        self.interval = float(min((probe.interval for probe in probes), default=DEFAULT_INTERVAL))
        self.stale_after = 3.0 * self.interval
        self.keys = {probe.id: TierKey(self.node.tier, probe.kind, probe.network) for probe in probes}
        self._longest = max((probe.timeout for probe in probes), default=0.0)

    @property
    def watched(self) -> bool:
        return not self.node.retired and bool(self.node.probes)

    def due_probes(self, ticks: float) -> list[Probe]:
        """All but those whose own interval is longer and not over yet."""
        return [
            probe
            for probe in self.node.probes
            if ticks - self.asked_at.get(probe.id, -1e18) >= 0.75 * probe.interval or probe.interval <= self.interval
        ]

    def rules(self, delay: float) -> StateRules:
        """Stale after three rounds and a timeout."""
        self.stale_after = 3.0 * delay + self._longest
        return _rules(self.stale_after)

    def step(self, event: NodeEvent, at: Moment, rules: StateRules) -> Step:
        done = step(self.state, event, at, rules)
        self.state = done.state
        return done

    def configure(self, node: WatchedNode, at: Moment) -> list[Step]:
        """Its record changed."""
        gone = {probe.id for probe in self.node.probes} - {probe.id for probe in node.probes}
        for probe_id in gone:
            for held in (self.turns, self.asked_at, self.answers):
                held.pop(probe_id, None)
        self.node = node
        self._look_at_probes()
        rules = self.rules(self.interval)
        steps = [self.step(Configured(node.candidate, node.retired), at, rules)]
        if node.silenced_until != self.state.silenced_until and not node.retired:
            until = node.silenced_until
            steps.append(self.step(Silence(until if until is not None and until > at.wall else None), at, rules))
        return steps

    def needs_tick(self, at: Moment) -> bool:
        """Whether time alone may have changed it: cheap, for ten thousand nodes each beat."""
        state = self.state
        if state.silenced_until is not None and state.silenced_until <= at.wall:
            return True
        evidence = state.evidence_ticks
        return evidence is not None and at.ticks - evidence > self.stale_after

    def tick(self, at: Moment, rules: StateRules) -> Step:
        return self.step(Tick(), at, rules)

    def forget_answers(self) -> None:
        self.answers.clear()
        self.asked_at.clear()

    def reading(self) -> NodeReading:
        return NodeReading(
            node_id=self.node.id,
            state=self.state,
            latency=self.latency,
            height=self.height,
            lag=self.lag,
            peers=self.peers,
        )


class Round(NamedTuple):
    """What a round made of a node."""

    step: Step
    samples: list[Sample]


@lru_cache(maxsize=1024)
def _rules(stale_after: float) -> StateRules:
    return StateRules(stale_after=stale_after)


def absorb(
    entry: Entry, answers: Sequence[tuple[Probe, ProbeAnswer]], views: TierViews, *, at: Moment, delay: float
) -> Round:
    """One round's answers into the node's state, and the samples that are kept of it."""
    for probe, answer in answers:
        entry.answers[probe.id] = views.put(entry.keys[probe.id], probe.id, answer)
        entry.turns[probe.id] = entry.turns.get(probe.id, 0) + 1
        entry.asked_at[probe.id] = at.ticks
    verdicts: list[tuple[Probe, Verdict]] = []
    seen: dict[int, tuple[Grade, TierView]] = {}
    for probe in entry.node.probes:
        known = entry.answers.get(probe.id)
        if known is not None:
            tier = views.view(entry.keys[probe.id], at.ticks)
            judged = verdict(probe, known, tier, now=at.wall)
            verdicts.append((probe, judged))
            seen[probe.id] = (judged.grade, tier)
    done = entry.step(Measured(together(verdicts)), at, entry.rules(delay))
    entry.down_rounds = entry.down_rounds + 1 if entry.state.settled is NodeStatus.DOWN else 0
    entry.doubt = _contradicts(entry.state)
    entry.doubtful = False
    samples: list[Sample] = []
    for probe, answer in answers:
        answered = answer.outcome is ProbeOutcome.ANSWERED
        entry.doubtful = entry.doubtful or not answered
        grade, tier = seen[probe.id]
        samples.append(
            Sample(
                node_id=entry.node.id,
                probe_id=probe.id,
                at=at.wall,
                outcome=answer.outcome,
                grade=grade,
                status=entry.state.status,
                latency=answer.latency,
                height=answer.height,
                peers=answer.peers,
                freshness=tier.freshness(answer) if answered else None,
                agrees=tier.agrees(answer),
                reason=answer.reason,
            )
        )
    _note_figures(entry, seen)
    return Round(done, samples)


def _contradicts(state: NodeState) -> bool:
    """Whether the latest round says otherwise than what is settled."""
    if not state.grades or state.settled is None:
        return False
    latest = state.grades[-1]
    return (latest is Grade.BAD) != (state.settled is NodeStatus.DOWN)


def _note_figures(entry: Entry, seen: Mapping[int, tuple[Grade, TierView]]) -> None:
    """The worst latency, lag and peers; the greatest height."""
    latency: float | None = None
    height: int | None = None
    lag: int | None = None
    peers: int | None = None
    for probe_id, answer in entry.answers.items():
        if answer.latency is not None and (latency is None or answer.latency > latency):
            latency = answer.latency
        if answer.height is not None:
            height = answer.height if height is None else max(height, answer.height)
            behind = seen[probe_id][1].lag(answer)
            if behind is not None:
                lag = behind if lag is None else max(lag, behind)
        if answer.peers is not None:
            peers = answer.peers if peers is None else max(peers, answer.peers)
    entry.latency, entry.height, entry.lag, entry.peers = latency, height, lag, peers


def took_over(entry: Entry, reading: NodeReading) -> None:
    """Somebody else polls it: their findings."""
    entry.state = reading.state
    entry.latency, entry.height, entry.lag, entry.peers = reading.latency, reading.height, reading.lag, reading.peers


def checked_at(entries: Iterable[Entry]) -> datetime | None:
    return max((each.state.checked_at for each in entries if each.state.checked_at is not None), default=None)
