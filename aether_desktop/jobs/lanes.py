"""Lanes: where background work runs. One worker writes, four read; each lane is first come, first served."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.work import CancelToken, Progress

ResultT = TypeVar("ResultT")
Work = Callable[[CancelToken, Progress], ResultT]


class LaneName(StrEnum):
    READ = "read"
    WRITE = "write"


class LanesClosedError(RuntimeError):
    """Work was submitted after the lanes were closed: a bug of the caller."""


@dataclass(frozen=True, slots=True)
class Succeeded(Generic[ResultT]):
    value: ResultT


@dataclass(frozen=True, slots=True)
class Failed:
    error: BaseException


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Stopped on request, before it began or in the middle."""


Outcome = Succeeded[ResultT] | Failed | Cancelled


@dataclass(slots=True, eq=False)
class LaneJob(Generic[ResultT]):
    """One piece of work. The callbacks run on the working thread and must return at once."""

    work: Work[ResultT]
    on_progress: Progress
    on_end: Callable[[Outcome[ResultT]], None]
    token: CancelToken = field(default_factory=CancelToken)

    def run(self) -> None:
        """Runs the work and reports exactly one outcome, whatever happens."""
        outcome: Outcome[ResultT]
        try:
            self.token.check()
            outcome = Succeeded(self.work(self.token, self.on_progress))
        except OperationCancelled:
            outcome = Cancelled()
        except Exception as error:  # noqa: BLE001 - the outcome carries it to whoever asked
            outcome = Failed(error)
        self.on_end(outcome)


class Lanes:
    """Daemonless worker threads by lane. ``close`` cancels everything, joins and is idempotent.

    The queues are lock-free for whoever submits: a busy worker never keeps the GUI thread waiting.
    """

    def __init__(self, *, readers: int = 4) -> None:
        self._queues: dict[LaneName, SimpleQueue[LaneJob[object] | None]] = {name: SimpleQueue() for name in LaneName}
        self._lock = threading.Lock()  # of _running alone
        self._running: set[LaneJob[object]] = set()
        self._closing = threading.Event()
        counts = {LaneName.READ: readers, LaneName.WRITE: 1}
        numbers = itertools.count(1)
        self._threads = [
            (lane, threading.Thread(target=self._work_off, args=(lane,), name=f"aether-{lane}-{next(numbers)}"))
            for lane, count in counts.items()
            for _ in range(count)
        ]
        for _lane, thread in self._threads:
            thread.start()

    def submit(self, lane: LaneName, job: LaneJob[object]) -> None:
        """Queue a job; any thread. Raises LanesClosedError."""
        if self._closing.is_set():
            raise LanesClosedError("The lanes are closed.")
        self._queues[lane].put(job)
        if self._closing.is_set():  # closed in between: its workers may be gone
            self._drop_waiting()

    def close(self) -> None:
        """Cancel what runs and what waits, wait for the workers. Not from a worker."""
        self._closing.set()
        with self._lock:
            running = list(self._running)
        for job in running:
            job.token.cancel()
        self._drop_waiting()
        for lane, _thread in self._threads:
            self._queues[lane].put(None)
        for _lane, thread in self._threads:
            thread.join()
        self._drop_waiting()

    def _drop_waiting(self) -> None:
        for queue in self._queues.values():
            waiting = []
            with suppress(Empty):
                while True:
                    waiting.append(queue.get_nowait())
            for job in waiting:
                if job is None:
                    queue.put(None)  # a worker's order to stop
                else:
                    job.on_end(Cancelled())

    def _work_off(self, lane: LaneName) -> None:
        queue = self._queues[lane]
        while (job := queue.get()) is not None:
            with self._lock:
                self._running.add(job)
            if self._closing.is_set():
                job.token.cancel()
            try:
                job.run()
            finally:
                with self._lock:
                    self._running.discard(job)
