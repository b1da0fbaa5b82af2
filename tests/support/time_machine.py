"""A week in a second: an event loop whose time jumps to the next thing to do, clocks that can be played with.

Nodes follow a script; the store remembers what it was told.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from aether_desktop.domain.node_samples import Sample
from aether_desktop.domain.notices import Notice, NoticeFate
from aether_desktop.domain.probes import Probe, ProbeAnswer, ProbeOutcome
from aether_desktop.domain.temple import NodeType, Tier
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.monitoring import (
    Lease,
    MonitorBoard,
    NodeReading,
    NodeTransition,
    NoticeHistory,
    ProbeRunner,
    StaleLeaseError,
    WatchBatch,
    WatchedNode,
)
from aether_desktop.services.watch_engine import EngineParts, WatchSession
from aether_desktop.services.watch_rounds import WatchLimits

_ResultT = TypeVar("_ResultT")
BEGIN = datetime(2026, 10, 19, 0, 0, tzinfo=UTC)  # a Monday; summer time ends in Europe on the 25th
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: time goes on instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            self.now += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time begins at 0 and costs nothing."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


class VirtualClocks:
    """``slept`` and ``moved`` are seconds that the computer slept, and by which its wall clock was put forward."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.slept = 0.0
        self.moved = 0.0

    def wall(self) -> datetime:
        return BEGIN + timedelta(seconds=self.uptime() + self.moved)

    def ticks(self) -> float:
        return self._loop.time()

    def uptime(self) -> float:
        return self._loop.time() + self.slept

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def good(height: int | None = None) -> ProbeAnswer:
    return ProbeAnswer(outcome=ProbeOutcome.ANSWERED, latency=0.05, height=height)


def refused() -> ProbeAnswer:
    return ProbeAnswer(outcome=ProbeOutcome.REFUSED, reason="It refused the connection.")


@dataclass(slots=True)
class ScriptedRunner:
    """Answers by node id and seconds of uptime since the beginning."""

    script: Callable[[int, float], ProbeAnswer]
    uptime: Callable[[], float]
    kind: str = "tcp"
    asked: int = 0

    async def ask(self, probe: Probe, *, turn: int = 0, last: ProbeAnswer | None = None) -> ProbeAnswer:
        self.asked += 1
        return self.script(probe.node_id, self.uptime())


def node(number: int, tier: Tier = Tier.HOLY_PLACE, *, interval: int = 300, name: str = "") -> WatchedNode:
    probe = Probe(id=1000 + number, node_id=number, kind="tcp", target=f"127.0.0.1:{4000 + number}", interval=interval)
    return WatchedNode(id=number, name=name or f"node-{number}", tier=tier, type=NodeType.ZADOKITE, probes=(probe,))


@dataclass(slots=True)
class RememberingStore:
    """A WatchStore (and NoticeStore) of this test's own; ``kept`` False: samples are counted and dropped."""

    watched: list[WatchedNode]
    stored: dict[int, NodeReading] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    transitions: list[NodeTransition] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    kept: bool = True
    written: int = 0
    maintained: int = 0
    taken: frozenset[int] = frozenset()  # polled by somebody else
    fail: Exception | None = None
    locked: bool = False
    released: int = 0

    def nodes(self) -> list[WatchedNode]:
        return list(self.watched)

    def readings(self) -> list[NodeReading]:
        return list(self.stored.values())

    def lease(self, node_ids: Collection[int], *, holder: str, seconds: float) -> list[Lease]:
        return [Lease(each, 7, BEGIN) for each in node_ids if each not in self.taken]

    def release(self, *, holder: str) -> None:
        self.released += 1

    def write(self, batch: WatchBatch) -> ChangeSet:
        if self.fail is not None:
            raise self.fail
        stale = {sample.node_id for sample in batch.samples} & self.taken
        if stale:
            raise StaleLeaseError(stale)
        self.written += len(batch.samples)
        if self.kept:
            self.samples += batch.samples
            self.transitions += batch.transitions
        for reading in batch.readings:
            self.stored[reading.node_id] = reading
        return ChangeSet()

    def maintain(self, now: datetime) -> ChangeSet:
        self.maintained += 1
        return ChangeSet()

    # as a NoticeStore

    def add(self, notices: Sequence[Notice]) -> ChangeSet:
        self.notices += notices
        return ChangeSet()

    def unread(self) -> int:
        return len(self.notices)

    def latest(self, limit: int = 200, *, before: int | None = None) -> list[Notice]:
        return self.notices[::-1][:limit]

    def set_fate(self, notice_id: int, fate: NoticeFate) -> ChangeSet:
        raise AssertionError((notice_id, fate))

    def mark_read(self, ids: Collection[int] | None, at: datetime) -> ChangeSet:
        raise AssertionError((ids, at))


@dataclass(slots=True, eq=False)
class TimeMachine:
    """The whole engine but its thread. ``at`` adds to the script what happens beside the nodes."""

    store: RememberingStore
    script: Callable[[int, float], ProbeAnswer]
    quiet: Callable[[datetime], bool] = field(default=lambda _at: False)
    beat: float = 5.0
    kind: str = "tcp"
    told: list[Notice] = field(default_factory=list)
    boards: list[MonitorBoard] = field(default_factory=list)
    last: MonitorBoard | None = None
    keep_boards: bool = False
    loop: VirtualLoop = field(default_factory=VirtualLoop)
    clocks: VirtualClocks = field(init=False)
    runner: ScriptedRunner = field(init=False)
    session: WatchSession = field(init=False)
    _events: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clocks = VirtualClocks(self.loop)
        self.runner = ScriptedRunner(self.script, self.clocks.uptime, self.kind)

        @asynccontextmanager
        async def probes() -> AsyncIterator[Mapping[str, ProbeRunner]]:
            yield {self.runner.kind: self.runner}

        async def at_once(work: Callable[[], _ResultT]) -> _ResultT:
            return work()

        def work(job: Callable[[], _ResultT]) -> Awaitable[_ResultT]:
            return at_once(job)

        parts = EngineParts(
            probes=probes,
            quiet=self.quiet,
            clocks=self.clocks,
            limits=WatchLimits(well=4, doubtful=4, beat=self.beat),
            work=work,
        )
        self.session = WatchSession(parts, publish=self._published, tell=self.told.append)

    def at(self, seconds: float, event: Callable[[], None]) -> None:
        """By the loop's time, which stands still while the computer sleeps."""
        self._events.append((seconds, event))

    def sleep_at(self, seconds: float, length: float) -> None:
        """The computer sleeps."""

        def sleep() -> None:
            self.clocks.slept += length

        self.at(seconds, sleep)

    def move_clock_at(self, seconds: float, by: float) -> None:
        """Somebody puts the wall clock forward, or back."""

        def move() -> None:
            self.clocks.moved += by

        self.at(seconds, move)

    def run(self, seconds: float) -> None:
        async def all_of_it() -> None:
            ending = asyncio.Event()
            for when, event in self._events:
                self.loop.call_at(when, event)
            self.loop.call_at(seconds, ending.set)
            self.session.use(self.store, NoticeHistory(self.store, iter(range(1, 1 << 30)).__next__, 9))
            await self.session.run(ending)

        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(all_of_it())
        finally:
            asyncio.set_event_loop(None)
            self.loop.close()

    def _published(self, board: MonitorBoard) -> None:
        self.last = board
        if self.keep_boards:
            self.boards.append(board)
