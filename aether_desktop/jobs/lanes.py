"""Lanes: where background work runs. One worker writes, four read; each lane is first come, first served."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
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
    """Daemonless worker threads by lane. ``close`` cancels everything, joins and is idempotent."""

    def __init__(self, *, readers: int = 4) -> None:
        self._condition = threading.Condition()
        self._queues: dict[LaneName, deque[LaneJob[object]]] = {name: deque() for name in LaneName}
        self._running: set[LaneJob[object]] = set()
        self._closed = False
        counts = {LaneName.READ: readers, LaneName.WRITE: 1}
        numbers = itertools.count(1)
        self._threads = [
            threading.Thread(target=self._work_off, args=(lane,), name=f"aether-{lane}-{next(numbers)}")
            for lane, count in counts.items()
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, lane: LaneName, job: LaneJob[object]) -> None:
        """Queue a job; any thread. Raises LanesClosedError."""
        with self._condition:
            if self._closed:
                raise LanesClosedError("The lanes are closed.")
            self._queues[lane].append(job)
            self._condition.notify_all()

    def close(self) -> None:
        """Cancel what runs and what waits, wait for the workers. Not from a worker."""
        with self._condition:
            self._closed = True
            pending = [job for queue in self._queues.values() for job in queue]
            for queue in self._queues.values():
                queue.clear()
            running = list(self._running)
            self._condition.notify_all()
        for job in running:
            job.token.cancel()
        for job in pending:
            job.on_end(Cancelled())
        for thread in self._threads:
            thread.join()

    def _work_off(self, lane: LaneName) -> None:
        queue = self._queues[lane]
        while True:
            with self._condition:
                while not queue and not self._closed:
                    self._condition.wait()
                if self._closed:
                    return
                job = queue.popleft()
                self._running.add(job)
            try:
                job.run()
            finally:
                with self._condition:
                    self._running.discard(job)
