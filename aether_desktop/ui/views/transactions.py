"""The transactions section: the ledger, and the way in for history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.groups import Group
from aether_desktop.ports.queries import GroupBy, TableQuery
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import import_name, past_imports_name
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.turns import next_turn
from aether_desktop.ui.views.group_choice import GroupChoice, GroupTrail
from aether_desktop.ui.views.groups_view import GroupsView
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage
from aether_desktop.ui.widgets.pop_up_menu import pop_up_under
from aether_desktop.ui.wizards.import_wizard import ImportWizard

_WORDS = TablePageWords(
    section="transactions",
    icon="transactions",
    sentence="Every movement of your wallets, exact to the last unit. Begin with an export you already have.",
    button="Import history",
    more="Etherscan, Koinly, Ledger Live, Electrum, Bitcoin Core or any CSV; or add one by hand.",
)


_WIZARD_LATER_MS = 400
_KEPT_AS = "transactions.group_by"
_SAVED_GROUP = "group:"  # begins the text of a saved view of groups


class TransactionsView(TablePage):
    """The ledger, or groups of it; the import wizard takes its place while it is open."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.TRANSACTIONS, context, _WORDS)
        self._wizard: ImportWizard | None = None
        self._import_asked = False
        self._dropped: list[Path] = []
        self._missed: ChangeSet | None = None  # while the wizard was in the rows' place
        button = self.header.add_action(
            "import", "Import history", object_name=import_name(self.table), shortcut="Ctrl+I"
        )
        button.clicked.connect(self.open_import)
        past = self.header.add_action("clock", "Past imports", object_name=past_imports_name(self.table))
        past.clicked.connect(lambda: self.context.navigator.open_section("imports"))
        self._groups: GroupsView | None = None
        self._by = _group_by(context.settings.get(_KEPT_AS))
        self._opened: Group | None = None
        self._query = TableQuery(self.table)
        self.group_choice = GroupChoice(context.theme)
        self.group_choice.show_choice(self._by)
        self.group_choice.chosen.connect(self.group_by)
        self.filter_bar.add_control(self.group_choice)
        self.trail = GroupTrail(context.theme)
        self.trail.left.connect(self.leave_group)
        self._column.insertWidget(self._column.indexOf(self._splitter), self.trail)
        self._back = QAction("Back to all groups", self.grid)
        self._back.setShortcuts([QKeySequence("Alt+Left"), QKeySequence("Backspace")])
        self._back.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._back.triggered.connect(self.leave_group)
        self.grid.addAction(self._back)
        self._arrange()

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

    @property
    def groups(self) -> GroupsView:
        """The groups; made when first wanted."""
        if self._groups is None:
            self._groups = GroupsView(self.context)
            self._groups.hide()
            self._groups.opened.connect(self.open_group)
            self._groups.unfiltered.connect(self._on_unfiltered)
            self._groups.facts_changed.connect(self._on_group_facts)
            self._column.insertWidget(self._column.indexOf(self._splitter) + 1, self._groups, 1)
        return self._groups

    @property
    def grouped(self) -> bool:
        """Whether groups are on view, not rows."""
        return self._by is not None and self._opened is None

    def group_by(self, by: GroupBy | None) -> None:
        """Show groups of what the filter finds, None: its rows. It is so the next time, too."""
        self.context.settings.set(_KEPT_AS, by)
        self._regroup(by)

    def open_group(self, group: Group) -> None:
        """The rows of one group, under the same filter."""
        self._opened = group
        self._arrange()
        super()._on_query(replace(self._query, within=(group.key,)))
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def leave_group(self) -> None:
        """Back to the groups, where they were left."""
        if self._opened is None or self._by is None:
            return
        self._opened = None
        self.model.close()  # what it counts is seen no more
        self._arrange()
        self.groups.show_groups(self._query, self._by)
        self.groups.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def start(self) -> None:
        """Ask for the first rows or groups; called when the page is first shown."""
        if not self.grouped:
            super().start()
        elif not self._started and not self._closed:
            self._started = True
            next_turn(self, self.complete)
            self._on_query(self.filter_bar.query() or TableQuery(self.table))

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

    def import_files(self, paths: Sequence[Path]) -> None:
        """The wizard with these files; after a finished import it begins anew."""
        self._dropped = [*self._dropped, *paths]
        self.show_import()

    def _put_wizard(self, wallet_id: int | None) -> None:
        if not self._import_asked:  # left again meanwhile
            return
        wizard = self.wizard
        for part in self._parts():
            part.hide()
        wizard.show()
        wizard.open(wallet_id)
        dropped, self._dropped = self._dropped, []
        wizard.add_files(dropped)

    def complete(self) -> None:
        """The details soon, the groups and the wizard a little later: opening them then costs no making."""
        super().complete()
        for prepare in (self._prepare_groups, self._prepare_wizard):
            QTimer.singleShot(_WIZARD_LATER_MS, self, partial(next_turn, self, prepare))

    def close_import(self) -> None:
        """Back to the ledger; a running import goes on."""
        if not self.importing:
            return
        self._import_asked = False
        self.wizard.hide()
        for part in self._parts():
            part.show()
        missed, self._missed = self._missed, None
        if missed is not None and self.grouped:
            self.groups.refresh()
        elif missed is not None:
            super().apply_changes(missed)
        (self.groups.grid if self.grouped else self.grid).setFocus(Qt.FocusReason.OtherFocusReason)

    def show_query(self, query: TableQuery) -> None:
        """Rows asked for elsewhere are shown in the ledger, not behind the wizard or in groups."""
        self.close_import()
        if self._by is not None:
            self._regroup(None)
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
        if command is PageCommand.GROUP:
            self.group_choice.open_menu()
            return True
        return super().run_page_command(command)

    def apply_changes(self, changes: ChangeSet) -> None:
        """The rows or groups, and the wallets the wizard offers."""
        if self._groups is not None:
            self._groups.apply_changes(changes, seen=self.grouped and not self.importing)
        if self.importing:  # nobody sees the rows: they are looked at anew when the wizard closes
            self._missed = changes if self._missed is None else self._missed | changes
        elif not self.grouped:
            super().apply_changes(changes)
        if self._wizard is not None:
            self._wizard.apply_changes(changes)

    def add(self) -> None:
        """The form stands beside the rows."""
        if self.grouped:
            self._regroup(None)
        super().add()

    def refresh(self) -> None:
        """What is on view."""
        if self.grouped:
            self.groups.refresh()
        else:
            super().refresh()

    def toggle_details(self) -> None:
        """Of the row, or of the group."""
        if self.grouped:
            self.groups.toggle_details()
        else:
            super().toggle_details()

    def choose_export(self) -> None:
        """Rows or groups as seen."""
        if not self.grouped:
            super().choose_export()
            return
        menu = QMenu(self)
        self.groups.fill_export_menu(menu)
        pop_up_under(menu, self._export_button)

    def close_model(self) -> None:
        """Nothing is asked any more."""
        super().close_model()
        if self._groups is not None:
            self._groups.close_model()

    def drafts(self) -> list[str]:
        """Also an import that was prepared and not begun."""
        prepared = self._wizard is not None and self._wizard.prepared
        return [*super().drafts(), *(["an import that was not begun"] if prepared else [])]

    def _prepare_groups(self) -> None:
        if not self._closed:
            _ = self.groups

    def _prepare_wizard(self) -> None:
        if not self._closed:
            _ = self.wizard

    def _parts(self) -> tuple[QWidget, ...]:
        """What is on view without the wizard."""
        trail = () if self._opened is None else (self.trail,)
        return self.header, self.filter_bar, *trail, self.groups if self.grouped else self._splitter

    def _regroup(self, by: GroupBy | None) -> None:
        self._by, self._opened = by, None
        self.group_choice.show_choice(by)
        self._arrange()
        self._on_query(self._query)

    def _arrange(self) -> None:
        """Rows, groups, or the rows of a group."""
        self.trail.show_group(self._opened)
        self._back.setVisible(self._opened is not None)
        if self._groups is not None or self.grouped:
            self.groups.setVisible(self.grouped and not self.importing)
        self._splitter.setVisible(not self.grouped and not self.importing)

    def _on_query(self, query: TableQuery) -> None:
        self._query = query
        if self._by is None:
            super()._on_query(query)
        elif self._opened is not None:
            super()._on_query(replace(query, within=(self._opened.key,)))
        else:
            self._started = True
            self.groups.show_groups(query, self._by)

    def _on_unfiltered(self) -> None:
        if self._opened is not None and not self.filter_bar.text:
            self.leave_group()  # its rows are gone
        else:
            super()._on_unfiltered()

    def _on_group_facts(self, facts: str) -> None:
        if self.grouped:
            self.header.set_facts(facts)
            self.count_changed.emit(facts)

    def _on_columns(self) -> None:
        if not self.grouped:
            super()._on_columns()
            return
        menu = QMenu(self)
        self.groups.grid.columns.fill_menu(menu)
        pop_up_under(menu, self._columns_button)

    def _on_views(self) -> None:
        menu = QMenu(self)
        current = self.filter_bar.text if self._by is None else f"{_SAVED_GROUP}{self._by} {self.filter_bar.text}"
        self._saved_views.fill_menu(menu, current=current.strip(), choose=self._choose_view)
        pop_up_under(menu, self._views_button)

    def _choose_view(self, text: str) -> None:
        """A saved view says what its rows are grouped by, too."""
        by = None
        if text.startswith(_SAVED_GROUP):
            word, _, text = text.removeprefix(_SAVED_GROUP).partition(" ")
            by = _group_by(word)
        if by is not self._by or self._opened is not None:
            self.group_by(by)
        self.filter_bar.set_text(text)

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._opened is not None and not self.importing:
            self.leave_group()
        else:
            super().keyPressEvent(event)


def _group_by(stored: object) -> GroupBy | None:
    """What was kept, by this version or another."""
    return GroupBy(stored) if isinstance(stored, str) and stored in list(GroupBy) else None
