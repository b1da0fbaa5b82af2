"""What the tray says of a board: one face, a tooltip, the lines of its menu."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.monitoring import MonitorBoard, NodeView, WatchState
from aether_desktop.ui.shell.tray_drawing import TrayFace, TrayState
from aether_desktop.ui.widgets.node_marks import LOOKS, WORST_FIRST

MOST_FAILING = 8  # named in the menu
_MOST_IN_TIP = 3
_NAME = 60
_FACES = {
    NodeStatus.UP: TrayState.WELL,
    NodeStatus.DEGRADED: TrayState.DEGRADED,
    NodeStatus.FLAPPING: TrayState.DEGRADED,
    NodeStatus.DOWN: TrayState.DOWN,
}
_MARKUP = str.maketrans({"<": "\u2039", ">": "\u203a", "&": "\uff06"})  # hosts may read a tooltip as rich text


@dataclass(frozen=True, slots=True)
class TrayWords:
    """``lines`` head the menu; ``failing`` are (node, text); ``muted``: notices are muted now."""

    face: TrayFace
    title: str
    lines: tuple[str, ...]
    failing: tuple[tuple[int, str], ...]
    more_failing: int
    muted: bool

    @property
    def tooltip(self) -> str:
        """Plain, also where a host reads markup."""
        named = [text for _id, text in self.failing[:_MOST_IN_TIP]]
        left = len(self.failing) + self.more_failing - len(named)
        more = [f"and {left} more"] if left else []
        return "\n".join([f"Aether: {self.title}", *self.lines, *named, *more]).translate(_MARKUP)


def tray_words(board: MonitorBoard, *, zone: tzinfo = UTC) -> TrayWords:
    """Unknown is not OK, and stale is not OK: only a fresh board with every node up is shown as well."""
    lines = [] if board.state is WatchState.LOCKED else _counts(board)
    if board.last_check is not None:
        lines.append(f"Last check {_clock(board.last_check, zone)}")
    muted = board.muted_until is not None and board.muted_until > board.made_at
    if muted and board.muted_until is not None:
        lines.append(f"Muted until {_clock(board.muted_until, zone)}")
    failing = [board.nodes[each] for each in board.failing if each in board.nodes]
    return TrayWords(
        face=tray_face(board),
        title=_title(board, zone),
        lines=tuple(lines),
        failing=tuple((node.id, _failing(node)) for node in failing[:MOST_FAILING]),
        more_failing=max(0, len(failing) - MOST_FAILING),
        muted=muted,
    )


def tray_face(board: MonitorBoard) -> TrayFace:
    """The worst state, and whether it is old."""
    if board.state is WatchState.LOCKED:
        return TrayFace(TrayState.LOCKED)
    if board.state in {WatchState.STARTING, WatchState.STOPPED} or not board.nodes:
        return TrayFace(TrayState.UNKNOWN)
    return TrayFace(_FACES.get(board.worst, TrayState.UNKNOWN), stale=board.stale)


def _title(board: MonitorBoard, zone: tzinfo) -> str:
    if board.state is WatchState.LOCKED:
        return "locked, not watching"
    if board.state is WatchState.STOPPED:
        return "not watching"
    if board.state is WatchState.STARTING:
        return "starting to watch"
    if not board.nodes:
        return "no nodes to watch"
    if board.stale:
        since = board.stale_since or board.last_check
        return board.sentence or ("no data" if since is None else f"no data since {_clock(since, zone)}")
    failing = len(board.failing)
    if failing:
        return f"{failing:,} {'node' if failing == 1 else 'nodes'} failing"
    if board.worst is NodeStatus.UP:
        return "all nodes up"
    return f"worst: {LOOKS[board.worst].word.lower()}"


def _counts(board: MonitorBoard) -> list[str]:
    found = []
    for tier in Tier:
        counts = board.counts.get(tier, {})
        if said := [f"{counts[each]:,} {LOOKS[each].word.lower()}" for each in WORST_FIRST if counts.get(each)]:
            found.append(f"{tier.display_name}: {', '.join(said)}")
    return found


def _failing(node: NodeView) -> str:
    return f"{plain_line(node.name, _NAME)}: {LOOKS[node.status].word.lower()}"


def _clock(moment: datetime, zone: tzinfo) -> str:
    here = moment.astimezone(zone)
    return f"{here.day} {here:%b %H:%M:%S}"
