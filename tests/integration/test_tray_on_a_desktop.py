"""The icon in a real tray, and on a desktop without one; notices received by a real service. Sessions of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from PySide6.QtGui import QColor, QImage

from aether_desktop.ui.theme.tokens import TRAY
from tests.support.display import VirtualDisplay
from tests.support.notification_server import Dunst
from tests.support.processes import tool
from tests.support.session_bus import SessionBus
from tests.support.tray_host import TrayHost

_SECONDS = 30


class Session:
    """The program on a private screen and bus."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        command = [sys.executable, "-m", "tests.integration.tray_desktop"]
        self._process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return self.next()

    def next(self) -> str:
        """The next line that it says."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.communicate(timeout=_SECONDS)


@contextmanager
def _session(home: Path, *, tray: bool) -> Iterator[Session]:
    with ExitStack() as stack:
        bus = stack.enter_context(closing(SessionBus()))
        screen = stack.enter_context(closing(VirtualDisplay()))
        if tray:
            stack.enter_context(closing(TrayHost(bus, screen.environment, home=home)))
            stack.enter_context(closing(Dunst(bus, screen.environment, home=str(home))))
        env = {
            **os.environ,
            **screen.environment,
            "HOME": str(home),
            "DBUS_SESSION_BUS_ADDRESS": bus.address,
            "QT_QPA_PLATFORM": "xcb",
        }
        yield stack.enter_context(closing(Session(env)))


def _panel(session: Session, folder: Path) -> QImage:
    """The screen's bottom edge, where the panel is."""
    picture = folder / "screen.png"
    subprocess.run([tool("import"), "-window", "root", str(picture)], env=session.env, check=True, timeout=_SECONDS)
    whole = QImage(str(picture))
    return whole.copy(0, whole.height() - 32, whole.width(), 32)


def _inked(image: QImage, ink: str) -> int:
    """Pixels of about that colour."""
    wanted = QColor(ink)
    raw = bytes(image.convertToFormat(QImage.Format.Format_RGB32).constBits())
    near = [range(each - 12, each + 13) for each in (wanted.blue(), wanted.green(), wanted.red())]
    pixels = zip(raw[0::4], raw[1::4], raw[2::4], strict=True)
    return sum(blue in near[0] and green in near[1] and red in near[2] for blue, green, red in pixels)


def _until(condition: Callable[[], bool]) -> bool:
    """Whether it comes true in time; each look starts a program, so nobody waits for the next one."""
    deadline = time.monotonic() + _SECONDS
    while not (found := condition()) and time.monotonic() < deadline:
        pass
    return found


def _notices(session: Session) -> str:
    count = [tool("dunstctl"), "count", "displayed"]
    return subprocess.run(count, env=session.env, check=True, capture_output=True, text=True).stdout.strip()


def test_in_a_real_tray(tmp_path: Path) -> None:
    with _session(tmp_path, tray=True) as session:
        assert session.ask("tray") == "True"
        assert _until(lambda: _inked(_panel(session, tmp_path), TRAY.ok) > 60), "a green hexagon"
        assert session.ask("down") == "told"
        assert _until(lambda: _inked(_panel(session, tmp_path), TRAY.bad) > 60), "a red one with a square"
        assert _inked(_panel(session, tmp_path), TRAY.ok) == 0
        assert "archive-07: down" in session.ask("menu").split("|")
        assert session.ask("close") == "hidden, running"
        assert session.ask("window") == "hidden"
        assert _until(lambda: _notices(session) == "2"), "the outage, and that the window is in the tray"


def test_without_a_tray_it_says_so_and_never_hides_to_nowhere(tmp_path: Path) -> None:
    with _session(tmp_path, tray=False) as session:
        assert session.ask("tray") == "False"
        assert session.ask("close") == "on view, running"
        assert "This desktop shows no tray." in session.ask("message")
        assert session.ask("down") == "told"
        assert "no notification service" in session.next()
        assert session.ask("close") == "hidden, closed"
