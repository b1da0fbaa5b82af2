"""The recovery kit: shown on demand, printed, typed back, and only then valid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.vault_keys import Factor, RecoveryKit
from aether_desktop.ui import object_names as names
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.wizards.kit_paper import kit_page, write_kit_page
from aether_desktop.ui.wizards.kit_wizard import KitWizard
from tests.ui.locked_vaults import WAIT, Keyed, keyed


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Keyed]:
    with keyed(tmp_path) as made:
        yield made


@pytest.fixture
def wizard(qtbot: QtBot, theme: Theme, vault: Keyed) -> KitWizard:
    made = KitWizard(theme, jobs=vault.jobs, access=vault.access, vault_name="Family <b>books</b>")
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    qtbot.waitUntil(lambda: bool(made.asked), timeout=WAIT)
    return made


def press(wizard: KitWizard, name: str) -> None:
    button = wizard.findChild(QWidget, name)
    assert isinstance(button, QWidget), name
    assert button.isVisible(), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def words_on_view(wizard: KitWizard) -> list[str]:
    grid = wizard.findChild(QWidget, names.KIT_WORDS)
    assert isinstance(grid, QWidget)
    return [each.text() for each in grid.findChildren(QLabel) if not each.text().isdecimal()]


def made_kit(wizard: KitWizard) -> RecoveryKit:
    assert wizard._kit is not None
    return wizard._kit


def type_back(wizard: KitWizard, words: dict[int, str]) -> None:
    for position in wizard.asked:
        field = wizard.findChild(QLineEdit, names.kit_check_name(position))
        assert isinstance(field, QLineEdit)
        field.setText(words[position])


def test_the_words_are_shown_on_demand_only(wizard: KitWizard) -> None:
    kit = made_kit(wizard)
    assert set(words_on_view(wizard)) == {"\u2022" * 6}
    press(wizard, names.KIT_SHOW)
    assert words_on_view(wizard) == list(kit.words)
    press(wizard, names.KIT_SHOW)
    assert set(words_on_view(wizard)) == {"\u2022" * 6}
    press(wizard, names.KIT_SHOW)
    press(wizard, names.KIT_NEXT)
    assert set(words_on_view(wizard)) == {"\u2022" * 6}


def test_the_words_cannot_be_selected_or_copied(wizard: KitWizard) -> None:
    press(wizard, names.KIT_SHOW)
    grid = wizard.findChild(QWidget, names.KIT_WORDS)
    assert isinstance(grid, QWidget)
    for label in grid.findChildren(QLabel):
        flags = label.textInteractionFlags()
        assert not flags & Qt.TextInteractionFlag.TextSelectableByMouse
        assert not flags & Qt.TextInteractionFlag.TextSelectableByKeyboard


def test_words_typed_back_make_it_valid(wizard: KitWizard, qtbot: QtBot, vault: Keyed) -> None:
    kit = made_kit(wizard)
    press(wizard, names.KIT_NEXT)
    assert len(wizard.asked) == 3
    type_back(wizard, {position: kit.words[position - 1].upper() for position in wizard.asked})
    with qtbot.waitSignal(wizard.finished, timeout=WAIT):
        press(wizard, names.KIT_NEXT)
    assert vault.access.describe()[0].has_kit
    assert wizard._kit is None
    vault.access.lock()
    vault.access.unlock(Factor.kit(" ".join(kit.words)))
    assert vault.access.opened_by_kit


def test_a_word_that_differs_is_said_at_its_field(wizard: KitWizard, qtbot: QtBot, vault: Keyed) -> None:
    kit = made_kit(wizard)
    press(wizard, names.KIT_NEXT)
    words = {position: kit.words[position - 1] for position in wizard.asked}
    wrong = wizard.asked[1]
    type_back(wizard, words | {wrong: "zzz"})
    press(wizard, names.KIT_NEXT)
    field = wizard.findChild(QLineEdit, names.kit_check_name(wrong))
    assert isinstance(field, QLineEdit)
    qtbot.waitUntil(lambda: "is not the one of the kit" in field.accessibleDescription(), timeout=WAIT)
    assert not vault.access.describe()[0].has_kit
    assert kit.words[wrong - 1] not in field.accessibleDescription()


def test_later_leaves_everything_as_it_was(wizard: KitWizard, qtbot: QtBot, vault: Keyed) -> None:
    kit = made_kit(wizard)
    press(wizard, names.KIT_SHOW)
    with qtbot.waitSignal(wizard.put_off):
        press(wizard, names.KIT_LATER)
    assert wizard._kit is None
    assert not set(words_on_view(wizard)) & set(kit.words)
    assert not vault.access.describe()[0].has_kit


def test_the_page_for_paper_is_a_file_of_its_owner(
    wizard: KitWizard, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: dialog.fileSelected.emit(str(tmp_path / "kit")))
    press(wizard, names.KIT_SAVE)
    page = tmp_path / "kit.pdf"
    qtbot.waitUntil(lambda: any("kit.pdf" in label.text() for label in wizard.findChildren(QLabel)), timeout=WAIT)
    assert page.read_bytes().startswith(b"%PDF")
    assert page.stat().st_mode & 0o777 == 0o600


def test_a_page_never_replaces_a_file(wizard: KitWizard, tmp_path: Path) -> None:
    (tmp_path / "mine.pdf").write_text("mine")
    with pytest.raises(InvalidInputError, match="exists already"):
        write_kit_page(made_kit(wizard), tmp_path / "mine.pdf")
    assert (tmp_path / "mine.pdf").read_text() == "mine"


def test_the_page_is_one_page(wizard: KitWizard) -> None:
    assert kit_page(made_kit(wizard)).count(b"/Type /Page\n") == 1
