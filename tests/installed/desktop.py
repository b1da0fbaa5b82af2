"""A desktop inside the minimal system: screen, private D-Bus, real keyring, window manager; real keys and clicks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.installed.root import USER, MinimalRoot
from tests.support.display import VirtualDisplay
from tests.support.processes import tool

PATIENCE = 90.0  # seconds; a machine may be busy
_RUNTIME = "/tmp/runtime"  # noqa: S108 - inside the minimal system
_COOKIE = "/tmp/xauthority"  # noqa: S108 - see above
_GOLD = "9a6b12"  # the accent of the light theme
_ACTIVATED = "usr/share/dbus-1/services/org.freedesktop.secrets.service"  # starts a keyring where one is asked for
_PARTS = {
    "keyring": "printf of-the-session | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null",
    "manager": "openbox >/dev/null 2>&1 &",
    "tray": "trayer --edge bottom --align right --widthtype pixel --width 120 >/dev/null 2>&1 &",
}


class Desktop:
    """One session of one person. Commands are started by its shell; what they print lies in files."""

    def __init__(
        self,
        root: MinimalRoot,
        *,
        bus: bool = True,
        without: tuple[str, ...] = (),
        shots: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.root, self._shots = root, shots
        self._display = VirtualDisplay()
        self._own = {**os.environ, **self._display.environment}
        shutil.copyfile(self._display.environment["XAUTHORITY"], root.folder / "tmp/xauthority")
        root.own(root.folder / "tmp/xauthority")
        self._activated = root.folder / _ACTIVATED
        if "keyring" in without:
            self._activated.rename(root.folder / "srv/no-keyring")
        shell = "sh" if not bus else "dbus-run-session -- sh"
        begin = "\n".join(text for name, text in _PARTS.items() if name not in without and (bus or name != "keyring"))
        inside = {
            "XDG_RUNTIME_DIR": _RUNTIME,
            "DISPLAY": self._display.environment["DISPLAY"],
            "XAUTHORITY": _COOKIE,
            **(environment or {}),
        }
        self._shell = subprocess.Popen(
            root.command(
                ["sh", "-c", f"rm -rf {_RUNTIME}; mkdir -m 700 {_RUNTIME}; exec {shell}"], user=USER, environment=inside
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._number = 0
        self._say(begin)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.shot("failed")
        self._shell.kill()
        self._shell.wait()
        assert self._shell.stdin is not None
        with suppress(BrokenPipeError):  # what went wrong before is what is told
            self._shell.stdin.close()
        self._display.close()
        if (kept := self.root.folder / "srv/no-keyring").exists():
            kept.rename(self._activated)

    # -- commands ------------------------------------------------------------------------------------------------
    def start(self, command: str) -> Started:
        """Start a command of the session's shell."""
        self._number += 1
        name = f"command-{self._number}"
        for left in (self.root.folder / "tmp").glob(f"{name}.*"):
            left.unlink()  # of a session before
        self._say(f"{{ ( {command} ) >/tmp/{name}.out 2>/tmp/{name}.err; echo $? >/tmp/{name}.code; }} &")
        return Started(self.root.folder / "tmp" / name)

    def run(self, command: str) -> Started:
        """Run it to its end."""
        started = self.start(command)
        started.wait()
        return started

    def done(self, command: str) -> str:
        """What a command that went well printed."""
        ended = self.run(command)
        assert ended.code == 0, f"{command}: {ended.out}{ended.err}"
        return ended.out

    def json(self, command: str) -> object:
        return json.loads(self.done(command))

    # -- keys, clicks, looks ---------------------------------------------------------------------------------------
    def window(self, title: str) -> str:
        """Wait for a window whose title holds this, and give it the keyboard."""
        try:
            found = self.until(lambda: self._search(title), f"a window {title!r}")
        except AssertionError:
            self.shot("failed")
            raise
        self._x("windowactivate", found)
        return found

    def gone(self, title: str) -> None:
        self.until(lambda: not self._search(title), f"no window {title!r}")

    def keys(self, *keys: str) -> None:
        for key in keys:
            self._x("key", "--clearmodifiers", key)
            time.sleep(0.15)  # a person's pace

    def type(self, text: str) -> None:
        self._x("type", "--delay", "15", text)

    def click(self, x: int, y: int) -> None:
        self._x("mousemove", str(x), str(y), "click", "1", "mousemove", "1340", "300")  # what is pointed at is darker

    def gold(self, x: int, y: int) -> None:
        """Wait until the primary button stands there: the page that it belongs to is shown, and can be used."""
        try:
            self.until(lambda: self._colour(x, y) == _GOLD, f"a primary button at {x}, {y}")
        except AssertionError:
            self.shot("failed")
            raise

    def _colour(self, x: int, y: int) -> str:
        done = subprocess.run(
            [tool("import"), "-window", "root", "-crop", f"1x1+{x}+{y}", "-depth", "8", "rgb:-"],
            env=self._own,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return done.stdout[:3].hex()

    def shot(self, name: str) -> Path:
        """Keep what is on the screen, to be looked at."""
        self._shots.mkdir(parents=True, exist_ok=True)
        target = self._shots / f"{name}.png"
        subprocess.run([tool("import"), "-window", "root", str(target)], env=self._own, check=False, timeout=60)
        return target

    def settled(self, name: str) -> Path:
        """Keep what is on the screen once it stands still."""
        before = b""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            now = self.shot(name).read_bytes()
            if now == before:
                break
            before = now
            time.sleep(0.7)  # another program's screen: nothing tells when it stands still
        return self._shots / f"{name}.png"

    @staticmethod
    def until(found: Callable[[], object], what: str) -> str:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            answer = found()
            if answer:
                return str(answer)
            time.sleep(0.3)  # of another program in another root: it can only be looked at
        raise AssertionError(f"waited in vain for {what}")

    def _search(self, title: str) -> str:
        done = subprocess.run(
            [tool("xdotool"), "search", "--onlyvisible", "--name", title],
            env=self._own,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return (done.stdout.split() or [""])[0]

    def _x(self, *words: str) -> None:
        subprocess.run([tool("xdotool"), *words], env=self._own, check=False, capture_output=True, timeout=60)

    def _say(self, line: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(line + "\n")
        self._shell.stdin.flush()


class Started:
    """A command of the session."""

    def __init__(self, files: Path) -> None:
        self._files = files

    @property
    def running(self) -> bool:
        path = self._files.with_suffix(".code")
        return not (path.is_file() and path.read_text().strip())

    def wait(self) -> None:
        Desktop.until(lambda: not self.running, f"the end of {self._files.name}: {self.err}")

    @property
    def code(self) -> int:
        return int(self._files.with_suffix(".code").read_text())

    @property
    def out(self) -> str:
        return self._text(".out")

    @property
    def err(self) -> str:
        return self._text(".err")

    def _text(self, suffix: str) -> str:
        path = self._files.with_suffix(suffix)
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
