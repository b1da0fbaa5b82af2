"""The imports section: every file that was brought in, what became of it, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt

from aether_desktop.domain.imports import BatchStatus, Rejection
from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.queries import ArchivedRows, Comparison, TableQuery, Term
from aether_desktop.ports.storage import BatchTouch
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.look import ChosenZone
from aether_desktop.ui.models.value_table_model import ValueColumn, ValueTableModel
from aether_desktop.ui.object_names import imports_part_name
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.views.import_batches import BatchRow, batch_columns, batch_facts, read_batches
from aether_desktop.ui.views.import_undo import RejectionList, UndoBox
from aether_desktop.ui.views.value_page import SidePanel, ValuePage
from aether_desktop.ui.widgets.buttons import link_button
from aether_desktop.ui.widgets.empty_state import EmptyState
from aether_desktop.ui.widgets.value_grid import ValueGrid
from aether_desktop.ui.zone import zone_name

_CONCERNS = frozenset({TableName.TRANSACTIONS, TableName.WALLETS, TableName.USERS})


class ImportsView(ValuePage):
    """Batches, latest first; undo says first what it would touch. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        theme = context.theme
        self._zone = ChosenZone(context.settings)
        model: ValueTableModel[BatchRow] = ValueTableModel(self._columns(context), key_of=lambda row: row.batch.id)
        grid = ValueGrid(model, theme, name="Imports", object_name=imports_part_name("grid"), stretch="file")
        side = SidePanel(
            context,
            name="Details of the import",
            object_name=imports_part_name("details"),
            nothing="Choose an import to see what became of its rows.",
        )
        empty = EmptyState(
            theme,
            icon="imports",
            sentence="Every file you import is listed here, with what it brought, and can be undone.",
            button="Import files",
            more="Etherscan, Koinly, Ledger Live, Electrum, Bitcoin Core, or any CSV file.",
            object_name=imports_part_name("empty"),
        )
        super().__init__(
            "imports",
            context,
            title="Imports",
            grid=grid,
            side=side,
            empty=empty,
            toggle_name=imports_part_name("details_toggle"),
            concerns=_concerned,
            keeps_columns=True,
        )
        model.setParent(self)
        context.navigator.look_changed.connect(self._recolumn)
        self.rows_link = link_button(theme, "Show its rows", object_name=imports_part_name("rows"))
        self.rejections = RejectionList(context)
        self.undo = UndoBox(context)
        side.body.addWidget(self.rows_link, 0, Qt.AlignmentFlag.AlignLeft)
        side.body.addWidget(self.rejections)
        side.body.addWidget(self.undo)
        side.body.addStretch(1)
        add = self.header.set_primary("Import files", object_name=imports_part_name("add"))
        add.clicked.connect(self._on_import)
        empty.started.connect(self._on_import)
        self.rows_wanted.connect(self._read)
        grid.current_changed.connect(self._on_current)
        self.rows_link.clicked.connect(self.open_rows)
        self.undo.asked.connect(self.ask_undo)
        self.undo.confirmed.connect(self.undo_now)
        self._shown: BatchRow | None = None

    def open_rows(self) -> None:
        """The transactions that the chosen batch brought."""
        if self._shown is not None:
            term = Term("batch", Comparison.EQUAL, str(self._shown.batch.id))
            query = TableQuery(TableName.TRANSACTIONS, (term,), archived=ArchivedRows.INCLUDED)
            self.context.navigator.open_rows(query)

    def ask_undo(self) -> None:
        """Read what undoing the chosen batch would touch, and show it."""
        if (row := self._shown) is None:
            return
        importing = self.context.services.importing
        self.undo.set_busy("Looking at what this would touch…")

        def on_success(touch: BatchTouch) -> None:
            if self._is_shown(row):
                self.undo.show_touch(touch)
                self.side.show_end()

        job = self.context.jobs.read(lambda _token, _progress: importing.touched_by_undo(row.batch.id))
        job.on_success(on_success).on_failure(self._on_refused)

    def undo_now(self) -> None:
        """Undo the chosen batch, on the write lane."""
        if (row := self._shown) is None:
            return
        importing, name = self.context.services.importing, plain_line(row.batch.file_name, 80)
        self.undo.set_busy("Undoing…")

        def on_success(_changes: ChangeSet) -> None:
            self.context.messages.done(f"The import of {name} is undone. Import the file again to bring it back.")
            self.refresh()

        job = self.context.jobs.write(
            lambda token, progress: importing.undo(row.batch.id, token=token, progress=progress),
            title=f"Undo the import of {name}",
        )
        job.when_stopped("It is still there: undo it again.")
        job.on_success(on_success).on_failure(self._on_refused)
        job.on_cancelled(self.undo.reset)

    def run_page_command(self, command: PageCommand) -> bool:
        if command is PageCommand.IMPORT:
            self._on_import()
            return True
        return super().run_page_command(command)

    def _read(self) -> None:
        self.read(partial(read_batches, self.context.services), self._show)

    def _show(self, rows: Sequence[BatchRow]) -> None:
        undone = sum(row.batch.status is BatchStatus.UNDONE for row in rows)
        self.show_rows(rows, noun="file", more=f", {undone:,} undone" if undone else "")

    def _recolumn(self) -> None:
        self.model.recolumn(self._columns(self.context))

    def _columns(self, context: UiContext) -> Sequence[ValueColumn[BatchRow]]:
        return batch_columns(self._zone, zone_name(context.settings))

    def _is_shown(self, row: BatchRow) -> bool:
        return self._shown is not None and self._shown.batch.id == row.batch.id

    def _on_import(self) -> None:
        self.context.navigator.open_import(None)

    def _on_refused(self, error: BaseException) -> None:
        self.undo.reset()
        self.context.messages.report(error)

    def _on_current(self, row: BatchRow | None) -> None:
        before, self._shown = self._shown, row
        if row is None:
            self.side.show_nothing()
            return
        batch = row.batch
        stored = batch.status is BatchStatus.STORED
        self.side.show_facts("Import" if stored else "Undone import", batch.file_name, batch_facts(row, self._zone))
        self.rows_link.setVisible(stored and batch.new > 0)
        self.undo.setVisible(stored)
        if before != row:
            self.undo.reset()
            self._load_rejections(row)

    def _load_rejections(self, row: BatchRow) -> None:
        self.rejections.show_rows((), total=row.batch.rejected)
        if not row.batch.rejected:
            return
        imports = self.context.services.storage.imports

        def on_success(found: list[Rejection]) -> None:
            if self._is_shown(row):
                self.rejections.show_rows(found, total=row.batch.rejected)

        job = self.context.jobs.read(lambda _token, _progress: imports.rejections(row.batch.id))
        job.on_success(on_success).on_failure(self.context.messages.report)


def _concerned(changes: ChangeSet) -> bool:
    return bool(changes.tables & _CONCERNS)
