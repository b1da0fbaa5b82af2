"""The card with the plot of one currency over time; the plot is made when there is something to draw."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox

from aether_desktop.services.balances import Series
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.value_texts import currency_name
from aether_desktop.ui.object_names import overview_part_name
from aether_desktop.ui.theme.tokens import Size
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.history_plot import HistoryPlot
from aether_desktop.ui.widgets.labels import ElidedLabel, text_label


class HistoryCard(Card):
    """Chooses the currency; says the exact balance of the day pointed at. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(context.theme, "History")
        self.setObjectName(overview_part_name("history"))
        self._theme = context.theme
        self._series: tuple[Series, ...] = ()
        self._chosen: int | None = None
        self.plot: HistoryPlot | None = None
        self.currency = QComboBox()
        self.currency.setObjectName(overview_part_name("history_currency"))
        self.currency.setAccessibleName("Currency of the history")
        self.currency.setFont(context.theme.fonts.interface())
        self.currency.setMaximumWidth(Size.DETAILS_WIDTH)
        self.currency.currentIndexChanged.connect(self._on_currency)
        self.add_corner(self.currency)
        self._words = ElidedLabel(context.theme, kind="dim")
        self._nothing = text_label(context.theme, "Nothing has moved yet.", kind="dim", wrap=True)
        self.body.addWidget(self._words)
        self.body.addWidget(self._nothing)
        self.body.addStretch(1)

    def show_series(self, series: Sequence[Series]) -> None:
        """Offer these currencies; the one looked at stays."""
        self._series = tuple(series)
        with QSignalBlocker(self.currency):
            self.currency.clear()
            for each in series:
                self.currency.addItem(currency_name(each.currency), each.currency.id)
            place = self.currency.findData(self._chosen)
            self.currency.setCurrentIndex(max(place, 0) if series else -1)
        self.currency.setVisible(len(series) > 1)
        self._nothing.setVisible(not series)
        self._words.setVisible(bool(series))
        if series and self.plot is None:
            self._make_plot()
        self._draw()

    def _make_plot(self) -> None:
        self.plot = HistoryPlot(self._theme)
        self.plot.pointed.connect(self._say)
        self.body.insertWidget(1, self.plot)

    def _draw(self) -> None:
        place = self.currency.currentIndex()
        if self.plot is None or not 0 <= place < len(self._series):
            if self.plot is not None:
                self.plot.hide()
            return
        chosen = self._series[place]
        self.plot.show()
        self.plot.show_points(chosen.points, decimals=chosen.currency.decimals, symbol=chosen.currency.symbol)

    def _say(self, pointed: str) -> None:
        if pointed:
            self._words.setText(pointed)
            return
        place = self.currency.currentIndex()
        points = self._series[place].points if 0 <= place < len(self._series) else ()
        if points and self.plot is not None:
            since = points[0][0]
            self._words.setText(f"Since {since.day} {since:%b %Y}, by day (UTC). Now {self.plot.words_now()}.")

    def _on_currency(self, place: int) -> None:
        if place >= 0:
            self._chosen = self.currency.itemData(place)
            self._draw()
