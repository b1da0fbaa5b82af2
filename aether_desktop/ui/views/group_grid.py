"""The grid of groups: our cells and header, columns kept, the cursor kept on its group, copying with exact values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu, QWidget

from aether_desktop.ports.groups import Group
from aether_desktop.ports.queries import GroupKey
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.look import compact_rows
from aether_desktop.ui.models.copying import delimited_text
from aether_desktop.ui.models.group_table_model import GroupTableModel
from aether_desktop.ui.models.roles import HeaderRole
from aether_desktop.ui.object_names import groups_part_name
from aether_desktop.ui.theme.tokens import Size
from aether_desktop.ui.views.column_layout import ColumnLayout
from aether_desktop.ui.views.selection_keeper import selected_row_numbers
from aether_desktop.ui.widgets.frozen_columns import FreezableTableView
from aether_desktop.ui.widgets.grid_style import dress_grid
from aether_desktop.ui.widgets.pop_up_menu import pop_up

_COPIED_AT_MOST: Final = 1_000  # each of them is added up first
_HEADER = Qt.Orientation.Horizontal


class GroupGrid(FreezableTableView):
    """``opened`` is the group that Return or a double click chose. GUI thread only."""

    current_changed = Signal(object)
    """The Group under the cursor, or None."""
    opened = Signal(object)
    details_asked = Signal()

    def __init__(self, model: GroupTableModel, context: UiContext, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._context = model, context
        self._kept: tuple[GroupKey, int] | None = None  # the group under the cursor, and how far below the top it is
        self.setObjectName(groups_part_name("grid"))
        self.setAccessibleName("Groups of transactions")
        self.setModel(model)
        self.dress()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.horizontalHeader()
        header.setSelectionModel(QItemSelectionModel(model, self))  # see GridView
        header.setSectionsMovable(True)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setMinimumSectionSize(Size.COLUMN_MIN)
        header.setStretchLastSection(True)
        header.sectionClicked.connect(self._on_header_clicked)
        self.columns = ColumnLayout(self, context.settings, name="transactions_groups")
        self.header_menu_asked.connect(self._on_header_menu)
        self.customContextMenuRequested.connect(self._on_menu)
        self.selectionModel().currentRowChanged.connect(lambda *_: self.current_changed.emit(self.current()))
        self.doubleClicked.connect(lambda _index: self._open())
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._tell_visible())
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._on_reset)
        model.rowsInserted.connect(lambda *_: self._tell_visible())

    def dress(self) -> None:
        """Row height and fonts as chosen now."""
        dress_grid(self, self._context.theme, compact=compact_rows(self._context.settings))

    def current(self) -> Group | None:
        """The group under the cursor, None while it is not here or there is none."""
        index = self.currentIndex()
        return self._model.group_at(index.row()) if index.isValid() else None

    def forget_place(self) -> None:
        """Another question follows: it begins at the first group."""
        self._kept = None
        self.setCurrentIndex(self._model.index(-1, -1))

    def copy_selection(self) -> None:
        """Selected groups as tab-separated exact values, columns as seen; what is not known yet is added up first."""
        numbers, total = selected_row_numbers(self.selectionModel(), _COPIED_AT_MOST)
        if total > _COPIED_AT_MOST:
            self._context.messages.warn(
                f"{total:,} groups are too many at once; at most {_COPIED_AT_MOST:,} go. Use Export for all of them."
            )
        elif numbers:
            job = self._model.read_texts(numbers, self.columns.visible())
            job.on_success(self._put_on_clipboard).on_failure(self._context.messages.report)

    def _put_on_clipboard(self, table: Sequence[Sequence[str]]) -> None:
        keys = [str(self._told(section, HeaderRole.COLUMN_KEY)) for section in range(self._model.columnCount())]
        titles = [str(self._told(keys.index(key), Qt.ItemDataRole.DisplayRole)) for key in self.columns.visible()]
        QGuiApplication.clipboard().setText(delimited_text(titles, table, "\t"))

    def _told(self, section: int, role: int) -> object:
        return self._model.headerData(section, _HEADER, role)

    def _open(self) -> None:
        group = self.current()
        if group is not None:
            self.opened.emit(group)

    def _remember(self) -> None:
        group, row = self.current(), self.currentIndex().row()
        self._kept = None if group is None else (group.key, row - max(self.rowAt(0), 0))

    def _on_reset(self) -> None:
        self._show_sort()
        row = None if self._kept is None else self._model.row_of(self._kept[0])
        if row is not None and self._kept is not None:
            self.selectRow(row)
            self.verticalScrollBar().setValue(max(row - self._kept[1], 0))
        elif self._model.rowCount():
            self.selectRow(0)
        self._tell_visible()
        self.current_changed.emit(self.current())

    def _show_sort(self) -> None:
        asked = self._model.asked
        descending = asked is not None and asked.descending
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(0, order)

    def _on_header_clicked(self, section: int) -> None:
        asked = self._model.asked
        if asked is not None and self._told(section, HeaderRole.SORTABLE):
            order = Qt.SortOrder.AscendingOrder if asked.descending else Qt.SortOrder.DescendingOrder
            self.forget_place()
            self._model.sort(section, order)
        self._show_sort()

    def _tell_visible(self) -> None:
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        self._model.set_visible_rows(max(first, 0), last if last >= 0 else self._model.rowCount() - 1)

    def _on_header_menu(self, section: int, place: QPoint) -> None:
        menu = QMenu(self)
        self.columns.fill_menu(menu, str(self._told(section, HeaderRole.COLUMN_KEY)) if section >= 0 else "")
        pop_up(menu, place)

    def _on_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction("Show its rows").triggered.connect(self._open)
        menu.addAction("Copy").triggered.connect(self.copy_selection)
        pop_up(menu, self.viewport().mapToGlobal(place))

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_visible()

    def keyboardSearch(self, _typed: str) -> None:
        """Qt would look through every row, here or not."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._open()
        elif event.key() == Qt.Key.Key_Space:
            self.details_asked.emit()
        else:
            super().keyPressEvent(event)
