"""Diagnostics in the window: read before they are kept, and what is kept is what was read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from aether_desktop import composition
from aether_desktop.bootstrap import WindowProgram, build
from aether_desktop.services.releases import print_key
from aether_desktop.services.settings_file import RELEASE_KEY, RELEASE_LOCATION, SettingsFile
from aether_desktop.ui import object_names as names
from aether_desktop.ui.shell.diagnostics_page import DiagnosticsPage
from aether_desktop.ui.shell.first_run import FirstRunPage
from tests.services.test_releases import KEY, signed, text

_WAIT = 20_000


@pytest.fixture
def program(qtbot: QtBot, display: object, tmp_path: Path) -> Iterator[WindowProgram]:
    made = build(data_dir=tmp_path / "data")
    with qtbot.waitSignal(made.opened, timeout=_WAIT):
        pass
    yield made
    made.close()


def press(program: WindowProgram, name: str) -> None:
    button = program.window.findChild(QPushButton, name)
    assert isinstance(button, QPushButton), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_from_the_first_page_and_back(program: WindowProgram, qtbot: QtBot, tmp_path: Path) -> None:
    press(program, names.FIRST_RUN_DIAGNOSTICS)
    page = program.window.alone_page
    assert isinstance(page, DiagnosticsPage)
    assert not page.save.isEnabled()
    qtbot.waitUntil(page.save.isEnabled, timeout=_WAIT)
    assert "What was looked at" in page.shown
    press(program, names.DIAGNOSTICS_SAVE)
    dialog = page.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    target = tmp_path / "kept.txt"
    shown = page.shown
    dialog.fileSelected.emit(str(target))
    dialog.close()
    qtbot.waitUntil(target.is_file, timeout=_WAIT)
    assert target.read_text(encoding="utf-8").rstrip() == shown.rstrip()
    press(program, names.DIAGNOSTICS_BACK)
    assert isinstance(program.window.alone_page, FirstRunPage)


def test_a_newer_version_is_told_once_a_place_was_named(qtbot: QtBot, display: object, tmp_path: Path) -> None:
    (tmp_path / "release").write_bytes(signed(text(version="99.0.0", valid_until="9999-12-31")))
    with closing(SettingsFile(tmp_path / "data" / "settings.json")) as settings:
        vault, key_file = tmp_path / "books.aether", tmp_path / "books.key"
        composition.create_vault(vault, key_file=key_file, settings=settings).close()
        RELEASE_LOCATION.set(settings, str(tmp_path / "release"))
        RELEASE_KEY.set(settings, print_key(KEY.public))
    program = build(vault=vault, key_file=key_file, data_dir=tmp_path / "data")

    def told() -> bool:
        message = program.window.messages.current
        return message is not None and "99.0.0" in message.text

    try:
        qtbot.waitUntil(told, timeout=_WAIT)
    finally:
        program.close()
