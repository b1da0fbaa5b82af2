"""Who is told what: once for each real change, grouped, nothing of single nodes while their tier fails. Pure.

It compares what people were last told of a node with what is so now: what came and went while others gathered, what is
silenced and what is only a gap in the data is no news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from aether_desktop.domain.node_states import Cause, Moment, NodeState, Transition
from aether_desktop.domain.notices import MOST_NODES, Notice, NoticeFate, NoticeKind
from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.domain.text import plain_line

GATHERING: Final = 10.0  # seconds without further news after which what has gathered is told
LONGEST_GATHERING: Final = 45.0
TIER_NODES: Final = 3  # a smaller tier does not fail as a whole
_TOLD_BY_NOW: Final = timedelta(seconds=120)  # an outage that was older when the program ended had been told
_NAMED: Final = 8
_NO_NEWS: Final = frozenset({Cause.GAP, Cause.CONFIGURED, Cause.RETIRED, Cause.REINSTATED})


class Word(StrEnum):
    """What people can be told of a node."""

    FINE = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    FLAPPING = "flapping"
    UNKNOWN = "unknown"


_WORDS: Final = {
    NodeStatus.UP: Word.FINE,
    NodeStatus.DEGRADED: Word.DEGRADED,
    NodeStatus.DOWN: Word.DOWN,
    NodeStatus.FLAPPING: Word.FLAPPING,
    NodeStatus.UNKNOWN: Word.UNKNOWN,
}
_KINDS: Final = {
    Word.FINE: NoticeKind.RECOVERY,
    Word.DEGRADED: NoticeKind.PROBLEM,
    Word.DOWN: NoticeKind.PROBLEM,
    Word.FLAPPING: NoticeKind.FLAPPING,
    Word.UNKNOWN: NoticeKind.UNKNOWN,
}
_ONE: Final = {
    Word.DEGRADED: "is degraded",
    Word.DOWN: "is down",
    Word.FLAPPING: "keeps changing",
    Word.UNKNOWN: "is not heard of",
}
_MANY: Final = {
    Word.FINE: "are up again",
    Word.DEGRADED: "are degraded",
    Word.DOWN: "are down",
    Word.FLAPPING: "keep changing",
    Word.UNKNOWN: "are not heard of",
}


@dataclass(slots=True)
class _Node:
    name: str
    tier: Tier
    told: Word = Word.FINE
    now: Word | None = None  # None: no news to be had (silenced, a candidate, retired, a gap)
    why: str = ""
    outage: timedelta | None = None
    pending: bool = False


@dataclass(slots=True)
class _Gathering:
    first: float
    last: float


@dataclass(slots=True)
class NoticeDecisions:
    """One thread. ``new_id`` and ``owner_id`` of the notices it makes."""

    new_id: Callable[[], int]
    owner_id: int = 0
    _nodes: dict[int, _Node] = field(default_factory=dict)
    _gathering: _Gathering | None = None
    _failed: dict[Tier, datetime] = field(default_factory=dict)
    _hushed: set[int] = field(default_factory=set)
    _was_quiet: bool = False

    def begin(self, node_id: int, *, name: str, tier: Tier, state: NodeState, now: datetime) -> None:
        """A node as it was stored: what was told before the program ended is not told again."""
        told = Word.FINE
        if state.settled is not None and state.outage_since is not None and now - state.outage_since > _TOLD_BY_NOW:
            told = _WORDS[state.settled]
        self._nodes[node_id] = _Node(name, tier, told)

    def rename(self, node_id: int, *, name: str, tier: Tier) -> None:
        node = self._nodes.get(node_id)
        if node is not None:
            node.name, node.tier = name, tier

    def forget(self, node_id: int) -> None:
        """It is watched no more."""
        self._nodes.pop(node_id, None)
        self._hushed.discard(node_id)

    def note(self, node_id: int, transition: Transition, at: Moment) -> None:
        """A node's status changed."""
        node = self._nodes.get(node_id)
        if node is None:
            return
        if transition.outage is not None:
            node.outage = transition.outage
        if transition.after is NodeStatus.UNKNOWN and transition.cause in _NO_NEWS:
            node.now = None
        else:
            node.now = _WORDS.get(transition.after)
        node.why = transition.why
        node.pending = node.now is not None and node.now is not node.told
        if node.pending:
            if self._gathering is None:
                self._gathering = _Gathering(at.ticks, at.ticks)
            self._gathering.last = at.ticks

    def due(self, at: Moment, *, quiet: bool) -> list[Notice]:
        """What is to be told now; ``quiet`` (hours, or muted): it goes into the history only, and what still holds
        when the quiet ends is told then."""
        made: list[Notice] = []
        gathered = self._gathering
        if gathered is not None and (
            at.ticks - gathered.last >= GATHERING or at.ticks - gathered.first >= LONGEST_GATHERING
        ):
            self._gathering = None
            made = self._told(at.wall, NoticeFate.QUIET if quiet else NoticeFate.SHOWN)
        if self._was_quiet and not quiet:
            made += self._after_quiet(at.wall)
        self._was_quiet = quiet
        return made

    # -- inside ----------------------------------------------------------------------------------------------------

    def _told(self, at: datetime, fate: NoticeFate) -> list[Notice]:
        made = self._tiers(at, fate)
        groups: dict[Word, list[int]] = {}
        for node_id, node in self._nodes.items():
            if node.pending and node.now is not None and node.tier not in self._failed:
                groups.setdefault(node.now, []).append(node_id)
        for word, ids in groups.items():
            made.append(self._notice(at, fate, word, ids))
            self._settle(ids, fate)
        return made

    def _tiers(self, at: datetime, fate: NoticeFate) -> list[Notice]:
        made: list[Notice] = []
        for tier in Tier:
            watched = [(node_id, node) for node_id, node in self._nodes.items() if node.tier is tier and node.now]
            down = [node_id for node_id, node in watched if node.now is Word.DOWN]
            if tier not in self._failed:
                news = any(self._nodes[node_id].pending for node_id in down)
                if news and len(watched) >= TIER_NODES and 3 * len(down) >= 2 * len(watched):
                    self._failed[tier] = at
                    title = f"The {tier.display_name} fails: {len(down)} of {len(watched)} nodes are down"
                    made.append(
                        self._made(at, fate, NoticeKind.TIER, title=title, body=self._names(down), ids=down, tier=tier)
                    )
            elif 3 * len(down) < len(watched):
                began = self._failed.pop(tier)
                rest = [node_id for node_id, node in watched if node.now is not Word.FINE]
                body = f"Not well yet: {self._names(rest)}" if rest else "All its nodes are up."
                lasted = max(timedelta(0), at - began)
                title = f"The {tier.display_name} is back after {shown_duration(lasted)}"
                ids = [node_id for node_id, _ in watched]
                made.append(
                    self._made(at, fate, NoticeKind.RECOVERY, title=title, body=body, ids=ids, tier=tier, lasted=lasted)
                )
                self._settle(ids, fate)
            if tier in self._failed:  # nothing of its single nodes, neither down nor up
                self._settle([node_id for node_id, _ in watched], fate)
        return made

    def _settle(self, ids: Iterable[int], fate: NoticeFate) -> None:
        for node_id in ids:
            node = self._nodes[node_id]
            if node.now is None:
                continue
            node.told, node.pending = node.now, False
            if node.now is Word.FINE:
                node.outage = None
                self._hushed.discard(node_id)
            elif fate is NoticeFate.QUIET:
                self._hushed.add(node_id)

    def _after_quiet(self, at: datetime) -> list[Notice]:
        still = [node_id for node_id in sorted(self._hushed) if self._nodes[node_id].told is not Word.FINE]
        self._hushed.clear()
        if not still:
            return []
        title = self._subject(still, "is still not well", "are still not well")
        return [self._made(at, NoticeFate.SHOWN, NoticeKind.PROBLEM, title=title, body=self._names(still), ids=still)]

    def _notice(self, at: datetime, fate: NoticeFate, word: Word, ids: Sequence[int]) -> Notice:
        nodes = [self._nodes[node_id] for node_id in ids]
        outages = [node.outage for node in nodes if node.outage is not None]
        lasted = max(outages) if outages and word is Word.FINE else None
        if len(nodes) > 1:
            title = f"{len(nodes)} nodes {_MANY[word]}"
            return self._made(at, fate, _KINDS[word], title=title, body=self._names(ids), ids=ids, lasted=lasted)
        node = nodes[0]
        if word is Word.FINE:
            again = {Word.FLAPPING: "is steady again", Word.UNKNOWN: "is heard again"}.get(node.told, "is up again")
            title = f"{node.name} {again}" + (f" after {shown_duration(lasted)}" if lasted is not None else "")
            body = node.tier.display_name
        else:
            title, body = f"{node.name} {_ONE[word]}", f"{node.tier.display_name}. {node.why}".strip()
        return self._made(at, fate, _KINDS[word], title=title, body=body, ids=ids, tier=node.tier, lasted=lasted)

    def _made(
        self,
        at: datetime,
        fate: NoticeFate,
        kind: NoticeKind,
        *,
        title: str,
        body: str,
        ids: Sequence[int],
        tier: Tier | None = None,
        lasted: timedelta | None = None,
    ) -> Notice:
        return Notice(
            id=self.new_id(),
            owner_id=self.owner_id,
            at=at,
            kind=kind,
            title=plain_line(title, 200),
            body=plain_line(body, 2000) if body else "",
            node_ids=tuple(ids[:MOST_NODES]),
            tier=tier,
            lasted=None if lasted is None else lasted.total_seconds(),
            fate=fate,
        )

    def _names(self, ids: Sequence[int]) -> str:
        names = [plain_line(self._nodes[node_id].name, 60) for node_id in ids[:_NAMED]]
        more = len(ids) - len(names)
        return ", ".join(names) + (f" and {more} more" if more > 0 else "")

    def _subject(self, ids: Sequence[int], one: str, many: str) -> str:
        return f"{self._nodes[ids[0]].name} {one}" if len(ids) == 1 else f"{len(ids)} nodes {many}"


def shown_duration(length: timedelta) -> str:
    """In words: "45 seconds", "12 minutes", "3 hours 5 minutes", "2 days 4 hours"."""
    seconds = max(0, round(length.total_seconds()))
    for size, name, smaller, small in ((86_400, "day", 3600, "hour"), (3600, "hour", 60, "minute")):
        if seconds >= size:
            rest = seconds % size // smaller
            return _counted(seconds // size, name) + (f" {_counted(rest, small)}" if rest else "")
    return _counted(seconds // 60, "minute") if seconds >= 120 else _counted(seconds, "second")


def _counted(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
