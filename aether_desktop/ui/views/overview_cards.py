"""The cards of the overview: what is held, by currency and by wallet, the last import, what needs attention."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from aether_desktop.domain.imports import BatchStatus, ImportBatch
from aether_desktop.domain.text import plain_line
from aether_desktop.services.attention import Attention, AttentionKind
from aether_desktop.services.balances import CurrencyTotal, Overview, WalletBalance
from aether_desktop.ui.models.cells import Cell, NumberCell, TextCell
from aether_desktop.ui.models.fiat_cells import fiat_text, price_words, value_cell, value_whole
from aether_desktop.ui.models.formatting import FRACTION_DIGITS, amount_cell
from aether_desktop.ui.models.value_table_model import ValueColumn, ValueTableModel
from aether_desktop.ui.models.value_texts import currency_name, units_text
from aether_desktop.ui.object_names import overview_part_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import IconLabel, link_button, plain_button
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.labels import rule, text_label
from aether_desktop.ui.widgets.value_grid import ValueGrid

_MOST_ROWS = 8
_MOST_ATTENTION = 30
_ACTIONS = {
    AttentionKind.NO_PASSWORD: "Set a password",
    AttentionKind.OLDER_KEYS: "I restored a back-up: accept it",
    AttentionKind.NO_KIT: "Make a recovery kit",
    AttentionKind.OLD_COPIES: "Delete it",
    AttentionKind.NO_KEYS: "Make the keys",
    AttentionKind.DIP: "Import into this wallet",
    AttentionKind.ASSUMED_DECIMALS: "Correct the decimals",
    AttentionKind.REJECTED_ROWS: "See the reasons",
    AttentionKind.NO_PRICE: "Import prices",
    AttentionKind.NO_WALLET: "Add a wallet",
    AttentionKind.NO_HISTORY: "Import its history",
}
_ICONS = {
    AttentionKind.NO_PASSWORD: ("unlock", "warn"),
    AttentionKind.OLDER_KEYS: ("warning", "bad"),
    AttentionKind.NO_KIT: ("key", "warn"),
    AttentionKind.OLD_COPIES: ("unlock", "warn"),
    AttentionKind.NO_KEYS: ("lock", "warn"),
    AttentionKind.DIP: ("warning", "bad"),
    AttentionKind.REJECTED_ROWS: ("warning", "bad"),
    AttentionKind.ASSUMED_DECIMALS: ("scale", "warn"),
    AttentionKind.NO_PRICE: ("info", "info"),
    AttentionKind.NO_WALLET: ("wallets", "info"),
    AttentionKind.NO_HISTORY: ("import", "info"),
}


_SURE = {  # what is asked once more before it is done
    AttentionKind.OLDER_KEYS: "Accept the older key file for good",
    AttentionKind.OLD_COPIES: "Verify the vault, then delete it for good",
}

HoldingT = TypeVar("HoldingT", CurrencyTotal, WalletBalance)


class TotalsCard(Card):
    """The worth of all, then each currency. GUI thread only."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "What you hold")
        self.worth = text_label(theme, size=FontSize.HERO, bold=True, wrap=True)
        self.worth.setObjectName(overview_part_name("worth"))
        self._note = text_label(theme, kind="dim", wrap=True)
        self.model: ValueTableModel[CurrencyTotal] = ValueTableModel(
            _total_columns(), key_of=lambda total: total.currency.id, parent=self
        )
        self.grid = ValueGrid(
            self.model,
            theme,
            name="Totals by currency",
            object_name=overview_part_name("totals"),
            stretch="currency",
        )
        self.grid.setProperty("kind", "bare")
        self.grid.fit_rows(_MOST_ROWS)
        for widget in (self.worth, self._note, self.grid):
            self.body.addWidget(widget)

    def show_overview(self, overview: Overview) -> None:
        """Totals by currency; a value only where there is a price."""
        total = overview.fiat_total
        self.worth.setVisible(total is not None)
        if total is not None:
            self.worth.setText(fiat_text(total, overview.fiat))
            self.worth.setToolTip(f"{total:f} {overview.fiat}")
        self._note.setText(_worth_note(overview))
        self.model.set_rows(overview.totals)


