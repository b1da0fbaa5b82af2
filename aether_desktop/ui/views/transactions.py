"""The transactions section: the ledger, and the way in for history."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QWidget

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import import_name, past_imports_name
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.turns import next_turn
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage
from aether_desktop.ui.wizards.import_wizard import ImportWizard

_WORDS = TablePageWords(
    section="transactions",
    icon="transactions",
    sentence="Every movement of your wallets, exact to the last unit. Begin with an export you already have.",
    button="Import history",
    more="Etherscan, Koinly, Ledger Live, Electrum, Bitcoin Core or any CSV; or add one by hand.",
)


_WIZARD_LATER_MS = 400


class TransactionsView(TablePage):
    """The ledger; the import wizard takes its place while it is open."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.TRANSACTIONS, context, _WORDS)
        self._wizard: ImportWizard | None = None
        self._import_asked = False
        self._missed: ChangeSet | None = None  # while the wizard was in the rows' place
        button = self.header.add_action(
            "import", "Import history", object_name=import_name(self.table), shortcut="Ctrl+I"
        )
        button.clicked.connect(self.open_import)
        past = self.header.add_action("clock", "Past imports", object_name=past_imports_name(self.table))
        past.clicked.connect(lambda: self.context.navigator.open_section("imports"))

    @property
    def wizard(self) -> ImportWizard:
        """The import wizard; made when first wanted."""
        if self._wizard is None:
            self._wizard = ImportWizard(self.context)
            self._wizard.hide()
            self._wizard.closed.connect(self.close_import)
            self._column.addWidget(self._wizard, 1)
        return self._wizard

    @property
    def importing(self) -> bool:
        """Whether the wizard is on view instead of the ledger, or about to be."""
        return self._import_asked

    def open_import(self) -> None:
        """The import wizard, by the road that everybody takes."""
        self.context.navigator.open_import()

    def show_import(self, wallet_id: int | None = None) -> None:
        """Put the wizard in the ledger's place; made and shown in two turns of the loop."""
        self._import_asked = True
        if self._wizard is None:
            _ = self.wizard
            next_turn(self, partial(self._put_wizard, wallet_id))
        else:
            self._put_wizard(wallet_id)

    def _put_wizard(self, wallet_id: int | None) -> None:
        if not self._import_asked:  # left again meanwhile
            return
        wizard = self.wizard
        for part in self._parts():
            part.hide()
        wizard.show()
        wizard.open(wallet_id)

    def complete(self) -> None:
        """The details soon, the wizard a little later: opening it then costs no making."""
        super().complete()
        QTimer.singleShot(_WIZARD_LATER_MS, self, lambda: next_turn(self, self._prepare_wizard))

    def close_import(self) -> None:
        """Back to the ledger; a running import goes on."""
        if not self.importing:
            return
        self._import_asked = False
        self.wizard.hide()
        for part in self._parts():
            part.show()
        missed, self._missed = self._missed, None
        if missed is not None:
            super().apply_changes(missed)
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_query(self, query: TableQuery) -> None:
        """Rows asked for elsewhere are shown in the ledger, not behind the wizard."""
        self.close_import()
        super().show_query(query)

    def begin(self) -> None:
        """An empty ledger begins with an import."""
        self.open_import()

    def run_page_command(self, command: PageCommand) -> bool:
        """The table's commands, and Import; while the wizard is open only that and Undo."""
        if command is PageCommand.IMPORT:
            self.open_import()
            return True
        if self.importing and command is not PageCommand.UNDO:
            return False
        return super().run_page_command(command)

    def apply_changes(self, changes: ChangeSet) -> None:
        """The rows, and the wallets the wizard offers."""
        if self.importing:  # nobody sees the rows: they are looked at anew when the wizard closes
            self._missed = changes if self._missed is None else self._missed | changes
        else:
            super().apply_changes(changes)
        if self._wizard is not None:
            self._wizard.apply_changes(changes)

    def drafts(self) -> list[str]:
        """Also an import that was prepared and not begun."""
        prepared = self._wizard is not None and self._wizard.prepared
        return [*super().drafts(), *(["an import that was not begun"] if prepared else [])]

    def _prepare_wizard(self) -> None:
        if not self._closed:
            _ = self.wizard

    def _parts(self) -> tuple[QWidget, ...]:
        return self.header, self.filter_bar, self._splitter
