"""Samples, roll-ups, states and transitions as rows, packed small: there are many of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Row

from aether_desktop.domain.harmony import Harmony
from aether_desktop.domain.latencies import LatencySketch
from aether_desktop.domain.node_grades import Grade
from aether_desktop.domain.node_samples import Period, RollUp, Sample
from aether_desktop.domain.node_states import NodeState, Transition
from aether_desktop.domain.probes import Probe, ProbeOutcome
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ports.errors import StorageError
from aether_desktop.ports.monitoring import NodeReading, NodeTransition
from aether_desktop.storage.columns import microseconds

# Their places are stored: only ever add to the ends.
_OUTCOMES: Final = (
    ProbeOutcome.ANSWERED,
    ProbeOutcome.WRONG,
    ProbeOutcome.REFUSED,
    ProbeOutcome.TIMED_OUT,
    ProbeOutcome.UNREADABLE,
    ProbeOutcome.TOO_LARGE,
    ProbeOutcome.UNSUPPORTED,
    ProbeOutcome.NOT_ASKED,
)
_GRADES: Final = (Grade.GOOD, Grade.POOR, Grade.BAD, Grade.NOTHING)
_STATUSES: Final = (
    NodeStatus.UP,
    NodeStatus.DEGRADED,
    NodeStatus.DOWN,
    NodeStatus.FLAPPING,
    NodeStatus.UNKNOWN,
    NodeStatus.CANDIDATE,
    NodeStatus.SILENCED,
    NodeStatus.RETIRED,
)
_AGREEMENTS: Final = (None, False, True)
_PERIODS: Final = (Period.FIVE_MINUTES, Period.HOUR, Period.DAY)
_FINE: Final = 10_000  # steps of a freshness
_MILLION: Final = 1_000_000
_MICROSECOND: Final = timedelta(microseconds=1)
_NO_LATENCIES: Final = LatencySketch()


def period_code(period: Period) -> int:
    """As it is stored."""
    return _PERIODS.index(period)


def sample_row(sample: Sample) -> dict[str, Any]:
    """Without the vault."""
    code = _AGREEMENTS.index(sample.agrees)
    code = code * len(_STATUSES) + _STATUSES.index(sample.status)
    code = code * len(_GRADES) + _GRADES.index(sample.grade)
    code = code * len(_OUTCOMES) + _OUTCOMES.index(sample.outcome)
    return {
        "node_id": sample.node_id,
        "at": microseconds(sample.at),
        "probe_id": sample.probe_id,
        "code": code,
        "latency_us": _us(sample.latency),
        "height": sample.height,
        "peers": sample.peers,
        "freshness": None if sample.freshness is None else round(sample.freshness * _FINE),
        "reason": sample.reason or None,
    }


def sample_of(row: Any) -> Sample:
    """A row of ``node_samples``, or what has its columns."""
    code, outcome = divmod(row.code, len(_OUTCOMES))
    code, grade = divmod(code, len(_GRADES))
    agrees, status = divmod(code, len(_STATUSES))
    return Sample(
        node_id=row.node_id,
        probe_id=row.probe_id,
        at=row.at,
        outcome=_OUTCOMES[outcome],
        grade=_GRADES[grade],
        status=_STATUSES[status],
        latency=None if row.latency_us is None else row.latency_us / _MILLION,
        height=row.height,
        peers=row.peers,
        freshness=None if row.freshness is None else row.freshness / _FINE,
        agrees=_AGREEMENTS[agrees],
        reason=row.reason or "",
    )


def roll_up_row(part: RollUp) -> dict[str, Any]:
    """Without the vault."""
    some = part.latencies.count > 0
    return {
        "node_id": part.node_id,
        "period": period_code(part.period),
        "starts_at": microseconds(part.start),
        "probe_id": part.probe_id,
        "samples": part.samples,
        "asked": part.asked,
        "answered": part.answered,
        "statuses": _counts_bytes(part.statuses),
        "latencies": part.latencies.encode(),
        "latency_least_us": _us(part.latencies.least) if some else None,
        "latency_greatest_us": _us(part.latencies.greatest) if some else None,
        "latency_total_us": _us(part.latencies.total) if some else None,
        "lowest_height": part.lowest_height,
        "highest_height": part.highest_height,
        "fresh": part.fresh,
        "freshness_sum": part.freshness_sum,
        "compared": part.compared,
        "matched": part.matched,
    }


def roll_up_of(row: Row[Any], *, latencies: bool = True) -> RollUp:
    """A row of ``node_roll_ups``; without its ``latencies``, most of the work, where nobody looks at them.

    Raises StorageError for packed counts that are damaged.
    """
    try:
        sketch = _NO_LATENCIES
        if latencies:
            sketch = LatencySketch.decode(
                bytes(row.latencies),
                least=(row.latency_least_us or 0) / _MILLION,
                greatest=(row.latency_greatest_us or 0) / _MILLION,
                total=(row.latency_total_us or 0) / _MILLION,
            )
        statuses = _counts_of(bytes(row.statuses))
    except ValueError as error:
        raise StorageError("A stored roll-up of a node cannot be read.", hint="Run: aether-desktop doctor") from error
    return RollUp(
        node_id=row.node_id,
        probe_id=row.probe_id,
        period=_PERIODS[row.period],
        start=row.starts_at,
        samples=row.samples,
        asked=row.asked,
        answered=row.answered,
        statuses=statuses,
        latencies=sketch,
        lowest_height=row.lowest_height,
        highest_height=row.highest_height,
        fresh=row.fresh,
        freshness_sum=row.freshness_sum,
        compared=row.compared,
        matched=row.matched,
    )


def reading_row(reading: NodeReading, fence: int) -> dict[str, Any]:
    """Without the vault."""
    state = reading.state
    return {
        "node_id": reading.node_id,
        "status": state.status,
        "observed": state.observed,
        "settled": state.settled,
        "why": state.why[:2000],
        "since": state.since,
        "outage_since": state.outage_since,
        "heard_at": state.heard_at,
        "checked_at": state.checked_at,
        "silenced_until": state.silenced_until,
        "latency_us": _us(reading.latency),
        "height": reading.height,
        "lag": reading.lag,
        "peers": reading.peers,
        "fence": fence,
    }


def reading_of(row: Row[Any]) -> NodeReading:
    """A row of ``node_states``."""
    state = NodeState(
        status=row.status,
        observed=row.observed,
        since=row.since,
        why=row.why,
        settled=row.settled,
        outage_since=row.outage_since,
        heard_at=row.heard_at,
        checked_at=row.checked_at,
        silenced_until=row.silenced_until,
        candidate=row.status is NodeStatus.CANDIDATE,
        retired=row.status is NodeStatus.RETIRED,
    )
    return NodeReading(
        node_id=row.node_id,
        state=state,
        latency=None if row.latency_us is None else row.latency_us / _MILLION,
        height=row.height,
        lag=row.lag,
        peers=row.peers,
    )


def transition_row(found: NodeTransition, row_id: int) -> dict[str, Any]:
    """Without the vault."""
    change = found.transition
    return {
        "id": row_id,
        "node_id": found.node_id,
        "at": change.at,
        "before": change.before,
        "after": change.after,
        "cause": change.cause,
        "why": change.why[:2000],
        "lasted_us": change.lasted // _MICROSECOND,
        "outage_us": None if change.outage is None else change.outage // _MICROSECOND,
    }


def transition_of(row: Row[Any]) -> NodeTransition:
    """A row of ``node_transitions``."""
    return NodeTransition(
        row.node_id,
        Transition(
            at=row.at,
            before=row.before,
            after=row.after,
            cause=row.cause,
            why=row.why,
            lasted=row.lasted_us * _MICROSECOND,
            outage=None if row.outage_us is None else row.outage_us * _MICROSECOND,
        ),
    )


def probe_row(probe: Probe) -> dict[str, Any]:
    """Without the vault."""
    return {
        "id": probe.id,
        "node_id": probe.node_id,
        "kind": probe.kind,
        "target": probe.target,
        "network": probe.network,
        "settings": dict(probe.settings),
        "interval_seconds": probe.interval,
        "timeout_ms": round(probe.timeout * 1000),
        "essential": probe.essential,
    }


def probe_of(row: Row[Any]) -> Probe:
    """A row of ``node_probes``."""
    return Probe(
        id=row.id,
        node_id=row.node_id,
        kind=row.kind,
        target=row.target,
        network=row.network,
        settings=row.settings,
        interval=row.interval_seconds,
        timeout=row.timeout_ms / 1000,
        essential=bool(row.essential),
    )


def harmony_row(harmony: Harmony) -> dict[str, Any]:
    """Without the vault."""
    names = ("node_id", "at", "asked", "answered", "fresh", "freshness_sum", "compared", "matched", "held_since")
    return {name: getattr(harmony, name) for name in names}


def harmony_of(row: Row[Any]) -> Harmony:
    """A row of ``node_harmony``."""
    return Harmony(
        node_id=row.node_id,
        at=row.at,
        asked=row.asked,
        answered=row.answered,
        fresh=row.fresh,
        freshness_sum=row.freshness_sum,
        compared=row.compared,
        matched=row.matched,
        held_since=row.held_since,
    )


def _us(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * _MILLION)


def _counts_bytes(counts: Mapping[NodeStatus, int]) -> bytes:
    """The same form as the buckets of latencies: steps between places, and counts."""
    places = sorted((_STATUSES.index(status), count) for status, count in counts.items() if count)
    return LatencySketch(buckets=tuple(places)).encode()


@lru_cache(maxsize=1024)  # there are few different ones
def _counts_of(data: bytes) -> Mapping[NodeStatus, int]:
    sketch = LatencySketch.decode(data, least=0.0, greatest=0.0, total=0.0)
    if any(place >= len(_STATUSES) for place, _ in sketch.buckets):
        raise ValueError("an unknown status")
    return MappingProxyType({_STATUSES[place]: count for place, count in sketch.buckets})
