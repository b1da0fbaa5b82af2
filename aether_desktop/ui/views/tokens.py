"""The tokens section: coins and tokens with their decimals, and the correction of assumed ones."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSpinBox

from aether_desktop.domain.amounts import MAX_DECIMALS, Currency
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.cells import Cell, NumberCell, StatusCell, TextCell, Tone
from aether_desktop.ui.models.value_table_model import ValueColumn, ValueTableModel
from aether_desktop.ui.object_names import tokens_part_name
from aether_desktop.ui.views.value_page import SidePanel, ValuePage
from aether_desktop.ui.widgets.buttons import link_button, plain_button
from aether_desktop.ui.widgets.details_list import DetailEntry
from aether_desktop.ui.widgets.empty_state import EmptyState
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.guarded_button import Guard
from aether_desktop.ui.widgets.labels import rule, text_label
from aether_desktop.ui.widgets.value_grid import ValueGrid

_CONCERNS = frozenset({TableName.TRANSACTIONS, TableName.PAYMENTS, TableName.WALLETS})
_NAME = 80
_MONEY = "fiat"
_ASSUMED = (
    "The file that brought this token does not say how many decimals it has, so they were assumed. The token's own "
    "page on a block explorer says how many it really has."
)


class TokensView(ValuePage):
    """Currencies by symbol; tokens can be re-scaled in the panel. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        theme = context.theme
        model: ValueTableModel[Currency] = ValueTableModel(token_columns(), key_of=lambda each: each.id)
        grid = ValueGrid(model, theme, name="Coins and tokens", object_name=tokens_part_name("grid"), stretch="name")
        side = SidePanel(
            context,
            name="Details of the coin or token",
            object_name=tokens_part_name("details"),
            nothing="Choose a coin or token to see all of it.",
        )
        empty = EmptyState(
            theme,
            icon="tokens",
            sentence="The coins and tokens of your rows are listed here, with their decimals.",
            more="They come by themselves with wallets, imports and payments.",
            object_name=tokens_part_name("empty"),
        )
        super().__init__(
            "tokens",
            context,
            title="Tokens",
            grid=grid,
            side=side,
            empty=empty,
            toggle_name=tokens_part_name("details_toggle"),
            concerns=_concerned,
            keeps_columns=True,
        )
        model.setParent(self)
        self.rows_link = link_button(theme, "Show its rows", object_name=tokens_part_name("rows"))
        self._assumed = text_label(theme, _ASSUMED, kind="warn", wrap=True)
        self._rule = rule()
        editor = QSpinBox()
        editor.setRange(0, MAX_DECIMALS)
        self.decimals = FormField(
            theme,
            "Decimals",
            editor,
            hint="Every stored figure stays as it reads; it is counted in other units from then on.",
            object_name=tokens_part_name("decimals"),
        )
        self.rescale_button = plain_button(theme, "Re-scale", object_name=tokens_part_name("rescale"))
        self._fixed = text_label(theme, kind="dim", wrap=True)
        side.body.addWidget(self.rows_link, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self._assumed, self._rule, self.decimals, self._fixed):
            side.body.addWidget(widget)
        side.body.addWidget(self.rescale_button, 0, Qt.AlignmentFlag.AlignLeft)
        side.body.addStretch(1)
        self._shown: Currency | None = None
        self.rows_wanted.connect(self._read)
        grid.current_changed.connect(self._on_current)
        grid.opened.connect(lambda _currency: self._begin_edit())
        editor.valueChanged.connect(self._on_typed)
        self._rescale_guard = Guard(self.rescale_button, theme)
        self._rescale_guard.allowed.connect(self.rescale)
        self._rescale_guard.refused.connect(context.messages.warn)
        context.permissions.changed.connect(self._show_refusal)
        self.rows_link.clicked.connect(self.open_rows)

    def open_rows(self) -> None:
        """The transactions in the chosen coin or token."""
        if self._shown is not None:
            term = Term("asset", Comparison.EQUAL, self._shown.asset)
            self.context.navigator.open_rows(TableQuery(TableName.TRANSACTIONS, (term,)))

    def rescale(self) -> None:
        """Store the decimals that the form shows, on the write lane; what is wrong is said under the field."""
        if (currency := self._shown) is None:
            return
        importing, decimals = self.context.services.importing, self.decimals.editor.value()
        self._set_busy(busy=True)

        def on_success(_changes: ChangeSet) -> None:
            self._set_busy(busy=False)
            self.context.messages.done(
                f"{_symbol(currency)} has {decimals} decimals now; every figure reads as before."
            )
            self.refresh()

        def on_failure(error: BaseException) -> None:
            self._set_busy(busy=False)
            if isinstance(error, InvalidInputError):
                self.decimals.set_error(str(error))
                self.side.show_end()
            else:
                self.context.messages.report(error)

        job = self.context.jobs.write(
            lambda _token, _progress: importing.rescale(currency.id, decimals),
            title=f"Re-scale {_symbol(currency)} to {decimals} decimals",
        )
        job.when_stopped("Nothing was changed.")
        job.on_success(on_success).on_failure(on_failure).on_cancelled(lambda: self._set_busy(busy=False))

    def _read(self) -> None:
        self.read(self.context.services.storage.currencies.all, self._show)

    def _show(self, currencies: Sequence[Currency]) -> None:
        assumed = sum(each.decimals_assumed for each in currencies)
        more = f", {assumed:,} with assumed decimals" if assumed else ""
        self.show_rows(currencies, noun="currency", plural="currencies", more=more)

    def _begin_edit(self) -> None:
        if self._shown is not None and is_token(self._shown):
            if self.side.isHidden():
                self.toggle_details()
            self.decimals.editor.setFocus(Qt.FocusReason.OtherFocusReason)
            self.decimals.editor.selectAll()

    def _set_busy(self, *, busy: bool) -> None:
        self.rescale_button.setEnabled(not busy)
        self.decimals.editor.setEnabled(not busy)

    def _on_current(self, currency: Currency | None) -> None:
        before, self._shown = self._shown, currency
        if currency is None:
            self.side.show_nothing()
            return
        token = is_token(currency)
        self.side.show_facts("Token" if token else "Coin", _symbol(currency), token_facts(currency))
        self._assumed.setVisible(token and currency.decimals_assumed)
        self.rows_link.setVisible(currency.chain != _MONEY)
        self.decimals.setVisible(token)
        self.rescale_button.setVisible(token)
        self._fixed.setVisible(not token)
        self._fixed.setText("The decimals of a chain's own coin and of money are fixed.")
        if before != currency:
            self.decimals.set_error("")
            self.decimals.editor.setValue(currency.decimals)
            self._on_typed(currency.decimals)

    def _on_typed(self, decimals: int) -> None:
        self.decimals.set_error("")
        if self._shown is None:
            return
        same = decimals == self._shown.decimals
        words = f"Confirm {decimals} decimals" if same else f"Re-scale to {decimals} decimals"
        self.rescale_button.setText(words)
        self.rescale_button.setAccessibleName(words)
        self._show_refusal()

    def _show_refusal(self) -> None:
        if self._shown is None:
            return
        same = self.decimals.editor.value() == self._shown.decimals
        pointless = "" if not same or self._shown.decimals_assumed else "It has these decimals already; type others."
        self._rescale_guard.refuse(self.context.permissions.why_not(Verb.CHANGE, "currencies") or pointless)


