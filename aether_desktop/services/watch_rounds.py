"""Calls nodes up when they are due, to as many workers as there may be connections. One event loop.

Two sorts of workers: for nodes that answered last time, and for nodes that did not. So endpoints that stall keep each
other waiting, never the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aether_desktop.ports.monitoring import Clocks
from aether_desktop.services.watch_entries import Entry
from aether_desktop.services.watch_schedule import Schedule, aligned, delay, spread

_LOG: Final = logging.getLogger(__name__)
CONFIRM: Final = 30.0  # seconds after which a surprising answer is asked for again
_TOGETHER: Final = 0.02  # seconds: who is due so soon after another is called up with them, in one turn


@dataclass(frozen=True, slots=True)
class WatchLimits:
    """Connections at once: for nodes that answer, and for those that do not. Seconds between looks at the clocks."""

    well: int = 100
    doubtful: int = 300
    beat: float = 1.0


class Rounds:
    """``ask`` is one round of one node; ``entry_of`` finds the node, None when it is watched no more."""

    def __init__(
        self,
        clocks: Clocks,
        limits: WatchLimits,
        *,
        entry_of: Callable[[int], Entry | None],
        ask: Callable[[Entry], Awaitable[None]],
    ) -> None:
        self._clocks = clocks
        self._limits = limits
        self._entry_of = entry_of
        self._ask = ask
        self._schedule = Schedule()
        self._lanes: tuple[deque[Entry], deque[Entry]] = (deque(), deque())
        self._working = [0, 0]
        self._woken = asyncio.Event()
        self._sleeps_until = float("inf")

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            await self._call_up(group)

    def begin(self, entry: Entry, *, within: float) -> None:
        """Its first round within so many seconds, or its interval; the later ones at its own place in its interval."""
        if not (entry.watched and entry.ours) or entry.running:
            return
        ticks, share = self._clocks.ticks(), spread(entry.place)
        entry.phase = ticks + entry.interval * share
        self._put(entry, ticks + min(entry.interval, within) * share)

    def ask_now(self, entry: Entry) -> None:
        if entry.watched and entry.ours and not entry.running:
            entry.asked_at.clear()
            self._put(entry, self._clocks.ticks())

    def again(self, entry: Entry) -> None:
        """After a round: soon if it surprised, else on its own beat, so that the spread stays."""
        entry.running = False
        if not (entry.watched and entry.ours):
            return
        now = self._clocks.ticks()
        if entry.doubt:
            self._put(entry, now + min(entry.interval, CONFIRM))
        else:
            target = entry.due + delay(entry.interval, entry.down_rounds)
            self._put(entry, aligned(entry.phase, entry.interval, target=target, after=now))

    def drop(self, node_id: int) -> None:
        self._schedule.drop(node_id)

    def clear(self) -> None:
        self._schedule.clear()
        for lane in self._lanes:
            lane.clear()

    def due_at(self, node_id: int) -> float | None:
        """None while it is not in the schedule, as when it is just being asked."""
        return self._schedule.due_at(node_id)

    def late(self) -> float:
        """Seconds that the node longest overdue, of those that answer, has waited."""
        lane = self._lanes[0]
        return max(0.0, self._clocks.ticks() - lane[0].due) if lane else 0.0

    def _put(self, entry: Entry, due: float) -> None:
        self._schedule.put(entry.node.id, due)
        if due < self._sleeps_until:
            self._woken.set()

    async def _call_up(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._woken.clear()
            for node_id, due in self._schedule.take(self._clocks.ticks()):
                entry = self._entry_of(node_id)
                if entry is not None and entry.watched and entry.ours and not entry.running:
                    lane = 1 if entry.doubtful else 0
                    entry.running, entry.due = True, due
                    self._lanes[lane].append(entry)
            for lane, most in enumerate((self._limits.well, self._limits.doubtful)):
                for _ in range(min(most - self._working[lane], len(self._lanes[lane]))):
                    self._working[lane] += 1
                    group.create_task(self._work_off(lane))
            following = self._schedule.next_due()
            self._sleeps_until = float("inf") if following is None else following
            wait = None if following is None else max(_TOGETHER, following - self._clocks.ticks())
            try:
                async with asyncio.timeout(wait):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _work_off(self, lane: int) -> None:
        """One after the other, until nobody waits."""
        waiting = self._lanes[lane]
        while waiting:
            entry = waiting.popleft()
            try:
                await self._ask(entry)
            except Exception:  # noqa: BLE001 - one node must not end the watching of the others
                _LOG.exception("a round of node %d failed", entry.node.id)
                self.again(entry)
        self._working[lane] -= 1  # whoever is cancelled instead ends with the whole
