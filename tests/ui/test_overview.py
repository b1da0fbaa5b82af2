"""The overview over a real vault: figures from the rows, values only where there are prices, what needs attention."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QTableView, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ui.object_names import overview_part_name
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.views.overview import OverviewView
from aether_desktop.ui.widgets.history_plot import HistoryPlot
from tests.ui.colours import colours_in
from tests.ui.ledgers import ADDRESS, OTHER, WAIT, Ledger

_CHANGED = ChangeSet(frozenset({TableName.TRANSACTIONS}))


class Page:
    """The overview on the screen."""

    def __init__(self, ledger: Ledger, qtbot: QtBot) -> None:
        self.ledger, self.qtbot = ledger, qtbot
        self.view = OverviewView(ledger.context)
        qtbot.addWidget(self.view)
        self.view.resize(1150, 700)
        self.view.show()
        qtbot.waitExposed(self.view)
        self.settled()

    def settled(self) -> None:
        self.qtbot.waitUntil(lambda: self.view.shown is not None and not self.view._running, timeout=WAIT)

    def again(self) -> None:
        self.view.apply_changes(_CHANGED)
        self.settled()

    def part(self, name: str) -> Any:
        found = self.view.findChild(QWidget, overview_part_name(name))
        assert found is not None, name
        return found

    def cells(self, name: str) -> list[list[str]]:
        model = self.part(name).model()
        return [
            [model.index(row, column).data() for column in range(model.columnCount())]
            for row in range(model.rowCount())
        ]

    def spend(self, wallet_id: int, amount: str, *, day: datetime) -> None:
        """A transaction of one's own."""
        from aether_desktop.domain.amounts import Amount
        from aether_desktop.domain.chains import CHAINS

        values: dict[str, object] = {
            "wallet_id": wallet_id,
            "occurred_at": day,
            "direction": "out",
            "kind": "send",
            "status": "confirmed",
            "amount": Amount.parse(amount, CHAINS["ethereum"].coin),
        }
        self.ledger.services.records.create(TableName.TRANSACTIONS, values)


def _prices(ledger: Ledger, *lines: str) -> None:
    file = ledger.folder / "prices.csv"
    file.write_text("\n".join(["date,symbol,currency,price", *lines]) + "\n", encoding="utf-8")
    report = ledger.services.prices.import_file(file)
    assert not report.rejections


@pytest.fixture
def page(ledger: Ledger, qtbot: QtBot) -> Page:
    """Ten rows of 1 to 10 ETH received; the senders paid the fees."""
    ledger.imported(10)
    return Page(ledger, qtbot)


