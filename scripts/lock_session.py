"""A vault is made, locked and opened again in the real window: the longest gap of the GUI thread meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget

from aether_desktop.bootstrap import WindowProgram, build
from aether_desktop.ui import object_names as names
from scripts.gui_session import Gaps, GapWatch, click, named, settle, wait, wait_for

_WORD = "lantern over quiet water"


def run_lock_session(folder: Path) -> Gaps:
    """First run, a new vault, both locks and both ways back; returns the gaps of the GUI thread.

    The vault's device key lies in the session's keyring.
    """
    program = build(data_dir=folder)
    wait(lambda: program.window.alone_page is not None)
    settle(300)
    watch = GapWatch()
    watch.begin()
    for step in _steps(program, folder):
        watch.step = step
        settle(30)
    watch.step = "end"
    settle(200)
    gaps = watch.end()
    program.close()
    return gaps


def _steps(program: WindowProgram, folder: Path) -> Iterator[str]:
    window = program.window
    path = named(window, names.FIRST_RUN_CREATE_PATH)
    if isinstance(path, QLineEdit):
        path.setText(str(folder / "made.aether"))
    for field in (names.FIRST_RUN_CREATE_PASSWORD, names.FIRST_RUN_CREATE_REPEAT):
        QTest.keyClicks(named(window, field), _WORD)
        yield "typing a password"
    click(window, names.FIRST_RUN_CREATE_START)
    yield "creating"
    wait(lambda: program.services is not None and _seen(window, names.KIT_LATER))
    yield "created"
    click(window, names.KIT_LATER)
    yield "kit put off"
    settle(3_000)  # the pages are made meanwhile
    yield "pages made"
    _command(window, "Lock the screen")
    yield "locking the screen"
    yield from _unlocked(program, "the screen")
    _command(window, "Lock the vault")
    yield "locking the vault"
    yield from _unlocked(program, "the vault")
    settle(3_000)
    yield "pages made again"


def _unlocked(program: WindowProgram, what: str) -> Iterator[str]:
    window = program.window
    wait(lambda: program.locked and _seen(window, names.UNLOCK_PASSWORD))
    yield f"{what} is locked"
    QTest.keyClicks(named(window, names.UNLOCK_PASSWORD), _WORD)
    click(window, names.UNLOCK_START)
    yield f"opening {what}"
    wait(lambda: not program.locked and program.services is not None)
    yield f"{what} is open"
    settle(500)


def _command(window: QWidget, title: str) -> None:
    """By the palette: keys of the window itself want a window manager."""
    click(window, "navigation_find")
    field = wait_for(window, "command_palette_input", QLineEdit)
    QTest.keyClicks(field, title)
    QTest.keyClick(field, Qt.Key.Key_Return)


def _seen(window: QWidget, name: str) -> bool:
    found = window.findChild(QWidget, name)
    return found is not None and found.isVisible()
