"""What a signature on a covenant covers, and the record that is kept for ever.

Message: canonical ``aether/1/covenant`` (vault, record, node, its own name, kind, type, tier, 1 if an Elder else 0,
harmony in thousandths plus one or 0 if not measured, performer, UTC microseconds, note).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aether_desktop.domain.canonical import encode
from aether_desktop.domain.records import InvalidRecordError, require_text, require_zone
from aether_desktop.domain.temple import CovenantKind, NodeType, Tier, may_perform
from aether_desktop.domain.times import to_micros

PURPOSE: Final = "aether/1/covenant"  # of the hybrid signature
LONGEST_NOTE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Covenant:
    """One covenant operation; what it says of the node is how the node was then. Never changed, never deleted.

    ``key`` and ``signature`` are of the performer's hybrid signature; empty until it is signed, and in a vault without
    keys of people. Raises InvalidRecordError for a node that may not perform it.
    """

    id: int
    node_id: int
    node_name: str
    kind: CovenantKind
    node_type: NodeType
    elder: bool
    tier: Tier
    harmony: float | None
    performer_id: int
    performed_at: datetime
    note: str = ""
    key: bytes = b""
    signature: bytes = b""

    def __post_init__(self) -> None:
        require_zone("performed_at", self.performed_at)
        require_text("note", self.note, limit=LONGEST_NOTE, empty=True)
        problem = covenant_problem(self.kind, self.node_type, elder=self.elder)
        if problem:
            raise InvalidRecordError("kind", problem)

    def message(self, vault_id: int) -> bytes:
        """The bytes that are signed."""
        harmony = 0 if self.harmony is None else round(self.harmony * 1000) + 1
        return encode(
            PURPOSE,
            vault_id,
            self.id,
            self.node_id,
            self.node_name,
            self.kind.value,
            self.node_type.value,
            self.tier.value,
            int(self.elder),
            harmony,
            self.performer_id,
            to_micros(self.performed_at),
            self.note,
        )


def covenant_problem(kind: CovenantKind, node_type: NodeType, *, elder: bool) -> str:
    """Why a node may not perform it, in a plain sentence; empty if it may."""
    if may_perform(kind, node_type, elder):
        return ""
    if node_type is NodeType.CANDIDATE:
        return "A candidate performs no covenants; raise its thresholds to 3 in all and elevate it."
    if may_perform(kind, node_type, elder=True):
        return f"The {kind.display_name} is performed by Elders only: 24 * 0.99 or better for 7 days."
    return f"The {kind.display_name} is performed by nodes of type Aaronic or Zadokite; this one is a Levite."
