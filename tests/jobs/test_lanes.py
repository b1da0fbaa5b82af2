"""Lanes: order, one outcome per job, cancellation, closing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from aether_desktop.jobs.lanes import Cancelled, Failed, LaneJob, LaneName, Lanes, LanesClosedError, Succeeded, Work
from aether_desktop.ports.work import CancelToken, Progress, silent

_WAIT = 10.0


def appending(done: list[int], number: int, _token: CancelToken, _progress: Progress) -> None:
    done.append(number)


class Ending:
    """Collects the outcomes of one job."""

    def __init__(self) -> None:
        self.outcomes: list[Any] = []
        self.arrived = threading.Event()

    def __call__(self, outcome: Any) -> None:
        self.outcomes.append(outcome)
        self.arrived.set()

    def wait(self) -> Any:
        assert self.arrived.wait(_WAIT), "the job never ended"
        return self.outcomes[0]


def job(work: Work[Any]) -> tuple[LaneJob[Any], Ending]:
    ending = Ending()
    return LaneJob(work, silent, ending), ending


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    opened = Lanes()
    yield opened
    opened.close()


def test_a_result_and_an_error_each_come_back_once(lanes: Lanes) -> None:
    good, good_end = job(lambda _token, _progress: 42)
    bad, bad_end = job(lambda _token, _progress: 1 // 0)
    lanes.submit(LaneName.READ, good)
    lanes.submit(LaneName.READ, bad)
    assert good_end.wait() == Succeeded(42)
    outcome = bad_end.wait()
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, ZeroDivisionError)
    assert len(good_end.outcomes) == len(bad_end.outcomes) == 1


def test_the_write_lane_keeps_its_order(lanes: Lanes) -> None:
    done: list[int] = []
    endings = []
    for number in range(50):
        piece, ending = job(partial(appending, done, number))
        endings.append(ending)
        lanes.submit(LaneName.WRITE, piece)
    for ending in endings:
        ending.wait()
    assert done == list(range(50))


def test_four_reads_run_at_once(lanes: Lanes) -> None:
    meeting = threading.Barrier(4, timeout=_WAIT)
    endings = []
    for _ in range(4):
        piece, ending = job(lambda _token, _progress: meeting.wait())
        endings.append(ending)
        lanes.submit(LaneName.READ, piece)
    assert sorted(ending.wait().value for ending in endings) == [0, 1, 2, 3]


def test_cancelling_interrupts_what_runs_and_skips_what_waits(lanes: Lanes) -> None:
    begun = threading.Event()
    interrupted = threading.Event()

    def work(token: CancelToken, _progress: Progress) -> None:
        token.on_cancel(interrupted.set)
        begun.set()
        assert interrupted.wait(_WAIT)
        token.check()

    running, running_end = job(work)
    waiting, waiting_end = job(lambda _token, _progress: 1)
    lanes.submit(LaneName.WRITE, running)
    lanes.submit(LaneName.WRITE, waiting)
    assert begun.wait(_WAIT)
    waiting.token.cancel()
    running.token.cancel()
    assert running_end.wait() == Cancelled()
    assert waiting_end.wait() == Cancelled()


def test_closing_cancels_all_and_refuses_more() -> None:
    lanes = Lanes(readers=1)
    begun, interrupted = threading.Event(), threading.Event()

    def work(token: CancelToken, _progress: Progress) -> None:
        token.on_cancel(interrupted.set)
        begun.set()
        assert interrupted.wait(_WAIT)
        token.check()

    running, running_end = job(work)
    waiting, waiting_end = job(lambda _token, _progress: 1)
    lanes.submit(LaneName.READ, running)
    assert begun.wait(_WAIT)
    lanes.submit(LaneName.READ, waiting)
    lanes.close()
    assert running_end.outcomes == [Cancelled()]
    assert waiting_end.outcomes == [Cancelled()]
    with pytest.raises(LanesClosedError):
        lanes.submit(LaneName.READ, waiting)


def test_an_interrupt_registered_after_the_cancel_is_called_at_once() -> None:
    token, called = CancelToken(), threading.Event()
    token.cancel()
    remove = token.on_cancel(called.set)
    assert called.is_set()
    remove()
