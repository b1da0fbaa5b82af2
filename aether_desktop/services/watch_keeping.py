"""What was measured, on its way into the store: gathered, written in batches, bounded while the store is away.

The store is only called through ``work``, which runs it on a thread of its own.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from aether_desktop.domain.node_samples import Sample
from aether_desktop.domain.notices import Notice
from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.monitoring import (
    Lease,
    NodeReading,
    NodeTransition,
    NoticeHistory,
    StaleLeaseError,
    WatchBatch,
    WatchedNode,
    WatchStore,
)

_LOG: Final = logging.getLogger(__name__)
_ResultT = TypeVar("_ResultT")
MOST_SAMPLES: Final = 50_000  # that wait for a store that cannot write now
_MOST_TRANSITIONS: Final = 10_000
_MOST_NOTICES: Final = 500
_PART: Final = 5_000  # samples in one transaction


class BlockingWork(Protocol):
    """Runs something that blocks beside the event loop."""

    def __call__(self, work: Callable[[], _ResultT], /) -> Awaitable[_ResultT]: ...


class Keeping:
    """One event loop. ``problem`` says in a plain sentence why nothing is stored at the moment."""

    def __init__(self, work: BlockingWork, holder: str) -> None:
        self._work = work
        self._holder = holder
        self._store: WatchStore | None = None
        self._history: NoticeHistory | None = None
        self._samples: deque[Sample] = deque(maxlen=MOST_SAMPLES)
        self._transitions: deque[NodeTransition] = deque(maxlen=_MOST_TRANSITIONS)
        self._readings: dict[int, NodeReading] = {}
        self._notices: deque[Notice] = deque(maxlen=_MOST_NOTICES)
        self._fences: dict[int, int] = {}
        self._busy = False
        self.problem = ""
        self.unread = 0

    @property
    def store(self) -> WatchStore | None:
        return self._store

    @property
    def history(self) -> NoticeHistory | None:
        return self._history

    @property
    def waiting(self) -> int:
        """Samples not written yet."""
        return len(self._samples)

    def use(self, store: WatchStore | None, history: NoticeHistory | None) -> None:
        """From now on; what waits is of the store before and is dropped, notices stay."""
        self._store, self._history = store, history
        self._samples.clear()
        self._transitions.clear()
        self._readings.clear()
        self._fences.clear()
        self.problem = ""

    def put(
        self, samples: Iterable[Sample], reading: NodeReading | None = None, transition: NodeTransition | None = None
    ) -> None:
        self._samples.extend(samples)
        if reading is not None:
            self._readings[reading.node_id] = reading
        if transition is not None:
            self._transitions.append(transition)

    def put_notices(self, notices: Iterable[Notice]) -> None:
        self._notices.extend(notices)

    async def load(self) -> tuple[list[WatchedNode], list[NodeReading]]:
        """Nodes and what was stored of them last. Raises the StorageError family."""
        store = self._store
        if store is None:
            return [], []
        return await self._work(lambda: (store.nodes(), store.readings()))

    async def readings(self) -> list[NodeReading]:
        store = self._store
        return [] if store is None else await self._work(store.readings)

    async def lease(self, node_ids: Collection[int], seconds: float) -> frozenset[int]:
        """Those of the nodes that are this client's to poll. Raises the StorageError family."""
        store = self._store
        if store is None or not node_ids:
            return frozenset()
        leases: list[Lease] = await self._work(lambda: store.lease(node_ids, holder=self._holder, seconds=seconds))
        self._fences = {lease.node_id: lease.fence for lease in leases}
        return frozenset(self._fences)

    async def flush(self) -> frozenset[int]:
        """Write what waits; returns nodes that turned out to be somebody else's. Never raises AetherErrors."""
        store = self._store
        if store is None or self._busy:
            return frozenset()
        self._busy = True
        try:
            lost = await self._flush_samples(store)
            await self._flush_notices()
            return lost
        finally:
            self._busy = False

    async def maintain(self, now_work: Callable[[WatchStore], object]) -> None:
        """Roll-ups, harmony and the like. Never raises AetherErrors."""
        store = self._store
        if store is None:
            return
        try:
            await self._work(lambda: now_work(store))
        except AetherError as error:
            _LOG.warning("upkeep of the monitoring store failed: %s", error)

    async def release(self) -> None:
        store = self._store
        if store is not None:
            try:
                await self._work(lambda: store.release(holder=self._holder))
            except AetherError as error:
                _LOG.info("leases were not given back: %s", error)

    async def _flush_samples(self, store: WatchStore) -> frozenset[int]:
        lost: frozenset[int] = frozenset()
        while self._samples or self._readings or self._transitions:
            count = min(_PART, len(self._samples))
            samples = [self._samples.popleft() for _ in range(count)]
            readings, self._readings = self._readings, {}
            transitions = list(self._transitions)
            self._transitions.clear()
            batch = WatchBatch(
                samples=samples, readings=list(readings.values()), transitions=transitions, fences=dict(self._fences)
            )
            try:
                await self._work(lambda batch=batch: store.write(batch))  # type: ignore[misc]
            except StaleLeaseError as error:
                lost |= error.node_ids
                self._put_back(store, batch, without=error.node_ids)
                if not error.node_ids:
                    break
                continue
            except AetherError as error:
                self.problem = f"What is measured cannot be stored: {error.message}"
                self._put_back(store, batch, without=frozenset())
                break
            self.problem = ""
        return lost

    def _put_back(self, store: WatchStore, batch: WatchBatch, *, without: frozenset[int]) -> None:
        if self._store is not store:
            return
        for node_id in without:
            self._fences.pop(node_id, None)
        kept = [each for each in batch.samples if each.node_id not in without]
        room = MOST_SAMPLES - len(self._samples)
        self._samples.extendleft(reversed(kept[max(0, len(kept) - room) :] if room else []))
        for reading in batch.readings:
            if reading.node_id not in without:
                self._readings.setdefault(reading.node_id, reading)
        self._transitions.extendleft(reversed([each for each in batch.transitions if each.node_id not in without]))

    async def _flush_notices(self) -> None:
        history = self._history
        if history is None:
            return
        notices = [self._notices.popleft() for _ in range(len(self._notices))]
        stamped = [_stamped(each, history) for each in notices]

        def written() -> int:
            if stamped:
                history.store.add(stamped)
            return history.store.unread()

        try:
            self.unread = await self._work(written)
        except AetherError as error:
            self._notices.extendleft(reversed(notices))
            _LOG.warning("the history of notices cannot be written: %s", error)


def _stamped(notice: Notice, history: NoticeHistory) -> Notice:
    """In the name of the person whose history it is; what was told while it was locked had none."""
    if notice.owner_id == history.owner_id:
        return notice
    return replace(notice, id=history.new_id(), owner_id=history.owner_id)
