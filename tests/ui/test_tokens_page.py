"""The tokens page over a real vault: assumed decimals are marked, and corrected without a figure changing."""

from __future__ import annotations

import pytest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ui.views.tokens import TokensView
from tests.ui.ledgers import WAIT, Ledger
from tests.ui.value_pages import TOKEN, click, refreshed, shown, token_file

ALL = TableQuery(TableName.TRANSACTIONS)


@pytest.fixture
def page(ledger: Ledger, qtbot: QtBot) -> TokensView:
    """The page with the token AIC of assumed decimals chosen; its figures are 1.5 and 20."""
    ledger.services.importing.run(token_file(ledger.folder, "1.5", "20"), ledger.wallet())
    made = shown(qtbot, TokensView(ledger.context))
    token = next(each for each in made.model.rows if each.contract)
    assert made.grid.select_key(token.id)
    return made


def figures(ledger: Ledger) -> set[str]:
    """Every stored amount as it reads."""
    return {
        str(value)
        for row in ledger.services.storage.windows.rows(ALL)
        for value in row.values
        if isinstance(value, Amount)
    }


def test_assumed_decimals_are_marked_and_explained(page: TokensView) -> None:
    marks = {each.symbol: page.model.columns[-1].cell(each).plain() for each in page.model.rows}
    assert marks["AIC"] == "Assumed"
    assert "Assumed" not in {mark for symbol, mark in marks.items() if symbol != "AIC"}
    token = page.grid.current()
    assert token.contract.lower() == TOKEN
    assert page._assumed.isVisible()
    assert page.decimals.editor.value() == 18
    assert page.rescale_button.text() == "Confirm 18 decimals"


def test_the_model_obeys_qt(page: TokensView, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(page.model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here


def test_a_rescale_keeps_every_figure(page: TokensView, ledger: Ledger, qtbot: QtBot) -> None:
    before = figures(ledger)
    assert {"1.5 AIC", "20 AIC"} <= before
    page.decimals.editor.setValue(2)
    assert page.rescale_button.text() == "Re-scale to 2 decimals"
    with qtbot.waitSignal(page.loading_changed, timeout=WAIT, check_params_cb=lambda loading: not loading):
        click(page.rescale_button)
    token = page.grid.current()
    assert (token.decimals, token.decimals_assumed) == (2, False)
    assert figures(ledger) == before
    assert not page._assumed.isVisible()
    assert "type others" in page.rescale_button.toolTip()
    assert ledger.said[-1][1] == "AIC has 2 decimals now; every figure reads as before."


def test_decimals_that_would_lose_digits_are_refused_under_the_field(
    page: TokensView, ledger: Ledger, qtbot: QtBot
) -> None:
    before = figures(ledger)
    page.decimals.editor.setValue(0)
    click(page.rescale_button)
    qtbot.waitUntil(lambda: bool(page.decimals.error), timeout=WAIT)
    assert "1.5 has more than 0 decimals" in page.decimals.error
    assert "Nothing was changed" in page.decimals.error
    assert page.rescale_button.toolTip() == ""
    assert figures(ledger) == before
    assert ledger.said == []
    page.decimals.editor.setValue(1)
    assert page.decimals.error == ""


def test_assumed_decimals_can_be_confirmed(page: TokensView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.loading_changed, timeout=WAIT, check_params_cb=lambda loading: not loading):
        click(page.rescale_button)
    token = page.grid.current()
    assert (token.decimals, token.decimals_assumed) == (18, False)


def test_a_coin_of_a_chain_cannot_be_rescaled(page: TokensView, ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(1)
    refreshed(qtbot, page)
    coin = next(each for each in page.model.rows if each.symbol == "ETH")
    page.grid.select_key(coin.id)
    assert not page.decimals.isVisible()
    assert not page.rescale_button.isVisible()
    assert page._fixed.isVisible()


def test_its_rows_open_as_a_query(page: TokensView, ledger: Ledger, qtbot: QtBot) -> None:
    with qtbot.waitSignal(ledger.context.navigator.rows_asked) as asked:
        click(page.rows_link)
    assert len(list(ledger.services.storage.windows.rows(asked.args[0]))) == 2


def test_what_is_typed_survives_a_refresh(page: TokensView, ledger: Ledger, qtbot: QtBot) -> None:
    page.decimals.editor.setValue(7)
    ledger.imported(1)
    refreshed(qtbot, page, ChangeSet(frozenset({TableName.TRANSACTIONS}), None))
    assert page.decimals.editor.value() == 7