class TestFigures:
    def test_totals_and_balances_are_what_the_rows_add_up_to(self, page: Page) -> None:
        assert page.cells("totals") == [["ETH Ether", "55 ETH", "no price"]]
        assert page.cells("balances") == [["Treasury", "55 ETH", "no price", "10"]]
        assert not page.part("worth").isVisible(), "without a price there is no value, not even a zero"

    def test_values_name_their_price_day_and_source(self, page: Page) -> None:
        _prices(page.ledger, "2024-03-01,ETH,EUR,100.123", "2024-04-01,ETH,EUR,200.005")
        page.again()
        assert page.part("worth").text() == "11,000.27… EUR"
        assert page.part("worth").toolTip() == "11000.275 EUR"
        model = page.part("totals").model()
        assert model.index(0, 2).data() == "11,000.27… EUR"
        whole = model.index(0, 2).data(Qt.ItemDataRole.ToolTipRole)
        assert whole == "11000.275 EUR, at 200.005 EUR on 1 Apr 2024, prices.csv"

    def test_a_balance_opens_its_rows(self, page: Page) -> None:
        asked: list[TableQuery] = []
        page.ledger.context.navigator.rows_asked.connect(asked.append)
        grid = page.part("balances")
        grid.selectRow(0)
        QTest.keyClick(grid, Qt.Key.Key_Return)
        QTest.mouseClick(page.part("open_rows"), Qt.MouseButton.LeftButton)
        assert len(asked) == 2
        assert page.ledger.services.storage.windows.count(asked[0]) == 10

    def test_a_change_is_followed_and_many_are_one_look(self, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
        looks: list[None] = []
        real = page.view._load

        def counted() -> None:
            looks.append(None)
            real()

        monkeypatch.setattr(page.view, "_load", counted)
        page.ledger.imported(5, first=11)
        for _ in range(20):
            page.view.apply_changes(_CHANGED)
        page.qtbot.waitUntil(lambda: page.cells("totals")[0][1] == "120 ETH", timeout=WAIT)
        page.settled()
        assert len(looks) <= 2, "one look, and one more for what came meanwhile"

    def test_what_is_not_seen_is_not_computed(self, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
        page.view.hide()
        monkeypatch.setattr(page.view, "_load", lambda: pytest.fail("nobody looks"))
        page.ledger.imported(5, first=11)
        page.view.apply_changes(_CHANGED)
        monkeypatch.undo()
        page.view.show()
        page.qtbot.waitUntil(lambda: page.cells("totals")[0][1] == "120 ETH", timeout=WAIT)

    def test_the_models_obey_qt(self, page: Page, qtmodeltester: Any) -> None:
        for name in ("totals", "balances"):
            qtmodeltester.check(page.part(name).model())


class TestAttention:
    def test_a_balance_below_zero_says_since_when_and_what_would_fill_the_gap(self, page: Page) -> None:
        wallet = page.ledger.services.storage.wallets.all()[0].id
        page.spend(wallet, "2.5", day=datetime(2016, 5, 4, tzinfo=UTC))
        page.again()
        assert page.view.shown is not None
        texts = [each.text for each in page.view.shown.attention]
        assert "Treasury: ETH falls below zero on 2016-05-04 (lowest -2.5): history before then is missing." in texts
        asked: list[object] = []
        page.ledger.context.navigator.import_asked.connect(asked.append)
        QTest.mouseClick(page.part("act_0"), Qt.MouseButton.LeftButton)
        assert asked == [wallet]

    def test_refused_rows_lead_to_their_import(self, page: Page) -> None:
        bad = page.ledger.folder / "bad.csv"
        good = (page.ledger.folder / "export1.csv").read_text(encoding="utf-8").splitlines()
        bad.write_text("\n".join([*good, good[-1].replace('"10","0"', '"x","0"')]) + "\n", encoding="utf-8")
        wallet = page.ledger.services.storage.wallets.all()[0].id
        report = page.ledger.services.importing.run(bad, wallet)
        assert len(report.rejections) == 1
        page.again()
        asked: list[str] = []
        page.ledger.context.navigator.section_asked.connect(asked.append)
        button = page.part("act_0")
        assert button.accessibleName().startswith("See the reasons: 1 row of bad.csv")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert report.batch is not None
        assert asked == [f"imports/{report.batch.id}"]

    def test_a_wallet_without_history_and_a_missing_price_are_named(self, page: Page) -> None:
        _prices(page.ledger, "2024-03-01,BTC,EUR,100")
        page.ledger.wallet("Cold", OTHER)
        page.view.apply_changes(ChangeSet(frozenset({TableName.WALLETS})))
        page.settled()
        names = [button.accessibleName() for button in page.part("attention").findChildren(QPushButton)]
        assert any(name.startswith("Import prices: There is no price in EUR for ETH") for name in names)
        assert any(name.startswith("Import its history: Cold has no transactions yet") for name in names)
        assert "which have no price" in page.view.totals._note.text() or not page.part("worth").isVisible()

    def test_nothing_to_do_is_said_too(self, page: Page) -> None:
        assert page.view.shown is not None
        assert page.view.shown.attention == ()
        assert page.part("attention").findChildren(QPushButton) == []


class TestHistory:
    def test_the_plot_is_made_when_there_is_something_to_draw(self, page: Page) -> None:
        page.qtbot.waitUntil(lambda: page.view.history.plot is not None, timeout=WAIT)
        plot = page.view.history.plot
        assert plot is not None
        assert plot.words(0) == "14 Jul 2017: 55 ETH"
        assert page.view.history._words.text() == "Since 14 Jul 2017, by day (UTC). Now 55 ETH."

    def test_another_currency_is_kept_over_a_refresh(self, page: Page) -> None:
        token = page.ledger.folder / "token.csv"
        token.write_text(
            "Txhash,Blockno,UnixTimestamp,DateTime (UTC),From,To,TokenValue,USDValueDayOfTx,ContractAddress,TokenName,"
            f"TokenSymbol\n0x{99:064x},9,1600000000,2020-09-13 12:26:40,{OTHER},{ADDRESS},7,1,"
            "0x1111111111111111111111111111111111111111,Token,TOK\n",
            encoding="utf-8",
        )
        wallet = page.ledger.services.storage.wallets.all()[0].id
        assert page.ledger.services.importing.run(token, wallet).new == 1
        page.again()
        box: QComboBox = page.part("history_currency")
        page.qtbot.waitUntil(lambda: page.view.history.plot is not None, timeout=WAIT)
        assert sorted(box.itemText(number) for number in range(box.count())) == ["ETH Ether", "TOK Token"]
        box.setCurrentIndex(box.findText("TOK Token"))
        page.again()
        assert box.currentText() == "TOK Token"
        assert page.view.history._words.text().endswith("Now 7 TOK.")


class TestEmptyVault:
    def test_it_says_what_the_page_is_for_and_how_to_begin(self, ledger: Ledger, qtbot: QtBot) -> None:
        page = Page(ledger, qtbot)
        assert page.part("empty").isVisible()
        asked: list[str] = []
        imports: list[object] = []
        ledger.context.navigator.section_asked.connect(asked.append)
        ledger.context.navigator.import_asked.connect(imports.append)
        QTest.mouseClick(page.part("empty_begin"), Qt.MouseButton.LeftButton)
        QTest.mouseClick(page.part("start_import"), Qt.MouseButton.LeftButton)
        assert (asked, imports) == (["wallets/add"], [None])

    def test_the_keyboard_map(self, ledger: Ledger, qtbot: QtBot) -> None:
        page = Page(ledger, qtbot)
        imports: list[object] = []
        ledger.context.navigator.import_asked.connect(imports.append)
        assert page.view.run_page_command(PageCommand.IMPORT)
        assert imports == [None]
        assert not page.view.run_page_command(PageCommand.EXPORT)


def test_every_control_has_a_name(page: Page) -> None:
    page.qtbot.waitUntil(lambda: page.view.history.plot is not None, timeout=WAIT)
    controls = [each for kind in (QPushButton, QComboBox, QTableView) for each in page.view.findChildren(kind)]
    assert [each for each in controls if not each.accessibleName() or not each.objectName()] == []


class TestPlot:
    @pytest.fixture
    def plot(self, theme: Theme, qtbot: QtBot) -> HistoryPlot:
        plot = HistoryPlot(theme)
        qtbot.addWidget(plot)
        plot.resize(600, 220)
        plot.show()
        qtbot.waitExposed(plot)
        return plot

    def test_figures_are_exact_whatever_floats_can_hold(self, plot: HistoryPlot) -> None:
        day = datetime(2024, 1, 1, tzinfo=UTC)
        units = 2**200 + 1
        plot.show_points([(day, -5), (day + timedelta(days=1), units)], decimals=18, symbol="ATC")
        assert plot.words(0) == "1 Jan 2024: -0.000000000000000005 ATC"
        assert plot.words(1).startswith("2 Jan 2024: 1606938044258990275541962092341162602522202.993782792835301377")

    def test_the_keyboard_walks_from_day_to_day(self, plot: HistoryPlot, qtbot: QtBot) -> None:
        day = datetime(2024, 1, 1, tzinfo=UTC)
        plot.show_points([(day + timedelta(days=number), number) for number in range(3)], decimals=0, symbol="X")
        said: list[str] = []
        plot.pointed.connect(said.append)
        for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_Left, Qt.Key.Key_End):
            QTest.keyClick(plot, key)
        days = [text.split(" ")[0] for text in said]
        assert days == ["3", "2", "1", "1", "3"]

    def test_the_pointer_says_the_day_under_it(self, plot: HistoryPlot, qtbot: QtBot) -> None:
        now = datetime.now(UTC)
        plot.show_points([(now - timedelta(days=100), 1), (now - timedelta(days=50), 2)], decimals=0, symbol="X")
        QApplication.processEvents()
        for share, expected in ((0.3, "1 X"), (0.9, "2 X")):
            place = QPointF(plot.width() * share, plot.height() / 2)
            none = Qt.MouseButton.NoButton
            move = QMouseEvent(
                QEvent.Type.MouseMove,
                place,
                QPointF(plot.mapToGlobal(place)),
                none,
                none,
                Qt.KeyboardModifier.NoModifier,
            )
            with qtbot.waitSignal(plot.pointed, timeout=WAIT) as told:
                QApplication.sendEvent(plot, move)
            assert told.args is not None
            assert told.args[0].endswith(expected)

    def test_it_follows_the_theme_and_nothing_to_draw_is_fine(self, plot: HistoryPlot, theme: Theme) -> None:
        plot.show_points([], decimals=0, symbol="X")
        assert plot.accessibleDescription() == "nothing yet"
        assert colours_in(plot).isdisjoint({theme.colours.accent, theme.colours.bad.shape})
        day = datetime(2024, 1, 1, tzinfo=UTC)
        plot.show_points([(day, 100), (day + timedelta(days=200), -1)], decimals=0, symbol="X")
        for mode in (ThemeMode.LIGHT, ThemeMode.DARK):
            theme.set_mode(mode)
            wanted = {theme.colours.accent, theme.colours.bad.shape}
            assert wanted <= colours_in(plot), "a balance just below zero is seen as such"
        assert plot.accessibleName() == "X over time"
        assert plot.accessibleDescription() == "1 Jan 2024: 100 X to 19 Jul 2024: -1 X"
