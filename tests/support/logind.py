"""A logind on a private bus: it owns the name, answers who is asked for, and sends the signals a desktop sends."""

from __future__ import annotations

import threading
from queue import Empty, Queue

from jeepney import (
    DBusAddress,
    HeaderFields,
    MatchRule,
    Message,
    message_bus,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.io.threading import DBusRouter, open_dbus_router

NAME = "org.freedesktop.login1"
SESSION = "/org/freedesktop/login1/session/_31"
OTHER = "/org/freedesktop/login1/session/_32"


class FakeLogind:
    """Signals go over a real bus; only the daemon is ours, for the real one needs a machine of its own."""

    def __init__(self, address: str, *, knows_us: bool = True) -> None:
        self._knows_us = knows_us
        self._manager = open_dbus_router(address)
        self._router: DBusRouter = self._manager.__enter__()
        self._router.send_and_get_reply(message_bus.RequestName(NAME))
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._answer, name="fake-logind")
        self._thread.start()

    def lock(self, path: str = SESSION) -> None:
        """The session of that path is locked."""
        self._signal(DBusAddress(path, interface=f"{NAME}.Session"), "Lock")

    def sleep(self, *, begins: bool = True) -> None:
        """The computer goes to sleep, or wakes up."""
        address = DBusAddress("/org/freedesktop/login1", interface=f"{NAME}.Manager")
        self._router.send(new_signal(address, "PrepareForSleep", "b", (begins,)))

    def close(self) -> None:
        """Leave the bus."""
        self._ending.set()
        self._thread.join()
        self._manager.__exit__(None, None, None)

    def _signal(self, address: DBusAddress, member: str) -> None:
        self._router.send(new_signal(address, member))

    def _answer(self) -> None:
        calls: Queue[Message] = Queue()
        with self._router.filter(MatchRule(type="method_call"), queue=calls):
            while not self._ending.is_set():
                try:
                    call = calls.get(timeout=0.05)
                except Empty:
                    continue
                member = call.header.fields.get(HeaderFields.member, "")
                if member.startswith("GetSession") and self._knows_us:
                    self._router.send(new_method_return(call, "o", (SESSION,)))
                else:
                    self._router.send(new_error(call, f"{NAME}.NoSessionForPID"))
