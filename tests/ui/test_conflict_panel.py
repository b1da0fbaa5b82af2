"""Two versions of a row: only what differs is asked, and only what was chosen is stored."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

from PySide6.QtWidgets import QRadioButton
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.domain.wallets import Wallet, WalletKind
from aether_desktop.ui.forms.conflict_panel import ConflictPanel
from aether_desktop.ui.theme.theme import Theme
from tests.ui.ledgers import ADDRESS, HOSTILE

THEIRS = Wallet(
    id=7,
    owner_id=1,
    created_at=datetime(2026, 3, 4, tzinfo=UTC),
    name=HOSTILE,
    chain="ethereum",
    address=ADDRESS,
    kind=WalletKind.TOKEN,
)
MINE = {"name": "Old & chest", "chain": "ethereum", "address": ADDRESS, "kind": WalletKind.NFT}


def opened(qtbot: QtBot, theme: Theme) -> ConflictPanel:
    panel = ConflictPanel(TableName.WALLETS, theme, theirs=THEIRS, mine=MINE)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def test_only_what_differs_is_asked(qtbot: QtBot, theme: Theme) -> None:
    panel = opened(qtbot, theme)
    assert panel.differing == ("name", "kind")
    assert len(panel.findChildren(QRadioButton)) == 4


def test_mine_is_proposed_and_each_field_is_chosen_alone(qtbot: QtBot, theme: Theme) -> None:
    panel = opened(qtbot, theme)
    with qtbot.waitSignal(panel.chosen) as chosen:
        panel.store_button.click()
    assert chosen.args[0] == {"name": "Old & chest", "kind": WalletKind.NFT}
    panel.choose("name", mine=False)
    with qtbot.waitSignal(panel.chosen) as chosen:
        panel.store_button.click()
    assert chosen.args[0] == {"kind": WalletKind.NFT}
    assert dataclasses.replace(THEIRS, **chosen.args[0]).name == HOSTILE


def test_names_are_plain_and_every_choice_is_named(qtbot: QtBot, theme: Theme) -> None:
    panel = opened(qtbot, theme)
    texts = [button.text() for button in panel.findChildren(QRadioButton)]
    assert texts[1] == "Yours: Old && chest"
    assert texts[0].startswith("Theirs: <b>Rent</b>")
    for button in panel.findChildren(QRadioButton):
        assert "\u202e" not in button.text()
        assert "\u202e" not in button.accessibleName()
        assert button.accessibleName().startswith(("Name, ", "Kind, "))
