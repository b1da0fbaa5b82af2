"""Coins and tokens with their decimals; what a file did not say is marked, and can be corrected once for all rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton

from aether_desktop.domain.amounts import MAX_DECIMALS, Currency
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import AetherError, InvalidInputError
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ports.tables import TableName
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.cells import NumberCell, StatusCell, TextCell, Tone
from aether_desktop.ui.models.value_table_model import ValueColumn
from aether_desktop.ui.models.value_texts import currency_name
from aether_desktop.ui.object_names import tokens_part_name
from aether_desktop.ui.views.list_page import ListPage, ListWords
from aether_desktop.ui.widgets.buttons import link_button, plain_button
from aether_desktop.ui.widgets.details_list import DetailEntry
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.side_card import SideCard

_FIAT_CHAIN = "fiat"
_WORDS = ListWords(
    section="tokens",
    title="Tokens",
    grid=tokens_part_name("grid"),
    stretch="name",
    icon="tokens",
    sentence="The coins and tokens of your rows stand here, with how many decimals each has.",
    button="Import history",
    more="They come with an import, or with the first transaction you add.",
)


class TokensView(ListPage):
    """The currencies of this vault. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        self.details = TokenDetails(context)
        super().__init__(context, _WORDS, columns=_columns(), key_of=lambda currency: currency.id, side=self.details)

    def fetch(self, token: CancelToken, progress: Progress) -> Sequence[Currency]:  # noqa: ARG002 - ListPage's form
        """Worker thread. Those with assumed decimals first."""
        found = [each for each in self.context.services.storage.currencies.all() if each.chain != _FIAT_CHAIN]
        return sorted(found, key=lambda each: (not each.decimals_assumed, bool(each.contract), _name(each)))

    def show_value(self, value: Any) -> None:
        self.details.show_currency(value)

    def facts(self, rows: Sequence[Currency]) -> str:
        assumed = sum(each.decimals_assumed for each in rows)
        count = f"{len(rows):,} {'currency' if len(rows) == 1 else 'currencies'}"
        return f"{count}, {assumed:,} with assumed decimals" if assumed else count

    def begin(self) -> None:
        self.context.navigator.open_import()


