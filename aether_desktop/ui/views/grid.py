"""The grid every table is shown in: columns chosen, ordered, frozen, sized and kept; sorting; selection; copying."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QHeaderView, QMenu, QWidget

from aether_desktop.ports.queries import Row
from aether_desktop.ports.settings import Settings
from aether_desktop.ui.models.copying import COPY_LIMIT, CopyFormat, copy_rows
from aether_desktop.ui.models.window_table_model import WindowTableModel
from aether_desktop.ui.object_names import grid_name
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.views.all_rows import AllRows
from aether_desktop.ui.views.column_layout import ColumnLayout
from aether_desktop.ui.views.selection_keeper import SelectionKeeper, selected_row_numbers
from aether_desktop.ui.views.type_ahead import TypeAhead
from aether_desktop.ui.widgets.frozen_columns import FreezableTableView
from aether_desktop.ui.widgets.pop_up_menu import pop_up

_TO_THE_END = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_ENDS = frozenset({Qt.Key.Key_Home, Qt.Key.Key_End})
_AT_ONCE = 200  # rows whose text is made in the GUI thread: a few milliseconds


class GridView(FreezableTableView):
    """One table. Column layout is kept in the settings under ``grid.<table>``. GUI thread only."""

    current_row_changed = Signal(object)
    details_asked = Signal()
    copy_too_large = Signal(int)
    copied = Signal(int)
    reading_failed = Signal(object)
    """The error of a job that had to read selected rows first."""

    def __init__(
        self,
        model: WindowTableModel,
        *,
        settings: Settings,
        delegate: QAbstractItemDelegate,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._selected_id: int | None = None
        self.setObjectName(grid_name(model.spec.name))
        self.setAccessibleName(model.spec.title)
        self.setModel(model)
        self._set_behaviour()
        self.setItemDelegate(delegate)
        columns = model.spec.columns
        self._layout = ColumnLayout(
            self,
            settings,
            name=model.spec.name,
            shown=[column.key for column in columns if column.shown],
            titles={column.key: column.title for column in columns},
        )
        self.header_menu_asked.connect(self._on_header_menu)
        self.horizontalHeader().sectionClicked.connect(self._on_header_clicked)
        self.customContextMenuRequested.connect(self._on_menu)
        self.selectionModel().currentRowChanged.connect(lambda *_: self._announce_current())
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._tell_visible())
        model.rows_arrived.connect(lambda *_: self._announce_current())
        model.modelAboutToBeReset.connect(self._remember_selection)
        model.modelReset.connect(self._on_reset)
        self.type_ahead = TypeAhead(self, model)
        self._keeper = SelectionKeeper(self, model)
        self.all_rows = AllRows(self, model)
        model.refreshed.connect(lambda *_: self._tell_visible())
        self._show_sort()

    def current_row(self) -> Row | None:
        """The row with the cursor, None while it is not loaded or there is none."""
        index = self.currentIndex()
        return self._model.row_at(index.row()) if index.isValid() else None

    def selected_row_numbers(self, limit: int) -> tuple[list[int], int]:
        """Up to ``limit`` selected row numbers in order, and how many are selected altogether."""
        return selected_row_numbers(self.selectionModel(), limit)

    def with_selected_rows(self, then: Callable[[list[Row]], None], *, title: str) -> None:
        """Hand the selected rows to ``then``, at once where their pages are here, after a job otherwise.

        More than COPY_LIMIT rows are refused by ``copy_too_large``; a failure is announced by ``reading_failed``.
        """
        numbers = self._chosen_numbers()
        if numbers is None:
            return
        rows = [row for row in map(self._model.row_at, numbers) if row is not None]
        if len(rows) == len(numbers):
            then(rows)
        else:
            self._model.read_rows(numbers, title=title).on_success(then).on_failure(self.reading_failed.emit)

    def _chosen_numbers(self) -> list[int] | None:
        """The selected rows; None where they are too many, which is announced."""
        numbers, total = self.selected_row_numbers(COPY_LIMIT)
        if total > COPY_LIMIT:
            self.copy_too_large.emit(total)
            return None
        return numbers

    def visible_columns(self) -> list[str]:
        """Keys of the columns shown, in the order seen."""
        return self._layout.visible()

    def show_column(self, key: str, shown: bool) -> None:
        """Show or hide a column; the last one shown stays."""
        self._layout.show(key, shown)

    def freeze_columns(self, count: int) -> None:
        """Keep the first visible columns in place while the others scroll; 0 lets all scroll."""
        self._layout.freeze(count)

    def fill_column_menu(self, menu: QMenu, section: int | None = None) -> None:
        """Freezing up to a column (None: the cursor's), one checkable entry per column, and the first layout."""
        asked = self.currentIndex().column() if section is None else section
        self._layout.fill_menu(menu, self._model.spec.columns[asked].key if asked >= 0 else "")

    def copy_selection(self, form: CopyFormat = CopyFormat.TSV) -> None:
        """Copy the selected rows as they are seen (columns and order), with exact values.

        A few rows lie on the clipboard at once. The text of many is made by a job, which first reads those that are
        not here yet. ``copied`` says how many there are.
        """
        if not (numbers := self._chosen_numbers()):
            return
        columns, spec = self.visible_columns(), self._model.spec
        rows = [row for row in map(self._model.row_at, numbers[:_AT_ONCE]) if row is not None]
        if len(rows) == len(numbers):
            self._put_on_clipboard(len(numbers), copy_rows(spec, columns, rows, form))
            return
        job = self._model.make_of_rows(numbers, lambda rows: copy_rows(spec, columns, rows, form), title="Copy rows")
        job.on_success(partial(self._put_on_clipboard, len(numbers))).on_failure(self.reading_failed.emit)

    def _put_on_clipboard(self, rows: int, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.copied.emit(rows)

    def set_compact(self, compact: bool) -> None:
        """Low rows or ordinary ones; never lower than the text needs."""
        rows = self.verticalHeader()
        height = max(Size.ROW, self.fontMetrics().height() + Space.S)
        if compact:
            height = max(Size.ROW_COMPACT, height - (Size.ROW - Size.ROW_COMPACT))
        rows.setMinimumSectionSize(height)
        rows.setDefaultSectionSize(height)

    def save_layout(self) -> None:
        """Keep order, sizes and shown columns."""
        self._layout.save()

    def reset_layout(self) -> None:
        """Columns as they were at first."""
        self._layout.reset()

    def _set_behaviour(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(Size.ROW)
        rows.setDefaultSectionSize(Size.ROW)
        header = self.horizontalHeader()
        # A selection model of its own: with the view's, selecting all repaints every section for seconds.
        header.setSelectionModel(QItemSelectionModel(self._model, self))
        header.setSectionsMovable(True)
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        header.setSortIndicatorShown(True)
        header.setMinimumSectionSize(Size.COLUMN_MIN)
        header.setStretchLastSection(True)
        header.setFixedHeight(max(Size.HEADER_ROW, header.fontMetrics().height() + Space.M))

    def _show_sort(self) -> None:
        query, spec = self._model.query, self._model.spec
        key = query.sort[0].column if query.sort else spec.default_sort
        descending = query.sort[0].descending if query.sort else spec.default_descending
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(spec.index(key), order)

    def _on_header_clicked(self, section: int) -> None:
        column = self._model.spec.columns[section]
        if not column.sortable:
            self._show_sort()
            return
        query, spec = self._model.query, self._model.spec
        current = query.sort[0].column if query.sort else spec.default_sort
        descending = query.sort[0].descending if query.sort else spec.default_descending
        turn = not descending if current == column.key else False
        self._model.sort(section, Qt.SortOrder.DescendingOrder if turn else Qt.SortOrder.AscendingOrder)
        self._show_sort()

    def _select_up_to(self, row: int) -> None:
        """From the cursor to a row, as one range; with Ctrl, Qt itself moves the cursor and selects nothing."""
        current, selection = self.currentIndex(), self.selectionModel()
        first, last = sorted((current.row(), row))
        end = self._model.index(last, self._model.columnCount() - 1)
        flags = QItemSelectionModel.SelectionFlag
        selection.select(QItemSelection(self._model.index(first, 0), end), flags.ClearAndSelect)
        selection.setCurrentIndex(self._model.index(row, current.column()), flags.NoUpdate)

    def _remember_selection(self) -> None:
        row = self.current_row()
        self._selected_id = row.id if row is not None else None

    def _on_reset(self) -> None:
        self._show_sort()
        if self.all_rows.held:
            self.all_rows.show()
        elif self._selected_id is not None:
            number = self._model.row_of_id(self._selected_id)
            if number is not None:
                self.selectRow(number)
        self._tell_visible()
        self._announce_current()

    def _announce_current(self) -> None:
        self.current_row_changed.emit(self.current_row())

    def _tell_visible(self) -> None:
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        self._model.set_visible_rows(max(first, 0), last if last >= 0 else self._model.rowCount() - 1)

    def _on_header_menu(self, section: int, place: QPoint) -> None:
        menu = QMenu(self)
        self.fill_column_menu(menu, section if section >= 0 else None)
        pop_up(menu, place)

    def _on_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        titles = {"Copy": CopyFormat.TSV, "Copy as CSV": CopyFormat.CSV, "Copy as JSON": CopyFormat.JSON}
        for title, form in {**titles, "Copy as Markdown": CopyFormat.MARKDOWN}.items():
            menu.addAction(title).triggered.connect(lambda _checked=False, form=form: self.copy_selection(form))
        menu.addSeparator()
        for action in self.actions():
            menu.addAction(action)
        pop_up(menu, self.viewport().mapToGlobal(place))

    # Qt overrides

    def keyboardSearch(self, search: str) -> None:
        """Qt override: Qt would ask the model for row after row."""
        self.type_ahead.type(search)

    def selectAll(self) -> None:
        """Qt override: all rows of the filter."""
        self.all_rows.choose()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_visible()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.all_rows.choose()
        elif event.modifiers() == _TO_THE_END and event.key() in _ENDS and self.currentIndex().isValid():
            self._select_up_to(0 if event.key() == Qt.Key.Key_Home else self._model.rowCount() - 1)
        elif event.key() == Qt.Key.Key_Space and self.type_ahead.going_on:
            self.keyboardSearch(" ")
        elif event.key() in {Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.details_asked.emit()
        else:
            super().keyPressEvent(event)
