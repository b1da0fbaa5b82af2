"""The payment methods section."""

from __future__ import annotations

from aether_desktop.domain.records import TableName
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage

_WORDS = TablePageWords(
    section="payment_methods",
    icon="payment_methods",
    sentence="Cards, bank accounts and wallets you pay with or are paid to.",
    button="Add payment method",
    more="Never the whole card number: the last four digits are enough.",
)


class PaymentMethodsView(TablePage):
    """Cards, bank accounts and wallets you pay with or are paid to."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.PAYMENT_METHODS, context, _WORDS)
