"""All rows of a filter, selected as the question they answer, however many there are and whichever are here.

On the screen they are one range of the selection, which costs nothing; what is done with them asks the question anew.
"""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QObject, QTimer, Signal
from PySide6.QtWidgets import QTableView

from aether_desktop.ports.queries import TableQuery
from aether_desktop.ui.models.window_table_model import WindowTableModel
from aether_desktop.ui.views.selection_keeper import selected_row_numbers

_FLAG = QItemSelectionModel.SelectionFlag


class AllRows(QObject):
    """Of one grid: it outlives scrolling, sorting and arriving rows, and ends with its filter. GUI thread only."""

    changed = Signal()
    """They were selected, or not any more; the selection on the screen may be as it was."""
    dropped = Signal(str)
    """It ended with the filter; a sentence that says so."""

    def __init__(self, view: QTableView, model: WindowTableModel) -> None:
        super().__init__(view)
        self._view, self._model = view, model
        self._query: TableQuery | None = None
        self._doubt = QTimer(self)  # rows that go take their part of the selection with them, before they are gone
        self._doubt.setSingleShot(True)
        self._doubt.setInterval(0)
        self._doubt.timeout.connect(self._on_doubt)
        model.query_changed.connect(self._on_query_changed)
        model.modelReset.connect(self.show)
        model.rowsInserted.connect(self.show)
        model.rowsRemoved.connect(self.show)
        model.refreshed.connect(self.show)
        view.selectionModel().selectionChanged.connect(self._on_selection_changed)

    @property
    def held(self) -> bool:
        """Whether they are selected, also while the rows themselves are being exchanged."""
        return self._query is not None

    @property
    def query(self) -> TableQuery | None:
        """The question whose rows are selected; None where single rows are, or none."""
        return self._query if self._query is not None and self._selected() == self._model.rowCount() else None

    def choose(self) -> None:
        """Select them."""
        if self._model.rowCount():
            self._query = self._model.query
            self.show()
            self.changed.emit()

    def clear(self) -> None:
        """Nothing is selected any more; the cursor stays."""
        self._query = None
        self._view.selectionModel().clearSelection()
        self.changed.emit()

    def show(self) -> None:
        """Where they are selected: those that are there now."""
        model = self._model
        if self._query is None or not model.rowCount():
            return
        end = model.index(model.rowCount() - 1, model.columnCount() - 1)
        self._view.selectionModel().select(QItemSelection(model.index(0, 0), end), _FLAG.ClearAndSelect)
        if not self._view.currentIndex().isValid():
            self._view.selectionModel().setCurrentIndex(model.index(0, 0), _FLAG.NoUpdate)

    def _selected(self) -> int:
        _numbers, total = selected_row_numbers(self._view.selectionModel(), 0)
        return total

    def _on_selection_changed(self) -> None:
        if self._query is None or self._selected() == self._model.rowCount():
            return
        ranges = self._view.selectionModel().selection()
        if ranges.size() == 1 and ranges.at(0).top() == 0:
            self._doubt.start()
        else:
            self._query = None

    def _on_doubt(self) -> None:
        if self._query is not None and self._selected() != self._model.rowCount():
            self._query = None

    def _on_query_changed(self, query: TableQuery) -> None:
        if self._query is None:
            return
        if (query.terms, query.archived, query.within) == (
            self._query.terms,
            self._query.archived,
            self._query.within,
        ):
            self._query = query  # another order of the same rows
        else:
            self.clear()
            self.dropped.emit("All rows were selected; with another filter none are.")
