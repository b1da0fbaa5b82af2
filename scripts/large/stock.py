"""The others: Qt's stock QSqlTableModel on the unencrypted copy, and a model that loads every row into Python.

usage: python -m scripts.large.stock QUESTIONS.json sql|everything|empty

Both get what is best for them: the vault named in the filter, so that the copy's indexes serve the order. Sorting and
filtering happen in the GUI thread, as they do in programs built this way.
"""

from __future__ import annotations

import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtSql import QSqlDatabase, QSqlTableModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow, QTableView

from scripts.gui_session import application, settle
from scripts.large.places import Place, plain_connection
from scripts.large.questions import Match
from scripts.large.watching import PAGES, Painted, Probe

_COLUMNS: Final = (
    *("occurred_at", "wallet_id", "counterparty", "direction", "amount", "currency_id", "status", "fee", "kind", "leg"),
    *("method", "tx_hash", "from_address", "to_address", "block_number", "amount_rank", "id"),
)
_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
_BYTES_PER_ROW: Final = 1_100  # of QSqlTableModel once it was at the end (facts: 9.7 GB at 10 M)


class Contestant(ABC):
    """A model and how it is asked."""

    model: QAbstractItemModel
    hash_column: int

    @abstractmethod
    def load(self) -> None:
        """The first order."""

    @abstractmethod
    def sort(self, column: str, *, descending: bool) -> None: ...

    @abstractmethod
    def filter(self, matches: Sequence[Match]) -> None:
        """None: take the filter away."""

    def to_the_end(self) -> bool:
        """Whether every row can be reached now."""
        while self.model.canFetchMore(_NO_PARENT):
            self.model.fetchMore(_NO_PARENT)
        return True

    def hashes(self, first: int, count: int) -> list[Any]:
        stop = min(first + count, self.model.rowCount())
        return [self.model.index(row, self.hash_column).data() for row in range(first, stop)]


class SqlContestant(Contestant):
    """QSqlTableModel over QSQLITE."""

    def __init__(self, place: dict[str, Any], vault_id: int) -> None:
        self._scope = f"vault_id = {vault_id} AND archived_at IS NULL"
        self._rows = int(place["rows"])
        self._database = QSqlDatabase.addDatabase("QSQLITE")
        self._database.setConnectOptions("QSQLITE_OPEN_READONLY")
        self._database.setDatabaseName(place["plain"])
        if not self._database.open():
            raise RuntimeError(self._database.lastError().text())
        self._table = QSqlTableModel(db=self._database)
        self.model = self._table

    def load(self) -> None:
        self._table.setTable("transactions")
        self.hash_column = self._table.fieldIndex("tx_hash")
        self._table.setFilter(self._scope)
        self._table.setSort(self._table.fieldIndex("occurred_at"), Qt.SortOrder.DescendingOrder)
        if not self._table.select():
            raise RuntimeError(self._table.lastError().text())

    def sort(self, column: str, *, descending: bool) -> None:
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self._table.sort(self._table.fieldIndex(column), order)  # selects anew

    def filter(self, matches: Sequence[Match]) -> None:
        self._table.setFilter(" AND ".join([self._scope, *(match.sql() for match in matches)]))  # selects anew

    def to_the_end(self) -> bool:
        if self._rows * _BYTES_PER_ROW * 1.3 > _free_memory():
            return False
        return super().to_the_end()


