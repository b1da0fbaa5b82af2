"""A table model over the storage interface that holds only pages: ``data`` looks in the cache and never waits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.queries import Row, RowWindow, Sort, TableQuery
from aether_desktop.ports.storage import WindowStore
from aether_desktop.ports.tables import TABLES, ColumnKind, ColumnSpec, TableSpec
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.ui.jobs import JobHandle, JobRunner
from aether_desktop.ui.models.formatting import FRACTION_DIGITS, CellFormatter
from aether_desktop.ui.models.roles import HeaderRole, Role
from aether_desktop.ui.models.row_reading import made_of_rows

PAGE_ROWS = 128
MAX_PAGES = 64
_MAX_REQUESTS = 4
_MAX_VISIBLE = 2 * PAGE_ROWS  # rows; no screen shows more
MAX_FOLLOWED = 16
"""Rows whose new place a refresh asks for."""
_CHAR_WIDTH = 7  # logical pixels, for first column widths
_RIGHT = frozenset({ColumnKind.AMOUNT, ColumnKind.INTEGER, ColumnKind.NUMBER})
_FRACTIONS = {ColumnKind.AMOUNT: FRACTION_DIGITS, ColumnKind.NUMBER: 2}
_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
ResultT = TypeVar("ResultT")


class _Answer(NamedTuple):
    """The first page of a question; ``places`` says where followed rows are now."""

    total: int
    window: RowWindow
    places: Mapping[int, int]


class WindowTableModel(QAbstractTableModel):
    """Rows of one query. ``loading`` is true from a new question until its first page is here.

    Memory is bounded by MAX_PAGES pages of PAGE_ROWS rows, whatever the row count. GUI thread only.
    """

    loading_changed = Signal(bool)
    count_changed = Signal(int)
    query_changed = Signal(object)
    failed = Signal(object)
    rows_arrived = Signal(int, int)
    about_to_refresh = Signal()
    """The rows are about to be exchanged for newer ones of the same question."""
    refreshed = Signal(object)
    """Where followed rows are now: a mapping from id to row number, without those that are gone."""

    def __init__(
        self,
        table: TableName,
        *,
        windows: WindowStore,
        jobs: JobRunner,
        formatter: CellFormatter | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.spec: TableSpec = TABLES[table]
        self._windows = windows
        self._jobs = jobs
        self._formatter = formatter or CellFormatter(self.spec)
        self._query = TableQuery(table)
        self._generation = 0
        self._count = 0
        self._loading = False
        self._pages: OrderedDict[int, tuple[Row, ...]] = OrderedDict()
        self._opening: JobHandle[_Answer] | None = None
        self._requests: dict[int, JobHandle[RowWindow]] = {}
        self._wanted: list[int] = []
        self._visible = (0, 0)
        self._refused = False
        self._followed: Callable[[], Sequence[int]] = tuple
        self._readers: dict[int, Callable[[Row, int], Any]] = {
            Qt.ItemDataRole.DisplayRole: lambda row, column: self._formatter.cell(row, column).plain(),
            Qt.ItemDataRole.AccessibleTextRole: lambda row, column: self._formatter.cell(row, column).plain(),
            Qt.ItemDataRole.ToolTipRole: self._formatter.whole,
            Qt.ItemDataRole.TextAlignmentRole: lambda _row, column: _alignment(self.spec.columns[column].kind),
            Role.CELL: self._formatter.cell,
            Role.RAW: self._formatter.raw,
            Role.ROW_ID: lambda row, _column: row.id,
            Role.ROW_VERSION: lambda row, _column: row.version,
            Role.ARCHIVED: lambda row, _column: row.archived,
            Role.LOADING: lambda _row, _column: False,
            Role.ERROR: lambda _row, _column: "",
        }
        self._headers = [_header(column, self._formatter.zone_name) for column in self.spec.columns]
        self._flush = QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(0)
        self._flush.timeout.connect(self._on_flush)

    @property
    def query(self) -> TableQuery:
        return self._query

    @property
    def loading(self) -> bool:
        return self._loading

    def set_query(self, query: TableQuery) -> None:
        """Ask another question; the old rows stay until the first page of the answer is here."""
        self._query = query
        self.query_changed.emit(query)
        self._open(keep_place=False)

    def refresh(self) -> None:
        """Ask the same question again and keep the place."""
        self._open(keep_place=True)

    def follow(self, ids: Callable[[], Sequence[int]]) -> None:
        """``ids`` says which rows a refresh looks for, the one that keeps the place first; at most 16 are asked for."""
        self._followed = ids

    def read_rows(self, numbers: Sequence[int], *, title: str = "") -> JobHandle[list[Row]]:
        """Rows by number, in this order, whether their pages are here or not.

        The job fails with RowsChangedError when what is stored is no longer what is shown.
        """
        return self.make_of_rows(numbers, list, title=title)

    def make_of_rows(
        self, numbers: Sequence[int], make: Callable[[list[Row]], ResultT], *, title: str = ""
    ) -> JobHandle[ResultT]:
        """What ``make`` makes of these rows, on the read lane; rows whose pages are not all here are read there first.

        The job fails with RowsChangedError when what is stored is no longer what is shown.
        """
        query, windows = self._query, self._windows
        here = [(number, row) for number in numbers if (row := self.row_at(number)) is not None]
        if len(here) == len(numbers):
            return self._jobs.read(lambda _token, _progress: make([row for _number, row in here]), title=title)
        known = {number: row.id for number, row in here}

        def work(token: CancelToken, progress: Progress) -> ResultT:
            return made_of_rows(
                numbers, make, windows=windows, query=query, known=known, token=token, progress=progress
            )

        return self._jobs.read(work, title=title)

    def apply_changes(self, changes: ChangeSet) -> None:
        """Refresh when the change touches what is shown (a wallet's name shows in the transactions too)."""
        related = {TableName.TRANSACTIONS: {TableName.WALLETS}, TableName.PAYMENTS: {TableName.WALLETS}}
        mine = {self._query.table} | related.get(self._query.table, set())
        if changes.annotations or mine & changes.tables or (changes.foreign and not changes.tables):
            self.refresh()

    def reformat(self) -> None:
        """Show the same rows anew: the visible zone is another one."""
        self._headers = [_header(column, self._formatter.zone_name) for column in self.spec.columns]
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._headers) - 1)
        if self._count:
            self.dataChanged.emit(self.index(0, 0), self.index(self._count - 1, self.columnCount() - 1))

    def set_visible_rows(self, first: int, last: int) -> None:
        """The view says what it shows, so that pages nobody looks at any more are cancelled."""
        first = max(first, 0)
        self._visible = (first, min(max(last, first), first + _MAX_VISIBLE))

    def row_at(self, row: int) -> Row | None:
        """The row if its page is here."""
        page = self._pages.get(row // PAGE_ROWS)
        offset = row % PAGE_ROWS
        return page[offset] if page is not None and offset < len(page) else None

    def row_of_id(self, row_id: int) -> int | None:
        """The row number of an id among the pages that are here."""
        for number, page in self._pages.items():
            for offset, row in enumerate(page):
                if row.id == row_id:
                    return number * PAGE_ROWS + offset
        return None

    def close(self) -> None:
        """Stop asking; the view is going away."""
        self._generation += 1
        self._flush.stop()
        self._cancel_requests()
        if self._opening is not None:
            self._opening.cancel()

    def _open(self, *, keep_place: bool) -> None:
        self._generation += 1
        self._refused = False
        generation, query, windows = self._generation, self._query, self._windows
        visible = self._visible if keep_place else (0, 0)
        followed = list(self._followed())[:MAX_FOLLOWED] if keep_place else []
        before = self.row_of_id(followed[0]) if followed else None
        self._cancel_requests()
        if self._opening is not None:
            self._opening.cancel()

        def work(token: CancelToken, _progress: Progress) -> _Answer:
            count = windows.count(query, token=token)
            places = {row_id: windows.position(query, row_id, token=token) for row_id in followed}
            here = {row_id: place for row_id, place in places.items() if place is not None}
            moved = here[followed[0]] - before if before is not None and followed[0] in here else 0
            start, stop = _pages_around(visible[0] + moved, visible[1] + moved, count)
            return _Answer(count, windows.window(query, start, stop, token=token), here)

        self._set_loading(True)
        self._opening = (
            self._jobs.read(work)
            .on_success(partial(self._on_opened, generation, keep_place))
            .on_failure(partial(self._on_failed, generation))
        )

    def _on_opened(self, generation: int, keep_place: bool, answer: _Answer) -> None:
        if generation != self._generation:
            return
        self._opening = None
        count, window, places = answer
        pages = {
            (window.start + at) // PAGE_ROWS: window.rows[at : at + PAGE_ROWS]
            for at in range(0, len(window.rows), PAGE_ROWS)
        }
        if keep_place:
            self.about_to_refresh.emit()
            self._resize(count)
            self._pages = OrderedDict(pages)
            if count:
                self.dataChanged.emit(self.index(0, 0), self.index(count - 1, self.columnCount() - 1))
            self.refreshed.emit(places)
        else:
            self.beginResetModel()
            self._count, self._pages = count, OrderedDict(pages)
            self.endResetModel()
        self._set_loading(False)
        self.count_changed.emit(count)
        self.rows_arrived.emit(window.start, window.start + len(window.rows))

    def _resize(self, count: int) -> None:
        if count > self._count:
            self.beginInsertRows(_NO_PARENT, self._count, count - 1)
            self._count = count
            self.endInsertRows()
        elif count < self._count:
            self.beginRemoveRows(_NO_PARENT, count, self._count - 1)
            self._count = count
            self.endRemoveRows()

    def _want(self, page: int) -> None:
        if not self._refused and page not in self._requests and page not in self._wanted:
            self._wanted.append(page)
            if not self._flush.isActive():
                self._flush.start()

    def _on_flush(self) -> None:
        first, last = self._visible[0] // PAGE_ROWS - 1, self._visible[1] // PAGE_ROWS + 1
        for page, handle in list(self._requests.items()):
            if not first <= page <= last:
                handle.cancel()
                del self._requests[page]
        while self._wanted and len(self._requests) < _MAX_REQUESTS:
            self._request(self._wanted.pop())
        self._wanted.clear()

    def _request(self, page: int) -> None:
        generation, query, windows = self._generation, self._query, self._windows
        start = page * PAGE_ROWS
        self._requests[page] = (
            self._jobs.read(lambda token, _progress: windows.window(query, start, start + PAGE_ROWS, token=token))
            .on_success(partial(self._on_page, generation, page))
            .on_failure(partial(self._on_failed, generation))
        )

    def _on_page(self, generation: int, page: int, window: RowWindow) -> None:
        if generation != self._generation:
            return
        self._requests.pop(page, None)
        self._pages[page] = window.rows
        self._pages.move_to_end(page)
        while len(self._pages) > MAX_PAGES:
            self._pages.popitem(last=False)
        if window.rows:
            last = min(window.start + len(window.rows), self._count) - 1
            if last >= window.start:
                self.dataChanged.emit(self.index(window.start, 0), self.index(last, self.columnCount() - 1))
        self.rows_arrived.emit(window.start, window.start + len(window.rows))

    def _on_failed(self, generation: int, error: BaseException) -> None:
        if generation == self._generation:
            self._cancel_requests()
            self._opening = None
            self._refused = True  # every repaint would ask again and fail again; a new question or a refresh may
            self._set_loading(False)
            self.failed.emit(error)

    def _cancel_requests(self) -> None:
        for handle in self._requests.values():
            handle.cancel()
        self._requests.clear()
        self._wanted.clear()

    def _set_loading(self, loading: bool) -> None:
        if loading != self._loading:
            self._loading = loading
            self.loading_changed.emit(loading)

    # Qt overrides

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.spec.columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.row_at(index.row())
        if row is None:
            self._want(index.row() // PAGE_ROWS)
            return True if role == Role.LOADING else None
        read = self._readers.get(role)
        return None if read is None else read(row, index.column())

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        horizontal = orientation is Qt.Orientation.Horizontal
        return self._headers[section].get(role) if horizontal and 0 <= section < len(self._headers) else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if not 0 <= column < len(self.spec.columns) or not self.spec.columns[column].sortable:
            return
        wanted = (Sort(self.spec.columns[column].key, descending=order is Qt.SortOrder.DescendingOrder),)
        if wanted != self._query.sort:
            self.set_query(replace(self._query, sort=wanted))


def _header(column: ColumnSpec, zone: str) -> dict[int, Any]:
    """Answers by role; Qt asks hundreds of times while it builds a view."""
    return {
        Qt.ItemDataRole.DisplayRole: f"{column.title} ({zone})" if column.kind is ColumnKind.TIME else column.title,
        Qt.ItemDataRole.TextAlignmentRole: _alignment(column.kind),
        HeaderRole.COLUMN_KEY: column.key,
        HeaderRole.FRACTION_DIGITS: _FRACTIONS.get(column.kind, 0),
        HeaderRole.UNIT_CHARS: 5 if column.kind is ColumnKind.AMOUNT else 0,
        HeaderRole.FIRST_WIDTH: max(column.width, len(column.title) + 3) * _CHAR_WIDTH + 16,
        HeaderRole.SORTABLE: column.sortable,
    }


def _alignment(kind: ColumnKind) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignVCenter | (
        Qt.AlignmentFlag.AlignRight if kind in _RIGHT else Qt.AlignmentFlag.AlignLeft
    )


def _pages_around(first: int, last: int, count: int) -> tuple[int, int]:
    """Start and stop of the whole pages that hold these rows, or the last ones that exist."""
    end = max(count - 1, 0)
    start = min(max(first, 0), end) // PAGE_ROWS * PAGE_ROWS
    return start, (min(max(last, first, 0), end) // PAGE_ROWS + 1) * PAGE_ROWS