class TokenDetails(SideCard):
    """One currency, and the form that corrects a token's decimals on the write lane. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(
            context.theme,
            name="Details of the token",
            object_name=tokens_part_name("details"),
            invitation="Choose a token to see all of it here.",
        )
        self._context = context
        self._currency: Currency | None = None
        theme = context.theme
        self.rows_button = link_button(theme, "Show its rows", object_name=tokens_part_name("rows"))
        self._why = text_label(theme, kind="dim", wrap=True)
        self.decimals = FormField(
            theme, "Decimals", QLineEdit(), hint=f"0 to {MAX_DECIMALS}.", object_name=tokens_part_name("decimals")
        )
        self.rescale_button: QPushButton = plain_button(
            theme, "Correct the decimals", object_name=tokens_part_name("rescale")
        )
        left = Qt.AlignmentFlag.AlignLeft
        self.body.addWidget(self.rows_button, 0, left)
        self.body.addWidget(self._why)
        self.body.addWidget(self.decimals)
        self.body.addWidget(self.rescale_button, 0, left)
        self.rows_button.clicked.connect(self._on_rows)
        self.rescale_button.clicked.connect(self.rescale)
        self.decimals.editor.returnPressed.connect(self.rescale)

    def show_currency(self, currency: Currency | None) -> None:
        """Show another currency; what is being typed for the same one is kept."""
        same = currency is not None and currency == self._currency
        self._currency = currency
        if currency is None:
            self.clear()
            return
        self.show_facts(currency_name(currency), _entries(currency))
        is_token = bool(currency.contract) or currency.decimals_assumed
        self._why.setText(
            "Every figure shown stays as it is; only how many base units stand behind it changes. If a stored figure "
            "would lose digits, nothing is changed."
            if is_token
            else "The decimals of a chain's own coin are fixed by its chain."
        )
        self.decimals.setVisible(is_token)
        self.rescale_button.setVisible(is_token)
        if not same:
            self.decimals.set_error("")
            self.decimals.editor.setText(str(currency.decimals))
            self.rescale_button.setEnabled(True)

    def rescale(self) -> None:
        """Store the decimals typed, for all rows in one step."""
        currency = self._currency
        if currency is None or not self.rescale_button.isEnabled():
            return
        typed = self.decimals.editor.text().strip()
        if not typed.isascii() or not typed.isdigit() or int(typed) > MAX_DECIMALS:
            self.decimals.set_error(f"A whole number from 0 to {MAX_DECIMALS}, please.")
            self.decimals.editor.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.decimals.set_error("")
        self.rescale_button.setEnabled(False)
        importing, decimals, name = self._context.services.importing, int(typed), _name(currency)

        def on_success(_changes: object) -> None:
            self.rescale_button.setEnabled(True)
            self._context.messages.done(f"{name} has {decimals} decimals now; every figure is as before.")

        def on_failure(error: BaseException) -> None:
            self.rescale_button.setEnabled(True)
            if isinstance(error, InvalidInputError):
                self.decimals.set_error(str(error))
            elif isinstance(error, AetherError):
                self.decimals.set_error(str(error))
            else:
                self._context.messages.report(error)

        job = self._context.jobs.write(
            lambda _token, _progress: importing.rescale(currency.id, decimals), title=f"Correct the decimals of {name}"
        )
        job.on_success(on_success).on_failure(on_failure)
        job.on_cancelled(lambda: self.rescale_button.setEnabled(True))

    def _on_rows(self) -> None:
        if self._currency is not None:
            term = Term("asset", Comparison.EQUAL, self._currency.asset)
            self._context.navigator.open_rows(TableQuery(TableName.TRANSACTIONS, (term,)))


def _name(currency: Currency) -> str:
    return plain_line(currency.symbol or currency.contract, 40)


def _chain(currency: Currency) -> str:
    chain = CHAINS.get(currency.chain)
    return chain.name if chain is not None else currency.chain


def _kind_cell(currency: Currency) -> StatusCell:
    if currency.decimals_assumed:
        return StatusCell("Assumed", Tone.WARN)
    return StatusCell("Known", Tone.OK)


def _columns() -> list[ValueColumn[Currency]]:
    return [
        ValueColumn(
            "symbol",
            "Symbol",
            lambda each: TextCell(plain_line(each.symbol, 60)),
            width=12,
            whole=lambda each: each.symbol,
            order=lambda each: each.symbol.casefold(),
        ),
        ValueColumn(
            "name",
            "Name",
            lambda each: TextCell(plain_line(each.name, 100)),
            width=18,
            whole=lambda each: each.name,
            order=lambda each: each.name.casefold(),
        ),
        ValueColumn(
            "chain", "Chain", lambda each: TextCell(_chain(each)), width=20, order=lambda each: _chain(each).casefold()
        ),
        ValueColumn(
            "contract",
            "Contract",
            lambda each: TextCell(each.contract, mono=True, short=True),
            width=14,
            whole=lambda each: each.contract,
            order=lambda each: each.contract.casefold(),
        ),
        ValueColumn(
            "decimals",
            "Decimals",
            lambda each: NumberCell(str(each.decimals)),
            width=9,
            order=lambda each: each.decimals,
            right=True,
        ),
        ValueColumn("state", "Decimals are", _kind_cell, width=14, order=lambda each: each.decimals_assumed),
    ]


def _entries(currency: Currency) -> list[DetailEntry]:
    assumed = "assumed, because the file did not say" if currency.decimals_assumed else "known"
    return [
        DetailEntry("Symbol", plain_line(currency.symbol, 200)),
        DetailEntry("Name", plain_line(currency.name, 200), copy=""),
        DetailEntry("Chain", _chain(currency), copy=""),
        DetailEntry("Contract", currency.contract, mono=True),
        DetailEntry("Decimals", f"{currency.decimals}, {assumed}", copy=""),
    ]
