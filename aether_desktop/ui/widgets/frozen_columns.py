"""Columns that stay in place while the others scroll: painted over the grid, which keeps every column of its own.

The grid's model, rows, selection and vertical place are used as they are: nothing here knows a row that is not on the
screen, and nothing is asked of the model that the grid's own painting would not ask.
"""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPalette, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QStyle, QStyleOptionViewItem, QTableView, QWidget

_TOLD_CELLS = 10_000  # of a selection, listed one by one for screen readers
_LEAST_REST = 120  # logical pixels left for the columns that scroll; fewer columns are frozen in a narrower grid
_Index = QModelIndex | QPersistentModelIndex
_State, _Flag = QStyle.StateFlag, QItemSelectionModel.SelectionFlag


class _Place(NamedTuple):
    section: int
    left: int
    width: int


def _cells(selection: QItemSelection) -> int:
    """How many cells its ranges have, without a look at them."""
    ranges = (selection.at(number) for number in range(selection.size()))
    return sum((each.bottom() - each.top() + 1) * (each.right() - each.left() + 1) for each in ranges)


class FrozenColumns(QObject):
    """The first ``count`` visible columns of one grid, as far as they fit. GUI thread only.

    Header, cells and edge that lie over the grid are made when something is first frozen.
    """

    def __init__(self, view: FreezableTableView) -> None:
        super().__init__(view)
        self._view = view
        self._count = 0
        self._places: tuple[_Place, ...] = ()
        self._over: _Overlay | None = None

    @property
    def count(self) -> int:
        """How many columns were asked to stay in place; in a narrow grid fewer do."""
        return self._count

    @property
    def sections(self) -> tuple[int, ...]:
        """Those in place now, in the order seen."""
        return tuple(place.section for place in self._places)

    @property
    def width(self) -> int:
        """Logical pixels that they take."""
        return sum(place.width for place in self._places)

    def freeze(self, count: int) -> None:
        """Keep the first ``count`` visible columns in place; 0 lets all scroll."""
        self._count = max(count, 0)
        self.place()

    def section_at(self, x: int) -> int:
        """The frozen column at a place of the viewport, -1 where there is none."""
        return next((at.section for at in self._places if at.left <= x < at.left + at.width), -1)

    def left_of(self, section: int) -> int | None:
        """Where a frozen column begins in the viewport, None for one that scrolls."""
        return next((place.left for place in self._places if place.section == section), None)

    def place(self) -> None:
        """Find anew which columns stay and put header and cells over the grid's own."""
        self._places = self._fitting()
        view = self._view
        view.horizontalScrollBar().setPageStep(max(view.viewport().width() - self.width, 1))
        if self._places and self._over is None:
            self._over = _Overlay(view, self)
        if self._over is not None:
            self._over.place(self._places)

    def repaint_cells(self) -> None:
        """What they show may have changed."""
        if self._over is not None:
            self._over.cells.update()

    def _fitting(self) -> tuple[_Place, ...]:
        if not self._count:
            return ()
        header, found, left = self._view.horizontalHeader(), list[_Place](), 0
        room = self._view.viewport().width() - _LEAST_REST
        for section in map(header.logicalIndex, range(header.count())):
            if header.isSectionHidden(section):
                continue
            width = header.sectionSize(section)
            if len(found) == self._count or left + width > room:
                break
            found.append(_Place(section, left, width))
            left += width
        return tuple(found)


