"""Locks and sleep over a real bus; and quiet where there is none."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import closing

import pytest

from aether_desktop.networks.login_session import LogindSession
from tests.support.logind import OTHER, FakeLogind
from tests.support.session_bus import SessionBus


@pytest.fixture
def bus() -> Iterator[SessionBus]:
    with closing(SessionBus()) as made:
        yield made


class Heard:
    """What a session was told, in order."""

    def __init__(self, address: str) -> None:
        self.told: queue.Queue[str] = queue.Queue()
        self.session = LogindSession(address)
        self.session.start(locked=lambda: self.told.put("locked"), sleeping=lambda: self.told.put("sleeping"))

    def next(self) -> str:
        return self.told.get(timeout=20)


def test_locks_and_sleep_are_told(bus: SessionBus) -> None:
    with closing(FakeLogind(bus.address)) as logind:
        heard = Heard(bus.address)
        assert heard.session.listening.wait(20)
        assert heard.session.problem() == ""
        logind.lock()
        assert heard.next() == "locked"
        logind.sleep(begins=False)  # waking up is nothing
        logind.sleep()
        assert heard.next() == "sleeping"
        logind.lock(OTHER)  # somebody else's session
        logind.lock()
        assert heard.next() == "locked"
        heard.session.close()
        assert heard.told.empty()


def test_where_the_session_is_not_known_any_lock_counts(bus: SessionBus) -> None:
    with closing(FakeLogind(bus.address, knows_us=False)) as logind:
        heard = Heard(bus.address)
        assert heard.session.listening.wait(20)
        logind.lock(OTHER)
        assert heard.next() == "locked"
        heard.session.close()


def test_a_bus_that_ends_ends_the_listening(bus: SessionBus) -> None:
    with closing(FakeLogind(bus.address)):
        heard = Heard(bus.address)
        assert heard.session.listening.wait(20)
    bus.close()
    heard.session.close()
    assert heard.told.empty()


def test_without_a_bus_nothing_happens_and_it_is_said() -> None:
    heard = Heard("unix:path=/nowhere/at/all")
    heard.session.close()
    assert heard.told.empty()
    assert "no system bus" in heard.session.problem()


def test_a_bus_without_logind_is_said(bus: SessionBus) -> None:
    assert "logind does not answer" in LogindSession(bus.address).problem()
