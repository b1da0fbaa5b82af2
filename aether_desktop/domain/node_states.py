"""The state of a node as an explicit machine: events and two clocks in, states and transitions out. Pure.

Steady changes only: a node is down after ``down_after`` failed rounds in a row, up again after ``up_after`` good ones.
Whoever changes too often is flapping. What is not heard is unknown, never up. Ticks are seconds of a clock that never
jumps (monotonic); the wall clock only says when.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, TypeAlias

from aether_desktop.domain.node_grades import Grade, Verdict
from aether_desktop.domain.temple_nodes import NodeStatus

UP, DEGRADED, DOWN = NodeStatus.UP, NodeStatus.DEGRADED, NodeStatus.DOWN
UNKNOWN, FLAPPING = NodeStatus.UNKNOWN, NodeStatus.FLAPPING
OBSERVED: Final = frozenset({UP, DEGRADED, DOWN, UNKNOWN, FLAPPING})
SETTLED: Final = frozenset({UP, DEGRADED, DOWN})


@dataclass(frozen=True, slots=True)
class Moment:
    """Now by both clocks: ``wall`` zone-aware, ``ticks`` in seconds since nobody knows when."""

    wall: datetime
    ticks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRules:
    """Rounds in a row, and seconds."""

    up_after: int = 2
    degraded_after: int = 2
    down_after: int = 3
    stale_after: float = 150.0
    """Without evidence for so long a node is unknown. The engine gives three intervals and a timeout."""
    flap_changes: int = 4  # settled changes within flap_window
    flap_window: float = 1800.0
    flap_span: int = 20  # rounds that are looked at
    flap_turns: int = 10  # turns between good and not good among them
    calm_turns: int = 4
    calm_after: float = 900.0  # without a settled change


class Cause(StrEnum):
    """What made a transition."""

    MEASURED = "measured"
    STALE = "stale"
    GAP = "gap"
    SILENCE = "silence"
    SILENCE_ENDED = "silence_ended"
    CONFIGURED = "configured"
    RETIRED = "retired"
    REINSTATED = "reinstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """Everything the machine knows. ``status`` is what people see; ``observed`` what it would be without silence.

    ``settled`` is the last steady finding, kept through unknown and flapping. ``outage_since``: since when it has not
    been up, by the wall clock. Fields of ticks are of this run of the program only.
    """

    status: NodeStatus
    observed: NodeStatus
    since: datetime
    why: str = ""
    settled: NodeStatus | None = None
    outage_since: datetime | None = None
    heard_at: datetime | None = None
    checked_at: datetime | None = None
    silenced_until: datetime | None = None
    candidate: bool = False
    retired: bool = False
    evidence_ticks: float | None = None
    grades: tuple[Grade, ...] = ()
    turned_ticks: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """``status`` changed. ``lasted``: how long it had been ``before``. ``outage``: of a node that is up again, how long
    it was not; None otherwise."""

    at: datetime
    before: NodeStatus
    after: NodeStatus
    cause: Cause
    why: str
    lasted: timedelta
    outage: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What an event made of a state."""

    state: NodeState
    transition: Transition | None = None