class FreezableTableView(QTableView):
    """A table whose first columns can stay in place: ``frozen`` says which. GUI thread only."""

    header_menu_asked = Signal(int, QPoint)
    """(section, place on the screen): a right click on either header."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._unplaced = False  # what Qt asked to be placed while nobody saw it
        super().__init__(parent)
        self.frozen = FrozenColumns(self)
        header = self.horizontalHeader()
        header.setResizeContentsPrecision(0)  # a column is fitted to the rows on view
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(
            lambda at: self.header_menu_asked.emit(header.logicalIndexAt(at), header.mapToGlobal(at))
        )
        header.sectionMoved.connect(self._on_columns_changed)
        header.sectionResized.connect(self._on_columns_changed)

    def columnAt(self, x: int) -> int:
        """As Qt's, of what is seen there."""
        section = self.frozen.section_at(x)
        return section if section >= 0 else super().columnAt(x)

    def selectRow(self, row: int) -> None:
        """As Qt's; with the cursor in the first column seen, not in one that lies under it."""
        if self.frozen.sections:
            first = self.model().index(row, self.frozen.sections[0])
            self.selectionModel().setCurrentIndex(first, _Flag.ClearAndSelect | _Flag.Rows)
        else:
            super().selectRow(row)

    def _on_columns_changed(self, _section: int, _before: int, _after: int) -> None:
        if self.frozen.count:
            self.frozen.place()

    def _fill_ground(self) -> None:
        """A viewport that Qt knows to be opaque is moved when it scrolls; otherwise every cell is painted anew.

        The style sheet takes it back whenever it is applied. Where nothing scrolls the round corners show through.
        """
        bars = (self.horizontalScrollBar(), self.verticalScrollBar())
        self.viewport().setAutoFillBackground(any(bar.maximum() > bar.minimum() for bar in bars))

    # Qt overrides

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Qt override: for a screen reader Qt lists every index of what changed; a large part is told by the cursor."""
        if max(map(_cells, (selected, deselected))) > _TOLD_CELLS:
            QAbstractItemView.selectionChanged(self, selected, deselected)
        else:
            super().selectionChanged(selected, deselected)

    def selectedIndexes(self) -> list[QModelIndex]:
        """Qt override: Qt lists every index, for dragging and for screen readers; nothing here needs more than this."""
        if _cells(self.selectionModel().selection()) > _TOLD_CELLS:
            return []
        return list(super().selectedIndexes())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt override: called from Python, all cells are painted under one hold of the interpreter.

        Each cell would take it by itself otherwise, and wait a turn for every worker that computes.
        """
        super().paintEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._unplaced:
            self.updateGeometries()
        self._fill_ground()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._fill_ground()

    def indexAt(self, pos: QPoint) -> QModelIndex:
        section = self.frozen.section_at(pos.x())
        if section < 0:
            return super().indexAt(pos)
        row = self.rowAt(pos.y())
        return self.model().index(row, section) if row >= 0 else QModelIndex()

    def visualRect(self, index: _Index) -> QRect:
        rect: QRect = super().visualRect(index)
        left = self.frozen.left_of(index.column())
        if left is not None and not rect.isEmpty():
            rect.moveLeft(left)
        return rect

    def scrollTo(
        self, index: _Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        bar = self.horizontalScrollBar()
        before = bar.value()
        super().scrollTo(index, hint)
        if self.frozen.left_of(index.column()) is not None:
            bar.setValue(before)  # it is in sight wherever the others are
        elif (covered := self.frozen.width - self.columnViewportPosition(index.column())) > 0:
            bar.setValue(bar.value() - covered)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        if not self.frozen.sections:
            super().scrollContentsBy(dx, dy)
            return
        # As Qt's, but only what is seen is moved: with the part under the frozen columns, Qt would paint it all anew.
        across, down = self.horizontalHeader(), self.verticalHeader()
        left, top = across.offset(), down.offset()
        across.setOffset(self.horizontalScrollBar().value())
        bar = self.verticalScrollBar()
        if bar.value() == bar.maximum() > 0:
            down.setOffsetToLastSection()
        else:
            down.setOffsetToSectionPosition(bar.value())
        seen = self.viewport().rect().adjusted(self.frozen.width, 0, 0, 0)
        self.viewport().scroll(left - across.offset(), top - down.offset(), seen)

    def updateGeometries(self) -> None:
        """Qt override: while a page is put together Qt asks a dozen times, and each asks every section's size."""
        self._unplaced = not self.isVisible()
        if self._unplaced:
            return
        super().updateGeometries()
        self._fill_ground()
        if self.frozen.count:
            self.frozen.place()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.frozen.repaint_cells()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.frozen.repaint_cells()


class _Overlay(QObject):
    """What lies over the grid: a header of the frozen columns alone, their cells, and an edge."""

    def __init__(self, view: FreezableTableView, frozen: FrozenColumns) -> None:
        super().__init__(frozen)
        self._view, self._own = view, view.horizontalHeader()
        self._following = False
        self.cells = _FrozenCells(view)
        self.header = QHeaderView(Qt.Orientation.Horizontal, view)
        self._dress_header(self.header)
        self._edge = QFrame(view)
        self._edge.setProperty("kind", "edge")
        self._edge.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._parts: tuple[QWidget, ...] = (self.cells, self.header, self._edge)

    def place(self, places: tuple[_Place, ...]) -> None:
        """Over the grid's own header and viewport, at their left end."""
        for part in self._parts:
            part.setVisible(bool(places))
        self.cells.places = places
        if not places:
            return
        self._follow({place.section for place in places})
        width = places[-1].left + places[-1].width
        body, head = self._view.viewport().geometry(), self._own.geometry()
        self.header.setGeometry(head.left(), head.top(), width, head.height())
        self.cells.setGeometry(body.left(), body.top(), width, body.height())
        self._edge.setGeometry(body.left() + width - 1, head.top(), 1, head.height() + body.height())
        for part in self._parts:
            part.raise_()
        self.cells.update()

    def _dress_header(self, header: QHeaderView) -> None:
        own = self._own
        header.setObjectName(f"{self._view.objectName()}_frozen_header")
        header.setModel(self._view.model())
        header.setSectionsMovable(own.sectionsMovable())
        header.setSectionsClickable(own.sectionsClickable())
        header.setHighlightSections(False)
        header.setMinimumSectionSize(own.minimumSectionSize())
        header.setDefaultAlignment(own.defaultAlignment())
        header.setFont(own.font())
        header.setSortIndicatorShown(own.isSortIndicatorShown())
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        header.customContextMenuRequested.connect(self._on_menu)
        header.sectionClicked.connect(self._on_clicked)
        header.sectionMoved.connect(self._on_moved)
        header.sectionResized.connect(self._on_resized)
        header.sectionHandleDoubleClicked.connect(self._view.resizeColumnToContents)
        own.sortIndicatorChanged.connect(self._show_sort)

    def _follow(self, sections: set[int]) -> None:
        """The same order and sizes as the grid's own header, and nothing but ``sections``."""
        self._following = True
        own, header = self._own, self.header
        for visual in range(own.count()):
            section = own.logicalIndex(visual)
            header.moveSection(header.visualIndex(section), visual)
            header.setSectionHidden(section, section not in sections)
            if section in sections:
                header.resizeSection(section, own.sectionSize(section))
        self._following = False
        self._show_sort()

    def _show_sort(self) -> None:
        own = self._own
        self.header.setSortIndicatorShown(own.isSortIndicatorShown())
        self.header.setSortIndicator(own.sortIndicatorSection(), own.sortIndicatorOrder())

    def _on_clicked(self, section: int) -> None:
        self._own.sectionClicked.emit(section)
        self._show_sort()  # a click turns the header's own arrow, whatever comes of it

    def _on_moved(self, _section: int, before: int, after: int) -> None:
        if not self._following:
            self._own.moveSection(before, after)

    def _on_resized(self, section: int, _before: int, after: int) -> None:
        if not self._following:
            self._own.resizeSection(section, after)

    def _on_menu(self, at: QPoint) -> None:
        self._view.header_menu_asked.emit(self.header.logicalIndexAt(at), self.header.mapToGlobal(at))


class _FrozenCells(QWidget):
    """Paints the cells of the frozen columns; the mouse goes through to the grid, which knows what lies where."""

    def __init__(self, view: QTableView) -> None:
        super().__init__(view)
        self._view = view
        self.places: tuple[_Place, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setObjectName(f"{view.objectName()}_frozen_cells")
        model, selection = view.model(), view.selectionModel()
        for changed in (
            model.dataChanged,
            model.modelReset,
            model.rowsInserted,
            model.rowsRemoved,
            model.layoutChanged,
            selection.selectionChanged,
            selection.currentChanged,
            view.verticalScrollBar().valueChanged,
        ):
            changed.connect(self._on_changed)

    def _on_changed(self) -> None:
        self.update()

    # Qt overrides

    def paintEvent(self, event: QPaintEvent) -> None:
        view, painter = self._view, QPainter(self)
        model, selection, delegate = view.model(), view.selectionModel(), view.itemDelegate()
        area: QRect = event.rect()
        first, last = view.rowAt(area.top()), view.rowAt(area.bottom())
        rows = range(first, (last if last >= 0 else model.rowCount() - 1) + 1) if first >= 0 else range(0)
        current, focused = view.currentIndex(), view.hasFocus()
        option = QStyleOptionViewItem()
        option.initFrom(view)
        end = area.top()
        for row in rows:
            top, height = view.rowViewportPosition(row), view.rowHeight(row)
            chosen = selection.isSelected(model.index(row, self.places[0].section))
            for place in self.places:
                index = model.index(row, place.section)
                state = _State.State_Enabled | _State.State_Active
                if chosen:
                    state |= _State.State_Selected
                if focused and index == current:
                    state |= _State.State_HasFocus
                option.rect, option.state = QRect(place.left, top, place.width, height), state
                delegate.paint(painter, option, index)
            end = top + height
        below = QRect(area.left(), end, area.width(), area.bottom() - end + 1)
        painter.fillRect(below, view.palette().color(QPalette.ColorRole.Base))
