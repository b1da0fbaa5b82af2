"""A page of a few rows that are all here: header, grid, details at the right; read on the read lane, kept fresh."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QMenu, QStackedWidget, QVBoxLayout, QWidget

from aether_desktop.domain.text import plain_line
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.look import compact_rows
from aether_desktop.ui.models.value_table_model import MAX_ROWS, ValueTableModel
from aether_desktop.ui.object_names import columns_name, page_name
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.views.column_layout import SortedColumnLayout
from aether_desktop.ui.views.page_splitter import PageSplitter
from aether_desktop.ui.widgets.details_list import DetailEntry, DetailsList
from aether_desktop.ui.widgets.grid_style import dress_grid
from aether_desktop.ui.widgets.labels import breakable, text_label
from aether_desktop.ui.widgets.page_header import PageHeader
from aether_desktop.ui.widgets.pop_up_menu import pop_up_under
from aether_desktop.ui.widgets.scrolling import scrolling
from aether_desktop.ui.widgets.value_grid import ValueGrid

AnswerT = TypeVar("AnswerT")

_TITLE = 200


class SidePanel(QFrame):
    """What stands at the right: a title, facts, and below them what the page adds to ``body``. GUI thread only."""

    def __init__(self, context: UiContext, *, name: str, object_name: str, nothing: str) -> None:
        super().__init__()
        theme = context.theme
        self.setObjectName(object_name)
        self.setProperty("kind", "card")
        self.setMinimumWidth(Size.DETAILS_MIN)
        self._headline = text_label(theme, kind="dim", wrap=True)
        self._title = text_label(theme, size=FontSize.HEADING, bold=True, wrap=True)
        self.facts = DetailsList(theme)
        self.facts.copied.connect(lambda _text: context.messages.info("Copied."))
        self._nothing = text_label(theme, nothing, kind="dim", wrap=True)
        self._ground = QWidget()
        self.body = QVBoxLayout(self._ground)
        self.body.setContentsMargins(0, 0, Space.S, 0)
        self.body.setSpacing(Space.M)
        for widget in (self._headline, self._title, self.facts):
            self.body.addWidget(widget)
        self._scroll = scrolling(self._ground, name=name, tabbed=True)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(Space.L, Space.M, Space.S, Space.M)
        outer.addWidget(self._nothing, 0, Qt.AlignmentFlag.AlignTop)
        outer.addWidget(self._scroll, 1)
        self.show_nothing()

    def show_nothing(self) -> None:
        """Say what the panel is for."""
        self._nothing.show()
        self._scroll.hide()

    def show_facts(self, headline: str, title: str, entries: Sequence[DetailEntry]) -> None:
        """Show one row whole."""
        self._headline.setText(headline)
        self._title.setText(breakable(plain_line(title, _TITLE)))
        self.facts.set_entries(entries)
        self._nothing.hide()
        self._scroll.show()

    def show_end(self) -> None:
        """Scroll to what was opened last, when the layout knows its place."""
        bar = self._scroll.verticalScrollBar()
        QTimer.singleShot(0, bar, lambda: bar.setValue(bar.maximum()))


class ValuePage(QWidget):
    """Whoever fills it answers ``rows_wanted`` by ``read``. ``loading`` while rows are on their way. GUI thread."""

    loading_changed = Signal(bool)
    rows_wanted = Signal()
    """It is seen for the first time, or what it shows may be old."""

    def __init__(
        self,
        section: str,
        context: UiContext,
        *,
        title: str,
        grid: ValueGrid,
        side: SidePanel,
        empty: QWidget,
        toggle_name: str,
        concerns: Callable[[ChangeSet], bool],
        keeps_columns: bool = False,
    ) -> None:
        """``concerns``: whether these changes may touch what is shown.

        ``keeps_columns``: they can be chosen, ordered, sized and frozen, and are kept with the sort.
        """
        super().__init__()
        self.setObjectName(page_name(section))
        self.context, self.grid, self.side = context, grid, side
        self.header = PageHeader(context.theme, title)
        self._section, self._concerns = section, concerns
        self._layout: SortedColumnLayout | None = None
        self._started = False
        self._wanted: object = None
        self._asked = self._answered = 0
        if keeps_columns:
            self._keep_columns()
        details = self.header.add_action("details_pane", "Details", object_name=toggle_name)
        details.clicked.connect(self.toggle_details)
        self._content = QStackedWidget()
        self._content.addWidget(grid)
        self._content.addWidget(empty)
        self._splitter = PageSplitter(self._content, side, context.settings, kept_as=section)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(Space.M)
        self._column.addWidget(self.header)
        self._column.addWidget(self._splitter, 1)
        self._on_look_changed()
        context.navigator.look_changed.connect(self._on_look_changed)

    @property
    def model(self) -> ValueTableModel[Any]:
        """The model of the grid."""
        return self.grid.value_model

    @property
    def loading(self) -> bool:
        """Whether rows are on their way."""
        return self._asked != self._answered

    def add_notice(self, text: str, *, object_name: str) -> None:
        """A line under the title that always stands there."""
        notice = text_label(self.context.theme, text, kind="dim", wrap=True)
        notice.setObjectName(object_name)
        self._column.insertWidget(1, notice)

    def save_columns(self) -> None:
        """Keep now what waits to be kept."""
        if self._layout is not None:
            self._layout.save()

    def show_rows(self, rows: Sequence[Any], *, noun: str, plural: str = "", more: str = "") -> None:
        """Fill the grid; ``more`` ends the line of facts."""
        self.model.set_rows(rows)
        self._content.setCurrentIndex(0 if rows else 1)
        facts = f"{len(rows):,} {noun if len(rows) == 1 else plural or noun + 's'}"
        if len(rows) > MAX_ROWS:
            facts = f"the latest {MAX_ROWS:,} of {facts}"
        self.header.set_facts(f"{facts}{more}")
        if self._wanted is not None and self.grid.select_key(self._wanted):
            self._wanted = None
        elif rows and not self.grid.currentIndex().isValid():
            self.grid.selectRow(0)

    def open_part(self, part: str) -> None:
        """Choose the row with this key (a number, or a text), now or as soon as it is read."""
        self._wanted = int(part) if part.isdecimal() else part
        if self.grid.select_key(self._wanted):
            self._wanted = None

    def start(self) -> None:
        """Ask for the rows; called when the page is first shown."""
        if not self._started:
            self.refresh()

    def refresh(self) -> None:
        """Read again."""
        self._started = True
        self.rows_wanted.emit()

    def read(self, work: Callable[[], AnswerT], show: Callable[[AnswerT], None]) -> None:
        """Run ``work`` on the read lane, then ``show``, which calls ``show_rows``; of several the last one counts."""
        self._asked += 1
        asked = self._asked
        if self._asked - self._answered == 1:
            self.loading_changed.emit(True)
        job = self.context.jobs.read(lambda _token, _progress: work())
        job.on_success(partial(self._on_read, asked, show)).on_failure(partial(self._on_failed, asked))

    def apply_changes(self, changes: ChangeSet) -> None:
        """Other rows may have come, from here or elsewhere."""
        if self._started and self._concerns(changes):
            self.refresh()

    def toggle_details(self) -> None:
        """Open or close the panel at the right; it keeps its width."""
        self._splitter.toggle_side()

    def run_page_command(self, command: PageCommand) -> bool:
        """The keyboard map; False when this page has no such thing."""
        actions: dict[PageCommand, Callable[[], None]] = {
            PageCommand.DETAILS: self.toggle_details,
            PageCommand.REFRESH: self.refresh,
        }
        if command not in actions:
            return False
        actions[command]()
        return True

    def place_message_bar(self, bar: QWidget) -> None:
        """Messages stand above the grid."""
        self._column.insertWidget(self._column.indexOf(self._splitter), bar)

    def _on_read(self, asked: int, show: Callable[[AnswerT], None], answer: AnswerT) -> None:
        if asked == self._asked:
            self._answered = asked
            show(answer)
            self.loading_changed.emit(False)

    def _on_failed(self, asked: int, error: BaseException) -> None:
        if asked == self._asked:
            self._answered = asked
            self.loading_changed.emit(False)
        self.context.messages.report(error)

    def _keep_columns(self) -> None:
        self._layout = SortedColumnLayout(self.grid, self.context.settings, name=self._section)
        button = self.header.add_action("columns", "Choose columns", object_name=columns_name(self._section))
        button.clicked.connect(lambda: self._on_columns(button))

    def _on_columns(self, button: QWidget) -> None:
        index = self.grid.currentIndex()
        menu = QMenu(self)
        if self._layout is not None:
            self._layout.fill_menu(menu, self.model.columns[index.column()].key if index.isValid() else "")
        pop_up_under(menu, button)

    def _on_look_changed(self) -> None:
        dress_grid(self.grid, self.context.theme, compact=compact_rows(self.context.settings))
        self.grid.viewport().update()

    # Qt overrides

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self.start)