class BalancesCard(Card):
    """Balances by wallet; ``opened`` carries the one whose rows are wanted. GUI thread only."""

    opened = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "Balances by wallet")
        self.model: ValueTableModel[WalletBalance] = ValueTableModel(
            _balance_columns(), key_of=lambda each: (each.wallet_id, each.currency.id), parent=self
        )
        self.grid = ValueGrid(
            self.model, theme, name="Balances by wallet", object_name=overview_part_name("balances"), stretch="wallet"
        )
        self.grid.setProperty("kind", "bare")
        self.grid.fit_rows(_MOST_ROWS)
        self.grid.opened.connect(self.opened)
        self.open_button = link_button(theme, "Show the rows", object_name=overview_part_name("open_rows"))
        self.open_button.setToolTip("The transactions that the chosen balance is made of (Return)")
        self.open_button.setEnabled(False)
        self.grid.current_changed.connect(lambda value: self.open_button.setEnabled(value is not None))
        self.open_button.clicked.connect(self._on_open)
        self.add_corner(self.open_button)
        self.body.addWidget(self.grid)

    def show_overview(self, overview: Overview) -> None:
        self.model.set_rows(overview.balances)

    def _on_open(self) -> None:
        if (balance := self.grid.current()) is not None:
            self.opened.emit(balance)


