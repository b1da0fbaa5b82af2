"""Starts the window over what composition builds, in the caller's QApplication or in our own.

The window is painted first; the database, and the libraries that read it, are opened on a worker thread.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aether_desktop.bootstrap.entrance import StartOptions
from aether_desktop.bootstrap.program import WindowProgram
from aether_desktop.ui.application import has_fonts, own_application, running_application
from aether_desktop.ui.turns import next_turn

if TYPE_CHECKING:
    from aether_desktop.services.settings_file import SettingsFile

_NO_FONTS = (
    "There are no fonts on this system, so a window would be empty. Install some (Debian: fonts-dejavu-core); "
    "the command line works without: aether-desktop --help"
)

__all__ = ["StartOptions", "WindowProgram", "build", "run"]


def build(
    *,
    vault: Path | str | None = None,
    database_url: str | None = None,
    key_file: Path | str | None = None,
    data_dir: Path | str | None = None,
    minimised: bool = False,
) -> WindowProgram:
    """Start the whole program inside the running QApplication; the window is shown and opens what it was given.

    ``minimised``: no window, only the icon in the tray; where there is no tray the window, minimised.

    Returns at once; ``opened`` or ``failed`` follows. ``close()`` ends it. GUI thread only.
    """
    app = running_application()
    options = StartOptions(
        Path(vault) if vault is not None else None,
        database_url,
        Path(key_file) if key_file is not None else None,
        Path(data_dir) if data_dir is not None else None,
    )
    program = WindowProgram(app, options, _settings(options.data_dir), minimised=minimised)
    if minimised:
        next_turn(program, program.start)
    else:
        program.window.first_painted.connect(program.start)
        program.window.show()
    return program


def run(
    *,
    vault: Path | None = None,
    database_url: str | None = None,
    key_file: Path | None = None,
    data_dir: Path | None = None,
    minimised: bool = False,
) -> int:
    """Run the program in a QApplication of its own until the window is closed; returns the exit code.

    A second start for the same vault raises the first one's window and returns 0.
    """
    from aether_desktop.ui.shell.single_instance import Claim, SingleInstance  # noqa: PLC0415

    app = own_application()
    if not has_fonts():
        print(_NO_FONTS, file=sys.stderr)  # noqa: T201
        return 1
    instance = SingleInstance(str(vault or database_url or data_dir or "default"))
    claim = instance.claim()
    if claim is Claim.SILENT:
        print("Aether is already running with these records but does not answer; close it first.", file=sys.stderr)  # noqa: T201
        return 1
    if claim is Claim.RAISED:
        return 0
    app.setQuitOnLastWindowClosed(False)  # a window that hides in the tray is no end
    program = build(vault=vault, database_url=database_url, key_file=key_file, data_dir=data_dir, minimised=minimised)
    program.window.closing.connect(app.quit)
    if minimised:
        next_turn(program, instance.listen)
    else:
        program.window.first_painted.connect(instance.listen)
    instance.raise_asked.connect(program.watch.raise_window)
    try:
        return app.exec()
    finally:
        program.close()
        instance.release()


def _settings(data_dir: Path | None) -> SettingsFile:
    from aether_desktop.services.places import find_places  # noqa: PLC0415
    from aether_desktop.services.settings_file import SettingsFile  # noqa: PLC0415

    return SettingsFile(find_places(data_dir).settings_file)
