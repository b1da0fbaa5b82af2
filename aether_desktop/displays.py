"""Whether a window can open here, said before Qt is loaded: Qt ends the process where it cannot."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import MutableMapping
from contextlib import closing
from pathlib import Path

_SCREENLESS = ("offscreen", "minimal", "vnc", "eglfs", "linuxfb")
_PATIENCE = 3.0  # seconds for a display on another machine
_NONE = (
    "There is no display to open a window on. Start it in a desktop session, or set DISPLAY or WAYLAND_DISPLAY; "
    "the command line works without one: aether-desktop --help"
)
_X_DISPLAY = re.compile(r"(?P<host>[^:]*):(?P<number>\d+)(\.\d+)?\Z")


def settle_display(environment: MutableMapping[str, str] = os.environ) -> str:
    """Why no window can open, in a sentence; empty where one can. Touches sockets only; before Qt is loaded.

    Names of a Wayland session without its compositor are left aside where an X display answers.
    """
    if sys.platform != "linux":
        return ""
    if environment.get("QT_QPA_PLATFORM", "").partition(":")[0] in _SCREENLESS:
        return ""
    wayland, display = environment.get("WAYLAND_DISPLAY", ""), environment.get("DISPLAY", "")
    if not wayland and not display:
        return _NONE
    on_wayland = bool(wayland) and _compositor_answers(wayland, environment.get("XDG_RUNTIME_DIR", ""))
    on_x = bool(display) and _x_answers(display)
    if not on_wayland and not on_x:
        named = " and ".join(
            f"{name}={value[:60]}" for name, value in (("WAYLAND_DISPLAY", wayland), ("DISPLAY", display)) if value
        )
        return f"The display does not answer ({named}). Is the desktop session still there? {_NONE.partition('; ')[2]}"
    if wayland and not on_wayland:
        environment.pop("WAYLAND_DISPLAY")
        environment.setdefault("QT_QPA_PLATFORM", "xcb")
        if environment["QT_QPA_PLATFORM"].startswith("wayland"):
            environment["QT_QPA_PLATFORM"] = "xcb"
    return ""


def _compositor_answers(name: str, runtime: str) -> bool:
    path = Path(name) if name.startswith("/") else Path(runtime) / name
    return (bool(runtime) or path.is_absolute()) and _connects(socket.AF_UNIX, str(path))


def _x_answers(display: str) -> bool:
    match = _X_DISPLAY.match(display)
    if match is None:
        return True  # a name in another form: Qt may know it
    number = int(match["number"])
    if match["host"] not in {"", "unix"}:
        return _connects(socket.AF_INET, (match["host"], 6000 + number)) or _connects(
            socket.AF_INET6, (match["host"], 6000 + number)
        )
    place = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - where X servers listen
    return _connects(socket.AF_UNIX, f"\0{place}") or _connects(socket.AF_UNIX, place)


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    with closing(socket.socket(family, socket.SOCK_STREAM)) as end:
        end.settimeout(_PATIENCE)
        try:
            end.connect(address)
        except (OSError, ValueError):
            return False
        return True
