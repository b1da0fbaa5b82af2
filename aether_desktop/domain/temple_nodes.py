"""Temple nodes: configuration of the nodes that serve a tier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aether_desktop.domain.records import InvalidRecordError, Record, require_text
from aether_desktop.domain.temple import (
    MAX_HARMONY,
    MAX_THRESHOLD,
    CovenantKind,
    NodeType,
    Tier,
    may_elevate,
    may_serve,
    node_type,
)


class NodeStatus(StrEnum):
    CANDIDATE = "candidate"
    UNKNOWN = "unknown"
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    FLAPPING = "flapping"
    SILENCED = "silenced"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class TempleNode(Record):
    """``node_id`` is the operator's own name for the node; the type follows from the three thresholds.

    ``held`` is the type it has risen to, None for a new node, which has what its thresholds make. With higher
    thresholds it may be elevated, one type at a time; with lower ones it falls at once. ``harmony`` is measured, 0 to
    24, None until measured. Raises InvalidRecordError when the type may not serve ``tier``.
    """

    node_id: str
    tier: Tier
    storage_threshold: int = 0
    compute_threshold: int = 0
    abundance_threshold: int = 0
    harmony: float | None = None
    elder: bool = False
    covenants: tuple[CovenantKind, ...] = ()
    status: NodeStatus = NodeStatus.UNKNOWN
    configuration: Mapping[str, object] = field(default_factory=dict)
    held: NodeType | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        require_text("node_id", self.node_id, limit=200)
        for name in ("storage_threshold", "compute_threshold", "abundance_threshold"):
            if not 0 <= getattr(self, name) <= MAX_THRESHOLD:
                raise InvalidRecordError(name, f"A threshold lies between 0 and {MAX_THRESHOLD}.")
        if self.harmony is not None and not 0.0 <= self.harmony <= MAX_HARMONY:
            raise InvalidRecordError("harmony", f"The harmony score lies between 0 and {MAX_HARMONY:g}.")
        if self.type is not NodeType.CANDIDATE and not may_serve(self.type, self.tier):
            raise InvalidRecordError(
                "tier",
                f"A {self.type.value} node may not serve this tier; {self._way_up} or choose a lower tier.",
            )

    @property
    def type(self) -> NodeType:
        """The specialised type: a candidate serves nothing yet."""
        if self.held is None or self.held.needed_sum > self.reached.needed_sum:
            return self.reached
        return self.held

    @property
    def reached(self) -> NodeType:
        """What its thresholds allow at most."""
        return node_type(self.storage_threshold, self.compute_threshold, self.abundance_threshold)

    @property
    def elevation(self) -> NodeType | None:
        """The type it can be elevated to now; None where its thresholds do not allow one, or it is retired."""
        thresholds = (self.storage_threshold, self.compute_threshold, self.abundance_threshold)
        return self.type.next if self.status is not NodeStatus.RETIRED and may_elevate(self.type, thresholds) else None

    @property
    def _way_up(self) -> str:
        return "raise its thresholds" if self.type is self.reached else "elevate it first"
