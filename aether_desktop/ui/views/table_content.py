"""What stands in the middle of a table's page: the grid, the words of an empty table, or those of an empty answer."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from aether_desktop.domain.records import TableName
from aether_desktop.ui.object_names import empty_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.empty_state import EmptyState


@dataclass(frozen=True, slots=True)
class TablePageWords:
    """What an empty page says, its icon and the names in the navigation."""

    section: str
    icon: str
    sentence: str
    button: str
    more: str = ""


class TableContent(QStackedWidget):
    """``begun`` and ``unfiltered`` when the button of the empty table, of the empty answer, was pressed. GUI thread."""

    begun = Signal()
    unfiltered = Signal()

    def __init__(self, grid: QWidget, table: TableName, theme: Theme, words: TablePageWords) -> None:
        super().__init__()
        self._grid, self._table, self._theme, self._words = grid, table, theme, words
        self._empty: EmptyState | None = None
        self._nothing: EmptyState | None = None
        self.addWidget(grid)

    @property
    def empty(self) -> EmptyState:
        """What stands in the grid's place while the table is empty; made when first wanted."""
        if self._empty is None:
            words = self._words
            self._empty = EmptyState(
                self._theme,
                icon=words.icon,
                sentence=words.sentence,
                button=words.button,
                more=words.more,
                object_name=empty_name(self._table),
            )
            self._empty.started.connect(self.begun)
            self.addWidget(self._empty)
        return self._empty

    @property
    def nothing(self) -> EmptyState:
        """What stands in the grid's place while the filter matches nothing; made when first wanted."""
        if self._nothing is None:
            self._nothing = EmptyState(
                self._theme, icon="search", sentence="Nothing matches this filter.", button="Clear the filter"
            )
            self._nothing.started.connect(self.unfiltered)
            self.addWidget(self._nothing)
        return self._nothing

    def show_for(self, count: int, *, filtered: bool) -> None:
        """Show what fits a table, or an answer, of so many rows."""
        self.setCurrentWidget(self._grid if count else self.nothing if filtered else self.empty)
