"""The choices about watching nodes act at once and say what is so."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest
from PySide6.QtCore import QTime
from pytestqt.qtbot import QtBot

from aether_desktop.services.autostart import Autostart
from aether_desktop.services.settings_file import DESKTOP_NOTICES, KEEP_WATCHING
from aether_desktop.ui.views.watching_card import WatchingCard, own_zone
from tests.ui.ledgers import WAIT, Ledger


@pytest.fixture
def entry(tmp_path: Path) -> Autostart:
    return Autostart(
        command=["/opt/aether"], environment={"XDG_CONFIG_HOME": str(tmp_path / "config")}, platform="linux"
    )


@pytest.fixture
def card(ledger: Ledger, qtbot: QtBot, entry: Autostart) -> WatchingCard:
    made = WatchingCard(ledger.context, autostart=entry)
    qtbot.addWidget(made)
    made.show()
    return made


def test_choices_are_kept(card: WatchingCard, ledger: Ledger) -> None:
    card.keep[0].click()
    card.notices[0].click()
    assert KEEP_WATCHING.get(ledger.context.settings)
    assert not DESKTOP_NOTICES.get(ledger.context.settings)
    assert "no tray" in card.keep[0].accessibleDescription()  # nor is there one on the screen of the tests


def test_start_at_login_is_the_file_itself(card: WatchingCard, ledger: Ledger, qtbot: QtBot, entry: Autostart) -> None:
    card.login[0].click()
    qtbot.waitUntil(entry.path.exists, timeout=WAIT)
    qtbot.waitUntil(lambda: bool(ledger.said), timeout=WAIT)
    assert ledger.said[-1][1] == "Aether starts at login."
    entry.path.unlink()  # somebody took it away elsewhere
    card.refresh()
    qtbot.waitUntil(lambda: not card.login[0].isChecked(), timeout=WAIT)


def test_a_refusal_is_said_and_the_choice_goes_back(
    card: WatchingCard, ledger: Ledger, qtbot: QtBot, entry: Autostart
) -> None:
    entry.path.parent.parent.mkdir()
    entry.path.parent.write_text("in the way")
    card.login[0].click()
    qtbot.waitUntil(lambda: not card.login[0].isChecked(), timeout=WAIT)
    assert "cannot be made" in ledger.said[-1][1]


def test_quiet_hours_are_set_and_lifted(card: WatchingCard, ledger: Ledger) -> None:
    assert card.begin.parentWidget() is not None
    assert not card.begin.isVisible()
    card.quiet[0].click()
    assert card.begin.isVisible()
    card.begin.setTime(QTime(23, 30))
    hours = ledger.services.quiet_hours.get()
    assert hours is not None
    assert (hours.begin, hours.end, hours.zone) == (time(23, 30), time(7, 0), own_zone())
    card.quiet[0].click()
    assert ledger.services.quiet_hours.get() is None


def test_what_cannot_be_had_is_not_offered(ledger: Ledger, qtbot: QtBot, tmp_path: Path) -> None:
    carried = Autostart(environment={"XDG_CONFIG_HOME": str(tmp_path)}, platform="linux", carried=True)
    card = WatchingCard(ledger.context, autostart=carried)
    qtbot.addWidget(card)
    card.show()
    assert not card.login[0].isEnabled()
    assert "data folder" in card.login[1].text()
    assert not card.locked[0].isVisible()  # this vault has no password: there is no lock to watch behind
