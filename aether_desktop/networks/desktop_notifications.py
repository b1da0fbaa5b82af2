"""Notices by the desktop's own notification service (org.freedesktop.Notifications on the session bus). Linux.

Texts are plain: where the service reads markup, they are escaped. Elsewhere, or without a service, ``problem`` says why
nothing is shown.
"""

from __future__ import annotations

import html
import logging
import os
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aether_desktop.domain.text import plain_line

if TYPE_CHECKING:
    from jeepney import Message
    from jeepney.io.blocking import DBusConnection

_LOG: Final = logging.getLogger(__name__)
_NAME: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
_APPLICATION: Final = "Aether"
_ANSWER_SECONDS: Final = 5.0
_SILENT: Final = "The desktop's notification service does not answer: notices are in the program's history only."
_MOST_WAITING: Final = 100
_MOST_SHOWN: Final = 500  # whose actions are still understood
_SUMMARY, _LINE, _LINES = 120, 300, 6
_URGENCIES: Final = {False: 1, True: 2}  # normal, critical


class _Notice(NamedTuple):
    tag: str
    title: str
    body: str
    actions: tuple[tuple[str, str], ...]
    urgent: bool


class DesktopNotifier:
    """One thread of its own talks to the bus; every method may be called on any thread and returns at once."""

    def __init__(self, address: str = "", *, icon: str = "aether-desktop") -> None:
        """``address`` of the bus; empty for the session's own."""
        self._address = address or os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
        self._icon = icon
        self._waiting: queue.Queue[_Notice] = queue.Queue(_MOST_WAITING)
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._thread: threading.Thread | None = None
        self._problem = ""
        self._numbers: dict[str, int] = {}
        self._tags: dict[int, str] = {}
        self._acted: Callable[[str, str], None] = lambda _tag, _key: None
        self._failed: Callable[[str], None] = lambda _tag: None
        self._closed = threading.Event()
        self._starting = threading.Lock()

    def start(self, *, acted: Callable[[str, str], None], failed: Callable[[str], None] = lambda _tag: None) -> None:
        """``acted(tag, key)`` is called on the notifier's thread when a person presses an action, ``failed(tag)`` when
        a notice could not be shown. The thread begins with the first notice. Never raises."""
        self._acted, self._failed = acted, failed

    def send(
        self, tag: str, title: str, body: str = "", *, actions: Sequence[tuple[str, str]] = (), urgent: bool = False
    ) -> None:
        """Show a notice soon. When too many wait the oldest is dropped: the history has it.

        ``tag`` names what it is about: it takes the place of one on screen with the same tag, and actions carry it.
        ``actions`` are (key, label); the key "default" is a click on the notice itself. ``urgent`` stays on screen.
        """
        item = _Notice(tag, title, body, tuple(actions), urgent)
        while True:
            try:
                self._waiting.put_nowait(item)
                break
            except queue.Full:
                with suppress(queue.Empty):
                    self._waiting.get_nowait()
        with self._starting:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="aether-notifications", daemon=True)
                self._thread.start()
        self._wake()

    def problem(self) -> str:
        """Why nothing is shown, in plain words; empty when all is well, or nothing was tried yet."""
        return self._problem

    def close(self) -> None:
        """Show what waits, and end the thread."""
        self._closed.set()
        self._wake()
        if self._thread is not None:
            self._thread.join(_ANSWER_SECONDS)
        self._bell.close()
        self._ear.close()

    def _wake(self) -> None:
        with suppress(OSError):
            self._bell.send(b"!")

    # ------------------------------------------------------------------------------------------------ on the thread
    def _run(self) -> None:
        connection: DBusConnection | None = None
        with selectors.DefaultSelector() as ears:
            ears.register(self._ear, selectors.EVENT_READ)
            while not (self._closed.is_set() and self._waiting.empty()):
                for key, _events in ears.select():
                    if key.fileobj is self._ear:
                        self._ear.recv(4096)
                    elif connection is not None and not self._hear(connection):
                        self._drop(connection, ears)
                        connection = None
                connection = self._deliver_waiting(connection, ears)
        if connection is not None:
            connection.close()

    def _deliver_waiting(
        self, connection: DBusConnection | None, ears: selectors.BaseSelector
    ) -> DBusConnection | None:
        while True:
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                return connection
            if connection is None:
                connection = self._connect()
                if connection is not None:
                    ears.register(connection.sock, selectors.EVENT_READ)
            if connection is not None and not self._deliver(connection, item):
                self._drop(connection, ears)
                connection = None
            if self._problem:
                self._failed(item.tag)

    def _connect(self) -> DBusConnection | None:
        try:
            from jeepney import MatchRule, message_bus  # noqa: PLC0415  # Linux only
            from jeepney.io.blocking import open_dbus_connection  # noqa: PLC0415  # Linux only

            connection = open_dbus_connection(self._address or "SESSION")
        except ImportError:
            self._problem = "Notices of the desktop are not to be had on this system."
            return None
        except (OSError, ValueError, KeyError, RuntimeError):
            self._problem = "There is no session bus: notices are in the program's history only."
            return None
        try:
            for member in ("ActionInvoked", "NotificationClosed"):
                rule = MatchRule(type="signal", interface=_NAME, member=member, path=_PATH)
                connection.send_and_get_reply(message_bus.AddMatch(rule), timeout=_ANSWER_SECONDS)
        except (OSError, TimeoutError, RuntimeError):
            self._problem = _SILENT
            connection.close()
            return None
        return connection

    def _drop(self, connection: DBusConnection, ears: selectors.BaseSelector) -> None:
        """The bus went away: the next notice tries again."""
        ears.unregister(connection.sock)
        with suppress(OSError):
            connection.close()
        self._numbers.clear()
        self._tags.clear()

    def _deliver(self, connection: DBusConnection, item: _Notice) -> bool:
        """False when the connection is of no use any more."""
        try:
            self._show(connection, item)
        except (OSError, RuntimeError, TimeoutError):
            self._problem = _SILENT
            return False
        return self._hear(connection)  # what came along with the answer waits in no socket any more

    def _show(self, connection: DBusConnection, notice: _Notice) -> None:
        able = self._call(connection, "GetCapabilities")  # each time: another service may have come
        reads_markup = able is not None and "body-markup" in able[0]
        body = "\n".join(plain_line(line, _LINE) for line in notice.body.splitlines()[:_LINES])
        actions = [text for key, label in notice.actions for text in (key, plain_line(label, 60))]
        shown = (
            _APPLICATION,
            self._numbers.get(notice.tag, 0),
            self._icon,
            plain_line(notice.title, _SUMMARY),
            html.escape(body, quote=False) if reads_markup else body,
            actions,
            {"urgency": ("y", _URGENCIES[notice.urgent]), "desktop-entry": ("s", self._icon)},
            -1,
        )
        answer = self._call(connection, "Notify", "susssasa{sv}i", shown)
        if answer is None:
            self._problem = "The desktop has no notification service: notices are in the program's history only."
            return
        self._problem = ""
        number = int(answer[0])
        self._tags.pop(self._numbers.get(notice.tag, 0), None)
        self._numbers[notice.tag], self._tags[number] = number, notice.tag
        while len(self._tags) > _MOST_SHOWN:
            oldest = next(iter(self._tags))
            self._numbers.pop(self._tags.pop(oldest), None)

    def _call(
        self, connection: DBusConnection, method: str, signature: str | None = None, body: tuple[object, ...] = ()
    ) -> tuple[Any, ...] | None:
        """The answer's body; None for an error. What else arrives meanwhile is heard."""
        from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call  # noqa: PLC0415  # Linux only

        call = new_method_call(DBusAddress(_PATH, bus_name=_NAME, interface=_NAME), method, signature, body)
        serial = next(connection.outgoing_serial)
        connection.send(call, serial=serial)
        deadline = time.monotonic() + _ANSWER_SECONDS
        while True:
            message = connection.receive(timeout=max(0.0, deadline - time.monotonic()))
            if message.header.fields.get(HeaderFields.reply_serial) != serial:
                self._take(message)
            elif message.header.message_type is MessageType.method_return:
                return tuple(message.body)
            else:
                return None

    def _hear(self, connection: DBusConnection) -> bool:
        """Take what has arrived; False when the bus is gone."""
        try:
            while True:
                self._take(connection.receive(timeout=0))
        except TimeoutError:
            return True
        except Exception:  # noqa: BLE001 - a bus that goes away is no reason to disturb anybody
            _LOG.info("the notification service is not heard any more", exc_info=True)
            return False

    def _take(self, message: Message) -> None:
        from jeepney import HeaderFields, MessageType  # noqa: PLC0415  # Linux only

        fields = message.header.fields
        if message.header.message_type is not MessageType.signal or fields.get(HeaderFields.interface) != _NAME:
            return
        tag = self._tags.get(message.body[0]) if message.body else None
        if tag is None:
            return
        if fields.get(HeaderFields.member) == "ActionInvoked":
            self._acted(tag, str(message.body[1]))
        elif fields.get(HeaderFields.member) == "NotificationClosed":
            self._tags.pop(message.body[0], None)
            self._numbers.pop(tag, None)
