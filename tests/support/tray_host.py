"""lxqt-panel as the tray of a private desktop: a real StatusNotifier host."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tests.support.processes import Child, bound_to_parent, tool
from tests.support.session_bus import SessionBus

WATCHER = "org.kde.StatusNotifierWatcher"
_CONFIG = """[General]
panels=panel1

[panel1]
alignment=-1
hidable=false
iconSize=22
lineCount=1
panelSize=32
plugins=statusnotifier
position=Bottom
width=100
width-percent=true

[statusnotifier]
type=statusnotifier
"""


class TrayHost:
    """Stop it with ``close``. Its pictures are on the screen that ``screen`` names."""

    def __init__(self, bus: SessionBus, screen: Mapping[str, str], *, home: Path) -> None:
        config = home / "lxqt" / "panel.conf"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(_CONFIG, encoding="utf-8")
        runtime = home / "run"
        runtime.mkdir(mode=0o700, exist_ok=True)
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "XDG_CACHE_HOME": str(home),
            "XDG_DATA_HOME": str(home),
            "XDG_RUNTIME_DIR": str(runtime),
            "DBUS_SESSION_BUS_ADDRESS": bus.address,
            "QT_QPA_PLATFORM": "xcb",
            "LC_ALL": "C.UTF-8",
            **screen,
        }
        command = bound_to_parent([tool("lxqt-panel"), "--configfile", str(config)])
        self._child = Child(command, env=env, ready=lambda _line: True, name="lxqt-panel")
        bus.wait_for(WATCHER, self._child)

    def close(self) -> None:
        """End it."""
        self._child.stop()
