"""Ctrl+K: commands by letters, rows by asking, the keyboard alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView
from pytestqt.qtbot import QtBot

from aether_desktop.ui import object_names
from aether_desktop.ui.shell.command_palette import CommandPalette, Deliver, PaletteEntry
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.theme.theme import Theme
from tests.ui.sample_pages import MemoryState, sample_sections


class Archive:
    """Stands for the search service: notes what was asked, answers when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Deliver]] = []
        self.opened: list[str] = []

    def find(self, text: str, deliver: Deliver) -> None:
        self.asked.append((text, deliver))

    def rows(self, *titles: str) -> Sequence[PaletteEntry]:
        return [PaletteEntry(title, partial(self.opened.append, title), hint="Transaction") for title in titles]


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def palette(qtbot: QtBot, theme: Theme, done: list[str]) -> CommandPalette:
    made = CommandPalette(theme)
    qtbot.addWidget(made)
    made.set_commands([PaletteEntry(title, partial(done.append, title)) for title in ("Undo", "Export", "Import")])
    made.set_room(left=0, top=0, width=500, height=400)
    made.open()
    return made


def titles(palette: CommandPalette) -> list[str]:
    return [entry.title for entry in palette.entries()]


def press(palette: CommandPalette, key: Qt.Key) -> None:
    QTest.keyClick(palette.search.edit, key)


def test_all_commands_are_there_before_a_letter_is_typed(palette: CommandPalette) -> None:
    assert titles(palette) == ["Undo", "Export", "Import"]


def test_letters_narrow_and_enter_runs_the_best(qtbot: QtBot, palette: CommandPalette, done: list[str]) -> None:
    QTest.keyClicks(palette.search.edit, "im")
    assert titles(palette) == ["Import"]
    with qtbot.waitSignal(palette.closed, timeout=1000):
        press(palette, Qt.Key.Key_Return)
    assert done == ["Import"]
    assert palette.isHidden()


def test_arrows_walk_and_come_round(palette: CommandPalette, done: list[str]) -> None:
    press(palette, Qt.Key.Key_Down)
    press(palette, Qt.Key.Key_Down)
    press(palette, Qt.Key.Key_Down)
    press(palette, Qt.Key.Key_Up)
    press(palette, Qt.Key.Key_Return)
    assert done == ["Import"]


def test_pages_stop_at_the_ends(palette: CommandPalette) -> None:
    view = palette.findChild(QListView, object_names.COMMAND_PALETTE_RESULTS)
    assert isinstance(view, QListView)
    press(palette, Qt.Key.Key_PageDown)
    assert view.currentIndex().row() == 2
    press(palette, Qt.Key.Key_PageUp)
    assert view.currentIndex().row() == 0


def test_escape_closes_and_runs_nothing(palette: CommandPalette, done: list[str]) -> None:
    press(palette, Qt.Key.Key_Escape)
    assert palette.isHidden()
    assert done == []


def test_nothing_found_is_said(palette: CommandPalette, done: list[str]) -> None:
    QTest.keyClicks(palette.search.edit, "qqq")
    assert titles(palette) == []
    press(palette, Qt.Key.Key_Down)
    press(palette, Qt.Key.Key_Return)
    assert done == []
    assert palette.isVisible()


def test_rows_are_asked_for_after_a_pause_and_can_be_opened(qtbot: QtBot, palette: CommandPalette) -> None:
    archive = Archive()
    palette.set_finder(archive.find)
    QTest.keyClicks(palette.search.edit, "0x7a3f")
    qtbot.waitUntil(lambda: len(archive.asked) > 0)
    assert [text for text, _deliver in archive.asked] == ["0x7a3f"]  # one question, not six
    archive.asked[0][1](archive.rows("0x7a3f…91c2"))
    assert titles(palette) == ["0x7a3f…91c2"]
    press(palette, Qt.Key.Key_Return)
    assert archive.opened == ["0x7a3f…91c2"]


def test_an_answer_to_an_older_question_is_dropped(qtbot: QtBot, palette: CommandPalette) -> None:
    archive = Archive()
    palette.set_finder(archive.find)
    QTest.keyClicks(palette.search.edit, "rent")
    qtbot.waitUntil(lambda: len(archive.asked) == 1)
    QTest.keyClicks(palette.search.edit, "al")
    archive.asked[0][1](archive.rows("rent of May"))
    assert titles(palette) == []
    qtbot.waitUntil(lambda: len(archive.asked) == 2)
    archive.asked[1][1](archive.rows("rental"))
    assert titles(palette) == ["rental"]
    palette.close_palette()
    archive.asked[1][1](archive.rows("too late"))
    assert titles(palette) == ["rental"]


def test_one_letter_asks_nobody(qtbot: QtBot, palette: CommandPalette) -> None:
    archive = Archive()
    palette.set_finder(archive.find)
    QTest.keyClicks(palette.search.edit, "x")
    with qtbot.assertNotEmitted(palette.closed, wait=200):
        pass
    assert archive.asked == []


def test_a_hostile_title_is_one_plain_line(qtbot: QtBot, palette: CommandPalette) -> None:
    palette.set_commands([PaletteEntry("<b>x</b>\n\u202e" + "y" * 100_000, lambda: None)])
    palette.open()
    palette.grab()
    assert palette.results.model().rowCount() == 1


def test_a_click_runs(palette: CommandPalette, done: list[str]) -> None:
    place = palette.results.visualRect(palette.results.model().index(1, 0)).center()
    QTest.mouseClick(palette.results.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert done == ["Export"]


def test_the_window_offers_its_sections_and_more(qtbot: QtBot, theme: Theme) -> None:
    window = MainWindow(theme, MemoryState())
    qtbot.addWidget(window)
    window.set_sections(sample_sections(theme))
    done: list[str] = []
    window.commands.set_entries([PaletteEntry("Back up the vault", lambda: done.append("back up"))])
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.commands.palette
    assert palette.isVisible()
    QTest.keyClicks(palette.search.edit, "temple")
    press(palette, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.current_section == "temple_nodes")
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(palette.search.edit, "back up")
    press(palette, Qt.Key.Key_Return)
    assert done == ["back up"]
