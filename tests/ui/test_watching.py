"""Boards reach the window coalesced, from any thread; an engine that falls silent is not believed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ports.monitoring import MonitorBoard, WatchState
from aether_desktop.ui.watching import BoardWatch
from tests.ui.boards import PublishedBoards, board, view


@pytest.fixture
def engine() -> PublishedBoards:
    return PublishedBoards(board([view(number) for number in range(50)]))


@pytest.fixture
def watch(engine: PublishedBoards, qapp: QApplication) -> Iterator[BoardWatch]:
    with closing(BoardWatch(engine)) as made:
        yield made


def test_a_burst_is_told_once_with_all_that_changed(engine: PublishedBoards, watch: BoardWatch, qtbot: QtBot) -> None:
    told: list[tuple[MonitorBoard, frozenset[int] | None]] = []
    watch.changed.connect(lambda made, ids: told.append((made, ids)))

    def burst() -> None:
        for number in range(200):
            engine.publish(replace(engine.board, changed=frozenset({number % 50}), notices_unread=number))

    threads = [threading.Thread(target=burst) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    qtbot.waitUntil(lambda: bool(told))
    assert len(told) == 1
    assert told[0][1] == frozenset(range(50))
    assert watch.board is engine.board
    engine.publish(replace(engine.board, changed=frozenset({3})))
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told[1][1] == frozenset({3})


def test_all_may_have_changed_wins(engine: PublishedBoards, watch: BoardWatch, qtbot: QtBot) -> None:
    with qtbot.waitSignal(watch.changed) as told:
        engine.publish(replace(engine.board, changed=None))
        engine.publish(replace(engine.board, changed=frozenset({1})))
    assert told.args[1] is None


def test_an_engine_without_a_sign_of_life_is_stale(engine: PublishedBoards, watch: BoardWatch, qtbot: QtBot) -> None:
    with qtbot.waitSignal(watch.changed):
        watch._silence.timeout.emit()
    assert watch.board.stale
    assert "sign of life" in watch.board.sentence
    assert watch.board.worst is NodeStatus.UP  # what was known stays readable, struck through
    with qtbot.waitSignal(watch.changed) as told:
        engine.publish(engine.board)
    assert not told.args[0].stale


def test_what_is_locked_needs_no_sign_of_life(engine: PublishedBoards, watch: BoardWatch, qtbot: QtBot) -> None:
    with qtbot.waitSignal(watch.changed):
        engine.publish(board(state=WatchState.LOCKED))
    with qtbot.assertNotEmitted(watch.changed):
        watch._silence.timeout.emit()


def test_nothing_is_heard_after_the_end(engine: PublishedBoards, watch: BoardWatch, qtbot: QtBot) -> None:
    engine.publish(engine.board)
    watch.close()
    engine.publish(engine.board)
    with qtbot.assertNotEmitted(watch.changed, wait=300):
        pass
    assert not engine._boards