class EverythingModel(QAbstractTableModel):
    """All rows as tuples in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[Any, ...]] = []

    def show_rows(self, rows: list[tuple[Any, ...]]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    # Qt overrides

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(_COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or not index.isValid():
            return None
        value = self.rows[index.row()][index.column()]
        return str(int.from_bytes(value[1:])) if isinstance(value, bytes) else str(value)


class EverythingContestant(Contestant):
    """Loaded by one SELECT; sorted and filtered by Python."""

    hash_column = _COLUMNS.index("tx_hash")

    def __init__(self, place: dict[str, Any], vault_id: int) -> None:
        self._place, self._vault_id = Place(**place), vault_id
        self._all: list[tuple[Any, ...]] = []
        self._table = EverythingModel()
        self.model = self._table

    def load(self) -> None:
        connection = plain_connection(self._place)
        self._all = connection.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM transactions"  # noqa: S608 - our names
            f" WHERE vault_id = {self._vault_id} AND archived_at IS NULL ORDER BY occurred_at DESC, id DESC"
        ).fetchall()
        connection.close()
        self._table.show_rows(self._all)

    def sort(self, column: str, *, descending: bool) -> None:
        key = itemgetter(*(_COLUMNS.index(name) for name in dict.fromkeys((column, "occurred_at", "id"))))
        self._table.show_rows(sorted(self._table.rows, key=key, reverse=descending))

    def filter(self, matches: Sequence[Match]) -> None:
        self._table.show_rows([row for row in self._all if all(_holds(row, match) for match in matches)])


class Session:
    """What ``window.Session`` does, with a plain table view."""

    def __init__(self, contestant: Contestant, view: QTableView, questions: dict[str, Any], probe: Probe) -> None:
        self._contestant, self._view, self._questions, self._probe = contestant, view, questions, probe
        self._painted = Painted(view)

    def run(self) -> None:
        questions, probe = self._questions, self._probe
        probe.idle()
        self._timed("first rows", self._load, questions["first"])
        probe.gaps("gap while opening", "first rows")
        if self._end():
            self._home()
            self._jumps()
            probe.gaps("gap while jumping", "jump")
            self._page_down()
            probe.gaps("gap while paging", "page down")
        probe.scroll(self._view)
        self._type_ahead()
        for descending in (False, True, False, True):
            right = questions["by_amount_backward" if descending else "by_amount"]
            self._timed("sort", partial(self._contestant.sort, "amount_rank", descending=descending), right)
        probe.gaps("gap while sorting", "sort")
        self._contestant.sort("occurred_at", descending=True)
        for name, listed in (
            ("filter", questions["filters"]),
            ("filters combined", questions["combinations"]),
            ("hash fragment", [questions["fragment"]]),
            ("address fragment", [questions["address_fragment"]]),
        ):
            for asked in listed:
                matches = [Match(*each) for each in asked["matches"]]
                done = self._timed(name, partial(self._contestant.filter, matches), asked["right"])
                probe.measures.setdefault("filters", {})[asked["name"]] = done
                probe.watch.step = "rest"
                self._contestant.filter([])

    def _load(self) -> None:
        self._contestant.load()
        self._view.setModel(self._contestant.model)

    def _end(self) -> bool:
        began = self._begin("end")
        if not self._contestant.to_the_end():
            self._probe.measures["not run"] = "the end, and jumps: there is not enough memory"
            return False
        self._view.scrollToBottom()
        last, count = self._questions["last"], self._questions["rows"]
        self._until("end", lambda: self._contestant.hashes(count - len(last), len(last)) == last, began)
        return True

    def _home(self) -> None:
        began = self._begin("home")
        self._view.scrollToTop()
        first = self._questions["first"]
        self._until("home", lambda: self._contestant.hashes(0, len(first)) == first, began)

    def _page_down(self) -> None:
        self._view.setFocus()
        self._view.setCurrentIndex(self._contestant.model.index(self._contestant.model.rowCount() // 5, 0))
        for _ in range(PAGES):
            began = self._begin("page down")
            QTest.keyClick(self._view, Qt.Key.Key_PageDown)
            self._until("page down", partial(self._is_there, self._view.currentIndex().row()), began)

    def _jumps(self) -> None:
        bar = self._view.verticalScrollBar()
        for number, tx_hash in self._questions["jumps"]:
            began = self._begin("jump")
            bar.setValue(number)
            self._until("jump", partial(self._is_at, number, tx_hash), began)

    def _is_there(self, row: int) -> bool:
        return None not in self._contestant.hashes(row, 1)

    def _is_at(self, row: int, tx_hash: str) -> bool:
        return self._contestant.hashes(row, 1) == [tx_hash]

    def _type_ahead(self) -> None:
        self._view.setFocus()
        self._begin("type ahead")
        for letter in "restored":
            QTest.keyClicks(self._view, letter)
            settle(40)
        self._probe.gaps("gap while typing ahead", "type ahead")

    def _timed(self, name: str, work: Callable[[], object], right: Sequence[str]) -> float | None:
        self._probe.watch.step = "rest"
        settle(50)
        began = self._begin(name)
        work()
        self._view.scrollToTop()
        return self._until(name, lambda: self._contestant.hashes(0, len(right)) == list(right), began)

    def _begin(self, step: str) -> float:
        self._probe.watch.step = step
        return time.perf_counter()

    def _until(self, name: str, condition: Callable[[], bool], began: float) -> float | None:
        done = self._painted.wait(condition, began)
        self._probe.note(name, done)
        if done is None:
            self._probe.wrong.append(name)
        return done


def _holds(row: tuple[Any, ...], match: Match) -> bool:
    value = row[_COLUMNS.index(match.column)]
    if match.way == "in":
        return value in match.values
    if match.way == "between":
        return bool(match.values[0] <= value < match.values[1])
    return match.values[0] in value


def _free_memory() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise LookupError("MemAvailable")


def main() -> int:
    told, kind = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), sys.argv[2]
    application()
    probe = Probe()
    window, view = QMainWindow(), QTableView()
    window.setCentralWidget(view)
    window.resize(1400, 900)
    window.show()
    settle(300)
    if kind == "empty":
        probe.idle()
        probe.watch.step = "open the view"
        settle(1_000)
    else:
        made = SqlContestant if kind == "sql" else EverythingContestant
        Session(made(told["place"], told["questions"]["vault_id"]), view, told["questions"], probe).run()
    print(json.dumps(probe.finish()))
    view.setModel(None)
    window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
