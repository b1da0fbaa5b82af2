"""Notices over a real bus, received by a service of ours and by a real one; and quiet where there is none."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection

from aether_desktop.networks.desktop_notifications import DesktopNotifier
from tests.support.display import VirtualDisplay
from tests.support.notification_server import NAME, Dunst, FakeNotifications
from tests.support.session_bus import SessionBus

_ACTIONS = (("open", "Show it"), ("mute", "Silence 1 h"))


@pytest.fixture(scope="module")
def bus() -> Iterator[SessionBus]:
    with closing(SessionBus()) as made:
        yield made


class Told:
    """A notifier and the actions it heard of."""

    def __init__(self, address: str) -> None:
        self.acted: queue.Queue[tuple[str, str]] = queue.Queue()
        self.notifier = DesktopNotifier(address)
        self.failed: queue.Queue[str] = queue.Queue()
        self.notifier.start(acted=lambda tag, key: self.acted.put((tag, key)), failed=self.failed.put)

    def down(self) -> None:
        self.notifier.send("node-7", "archive-07 is down", "No answer\nthree times", actions=_ACTIONS)

    def close(self) -> None:
        self.notifier.close()


def test_a_notice_is_shown_replaced(bus: SessionBus) -> None:
    with closing(FakeNotifications(bus.address)) as service, closing(Told(bus.address)) as told:
        told.down()
        number, app, replaces, _icon, summary, body, actions, hints, lasts = service.shown.get(timeout=20)
        assert (app, replaces, summary, body, lasts) == (
            "Aether",
            0,
            "archive-07 is down",
            "No answer\nthree times",
            -1,
        )
        assert actions == ["open", "Show it", "mute", "Silence 1 h"]
        assert hints["urgency"] == ("y", 1)
        told.notifier.send("node-7", "archive-07 is up", "It was down for 4 min.", urgent=True)
        again, _app, replaces, *_ = service.shown.get(timeout=20)
        assert (again, replaces) == (number, number)
        told.notifier.send("node-8", "another")
        assert service.shown.get(timeout=20)[2] == 0
        assert told.notifier.problem() == ""


def test_actions_come_back_with_the_tag_until_it_is_dismissed(bus: SessionBus) -> None:
    with closing(FakeNotifications(bus.address)) as service, closing(Told(bus.address)) as told:
        told.down()
        number = service.shown.get(timeout=20)[0]
        service.press(99, "open")  # somebody else's notice
        service.press(number, "mute")
        assert told.acted.get(timeout=20) == ("node-7", "mute")
        service.dismiss(number)
        service.press(number, "open")
        told.down()  # a new one, for the old is gone
        assert service.shown.get(timeout=20)[2] == 0
        assert told.acted.empty()


@pytest.mark.parametrize(
    ("capabilities", "body"),
    [(("body",), "<b>&</b> https://x"), (("body", "body-markup"), "&lt;b&gt;&amp;&lt;/b&gt; https://x")],
)
def test_texts_from_outside_are_plain(bus: SessionBus, capabilities: tuple[str, ...], body: str) -> None:
    with (
        closing(FakeNotifications(bus.address, capabilities=capabilities)) as service,
        closing(Told(bus.address)) as told,
    ):
        told.notifier.send("t", "a\u202eb\nc" + "x" * 500, "<b>&</b> https://x\n" + "long " * 500)
        shown = service.shown.get(timeout=20)
        assert "\u202e" not in shown[4]
        assert "\n" not in shown[4]
        assert len(shown[4]) <= 130
        assert shown[5].splitlines()[0] == body
        assert len(shown[5]) < 400


def test_a_real_service_shows_it(bus: SessionBus, tmp_path: Path) -> None:
    with (
        closing(VirtualDisplay()) as screen,
        closing(Dunst(bus, screen.environment, home=str(tmp_path))),
        closing(Told(bus.address)) as told,
    ):
        told.down()
        told.notifier.send("node-7", "archive-07 is up")  # the same one, changed
        told.notifier.send("node-8", "validator-2 is degraded", "<b>behind</b>")
        told.close()
        with open_dbus_connection(bus.address) as connection:
            dunst = DBusAddress("/org/freedesktop/Notifications", bus_name=NAME, interface="org.dunstproject.cmd0")
            properties = dunst.with_interface("org.freedesktop.DBus.Properties")
            call = new_method_call(properties, "Get", "ss", ("org.dunstproject.cmd0", "displayedLength"))
            shown = connection.send_and_get_reply(call, timeout=20).body[0][1]
        assert shown == 2
        assert told.failed.empty()
        assert told.notifier.problem() == ""


def test_without_a_service_it_is_said(bus: SessionBus) -> None:
    with closing(Told(bus.address)) as told:
        told.down()
        told.close()
        assert "does not answer" in told.notifier.problem() or "no notification service" in told.notifier.problem()


def test_without_a_bus_it_is_said() -> None:
    told = Told("unix:path=/nowhere/at/all")
    told.down()
    told.close()
    assert "no session bus" in told.notifier.problem()
    assert told.failed.get(timeout=20) == "node-7"


def test_a_service_that_comes_back_is_used_again(bus: SessionBus) -> None:
    with closing(Told(bus.address)) as told:
        with closing(FakeNotifications(bus.address)) as first:
            told.down()
            first.shown.get(timeout=20)
        told.down()
        with closing(FakeNotifications(bus.address)) as second:
            told.notifier.send("node-9", "later")
            summaries = [second.shown.get(timeout=20)[4]]
            if summaries != ["later"]:
                summaries.append(second.shown.get(timeout=20)[4])
            assert summaries[-1] == "later"
            told.close()
            assert told.notifier.problem() == ""


def test_a_burst_is_bounded_and_keeps_the_latest() -> None:
    notifier = DesktopNotifier("unix:path=/nowhere/at/all")
    notifier._closed.set()  # nobody takes them off the queue
    for number in range(250):
        notifier.send(f"n{number}", f"n{number}")
    waiting = [notifier._waiting.get_nowait() for _ in range(notifier._waiting.qsize())]
    assert len(waiting) == 100
    assert waiting[-1].tag == "n249"
    notifier.close()
