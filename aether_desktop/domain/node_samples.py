"""Measurements of nodes: raw samples, and roll-ups that merge: five minutes make hours, hours make days.

Sizes are bounded by how long each is kept (``KEPT``), whatever happens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from aether_desktop.domain.latencies import LatencySketch
from aether_desktop.domain.node_grades import Grade
from aether_desktop.domain.probes import ProbeOutcome
from aether_desktop.domain.temple_nodes import NodeStatus

RAW_KEPT: Final = timedelta(hours=48)
TRANSITIONS_KEPT: Final = timedelta(days=400)
MOST_TRANSITIONS: Final = 2000  # of one node: the latest
NOTICES_KEPT: Final = timedelta(days=400)
MOST_NOTICES: Final = 20_000  # of one vault: the latest
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Period(StrEnum):
    """How long a roll-up is; periods begin at whole multiples since 1970, UTC."""

    FIVE_MINUTES = "5m"
    HOUR = "1h"
    DAY = "1d"

    @property
    def length(self) -> timedelta:
        return _LENGTHS[self]

    @property
    def kept(self) -> timedelta:
        """How long roll-ups of this length are kept."""
        return KEPT[self]

    def start_of(self, at: datetime) -> datetime:
        """The beginning of the period that ``at`` lies in."""
        return at.astimezone(UTC) - (at - _BEGIN) % self.length


_LENGTHS: Final = MappingProxyType(
    {Period.FIVE_MINUTES: timedelta(minutes=5), Period.HOUR: timedelta(hours=1), Period.DAY: timedelta(days=1)}
)
KEPT: Final[Mapping[Period, timedelta]] = MappingProxyType(
    {Period.FIVE_MINUTES: timedelta(days=8), Period.HOUR: timedelta(days=92), Period.DAY: timedelta(days=1830)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One probe at one time. ``latency`` in seconds; ``freshness`` 0 to 1 beside the tier's best, None: not known;
    ``agrees`` with the tier's majority; ``status``: the node's, after it."""

    node_id: int
    probe_id: int
    at: datetime
    outcome: ProbeOutcome
    grade: Grade
    status: NodeStatus
    latency: float | None = None
    height: int | None = None
    peers: int | None = None
    freshness: float | None = None
    agrees: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """All samples of one probe in one period. ``statuses`` counts them by the node's status.

    ``asked`` are those that are evidence, ``answered`` those of them that were answered rightly. ``freshness_sum`` over
    ``fresh`` samples; ``matched`` of ``compared``. Latencies in seconds.
    """

    node_id: int
    probe_id: int
    period: Period
    start: datetime
    samples: int
    asked: int
    answered: int
    statuses: Mapping[NodeStatus, int]
    latencies: LatencySketch
    lowest_height: int | None = None
    highest_height: int | None = None
    fresh: int = 0
    freshness_sum: float = 0.0
    compared: int = 0
    matched: int = 0

    @property
    def availability(self) -> float | None:
        """The share of what was asked that was answered; None where nothing was asked."""
        return self.answered / self.asked if self.asked else None

    @property
    def freshness(self) -> float | None:
        """The mean."""
        return self.freshness_sum / self.fresh if self.fresh else None

    @property
    def agreement(self) -> float | None:
        """The share of what was compared that matched."""
        return self.matched / self.compared if self.compared else None


def roll_up(samples: Iterable[Sample], period: Period = Period.FIVE_MINUTES) -> list[RollUp]:
    """Raw samples by node, probe and period, in that order."""
    groups: dict[tuple[int, int, datetime], list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[sample.node_id, sample.probe_id, period.start_of(sample.at)].append(sample)
    return [_of_samples(*key, period, group) for key, group in sorted(groups.items())]


def merge(parts: Iterable[RollUp], period: Period) -> list[RollUp]:
    """Shorter (or equal) periods into longer ones, by node, probe and period."""
    groups: dict[tuple[int, int, datetime], list[RollUp]] = defaultdict(list)
    for part in parts:
        groups[part.node_id, part.probe_id, period.start_of(part.start)].append(part)
    return [_of_parts(*key, period, group) for key, group in sorted(groups.items())]


def _of_samples(node_id: int, probe_id: int, start: datetime, period: Period, samples: list[Sample]) -> RollUp:
    asked = [sample for sample in samples if sample.outcome.is_evidence]
    heights = [sample.height for sample in samples if sample.height is not None]
    fresh = [sample.freshness for sample in samples if sample.freshness is not None]
    compared = [sample.agrees for sample in samples if sample.agrees is not None]
    statuses: dict[NodeStatus, int] = defaultdict(int)
    for sample in samples:
        statuses[sample.status] += 1
    return RollUp(
        node_id=node_id,
        probe_id=probe_id,
        period=period,
        start=start,
        samples=len(samples),
        asked=len(asked),
        answered=sum(sample.outcome.is_answer for sample in asked),
        statuses=dict(statuses),
        latencies=LatencySketch.of(sample.latency for sample in asked if sample.latency is not None),
        lowest_height=min(heights, default=None),
        highest_height=max(heights, default=None),
        fresh=len(fresh),
        freshness_sum=sum(fresh),
        compared=len(compared),
        matched=sum(compared),
    )


def _of_parts(node_id: int, probe_id: int, start: datetime, period: Period, parts: list[RollUp]) -> RollUp:
    statuses: dict[NodeStatus, int] = defaultdict(int)
    for part in parts:
        for status, count in part.statuses.items():
            statuses[status] += count
    return RollUp(
        node_id=node_id,
        probe_id=probe_id,
        period=period,
        start=start,
        samples=sum(part.samples for part in parts),
        asked=sum(part.asked for part in parts),
        answered=sum(part.answered for part in parts),
        statuses=dict(statuses),
        latencies=LatencySketch.merged(part.latencies for part in parts),
        lowest_height=min((part.lowest_height for part in parts if part.lowest_height is not None), default=None),
        highest_height=max((part.highest_height for part in parts if part.highest_height is not None), default=None),
        fresh=sum(part.fresh for part in parts),
        freshness_sum=sum(part.freshness_sum for part in parts),
        compared=sum(part.compared for part in parts),
        matched=sum(part.matched for part in parts),
    )
