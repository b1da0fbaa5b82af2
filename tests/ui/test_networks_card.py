"""The card of networks over a real vault: chosen, changed, checked over loopback, put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from aether_desktop.networks.evm import JsonRpcConnections
from aether_desktop.services.networks import NetworkService
from aether_desktop.ui.views.networks_card import NetworksCard
from tests.support.scripted_endpoints import HEIGHT, HOSTILE, ScriptedServer, ServerThread, well
from tests.ui.ledgers import WAIT, Ledger


@pytest.fixture
def card(ledger: Ledger, qtbot: QtBot) -> Iterator[NetworksCard]:
    storage = ledger.services.storage
    with closing(JsonRpcConnections()) as connections:
        networks = NetworkService(storage.networks, connections, user_id=storage.info.user_id, new_id=storage.new_id)
        made = NetworksCard(replace(ledger.context, services=replace(ledger.services, networks=networks)))
        qtbot.addWidget(made)
        made.show()
        qtbot.waitUntil(lambda: made.shown is not None, timeout=WAIT)
        yield made


@pytest.fixture(scope="module")
def servers() -> Iterator[ServerThread]:
    with closing(ServerThread()) as thread:
        yield thread


def test_a_preset_gets_endpoints_that_are_checked_and_goes_back(
    card: NetworksCard, servers: ServerThread, ledger: Ledger, qtbot: QtBot
) -> None:
    good, hostile = servers.serve(ScriptedServer(well)), servers.serve(ScriptedServer(HOSTILE["html error"]))
    assert card.name.editor.text() == "AetherCoin mainnet"
    assert card.chain_id.editor.isReadOnly()
    assert not card.remove_button.isVisible()
    card.check_button.click()
    qtbot.waitUntil(lambda: "no endpoint" in card.result.text(), timeout=WAIT)
    card.endpoints.editor.setPlainText(f"{good.url}\n\n{hostile.url}\n")
    card.save_button.click()
    qtbot.waitUntil(card.remove_button.isVisible, timeout=WAIT)
    assert [network.chain_id for network in ledger.services.storage.networks.all()] == [2615]
    card.check_button.click()
    qtbot.waitUntil(lambda: f"latest block is {HEIGHT:,}" in card.result.text(), timeout=WAIT)
    assert card.result.property("kind") == "error"  # the other one
    assert "secret" not in card.result.text()  # the access key in the endpoints' path
    card.remove_button.click()
    qtbot.waitUntil(lambda: not card.remove_button.isVisible(), timeout=WAIT)
    assert card.endpoints.editor.toPlainText() == ""
    for server in (good, hostile):
        servers.stop(server)


def test_a_network_of_ones_own(card: NetworksCard, ledger: Ledger, qtbot: QtBot) -> None:
    card.chosen.editor.setCurrentIndex(card.chosen.editor.count() - 1)
    assert card.shown is None
    assert not card.check_button.isEnabled()
    card.name.editor.setText("FractalCoin")
    card.chain_id.editor.setText("twenty")
    card.save_button.click()
    assert card.chain_id.error
    card.chain_id.editor.setText("26150")
    card.symbol.editor.setText("FTC")
    card.endpoints.editor.setPlainText("ftp://node")
    card.save_button.click()
    qtbot.waitUntil(lambda: bool(card.endpoints.error), timeout=WAIT)
    card.endpoints.editor.setPlainText("https://node.example")
    card.save_button.click()
    qtbot.waitUntil(lambda: card.shown is not None and card.shown.chain_id == 26_150, timeout=WAIT)
    assert card.remove_button.text() == "Remove"
    card.remove_button.click()
    qtbot.waitUntil(lambda: card.shown is not None and card.shown.chain_id == 2615, timeout=WAIT)
    assert ledger.services.storage.networks.all() == []
