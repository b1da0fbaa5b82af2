"""The main window: navigation, pages made when first opened, one message bar, status bar, what floats above them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from aether_desktop.ui import object_names
from aether_desktop.ui.shell.keyboard import ACTIVITY_KEY, NUMBERED_SECTIONS, PAGE_KEYS, PALETTE_KEY, SHORTCUTS_KEY
from aether_desktop.ui.shell.navigation import Navigation
from aether_desktop.ui.shell.page_stack import PageStack
from aether_desktop.ui.shell.sections import CommandablePage, MessagePlace, PageCommand, Section
from aether_desktop.ui.shell.status_bar import StatusBar
from aether_desktop.ui.shell.window_commands import WindowCommands
from aether_desktop.ui.shell.window_state import StateStore, WindowState
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.turns import next_turn
from aether_desktop.ui.widgets.job_list import JobList

if TYPE_CHECKING:
    from aether_desktop.ui.widgets.message_bar import MessageBar

_NARROW_BELOW = 960  # logical pixels of window width: below, the navigation shows icons alone
_ROOMY_FROM = 560  # of height: below, margins shrink
_UNSEEN_MS = 500  # a window that nobody sees is never painted; work that waits for the paint starts then


class MainWindow(QMainWindow):
    """The window of one vault or server. Pages know nothing of it; it reaches them through ``Section``.

    GUI thread only. ``section_changed`` follows the navigation; ``closing`` comes before the window goes.
    """

    first_painted = Signal()
    """Once, when the window is on screen: whatever is slow to load starts here, not before."""
    section_changed = Signal(str)
    closing = Signal()
    files_dropped = Signal(object)
    """(list of Path) Files from this computer were let go over the window, where no page takes them itself."""

    def __init__(self, theme: Theme, state: StateStore, *, title: str = "Aether") -> None:
        super().__init__()
        self._theme = theme
        self._state = WindowState(state)
        self._messages: MessageBar | None = None
        self.hold_closing: Callable[[], bool] | None = None  # whether closing is held
        self.stay: Callable[[], bool] | None = None  # asked before: whether it is no closing at all
        self._painted = False
        self._alone = self._silent = False
        self._numbered: list[QShortcut] = []
        self._section = self._going_to = ""
        self._shown: QWidget | None = None
        self.setObjectName(object_names.MAIN_WINDOW)
        self.setWindowTitle(title)
        self.setAcceptDrops(True)
        self.setMinimumSize(Size.WINDOW_MIN_WIDTH, Size.WINDOW_MIN_HEIGHT)
        self.navigation = Navigation(theme)
        self.status = StatusBar(theme)
        self._ground = QWidget()
        self._hidden = QWidget(self._ground)
        self._hidden.hide()
        self._stack = PageStack()
        self._compose()
        self.activity = JobList(self)
        self.commands = WindowCommands(theme, self.activity, ground=self._ground, status_bar=self.status)
        self._connect()
        if not self._state.restore_geometry(self):
            self.resize(Size.WINDOW_WIDTH, Size.WINDOW_HEIGHT)

    # ------------------------------------------------------------------------------------------------------ pages
    def set_sections(self, sections: Sequence[Section], *, later: bool = False) -> None:
        """Fill the navigation and open the section last used, or the first. Called once before ``clear_sections``.

        ``later``: its page is made and shown in the next turns of the loop, while ``going``.
        """
        self._stack.set_sections(sections)
        self.navigation.set_sections(sections)
        for number, section in enumerate(sections[:NUMBERED_SECTIONS], 1):
            self._numbered.append(self._bind(f"Ctrl+{number}", partial(self.go_to, section.key)))
        kept = self._state.section()
        wanted = kept if kept in self.section_keys else sections[0].key
        if later:
            self._alone, self._section = False, ""
            self.navigation.show()
            self.go_to(wanted)
        else:
            self._section = wanted
            self.end_alone()

    def clear_sections(self) -> None:
        """Forget all sections; their pages go one a turn of the loop. Some page must stand alone."""
        self.navigation.set_sections(())
        for shortcut in self._numbered:
            shortcut.deleteLater()
        self._numbered.clear()
        self.commands.set_entries(())
        self._section = self._going_to = ""
        self._shown = None
        self._stack.clear_sections()

    def open_section(self, key: str) -> QWidget:
        """Show a section, making its page if this is its first time, and return the page; KeyError if unknown.

        While one page stands alone this only decides what is shown afterwards.
        """
        page = self.page(key)
        self._section = self._going_to = key
        if self._alone:
            return page
        self.commands.close_floating()
        if self._shown is not page or self._stack.currentWidget() is not page:
            self._shown = page  # a stack shows its first widget by itself: that alone tells nobody
            self._stack.setCurrentWidget(page)
            self._place_messages(page)
            self._state.keep_section(key)
            self.section_changed.emit(key)
        self.navigation.show_chosen(key)
        return page

    def go_to(self, key: str) -> None:
        """Show a section as a person asks for it: made (if it is not yet) and shown in turns of their own."""
        self._going_to = key
        self.navigation.show_chosen(key)
        if self._alone:
            self._arrive(key)
        else:
            next_turn(self, partial(self._make_on_the_way, key))

    @property
    def going(self) -> bool:
        """Whether somebody asked for a section that is not shown yet."""
        return self._going_to != self._section

    def page(self, key: str) -> QWidget:
        """Return a section's page, making it if this is its first time; KeyError if unknown."""
        return self._stack.page(key)

    @property
    def made_pages(self) -> list[QWidget]:
        """The pages made so far, the one on view first."""
        return sorted(self._stack.made_pages, key=lambda page: page is not self._shown)

    @property
    def ground(self) -> QWidget:
        """What panels that float stand on."""
        return self._ground

    @property
    def section_keys(self) -> tuple[str, ...]:
        """The sections in the order of the navigation."""
        return tuple(section.key for section in self._stack.sections)

    @property
    def current_section(self) -> str:
        """The open section, or an empty string while there is none."""
        return self._section

    def show_alone(self, page: QWidget, *, silent: bool = False) -> None:
        """Show a page without the navigation around it, until ``end_alone``: first run, locked.

        ``silent``: nothing else of the window is seen, and messages wait.
        """
        self._alone, self._silent = True, silent
        self.status.setHidden(silent)
        self._stack.take_in(page)
        self.navigation.hide()
        self.commands.close_floating()
        self._stack.setCurrentWidget(page)
        self._place_messages(page)

    @property
    def alone_page(self) -> QWidget | None:
        """The page that stands alone now."""
        return self._stack.currentWidget() if self._alone else None

    def end_alone(self) -> None:
        """Show the navigation and the section again."""
        self._alone = self._silent = False
        self.status.show()
        self.navigation.show()
        self.open_section(self._section)

    # --------------------------------------------------------------------------------------------------- commands
    @property
    def messages(self) -> MessageBar:
        """The one message bar; made when there is something to say."""
        if self._messages is None:
            from aether_desktop.ui.widgets.message_bar import MessageBar  # noqa: PLC0415  # silent at the first paint

            self._messages = MessageBar(self._theme)
            self._place_messages(self._stack.currentWidget())
        return self._messages

    def run_page_command(self, command: PageCommand) -> bool:
        """Ask the page on view, or the one asked for just before, then the window; False if none has such a thing."""
        if self.going:
            self.open_section(self._going_to)
        page: object = self._stack.currentWidget()
        if isinstance(page, CommandablePage) and page.run_page_command(command):
            return True
        return not self._alone and self.commands.run_everywhere(command)

    def open_palette(self) -> None:
        """Open the command palette, unless the window shows one page alone."""
        if not self._alone:
            self.commands.open_palette(self._stack.sections)

    def toggle_activity(self) -> None:
        """Open or close the list of running jobs."""
        if not self._silent:
            self.commands.toggle_activity()

    def toggle_shortcuts(self) -> None:
        """Open or close the page of shortcuts."""
        if not self._silent:
            self.commands.toggle_shortcuts()

    # ------------------------------------------------------------------------------------------------ composition
    def _compose(self) -> None:
        self._ground.setProperty("kind", "page")
        rows = QVBoxLayout(self._ground)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(self.navigation)
        self._page_column = QVBoxLayout()
        self._page_column.setContentsMargins(Space.XL, Space.L, Space.XL, Space.M)
        self._page_column.setSpacing(Space.M)
        self._page_column.addWidget(self._stack, 1)
        upper.addLayout(self._page_column, 1)
        rows.addLayout(upper, 1)
        rows.addWidget(self.status)
        self.setCentralWidget(self._ground)

    def _connect(self) -> None:
        self.navigation.section_chosen.connect(self.go_to)
        self.navigation.find_asked.connect(self.open_palette)
        self.status.activity_asked.connect(self.toggle_activity)
        self.commands.section_asked.connect(self.go_to)
        self.commands.closed.connect(self._on_floating_closed)
        self.activity.count_changed.connect(self.status.set_activity)
        self._bind(PALETTE_KEY, self.open_palette)
        self._bind(SHORTCUTS_KEY, self.toggle_shortcuts)
        self._bind(ACTIVITY_KEY, self.toggle_activity)
        for keys, command in PAGE_KEYS.items():
            self._bind(keys, partial(self.run_page_command, command))

    def _bind(self, keys: str, slot: Callable[[], object]) -> QShortcut:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.activated.connect(slot)
        return shortcut

    # ----------------------------------------------------------------------------------------------- on the way
    def _make_on_the_way(self, key: str) -> None:
        """Made (some in several turns of the loop), given the style sheet's look in another, and shown in the last."""
        if key != self._going_to:
            return
        if self._stack.is_taken_in(key):
            self._arrive(key)
        elif self._stack.is_made(key):
            self._stack.page(key)
            next_turn(self, partial(self._arrive, key))
        else:
            self._stack.make_on(key)
            next_turn(self, partial(self._make_on_the_way, key))

    def _arrive(self, key: str) -> None:
        if key == self._going_to:  # the last wish counts
            self.open_section(key)

    def _place_messages(self, page: object) -> None:
        bar = self._messages
        if bar is None:
            return
        if self._silent:
            bar.setParent(self._hidden)
        elif isinstance(page, MessagePlace):
            page.place_message_bar(bar)
        else:
            self._page_column.insertWidget(0, bar)
        bar.setVisible(bar.current is not None)  # a new parent hides it

    def _on_floating_closed(self) -> None:
        page = self._stack.currentWidget()
        if page is not None:
            page.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_first_painted(self) -> None:
        if not self._painted:
            self._painted = True
            self.setWindowIcon(self._theme.icons.program_icon())
            self.first_painted.emit()

    # ----------------------------------------------------------------------------------------------- Qt overrides
    def showEvent(self, event: QShowEvent) -> None:
        """Qt override."""
        super().showEvent(event)
        if not self._painted:
            QTimer.singleShot(_UNSEEN_MS, self, self._on_first_painted)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt override: parents are painted before their children, so the news waits for the loop."""
        super().paintEvent(event)
        if not self._painted:
            QTimer.singleShot(0, self, self._on_first_painted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: narrow windows show icons alone, low ones lose their margins; what floats stays in place."""
        super().resizeEvent(event)
        self.navigation.set_narrow(narrow=self.width() < _NARROW_BELOW)
        high = Space.L if self.height() >= _ROOMY_FROM else Space.S
        side = Space.XL if self.width() >= _NARROW_BELOW else Space.M
        self._page_column.setContentsMargins(side, high, side, Space.M if high == Space.L else Space.S)
        self.commands.place()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Qt override: nothing is taken while the screen is locked."""
        if not self._silent and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Qt override."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths and not self._silent:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: Escape closes what floats, then the message."""
        if event.key() == Qt.Key.Key_Escape:
            if self.commands.close_floating():
                self._on_floating_closed()
            elif self._messages is not None:
                self._messages.dismiss()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Qt override: it may be held while something would be lost; otherwise place and size are remembered."""
        if (self.stay is not None and self.stay()) or (self.hold_closing is not None and self.hold_closing()):
            event.ignore()
            return
        self._state.keep_geometry(self)
        self.closing.emit()
        super().closeEvent(event)
