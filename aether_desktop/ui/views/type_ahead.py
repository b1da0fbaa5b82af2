"""Typed letters look for the next row whose text in the cursor's column begins with them.

Qt would ask the model for every row there is, in the GUI thread. Here the database is asked, by the index of the
column, on the read lane; where no index can say how a column's text begins (amounts, times, notes), the rows that are
here around the cursor are looked at, and no others.
"""

from __future__ import annotations

import time
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QTableView

from aether_desktop.domain.text import plain_line
from aether_desktop.ports.queries import Place
from aether_desktop.ports.tables import found_by_beginning
from aether_desktop.ui.jobs import JobHandle
from aether_desktop.ui.models.window_table_model import WindowTableModel

_LOOKED_AT = 1_000  # rows that are here, from the cursor on: some milliseconds
_SHOWN = 40  # characters of what was typed


class TypeAhead(QObject):
    """Of one grid. GUI thread only."""

    missed = Signal(str)
    """A sentence: nothing begins so."""
    failed = Signal(object)

    def __init__(self, view: QTableView, model: WindowTableModel) -> None:
        super().__init__(view)
        self._view, self._model = view, model
        self._typed = ""
        self._since = 0.0
        self._job: JobHandle[Place | None] | None = None
        self._going: tuple[int, int] | None = None  # a row that counting has not reached yet, and the column
        model.query_changed.connect(self.stop)
        model.counted.connect(self._on_counted)

    @property
    def going_on(self) -> bool:
        """Whether a letter typed now belongs to those before."""
        return bool(self._typed) and time.monotonic() - self._since < QApplication.keyboardInputInterval() / 1000

    @property
    def asking(self) -> bool:
        """Whether the database has not answered yet."""
        return self._job is not None

    def type(self, text: str) -> None:
        """Another letter, or several."""
        typed = self._typed + text if self.going_on else text
        self._typed, self._since = typed, time.monotonic()
        again = len(set(typed)) == 1  # the same letter twice goes to the next such row
        wanted = typed[:1] if again else typed
        current = self._view.currentIndex()
        column = current.column() if current.isValid() else self._first_column()
        if column < 0 or not wanted.strip():
            return
        self._drop()
        if found_by_beginning(self._model.spec.columns[column]):
            self._ask(wanted, current.row(), column, itself=not again and len(typed) > 1)
        else:
            self._look(wanted, current.row(), column, itself=not again and len(typed) > 1)

    def stop(self) -> None:
        """Forget what was typed; the question is cancelled, in the engine, too."""
        self._typed = ""
        self._drop()

    # -- inside ----------------------------------------------------------------------------------------------

    def _first_column(self) -> int:
        header = self._view.horizontalHeader()
        shown = (header.logicalIndex(at) for at in range(header.count()))
        return next((section for section in shown if not header.isSectionHidden(section)), -1)

    def _drop(self) -> None:
        self._going = None
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _ask(self, wanted: str, number: int, column: int, *, itself: bool) -> None:
        row = self._model.row_at(number)
        key = self._model.spec.columns[column].key
        job = self._model.find_beginning(key, wanted, after=None if row is None else row.id, itself=itself)
        self._job = job
        job.on_success(partial(self._on_found, job, wanted, column)).on_failure(partial(self._on_failed, job))

    def _on_found(self, job: JobHandle[Place | None], wanted: str, column: int, place: Place | None) -> None:
        if job is not self._job:
            return
        self._job = None
        if place is None:
            self._miss(wanted, column, "")
        else:
            self._go(place.number, column)

    def _on_failed(self, job: JobHandle[Place | None], error: BaseException) -> None:
        if job is self._job:
            self._job = None
            self.failed.emit(error)

    def _go(self, number: int, column: int) -> None:
        if number < self._model.rowCount():
            self._view.setCurrentIndex(self._model.index(number, column))
        elif not self._model.known_count.exact:
            self._going = number, column

    def _on_counted(self) -> None:
        if self._going is not None and self._going[0] < self._model.rowCount():
            (number, column), self._going = self._going, None
            self._go(number, column)

    def _look(self, wanted: str, number: int, column: int, *, itself: bool) -> None:
        """Only at rows that are here."""
        begun, start = wanted.casefold(), max(number, 0)
        for at in range(start if itself or number < 0 else start + 1, min(start + _LOOKED_AT, self._model.rowCount())):
            if self._model.row_at(at) is None:
                break
            if str(self._model.index(at, column).data() or "").casefold().startswith(begun):
                self._go(at, column)
                return
        self._miss(wanted, column, " in the rows at hand; a filter looks at all")

    def _miss(self, wanted: str, column: int, where: str) -> None:
        title = self._model.spec.columns[column].title
        self.missed.emit(f"Nothing in {title} begins with “{plain_line(wanted, _SHOWN)}”{where}.")
