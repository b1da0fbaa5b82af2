"""Locks and sleep as systemd-logind tells them on the system bus (org.freedesktop.login1). Linux; elsewhere silent."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection

_LOG: Final = logging.getLogger(__name__)
_NAME: Final = "org.freedesktop.login1"
_PATH: Final = "/org/freedesktop/login1"
_MANAGER: Final = f"{_NAME}.Manager"
_SESSION: Final = f"{_NAME}.Session"
_ANSWER_SECONDS: Final = 5.0
_SYSTEM_BUS: Final = "unix:path=/var/run/dbus/system_bus_socket"


class LogindSession:
    """Calls back on its own thread. Where there is no bus or no logind nothing is ever called."""

    def __init__(self, address: str = "") -> None:
        """``address`` of the bus; empty for the system's, or what DBUS_SYSTEM_BUS_ADDRESS names."""
        self._address = address or os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", _SYSTEM_BUS)
        self._lock = threading.Lock()
        self._connection: DBusConnection | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self.listening = threading.Event()
        """Set once signals arrive."""

    def start(self, *, locked: Callable[[], None], sleeping: Callable[[], None]) -> None:
        """Listen on a thread of its own; never raises. Quick."""
        self._thread = threading.Thread(
            target=self._listen, args=(locked, sleeping), name="aether-login-session", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and wait for the thread."""
        with self._lock:
            self._closed = True
            if self._connection is not None:
                with suppress(OSError):
                    self._connection.sock.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join(_ANSWER_SECONDS)

    def problem(self) -> str:
        """Why nothing is heard, in plain words; empty when all is well. Asks the bus: worker threads."""
        try:
            connection = self._connect()
        except ImportError:
            return "Locks and sleep of the desktop are not heard on this system."
        except (OSError, ValueError, KeyError, RuntimeError):
            return "There is no system bus: locks and sleep of the desktop are not heard. The idle time works."
        try:
            if _has_owner(connection):
                return ""
        except (OSError, RuntimeError, TimeoutError):
            pass
        finally:
            connection.close()
        return "logind does not answer: locks and sleep of the desktop are not heard. The idle time works."

    def _listen(self, locked: Callable[[], None], sleeping: Callable[[], None]) -> None:
        try:
            connection = self._connect()
        except (ImportError, OSError, ValueError, KeyError, RuntimeError):
            return
        with self._lock:
            if self._closed:
                connection.close()
                return
            self._connection = connection
        try:
            self._follow(connection, locked, sleeping)
        except Exception:  # noqa: BLE001 - a bus that goes away is no reason to disturb anybody
            _LOG.info("the session bus is not heard any more", exc_info=True)
        finally:
            with self._lock:
                self._connection = None
            connection.close()

    def _follow(self, connection: DBusConnection, locked: Callable[[], None], sleeping: Callable[[], None]) -> None:
        from jeepney import HeaderFields, MatchRule, message_bus  # noqa: PLC0415  # Linux only

        own = _own_session(connection)
        for interface, member, path in ((_SESSION, "Lock", own), (_MANAGER, "PrepareForSleep", _PATH)):
            rule = MatchRule(type="signal", sender=_NAME, interface=interface, member=member, path=path or None)
            connection.send_and_get_reply(message_bus.AddMatch(rule), timeout=_ANSWER_SECONDS)
        self.listening.set()
        while True:
            message = connection.receive()
            fields = message.header.fields
            member = fields.get(HeaderFields.member)
            if member == "Lock" and fields.get(HeaderFields.interface) == _SESSION:
                if not own or fields.get(HeaderFields.path) == own:
                    locked()
            elif member == "PrepareForSleep" and message.body and message.body[0]:
                sleeping()

    def _connect(self) -> DBusConnection:
        from jeepney.io.blocking import open_dbus_connection  # noqa: PLC0415  # Linux only

        return open_dbus_connection(self._address)


def _has_owner(connection: DBusConnection) -> bool:
    from jeepney import message_bus  # noqa: PLC0415  # Linux only

    reply = connection.send_and_get_reply(message_bus.NameHasOwner(_NAME), timeout=_ANSWER_SECONDS)
    return bool(reply.body and reply.body[0])


def _own_session(connection: DBusConnection) -> str:
    """The object path of this process's session; empty when logind knows none: then any session's lock counts."""
    from jeepney import DBusAddress, MessageType, new_method_call  # noqa: PLC0415  # Linux only

    manager = DBusAddress(_PATH, bus_name=_NAME, interface=_MANAGER)
    asked: list[tuple[str, str, tuple[int | str]]] = [("GetSessionByPID", "u", (os.getpid(),))]
    if named := os.environ.get("XDG_SESSION_ID"):
        asked.append(("GetSession", "s", (named,)))
    for method, signature, body in asked:
        call = new_method_call(manager, method, signature, body)
        with suppress(TimeoutError):
            reply = connection.send_and_get_reply(call, timeout=_ANSWER_SECONDS)
            if reply.header.message_type is MessageType.method_return and reply.body:
                return str(reply.body[0])
    return ""
