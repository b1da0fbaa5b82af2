"""Keeps the cursor, the selection and the place on the screen with their rows when newer rows come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QObject
from PySide6.QtWidgets import QTableView

from aether_desktop.ui.models.window_table_model import MAX_FOLLOWED, WindowTableModel

_FLAG = QItemSelectionModel.SelectionFlag


def selected_row_numbers(selection: QItemSelectionModel, limit: int) -> tuple[list[int], int]:
    """Up to ``limit`` selected row numbers in order, and how many are selected altogether."""
    chosen = selection.selection()
    ranges = sorted((chosen.at(i).top(), chosen.at(i).bottom()) for i in range(chosen.size()))
    numbers: list[int] = []
    total, last = 0, -1
    for top, bottom in ranges:
        start = max(top, last + 1)
        total += max(bottom - start + 1, 0)
        numbers.extend(range(start, min(bottom + 1, start + max(limit - len(numbers), 0))))
        last = max(last, bottom)
    return numbers, total


class _Kept(NamedTuple):
    """The state before: ids of rows that are here, row number and column of the cursor, first row on view."""

    current: int | None
    number: int
    column: int
    selected: list[int]
    everything: bool
    top: int


class SelectionKeeper(QObject):
    """Follows the cursor's row and up to 16 selected ones by id; "all rows" stays all rows. GUI thread only."""

    def __init__(self, view: QTableView, model: WindowTableModel) -> None:
        super().__init__(view)
        self._view, self._model = view, model
        self._kept: _Kept | None = None
        model.follow(self._followed)
        model.about_to_refresh.connect(self._on_about_to_refresh)
        model.refreshed.connect(self._on_refreshed)

    def _followed(self) -> list[int]:
        current, selected = self._current_id(), self._selected_ids()
        return selected if current is None else [current, *(row_id for row_id in selected if row_id != current)]

    def _current_id(self) -> int | None:
        row = self._model.row_at(self._view.currentIndex().row())
        return None if row is None else row.id

    def _selected_ids(self) -> list[int]:
        numbers, _total = selected_row_numbers(self._view.selectionModel(), MAX_FOLLOWED)
        return [row.id for row in map(self._model.row_at, numbers) if row is not None]

    def _on_about_to_refresh(self) -> None:
        index = self._view.currentIndex()
        _numbers, total = selected_row_numbers(self._view.selectionModel(), 0)
        self._kept = _Kept(
            current=self._current_id(),
            number=index.row(),
            column=max(index.column(), 0),
            selected=self._selected_ids(),
            everything=1 < total == self._model.rowCount(),
            top=self._view.verticalScrollBar().value(),
        )

    def _on_refreshed(self, places: Mapping[int, int]) -> None:
        kept, self._kept = self._kept, None
        count = self._model.rowCount()
        if kept is None or not count:
            return
        place = None if kept.current is None else self._place(places, kept.current)
        number = min(kept.number, count - 1) if place is None else place
        selection = self._view.selectionModel()
        scrolls = self._view.hasAutoScroll()
        self._view.setAutoScroll(False)  # a cursor out of sight must not pull the view to it
        if number >= 0:
            selection.setCurrentIndex(self._model.index(number, kept.column), _FLAG.NoUpdate)
        self._view.setAutoScroll(scrolls)
        selection.select(self._chosen(kept, places, number), _FLAG.ClearAndSelect)
        if kept.top > 0:  # at the top newer rows are shown as they come
            self._view.verticalScrollBar().setValue(kept.top + number - kept.number)

    def _chosen(self, kept: _Kept, places: Mapping[int, int], number: int) -> QItemSelection:
        """The selection now; where the only selected row is gone, the row in its place."""
        if kept.everything:
            return self._rows(0, self._model.rowCount() - 1)
        numbers = [at for row_id in kept.selected if (at := self._place(places, row_id)) is not None]
        chosen = QItemSelection()
        for at in numbers or ([number] if kept.selected else []):
            chosen.merge(self._rows(at, at), _FLAG.Select)
        return chosen

    def _rows(self, first: int, last: int) -> QItemSelection:
        return QItemSelection(self._model.index(first, 0), self._model.index(last, self._model.columnCount() - 1))

    def _place(self, places: Mapping[int, int], row_id: int) -> int | None:
        return places[row_id] if row_id in places else self._model.row_of_id(row_id)
