"""Programs over vaults with a password, for tests in the real window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop import composition
from aether_desktop.bootstrap import WindowProgram, build
from aether_desktop.ports.vault_keys import Factor, RecoveryKit
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.ui import object_names as names

PASSWORD = "lantern over quiet water"
WAIT = 30_000  # milliseconds

Start = Callable[..., WindowProgram]


@contextmanager
def starting(qtbot: QtBot, folder: Path) -> Iterator[Start]:
    """Starts programs, waits until they ask or are open, and closes them."""
    programs: list[WindowProgram] = []

    def started(**options: object) -> WindowProgram:
        program = build(**{"data_dir": folder / "data", **options})  # type: ignore[arg-type]
        programs.append(program)
        qtbot.waitUntil(lambda: program.services is not None or program.window.alone_page is not None, timeout=WAIT)
        return program

    yield started
    for program in programs:
        program.close()


def made_vault(
    folder: Path, *, key_file: Path | None = None, password: str = PASSWORD, kit: bool = False
) -> tuple[Path, RecoveryKit | None]:
    """A vault with a password, closed again; ``key_file`` None puts its key into the keyring."""
    settings = SettingsFile(folder / "made.json")
    path = folder / "books.aether"
    factor = Factor.passphrase(password) if password else None
    services = composition.create_vault(path, key_file=key_file, settings=settings, password=factor)
    words = None
    if kit and services.access is not None:
        words = services.access.new_kit("books")
        services.access.keep_kit(words, {1: words.words[0], 24: words.words[23]})
    services.close()
    settings.close()
    return path, words


def services_of(program: WindowProgram) -> ServiceSet:
    """What is open, which must be."""
    assert program.services is not None
    return program.services


def named(program: WindowProgram, name: str, kind: type[QWidget] = QWidget) -> QWidget:
    """The widget of that name, which must be there."""
    found = program.window.findChild(kind, name)
    assert isinstance(found, kind), f"no {name}"
    return found


def press(program: WindowProgram, name: str) -> None:
    """Click a button that is seen and not held."""
    button = named(program, name)
    assert button.isVisible(), name
    assert button.isEnabled(), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def fill(program: WindowProgram, name: str, text: str) -> None:
    """Type into a field."""
    field = named(program, name)
    if isinstance(field, QPlainTextEdit):
        field.setPlainText(text)
    else:
        assert isinstance(field, QLineEdit), name
        field.setText(text)


def said(program: WindowProgram, name: str) -> str:
    """What a label says, empty while it is hidden."""
    label = named(program, name, QLabel)
    assert isinstance(label, QLabel)
    return label.text().replace("\u200b", "") if label.isVisible() else ""


def answered(qtbot: QtBot, program: WindowProgram) -> None:
    """Wait until the page has done what it was asked."""
    qtbot.waitUntil(lambda: not named(program, names.UNLOCK_BUSY).isVisible(), timeout=WAIT)


def asked_again(qtbot: QtBot, program: WindowProgram) -> None:
    """Wait until the vault is closed and its page on view."""

    def on_view() -> bool:
        page = program.window.alone_page
        return page is not None and page.objectName() == names.UNLOCK_PAGE

    qtbot.waitUntil(on_view, timeout=WAIT)


def keys(qtbot: QtBot, program: WindowProgram, keys: str) -> None:
    """Press a shortcut of the window."""
    with qtbot.waitActive(program.window, timeout=WAIT):
        program.window.activateWindow()
    QTest.keySequence(program.window, QKeySequence(keys))


def unlock(qtbot: QtBot, program: WindowProgram, password: str = PASSWORD) -> None:
    """Type the password and wait until it is open."""
    fill(program, names.UNLOCK_PASSWORD, password)
    press(program, names.UNLOCK_START)
    qtbot.waitUntil(lambda: program.services is not None and not program.locked, timeout=WAIT)
