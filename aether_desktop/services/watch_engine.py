"""The monitor: one asyncio loop in a thread of its own, fed with commands from any thread."""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from aether_desktop.domain.notices import Notice, NoticeFate
from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.monitoring import (
    Clocks,
    MonitorBoard,
    NodeTransition,
    NoticeHistory,
    ProbeRunner,
    WatchState,
    WatchStore,
)
from aether_desktop.services.watch_clocks import SystemClocks
from aether_desktop.services.watch_core import WatchCore
from aether_desktop.services.watch_entries import Entry, Round
from aether_desktop.services.watch_keeping import BlockingWork, Keeping
from aether_desktop.services.watch_rounds import WatchLimits

_LOG: Final = logging.getLogger(__name__)
_ResultT = TypeVar("_ResultT")
ProbeSource = Callable[[], AbstractAsyncContextManager[Mapping[str, ProbeRunner]]]
FLUSH_SECONDS: Final = 3.0  # what a kill can cost
LEASE_SECONDS: Final = 30.0  # an interval of leases: taken over within two
UPKEEP_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class EngineParts:
    """What the engine is made of. ``probes`` is entered on its loop; ``quiet`` says whether nobody wants to be told at
    that time (its own quick answer, no I/O); ``work`` None: a thread for the store."""

    probes: ProbeSource
    quiet: Callable[[datetime], bool] = field(default=lambda _at: False)
    clocks: Clocks = field(default_factory=SystemClocks)
    limits: WatchLimits = field(default_factory=WatchLimits)
    work: BlockingWork | None = None


