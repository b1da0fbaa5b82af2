"""The security card in the real window: password, levels, ways in, idle time, new keys for everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from aether_desktop.bootstrap import WindowProgram
from aether_desktop.domain.courts import Court
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.settings_file import IDLE_MINUTES, LOCK_VAULT_ON_SLEEP
from aether_desktop.services.vault_access import VaultAccess
from aether_desktop.storage.sqlite import SqliteKit
from aether_desktop.ui import object_names as names
from aether_desktop.ui.object_names import settings_part_name
from aether_desktop.ui.views.security_card import SecurityCard
from aether_desktop.ui.views.settings import SettingsView
from aether_desktop.ui.views.table_page import TablePage
from tests.integration.locked import (
    PASSWORD,
    WAIT,
    answered,
    asked_again,
    fill,
    made_vault,
    named,
    press,
    said,
    services_of,
    starting,
    unlock,
)

SECOND = "second passphrase of mine"
NEW = "another lantern elsewhere"


@dataclass
class Opened:
    """A window with the settings on view."""

    program: WindowProgram
    card: SecurityCard
    access: VaultAccess


@pytest.fixture
def opened(qtbot: QtBot, display: object, tmp_path: Path) -> Iterator[Opened]:
    path, _ = made_vault(tmp_path, key_file=tmp_path / "books.key")
    with starting(qtbot, tmp_path) as start:
        program = start(vault=path, key_file=tmp_path / "books.key")
        unlock(qtbot, program)
        access = services_of(program).access
        assert access is not None
        yield Opened(program, settings_card(qtbot, program), access)


def settings_card(qtbot: QtBot, program: WindowProgram) -> SecurityCard:
    """Open the settings and wait until the card has looked."""
    page = program.window.open_section("settings")
    assert isinstance(page, SettingsView)
    qtbot.waitUntil(lambda: page._security is not None and page._security._found is not None, timeout=WAIT)
    assert page._security is not None
    return page._security


def explained(opened: Opened, part: str) -> str:
    return named(opened.program, settings_part_name(part)).accessibleDescription().replace("\u200b", "")


def click(opened: Opened, part: str) -> None:
    """Click a button of the card; it may lie below the fold."""
    button = named(opened.program, settings_part_name(part), QPushButton)
    assert isinstance(button, QPushButton)
    assert button.isEnabled(), part
    button.click()


def set_level_2_up(qtbot: QtBot, opened: Opened) -> None:
    click(opened, "level_2")
    shell = opened.program._open
    assert shell is not None
    assert shell.step_up is not None
    panel = shell.step_up.panel
    qtbot.waitUntil(lambda: panel.isVisible() and panel.start.isEnabled(), timeout=WAIT)
    for field in (panel.fresh.passphrase.first, panel.fresh.passphrase.second):
        field.editor.setText(SECOND)
    press(opened.program, names.STEP_UP_START)
    qtbot.waitUntil(lambda: "a passphrase" in explained(opened, "level_2"), timeout=WAIT)


def pages(vault: Path) -> set[bytes]:
    """The encrypted pages of a vault file, 4096 bytes each."""
    content = vault.read_bytes()
    return {content[at : at + 4096] for at in range(0, len(content), 4096)}


def lock(qtbot: QtBot, opened: Opened) -> None:
    shell = opened.program._open
    assert shell is not None
    assert shell.locker is not None
    shell.locker.lock_vault()
    asked_again(qtbot, opened.program)


def kit_is_next(opened: Opened, former: ServiceSet) -> bool:
    """Whether the vault is open again, with the recovery kit on view."""
    page, services = opened.program.window.alone_page, opened.program.services
    known = services is not None and services is not former
    return known and page is not None and page.objectName() == names.KIT_PAGE


def refused(qtbot: QtBot, opened: Opened, password: str) -> bool:
    fill(opened.program, names.UNLOCK_PASSWORD, password)
    press(opened.program, names.UNLOCK_START)
    answered(qtbot, opened.program)
    return said(opened.program, names.UNLOCK_ERROR).startswith("That is not the password")


def test_the_password_is_changed_with_the_present_one(opened: Opened, qtbot: QtBot) -> None:
    click(opened, "password")
    row = opened.card.password
    for current, right in (("not the password", False), (PASSWORD, True)):
        fill(opened.program, settings_part_name("password_form_current"), current)
        for name in ("password_form_new", "password_form_new_repeat"):
            fill(opened.program, settings_part_name(name), NEW)
        click(opened, "password_form_save")
        qtbot.waitUntil(lambda: row.button.isEnabled() and bool(row.result), timeout=WAIT)
        assert row.result.startswith("The password is changed." if right else "That is not the password.")
    assert not opened.card.password_form.isVisible()
    lock(qtbot, opened)
    assert refused(qtbot, opened, PASSWORD)
    unlock(qtbot, opened.program, NEW)


def test_a_level_is_set_up_changed_and_its_ways_listed(opened: Opened, qtbot: QtBot) -> None:
    assert explained(opened, "level_2").startswith("Not set up")
    set_level_2_up(qtbot, opened)
    assert "Open now" in explained(opened, "level_2")
    click(opened, "level_2")
    qtbot.waitUntil(opened.card.level_forms[Court.HOLY].isVisible, timeout=WAIT)
    for name in ("level_2_form_new", "level_2_form_new_repeat"):
        fill(opened.program, settings_part_name(name), NEW)
    click(opened, "level_2_form_save")
    qtbot.waitUntil(lambda: "new factor" in opened.card.levels[Court.HOLY].result, timeout=WAIT)
    qtbot.waitUntil(lambda: len(opened.access.describe()[1].slots) == 1, timeout=WAIT)


def test_what_opens_it_is_removed_after_a_second_click(opened: Opened, qtbot: QtBot) -> None:
    kit = opened.access.new_kit("books")
    opened.access.keep_kit(kit, {1: kit.words[0]})
    opened.card.refresh()
    qtbot.waitUntil(lambda: explained(opened, "kit").startswith("Made"), timeout=WAIT)
    slots = [slot.kind.value for slot in opened.access.describe()[0].slots]
    at = slots.index("kit")
    click(opened, f"way_{at}")
    assert opened.access.describe()[0].has_kit
    click(opened, f"way_{at}")
    qtbot.waitUntil(lambda: not opened.access.describe()[0].has_kit, timeout=WAIT)
    qtbot.waitUntil(lambda: explained(opened, "kit").startswith("None"), timeout=WAIT)
    click(opened, "way_0")
    click(opened, "way_0")
    qtbot.waitUntil(lambda: "recovery kit would open" in said(opened.program, names.MESSAGE_BAR_TEXT), timeout=WAIT)
    assert opened.access.describe()[0].exists


def test_times_are_chosen_and_hold_at_once(opened: Opened, qtbot: QtBot) -> None:
    choice = named(opened.program, settings_part_name("idle"), QComboBox)
    assert isinstance(choice, QComboBox)
    choice.setCurrentIndex(choice.findData(1))
    choice.activated.emit(choice.currentIndex())
    settings = services_of(opened.program).settings
    assert IDLE_MINUTES.get(settings) == 1
    deadline = opened.access.next_deadline()
    assert deadline is not None
    assert 50 < deadline - opened.access._clock() <= 60
    opened.card.sleep.setChecked(True)
    assert LOCK_VAULT_ON_SLEEP.get(settings)
    shell = opened.program._open
    assert shell is not None
    assert shell.locker is not None
    shell.locker.on_sleep()
    assert opened.program.services is None
    asked_again(qtbot, opened.program)


def test_compromised_gives_everything_new_keys(opened: Opened, qtbot: QtBot, tmp_path: Path) -> None:
    set_level_2_up(qtbot, opened)
    kit = opened.access.new_kit("books")
    opened.access.keep_kit(kit, {1: kit.words[0]})
    before = pages(tmp_path / "books.aether")
    former = services_of(opened.program)
    click(opened, "compromised")
    qtbot.waitUntil(lambda: opened.program.window.alone_page is not None, timeout=WAIT)
    page = named(opened.program, names.COMPROMISED_PAGE)
    told = " ".join(label.text() for label in page.findChildren(QLabel))
    assert "Once begun this cannot be cancelled" in told
    assert "encrypted anew" in told
    fill(opened.program, names.COMPROMISED_CURRENT, PASSWORD)
    for name in (names.COMPROMISED_NEW, f"{names.COMPROMISED_NEW}_repeat"):
        fill(opened.program, name, NEW)
    for name in (f"{names.COMPROMISED_NEW}_2", f"{names.COMPROMISED_NEW}_2_repeat"):
        fill(opened.program, name, "fresh passphrase of level two")
    press(opened.program, names.COMPROMISED_START)
    qtbot.waitUntil(lambda: kit_is_next(opened, former), timeout=WAIT)
    assert said(opened.program, names.MESSAGE_BAR_TEXT).startswith("The keys are new")
    assert not before & pages(tmp_path / "books.aether")  # every page was encrypted anew, there and then
    fresh = services_of(opened.program).access
    assert fresh is not None
    assert fresh.open_level() == 2  # nothing is asked for a second time
    press(opened.program, names.KIT_LATER)
    lock(qtbot, opened)
    assert refused(qtbot, opened, PASSWORD)
    press(opened.program, names.UNLOCK_USE_KIT)
    fill(opened.program, names.UNLOCK_KIT_WORDS, " ".join(kit.words))
    press(opened.program, names.UNLOCK_START)
    answered(qtbot, opened.program)
    assert said(opened.program, names.UNLOCK_ERROR)
    press(opened.program, names.UNLOCK_USE_PASSWORD)
    unlock(qtbot, opened.program, NEW)
    fresh = services_of(opened.program).access
    assert fresh is not None
    assert not fresh.describe()[0].has_kit
    assert fresh.describe()[1].exists


def test_where_the_file_is_open_elsewhere_the_next_opening_goes_on(
    opened: Opened, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "books.aether"
    before = pages(path)
    (key,) = opened.access._keys.file_keys()  # type: ignore[attr-defined]
    other = SqliteKit(path, bytes(key.data)).connect()
    key.wipe()
    other.execute("SELECT count(*) FROM users").fetchone()
    click(opened, "compromised")
    qtbot.waitUntil(lambda: opened.program.window.alone_page is not None, timeout=WAIT)
    fill(opened.program, names.COMPROMISED_CURRENT, PASSWORD)
    for name in (names.COMPROMISED_NEW, f"{names.COMPROMISED_NEW}_repeat"):
        fill(opened.program, name, NEW)
    press(opened.program, names.COMPROMISED_START)
    asked_again(qtbot, opened.program)
    qtbot.waitUntil(lambda: "not encrypted anew yet" in said(opened.program, names.UNLOCK_ERROR), timeout=WAIT)
    assert "open elsewhere" in said(opened.program, names.UNLOCK_ERROR)
    assert not opened.access.levels.is_open(Court.OUTER)  # what could not be opened again is wiped
    other.close()
    unlock(qtbot, opened.program, NEW)
    assert not before & pages(path)


def test_a_draft_and_work_that_new_keys_end_are_told(opened: Opened, qtbot: QtBot) -> None:
    former = services_of(opened.program)
    page = opened.program.window.open_section("wallets")
    assert isinstance(page, TablePage)
    page.add()
    qtbot.waitUntil(lambda: page.side.form is not None, timeout=WAIT)
    fill(opened.program, names.field_name("wallets", "name"), "Half a wallet")
    settings_card(qtbot, opened.program)
    click(opened, "compromised")
    qtbot.waitUntil(lambda: opened.program.window.alone_page is not None, timeout=WAIT)
    fill(opened.program, names.COMPROMISED_CURRENT, PASSWORD)
    for name in (names.COMPROMISED_NEW, f"{names.COMPROMISED_NEW}_repeat"):
        fill(opened.program, name, NEW)
    press(opened.program, names.COMPROMISED_START)
    qtbot.waitUntil(lambda: kit_is_next(opened, former), timeout=WAIT)
    assert "a new wallet" in said(opened.program, names.MESSAGE_BAR_TEXT)


def test_cancelled_leaves_the_keys_as_they_were(opened: Opened, qtbot: QtBot) -> None:
    keys = Path(services_of(opened.program).info.location + ".keys")
    before = keys.read_bytes()
    click(opened, "compromised")
    qtbot.waitUntil(lambda: opened.program.window.alone_page is not None, timeout=WAIT)
    press(opened.program, names.COMPROMISED_CANCEL)
    assert opened.program.window.alone_page is None
    assert keys.read_bytes() == before
