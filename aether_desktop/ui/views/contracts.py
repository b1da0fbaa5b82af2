"""The contracts section."""

from __future__ import annotations

from aether_desktop.domain.records import TableName
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage

_WORDS = TablePageWords(
    section="contracts",
    icon="contracts",
    sentence="Contracts you deployed or use, with their code and state.",
    button="Add contract",
    more="Artifacts and deployments come with a chain connection.",
)


class ContractsView(TablePage):
    """Contracts you deployed or use, with their code and state."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.CONTRACTS, context, _WORDS)
