"""The view of a small model: our cells and header, sorting by header, copying, and the cursor kept over refreshes."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QWidget

from aether_desktop.ui.models.copying import delimited_text
from aether_desktop.ui.models.roles import HeaderRole, Role
from aether_desktop.ui.models.value_table_model import ValueTableModel
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.widgets.frozen_columns import FreezableTableView
from aether_desktop.ui.widgets.grid_style import dress_grid

_HEADER = Qt.Orientation.Horizontal


class ValueGrid(FreezableTableView):
    """``current_changed`` carries the value under the cursor or None; ``opened`` one that Return or a double click
    chose. GUI thread only."""

    current_changed = Signal(object)
    opened = Signal(object)
    sort_changed = Signal()

    def __init__(
        self,
        model: ValueTableModel[Any],
        theme: Theme,
        *,
        name: str,
        object_name: str,
        stretch: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """``stretch`` is the key of the column that takes the room left over."""
        super().__init__(parent)
        self._model = model
        self._key: Hashable = None
        self._most_rows = 0
        self._stretched: int | None = None
        self._sorted: tuple[int, bool] | None = None  # column, descending
        self.setObjectName(object_name)
        self.setAccessibleName(name)
        self.setModel(model)
        dress_grid(self, theme)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self._dress_header(stretch)
        self.selectionModel().currentRowChanged.connect(lambda *_: self.current_changed.emit(self.current()))
        self.doubleClicked.connect(lambda _index: self._open())
        model.modelAboutToBeReset.connect(self._on_about_to_reset)
        model.modelReset.connect(self._on_reset)

    @property
    def value_model(self) -> ValueTableModel[Any]:
        """The model it was made with."""
        return self._model

    def current(self) -> Any:
        """The value under the cursor, or None."""
        index = self.currentIndex()
        return self._model.value_at(index.row()) if index.isValid() else None

    @property
    def sorted_by(self) -> tuple[str, bool] | None:
        """Key of the column that the rows are sorted by and whether they fall; None while they are as given."""
        return None if self._sorted is None else (self._model.columns[self._sorted[0]].key, self._sorted[1])

    def sort_by(self, key: str, *, descending: bool = False) -> None:
        """Sort by a column; one that is not there or has no order leaves the rows as they are given."""
        keys = [column.key for column in self._model.columns if column.order is not None]
        self._sorted = ([each.key for each in self._model.columns].index(key), descending) if key in keys else None
        column, order = -1, Qt.SortOrder.AscendingOrder
        if self._sorted is not None:
            column, order = self._sorted[0], Qt.SortOrder.DescendingOrder if descending else order
        header = self.horizontalHeader()
        header.setSortIndicatorShown(column >= 0)
        header.setSortIndicator(column, order)  # the header itself moves and turns it at each click, whatever happens
        self._model.sort(column, order)
        self.sort_changed.emit()

    def select_key(self, key: Hashable) -> bool:
        """Put the cursor on the row with this key; False if there is none."""
        row = self._model.row_of(key)
        if row is None:
            return False
        self.selectRow(row)
        return True

    def fit_rows(self, most: int) -> None:
        """Be as high as the rows are, up to ``most`` of them; beyond that the grid scrolls."""
        self._most_rows = most
        self._fit()

    def copy_selection(self) -> None:
        """Selected rows as tab-separated exact values, the columns as they are seen, with their headings."""
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        if not rows:
            return
        header = self.horizontalHeader()
        order = map(header.logicalIndex, range(header.count()))
        shown = [column for column in order if not self.isColumnHidden(column)]
        titles = [self._model.columns[column].title for column in shown]
        table = [[str(self._model.index(row, column).data(Role.RAW)) for column in shown] for row in rows]
        text = delimited_text(titles, [[_one_line(cell) for cell in cells] for cells in table], "\t")
        QGuiApplication.clipboard().setText(text)

    def _dress_header(self, stretch: str) -> None:
        header = self.horizontalHeader()
        header.setMinimumSectionSize(Size.COLUMN_MIN)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._on_header_clicked)
        for column in range(self._model.columnCount()):
            self.setColumnWidth(column, int(self._model.headerData(column, _HEADER, HeaderRole.FIRST_WIDTH)))
            if stretch and self._model.columns[column].key == stretch:
                self._stretched = column

    def _stretch(self) -> None:
        """The chosen column takes the room left over, but never less than its first width: then the grid scrolls."""
        if (column := self._stretched) is None:
            return
        header, mode = self.horizontalHeader(), QHeaderView.ResizeMode
        first = int(self._model.headerData(column, _HEADER, HeaderRole.FIRST_WIDTH))
        others = header.length() - header.sectionSize(column)
        fits = others + first <= self.viewport().width()
        if header.sectionResizeMode(column) != (wanted := mode.Stretch if fits else mode.Interactive):
            header.setSectionResizeMode(column, wanted)
            if not fits:
                header.resizeSection(column, first)

    def _fit(self) -> None:
        if not self._most_rows:
            return
        shown = min(max(self._model.rowCount(), 1), self._most_rows)
        height = self.horizontalHeader().height() + shown * self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(height + 2 * self.frameWidth() + Space.XS)

    def _on_header_clicked(self, section: int) -> None:
        key, before = self._model.columns[section].key, self.sorted_by
        if self._model.columns[section].order is not None:
            self.sort_by(key, descending=before == (key, False))
        elif before is not None:
            self.sort_by(before[0], descending=before[1])

    def _on_about_to_reset(self) -> None:
        self._key = self._model.key_at(self.currentIndex().row()) if self.currentIndex().isValid() else None

    def _on_reset(self) -> None:
        self._fit()
        if self._key is None or not self.select_key(self._key):
            self.current_changed.emit(None)

    def _open(self) -> None:
        value = self.current()
        if value is not None:
            self.opened.emit(value)

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._stretch()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._open()
        else:
            super().keyPressEvent(event)


def _one_line(text: str) -> str:
    return " ".join(text.split())
