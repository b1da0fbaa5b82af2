"""Harmony as it came about, and who sits in the council of Elders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aether_desktop.domain.node_samples import RollUp
from aether_desktop.domain.temple import (
    COUNCIL_SEATS,
    ELDER_DAYS,
    MAX_HARMONY,
    harmony_score,
    is_elder_harmony,
)

HARMONY_WINDOW: Final = timedelta(hours=24)
ELDER_TIME: Final = timedelta(days=ELDER_DAYS)
HARMONY_KEPT: Final = timedelta(days=32)  # hourly explanations


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmony:
    """The score of one node at one time with all it was made of: the last 24 hours.

    ``score`` None: one of the three shares was not measured. ``held_since``: since when every score has been an Elder's
    without a break; None while it is not one.
    """

    node_id: int
    at: datetime
    asked: int
    answered: int
    fresh: int
    freshness_sum: float
    compared: int
    matched: int
    held_since: datetime | None = None

    @property
    def availability(self) -> float | None:
        """The share of probes answered."""
        return self.answered / self.asked if self.asked else None

    @property
    def freshness(self) -> float | None:
        """How close its head block or pinset was to its tier's best, on average."""
        return min(1.0, self.freshness_sum / self.fresh) if self.fresh else None

    @property
    def agreement(self) -> float | None:
        """The share of checks whose answer matched its tier's majority."""
        return self.matched / self.compared if self.compared else None

    @property
    def score(self) -> float | None:
        """0 to 24."""
        shares = (self.availability, self.freshness, self.agreement)
        if shares[0] is None or shares[1] is None or shares[2] is None:
            return None
        return harmony_score(shares[0], shares[1], shares[2])

    @property
    def explanation(self) -> str:
        """In plain words, with every number that went in."""
        parts = [
            _share("availability", self.availability, f"{self.answered:,} of {self.asked:,} probes answered"),
            _share("freshness", self.freshness, f"{self.fresh:,} heads compared with the tier's best"),
            _share("agreement", self.agreement, f"{self.matched:,} of {self.compared:,} checks as the majority"),
        ]
        score = self.score
        if score is None:
            return f"Not measured: {'; '.join(parts)} in the last 24 hours."
        return f"{score:.2f} = {MAX_HARMONY:g} * " + " * ".join(parts) + ", over the last 24 hours."


def _share(name: str, share: float | None, told: str) -> str:
    return f"{name} unknown ({told})" if share is None else f"{name} {share:.4f} ({told})"


def measured_harmony(node_id: int, at: datetime, parts: Iterable[RollUp], *, before: Harmony | None = None) -> Harmony:
    """From the roll-ups of the last 24 hours (which are the caller's to choose) and the score before this one.

    Held on only by a score that follows the one before within 24 hours: then no moment was left unmeasured.
    """
    parts = list(parts)
    bare = Harmony(
        node_id=node_id,
        at=at,
        asked=sum(part.asked for part in parts),
        answered=sum(part.answered for part in parts),
        fresh=sum(part.fresh for part in parts),
        freshness_sum=sum(part.freshness_sum for part in parts),
        compared=sum(part.compared for part in parts),
        matched=sum(part.matched for part in parts),
    )
    if bare.score is None or not is_elder_harmony(bare.score):
        return bare
    since = at
    if before is not None and before.held_since is not None and timedelta(0) <= at - before.at <= HARMONY_WINDOW:
        since = before.held_since
    return Harmony(
        node_id=node_id,
        at=at,
        asked=bare.asked,
        answered=bare.answered,
        fresh=bare.fresh,
        freshness_sum=bare.freshness_sum,
        compared=bare.compared,
        matched=bare.matched,
        held_since=since,
    )


def may_be_elder(harmony: Harmony) -> bool:
    """Whether it held an Elder's score for seven days, up to its latest score."""
    return harmony.held_since is not None and harmony.at - harmony.held_since >= ELDER_TIME


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in the council, 1 to 24."""

    number: int
    node_id: int
    since: datetime


def council(latest: Sequence[Harmony], sitting: Sequence[Seat], *, at: datetime) -> list[Seat]:
    """The council after looking at every node's latest score: whoever sits and still may, stays; free seats go to
    those who held their score longest (then the better score, then the smaller id).

    A node whose latest score is older than 24 hours is unknown, and unknown is no Elder.
    """
    worthy = {each.node_id: each for each in latest if may_be_elder(each) and at - each.at <= HARMONY_WINDOW}
    staying = [seat for seat in sitting if seat.node_id in worthy][:COUNCIL_SEATS]
    seated = {seat.node_id for seat in staying}
    free = sorted(set(range(1, COUNCIL_SEATS + 1)) - {seat.number for seat in staying})
    waiting = sorted(
        (each for node_id, each in worthy.items() if node_id not in seated),
        key=lambda each: (each.held_since, -(each.score or 0.0), each.node_id),
    )
    coming = [Seat(number, each.node_id, at) for number, each in zip(free, waiting, strict=False)]
    return sorted([*staying, *coming], key=lambda seat: seat.number)
