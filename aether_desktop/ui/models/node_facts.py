"""What a node's page shows, worked out of what was measured: bands, lines, shares. No Qt; for the read lane."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from aether_desktop.domain.covenants import Covenant
from aether_desktop.domain.harmony import Harmony
from aether_desktop.domain.latencies import LatencySketch
from aether_desktop.domain.node_samples import Period, RollUp, Sample
from aether_desktop.domain.probes import Probe
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.ports.monitoring import MonitoringStores, NodeReading
from aether_desktop.ports.storage import Storage

LOG_ROWS: Final = 200
_MICROS: Final = 1_000_000  # latencies are drawn in microseconds, as whole numbers


class Span(Enum):
    """How far back a page looks, and how fine."""

    DAY = ("24 h", timedelta(hours=24), Period.FIVE_MINUTES)
    WEEK = ("7 d", timedelta(days=7), Period.HOUR)
    QUARTER = ("90 d", timedelta(days=90), Period.DAY)

    def __init__(self, title: str, length: timedelta, period: Period) -> None:
        self.title, self.length, self.period = title, length, period


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``start`` to ``stop`` (POSIX seconds) the state was this; None: nobody was watching."""

    start: float
    stop: float
    status: NodeStatus | None


@dataclass(frozen=True, slots=True)
class Line:
    """Points of one plot line: (POSIX seconds, whole number or None where the data stop)."""

    name: str
    points: tuple[tuple[float, int | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeHistory:
    """One span of a node. ``latencies`` in microseconds; ``median`` in seconds; ``availability`` a share."""

    span: Span
    first: float
    last: float
    stretches: tuple[Stretch, ...] = field(default=(), repr=False)
    latencies: tuple[Line, ...] = field(default=(), repr=False)
    heights: tuple[Line, ...] = field(default=(), repr=False)
    availability: float | None = None
    median: float | None = None
    asked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """Everything of a node's page but what the board says."""

    node: TempleNode
    history: NodeHistory
    reading: NodeReading | None = None
    probes: tuple[Probe, ...] = ()
    log: tuple[Sample, ...] = ()
    harmony: Harmony | None = None
    covenants: tuple[Covenant, ...] = ()


def read_facts(storage: Storage, node_id: int, span: Span, *, now: datetime) -> NodeFacts:
    """Raises NotFoundError and the StorageError family. Worker threads only."""
    stores: MonitoringStores = storage.watching
    since = now - span.length
    log = stores.log
    probes = tuple(stores.probes.of_node(node_id))
    rolled = log.roll_ups(node_id, span.period, since=span.period.start_of(since), until=now)
    return NodeFacts(
        node=storage.temple_nodes.get(node_id),
        history=history(rolled, probes, span, now=now),
        reading=log.reading(node_id),
        probes=probes,
        log=tuple(log.samples(node_id, since=now - timedelta(hours=48), limit=LOG_ROWS)),
        harmony=next(iter(log.harmony(node_id)), None),
        covenants=tuple(stores.covenants.of_node(node_id, limit=LOG_ROWS)),
    )


def history(rolled: Sequence[RollUp], probes: Sequence[Probe], span: Span, *, now: datetime) -> NodeHistory:
    """Of the roll-ups of one node over a span, whatever their order."""
    last = now.timestamp()
    names = probe_names(probes)
    asked = sum(each.asked for each in rolled)
    whole = LatencySketch.merged(each.latencies for each in rolled)
    return NodeHistory(
        span=span,
        first=last - span.length.total_seconds(),
        last=last,
        stretches=tuple(_stretches(rolled, span.period, last)),
        latencies=_lines(rolled, names, span.period, _latency),
        heights=_lines(rolled, names, span.period, lambda each: each.highest_height),
        availability=sum(each.answered for each in rolled) / asked if asked else None,
        median=whole.quantile(0.5),
        asked=asked,
    )


def probe_names(probes: Sequence[Probe]) -> Mapping[int, str]:
    """How people tell a node's probes apart: by kind, and by the target where two are of one kind."""
    kinds = [probe.kind for probe in probes]
    return {
        probe.id: probe.kind if kinds.count(probe.kind) == 1 else f"{probe.kind} {probe.target}" for probe in probes
    }


def _latency(each: RollUp) -> int | None:
    median = each.latencies.quantile(0.5)
    return None if median is None else round(median * _MICROS)


def _stretches(rolled: Iterable[RollUp], period: Period, last: float) -> Iterable[Stretch]:
    """Each period in shares of the states met in it; a period without any sample is nobody's."""
    counts: dict[float, dict[NodeStatus, int]] = defaultdict(lambda: defaultdict(int))
    for each in rolled:
        for status, count in each.statuses.items():
            counts[each.start.timestamp()][status] += count
    length = period.length.total_seconds()
    for start in sorted(counts):
        stop, total, at = min(start + length, max(last, start + 1.0)), sum(counts[start].values()), start
        for status, count in sorted(counts[start].items(), key=lambda each: each[0].value):
            until = at + (stop - start) * count / total
            yield Stretch(at, until, status)
            at = until


def _lines(
    rolled: Sequence[RollUp], names: Mapping[int, str], period: Period, value: Callable[[RollUp], int | None]
) -> tuple[Line, ...]:
    """One a probe; a line stops where a period has no value."""
    length = period.length.total_seconds()
    by_probe: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for each in rolled:
        if (found := value(each)) is not None:
            by_probe[each.probe_id].append((each.start.timestamp(), found))
    lines = []
    for probe_id in sorted(by_probe):
        points: list[tuple[float, int | None]] = []
        before: float | None = None
        for start, found in sorted(by_probe[probe_id]):
            if before is not None and start - before > length * 1.5:
                points.append((before + length, None))
            points.append((start, found))
            before = start
        lines.append(Line(names.get(probe_id, "an earlier probe"), tuple(points)))
    return tuple(lines)
