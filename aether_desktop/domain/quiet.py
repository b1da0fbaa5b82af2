"""When nobody wants to be told: silences of a node or a tier until a time, and quiet hours of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aether_desktop.domain.records import InvalidRecordError, require_text, require_zone
from aether_desktop.domain.temple import Tier

LONGEST_SILENCE: Final = timedelta(days=366)
LONGEST_WHY: Final = 300
EVERY_DAY: Final = frozenset(range(7))  # Monday is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRecord:
    """A silence of one node or of one tier (of its owner's nodes). ``ended_at``: lifted before its time.

    Raises InvalidRecordError.
    """

    id: int
    owner_id: int
    node_id: int | None = None
    tier: Tier | None = None
    begins_at: datetime
    until: datetime
    why: str = ""
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        if (self.node_id is None) == (self.tier is None):
            raise InvalidRecordError("node_id", "A silence is of one node or of one tier.")
        require_zone("begins_at", self.begins_at)
        require_zone("until", self.until)
        if not timedelta(0) < self.until - self.begins_at <= LONGEST_SILENCE:
            raise InvalidRecordError("until", "A silence ends later than it begins, and within a year.")
        require_text("why", self.why, limit=LONGEST_WHY, empty=True)

    def holds(self, at: datetime) -> bool:
        """Whether it is in force."""
        return self.ended_at is None and self.begins_at <= at < self.until

    def covers(self, node_id: int, tier: Tier) -> bool:
        """Whether it is of this node, or of its tier."""
        return self.node_id == node_id or self.tier is tier


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From ``begin`` to ``end`` (over midnight where it ends earlier) on the ``days`` on which it begins, by the wall
    clock of ``zone`` (an IANA name). Equal times: the whole day. Raises InvalidRecordError.
    """

    begin: time
    end: time
    zone: str
    days: frozenset[int] = EVERY_DAY

    def __post_init__(self) -> None:
        if self.begin.tzinfo is not None or self.end.tzinfo is not None:
            raise InvalidRecordError("begin", "Quiet hours are times of the wall clock.")
        if not self.days <= EVERY_DAY:
            raise InvalidRecordError("days", "Days are counted from Monday, 0, to Sunday, 6.")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InvalidRecordError("zone", "This time zone is not known.") from error

    def are_now(self, at: datetime) -> bool:
        """By the local wall clock, whatever summer time does to it."""
        here = at.astimezone(ZoneInfo(self.zone))
        now, day = here.time().replace(tzinfo=None), here.weekday()
        if self.begin < self.end:
            return day in self.days and self.begin <= now < self.end
        return (day in self.days and now >= self.begin) or ((day - 1) % 7 in self.days and now < self.end)
