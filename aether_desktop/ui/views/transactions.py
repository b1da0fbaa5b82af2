"""The transactions section: the ledger, and the way in for history."""

from __future__ import annotations

from aether_desktop.domain.records import TableName
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import import_name
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.views.table_page import TablePage, TablePageWords

_WORDS = TablePageWords(
    section="transactions",
    icon="transactions",
    sentence="Every movement of your wallets, exact to the last unit. Begin with an export you already have.",
    button="Import history",
    more="Etherscan, Koinly, Ledger Live, Electrum, Bitcoin Core or any CSV; or add one by hand.",
)


class TransactionsView(TablePage):
    """The ledger; Ctrl+I or the first button opens the import wizard."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.TRANSACTIONS, context, _WORDS)
        button = self.header.add_action(
            "import", "Import history", object_name=import_name(self.table), shortcut="Ctrl+I"
        )
        button.clicked.connect(self.open_import)

    def open_import(self) -> None:
        """The import wizard."""
        self.context.navigator.open_import()

    def begin(self) -> None:
        """An empty ledger begins with an import."""
        self.open_import()

    def run_page_command(self, command: PageCommand) -> bool:
        """The table's commands, and Import."""
        if command is PageCommand.IMPORT:
            self.open_import()
            return True
        return super().run_page_command(command)