def _concerned(changes: ChangeSet) -> bool:
    return changes.ids is None and bool(changes.tables & _CONCERNS)


def is_token(currency: Currency) -> bool:
    """Whether its decimals are a matter of what a file said, not of the chain or of ISO 4217."""
    return bool(currency.contract) or currency.decimals_assumed


def token_facts(currency: Currency) -> list[DetailEntry]:
    """One currency whole."""
    return [
        DetailEntry("Name", currency.name, copy=""),
        DetailEntry("Chain", _chain(currency), copy=""),
        DetailEntry("Contract", currency.contract, mono=True),
        DetailEntry("Decimals", f"{currency.decimals}{' (assumed)' if currency.decimals_assumed else ''}", copy=""),
    ]


def token_columns() -> Sequence[ValueColumn[Currency]]:
    """Columns of the grid."""
    return (
        ValueColumn(
            "symbol", "Symbol", lambda each: TextCell(_symbol(each)), width=12,
            order=lambda each: each.symbol.casefold(),
        ),
        ValueColumn(
            "name", "Name", lambda each: TextCell(plain_line(each.name, _NAME)), width=20,
            order=lambda each: each.name.casefold(),
        ),
        ValueColumn("chain", "Chain", lambda each: TextCell(_chain(each)), width=16, order=_chain),
        ValueColumn(
            "contract", "Contract", lambda each: TextCell(each.contract, mono=True, short=True), width=16,
            whole=lambda each: each.contract, order=lambda each: each.contract,
        ),
        ValueColumn(
            "decimals", "Decimals", lambda each: NumberCell(str(each.decimals)), width=8,
            order=lambda each: each.decimals, right=True,
        ),
        ValueColumn("known", "Known from", _known, width=14, order=lambda each: not each.decimals_assumed),
    )  # fmt: skip


def _known(currency: Currency) -> Cell:
    if currency.decimals_assumed:
        return StatusCell("Assumed", Tone.WARN)
    return TextCell("You or a file" if currency.contract else "The chain" if currency.chain in CHAINS else "ISO 4217")


def _chain(currency: Currency) -> str:
    if currency.chain in CHAINS:
        return CHAINS[currency.chain].name
    return "Money" if currency.chain == _MONEY else plain_line(currency.chain, _NAME)


def _symbol(currency: Currency) -> str:
    return plain_line(currency.symbol, 30) or "(no symbol)"