class AttentionCard(Card):
    """What needs a person, most pressing first, each with what can be done. GUI thread only."""

    acted = Signal(object)
    rows_asked = Signal(object)

    def __init__(self, theme: Theme, *, part: str = "attention", act: str = "act") -> None:
        """``part`` and ``act`` name the card and its buttons among the parts of the overview."""
        super().__init__(theme, "Needs attention")
        self.setObjectName(overview_part_name(part))
        self._act = overview_part_name(act)
        self._theme = theme
        self._shown: tuple[Attention, ...] | None = None
        self._list = QVBoxLayout()
        self._list.setSpacing(Space.M)
        self.body.addLayout(self._list)

    def show_attention(self, found: Sequence[Attention]) -> None:
        """Show these; the same again changes nothing, so that the focus stays where it is."""
        if tuple(found) == self._shown:
            return
        self._shown = tuple(found)
        while (item := self._list.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for number, each in enumerate(found[:_MOST_ATTENTION]):
            if number:
                self._list.addWidget(rule())
            self._list.addWidget(self._entry(number, each))
        if len(found) > _MOST_ATTENTION:
            self._list.addWidget(
                text_label(self._theme, f"And {len(found) - _MOST_ATTENTION} more of these.", kind="dim")
            )
        if not found:
            self._list.addWidget(self._nothing())

    def forget(self) -> None:
        """What is shown next is shown anew, also when it is the same: nothing was done about it."""
        self._shown = None

    def _entry(self, number: int, each: Attention) -> QWidget:
        theme = self._theme
        icon, tone = _ICONS[each.kind]
        entry = QWidget()
        grid = QGridLayout(entry)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.XS)
        grid.addWidget(IconLabel(theme, icon, tone=tone), 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(text_label(theme, each.text, wrap=True), 0, 1)
        if each.hint:
            grid.addWidget(text_label(theme, each.hint, kind="dim", wrap=True), 1, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(Space.S)
        act = link_button(theme, _ACTIONS[each.kind], object_name=f"{self._act}_{number}")
        act.setAccessibleName(f"{_ACTIONS[each.kind]}: {each.text}")
        act.clicked.connect(partial(self._on_clicked, act, each))
        buttons.addWidget(act)
        if each.query is not None:
            rows = link_button(theme, "Show the rows", object_name=f"{overview_part_name('rows')}_{number}")
            rows.setAccessibleName(f"Show the rows: {each.text}")
            rows.clicked.connect(partial(self.rows_asked.emit, each.query))
            buttons.addWidget(rows)
        buttons.addStretch(1)
        grid.addLayout(buttons, 2, 1)
        grid.setColumnStretch(1, 1)
        return entry

    def _on_clicked(self, button: QPushButton, each: Attention) -> None:
        sure = _SURE.get(each.kind, "")
        if sure and button.text() != sure:
            button.setText(sure)
            button.setAccessibleName(f"{sure}: {each.text}")
            return
        if sure:
            button.setEnabled(False)
        self.acted.emit(each)

    def _nothing(self) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.M)
        row.addWidget(IconLabel(self._theme, "check_circle", tone="ok"))
        row.addWidget(text_label(self._theme, "Nothing. Every balance adds up from its rows.", wrap=True), 1)
        return line


class LastImportCard(Card):
    """The latest file that came in. GUI thread only."""

    rows_asked = Signal(object)
    all_asked = Signal()
    import_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "Last import")
        self.setObjectName(overview_part_name("last_import"))
        self._batch: ImportBatch | None = None
        self._name = text_label(theme, wrap=True)
        self._facts = text_label(theme, kind="dim", wrap=True)
        self.rows_button = link_button(theme, "Show the rows", object_name=overview_part_name("import_rows"))
        self.all_button = link_button(theme, "All imports", object_name=overview_part_name("all_imports"))
        self.import_button = plain_button(theme, "Import history", object_name=overview_part_name("import"))
        buttons = QHBoxLayout()
        buttons.setSpacing(Space.S)
        for button in (self.import_button, self.rows_button, self.all_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.body.addWidget(self._name)
        self.body.addWidget(self._facts)
        self.body.addLayout(buttons)
        self.rows_button.clicked.connect(lambda: self.rows_asked.emit(self._batch))
        self.all_button.clicked.connect(self.all_asked)
        self.import_button.clicked.connect(self.import_asked)

    def show_batch(self, batch: ImportBatch | None, *, when: str, wallet: str) -> None:
        """``when`` and ``wallet`` are words."""
        self._batch = batch
        self._facts.setVisible(batch is not None)
        self.all_button.setVisible(batch is not None)
        self.rows_button.setVisible(batch is not None and batch.new > 0 and batch.status is BatchStatus.STORED)
        if batch is None:
            self._name.setText("Nothing has been imported yet.")
            return
        self._name.setText(plain_line(batch.file_name, 120))
        parts = [f"{batch.rows:,} rows", f"{batch.new:,} new", f"{batch.duplicates:,} already there"]
        parts += [f"{batch.rejected:,} wrong"] if batch.rejected else []
        undone = ", undone since" if batch.status is BatchStatus.UNDONE else ""
        self._facts.setText(f"{when} into {plain_line(wallet, 60)}: {', '.join(parts)}{undone}.")


def _total_columns() -> list[ValueColumn[CurrencyTotal]]:
    held: tuple[ValueColumn[CurrencyTotal], ...] = _holding_columns("Amount", amount_width=21, value_width=18)
    return [
        ValueColumn(
            "currency",
            "Currency",
            lambda each: TextCell(currency_name(each.currency)),
            width=14,
            whole=lambda each: f"{currency_name(each.currency)} {each.currency.contract}".strip(),
            order=lambda each: currency_name(each.currency).casefold(),
        ),
        *held,
    ]


def _balance_columns() -> list[ValueColumn[WalletBalance]]:
    held: tuple[ValueColumn[WalletBalance], ...] = _holding_columns("Balance", amount_width=20, value_width=17)
    return [
        ValueColumn(
            "wallet",
            "Wallet",
            lambda each: TextCell(plain_line(each.wallet, 80)),
            width=12,
            whole=lambda each: each.wallet,
            order=lambda each: each.wallet.casefold(),
        ),
        *held,
        ValueColumn("rows", "Rows", _rows_cell, width=4, order=lambda each: each.rows, right=True),
    ]


def _holding_columns(title: str, *, amount_width: int, value_width: int) -> tuple[ValueColumn[HoldingT], ...]:
    """How much of a currency, and what it is worth."""
    return (
        ValueColumn(
            "amount",
            title,
            lambda each: amount_cell(each.base_units, each.currency),
            width=amount_width,
            whole=lambda each: units_text(each.base_units, each.currency),
            right=True,
            fraction_digits=FRACTION_DIGITS,
            unit_chars=5,
        ),
        ValueColumn(
            "value",
            "Value",
            lambda each: value_cell(each.value),
            width=value_width,
            whole=lambda each: value_whole(each.value),
            right=True,
            fraction_digits=2,
            unit_chars=3,
        ),
    )


def _rows_cell(balance: WalletBalance) -> Cell:
    return NumberCell(f"{balance.rows:,}")


def _worth_note(overview: Overview) -> str:
    valued = [total.value for total in overview.totals if total.value is not None]
    if not valued:
        return "" if overview.totals else "Nothing yet."
    days = sorted({value.price.day for value in valued})
    if len(valued) == 1:
        note = price_words(valued[0])
    else:
        first, last = (f"{day.day} {day:%b %Y}" for day in (days[0], days[-1]))
        sources = sorted({plain_line(value.price.source, 40) for value in valued})
        named = ", ".join(sources[:3]) + (f" and {len(sources) - 3} more" if len(sources) > 3 else "")
        note = f"by prices of {first if first == last else f'{first} to {last}'}, {named}"
    if overview.unpriced:
        names = ", ".join(plain_line(symbol, 20) for symbol in overview.unpriced[:6])
        more = f" and {len(overview.unpriced) - 6} more" if len(overview.unpriced) > 6 else ""
        note += f"; without {names}{more}, which have no price"
    return f"{note[0].upper()}{note[1:]}."
