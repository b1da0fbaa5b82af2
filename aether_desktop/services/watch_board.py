"""The board: what people see of all nodes, kept up to date node by node. One event loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ports.monitoring import MonitorBoard, NodeView, WatchState
from aether_desktop.services.watch_entries import Entry

_WORST: Final = (  # the first that occurs; silenced, retired and candidates make nothing worse
    NodeStatus.DOWN,
    NodeStatus.FLAPPING,
    NodeStatus.DEGRADED,
    NodeStatus.UNKNOWN,
    NodeStatus.UP,
)
_FAILING: Final = frozenset({NodeStatus.DOWN, NodeStatus.FLAPPING, NodeStatus.DEGRADED})
_NAMED: Final = 200


class BoardMaker:
    """Nodes are put when they change; ``make`` gives an immutable snapshot."""

    def __init__(self) -> None:
        self._views: dict[int, NodeView] = {}
        self._counts: dict[Tier, Counter[NodeStatus]] = {tier: Counter() for tier in Tier}
        self._failing: dict[int, None] = {}
        self._changed: set[int] | None = None

    def put(self, entry: Entry, next_check: datetime | None) -> None:
        state, node = entry.state, entry.node
        before = self._views.get(node.id)
        if before is not None:
            self._uncount(before)
        answered = next((True for each in entry.answers.values() if each.outcome.is_answer), False)
        view = NodeView(
            id=node.id,
            name=node.name,
            tier=node.tier,
            type=node.type,
            status=state.status,
            why=state.why,
            since=state.since,
            heard_at=state.heard_at,
            checked_at=state.checked_at,
            next_check=next_check,
            latency=entry.latency,
            height=entry.height,
            lag=entry.lag,
            peers=entry.peers,
            silenced_until=state.silenced_until,
            observed=state.observed,
            throughput=len(node.probes) / entry.interval if answered else None,
            ours=entry.ours,
        )
        self._views[node.id] = view
        self._counts[view.tier][view.status] += 1
        if view.status in _FAILING:
            self._failing[node.id] = None
        if self._changed is not None:
            self._changed.add(node.id)

    def drop(self, node_id: int) -> None:
        before = self._views.pop(node_id, None)
        if before is not None:
            self._uncount(before)
            self._changed = None

    def clear(self) -> None:
        self._views.clear()
        self._failing.clear()
        self._counts = {tier: Counter() for tier in Tier}
        self._changed = None

    @property
    def dirty(self) -> bool:
        return self._changed is None or bool(self._changed)

    def make(
        self,
        state: WatchState,
        now: datetime,
        *,
        last_check: datetime | None,
        stale_since: datetime | None,
        muted_until: datetime | None = None,
        unread: int = 0,
        sentence: str = "",
    ) -> MonitorBoard:
        """What changed since the last one is forgotten."""
        changed = None if self._changed is None else frozenset(self._changed)
        self._changed = set()
        totals: Counter[NodeStatus] = Counter()
        for counts in self._counts.values():
            totals.update(counts)
        return MonitorBoard(
            state=state,
            made_at=now,
            nodes=MappingProxyType(dict(self._views)),
            counts=MappingProxyType(
                {
                    tier: MappingProxyType({status: count for status, count in counts.items() if count})
                    for tier, counts in self._counts.items()
                }
            ),
            worst=next((status for status in _WORST if totals[status]), NodeStatus.UNKNOWN),
            failing=tuple(list(self._failing)[:_NAMED]),
            last_check=last_check,
            stale_since=stale_since,
            notices_unread=unread,
            muted_until=muted_until,
            changed=changed,
            sentence=sentence,
        )

    def _uncount(self, view: NodeView) -> None:
        self._counts[view.tier][view.status] -= 1
        self._failing.pop(view.id, None)


def stale_after(entries: Iterable[Entry]) -> timedelta:
    """Without any measurement for so long the whole board is stale: three of the shortest interval, a minute at
    least."""
    return timedelta(seconds=max(60.0, 3.0 * min((each.interval for each in entries if each.watched), default=60.0)))
