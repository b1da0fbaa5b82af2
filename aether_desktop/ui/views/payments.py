"""The payments section."""

from __future__ import annotations

from aether_desktop.domain.records import TableName
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.views.details_pane import DetailsPane
from aether_desktop.ui.views.signature_section import SignatureSection
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage

_WORDS = TablePageWords(
    section="payments",
    icon="payments",
    sentence="Payments in money or coins, with their state at the provider.",
    button="Add payment",
    more="",
)


class PaymentsView(TablePage):
    """Payments in money or coins, with their state at the provider."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.PAYMENTS, context, _WORDS)

    def _make_details(self) -> DetailsPane:
        details = super()._make_details()
        section = SignatureSection(self.context)
        details.add_section(section, first=True)
        details.row_shown.connect(section.show_row)
        return details