class WatchEngine:
    """Implements ports.monitoring.MonitorEngine. The thread starts with the first ``start`` and ends with ``stop``."""

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._boards: list[Callable[[MonitorBoard], None]] = []
        self._hearers: list[Callable[[Notice], None]] = []
        self._session: WatchSession | None = None
        self._ending: asyncio.Event | None = None
        self._stopped = False
        self._board = MonitorBoard(state=WatchState.STOPPED, made_at=parts.clocks.wall())

    @property
    def board(self) -> MonitorBoard:
        return self._board

    def start(self, store: WatchStore, *, history: NoticeHistory | None = None) -> None:
        self._told(lambda session: session.use(store, history))

    def stop(self, *, wait: timedelta = timedelta(seconds=5)) -> None:
        with self._lock:
            self._stopped = True
            thread, loop, ending = self._thread, self._loop, self._ending
        if thread is None or loop is None or ending is None:
            return
        with suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(ending.set)
        thread.join(wait.total_seconds())

    def pause(self, state: WatchState, *, wait: timedelta = timedelta(0)) -> None:
        if self._thread is None:
            self._publish(MonitorBoard(state=state, made_at=self._parts.clocks.wall()))
            return
        done = threading.Event()
        self._told(lambda session: session.pause(state, done.set), begin=False)
        if wait and self._thread.is_alive():
            done.wait(wait.total_seconds())

    def reload(self) -> None:
        self._told(WatchSession.reload, begin=False)

    def check_now(self, node_ids: Collection[int] | None = None) -> None:
        wanted = None if node_ids is None else list(node_ids)
        self._told(lambda session: session.check_now(wanted), begin=False)

    def mute(self, until: datetime | None) -> None:
        self._told(lambda session: session.mute(until), begin=False)

    def subscribe(self, listener: Callable[[MonitorBoard], None]) -> Callable[[], None]:
        return self._listed(self._boards, listener)

    def hear_notices(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        return self._listed(self._hearers, listener)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _listed(self, listeners: list[_ResultT], listener: _ResultT) -> Callable[[], None]:
        with self._lock:
            listeners.append(listener)

        def end() -> None:
            with self._lock, suppress(ValueError):
                listeners.remove(listener)

        return end

    def _told(self, command: Callable[[WatchSession], None], *, begin: bool = True) -> None:
        """Run it on the loop, in the order given."""
        with self._lock:
            if self._stopped or (self._thread is None and not begin):
                return
            if self._thread is None:
                self._begin()
            loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # closed meanwhile
                loop.call_soon_threadsafe(self._obey, command)

    def _obey(self, command: Callable[[WatchSession], None]) -> None:
        if self._session is not None:
            command(self._session)

    def _begin(self) -> None:
        loop = self._loop = asyncio.new_event_loop()
        ending = self._ending = asyncio.Event()
        self._session = WatchSession(self._parts, publish=self._publish, tell=self._tell)
        session = self._session

        def work() -> None:
            asyncio.set_event_loop(loop)
            try:
                loop.run_until_complete(session.run(ending))
            except Exception:  # noqa: BLE001 - the board says that it stopped
                _LOG.exception("the monitor ended")
            finally:
                asyncio.set_event_loop(None)
                loop.close()
                self._publish(MonitorBoard(state=WatchState.STOPPED, made_at=self._parts.clocks.wall()))

        self._thread = threading.Thread(target=work, name="aether-monitor", daemon=True)
        self._thread.start()

    def _publish(self, board: MonitorBoard) -> None:
        self._board = board
        with self._lock:
            listeners = list(self._boards)
        for listener in listeners:
            try:
                listener(board)
            except Exception:  # noqa: BLE001 - the monitor goes on
                _LOG.exception("a listener of the monitor failed")

    def _tell(self, notice: Notice) -> None:
        with self._lock:
            hearers = list(self._hearers)
        for hearer in hearers:
            try:
                hearer(notice)
            except Exception:  # noqa: BLE001 - the monitor goes on
                _LOG.exception("a listener of the monitor failed")


class WatchSession:
    """All that happens on the loop: the core, and what it needs of the store."""

    def __init__(
        self, parts: EngineParts, *, publish: Callable[[MonitorBoard], None], tell: Callable[[Notice], None]
    ) -> None:
        self._parts = parts
        self._tell_people = tell
        self._pool: ThreadPoolExecutor | None = None
        if parts.work is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="aether-monitor-store")
        self.keeping = Keeping(parts.work or self._beside, f"{uuid.uuid4()}")
        self._numbers = itertools.count(1)
        self.core = WatchCore(
            parts.clocks,
            publish=publish,
            tell=self._tell,
            quiet=parts.quiet,
            new_id=self._new_id,
            limits=parts.limits,
        )
        self.core.measured = self._measured
        self._changes: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()

    # -- commands, on the loop -------------------------------------------------------------------------------------

    def use(self, store: WatchStore, history: NoticeHistory | None) -> None:
        self._changes.put_nowait(lambda: self._switch(store, history))

    def pause(self, state: WatchState, done: Callable[[], None]) -> None:
        self._changes.put_nowait(lambda: self._paused(state, done))

    def reload(self) -> None:
        self._changes.put_nowait(self._loaded)

    def check_now(self, node_ids: Collection[int] | None) -> None:
        self.core.check_now(node_ids)

    def mute(self, until: datetime | None) -> None:
        self.core.muted_until = until
        self.core.publish()

    # -- the loop --------------------------------------------------------------------------------------------------

    async def run(self, ending: asyncio.Event) -> None:
        """Until ``ending`` is set; then what was measured is written and leases are given back."""
        async with self._parts.probes() as runners:
            self.core.runners = runners
            tasks = [
                asyncio.create_task(each)
                for each in (self.core.rounds.run(), self._beat(), self._keep(), self._obey_changes())
            ]
            over = asyncio.create_task(ending.wait())
            await asyncio.wait([over, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in (over, *tasks):
                task.cancel()
            ended = await asyncio.gather(over, *tasks, return_exceptions=True)
            await self.keeping.flush()
            await self.keeping.release()
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        for problem in ended:
            if isinstance(problem, Exception):
                raise problem

    async def _obey_changes(self) -> None:
        while True:
            change = await self._changes.get()
            try:
                await change()
            except AetherError as error:
                self.core.note = f"The nodes cannot be read: {error.message}"
                self.core.publish()

    async def _beat(self) -> None:
        beat = self._parts.limits.beat
        while True:
            await self._parts.clocks.sleep(beat)
            self.core.note, self.core.unread = self.keeping.problem, self.keeping.unread
            self._keep_transitions(self.core.beat(beat))

    async def _keep(self) -> None:
        """Flush, leases and upkeep, each at its time."""
        ticks = self._parts.clocks.ticks
        leased = upkept = ticks()
        while True:
            await self._parts.clocks.sleep(max(FLUSH_SECONDS, self._parts.limits.beat))
            self._lost(await self.keeping.flush())
            if ticks() - leased >= LEASE_SECONDS / 2:
                leased = ticks()
                await self._leased()
            if ticks() - upkept >= UPKEEP_SECONDS:
                upkept = ticks()
                await self.keeping.maintain(lambda store: store.maintain(self._parts.clocks.wall()))

    async def _switch(self, store: WatchStore, history: NoticeHistory | None) -> None:
        if self.keeping.store is not store:
            await self.keeping.flush()
            await self.keeping.release()
            self.core.clear(WatchState.STARTING)
        self.keeping.use(store, history)
        if history is not None:
            self.core.decisions.owner_id = history.owner_id
        self.core.state = WatchState.STARTING
        await self._loaded()

    async def _paused(self, state: WatchState, done: Callable[[], None]) -> None:
        self.core.clear(state)  # nobody is asked from here on
        await self.keeping.flush()
        await self.keeping.release()
        self.keeping.use(None, None)
        done()

    async def _loaded(self) -> None:
        nodes, readings = await self.keeping.load()
        if self.keeping.store is None:
            return
        self._keep_transitions(self.core.load(nodes, readings))
        await self._leased()
        if not any(entry.watched and entry.ours for entry in self.core.entries.values()):
            self.core.state = WatchState.WATCHING  # nothing is asked, and that is known
        self.core.publish()

    async def _leased(self) -> None:
        wanted = [node_id for node_id, entry in self.core.entries.items() if entry.watched]
        if self.keeping.store is None or not wanted:
            return
        try:
            ours = await self.keeping.lease(wanted, 1.5 * LEASE_SECONDS)
            self.core.set_ours(ours)
            if len(ours) < len(wanted):
                self.core.take_over(await self.keeping.readings())
        except AetherError as error:
            _LOG.info("leases were not renewed: %s", error)

    def _lost(self, node_ids: frozenset[int]) -> None:
        if node_ids:
            self.core.set_ours(
                [each for each, entry in self.core.entries.items() if entry.ours and each not in node_ids]
            )

    # -- what the core says ----------------------------------------------------------------------------------------

    def _measured(self, entry: Entry, done: Round) -> None:
        transition = done.step.transition
        noted = None if transition is None else NodeTransition(entry.node.id, transition)
        self.keeping.put(done.samples, entry.reading(), noted)

    def _keep_transitions(self, transitions: list[NodeTransition]) -> None:
        for each in transitions:
            entry = self.core.entries.get(each.node_id)
            if entry is not None and entry.ours:
                self.keeping.put((), entry.reading(), each)

    def _tell(self, notices: list[Notice]) -> None:
        self.keeping.put_notices(notices)
        for notice in notices:
            if notice.fate is NoticeFate.SHOWN:
                self._tell_people(notice)

    def _new_id(self) -> int:
        history = self.keeping.history
        return next(self._numbers) if history is None else history.new_id()

    def _beside(self, work: Callable[[], _ResultT]) -> Awaitable[_ResultT]:
        return asyncio.get_running_loop().run_in_executor(self._pool, work)
