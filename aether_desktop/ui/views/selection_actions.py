"""What a page does with the rows that are selected: add up, label, export, copy; all of a filter as one question."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.records import TableName
from aether_desktop.jobs.lanes import Work
from aether_desktop.ports.queries import ArchivedRows, Row
from aether_desktop.ports.query_totals import RowTotals
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.copying import COPY_LIMIT
from aether_desktop.ui.models.counting import count_text
from aether_desktop.ui.models.window_table_model import WindowTableModel
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.views.grid import GridView
from aether_desktop.ui.views.label_sheet import ChosenRows, LabelledRows, LabelSheet, RowsOfQuery
from aether_desktop.ui.views.selection_bar import SelectionBar, SelectionState
from aether_desktop.ui.views.side_pane import SidePane
from aether_desktop.ui.views.sum_sheet import SumSheet
from aether_desktop.ui.widgets.pop_up_menu import pop_up_under


class SelectionActions(QObject):
    """Of one table's page; ``place`` gives what stands where the grid stood. GUI thread only."""

    def __init__(
        self,
        context: UiContext,
        *,
        model: WindowTableModel,
        grid: GridView,
        side: SidePane,
        fill_export: Callable[[QMenu], None],
    ) -> None:
        super().__init__(grid)
        self._context, self._model, self._grid, self._side = context, model, grid, side
        self._fill_export = fill_export
        self._table = TableName(model.spec.name)
        self._bar: SelectionBar | None = None
        self._column: QVBoxLayout | None = None
        self._soon = QTimer(self)  # a selection that is drawn with the mouse is looked at once a turn
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._show)
        selected = grid.selectionModel().selectionChanged
        for changed in (selected, grid.all_rows.changed, model.counted, model.refreshed, model.modelReset):
            changed.connect(self._soon.start)
        self._offer("Select all rows", grid.all_rows.choose)
        if self._table is TableName.TRANSACTIONS:
            self._offer("Sum of the selected rows", self.add_up)
        self._offer("Label the selected rows…", self.label)
        grid.all_rows.dropped.connect(context.messages.info)
        grid.type_ahead.missed.connect(context.messages.info)
        grid.type_ahead.failed.connect(context.messages.report)

    @property
    def bar(self) -> SelectionBar:
        """The line under the grid; made when first wanted."""
        if self._bar is None:
            sums = self._table is TableName.TRANSACTIONS
            bar = self._bar = SelectionBar(self._context.theme, table=self._table, sums=sums)
            bar.all_asked.connect(self._grid.all_rows.choose)
            bar.sum_asked.connect(self.add_up)
            bar.label_asked.connect(self.label)
            bar.export_asked.connect(self.export)
            bar.copy_asked.connect(self._grid.copy_selection)
            bar.clear_asked.connect(self.clear)
            if self._column is not None:
                self._column.addWidget(bar)
        return self._bar

    def place(self, content: QWidget) -> QWidget:
        """The grid's place, with room for the line below it."""
        holder = QWidget()
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(Space.S)
        self._column.addWidget(content, 1)
        return holder

    def add_up(self) -> None:
        """What the selected transactions add up to."""
        if self._table is not TableName.TRANSACTIONS:
            return
        totals, query = self._context.services.totals, self._grid.all_rows.query
        if query is not None:
            what = f"{count_text(self._model.known_count).capitalize()}{self._of_filter()}"
            self._open_sum(what, lambda token, progress: totals.of_query(query, token=token, progress=progress))
            return

        def of_rows(rows: list[Row]) -> None:
            ids = [row.id for row in rows]
            what = "One row" if len(ids) == 1 else f"{len(ids):,} rows"
            self._open_sum(what, lambda token, _progress: totals.of_rows(ids, token=token))

        self._grid.with_selected_rows(of_rows, title="Read the selected rows")

    def label(self) -> None:
        """Write words on all of the selected rows, where the person's role may."""
        bulk, query = self._context.services.bulk_words, self._grid.all_rows.query
        if query is not None:
            if self._context.allowed(Verb.CHANGE, "annotations"):
                self._open_label(RowsOfQuery(bulk, query))
            return

        def of_rows(rows: list[Row]) -> None:
            owners = dict.fromkeys(row.owner_id or None for row in rows)
            if rows and all(self._context.allowed(Verb.CHANGE, "annotations", owner_id=owner) for owner in owners):
                self._open_label(ChosenRows(bulk, self._table, [row.id for row in rows]))

        self._grid.with_selected_rows(of_rows, title="Read the selected rows")

    def export(self) -> None:
        """Offer the formats; a file has all rows of the filter."""
        menu = QMenu(self._grid)
        self._fill_export(menu)
        pop_up_under(menu, self.bar.export_button)

    def clear(self) -> None:
        """Nothing is selected any more."""
        self._grid.all_rows.clear()
        self._grid.setFocus()

    # -- inside ----------------------------------------------------------------------------------------------

    def _offer(self, text: str, act: Callable[[], None]) -> None:
        """In the menu of the rows."""
        action = QAction(text, self._grid)
        action.triggered.connect(act)
        self._grid.addAction(action)

    def _open_sum(self, what: str, work: Work[RowTotals]) -> None:
        self._side.open_sheet(SumSheet(self._context, self._table, what=what, work=work))

    def _open_label(self, rows: LabelledRows) -> None:
        self._side.open_sheet(LabelSheet(self._context, self._table, rows))

    def _of_filter(self) -> str:
        query = self._model.query
        if query.within:
            return " of this group"
        return " of this filter" if query.terms or query.archived is not ArchivedRows.HIDDEN else ""

    def _show(self) -> None:
        state = self._state()
        if state is not None or self._bar is not None:
            self.bar.show_state(state)

    def _state(self) -> SelectionState | None:
        count = self._model.known_count
        if self._grid.all_rows.query is not None:
            rows = f"All {count.rows:,} rows" if count.exact else f"All rows ({count_text(count)})"
            rows = "The only row" if count.exact and count.rows == 1 else rows
            verb = "is" if rows == "The only row" else "are"
            return SelectionState(f"{rows}{self._of_filter()} {verb} selected", whole=True)
        _numbers, total = self._grid.selected_row_numbers(0)
        if total < 2:
            return None
        every = f"Select all {count_text(count)}"
        if total <= COPY_LIMIT:
            return SelectionState(f"{total:,} rows are selected", all_rows=every)
        limits = f"at most {COPY_LIMIT:,} are taken one by one"
        return SelectionState(f"{total:,} rows are selected; {limits}", many=True, all_rows=every)
