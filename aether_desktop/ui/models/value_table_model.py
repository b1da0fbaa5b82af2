"""A small table model over values that are all here: previews, batches, tokens, modules. Not for millions of rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from aether_desktop.ui.models.cells import Cell
from aether_desktop.ui.models.roles import HeaderRole, Role

ValueT = TypeVar("ValueT")
MAX_ROWS = 2000
_CHAR_WIDTH = 8  # logical pixels, for first column widths
_NO_PARENT = QModelIndex()
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class ValueColumn(Generic[ValueT]):
    """One column: how a value's cell is made, what it is copied as and sorted by.

    ``whole`` is the exact text (tooltip, copies), the cell's own words where it is None. ``order`` makes the column
    sortable.
    """

    key: str
    title: str
    cell: Callable[[ValueT], Cell]
    width: int = 16
    whole: Callable[[ValueT], str] | None = None
    order: Callable[[ValueT], Any] | None = None
    right: bool = False
    fraction_digits: int = 0
    unit_chars: int = 0

    def text(self, value: ValueT) -> str:
        """The exact text of a value in this column."""
        return self.cell(value).plain() if self.whole is None else self.whole(value)


class ValueTableModel(QAbstractTableModel, Generic[ValueT]):
    """Rows given as a whole by ``set_rows``, at most MAX_ROWS; sorted here when a header is clicked. GUI thread only.

    ``key_of`` tells which row is which across refreshes.
    """

    def __init__(
        self,
        columns: Sequence[ValueColumn[ValueT]],
        *,
        key_of: Callable[[ValueT], Hashable],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._key_of = key_of
        self._given: tuple[ValueT, ...] = ()
        self._rows: tuple[ValueT, ...] = ()
        self._sorted_by: tuple[int, bool] | None = None

    @property
    def rows(self) -> tuple[ValueT, ...]:
        """The rows in the order shown."""
        return self._rows

    def set_rows(self, rows: Sequence[ValueT]) -> None:
        """Show other rows; those beyond MAX_ROWS are left out (the caller says so)."""
        self.beginResetModel()
        self._given = tuple(rows[:MAX_ROWS])
        self._rows = self._ordered()
        self.endResetModel()

    def value_at(self, row: int) -> ValueT | None:
        """The value of a row, None beyond the end."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def key_at(self, row: int) -> Hashable:
        """What tells the row from others, None beyond the end."""
        value = self.value_at(row)
        return None if value is None else self._key_of(value)

    def row_of(self, key: Hashable) -> int | None:
        """Where the row with this key stands."""
        return next((number for number, value in enumerate(self._rows) if self._key_of(value) == key), None)

    def recolumn(self, columns: Sequence[ValueColumn[ValueT]]) -> None:
        """Other cells for the same columns (another time zone or currency)."""
        self.beginResetModel()
        self.columns = tuple(columns)
        self.endResetModel()

    def _ordered(self) -> tuple[ValueT, ...]:
        if self._sorted_by is None:
            return self._given
        column, descending = self._sorted_by
        order = self.columns[column].order
        return self._given if order is None else tuple(sorted(self._given, key=order, reverse=descending))

    # Qt overrides

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        value, column = self._rows[index.row()], self.columns[index.column()]
        match role:
            case Role.CELL:
                return column.cell(value)
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return column.cell(value).plain()
            case Role.RAW:
                return column.text(value)
            case Qt.ItemDataRole.ToolTipRole:
                return "" if column.whole is None else column.whole(value)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(right=column.right)
            case Role.LOADING | Role.ARCHIVED:
                return False
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        answers: dict[int, Any] = {
            Qt.ItemDataRole.DisplayRole: column.title,
            Qt.ItemDataRole.TextAlignmentRole: _alignment(right=column.right),
            HeaderRole.COLUMN_KEY: column.key,
            HeaderRole.FRACTION_DIGITS: column.fraction_digits,
            HeaderRole.UNIT_CHARS: column.unit_chars,
            HeaderRole.FIRST_WIDTH: max(column.width, len(column.title) + 3) * _CHAR_WIDTH + 16,
            HeaderRole.SORTABLE: column.order is not None,
        }
        return answers.get(role)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """-1 leaves the rows as they were given."""
        if not -1 <= column < len(self.columns) or (column >= 0 and self.columns[column].order is None):
            return
        wanted = None if column < 0 else (column, order is Qt.SortOrder.DescendingOrder)
        if wanted != self._sorted_by:
            self._sorted_by = wanted
            self.set_rows(self._given)


def _alignment(*, right: bool) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    return Qt.AlignmentFlag.AlignVCenter | side
