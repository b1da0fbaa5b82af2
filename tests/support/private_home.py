"""Keeps a run out of the person's folders, screen, bus and database settings."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

_FOLDERS = {
    "HOME": "",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_RUNTIME_DIR": "run",
}
_FORGOTTEN_PREFIXES = ("AETHER_", "DBUS_", "PG", "QT_", "WAYLAND_", "XDG_", "GNOME_", "KDE_", "PYTHON_KEYRING")
_FORGOTTEN = (
    *("DATABASE_URL", "DISPLAY", "XAUTHORITY", "DESKTOP_SESSION", "SSH_AUTH_SOCK", "LANGUAGE"),
    "PYTHONDONTWRITEBYTECODE",  # hundreds of children, and Alembic for each vault, would compile everything anew
)


class PrivateHome:
    """A temporary home with the XDG folders, applied to an environment."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="aether-home-"))

    def apply(self, environment: MutableMapping[str, str]) -> None:
        """Point every user folder below the root and forget the person's session."""
        for name in list(environment):
            chosen = name.startswith("AETHER_TEST_")  # what this run is to be tested with
            if not chosen and (name in _FORGOTTEN or name.startswith(_FORGOTTEN_PREFIXES)):
                del environment[name]
        for name, folder in _FOLDERS.items():
            path = self.root / folder
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            environment[name] = str(path)
        environment.update(
            {
                "DBUS_SESSION_BUS_ADDRESS": "disabled:",  # whoever needs a bus asks for the private one
                "LC_ALL": "C.UTF-8",
                "NO_AT_BRIDGE": "1",
                "QT_QPA_PLATFORM": "xcb",
                "TZ": "UTC",
            }
        )

    def close(self) -> None:
        """Delete the home."""
        shutil.rmtree(self.root, ignore_errors=True)


def real_home() -> Path:
    """Return the person's home as the system knows it, whatever HOME says."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir)


def traces_in_real_home() -> frozenset[tuple[str, int]]:
    """Return what lies in the person's folders under the program's name, with times, to compare before and after."""
    home = real_home()
    places = (home, home / ".config", home / ".local/share", home / ".local/state", home / ".cache")
    found: set[tuple[str, int]] = set()
    for place in places:
        for entry in place.glob("*[aA]ether*"):
            for path in (entry, *entry.rglob("*")):
                found.add((str(path), path.lstat().st_mtime_ns))
    return frozenset(found)