# -- events ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measured:
    """A round of the node's probes ended."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Gap:
    """The monitor itself was not watching: it slept, fell behind, or was not running."""

    why: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Until ``until`` nobody wants to hear of it; None ends the silence."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Configured:
    """Whether it is a candidate, and whether it is retired, as its record says."""

    candidate: bool
    retired: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""


NodeEvent: TypeAlias = Measured | Gap | Silence | Configured | Tick


def first_state(at: Moment, *, candidate: bool = False, retired: bool = False) -> NodeState:
    """Of a node that was never measured."""
    state = NodeState(
        status=UNKNOWN,
        observed=UNKNOWN,
        since=at.wall,
        why="Not measured yet.",
        candidate=candidate,
        retired=retired,
    )
    return replace(state, status=shown(state))


def shown(state: NodeState) -> NodeStatus:
    """What people see: retired, candidate and silenced hide what was observed."""
    if state.retired:
        return NodeStatus.RETIRED
    if state.candidate:
        return NodeStatus.CANDIDATE
    return NodeStatus.SILENCED if state.silenced_until is not None else state.observed


def step(state: NodeState, event: NodeEvent, at: Moment, rules: StateRules) -> Step:
    """One event. A retired node hears only that it is configured anew. A clock that was put back makes nothing stale,
    no duration negative."""
    if isinstance(event, Configured):
        after, cause = _configured(state, event)
    elif state.retired:
        return Step(state)
    elif isinstance(event, Measured):
        after, cause = _measured(state, event.verdict, at, rules), Cause.MEASURED
    elif isinstance(event, Gap):
        after, cause = _forgotten(state, event.why), Cause.GAP
    elif isinstance(event, Silence):
        after = replace(state, silenced_until=event.until)
        cause = Cause.SILENCE_ENDED if event.until is None else Cause.SILENCE
    else:
        after, cause = _aged(state, at, rules)
    if after.silenced_until is not None and after.silenced_until <= at.wall:
        after, cause = replace(after, silenced_until=None), Cause.SILENCE_ENDED
    return _stepped(state, after, cause, at)


def resumed(state: NodeState, at: Moment) -> Step:
    """A state that was stored: nothing is known until it is measured again."""
    last = state.checked_at
    told = "No data yet since the monitor started." if last is None else f"No data since {last:%Y-%m-%d %H:%M} UTC."
    clean = replace(state, evidence_ticks=None, grades=(), turned_ticks=())
    return Step(clean) if clean.retired else step(clean, Gap(told), at, StateRules())


def _stepped(before: NodeState, after: NodeState, cause: Cause, at: Moment) -> Step:
    outage = None
    if after.observed is UP and after.outage_since is not None:
        outage = max(timedelta(0), at.wall - after.outage_since)
        after = replace(after, outage_since=None)
    status = shown(after)
    if status is before.status:
        return Step(after)
    transition = Transition(
        at=at.wall,
        before=before.status,
        after=status,
        cause=cause,
        why=after.why,
        lasted=max(timedelta(0), at.wall - before.since),
        outage=outage,
    )
    return Step(replace(after, status=status, since=at.wall), transition)


def _configured(state: NodeState, event: Configured) -> tuple[NodeState, Cause]:
    cause = Cause.CONFIGURED
    if event.retired != state.retired:
        cause = Cause.RETIRED if event.retired else Cause.REINSTATED
        state = replace(_forgotten(state, "Not measured yet."), settled=None, outage_since=None, silenced_until=None)
    return replace(state, candidate=event.candidate, retired=event.retired), cause


def _forgotten(state: NodeState, why: str) -> NodeState:
    return replace(state, observed=UNKNOWN, why=why, evidence_ticks=None, grades=(), turned_ticks=())


def _aged(state: NodeState, at: Moment, rules: StateRules) -> tuple[NodeState, Cause]:
    if state.observed is UNKNOWN or state.evidence_ticks is None:
        return state, Cause.STALE
    if at.ticks - state.evidence_ticks <= rules.stale_after:
        return state, Cause.STALE
    told = "" if state.heard_at is None else f" since {state.heard_at:%Y-%m-%d %H:%M} UTC"
    return _forgotten(state, f"Nothing was learnt of it{told}."), Cause.STALE


def _measured(state: NodeState, verdict: Verdict, at: Moment, rules: StateRules) -> NodeState:
    heard = at.wall if verdict.heard else state.heard_at
    if verdict.grade is Grade.NOTHING:
        aged, _ = _aged(state, at, rules)
        if aged.observed is UNKNOWN:
            aged = replace(aged, why=verdict.why or aged.why)
        return replace(aged, heard_at=heard, checked_at=at.wall)
    grades = (*state.grades, verdict.grade)[-rules.flap_span :]
    settled, outage = _settled(state.settled, grades, rules), state.outage_since
    turned = tuple([ticks for ticks in state.turned_ticks if at.ticks - ticks <= rules.flap_window])
    if settled is not state.settled:
        if state.settled is not None:
            turned = (*turned, at.ticks)
        outage = outage or (None if settled is UP else at.wall)
    observed = _observed(state.observed, settled, grades, turned, at=at, rules=rules)
    if state.observed is FLAPPING and observed is not FLAPPING:
        turned = ()
    why = verdict.why or state.why
    if observed is UP:
        why = verdict.why  # one bad round of a node that is up is worth saying, too
    elif observed is FLAPPING:
        why = f"It keeps changing. {verdict.why}".strip()
    elif verdict.grade is Grade.GOOD:
        why = state.why
    return replace(
        state,
        observed=observed,
        why=why,
        settled=settled,
        outage_since=outage,
        heard_at=heard,
        checked_at=at.wall,
        evidence_ticks=at.ticks,
        grades=grades,
        turned_ticks=turned,
    )


def _settled(settled: NodeStatus | None, grades: tuple[Grade, ...], rules: StateRules) -> NodeStatus | None:
    last = grades[-1]
    if last is Grade.BAD and _lasts(grades, rules.down_after, (Grade.BAD,)):
        return DOWN
    if settled is None:
        return {Grade.GOOD: UP, Grade.POOR: DEGRADED}.get(last)
    if last is Grade.POOR:
        needed = rules.up_after if settled is DOWN else rules.degraded_after
        sort = (Grade.POOR, Grade.GOOD) if settled is DOWN else (Grade.POOR, Grade.BAD)
        return DEGRADED if _lasts(grades, needed, sort) else settled
    if last is Grade.GOOD and settled is not UP and _lasts(grades, rules.up_after, (Grade.GOOD,)):
        return UP
    return settled


def _observed(
    before: NodeStatus,
    settled: NodeStatus | None,
    grades: tuple[Grade, ...],
    turned: tuple[float, ...],
    *,
    at: Moment,
    rules: StateRules,
) -> NodeStatus:
    turns = _turns(grades)
    if before is FLAPPING:
        calm = not turned or at.ticks - turned[-1] >= rules.calm_after
        return (settled or UNKNOWN) if calm and turns <= rules.calm_turns else FLAPPING
    if len(turned) >= rules.flap_changes or turns >= rules.flap_turns:
        return FLAPPING
    if before is UNKNOWN and settled is not None:
        matches = {UP: Grade.GOOD, DEGRADED: Grade.POOR, DOWN: Grade.BAD}[settled]
        if grades[-1] is not matches:  # after a gap what was known last must be confirmed or replaced
            return UNKNOWN
    return settled or UNKNOWN


def _turns(grades: tuple[Grade, ...]) -> int:
    """Between good and not good."""
    if grades.count(Grade.GOOD) in (0, len(grades)):
        return 0
    return sum((one is Grade.GOOD) != (other is Grade.GOOD) for one, other in pairwise(grades))


def _lasts(grades: tuple[Grade, ...], needed: int, sort: tuple[Grade, ...]) -> bool:
    """Whether the last ``needed`` are all of that sort."""
    return len(grades) >= needed and all(grade in sort for grade in grades[-needed:])
