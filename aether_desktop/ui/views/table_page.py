"""The page of one table: header, filter bar, grid, and at the right the details or a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import tzinfo
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import InvalidInputError, QuerySyntaxError
from aether_desktop.ports.queries import ArchivedRows, Count, Row, TableQuery
from aether_desktop.ports.query_language import format_table_query
from aether_desktop.ports.tables import TABLES
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.look import ChosenZone, compact_rows
from aether_desktop.ui.models.copying import COPY_LIMIT
from aether_desktop.ui.models.counting import count_text
from aether_desktop.ui.models.formatting import CellFormatter
from aether_desktop.ui.models.window_table_model import WindowTableModel
from aether_desktop.ui.object_names import (
    add_name,
    bookmark_name,
    columns_name,
    details_toggle_name,
    export_name,
    page_name,
)
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.turns import next_turn
from aether_desktop.ui.views.details_pane import DetailsPane
from aether_desktop.ui.views.filter_bar import FilterBar
from aether_desktop.ui.views.grid import GridView
from aether_desktop.ui.views.page_splitter import PageSplitter
from aether_desktop.ui.views.saved_views import SavedViews
from aether_desktop.ui.views.sealed_section import SealedSection, sealed_columns
from aether_desktop.ui.views.selection_actions import SelectionActions
from aether_desktop.ui.views.side_pane import SidePane
from aether_desktop.ui.views.table_content import TableContent, TablePageWords
from aether_desktop.ui.views.table_export import TableExport
from aether_desktop.ui.widgets.cell_delegate import CellDelegate
from aether_desktop.ui.widgets.guarded_button import Guard
from aether_desktop.ui.widgets.page_header import PageHeader
from aether_desktop.ui.widgets.pop_up_menu import pop_up_under

SEALED_NOTES: Final = (
    "Notes are sealed in this database: they are found by whole words, yours and those of people who granted you their"
    " Outer Court."
)


class TablePage(QWidget):
    """One table's page. Subclasses add their own actions. GUI thread only."""

    count_changed = Signal(str)
    """How many rows are shown, in words."""

    def __init__(
        self,
        table: TableName,
        context: UiContext,
        words: TablePageWords,
        *,
        zone: tzinfo | None = None,
        can_add: bool = True,
    ) -> None:
        """``zone`` None is the one the person chose, followed live."""
        super().__init__()
        self.table, self.context, self.words = table, context, words
        self.setObjectName(page_name(words.section))
        self._spec = TABLES[table]
        formatter = CellFormatter(self._spec, zone=zone or ChosenZone(context.settings))
        storage = context.services.storage
        self.model = WindowTableModel(
            table, windows=storage.windows, jobs=context.jobs, formatter=formatter, parent=self
        )
        self.grid = GridView(
            self.model,
            settings=context.settings,
            delegate=CellDelegate(context.theme, self),
        )
        self.filter_bar = FilterBar(table, context.theme, limits=SEALED_NOTES if context.services.notes.active else "")
        self._formatter = formatter
        self.side = SidePane(table, context, self._make_details)
        self.grid.set_compact(compact_rows(context.settings))
        self.header = PageHeader(context.theme, self._spec.title)
        self._saved_views = SavedViews(table, context.settings)
        self._started = self._closed = False
        self._can_add = can_add
        self._fill_header(can_add=can_add)
        self.content = TableContent(self.grid, table, context.theme, words)
        self._export = TableExport(self, context, model=self.model, grid=self.grid)
        self.selection = SelectionActions(
            context, model=self.model, grid=self.grid, side=self.side, fill_export=self._export.fill_menu
        )
        place = self.selection.place(self.content)
        self._splitter = PageSplitter(place, self.side, context.settings, kept_as=table)
        self._build_layout()
        self._connect()

    @property
    def details(self) -> DetailsPane:
        """The pane that shows the row with the cursor; made when first wanted."""
        return self.side.details

    def complete(self) -> None:
        """Make what a page shows soon after it opens, so that opening it is quick."""
        if not self._closed:
            self.details.show_row(self.grid.current_row())

    def start(self) -> None:
        """Ask for the first rows; called when the page is first shown."""
        if not self._started and not self._closed:
            self._started = True
            next_turn(self, self.complete)
            self.model.set_query(self.filter_bar.query() or TableQuery(self.table))

    def show_query(self, query: TableQuery) -> None:
        """Show the rows of a query that came from elsewhere; the filter bar says which."""
        self._started = True
        self.filter_bar.set_text(format_table_query(query))
        if self.model.query.terms != query.terms or not self.model.rowCount():
            self.model.set_query(query)

    def showEvent(self, event: QShowEvent) -> None:
        """Qt override: the first look asks for the first rows."""
        super().showEvent(event)
        QTimer.singleShot(0, self, self.start)

    def apply_changes(self, changes: ChangeSet) -> None:
        if self._started:
            self.model.apply_changes(changes)

    def focus_filter(self) -> None:
        self.filter_bar.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def toggle_details(self) -> None:
        """Open or close the pane; it keeps its width."""
        self._splitter.toggle_side()

    def refresh(self) -> None:
        self.model.refresh()

    def add(self) -> None:
        """Open an empty form at the right, where the person's role may add."""
        if self.context.allowed(Verb.ADD, self.table):
            self.side.open_form(None)

    def edit_current(self) -> None:
        if (row := self.grid.current_row()) is not None:
            self.edit(row)

    def edit(self, row: Row) -> None:
        """Open the form of a row as it is stored now, where the person's role may change it."""
        if self._may_change([row]):
            self.side.edit_row(row.id)

    def archive_selected(self) -> None:
        """Archive the selected rows, or restore them when the first one is archived."""

        def archive(rows: list[Row]) -> None:
            if rows and self._may_change(rows):
                self._archive([row.id for row in rows], restore=rows[0].archived)

        self.grid.with_selected_rows(archive, title="Read the selected rows")

    def run_page_command(self, command: PageCommand) -> bool:
        """The keyboard map; False when this page has no such thing."""
        actions: dict[PageCommand, Callable[[], None]] = {
            PageCommand.FILTER: self.focus_filter,
            PageCommand.EXPORT: self.choose_export,
            PageCommand.DETAILS: self.toggle_details,
            PageCommand.UNDO: self.context.undo,
            PageCommand.REFRESH: self.refresh,
        }
        if self._can_add:
            actions[PageCommand.ADD] = self.add
        if command not in actions:
            return False
        actions[command]()
        return True

    def drafts(self) -> list[str]:
        """What is typed on this page and not stored."""
        return self.side.drafts()

    def place_message_bar(self, bar: QWidget) -> None:
        """Messages stand under the filter."""
        self._column.insertWidget(self._column.indexOf(self._splitter), bar)

    def close_model(self) -> None:
        self._closed = True  # nothing is asked any more: the jobs end next
        for section in self.findChildren(SealedSection):
            section.close_values()
        for pane in self.findChildren(DetailsPane):
            pane.close_values()
        self.grid.save_layout()
        self.model.close()

    def _may_change(self, rows: list[Row]) -> bool:
        """Says why not, of the first row that may not be changed."""
        owners = dict.fromkeys(row.owner_id or None for row in rows)
        return all(self.context.allowed(Verb.CHANGE, self.table, owner_id=owner) for owner in owners)

    def _archive(self, ids: list[int], *, restore: bool) -> None:
        records, table = self.context.services.records, self.table
        act: Callable[[TableName, list[int]], int] = records.restore if restore else records.archive
        done = "restored" if restore else "archived"
        what = f"The {self._spec.singular} is" if len(ids) == 1 else f"{len(ids)} rows are"
        self.context.write(lambda: act(table, ids), said=f"{what} {done}. Ctrl+Z takes it back.")

    # layout and wiring

    def _fill_header(self, *, can_add: bool) -> None:
        self._export_button = self.header.add_action(
            "export", "Export what is seen", object_name=export_name(self.table), shortcut="Ctrl+E"
        )
        self._columns_button = self.header.add_action("columns", "Choose columns", object_name=columns_name(self.table))
        self._views_button = self.header.add_action("bookmark", "Saved views", object_name=bookmark_name(self.table))
        self._details_button = self.header.add_action(
            "details_pane", "Details", object_name=details_toggle_name(self.table), shortcut="Space"
        )
        if can_add:
            button = self.header.set_primary(f"Add {self._spec.singular}", object_name=add_name(self.table))
            self._add_guard = Guard(button, self.context.theme)
            self._add_guard.allowed.connect(self.add)
            self._add_guard.refused.connect(self.context.messages.warn)
            self.context.permissions.changed.connect(self._on_permissions)
            self._on_permissions()

    def _build_layout(self) -> None:
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(self.header)
        column.addWidget(self.filter_bar)
        column.addWidget(self._splitter, 1)

    def _connect(self) -> None:
        self.content.begun.connect(self.begin)
        self.content.unfiltered.connect(self._on_unfiltered)
        self.filter_bar.query_changed.connect(self._on_query)
        self.model.counted.connect(self._on_counted)
        self.side.form_closed.connect(self.grid.setFocus)
        self.model.failed.connect(self._on_failed)
        self.model.loading_changed.connect(self._on_loading)
        self._details_soon = QTimer(self)  # the rows are painted first; several changes of one turn are shown once
        self._details_soon.setSingleShot(True)
        self._details_soon.setInterval(0)
        self._details_soon.timeout.connect(self._show_current_row)
        self.grid.current_row_changed.connect(self._details_soon.start)
        self.grid.details_asked.connect(self.toggle_details)
        self.grid.doubleClicked.connect(lambda _index: self.edit_current())
        self.grid.copy_too_large.connect(
            lambda total: self.context.messages.warn(
                f"{total:,} rows are too many at once; at most {COPY_LIMIT:,} go. Use Export to copy all of them."
            )
        )
        self.grid.reading_failed.connect(self.context.messages.report)
        for title, slot, key in (
            ("Edit", self.edit_current, Qt.Key.Key_F2),
            ("Archive or restore", self.archive_selected, Qt.Key.Key_Delete),
        ):
            action = QAction(title, self.grid)
            action.setShortcut(key)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(slot)
            self.grid.addAction(action)
        self._columns_button.clicked.connect(self._on_columns)
        self._export_button.clicked.connect(self.choose_export)
        self._views_button.clicked.connect(self._on_views)
        self._details_button.clicked.connect(self.toggle_details)
        self.context.navigator.look_changed.connect(self._on_look_changed)

    def _make_details(self) -> DetailsPane:
        details = DetailsPane(self.table, self.context, self._formatter)
        details.edit_asked.connect(self.edit)
        details.archive_asked.connect(self._on_archive_asked)
        if sealed_columns(self.table):
            section = SealedSection(self.table, self.context)
            details.add_section(section, above=True)
            details.row_shown.connect(section.show_row)
        return details

    def _on_archive_asked(self, row: Row) -> None:
        if self._may_change([row]):
            self._archive([row.id], restore=row.archived)

    def _show_current_row(self) -> None:
        if self._started and not self._closed:
            self.details.show_row(self.grid.current_row())

    def choose_export(self) -> None:
        """Offer the formats of the enabled reaping modules."""
        menu = QMenu(self)
        self._export.fill_menu(menu)
        pop_up_under(menu, self._export_button)

    def begin(self) -> None:
        """What the button of the empty page does; subclasses may begin otherwise."""
        self.add()

    def _on_permissions(self) -> None:
        self._add_guard.refuse(self.context.permissions.why_not(Verb.ADD, self.table))

    def _on_query(self, query: TableQuery) -> None:
        self._started = True
        kept = query if query.sort else replace(query, sort=self.model.query.sort)
        self.model.set_query(kept)

    def _on_unfiltered(self) -> None:
        self.filter_bar.set_text("")

    def _on_counted(self, count: Count) -> None:
        query = self.model.query
        filtered = bool(query.terms) or query.archived is ArchivedRows.ONLY
        self.content.show_for(count.rows, filtered=filtered or bool(query.within))
        limits = "; sealed values are not searched" if filtered and self._asks_sealed() else ""
        verb = "matches" if count.rows == 1 else "match"
        inside = " in this group" if query.within else ""
        self.header.set_facts(f"{count_text(count)}{inside}{f' {verb} the filter' if filtered else ''}{limits}")
        if count.rows and not self.grid.currentIndex().isValid():
            self.grid.setCurrentIndex(self.model.index(0, self.grid.columnAt(0) if self.grid.columnAt(0) >= 0 else 0))
        self.count_changed.emit(count_text(count))

    def _asks_sealed(self) -> bool:
        """Whether a term compares a column whose values are sealed in this vault."""
        if not self.context.services.sealed.active:
            return False
        fields = {term.field for term in self.model.query.terms if term.value}
        return any(fields & {column.key, *column.aliases} for column in sealed_columns(self.table))

    def _on_failed(self, error: BaseException) -> None:
        if isinstance(error, (QuerySyntaxError, InvalidInputError)):
            self.filter_bar.show_error(str(error))
        else:
            self.context.messages.report(error)

    def _on_loading(self, loading: bool) -> None:
        self.grid.setProperty("loading", loading)

    def _on_look_changed(self) -> None:
        self.grid.set_compact(compact_rows(self.context.settings))
        self.model.reformat()
        self.details.show_row(self.details.row)

    def _on_columns(self) -> None:
        menu = QMenu(self)
        self.grid.fill_column_menu(menu)
        pop_up_under(menu, self._columns_button)

    def _on_views(self) -> None:
        menu = QMenu(self)
        self._saved_views.fill_menu(menu, current=self.filter_bar.text, choose=self.filter_bar.set_text)
        pop_up_under(menu, self._views_button)
