"""Place and key of the release file are kept when they are typed; a key that is none is said and not kept."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from aether_desktop.services.releases import print_key
from aether_desktop.services.settings_file import RELEASE_KEY, RELEASE_LOCATION
from aether_desktop.ui.views.updates_card import UpdatesCard
from tests.ui.ledgers import Ledger

KEY = print_key(bytes(range(200)) * 10)


@pytest.fixture
def card(ledger: Ledger, qtbot: QtBot) -> UpdatesCard:
    made = UpdatesCard(ledger.context)
    qtbot.addWidget(made)
    made.show()
    return made


def typed(card: UpdatesCard, *, place: str, key: str) -> None:
    for field, text in ((card.place, place), (card.key, key)):
        field.editor.clear()
        field.editor.insert(text)  # as pasted
        QTest.keyClick(field.editor, Qt.Key.Key_Return)


def test_place_and_key_are_kept_and_looked_into_when_asked(card: UpdatesCard, ledger: Ledger, qtbot: QtBot) -> None:
    assert not card.look.isEnabled()
    typed(card, place=" /srv/release.json ", key=f"{KEY[:50]} {KEY[50:]}")
    assert RELEASE_LOCATION.get(ledger.context.settings) == "/srv/release.json"
    assert RELEASE_KEY.get(ledger.context.settings) == KEY
    with qtbot.waitSignal(ledger.context.navigator.newer_version_asked, timeout=1000):
        card.look.click()


def test_a_key_that_is_none_is_said_and_not_kept(card: UpdatesCard, ledger: Ledger) -> None:
    typed(card, place="/srv/release.json", key=KEY)
    typed(card, place="/srv/release.json", key="aether-release-key:%%%")
    assert "damaged" in card.key.error
    assert not card.look.isEnabled()
    assert RELEASE_KEY.get(ledger.context.settings) == KEY
    card.refresh()
    assert card.key.editor.text().endswith("%%%"), "what is wrong is there to be mended"
    typed(card, place="", key="")
    assert not card.key.error
    assert RELEASE_KEY.get(ledger.context.settings) == RELEASE_LOCATION.get(ledger.context.settings) == ""
