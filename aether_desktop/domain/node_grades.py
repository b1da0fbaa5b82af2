"""What the answers of a node's probes are worth, beside what the other nodes of its tier say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from aether_desktop.domain.probes import Probe, ProbeAnswer, ProbeOutcome

FULL_LAG: Final = 2  # blocks behind the best that still count as fresh: heads spread through a network
LOST_LAG: Final = 64  # blocks behind at which nothing of the freshness is left
LIE_SPAN: Final = 1000  # blocks by which the best may be ahead of most of the tier: farther ahead is not believed
DEGRADED_LAG: Final = 10
SLOW: Final = 5.0  # seconds
CERTIFICATE_DAYS: Final = 14


class Grade(StrEnum):
    """One round of a node's probes in a word."""

    GOOD = "good"
    POOR = "poor"
    BAD = "bad"
    NOTHING = "nothing"  # no evidence: neither good nor bad


@dataclass(frozen=True, slots=True)
class Verdict:
    """``why`` is a plain sentence, empty when all is well; ``heard``: the node said something, be it wrong."""

    grade: Grade
    why: str = ""
    heard: bool = False


@dataclass(frozen=True, slots=True)
class TierView:
    """What a tier's nodes say together.

    ``claims`` by subject (what stands before the "=", such as a block's number): what more than half of those that say
    anything of that subject say.
    """

    best_height: int | None = None
    best_pins: int | None = None
    claims: Mapping[str, str] = field(default_factory=dict)

    def freshness(self, answer: ProbeAnswer) -> float | None:
        """How close to the tier's best, 0 to 1; None where the answer names neither a head block nor a pinset."""
        if answer.height is not None and self.best_height is not None:
            lag = max(0, self.best_height - answer.height)
            return min(1.0, max(0.0, (LOST_LAG - lag) / (LOST_LAG - FULL_LAG)))
        if answer.pins is not None and self.best_pins is not None:
            return 1.0 if self.best_pins == 0 else min(1.0, answer.pins / self.best_pins)
        return None

    def agrees(self, answer: ProbeAnswer) -> bool | None:
        """Whether it claims what the majority claims; None where there is no majority or no claim."""
        if answer.outcome is ProbeOutcome.WRONG:
            return False  # another chain, status or body than the one that was expected
        claim = self.claims.get(claim_subject(answer.claim))
        return answer.claim == claim if answer.claim and claim else None

    def lag(self, answer: ProbeAnswer) -> int | None:
        """Blocks behind the tier's best."""
        if answer.height is None or self.best_height is None:
            return None
        return max(0, self.best_height - answer.height)


def claim_subject(claim: str) -> str:
    """What the claim is about: nodes that speak of different blocks neither agree nor disagree."""
    return claim.partition("=")[0]


def tier_view(answers: Iterable[ProbeAnswer]) -> TierView:
    """The latest answers of one tier and one network, one for each node.

    The best is the highest that more than half of the nodes nearly reach: one liar moves it by LIE_SPAN at most.
    """
    right = [answer for answer in answers if answer.outcome is ProbeOutcome.ANSWERED]
    votes: dict[str, Counter[str]] = {}
    for answer in right:
        if answer.claim:
            votes.setdefault(claim_subject(answer.claim), Counter())[answer.claim] += 1
    leading = {subject: counts.most_common(1)[0] for subject, counts in votes.items()}
    return TierView(
        best_height=_best([answer.height for answer in right if answer.height is not None], LIE_SPAN),
        best_pins=_best([answer.pins for answer in right if answer.pins is not None], LIE_SPAN),
        claims={subject: claim for subject, (claim, count) in leading.items() if 2 * count > votes[subject].total()},
    )


def _best(values: Sequence[int], span: int) -> int | None:
    if not values:
        return None
    falling = sorted(values, reverse=True)
    most_reach = falling[len(falling) // 2]
    return next(value for value in falling if value <= most_reach + span)


def verdict(probe: Probe, answer: ProbeAnswer, tier: TierView, *, now: datetime) -> Verdict:
    """One probe's answer; ``now`` by the wall clock, for certificates."""
    if not answer.outcome.is_evidence:
        return Verdict(Grade.NOTHING, answer.reason or "The endpoint does not offer what was asked.")
    heard = answer.outcome is ProbeOutcome.ANSWERED or answer.outcome is ProbeOutcome.WRONG
    if answer.outcome is not ProbeOutcome.ANSWERED:
        return Verdict(Grade.BAD, answer.reason or _FAILED[answer.outcome], heard)
    amiss = _amiss(probe, answer, tier, now)
    return Verdict(Grade.POOR if amiss else Grade.GOOD, amiss, heard)


def together(verdicts: Sequence[tuple[Probe, Verdict]]) -> Verdict:
    """One verdict of a node's probes: the worst; a probe that is not essential can only degrade."""
    if not verdicts:
        return Verdict(Grade.NOTHING, "The node has no probes.")
    if len(verdicts) == 1:
        probe, only = verdicts[0]
        softer = only.grade is Grade.BAD and not probe.essential
        return Verdict(Grade.POOR, only.why, only.heard) if softer else only
    heard = any(each.heard for _, each in verdicts)
    softened = [
        (Grade.POOR if each.grade is Grade.BAD and not probe.essential else each.grade, each.why)
        for probe, each in verdicts
    ]
    for grade in (Grade.BAD, Grade.POOR, Grade.GOOD):
        found = [why for each, why in softened if each is grade]
        if found:
            return Verdict(grade, " ".join(dict.fromkeys(why for why in found if why)), heard)
    return Verdict(Grade.NOTHING, softened[0][1], heard)


def _amiss(probe: Probe, answer: ProbeAnswer, tier: TierView, now: datetime) -> str:
    if answer.poor:
        return answer.reason or "It answers, but something is amiss."
    if answer.syncing:
        return "It is still syncing."
    lag = tier.lag(answer)
    if lag is not None and lag > DEGRADED_LAG:
        return f"Its head is {lag:,} blocks behind the best of its tier."
    if tier.agrees(answer) is False:
        return "It disagrees with the majority of its tier."
    if answer.expires_at is not None:
        days = probe.settings.get("warn_days", CERTIFICATE_DAYS)
        left = answer.expires_at - now
        if left <= timedelta(days=days if isinstance(days, int) else CERTIFICATE_DAYS):
            whole = max(0, left.days)
            return f"Its certificate expires in {whole} day{'' if whole == 1 else 's'}."
    slow = probe.settings.get("slow_seconds", SLOW)
    if answer.latency is not None and answer.latency > (slow if isinstance(slow, (int, float)) else SLOW):
        return f"It took {answer.latency:.1f} seconds to answer."
    return ""


_FAILED: Final = {
    ProbeOutcome.WRONG: "It answered as somebody else.",
    ProbeOutcome.REFUSED: "It refused the connection.",
    ProbeOutcome.TIMED_OUT: "It did not answer in time.",
    ProbeOutcome.UNREADABLE: "Its answer could not be read.",
    ProbeOutcome.TOO_LARGE: "Its answer was too large.",
}
