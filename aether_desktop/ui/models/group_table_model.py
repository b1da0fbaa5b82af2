"""A table model over the groups of the ledger that holds only pages of them; ``data`` never waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.groups import Group, GroupPage, GroupQuery, GroupStore, GroupTotals
from aether_desktop.ports.queries import Count, GroupBy, GroupKey
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.grouping import group_text
from aether_desktop.ui.jobs import JobHandle, JobRunner
from aether_desktop.ui.models.cells import ELLIPSIS, Cell
from aether_desktop.ui.models.formatting import FRACTION_DIGITS
from aether_desktop.ui.models.group_cells import (
    COLUMNS,
    GROUP_TITLES,
    TITLES,
    group_cell,
    group_name,
    total_cell,
    total_text,
    whole_text,
)
from aether_desktop.ui.models.group_pages import GroupPages
from aether_desktop.ui.models.group_totals_loader import GroupTotalsLoader
from aether_desktop.ui.models.page_cache import PAGE_ROWS
from aether_desktop.ui.models.roles import HeaderRole, Role

__all__ = ["GroupTableModel"]

_FIRST: Final = 48  # groups that are on view at once
_COUNTED_AT_ONCE: Final = 1024  # of one step of counting
_MAX_REQUESTS: Final = 4
_AGAIN_MS: Final = 250
_FIRST_WIDTHS: Final = {"group": 170, "rows": 80}
_WIDTH: Final = 212
_UNIT_CHARS: Final = 7  # "ATC +2"
_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()


class GroupTableModel(QAbstractTableModel):
    """``loading`` is true from a new question until its first groups are here; counting them goes on beside.

    Totals are fetched for the rows that the view says are visible. GUI thread only.
    """

    loading_changed = Signal(bool)
    counted = Signal(object)
    """A Count of groups: what is known by now."""
    totals_changed = Signal()
    failed = Signal(object)

    def __init__(self, groups: GroupStore, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._groups, self._jobs = groups, jobs
        self._asked: GroupQuery | None = None
        self._generation = 0
        self._loading = self._again = False
        self._here = GroupPages()
        self._coming: GroupPages | None = None  # the same list, counted anew after a change
        self._shown = 0
        self._counting: JobHandle[GroupPage] | None = None
        self._requests: dict[int, JobHandle[GroupPage]] = {}
        self._visible = (0, -1)
        self._totals = GroupTotalsLoader(groups, jobs, self)
        self._totals.arrived.connect(self._on_totals)
        self._totals.failed.connect(self._on_failed)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_AGAIN_MS)
        self._soon.timeout.connect(self.refresh)
        self._readers: dict[int, Callable[[Group, str], Any]] = {
            Qt.ItemDataRole.DisplayRole: self._text,
            Qt.ItemDataRole.AccessibleTextRole: self._text,
            Qt.ItemDataRole.ToolTipRole: lambda group, column: whole_text(group, self.totals_of(group), column),
            Qt.ItemDataRole.TextAlignmentRole: lambda _group, column: _alignment(column),
            Role.CELL: self._cell,
            Role.RAW: self._raw,
            Role.LOADING: lambda _group, _column: False,
            Role.ARCHIVED: lambda _group, _column: False,
            Role.ERROR: lambda _group, _column: "",
        }

    @property
    def asked(self) -> GroupQuery | None:
        """The question on view."""
        return self._asked

    @property
    def loading(self) -> bool:
        return self._loading

    @property
    def busy(self) -> bool:
        """Whether anything is on its way: groups, their number or their totals."""
        return self._loading or self._counting is not None or bool(self._requests) or self._totals.busy

    @property
    def known_count(self) -> Count:
        """How many groups there are, as far as that is known."""
        return Count(self._here.count, exact=self._here.complete, least=not self._here.complete)

    def ask(self, asked: GroupQuery) -> None:
        """Other groups; the old ones stay until the first are here."""
        self._stop()
        self._asked, self._coming = asked, None
        self._totals.begin(asked)
        self._set_loading(True)
        self._count(GroupPages(), _FIRST)

    def refresh(self) -> None:
        """The same groups as they are now. What is shown stays until that is known."""
        if self._asked is None:
            return
        if self._loading or self._coming is not None:
            self._again = True
            return
        self._stop()
        self._totals.renew(self._asked)
        self._coming = GroupPages()
        self._count(self._coming, _COUNTED_AT_ONCE)

    def apply_changes(self, changes: ChangeSet) -> None:
        """Refresh when the change may touch what is shown."""
        mine = {TableName.TRANSACTIONS, TableName.WALLETS}
        if changes.annotations or mine & changes.tables or (changes.foreign and not changes.tables):
            self.refresh()

    def close(self) -> None:
        """Stop asking: the view is going away, or shows something else."""
        self._stop()
        self._totals.stop()
        self._asked = None
        self._set_loading(False)

    def group_at(self, row: int) -> Group | None:
        """The group if its page is here."""
        return self._here.at(row)

    def totals_of(self, group: Group) -> GroupTotals | None:
        """What is known of its rows."""
        return self._totals.of(group.key)

    def row_of(self, key: GroupKey) -> int | None:
        """The row of a group among the pages that are here."""
        return self._here.number_of(key)

    def read_texts(self, numbers: Sequence[int], columns: Sequence[str]) -> JobHandle[list[list[str]]]:
        """The exact texts of these rows, whether they are here or not: what is not known is added up by the job."""
        asked, store = self._asked, self._groups
        here = {row: group for row in numbers if (group := self._here.at(row)) is not None}
        known = {group.key: totals for group in here.values() if (totals := self.totals_of(group)) and totals.whole}
        pages = sorted({row // PAGE_ROWS for row in numbers if row not in here})
        places = {page: self._here.place_of(page) for page in pages}

        def work(token: CancelToken, _progress: Progress) -> list[list[str]]:
            if asked is None:
                return []
            groups = dict(here)
            for page, after in places.items():
                found = store.page(asked, after=after, limit=PAGE_ROWS, token=token).groups
                groups.update({page * PAGE_ROWS + offset: group for offset, group in enumerate(found)})
            chosen = [groups[row] for row in numbers if row in groups]
            added = store.totals(asked, [group for group in chosen if group.key not in known], token=token)
            totals = {**known, **added}
            return [[raw_of(group, totals.get(group.key), column) for column in columns] for group in chosen]

        return self._jobs.read(work, title="Copy groups" if len(known) < len(numbers) else "")

    def set_visible_rows(self, first: int, last: int) -> None:
        """The view says what it shows: totals are wanted for these."""
        self._visible = (max(first, 0), min(last, max(first, 0) + 2 * PAGE_ROWS))
        self._look()

    # -- asking ----------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        self._generation += 1
        self._again = False
        self._soon.stop()
        for job in [*self._requests.values(), *([] if self._counting is None else [self._counting])]:
            job.cancel()
        self._requests.clear()
        self._counting = self._coming = None

    def _count(self, pages: GroupPages, most: int) -> None:
        asked, store, after = self._asked, self._groups, pages.last
        if asked is None:
            return
        self._counting = (
            self._jobs.read(lambda token, _progress: store.page(asked, after=after, limit=most, token=token))
            .on_success(partial(self._on_counted, self._generation, pages))
            .on_failure(partial(self._on_not_read, self._generation))
        )

    def _on_counted(self, generation: int, pages: GroupPages, page: GroupPage) -> None:
        if generation != self._generation:
            return
        self._counting = None
        pages.grow(page)
        if pages is self._coming:
            if pages.complete:
                self._exchange(pages)
        elif pages is not self._here:
            self._begin(pages)
        else:
            self._resize(pages.count)
        if not pages.complete:
            self._count(pages, _COUNTED_AT_ONCE)
        if pages is self._here:
            self.counted.emit(self.known_count)
            self._look()

    def _begin(self, pages: GroupPages) -> None:
        self.beginResetModel()
        self._here, self._shown = pages, pages.count
        self.endResetModel()
        self._set_loading(False)

    def _exchange(self, pages: GroupPages) -> None:
        """What was counted anew takes the place of what is shown."""
        self._coming = None
        self._requests.clear()  # of places in the list before
        if pages.like(self._here):
            self._here = pages
            self._tell(self._visible[0], min(self._visible[1], self._shown - 1))
        else:
            self._begin(pages)
        if self._again:
            self._again = False
            self._soon.start()

    def _resize(self, count: int) -> None:
        if count > self._shown:
            self.beginInsertRows(_NO_PARENT, self._shown, count - 1)
            self._shown = count
            self.endInsertRows()

    def _want(self, page: int) -> None:
        asked, store = self._asked, self._groups
        if asked is None or self._loading or page in self._requests or len(self._requests) >= _MAX_REQUESTS:
            return
        pages, after = self._here, self._here.place_of(page)
        self._requests[page] = (
            self._jobs.read(lambda token, _progress: store.page(asked, after=after, limit=PAGE_ROWS, token=token))
            .on_success(partial(self._on_page, self._generation, pages, page))
            .on_failure(partial(self._on_not_read, self._generation))
        )

    def _on_page(self, generation: int, pages: GroupPages, page: int, answer: GroupPage) -> None:
        if generation != self._generation or pages is not self._here:
            return
        self._requests.pop(page, None)
        self._here.put(page, answer.groups)
        first = page * PAGE_ROWS
        self._tell(first, min(first + PAGE_ROWS, self._shown) - 1)
        self._look()

    def _look(self) -> None:
        rows = range(self._visible[0], min(self._visible[1] + 1, self._shown))
        self._totals.look_at([group for row in rows if (group := self._here.at(row)) is not None])

    def _on_totals(self) -> None:
        self._tell(self._visible[0], min(self._visible[1], self._shown - 1))
        self.totals_changed.emit()

    def _tell(self, first: int, last: int) -> None:
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(COLUMNS) - 1))

    def _on_not_read(self, generation: int, error: BaseException) -> None:
        if generation == self._generation:
            self._on_failed(error)

    def _on_failed(self, error: BaseException) -> None:
        self._stop()
        self._totals.stop()
        self._set_loading(False)
        self.failed.emit(error)

    def _set_loading(self, loading: bool) -> None:
        if loading != self._loading:
            self._loading = loading
            self.loading_changed.emit(loading)

    # -- answers ---------------------------------------------------------------------------------------------

    def _cell(self, group: Group, column: str) -> Cell | None:
        if column == "group":
            return group_cell(group)
        totals = self.totals_of(group)
        return None if totals is None else total_cell(totals, column)

    def _text(self, group: Group, column: str) -> str:
        if column == "group":
            return group_name(group)
        text = whole_text(group, self.totals_of(group), column).replace("\n", ", ")
        cell = self._cell(group, column)
        return ELLIPSIS if cell is None else text or cell.plain()

    def _raw(self, group: Group, column: str) -> str:
        return raw_of(group, self.totals_of(group), column)

    # Qt overrides

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else self._shown

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        group = self._here.at(index.row())
        if group is None:
            self._want(index.row() // PAGE_ROWS)
            return True if role == Role.LOADING else None
        read = self._readers.get(role)
        return None if read is None else read(group, COLUMNS[index.column()])

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        key = COLUMNS[section]
        by = GroupBy.DAY if self._asked is None else self._asked.by
        money = key not in ("group", "rows")
        answers: dict[int, Any] = {
            Qt.ItemDataRole.DisplayRole: TITLES.get(key, GROUP_TITLES[by]),
            Qt.ItemDataRole.TextAlignmentRole: _alignment(key),
            HeaderRole.COLUMN_KEY: key,
            HeaderRole.FRACTION_DIGITS: FRACTION_DIGITS if money else 0,
            HeaderRole.UNIT_CHARS: _UNIT_CHARS if money else 0,
            HeaderRole.FIRST_WIDTH: _FIRST_WIDTHS.get(key, _WIDTH),
            HeaderRole.SORTABLE: key == "group",
        }
        return answers.get(role)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Only by the group itself: to order by a total every row would have to be read."""
        if column == 0 and self._asked is not None:
            descending = order is Qt.SortOrder.DescendingOrder
            if descending != self._asked.descending:
                self.ask(replace(self._asked, descending=descending))


def raw_of(group: Group, totals: GroupTotals | None, column: str) -> str:
    """The exact text for copying; empty while it is not known."""
    if column == "group":
        return group_text(group)
    return "" if totals is None else total_text(totals, column) or ""


def _alignment(column: str) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == "group" else Qt.AlignmentFlag.AlignRight
    return Qt.AlignmentFlag.AlignVCenter | side
