"""aether-desktop monitor: the same watching as behind the window, with lines instead of an icon."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from aether_desktop.cli.runner import DONE, INTERRUPTED, REFUSED, Context
from aether_desktop.domain.notices import Notice
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.domain.times import iso
from aether_desktop.ports.errors import InvalidInputError, OperationCancelled
from aether_desktop.ports.monitoring import MonitorBoard, NodeView, WatchState

_LOOK_SECONDS: Final = 0.25  # how often the person's Ctrl+C is looked for
_WELL: Final = frozenset({NodeStatus.UP, NodeStatus.CANDIDATE, NodeStatus.SILENCED, NodeStatus.RETIRED})


def monitor(context: Context) -> int:
    """Until it is interrupted; with --once until every node was asked: exit code 1 then unless all are well."""
    options = context.options
    watching = context.app.watching()
    events: queue.SimpleQueue[MonitorBoard | Notice] = queue.SimpleQueue()
    watching.engine.subscribe(events.put)
    watching.engine.hear_notices(events.put)
    services = None
    try:
        if options.locked:
            if not watching.locked(context.target()):
                raise InvalidInputError(
                    "Watching while the vault is locked is not allowed.",
                    field="locked",
                    hint="Allow it with: nodes watch-locked on",
                )
        else:
            services = context.services()
            watching.opened(services, token=context.token)
        return _followed(context, events, once=options.once, seconds=options.seconds)
    except OperationCancelled:
        return INTERRUPTED
    finally:
        if services is not None:
            watching.leave(services)
        watching.close()


def _followed(context: Context, events: queue.SimpleQueue[MonitorBoard | Notice], *, once: bool, seconds: float) -> int:
    ends = time.monotonic() + seconds if seconds else None
    shown: dict[int, NodeStatus] = {}
    began: datetime | None = None
    while ends is None or time.monotonic() < ends:
        if context.token.cancelled:
            return INTERRUPTED
        try:
            event = events.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            continue
        if isinstance(event, Notice):
            _say(context, {"at": iso(event.at), "notice": event.title, "body": event.body, "kind": event.kind.value})
        elif not once:
            _say_changes(context, event, shown)
        elif event.nodes and began is None:
            began = event.made_at
            context.app.watching().engine.check_now()
        elif event.state is WatchState.WATCHING and not event.nodes:
            context.terminal.say("No node is watched. Add one with: nodes add")
            return DONE
        elif began is not None and all(_asked_since(view, began) for view in event.nodes.values()):
            return _summary(context, event)
    return DONE


def _summary(context: Context, board: MonitorBoard) -> int:
    for view in sorted(board.nodes.values(), key=lambda each: (each.tier.value, each.name)):
        _say(context, _line(view))
    return DONE if all(view.status in _WELL for view in board.nodes.values()) else REFUSED


def _asked_since(view: NodeView, began: datetime) -> bool:
    """Also of nodes that nobody asks: retired ones, those without endpoints, those that another client polls."""
    return view.next_check is None or (view.checked_at is not None and view.checked_at > began)


def _say_changes(context: Context, board: MonitorBoard, shown: dict[int, NodeStatus]) -> None:
    changed = board.nodes if board.changed is None else board.changed
    for node_id in changed:
        view = board.nodes.get(node_id)
        if view is not None and shown.get(node_id) is not view.status:
            shown[node_id] = view.status
            _say(context, {"at": iso(board.made_at), **_line(view)})


def _line(view: NodeView) -> dict[str, object]:
    return {
        "node": view.name,
        "tier": view.tier.display_name,
        "status": view.status.value,
        "latency": None if view.latency is None else round(view.latency, 4),
        "height": view.height,
        "why": view.why,
    }


def _say(context: Context, line: Mapping[str, object]) -> None:
    terminal = context.terminal
    if context.options.json:
        terminal.line(json.dumps(line))
    else:
        terminal.line("  ".join(str(value) for value in line.values() if value not in (None, "")))
    terminal.flush()
