"""What people are told about nodes, and what became of it: the notification history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from aether_desktop.domain.records import InvalidRecordError, require_text, require_zone
from aether_desktop.domain.temple import Tier

MOST_NODES: Final = 1000  # named by one notice


class NoticeKind(StrEnum):
    """What it is about."""

    PROBLEM = "problem"  # down, degraded
    RECOVERY = "recovery"
    FLAPPING = "flapping"
    UNKNOWN = "unknown"
    TIER = "tier"  # a tier failed as a whole
    MONITOR = "monitor"  # about the monitor itself


class NoticeFate(StrEnum):
    """What became of it."""

    SHOWN = "shown"
    QUIET = "quiet"  # quiet hours, or muted
    FAILED = "failed"  # no notification service, or it refused
    HISTORY = "history"  # for the history only


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Plain text. ``node_ids`` it is about, several when grouped; ``lasted``: seconds of the outage, for recoveries.

    Raises InvalidRecordError.
    """

    id: int
    owner_id: int
    at: datetime
    kind: NoticeKind
    title: str
    body: str = ""
    node_ids: tuple[int, ...] = ()
    tier: Tier | None = None
    lasted: float | None = None
    fate: NoticeFate = NoticeFate.HISTORY
    read_at: datetime | None = None

    def __post_init__(self) -> None:
        require_zone("at", self.at)
        require_text("title", self.title, limit=200)
        require_text("body", self.body, limit=2000, empty=True)
        if len(self.node_ids) > MOST_NODES:
            raise InvalidRecordError("node_ids", f"At most {MOST_NODES} nodes are named by one notice.")
