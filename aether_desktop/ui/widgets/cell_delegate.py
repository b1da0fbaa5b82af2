"""The one delegate of every grid: asks the model for a typed cell and paints it."""

from __future__ import annotations

import textwrap

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QToolTip

from aether_desktop.ui.models.cells import Cell, TextCell
from aether_desktop.ui.models.roles import HeaderRole, Role
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.cell_painter import CellPainter, CellState, ColumnHint

_CELL, _LOADING, _ARCHIVED, _ERROR = int(Role.CELL), int(Role.LOADING), int(Role.ARCHIVED), int(Role.ERROR)
_DIGITS, _UNITS = int(HeaderRole.FRACTION_DIGITS), int(HeaderRole.UNIT_CHARS)
_TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
_TIP_CHARS, _TIP_LINES = 100, 20

_Index = QModelIndex | QPersistentModelIndex


class CellDelegate(QStyledItemDelegate):
    """Paints ``Role.CELL``; a row on its way is a quiet bar, a row that cannot be shown says why. GUI thread only."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._painter = CellPainter(theme)

    @property
    def row_height(self) -> int:
        """Least height of a row that clips nothing."""
        return self._painter.row_height

    def _hint(self, model: QAbstractItemModel, column: int) -> ColumnHint:
        horizontal = Qt.Orientation.Horizontal
        digits = model.headerData(column, horizontal, _DIGITS)
        units = model.headerData(column, horizontal, _UNITS)
        return ColumnHint(digits or 0, units or 0)

    def _ground(self, painter: QPainter, rect: QRect, *, selected: bool, focused: bool) -> None:
        colours = self._theme.colours
        painter.fillRect(rect, QColor(colours.selection if selected else colours.panel))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(colours.line))
        if focused:
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def _cell(self, index: _Index) -> Cell | None:
        cell: Cell | None = index.data(_CELL)
        if cell is None and (reason := index.data(_ERROR)):
            return TextCell(reason if index.column() == 0 else "", dim=True)
        return cell

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Qt override."""
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        self._ground(painter, rect, selected=selected, focused=bool(state & QStyle.StateFlag.State_HasFocus))
        cell = self._cell(index)
        if cell is None:
            self._painter.draw_placeholder(painter, rect, column=index.column())
            return
        standing = CellState(selected, bool(index.data(_ARCHIVED)))
        self._painter.draw(painter, rect, cell, hint=self._hint(index.model(), index.column()), state=standing)

    def sizeHint(self, _option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Qt override: the width that shows all of the cell."""
        cell = self._cell(index)
        if cell is None:
            return QSize(0, self._painter.row_height)
        width = self._painter.width_of(cell, self._hint(index.model(), index.column()))
        return QSize(round(width) + 1, self._painter.row_height)

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: _Index
    ) -> bool:
        """Qt override: the model's tooltip, or the whole text of a cell that shows only part of it."""
        if event.type() != QEvent.Type.ToolTip or not index.isValid():
            return super().helpEvent(event, view, option, index)
        text: str = index.data(_TOOLTIP) or ""
        cell = self._cell(index)
        if not text and cell is not None:
            room: QRect = option.rect
            if self._painter.width_of(cell, self._hint(index.model(), index.column())) > room.width() + 1:
                text = cell.plain()
        QToolTip.showText(event.globalPos(), tooltip_text(text), view)
        return True


def tooltip_text(text: str) -> str:
    """Return ``text`` in lines a screen can hold; very long texts end in "…"."""
    if len(text) <= _TIP_CHARS and "\n" not in text:
        return text
    lines: list[str] = []
    for line in text[: _TIP_CHARS * _TIP_LINES].splitlines():
        lines += textwrap.wrap(line, _TIP_CHARS, break_long_words=True) or [""]
    shown = lines[:_TIP_LINES]
    if len(lines) > _TIP_LINES or len(text) > _TIP_CHARS * _TIP_LINES:
        shown.append("\u2026")
    return "\n".join(shown)
