"""Cycles are found on the GUI thread, whoever made them."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from aether_desktop.ui.garbage_collector import GarbageCollector


class _Knot:
    """Refers to itself: only a collection ends it."""

    def __init__(self) -> None:
        self.itself = self
        self.weight: list[list[int]] = [[] for _ in range(100)]


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[GarbageCollector]:
    made = GarbageCollector()
    made.start()
    made.loaded()
    yield made
    made.close()


def test_a_workers_cycle_ends_on_the_gui_thread(qtbot: QtBot, collector: GarbageCollector) -> None:
    ended: list[int] = []

    def work() -> None:
        for _ in range(200):  # far above the thresholds of Python's own collector
            knot = _Knot()
            weakref.finalize(knot, lambda: ended.append(threading.get_ident()))

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    qtbot.waitUntil(lambda: len(ended) == 200)
    assert set(ended) == {threading.get_ident()}


def test_older_generations_come_round_as_well(collector: GarbageCollector) -> None:
    ended: list[int] = []
    knot = _Knot()
    gc.collect()
    weakref.finalize(knot, lambda: ended.append(1))
    del knot
    looks = 0
    while not ended and looks < 1000:
        kept: list[list[int]] = [[] for _ in range(3000)]
        collector.look()
        del kept
        looks += 1
    assert 1 < looks < 1000  # not in the first look, which takes the young only


def test_what_was_loaded_is_left_out_until_the_end(collector: GarbageCollector) -> None:
    ended: list[int] = []
    knot = _Knot()
    weakref.finalize(knot, lambda: ended.append(1))
    collector.loaded()
    del knot
    gc.collect()
    assert not ended
    collector.close()
    gc.collect()
    assert ended


@pytest.fixture
def automatic() -> Iterator[None]:
    """As in a program: the tests see to it themselves that it is off."""
    gc.freeze()  # whatever earlier tests left is no worker's business
    gc.enable()
    yield
    gc.disable()
    gc.unfreeze()


def test_the_collector_is_handed_back_as_it_was(qtbot: QtBot, automatic: None) -> None:
    made = GarbageCollector()
    made.start()
    assert not gc.isenabled()
    made.close()
    assert gc.isenabled()
    made.close()
    assert gc.isenabled()


def test_a_window_that_closes_first_does_not_hand_it_back_while_another_is_open(qtbot: QtBot, automatic: None) -> None:
    first, second, idle = GarbageCollector(), GarbageCollector(), GarbageCollector()
    first.start()
    second.start()
    for made in (idle, first):
        made.close()
    assert not gc.isenabled()
    second.close()
    assert gc.isenabled()


def test_no_test_lets_a_worker_collect(qtbot: QtBot) -> None:
    ended: list[int] = []

    def work() -> None:
        for _ in range(200):  # far above the thresholds of Python's own collector
            weakref.finalize(_Knot(), lambda: ended.append(threading.get_ident()))

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert not ended
    gc.collect(0)
    assert set(ended) == {threading.get_ident()}
