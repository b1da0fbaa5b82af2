"""Keeps the cursor, the selection and the place on the screen with their rows when newer rows come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QObject
from PySide6.QtWidgets import QTableView

from aether_desktop.ui.models.window_table_model import MAX_FOLLOWED, WindowTableModel

_FLAG = QItemSelectionModel.SelectionFlag
_PLACES = 3  # rows any of which keeps the place on view
_SELECTED = MAX_FOLLOWED - _PLACES - 1


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
    """The state before: rows (ids and numbers) of which the first still there keeps its place on view; the cursor's id,
    row number and column; the selection; the first row on view."""

    on_view: list[tuple[int, int]]
    current: int | None
    number: int
    column: int
    selected: list[int]
    everything: bool
    top: int


class SelectionKeeper(QObject):
    """Follows what is on view, the cursor's row and up to 16 selected ones by id; "all rows" stays all rows.

    GUI thread only.
    """

    def __init__(self, view: QTableView, model: WindowTableModel) -> None:
        super().__init__(view)
        self._view, self._model = view, model
        self._kept: _Kept | None = None
        model.follow(self._followed)
        model.about_to_refresh.connect(self._on_about_to_refresh)
        model.refreshed.connect(self._on_refreshed)

    def _followed(self) -> list[int]:
        current = self._current_id()
        ids = [row_id for row_id, _number in self._on_view()]
        ids += self._selected_ids() if current is None else [current, *self._selected_ids()]
        return list(dict.fromkeys(ids))

    def _on_view(self) -> list[tuple[int, int]]:
        """Ids and numbers of rows to keep the place by: the cursor's where it is on view, and some from the top on."""
        top = max(self._view.rowAt(0), 0)
        last = self._view.rowAt(self._view.viewport().height() - 1)
        end = last if last >= 0 else self._model.rowCount() - 1
        current = self._view.currentIndex().row()
        numbers = [current] if top <= current <= end else []
        numbers += [number for number in range(top, min(end + 1, top + _PLACES)) if number != current]
        found = ((self._model.row_at(number), number) for number in numbers[:_PLACES])
        return [(row.id, number) for row, number in found if row is not None]

    def _current_id(self) -> int | None:
        row = self._model.row_at(self._view.currentIndex().row())
        return None if row is None else row.id

    def _selected_ids(self) -> list[int]:
        numbers, _total = selected_row_numbers(self._view.selectionModel(), _SELECTED)
        return [row.id for row in map(self._model.row_at, numbers) if row is not None]

    def _on_about_to_refresh(self) -> None:
        index = self._view.currentIndex()
        _numbers, total = selected_row_numbers(self._view.selectionModel(), 0)
        self._kept = _Kept(
            on_view=self._on_view(),
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
            self._view.verticalScrollBar().setValue(kept.top + self._moved(kept, places))

    def _moved(self, kept: _Kept, places: Mapping[int, int]) -> int:
        """By how many rows what is on view has moved."""
        for row_id, number in kept.on_view:
            place = self._place(places, row_id)
            if place is not None:
                return place - number
        return 0

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
