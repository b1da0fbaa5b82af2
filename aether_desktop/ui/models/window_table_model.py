"""A table model over the storage interface that holds only pages: ``data`` looks in the cache and never waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.queries import Count, Place, Row, RowWindow, Sort, TableQuery
from aether_desktop.ports.tables import TABLES, ColumnKind, ColumnSpec, TableSpec
from aether_desktop.ports.windows import WindowStore
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.ui.jobs import JobHandle, JobRunner
from aether_desktop.ui.models.formatting import FRACTION_DIGITS, CellFormatter
from aether_desktop.ui.models.page_cache import MAX_PAGES, PAGE_ROWS, PageCache
from aether_desktop.ui.models.page_loader import PageLoader
from aether_desktop.ui.models.refreshing import Answer, Refresh, first_page
from aether_desktop.ui.models.roles import HeaderRole, Role
from aether_desktop.ui.models.row_counter import RowCounter
from aether_desktop.ui.models.row_reading import made_of_rows

__all__ = ["MAX_FOLLOWED", "MAX_PAGES", "PAGE_ROWS", "WindowTableModel"]

MAX_FOLLOWED = 20
"""Rows whose new place a refresh asks for."""
_TOGETHER_MS = 100  # a refresh wanted while another is under way follows it after so long
_CHAR_WIDTH = 7  # logical pixels, for first column widths
_RIGHT = frozenset({ColumnKind.AMOUNT, ColumnKind.INTEGER, ColumnKind.NUMBER})
_FRACTIONS = {ColumnKind.AMOUNT: FRACTION_DIGITS, ColumnKind.NUMBER: 2}
_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
ResultT = TypeVar("ResultT")


class WindowTableModel(QAbstractTableModel):
    """Rows of one query. ``loading`` is true from a new question, or a change, until the rows on view are right.

    How many rows there are is found out beside that: ``rowCount`` settles, rows keep their place. Memory is bounded by
    MAX_PAGES pages of PAGE_ROWS rows, whatever the row count. GUI thread only.
    """

    loading_changed = Signal(bool)
    counted = Signal(object)
    """A Count: what is known by now."""
    count_changed = Signal(int)
    """The exact number of rows, each time it is known."""
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
        self._known = Count(0, exact=True)
        self._loading = False
        self._again = False
        self._pages = PageCache()
        self._opening: JobHandle[Answer] | None = None
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
        self._loader = PageLoader(windows, jobs, self._pages, self)
        self._loader.arrived.connect(self._on_page)
        self._loader.failed.connect(self._on_failed)
        self._counter = RowCounter(windows, jobs, self)
        self._counter.counted.connect(self._on_counted)
        self._counter.failed.connect(self._on_failed)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_TOGETHER_MS)
        self._soon.timeout.connect(partial(self._open, keep_place=True))

    @property
    def query(self) -> TableQuery:
        return self._query

    @property
    def loading(self) -> bool:
        return self._loading

    @property
    def known_count(self) -> Count:
        """How many rows there are, as far as that is known."""
        return self._known

    def set_query(self, query: TableQuery) -> None:
        """Ask another question; the old rows stay until the first page of the answer is here."""
        self._query = query
        self.query_changed.emit(query)
        self._open(keep_place=False)

    def refresh(self) -> None:
        """Ask the same question again and keep the place; what is wanted meanwhile is done together, later."""
        if self._opening is not None or self._soon.isActive():
            self._again = True
        else:
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

    def find_beginning(self, column: str, text: str, *, after: int | None, itself: bool) -> JobHandle[Place | None]:
        """The next row, and its number, whose text in a column begins so; see ``WindowStore.beginning``."""
        query, windows = self._query, self._windows
        return self._jobs.read(
            lambda token, _progress: windows.beginning(query, column, text, after=after, itself=itself, token=token)
        )

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
        self._loader.look_at(first, last)

    def row_at(self, row: int) -> Row | None:
        """The row if its page is here."""
        return self._pages.row_at(row)

    def row_of_id(self, row_id: int) -> int | None:
        """The row number of an id among the pages that are here."""
        return self._pages.number_of(row_id)

    def close(self) -> None:
        """Stop asking; the view is going away."""
        self._generation += 1
        self._soon.stop()
        self._counter.stop()
        self._loader.stop()
        if self._opening is not None:
            self._opening.cancel()

    def _open(self, *, keep_place: bool) -> None:
        self._generation += 1
        self._again = False
        self._soon.stop()
        self._loader.begin(self._query)
        if self._opening is not None:
            self._opening.cancel()
        if not keep_place:
            self._counter.stop()
        self._set_loading(True)
        self._opening = (
            self._jobs.read(self._refreshing() if keep_place else partial(first_page, self._windows, self._query))
            .on_success(partial(self._on_opened, self._generation, keep_place))
            .on_failure(partial(self._on_not_opened, self._generation))
        )

    def _refreshing(self) -> Callable[[CancelToken, Progress], Answer]:
        followed = list(self._followed())[:MAX_FOLLOWED]
        shown = {row_id: number for row_id in followed if (number := self.row_of_id(row_id)) is not None}
        quick = self._counter.quick
        return Refresh(self._windows, self._query, followed, shown, self._loader.visible, quick=quick).answer

    def _on_opened(self, generation: int, keep_place: bool, answer: Answer) -> None:
        if generation != self._generation:
            return
        self._opening = None
        count, windows, places = answer
        self._loader.begin(self._query)  # pages asked for meanwhile go by the numbers before
        rows = max(count.rows, *(window.start + len(window.rows) for window in windows if window.rows), 0)
        if rows > count.rows and not count.exact:  # not counted yet: those that are here are there
            count = count._replace(rows=rows, least=True)
        if keep_place:
            self.about_to_refresh.emit()
            self._resize(rows)
            self._pages.renew(windows)
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(rows - 1, self.columnCount() - 1))
            self.refreshed.emit(places)
        else:
            self.beginResetModel()
            self._count = rows
            self._pages.renew(windows)
            self.endResetModel()
        if self._again:
            self._again = False
            self._soon.start()
        else:
            self._set_loading(not all(window.whole for window in windows))
        self._announce(count)
        for window in windows:
            self.rows_arrived.emit(window.start, window.start + len(window.rows))
        if not count.exact and not keep_place:
            self._counter.count(self._query)
        elif not count.exact or not self._pages.exact:
            self._counter.count_again(self._query)

    def _on_counted(self, count: Count) -> None:
        if self._opening is not None:
            return  # it brings a count itself
        if count.exact and not self._pages.exact:
            self._known = count
            self.refresh()
            return
        if count.exact or count.rows > self._count:
            self._resize(count.rows)
        self._announce(count)

    def _announce(self, count: Count) -> None:
        self._known = count
        self._loader.tell_count(count)
        self.counted.emit(count)
        if count.exact:
            self.count_changed.emit(count.rows)

    def _resize(self, count: int) -> None:
        if count > self._count:
            self.beginInsertRows(_NO_PARENT, self._count, count - 1)
            self._count = count
            self.endInsertRows()
        elif count < self._count:
            self.beginRemoveRows(_NO_PARENT, count, self._count - 1)
            self._count = count
            self.endRemoveRows()

    def _on_page(self, window: RowWindow) -> None:
        if window.rows:
            last = min(window.start + len(window.rows), self._count) - 1
            if last >= window.start:
                self.dataChanged.emit(self.index(window.start, 0), self.index(last, self.columnCount() - 1))
        self.rows_arrived.emit(window.start, window.start + len(window.rows))
        if not window.exact and self._known.exact:
            self._counter.count_again(self._query)

    def _on_not_opened(self, generation: int, error: BaseException) -> None:
        if generation == self._generation:
            self._on_failed(error)

    def _on_failed(self, error: BaseException) -> None:
        self._loader.stop()  # a new question or a refresh may ask again
        self._counter.stop()
        self._opening, self._again = None, False
        self._set_loading(False)
        self.failed.emit(error)

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
            self._loader.want(index.row() // PAGE_ROWS)
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
