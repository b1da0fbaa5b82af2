"""A private D-Bus session bus that starts nothing by itself, and a real keyring daemon on it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from jeepney import DBusAddress, MatchRule, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from tests.support.processes import Child, bound_to_parent, tool

SECRETS = "org.freedesktop.secrets"
PASSWORD = "throw-away"
_BUS = DBusAddress("/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus")
# No servicedir: a bus with activation would start the system's own keyring daemon when asked for one.
_CONFIG = """<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class SessionBus:
    """dbus-daemon with a socket in a temporary folder."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="aether-bus-"))
        socket = self._folder / "bus"
        config = self._folder / "session.conf"
        config.write_text(_CONFIG.format(socket=socket))
        command = [tool("dbus-daemon"), f"--config-file={config}", "--nofork", "--nopidfile", "--print-address=1"]
        self._child = Child(
            bound_to_parent(command),
            env={"PATH": os.environ["PATH"]},
            name="dbus",
            ready=lambda line: line.startswith("unix:"),
        )
        self._child.wait_until_ready()
        self.address = f"unix:path={socket}"

    def owner_pid(self, name: str) -> int | None:
        """Return the process that holds the bus name, None if nobody does."""
        with open_dbus_connection(self.address) as connection:
            if not _has_owner(connection, name):
                return None
            reply = connection.send_and_get_reply(new_method_call(_BUS, "GetConnectionUnixProcessID", "s", (name,)))
            return int(reply.body[0])

    def wait_for(self, name: str, child: Child, seconds: float = 20.0) -> None:
        """Block until somebody holds the bus name; RuntimeError with the child's output if nobody does."""
        with open_dbus_connection(self.address) as connection:
            rule = MatchRule(type="signal", interface="org.freedesktop.DBus", member="NameOwnerChanged")
            rule.add_arg_condition(0, name)
            connection.send_and_get_reply(message_bus.AddMatch(rule))
            with connection.filter(rule) as changes:
                if _has_owner(connection, name):
                    return
                try:
                    connection.recv_until_filtered(changes, timeout=seconds)
                except TimeoutError as error:
                    raise RuntimeError(f"nobody took the bus name {name}:\n{child.output}") from error

    def close(self) -> None:
        """End the bus."""
        self._child.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


class KeyringDaemon:
    """gnome-keyring-daemon over its own home, unlocked, or locked (and then every use wants a prompt)."""

    def __init__(self, bus: SessionBus, *, password: str = PASSWORD, unlocked: bool = True) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="aether-kr-"))
        self._bus = bus
        runtime = self._home / "run"
        runtime.mkdir(mode=0o700)
        self._env: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_DATA_HOME": str(self._home / "data"),
            "XDG_CONFIG_HOME": str(self._home / "config"),
            "XDG_CACHE_HOME": str(self._home / "cache"),
            "DBUS_SESSION_BUS_ADDRESS": bus.address,
            "LC_ALL": "C.UTF-8",
        }
        self._child = self._start(password)
        if not unlocked:  # the first start made the login collection; a second one without its password finds it locked
            self._child.stop()
            self._child = self._start(None)

    @property
    def pid(self) -> int:
        """The daemon's process id."""
        return self._child.pid

    def close(self) -> None:
        """End the daemon and delete what it stored."""
        self._child.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def _start(self, password: str | None) -> Child:
        command = [tool("gnome-keyring-daemon"), "--foreground", "--components=secrets"]
        if password is not None:
            command.append("--unlock")
        child = Child(
            bound_to_parent(command),
            env=self._env,
            ready=lambda _line: True,
            name="keyring",
            stdin=(password or "").encode(),
        )
        self._bus.wait_for(SECRETS, child)
        return child


def _has_owner(connection: DBusConnection, name: str) -> bool:
    return bool(connection.send_and_get_reply(new_method_call(_BUS, "NameHasOwner", "s", (name,))).body[0])
