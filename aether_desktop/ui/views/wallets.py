"""The wallets section."""

from __future__ import annotations

from PySide6.QtGui import QAction

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage

_WORDS = TablePageWords(
    section="wallets",
    icon="wallets",
    sentence="Your addresses, each on one chain. Start with one you want to keep an eye on.",
    button="Add wallet",
    more="Watch-only: a wallet needs its public address, never a key.",
)


class WalletsView(TablePage):
    """Wallets, with the way to their rows and to an import into one of them."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.WALLETS, context, _WORDS)
        for title, slot in (("Show its transactions", self.open_rows), ("Import into this wallet", self.import_into)):
            action = QAction(title, self.grid)
            action.triggered.connect(slot)
            self.grid.addAction(action)

    def open_part(self, part: str) -> None:
        """ "add" opens the empty form."""
        if part == "add":
            self.add()

    def open_rows(self) -> None:
        """The transactions of the wallet with the cursor."""
        if (row := self.grid.current_row()) is not None:
            name = str(row.values[self.model.spec.index("name")])
            query = TableQuery(TableName.TRANSACTIONS, (Term("wallet", Comparison.EQUAL, name),))
            self.context.navigator.open_rows(query)

    def import_into(self) -> None:
        """The import wizard, with the wallet with the cursor chosen."""
        if (row := self.grid.current_row()) is not None:
            self.context.navigator.open_import(row.id)
