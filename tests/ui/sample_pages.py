"""A page like the program's own, over a small model in memory: for tests of the shell and of cell painting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from aether_desktop.ui import object_names
from aether_desktop.ui.models.cells import (
    MINUS,
    AddressCell,
    AmountCell,
    Cell,
    NumberCell,
    Sign,
    StatusCell,
    TagsCell,
    TextCell,
    TimeCell,
    Tone,
)
from aether_desktop.ui.models.roles import HeaderRole, Role
from aether_desktop.ui.shell.sections import PageCommand, Section
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.buttons import plain_button
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.details_list import DetailEntry, DetailsList
from aether_desktop.ui.widgets.empty_state import EmptyState
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.grid_style import dress_grid
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.page_header import PageHeader
from aether_desktop.ui.widgets.search_field import SearchField

DISPLAY = int(Qt.ItemDataRole.DisplayRole)
HEADS = ("Time (UTC)", "Wallet", "Counterparty", "Amount", "Status", "Fee", "Tags", "Label")
WIDTHS = (124, 78, 204, 160, 138, 136, 120, 150)
HOSTILE = "<b>Bold</b> \u202egnp"
_UP, _DOWN, _NONE = Sign.PLUS, Sign.MINUS, Sign.NONE
_PENDING = StatusCell("Pending 4/12", Tone.INFO, "waiting")
_FAILED = StatusCell("Failed", Tone.BAD)
_ALIKE = StatusCell("Look-alike", Tone.WARN)
_ORPHANED = StatusCell("Orphaned", Tone.WARN, "fork")


def sample_rows() -> list[tuple[Cell, ...]]:
    """Rows with every kind of cell and every state, hostile names among them."""
    done = StatusCell("Confirmed", Tone.OK)
    base = [
        _row("24 Nov 14:02:11 Treasury", ("Node operator 7", "91c2"), ("1", "25", "ATC", _DOWN), done, "Hosting"),
        _row("24 Nov 13:58:40 Treasury", ("", "39c0"), ("12", "", "FTC", _DOWN), _PENDING, ""),
        _row("24 Nov 11:20:02 Cold", ("Treasury", "53f3"), ("48", "5", "ATC", _UP), done, "Refill"),
        _row("23 Nov 22:07:55 Treasury", ("", "90c2"), ("0", "", "ATC", _UP), _ALIKE, "Dust"),
        _row("23 Nov 19:44:18 Treasury", ("Grants", "aa04"), ("300", "", "ATC", _DOWN), done, "Grant 2026, second"),
        _row("23 Nov 18:01:30 Treasury", ("", "4bdc"), ("4", "56", "ATC", _DOWN), _FAILED, "Out of gas"),
        _row("22 Nov 09:12:03 Ops", ("Exchange", "77d1"), ("2,019", "33", "USDC", _UP), done, ""),
        _row("21 Nov 17:35:48 Treasury", ("Oracle contract", "d81d"), ("0", "", "ATC", _DOWN), _ORPHANED, "vote(14)"),
        _row("20 Nov 09:06:46 Treasury", (HOSTILE, "39c0"), ("15", "497227", "FTC", _UP), _PENDING, "Smith & Sons"),
        _row("19 Nov 00:25:35 Cold", ("", "91c2"), ("115,792,089,237", "584007", "LONGTOKEN", _NONE), done, ""),
        _row("18 Nov 07:33:34 Treasury", ("Node operator 7", "91c2"), ("0", "000000", "ATC", _UP), done, ""),
    ]
    return base * 3


def _row(
    when: str, other: tuple[str, str], amount: tuple[str, str, str, Sign], status: StatusCell, label: str
) -> tuple[Cell, ...]:
    time, wallet = when.rsplit(" ", 1)
    integer, fraction, unit, sign = amount
    fee = NumberCell("0", "000441", "ATC") if sign is Sign.MINUS else TextCell("")
    return (
        TimeCell(time),
        TextCell(wallet),
        AddressCell(other[0], f"0x7a3fdec1416803a39d50760c697fb26f4c53{other[1]}"),
        AmountCell(integer, fraction, unit, sign, truncated=fraction == "000000"),
        status,
        fee,
        TagsCell(("rent", "2026", "shared")) if label else TagsCell(()),
        TextCell(label),
    )


class SampleModel(QAbstractTableModel):
    """Answers what the real models answer. Row 3 of any longer table is on its way, row 4 is archived."""

    def __init__(self, rows: Sequence[tuple[Cell, ...]], *, heads: Sequence[str] = HEADS) -> None:
        super().__init__()
        self._rows = rows
        self._heads = heads
        self.loading_rows = frozenset[int]()
        self.archived_rows = frozenset[int]()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._heads)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = DISPLAY) -> Any:
        row, cell = index.row(), self._rows[index.row()][index.column()]
        if role == Role.CELL:
            return None if row in self.loading_rows else cell
        if role == DISPLAY:
            return cell.plain()
        if role == Role.ARCHIVED:
            return row in self.archived_rows
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == DISPLAY:
            return self._heads[section]
        if role == HeaderRole.FRACTION_DIGITS and self._heads[section] in ("Amount", "Fee"):
            return 6
        if role == HeaderRole.UNIT_CHARS and self._heads[section] in ("Amount", "Fee"):
            return 4
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return right if role == Qt.ItemDataRole.TextAlignmentRole and self._heads[section] == "Amount" else None


class SamplePage(QWidget):
    """Header, filter, grid and details, put together as the views do."""

    def __init__(self, theme: Theme, *, rows: Sequence[tuple[Cell, ...]] | None = None) -> None:
        super().__init__()
        self.commands: list[PageCommand] = []
        header = PageHeader(theme, "Transactions")
        header.set_facts("10,482,113 rows in 7 wallets")
        for icon, name, part in (
            ("import", "Import", object_names.import_name),
            ("export", "Export", object_names.export_name),
            ("columns", "Columns", object_names.columns_name),
            ("bookmark", "Saved views", object_names.bookmark_name),
            ("details_pane", "Details", object_names.details_toggle_name),
        ):
            header.add_action(icon, name, object_name=part("transactions"))
        header.set_primary("Add transaction", object_name=object_names.add_name("transactions"))
        self.search = SearchField(theme, name="Filter transactions", placeholder="amount>1 status:pending rent")
        bar = QHBoxLayout()
        bar.setSpacing(Space.M)
        bar.addWidget(self.search, 1)
        for text in ("Filters \u00b7 3", "This year"):
            bar.addWidget(plain_button(theme, text))
        self.grid = QTableView()
        self.grid.setObjectName(object_names.grid_name("transactions"))
        self.grid.setAccessibleName("Transactions")
        self.model = SampleModel(sample_rows() if rows is None else rows)
        self.grid.setModel(self.model)
        self.grid.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.grid.setTabKeyNavigation(False)
        dress_grid(self.grid, theme)
        for column, width in enumerate(WIDTHS):
            self.grid.setColumnWidth(column, width)
        divided = QSplitter()
        divided.setHandleWidth(Space.M)
        divided.setChildrenCollapsible(False)
        divided.addWidget(self.grid)
        divided.addWidget(self._details(theme))
        divided.setStretchFactor(0, 1)
        divided.setSizes([800, Size.DETAILS_WIDTH])
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(Space.M)
        self.column.addWidget(header)
        self.column.addLayout(bar)
        self.column.addWidget(divided, 1)
        self.setFocusProxy(self.grid)

    def run_page_command(self, command: PageCommand) -> bool:
        self.commands.append(command)
        return True

    def place_message_bar(self, bar: QWidget) -> None:
        self.column.insertWidget(2, bar)

    @staticmethod
    def _details(theme: Theme) -> QWidget:
        card = Card(theme)
        card.setMinimumWidth(Size.DETAILS_MIN)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(text_label(theme, "Sent, waiting for 8 more blocks", kind="dim", wrap=True))
        column.addWidget(text_label(theme, f"{MINUS}12 FTC", size=FontSize.HERO, bold=True))
        facts = DetailsList(theme)
        facts.set_entries(
            [
                DetailEntry("To", "0x673f0dec1416803a39d50760c697fb26f4c539b0", mono=True),
                DetailEntry("From", "Treasury", copy=""),
                DetailEntry("Hash", "0xc0ef7789377d16670ddea1b2c3d4e5f63571843c7e0025502d3456bc0ef77893", mono=True),
                DetailEntry("Block", "4,344,952 \u00b7 2 min ago", copy="4344952"),
                DetailEntry("Fee", "0.000536361000000000 ATC"),
            ]
        )
        column.addWidget(facts)
        column.addWidget(FormField(theme, "Label", QLineEdit()))
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setAccessibleName("Details")
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        card.body.addWidget(scroll)
        return card


class EmptyPage(QWidget):
    """A page with nothing in it yet."""

    def __init__(self, theme: Theme, title: str, icon: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(PageHeader(theme, title))
        state = EmptyState(
            theme,
            icon=icon,
            sentence=f"{title} that you add or import are listed here.",
            button=f"Add to {title.lower()}",
            more="They also come with a history you import, or from a shared database.",
        )
        column.addWidget(state, 1)


def sample_sections(theme: Theme, *, made: list[str] | None = None) -> list[Section]:
    """All sections; every page notes in ``made`` that it was made."""
    noted: list[str] = [] if made is None else made

    def page(key: str, title: str) -> QWidget:
        noted.append(key)
        return SamplePage(theme) if key == "transactions" else EmptyPage(theme, title, key)

    titles = {key: key.replace("_", " ").title() for key in object_names.SECTIONS}
    apart = ("people", "audit", "modules", "settings")
    return [
        Section(key, title, key, partial(page, key, title), group=int(key in apart)) for key, title in titles.items()
    ]


class MemoryState:
    """A state store in memory."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def get(self, key: str, default: object = None) -> Any:
        return self.values.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self.values[key] = value
