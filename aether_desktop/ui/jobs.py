"""The bridge from worker threads to the GUI thread: every outcome is delivered there, in order, once."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from aether_desktop.jobs.lanes import Cancelled, Failed, LaneJob, LaneName, Lanes, Outcome, Succeeded, Work
from aether_desktop.ui.turns import next_turn

ResultT = TypeVar("ResultT")

_PROGRESS_INTERVAL = 0.1  # seconds between two progress deliveries of one job
_DELIVERY_SLICE = 0.006  # seconds of deliveries before the event loop gets its turn

Refusal = Callable[[BaseException, Callable[[], None], Callable[[], None]], bool]
"""Asked when work failed: the error, how to repeat the work, how to give it up. True: one of the two will be called."""


class JobHandle(Generic[ResultT]):
    """One job as the GUI thread sees it. Exactly one of the three outcomes is reported, on the GUI thread.

    ``title`` empty means too short to list in the activity panel. Methods of a widget that was closed meanwhile are not
    called; give such methods (or partials of them), not lambdas around them.
    """

    def __init__(self, number: int, title: str, cancel: Callable[[], None]) -> None:
        self.number = number
        self.title = title
        self.done = 0
        self.total: int | None = None
        self.message = ""
        self.started_at = time.monotonic()
        self.outcome: Outcome[ResultT] | None = None
        self.leaves = ""
        self._cancel = cancel
        self._succeeded: list[Callable[[ResultT], None]] = []
        self._failed: list[Callable[[BaseException], None]] = []
        self._cancelled: list[Callable[[], None]] = []
        self._progressed: list[Callable[[int, int | None, str], None]] = []

    def on_success(self, slot: Callable[[ResultT], None]) -> JobHandle[ResultT]:
        self._succeeded.append(slot)
        return self

    def on_failure(self, slot: Callable[[BaseException], None]) -> JobHandle[ResultT]:
        self._failed.append(slot)
        return self

    def on_cancelled(self, slot: Callable[[], None]) -> JobHandle[ResultT]:
        self._cancelled.append(slot)
        return self

    def on_progress(self, slot: Callable[[int, int | None, str], None]) -> JobHandle[ResultT]:
        self._progressed.append(slot)
        return self

    def when_stopped(self, leaves: str) -> JobHandle[ResultT]:
        """A sentence about what is so after a stop in the middle: who locks the vault meanwhile is told."""
        self.leaves = leaves
        return self

    def cancel(self) -> None:
        """Ask it to stop; the outcome still comes (possibly success, if it was faster)."""
        self._cancel()

    @property
    def running(self) -> bool:
        return self.outcome is None

    def seconds_left(self) -> float | None:
        """An estimate from the share done, None while there is none."""
        if not self.total or self.done <= 0:
            return None
        return (time.monotonic() - self.started_at) * max(self.total - self.done, 0) / self.done

    def _deliver_progress(self, done: int, total: int | None, message: str) -> None:
        if self.outcome is None:
            self.done, self.total, self.message = done, total, message
            for slot in filter(hears, self._progressed):
                slot(done, total, message)

    def _deliver(self, outcome: Outcome[ResultT]) -> None:
        self.outcome = outcome
        match outcome:
            case Succeeded(value):
                for slot in filter(hears, self._succeeded):
                    slot(value)
            case Failed(error):
                for failure_slot in filter(hears, self._failed):
                    failure_slot(error)
            case Cancelled():
                for cancelled_slot in filter(hears, self._cancelled):
                    cancelled_slot()


class JobRunner(QObject):
    """Submits work to the lanes and delivers outcomes; lives on the GUI thread.

    ``failed_unheard`` carries the error of a job whose failure nobody listens to, or not any more: it must reach the
    message bar.
    """

    job_started = Signal(object)
    job_changed = Signal(object)
    job_ended = Signal(object)
    failed_unheard = Signal(object, object)
    _woken = Signal()

    def __init__(self, lanes: Lanes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._numbers = itertools.count(1)
        self._live: dict[int, JobHandle[Any]] = {}
        self._repeats: dict[int, Callable[[], None]] = {}
        self._inbox: deque[tuple[str, JobHandle[Any], Any]] = deque()
        self._lock = threading.Lock()
        self._waking = False
        self._closed = False
        self._cut: tuple[JobHandle[Any], ...] = ()
        self._woken.connect(self._on_woken, Qt.ConnectionType.QueuedConnection)
        self.refusal: Refusal | None = None

    @property
    def live(self) -> tuple[JobHandle[Any], ...]:
        """Jobs not ended yet, oldest first."""
        return tuple(self._live.values())

    def submit(
        self, lane: LaneName, work: Work[ResultT], *, title: str = "", repeatable: bool = True
    ) -> JobHandle[ResultT]:
        """Run ``work(token, progress)`` on a lane; connect the outcomes before returning to the loop.

        Work that a locked level refused is repeated when the level was opened, unless it is not ``repeatable``.
        """
        handle: JobHandle[ResultT] = JobHandle(next(self._numbers), title, lambda: None)
        if self._closed:  # a page that is about to go asks once more
            return handle
        if repeatable:
            self._repeats[handle.number] = lambda: self._start(handle, lane, work)
        self._live[handle.number] = handle
        self._start(handle, lane, work)
        self.job_started.emit(handle)
        return handle

    def _start(self, handle: JobHandle[ResultT], lane: LaneName, work: Work[ResultT]) -> None:
        job: LaneJob[Any] = LaneJob(work, lambda *_: None, lambda _outcome: None)
        handle._cancel = job.token.cancel
        last_progress = 0.0

        def on_progress(done: int, total: int | None, message: str = "") -> None:
            nonlocal last_progress
            now = time.monotonic()
            if now - last_progress >= _PROGRESS_INTERVAL or (total is not None and done >= total):
                last_progress = now
                self._post("progress", handle, (done, total, message))

        job.on_progress = on_progress
        job.on_end = lambda outcome: self._post("end", handle, outcome)
        self._lanes.submit(lane, job)

    def read(self, work: Work[ResultT], *, title: str = "", repeatable: bool = True) -> JobHandle[ResultT]:
        return self.submit(LaneName.READ, work, title=title, repeatable=repeatable)

    def write(self, work: Work[ResultT], *, title: str = "", repeatable: bool = True) -> JobHandle[ResultT]:
        return self.submit(LaneName.WRITE, work, title=title, repeatable=repeatable)

    def close(self) -> None:
        """Cancel and join all work; nothing is delivered afterwards."""
        self.stop()
        self.join()

    def stop(self) -> None:
        """Cancel all work; nothing is delivered and nothing begun from now on. ``join`` must follow."""
        self._closed = True
        live = self.live
        self._cut = tuple(handle for handle in live if handle.leaves)
        with self._lock:
            ended = [each for each in self._inbox if each[0] == "end" and each[1].leaves]
            self._inbox = deque(ended)
        self._live.clear()
        self._repeats.clear()
        for handle in live:
            handle.cancel()

    def join(self) -> None:
        """Wait for the workers; who asks for work after that gets none. Any thread but theirs."""
        self._closed = True
        self._lanes.close()

    def cut_short(self) -> tuple[str, ...]:
        """After ``join``: a sentence about each job that ``stop`` met and that says what it leaves. Any thread."""
        with self._lock:
            ends = {handle.number: payload for kind, handle, payload in self._inbox if kind == "end"}
        return tuple(
            f"{handle.title} was done before."
            if isinstance(ends.get(handle.number), Succeeded)
            else f"{handle.title} was stopped. {handle.leaves}"
            for handle in self._cut
        )

    def _post(self, kind: str, handle: JobHandle[Any], payload: Any) -> None:
        with self._lock:
            self._inbox.append((kind, handle, payload))
            wake = not self._waking and not self._closed
            if wake:
                self._waking = True
        if wake:
            self._woken.emit()

    def _on_woken(self) -> None:
        next_turn(self, self._deliver_waiting)

    def _deliver_waiting(self) -> None:
        deadline = time.monotonic() + _DELIVERY_SLICE
        while not self._closed:
            with self._lock:
                if not self._inbox:
                    self._waking = False
                    return
                kind, handle, payload = self._inbox.popleft()
            delivered = False
            try:
                self._deliver(kind, handle, payload)
                delivered = True
            finally:
                if not delivered:  # a listener's bug must not keep the other answers back
                    next_turn(self, self._deliver_waiting)
            if time.monotonic() > deadline:
                next_turn(self, self._deliver_waiting)
                return

    def _deliver(self, kind: str, handle: JobHandle[Any], payload: Any) -> None:
        if kind == "progress":
            handle._deliver_progress(*payload)
            self.job_changed.emit(handle)
            return
        repeat = self._repeats.get(handle.number)
        if isinstance(payload, Failed) and repeat is not None and self._taken_over(handle, payload.error, repeat):
            return
        self._end(handle, payload)

    def _taken_over(self, handle: JobHandle[Any], error: BaseException, repeat: Callable[[], None]) -> bool:
        def again() -> None:
            if handle.number in self._live and not self._closed:
                repeat()

        def give_up() -> None:
            if handle.number in self._live:
                self._end(handle, Cancelled())

        if self.refusal is None or not self.refusal(error, again, give_up):
            return False
        handle._cancel = give_up
        return True

    def _end(self, handle: JobHandle[Any], payload: Any) -> None:
        self._live.pop(handle.number, None)
        self._repeats.pop(handle.number, None)
        unheard = isinstance(payload, Failed) and not any(map(hears, handle._failed))
        handle._deliver(payload)
        self.job_ended.emit(handle)
        if unheard:
            self.failed_unheard.emit(handle, payload.error)


def hears(slot: Callable[..., object]) -> bool:
    """False for a method (or a partial of one) of an object that Qt has deleted: nobody is there to be told."""
    while isinstance(slot, partial):
        slot = slot.func
    owner = getattr(slot, "__self__", None)
    return not isinstance(owner, QObject) or isValid(owner)
