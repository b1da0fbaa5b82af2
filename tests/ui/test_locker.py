"""Levels run out by the clock; the status bar says what is open and locks on demand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QMenu
from pytestqt.qtbot import QtBot

from aether_desktop.domain.courts import Court
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.ui.shell.locking import Locker
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.theme.theme import Theme
from tests.ui.locked_vaults import SECOND, WAIT, Keyed, keyed
from tests.ui.sample_pages import MemoryState, sample_sections


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Keyed]:
    with keyed(tmp_path) as made:
        yield made


@pytest.fixture
def window(qtbot: QtBot, theme: Theme) -> MainWindow:
    made = MainWindow(theme, MemoryState())
    qtbot.addWidget(made)
    made.set_sections(sample_sections(theme))
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def locker(window: MainWindow, theme: Theme, vault: Keyed) -> Iterator[Locker]:
    settings = SettingsFile(vault.folder / "settings.json")
    yield Locker(
        window,
        theme,
        access=vault.access,
        step_up=vault.stepping_up(window.ground, theme),
        jobs=vault.jobs,
        messages=vault.messages,
        settings=settings,
        clock=vault.clock,
    )
    settings.close()


def test_level_2_runs_out_and_says_so(locker: Locker, window: MainWindow, vault: Keyed, qtbot: QtBot) -> None:
    vault.access.set_factor(Court.HOLY, Factor.passphrase(SECOND))
    locker.refresh()
    assert window.status.level_button.text() == "Level 2: Holy Place"
    vault.clock.now += 5 * 60
    vault.access.touch()  # the person is there: level 1 stays
    with qtbot.waitSignal(locker.level_locked, timeout=WAIT) as told:
        locker.refresh()
    assert told.args == [2]
    assert vault.said == ["Level 2 was locked again: its time ran out."]
    assert window.status.level_button.text() == "Level 1: Outer Court"
    assert not locker.locked


def test_idle_time_locks_the_screen(locker: Locker, window: MainWindow, vault: Keyed, qtbot: QtBot) -> None:
    vault.clock.now += 15 * 60
    with qtbot.waitSignal(locker.screen_locked, timeout=WAIT):
        locker.refresh()
    assert window.windowTitle() == "Locked - Aether"
    assert vault.access.levels.is_open(Court.OUTER)
    shown = [label.text() for label in window.findChildren(QLabel) if label.isVisible() and label.text()]
    assert set(shown) <= {"Locked", "The vault goes on working behind this page.", "Password"}


def test_the_level_is_a_menu(locker: Locker, window: MainWindow, vault: Keyed, qtbot: QtBot) -> None:
    vault.access.set_factor(Court.HOLY, Factor.passphrase(SECOND))
    window.status.level_button.click()
    menu = window.status.level_button.findChild(QMenu)
    assert isinstance(menu, QMenu)
    titles = [action.text().partition("\t")[0] for action in menu.actions() if action.text()]
    assert titles == [
        "Lock level 2: Holy Place",
        "Unlock level 3: Most Holy Place",
        "Lock the screen",
        "Lock the vault",
    ]
    menu.actions()[0].trigger()
    menu.close()
    assert not vault.access.is_open(Court.HOLY)
    assert window.status.level_button.text() == "Level 1: Outer Court"


def test_closed_it_touches_nothing_any_more(locker: Locker, window: MainWindow, vault: Keyed) -> None:
    locker.close()
    vault.access.lock()
    locker.refresh()
    assert not window.status.level_button.isVisible()
