"""Secrets are planted in a whole session of the window; then everything it wrote, said and showed is searched."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from aether_desktop.bootstrap import WindowProgram
from aether_desktop.domain.courts import Court
from aether_desktop.ui import object_names as names
from aether_desktop.ui.views.settings import SettingsView
from aether_desktop.ui.wizards.kit_wizard import KitWizard
from tests.integration.locked import WAIT, Start, answered, asked_again, fill, named, press, starting, unlock

FIRST = "planted-first-7f3a lantern"
SECOND = "planted-second-91c2 harbour"
WRONG = "planted-wrong-55d0 window"
CHANGED = "planted-changed-c04e orchard"


@pytest.fixture
def start(qtbot: QtBot, display: object, tmp_path: Path) -> Iterator[Start]:
    with starting(qtbot, tmp_path) as started:
        yield started


class Watcher(QObject):
    """Collects what a person, a log or a crash report would get to see."""

    def __init__(self, program: WindowProgram) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._program = program
        program.failed.connect(self._on_failed)
        program.window.windowTitleChanged.connect(self.seen.append)
        program.window.messages.message_shown.connect(lambda message: self.seen.append(repr(message)))

    def look(self) -> None:
        """Every text, tooltip and name of every widget there is, and the clipboard."""
        for widget in QApplication.allWidgets():
            self.seen += [widget.windowTitle(), widget.toolTip(), widget.accessibleName()]
            self.seen += [widget.accessibleDescription(), repr(widget)]
            if isinstance(widget, QLabel | QLineEdit):
                self.seen.append(widget.text())
            elif isinstance(widget, QPlainTextEdit):
                self.seen.append(widget.toPlainText())
        self.seen.append(QGuiApplication.clipboard().text())
        self.seen.append(repr(vars(self._program)))

    def _on_failed(self, error: BaseException) -> None:
        self.seen += [repr(error), "".join(traceback.format_exception(error))]


def step_up(qtbot: QtBot, program: WindowProgram) -> None:
    """Set level 2 up, lock it, fail once, open it again."""
    vault, opened = program._vault, program._open
    assert vault is not None
    assert opened is not None
    assert opened.step_up is not None
    panel = opened.step_up.panel
    done: list[object] = []
    vault.context.with_level(Court.HOLY, "To look.", lambda _t, _p: None).on_success(done.append)
    qtbot.waitUntil(lambda: panel.isVisible() and panel.start.isEnabled(), timeout=WAIT)
    for field in (panel.fresh.passphrase.first, panel.fresh.passphrase.second):
        field.editor.setText(SECOND)
    press(program, names.STEP_UP_START)
    qtbot.waitUntil(lambda: len(done) == 1, timeout=WAIT)
    access = vault.context.services.access
    assert access is not None
    access.relock(Court.HOLY)
    vault.context.with_level(Court.HOLY, "To look.", lambda _t, _p: None).on_success(done.append)
    for passphrase in (WRONG, SECOND):
        qtbot.waitUntil(lambda: panel.isVisible() and panel.start.isEnabled(), timeout=WAIT)
        panel.passphrase.editor.setText(passphrase)
        press(program, names.STEP_UP_START)
        qtbot.waitUntil(lambda: not panel.isVisible() or panel.start.isEnabled(), timeout=WAIT)
    qtbot.waitUntil(lambda: len(done) == 2, timeout=WAIT)


def make_kit(qtbot: QtBot, program: WindowProgram) -> tuple[str, ...]:
    """Through the wizard; returns the words."""
    wizard = named(program, names.KIT_PAGE)
    assert isinstance(wizard, KitWizard)
    qtbot.waitUntil(lambda: bool(wizard.asked), timeout=WAIT)
    kit = wizard._kit
    assert kit is not None
    press(program, names.KIT_SHOW)
    press(program, names.KIT_NEXT)
    for position in wizard.asked:
        fill(program, names.kit_check_name(position), kit.words[position - 1])
    press(program, names.KIT_NEXT)
    qtbot.waitUntil(lambda: program.window.alone_page is None, timeout=WAIT)
    return kit.words


def change_password(qtbot: QtBot, program: WindowProgram) -> None:
    page = program.window.open_section("settings")
    assert isinstance(page, SettingsView)
    qtbot.waitUntil(lambda: page._security is not None and page._security._found is not None, timeout=WAIT)
    card = page.security
    assert card is not None
    card.password.button.click()
    card.password_form.current.editor.setText(FIRST)
    for field in (card.password_form.new.first, card.password_form.new.second):
        field.editor.setText(CHANGED)
    card.password_form.save.click()
    qtbot.waitUntil(lambda: card.password.result.startswith("The password is changed"), timeout=WAIT)


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def test_no_planted_secret_is_found_anywhere(
    start: Start, qtbot: QtBot, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    program = start(key_file=tmp_path / "device.key")
    watcher = Watcher(program)
    fill(program, names.FIRST_RUN_CREATE_PATH, str(tmp_path / "books.aether"))
    for name in (names.FIRST_RUN_CREATE_PASSWORD, names.FIRST_RUN_CREATE_REPEAT):
        fill(program, name, FIRST)
    press(program, names.FIRST_RUN_CREATE_START)
    qtbot.waitUntil(lambda: program.services is not None, timeout=WAIT)
    words = make_kit(qtbot, program)
    watcher.look()
    step_up(qtbot, program)
    watcher.look()
    change_password(qtbot, program)
    watcher.look()
    opened = program._open
    assert opened is not None
    assert opened.locker is not None
    opened.locker.lock_screen()
    for password in (WRONG, CHANGED):
        fill(program, names.UNLOCK_PASSWORD, password)
        press(program, names.UNLOCK_START)
        if password == WRONG:
            answered(qtbot, program)
            watcher.look()
    qtbot.waitUntil(lambda: not program.locked, timeout=WAIT)
    opened.locker.lock_vault()
    asked_again(qtbot, program)
    watcher.look()
    press(program, names.UNLOCK_USE_KIT)
    fill(program, names.UNLOCK_KIT_WORDS, " ".join([*words[:-1], "zoo"]))
    press(program, names.UNLOCK_START)
    answered(qtbot, program)
    press(program, names.UNLOCK_USE_PASSWORD)
    unlock(qtbot, program, CHANGED)
    watcher.look()
    program.close()

    planted = [FIRST, SECOND, WRONG, CHANGED, " ".join(words[:3]), " ".join(words[9:12]), '", "'.join(words[:2])]
    out, err = capfd.readouterr()
    for secret in planted:
        for text in (*watcher.seen, caplog.text, out, err):
            assert secret not in text
        for path, content in contents(tmp_path):
            for coded in (secret.encode(), secret.encode("utf-16-le"), secret.encode("utf-32-le")):
                assert coded not in content, path.name
