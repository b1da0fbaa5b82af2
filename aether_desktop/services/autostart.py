"""Start at login, minimised: an entry in the desktop's autostart folder (freedesktop.org Autostart 0.5). Linux."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from aether_desktop.locations import resources_dir
from aether_desktop.ports.errors import ReadOnlyError, StorageError
from aether_desktop.services.whole_file import writing

OPTION: Final = "--minimised"
_NAME: Final = "aether-desktop.desktop"
_ESCAPED: Final = str.maketrans({"\\": "\\\\\\\\", '"': '\\\\"', "`": "\\\\`", "$": "\\\\$", "%": "%%"})


class Autostart:
    """Worker threads, but for ``problem``."""

    def __init__(
        self,
        *,
        command: Sequence[str] = (),
        environment: Mapping[str, str] = os.environ,
        platform: str = sys.platform,
        carried: bool = False,
    ) -> None:
        """``command`` starts this program; empty for how it was started. ``carried``: its data folder was named."""
        self._command = tuple(command) or own_command()
        self._platform, self._carried = platform, carried
        config = environment.get("XDG_CONFIG_HOME", "")
        folder = Path(config) if config.startswith("/") else Path(environment.get("HOME", "~")).expanduser() / ".config"
        self.path = folder / "autostart" / _NAME

    @property
    def problem(self) -> str:
        """Why it cannot be had here, in plain words; empty where it can. Any thread."""
        if self._platform != "linux":
            return "Starting at login is set up by the system's own settings here."
        return (
            "A program with a data folder of its own (--portable, --data-dir) is not started at login." * self._carried
        )

    @property
    def on(self) -> bool:
        """Whether there is an entry that the desktop does not skip."""
        try:
            lines = [line.strip().casefold() for line in self.path.read_text("utf-8", "replace").splitlines()]
        except OSError:
            return False
        return "hidden=true" not in lines and "x-gnome-autostart-enabled=false" not in lines

    def set(self, *, on: bool) -> None:
        """Write the entry, or take it away. Raises ReadOnlyError, DiskFullError, StorageError."""
        if not on:
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:
                raise ReadOnlyError(f"{self.path} cannot be removed: {error.strerror or error}.") from error
            return
        if self.problem:
            raise StorageError(self.problem)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ReadOnlyError(f"The folder {self.path.parent} cannot be made: {error.strerror or error}.") from error
        with writing(self.path) as sink:
            sink.write(self._entry())

    def _entry(self) -> str:
        template = (resources_dir() / "desktop" / "autostart.desktop").read_text("utf-8")
        command = " ".join(_quoted(each) for each in (*self._command, OPTION))
        ours = {"Exec": command, "TryExec": self._command[0].replace("\\", "\\\\")}
        lines = [f"{key}={ours.get(key, value)}" if mark else key for key, mark, value in _parts(template)]
        return "\n".join(lines) + "\n"


def started_carried(arguments: Sequence[str] = tuple(sys.argv)) -> bool:
    """Whether this run was given a data folder of its own: at login nobody gives it."""
    return any(each.partition("=")[0] in {"--portable", "--data-dir"} for each in arguments)


def own_command() -> tuple[str, ...]:
    """How this program is started again: the frozen program itself, else the interpreter with the package."""
    if getattr(sys, "frozen", False):
        return (sys.executable,)
    return (sys.executable, "-m", "aether_desktop")


def _parts(text: str) -> list[tuple[str, str, str]]:
    return [line.partition("=") for line in text.splitlines()]


def _quoted(text: str) -> str:
    """One argument of an Exec line: in quotes, with what means something there (and in the file) escaped."""
    return '"' + text.translate(_ESCAPED) + '"'
