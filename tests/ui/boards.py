"""Boards as the engine publishes them, made by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aether_desktop.domain.notices import Notice
from aether_desktop.domain.temple import NodeType, Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ports.monitoring import MonitorBoard, NodeView, NoticeHistory, WatchState, WatchStore

NOW = datetime(2026, 11, 24, 14, 2, 11, tzinfo=UTC)
_WORST = (NodeStatus.DOWN, NodeStatus.FLAPPING, NodeStatus.DEGRADED, NodeStatus.UNKNOWN, NodeStatus.UP)


def view(node_id: int, status: NodeStatus = NodeStatus.UP, *, tier: Tier = Tier.OUTER_COURT, **more: Any) -> NodeView:
    """One node."""
    facts: dict[str, Any] = {"name": f"node-{node_id}", "type": NodeType.ZADOKITE, "why": "", "since": NOW}
    return NodeView(id=node_id, tier=tier, status=status, **{**facts, **more})


def board(views: Sequence[NodeView] = (), **more: Any) -> MonitorBoard:
    """A fresh board of these, watching."""
    counts: dict[Tier, dict[NodeStatus, int]] = {}
    for each in views:
        tier = counts.setdefault(each.tier, {})
        tier[each.status] = tier.get(each.status, 0) + 1
    statuses = {each.status for each in views}
    nodes: Mapping[int, NodeView] = {each.id: each for each in views}
    failing = tuple(each.id for each in views if each.status in _WORST[:3])
    facts: dict[str, Any] = {
        "state": WatchState.WATCHING,
        "made_at": NOW,
        "worst": next((status for status in _WORST if status in statuses), NodeStatus.UNKNOWN),
        "last_check": NOW - timedelta(seconds=6),
        "failing": failing,
    }
    return MonitorBoard(nodes=nodes, counts=counts, **{**facts, **more})


class PublishedBoards:
    """The engine's side of what the window uses, without probes: ``publish`` is called from any thread."""

    def __init__(self, first: MonitorBoard | None = None) -> None:
        self.board = board() if first is None else first
        self.asked: list[tuple[str, object]] = []
        self._boards: list[Callable[[MonitorBoard], None]] = []
        self._notices: list[Callable[[Notice], None]] = []

    def publish(self, made: MonitorBoard) -> None:
        self.board = made
        for listener in self._boards:
            listener(made)

    def tell(self, notice: Notice) -> None:
        for listener in self._notices:
            listener(notice)

    def start(self, store: WatchStore, *, history: NoticeHistory | None = None) -> None:
        self.asked.append(("start", store))

    def stop(self, *, wait: timedelta = timedelta(seconds=5)) -> None:
        self.asked.append(("stop", wait))

    def pause(self, state: WatchState, *, wait: timedelta = timedelta(0)) -> None:
        self.asked.append(("pause", state))

    def reload(self) -> None:
        self.asked.append(("reload", None))

    def check_now(self, node_ids: object = None) -> None:
        self.asked.append(("check_now", node_ids))

    def mute(self, until: datetime | None) -> None:
        self.asked.append(("mute", until))

    def subscribe(self, listener: Callable[[MonitorBoard], None]) -> Callable[[], None]:
        self._boards.append(listener)
        return lambda: self._boards.remove(listener)

    def hear_notices(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        self._notices.append(listener)
        return lambda: self._notices.remove(listener)
