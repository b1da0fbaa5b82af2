"""Where nodes stand on the map: one golden-angle spiral, the highest tier in the middle, a free ring between tiers.

No Qt; any thread. Linear in the nodes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from aether_desktop.domain.temple import GOLDEN_ANGLE, Tier
from aether_desktop.domain.temple_nodes import NodeStatus

INWARD = tuple(Tier)[::-1]  # from the middle out
_LEAST_AREA = 2.5  # places that a tier's disc has at least, so that its name has an arc to stand on
_MOST_FREE = 0.45  # of the radius may go to the rings between tiers
_LARGEST, _SMALLEST = 11.0, 1.6  # radius of a mark in logical pixels, whatever the room
_FILLED = 0.62  # of half the distance between neighbours
_QUIETEST = 0.5  # the share of the largest mark that a node without throughput has


@dataclass(frozen=True, slots=True)
class MapNode:
    """One node, by what the map shows of it. ``throughput`` is in any unit that all share; None is not known."""

    key: int
    name: str
    tier: Tier
    status: NodeStatus = NodeStatus.UNKNOWN
    stale: bool = False
    throughput: float | None = None


@dataclass(frozen=True, slots=True)
class Ring:
    """The outer edge of a tier and the box of its name (left, top, width, height), empty where there is no room."""

    tier: Tier
    count: int
    radius: float
    label: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class MapLayout:
    """Places in the order of the nodes, in logical pixels from the widget's corner; ``radii`` of their marks."""

    centre: tuple[float, float]
    places: tuple[tuple[float, float], ...] = field(repr=False)
    radii: tuple[float, ...] = field(repr=False)
    rings: tuple[Ring, ...]
    reach: float
    """Half the distance between neighbours: no mark, and nothing drawn round it, may be larger."""


def lay_out(
    nodes: Sequence[MapNode], *, width: float, height: float, labels: dict[Tier, tuple[float, float]]
) -> MapLayout:
    """``labels`` are the sizes of the tiers' names in pixels. Nodes are in an order that stays: a node keeps its
    direction from the middle as others are added behind it."""
    radius = max(min(width, height) / 2 - 2, 1.0)
    centre = width / 2, height / 2
    counted = Counter(node.tier for node in nodes)
    counts = [counted[tier] for tier in INWARD]
    outside = max((size[1] for size in labels.values()), default=0.0) + 8.0
    named = radius > 6 * outside
    usable = radius - (outside if named else 2.0)
    unit, starts = _fit(counts, usable, labels if named else {})
    places = _places(nodes, centre, unit, starts)
    reach = unit * 0.85
    return MapLayout(
        centre=centre,
        places=places,
        radii=_radii(nodes, reach),
        rings=tuple(
            _ring(
                tier,
                count,
                edge=_edge(starts[at], count, unit),
                centre=centre,
                label=labels.get(tier) if named else None,
            )
            for at, (tier, count) in enumerate(zip(INWARD, counts, strict=True))
            if count
        ),
        reach=reach,
    )


def nearest(layout: MapLayout, x: float, y: float) -> int | None:
    """The position of the node at a point: the nearest one, where it is near."""
    best, at = max(layout.reach, 6.0) ** 2, None
    for position, (node_x, node_y) in enumerate(layout.places):
        distance = (node_x - x) ** 2 + (node_y - y) ** 2
        if distance <= best:
            best, at = distance, position
    return at


def towards(layout: MapLayout, start: int, dx: int, dy: int) -> int:
    """The next node in a direction, by a key: near, and not too far to the side; ``start`` where there is none."""
    from_x, from_y = layout.places[start]
    best, at = math.inf, start
    for position, (x, y) in enumerate(layout.places):
        ahead = (x - from_x) * dx + (y - from_y) * dy
        aside = abs((x - from_x) * dy + (y - from_y) * dx)
        if ahead > 0.5 and aside <= ahead * 1.5 and (cost := ahead + 2.0 * aside) < best:
            best, at = cost, position
    return at


def _fit(counts: Sequence[int], usable: float, labels: dict[Tier, tuple[float, float]]) -> tuple[float, list[float]]:
    """Pixels of one unit of the spiral, and where each tier begins, in pixels from the middle."""
    unit = usable / math.sqrt(max(sum(max(count, _LEAST_AREA) for count in counts if count), 1.0))
    starts: list[float] = []
    for _round in range(12):
        starts, end = _starts(counts, unit, usable, labels)
        if end <= usable:
            break
        unit *= max(0.5, 1 - (end - usable) / usable) * 0.995
    return unit, starts


def _starts(
    counts: Sequence[int], unit: float, usable: float, labels: dict[Tier, tuple[float, float]]
) -> tuple[list[float], float]:
    starts, edge = [], 0.0
    before: Tier | None = None
    for tier, count in zip(INWARD, counts, strict=True):
        if count and before is not None:  # the name of the tier inside stands in the gap, its corners clear of both
            wide, high = labels.get(before, (0.0, 0.0))
            corner = math.hypot(edge + high + 8.0, wide / 2) if wide else edge + 6.0
            edge = min(max(corner, edge + 0.35 * unit), edge + usable * _MOST_FREE / 2)
        starts.append(edge)
        if count:
            edge = _edge(edge, count, unit)
            before = tier
    return starts, edge


def _places(
    nodes: Sequence[MapNode], centre: tuple[float, float], unit: float, starts: Sequence[float]
) -> tuple[tuple[float, float], ...]:
    area, (middle_x, middle_y) = unit**2, centre
    begun = {tier: start**2 + 0.5 * area for tier, start in zip(INWARD, starts, strict=True)}
    number = dict.fromkeys(INWARD, 0)
    sqrt, cos, sin = math.sqrt, math.cos, math.sin
    found = []
    for node in nodes:
        tier = node.tier
        count = number[tier]
        number[tier] = count + 1
        away, turn = sqrt(begun[tier] + count * area), count * GOLDEN_ANGLE
        found.append((middle_x + away * cos(turn), middle_y + away * sin(turn)))
    return tuple(found)


def _radii(nodes: Sequence[MapNode], reach: float) -> tuple[float, ...]:
    """Area by throughput, against the busiest; within what neighbours leave."""
    largest = max(_SMALLEST, min(_LARGEST, reach * _FILLED))
    busiest = max((node.throughput or 0.0 for node in nodes), default=0.0)
    if busiest <= 0.0:
        return (largest * 0.75,) * len(nodes)
    least = _QUIETEST * largest
    return tuple(
        max(_SMALLEST, least + (largest - least) * math.sqrt(min(max((node.throughput or 0.0) / busiest, 0.0), 1.0)))
        for node in nodes
    )


def _edge(start: float, count: int, unit: float) -> float:
    """Where a tier ends that begins at ``start``, both in pixels from the middle."""
    return math.sqrt(start**2 + max(count, _LEAST_AREA) * unit**2) + 0.4 * unit


def _ring(
    tier: Tier, count: int, *, edge: float, centre: tuple[float, float], label: tuple[float, float] | None
) -> Ring:
    if label is None:
        return Ring(tier, count, edge, None)
    wide, high = label
    return Ring(tier, count, edge, (centre[0] - wide / 2, centre[1] - edge - high - 3.0, wide, high))
