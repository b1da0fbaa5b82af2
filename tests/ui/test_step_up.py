"""Work that a locked level refused waits, is asked for once, and is repeated or given up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError, WrongFactorError
from aether_desktop.ports.errors import StorageError
from aether_desktop.ports.vault_keys import Factor, FactorKind
from aether_desktop.ui import object_names as names
from aether_desktop.ui.shell.step_up import StepUp
from aether_desktop.ui.theme.theme import Theme
from tests.ui.locked_vaults import SECOND, WAIT, Keyed, keyed

WHY = "To show the account number of Rent."


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Keyed]:
    with keyed(tmp_path) as made:
        yield made


@pytest.fixture
def ground(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def step_up(vault: Keyed, ground: QWidget, theme: Theme) -> StepUp:
    return vault.stepping_up(ground, theme)


class Wanted:
    """Work that needs a level, and what became of it."""

    def __init__(self, vault: Keyed, level: Court) -> None:
        self.tries = self.done = self.cancelled = 0
        self.failures: list[BaseException] = []

        def work(_token: object, _progress: object) -> str:
            self.tries += 1
            try:
                vault.access.require(level)
            except LevelLockedError as locked:
                raise LevelLockedError(locked.level, WHY) from None
            return "done"

        job = vault.jobs.write(work)
        job.on_success(lambda _said: self._count("done"))
        job.on_failure(self.failures.append)
        job.on_cancelled(lambda: self._count("cancelled"))

    def _count(self, what: str) -> None:
        setattr(self, what, getattr(self, what) + 1)


def set_up(vault: Keyed, level: Court, passphrase: str = SECOND) -> None:
    vault.access.set_factor(level, Factor.passphrase(passphrase))


def asking(qtbot: QtBot, step_up: StepUp) -> None:
    """Until the panel knows whether the level was set up."""
    panel = step_up.panel
    qtbot.waitUntil(lambda: panel.isVisible() and panel.start.isEnabled(), timeout=WAIT)


def give(step_up: StepUp, passphrase: str) -> None:
    QTest.keyClicks(step_up.panel.passphrase.editor, passphrase)
    QTest.keyClick(step_up.panel.passphrase.editor, Qt.Key.Key_Return)


def text(step_up: StepUp, name: str) -> str:
    label = step_up.panel.findChild(QLabel, name)
    assert isinstance(label, QLabel)
    return label.text() if label.isVisible() else ""


def test_the_factor_opens_the_level_and_the_work_is_done(vault: Keyed, step_up: StepUp, qtbot: QtBot) -> None:
    set_up(vault, Court.HOLY)
    vault.access.relock(Court.HOLY)
    wanted = Wanted(vault, Court.HOLY)
    asking(qtbot, step_up)
    assert text(step_up, names.STEP_UP_WHY) == WHY
    with qtbot.waitSignal(step_up.level_changed, timeout=WAIT):
        give(step_up, SECOND)
    qtbot.waitUntil(lambda: wanted.done == 1, timeout=WAIT)
    assert (wanted.tries, wanted.failures, wanted.cancelled) == (2, [], 0)
    assert not step_up.panel.isVisible()


def test_cancelled_is_said_and_nothing_happens(vault: Keyed, step_up: StepUp, qtbot: QtBot) -> None:
    set_up(vault, Court.HOLY)
    vault.access.relock(Court.HOLY)
    wanted = Wanted(vault, Court.HOLY)
    asking(qtbot, step_up)
    QTest.keyClicks(step_up.panel.passphrase.editor, SECOND)
    QTest.keyClick(step_up.panel.passphrase.editor, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: wanted.cancelled == 1, timeout=WAIT)
    assert (wanted.tries, wanted.done, wanted.failures) == (1, 0, [])
    assert vault.said == ["Level 2 stays locked; nothing was done."]
    assert not step_up.panel.passphrase.filled
    assert not vault.jobs.live


def test_a_wrong_factor_is_said_and_may_be_typed_again(vault: Keyed, step_up: StepUp, qtbot: QtBot) -> None:
    set_up(vault, Court.HOLY)
    vault.access.relock(Court.HOLY)
    wanted = Wanted(vault, Court.HOLY)
    asking(qtbot, step_up)
    give(step_up, "something else")
    qtbot.waitUntil(lambda: bool(text(step_up, names.STEP_UP_ERROR)), timeout=WAIT)
    assert "That is not the passphrase of level 2." in text(step_up, names.STEP_UP_ERROR)
    assert wanted.tries == 1
    give(step_up, SECOND)
    qtbot.waitUntil(lambda: wanted.done == 1, timeout=WAIT)


def test_several_refusals_are_one_question(vault: Keyed, step_up: StepUp, qtbot: QtBot) -> None:
    set_up(vault, Court.HOLY)
    vault.access.relock(Court.HOLY)
    several = [Wanted(vault, Court.HOLY) for _ in range(3)]
    qtbot.waitUntil(lambda: all(wanted.tries for wanted in several), timeout=WAIT)
    asking(qtbot, step_up)
    give(step_up, SECOND)
    qtbot.waitUntil(lambda: all(wanted.done == 1 for wanted in several), timeout=WAIT)


def test_a_level_without_a_factor_is_set_up_there_and_then(vault: Keyed, step_up: StepUp, qtbot: QtBot) -> None:
    wanted = Wanted(vault, Court.HOLY)
    asking(qtbot, step_up)
    form = step_up.panel.fresh.passphrase
    for field in (form.first, form.second):
        QTest.keyClicks(field.editor, SECOND)
    QTest.mouseClick(step_up.panel.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: wanted.done == 1, timeout=WAIT)
    assert vault.access.describe()[1].exists


def test_a_key_file_is_made_and_opens_the_level(vault: Keyed, step_up: StepUp, qtbot: QtBot) -> None:
    wanted = Wanted(vault, Court.HOLY)
    asking(qtbot, step_up)
    path = vault.folder / "stick" / "level.key"
    path.parent.mkdir()
    step_up.panel.key_file_wanted.emit(path)
    qtbot.waitUntil(path.exists, timeout=WAIT)
    assert path.stat().st_mode & 0o777 == 0o600
    qtbot.waitUntil(lambda: step_up.panel.fresh.key_file.editor.text() == str(path), timeout=WAIT)
    QTest.mouseClick(step_up.panel.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: wanted.done == 1, timeout=WAIT)
    assert [slot.kind for slot in vault.access.describe()[1].slots] == [FactorKind.KEY_FILE]
    vault.access.relock(Court.HOLY)
    again = Wanted(vault, Court.HOLY)
    asking(qtbot, step_up)
    step_up.panel.use_key_file(path)
    QTest.mouseClick(step_up.panel.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: again.done == 1, timeout=WAIT)


def test_level_3_asks_for_level_2_before(vault: Keyed, step_up: StepUp, qtbot: QtBot) -> None:
    set_up(vault, Court.HOLY)
    set_up(vault, Court.MOST_HOLY, "third passphrase here")
    vault.access.relock(Court.HOLY)
    wanted = Wanted(vault, Court.MOST_HOLY)
    asking(qtbot, step_up)
    assert "level 2" in step_up.panel.accessibleName()
    give(step_up, SECOND)
    qtbot.waitUntil(lambda: "level 3" in step_up.panel.accessibleName(), timeout=WAIT)
    asking(qtbot, step_up)
    give(step_up, "third passphrase here")
    qtbot.waitUntil(lambda: wanted.done == 1, timeout=WAIT)


def test_other_failures_reach_whoever_asked(vault: Keyed, step_up: StepUp, qtbot: QtBot) -> None:
    failures: list[BaseException] = []

    def disk(_token: object, _progress: object) -> None:
        raise StorageError("The disk is full.")

    def outer(_token: object, _progress: object) -> None:
        raise LevelLockedError(Court.OUTER)

    vault.jobs.read(disk).on_failure(failures.append)
    vault.jobs.read(outer).on_failure(failures.append)
    qtbot.waitUntil(lambda: len(failures) == 2, timeout=WAIT)
    assert not step_up.panel.isVisible()


def test_closing_gives_up_what_waits(vault: Keyed, step_up: StepUp, qtbot: QtBot) -> None:
    set_up(vault, Court.HOLY)
    vault.access.relock(Court.HOLY)
    wanted = Wanted(vault, Court.HOLY)
    asking(qtbot, step_up)
    step_up.close()
    qtbot.waitUntil(lambda: wanted.cancelled == 1, timeout=WAIT)
    assert vault.said == []


def test_what_has_room_does_not_scroll(vault: Keyed, step_up: StepUp, qtbot: QtBot) -> None:
    set_up(vault, Court.HOLY)
    vault.access.relock(Court.HOLY)
    step_up.ask(Court.HOLY, WHY)
    asking(qtbot, step_up)
    scroll = step_up.panel.findChild(QScrollArea)
    assert isinstance(scroll, QScrollArea)
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().maximum() == 0, timeout=WAIT)
    step_up.panel.show_error(WrongFactorError("That is not it. " * 12, wait=9.0), wait=9.0)
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().maximum() == 0, timeout=WAIT)


def test_the_panel_stays_inside_a_small_window(step_up: StepUp, ground: QWidget, qtbot: QtBot) -> None:
    step_up.ask(Court.HOLY, WHY)
    asking(qtbot, step_up)
    ground.resize(640, 360)
    qtbot.waitUntil(lambda: ground.rect().contains(step_up.panel.geometry()), timeout=WAIT)
    scroll = step_up.panel.findChild(QScrollArea)
    assert isinstance(scroll, QScrollArea)
    scroll.ensureWidgetVisible(step_up.panel.start)  # what has no room scrolls
    seen = step_up.panel.start.mapTo(scroll.viewport(), step_up.panel.start.rect().center())
    assert scroll.viewport().rect().contains(seen)
