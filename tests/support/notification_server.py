"""A notification service on a private bus, and dunst, a real one, with what it shows."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from queue import Empty, Queue
from typing import Any

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, message_bus, new_method_return, new_signal
from jeepney.io.threading import DBusRouter, open_dbus_router

from tests.support.processes import Child, bound_to_parent, tool
from tests.support.session_bus import SessionBus

NAME = "org.freedesktop.Notifications"
_PATH = "/org/freedesktop/Notifications"


class FakeNotifications:
    """For what a real service leaves to chance: which markup it reads, and when somebody presses an action."""

    def __init__(self, address: str, *, capabilities: tuple[str, ...] = ("body", "actions")) -> None:
        self.shown: Queue[tuple[Any, ...]] = Queue()
        self._capabilities = capabilities
        self._manager = open_dbus_router(address)
        self._router: DBusRouter = self._manager.__enter__()
        self._router.send_and_get_reply(message_bus.RequestName(NAME))
        self._ending = threading.Event()
        self._next = 41
        self._thread = threading.Thread(target=self._answer, name="fake-notifications")
        self._thread.start()

    def press(self, number: int, key: str) -> None:
        """Somebody presses an action of a notice."""
        self._signal("ActionInvoked", "us", (number, key))

    def dismiss(self, number: int) -> None:
        """Somebody closes a notice."""
        self._signal("NotificationClosed", "uu", (number, 2))

    def close(self) -> None:
        """Leave the bus."""
        self._ending.set()
        self._thread.join()
        self._manager.__exit__(None, None, None)

    def _signal(self, member: str, signature: str, body: tuple[Any, ...]) -> None:
        self._router.send(new_signal(DBusAddress(_PATH, interface=NAME), member, signature, body))

    def _answer(self) -> None:
        calls: Queue[Message] = Queue()
        with self._router.filter(MatchRule(type="method_call"), queue=calls):
            while not self._ending.is_set():
                try:
                    call = calls.get(timeout=0.05)
                except Empty:
                    continue
                self._serve(call)

    def _serve(self, call: Message) -> None:
        match call.header.fields.get(HeaderFields.member, ""):
            case "GetCapabilities":
                self._router.send(new_method_return(call, "as", (list(self._capabilities),)))
            case "Notify":
                number = call.body[1] or self._next
                self._next += 1
                self._router.send(new_method_return(call, "u", (number,)))
                self.shown.put((number, *call.body))


class Dunst:
    """The real service, on a private bus and screen."""

    def __init__(self, bus: SessionBus, screen: Mapping[str, str], *, home: str) -> None:
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "XDG_CACHE_HOME": home,
            "DBUS_SESSION_BUS_ADDRESS": bus.address,
            "LC_ALL": "C.UTF-8",
            **screen,
        }
        self._child = Child(
            bound_to_parent([tool("dunst"), "-conf", "/dev/null"]),
            env=self._env,
            ready=lambda _line: True,
            name="dunst",
        )
        bus.wait_for(NAME, self._child)

    def close(self) -> None:
        """End it."""
        self._child.stop()
