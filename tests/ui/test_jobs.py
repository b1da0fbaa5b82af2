"""The bridge to the GUI thread: where outcomes arrive, how often, and that a flood does not stall the loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest
from PySide6.QtCore import QElapsedTimer, QTimer
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from aether_desktop.jobs.lanes import Lanes
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.ui.jobs import JobRunner


def giving(number: int, _token: CancelToken, _progress: Progress) -> int:
    return number


@pytest.fixture
def runner(qapp: object) -> Iterator[JobRunner]:
    opened = JobRunner(Lanes())
    yield opened
    opened.close()


def test_outcomes_arrive_on_the_gui_thread(runner: JobRunner, qtbot: QtBot) -> None:
    threads: list[threading.Thread] = []
    values: list[int] = []
    handle = runner.read(lambda _token, _progress: 7)
    handle.on_success(values.append).on_success(lambda _value: threads.append(threading.current_thread()))
    qtbot.waitUntil(lambda: not handle.running)
    assert values == [7]
    assert threads == [threading.main_thread()]
    assert runner.live == ()


def test_a_failure_nobody_listens_to_is_announced(runner: JobRunner, qtbot: QtBot) -> None:
    with qtbot.waitSignal(runner.failed_unheard) as heard:
        runner.write(lambda _token, _progress: 1 // 0)
    assert isinstance(heard.args[1], ZeroDivisionError)


def test_a_failure_is_announced_when_who_listened_was_closed(runner: JobRunner, qtbot: QtBot) -> None:
    class Sheet(QLabel):
        def show_error(self, error: BaseException) -> None:
            self.setText(str(error))

    closed = Sheet()
    with qtbot.waitSignal(runner.failed_unheard) as heard:
        runner.write(lambda _token, _progress: 1 // 0).on_failure(closed.show_error)
        delete(closed)
    assert isinstance(heard.args[1], ZeroDivisionError)


def test_progress_is_throttled_and_the_end_is_never_lost(runner: JobRunner, qtbot: QtBot) -> None:
    told: list[tuple[int, int | None, str]] = []

    def work(_token: CancelToken, progress: Progress) -> str:
        for step in range(10_000):
            progress(step + 1, 10_000, "counting")
        return "done"

    handle = runner.read(work, title="Count").on_progress(lambda *step: told.append(step))
    with qtbot.waitSignal(runner.job_ended):
        pass
    assert not handle.running
    assert told[-1] == (10_000, 10_000, "counting")
    assert len(told) < 100


def test_cancel_ends_as_cancelled(runner: JobRunner, qtbot: QtBot) -> None:
    begun, stop = threading.Event(), threading.Event()
    outcomes: list[str] = []

    def work(token: CancelToken, _progress: Progress) -> None:
        token.on_cancel(stop.set)
        begun.set()
        assert stop.wait(10)
        token.check()

    handle = runner.read(work)
    handle.on_cancelled(lambda: outcomes.append("cancelled")).on_success(lambda _value: outcomes.append("success"))
    assert begun.wait(10)
    handle.cancel()
    qtbot.waitUntil(lambda: not handle.running)
    assert outcomes == ["cancelled"]


def test_ten_thousand_answers_leave_the_loop_its_turns(runner: JobRunner, qtbot: QtBot) -> None:
    """Deliveries are sliced: timers keep firing between them."""
    ended: list[int] = []
    ticks: list[float] = []
    clock = QElapsedTimer()
    clock.start()
    timer = QTimer()
    timer.setInterval(0)
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    timer.start()
    for number in range(10_000):
        runner.read(partial(giving, number)).on_success(ended.append)
    qtbot.waitUntil(lambda: len(ended) == 10_000, timeout=60_000)
    timer.stop()
    assert sorted(ended) == list(range(10_000))
    assert len(ticks) >= 3


def test_nothing_is_delivered_after_close(qapp: object, qtbot: QtBot) -> None:
    runner = JobRunner(Lanes())
    delivered: list[int] = []
    runner.read(lambda _token, _progress: 1).on_success(delivered.append)
    runner.close()
    QTimer.singleShot(0, lambda: delivered.append(99))
    qtbot.waitUntil(lambda: 99 in delivered)
    assert delivered == [99]


def test_a_listener_that_fails_keeps_no_other_answer_back(runner: JobRunner, qtbot: QtBot) -> None:
    def failing(_value: int) -> None:
        raise LookupError("a bug of a page")

    answers: list[int] = []
    with qtbot.captureExceptions() as caught:
        runner.read(lambda _token, _progress: 1).on_success(failing)
        runner.read(lambda _token, _progress: 2).on_success(answers.append)
        qtbot.waitUntil(lambda: answers == [2])
    assert [kind for kind, *_rest in caught] == [LookupError]


def test_who_was_closed_meanwhile_is_not_told(runner: JobRunner, qtbot: QtBot) -> None:
    class Sheet(QLabel):
        def show_number(self, number: int) -> None:
            self.setText(str(number))

        def show_of(self, label: str, number: int) -> None:
            self.setText(f"{label} {number}")

    told: list[int] = []
    closed, open_one = Sheet(), Sheet()
    qtbot.addWidget(open_one)
    handle = runner.read(partial(giving, 7))
    for sheet in (closed, open_one):
        handle.on_success(sheet.show_number).on_success(partial(sheet.show_of, "number"))
    handle.on_success(told.append)
    delete(closed)
    qtbot.waitUntil(lambda: not handle.running)  # a listener's exception would fail the test
    assert told == [7]
    assert open_one.text() == "number 7"


def test_what_a_stop_met_is_told_with_how_it_ended(qtbot: QtBot) -> None:
    runner = JobRunner(Lanes())
    began, go_on = threading.Event(), threading.Event()

    def to_the_end(_token: CancelToken, _progress: Progress) -> str:
        began.set()
        go_on.wait(20)
        return "whole"

    runner.write(to_the_end, title="Import one").when_stopped("Nothing of it is stored.")
    runner.write(to_the_end, title="Import two").when_stopped("Nothing of it is stored.")
    runner.write(to_the_end, title="Of no interest")
    assert began.wait(20)
    runner.stop()
    go_on.set()
    runner.join()
    assert runner.cut_short() == ("Import one was done before.", "Import two was stopped. Nothing of it is stored.")
