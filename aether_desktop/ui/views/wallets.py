"""The wallets section."""

from __future__ import annotations

from PySide6.QtGui import QAction

from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.records import TableName
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import wallet_part_name
from aether_desktop.ui.views.details_pane import DetailsPane
from aether_desktop.ui.views.new_key_sheet import NewKeySheet
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage
from aether_desktop.ui.views.wallet_key_section import WalletKeySection
from aether_desktop.ui.views.wallet_key_sheets import ExportKeySheet, ForgetKeySheet

_WORDS = TablePageWords(
    section="wallets",
    icon="wallets",
    sentence="Your addresses, each on one chain. Start with one you want to keep an eye on.",
    button="Add wallet",
    more="Watch-only: its public address is enough. The button with the key makes one that can sign.",
)


class WalletsView(TablePage):
    """Wallets, with the way to their rows and to an import into one of them."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.WALLETS, context, _WORDS)
        self.new_key_button = self.header.add_action(
            "key", "Wallet with a key", object_name=wallet_part_name("new_key")
        )
        self.new_key_button.clicked.connect(self._on_new_key)
        for title, slot in (("Show its transactions", self.open_rows), ("Import into this wallet", self.import_into)):
            action = QAction(title, self.grid)
            action.triggered.connect(slot)
            self.grid.addAction(action)

    def open_part(self, part: str) -> None:
        """ "add" opens the empty form, "key" that of a wallet with a key."""
        if part == "add":
            self.add()
        elif part == "key":
            self.add_with_key()

    def add_with_key(self, account_of: Wallet | None = None) -> None:
        """Make, restore or import one, or another account of a wallet's words."""
        if self.context.allowed(Verb.ADD, TableName.WALLETS):
            self.side.open_sheet(NewKeySheet(self.context, account_of=account_of))

    def _on_new_key(self) -> None:
        self.add_with_key()

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

    def _make_details(self) -> DetailsPane:
        details = super()._make_details()
        section = WalletKeySection(self.context)
        section.account_asked.connect(self.add_with_key)
        section.export_asked.connect(lambda wallet: self.side.open_sheet(ExportKeySheet(self.context, wallet)))
        section.forget_asked.connect(lambda wallet: self.side.open_sheet(ForgetKeySheet(self.context, wallet)))
        details.add_section(section)
        details.row_shown.connect(section.show_row)
        return details
