"""The main window: navigation, pages made when first opened, one message bar, status bar, what floats above them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from aether_desktop.ui import object_names
from aether_desktop.ui.shell.command_palette import CommandPalette, PaletteEntry
from aether_desktop.ui.shell.keyboard import ACTIVITY_KEY, NUMBERED_SECTIONS, PAGE_KEYS, PALETTE_KEY, SHORTCUTS_KEY
from aether_desktop.ui.shell.navigation import Navigation
from aether_desktop.ui.shell.sections import CommandablePage, MessagePlace, PageCommand, Section
from aether_desktop.ui.shell.status_bar import StatusBar
from aether_desktop.ui.shell.window_state import StateStore, WindowState
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.widgets.activity_panel import ActivityPanel
from aether_desktop.ui.widgets.message_bar import MessageBar

_NARROW_BELOW = 960  # logical pixels of window width: below, the navigation shows icons alone
_ROOMY_FROM = 560  # of height: below, margins shrink


class MainWindow(QMainWindow):
    """The window of one vault or server. Pages know nothing of it; it reaches them through ``Section``.

    GUI thread only. ``section_changed`` follows the navigation; ``closing`` comes before the window goes.
    """

    section_changed = Signal(str)
    closing = Signal()

    def __init__(self, theme: Theme, state: StateStore, *, title: str = "Aether") -> None:
        super().__init__()
        self._theme = theme
        self._state = WindowState(state)
        self._sections: dict[str, Section] = {}
        self._pages: dict[str, QWidget] = {}
        self._shortcuts_page: QWidget | None = None
        self._extra_commands: Sequence[PaletteEntry] = ()
        self.setObjectName(object_names.MAIN_WINDOW)
        self.setWindowTitle(title)
        self.setWindowIcon(theme.icons.icon("app", Size.HERO_ICON, colour=theme.colours.accent))
        self.setMinimumSize(Size.WINDOW_MIN_WIDTH, Size.WINDOW_MIN_HEIGHT)
        self.navigation = Navigation(theme)
        self.messages = MessageBar(theme)
        self.status = StatusBar(theme)
        self._ground = QWidget()
        self._stack = QStackedWidget()
        self._stack.setObjectName(object_names.PAGES)
        self._compose()
        self.activity = ActivityPanel(theme, self._ground)
        self.activity.hide()
        self.palette_view = CommandPalette(theme, self._ground)
        self._connect()
        if not self._state.restore_geometry(self):
            self.resize(Size.WINDOW_WIDTH, Size.WINDOW_HEIGHT)

    # ------------------------------------------------------------------------------------------------------ pages
    def set_sections(self, sections: Sequence[Section]) -> None:
        """Fill the navigation and open the section last used, or the first. Called once."""
        self._sections = {section.key: section for section in sections}
        self.navigation.set_sections(sections)
        for number, section in enumerate(sections[:NUMBERED_SECTIONS], 1):
            self._bind(f"Ctrl+{number}", partial(self.open_section, section.key))
        self._offer_commands()
        self.navigation.show()
        kept = self._state.section()
        self.open_section(kept if kept in self._sections else sections[0].key)

    def open_section(self, key: str) -> QWidget:
        """Show a section, making its page if this is its first time, and return the page; KeyError if unknown."""
        self._close_floating()
        page = self.page(key)
        if self._stack.currentWidget() is not page:
            self._stack.setCurrentWidget(page)
            self._place_messages(page)
            self._state.keep_section(key)
            self.section_changed.emit(key)
        self.navigation.show_chosen(key)
        return page

    def page(self, key: str) -> QWidget:
        """Return a section's page, making it if this is its first time; KeyError if unknown."""
        page = self._pages.get(key)
        if page is None:
            page = self._sections[key].factory()
            if not page.objectName():
                page.setObjectName(object_names.page_name(key))
            self._pages[key] = page
            self._stack.addWidget(page)
        return page

    @property
    def current_section(self) -> str:
        """The open section, or an empty string."""
        now = self._stack.currentWidget()
        return next((key for key, page in self._pages.items() if page is now), "")

    def show_alone(self, page: QWidget) -> None:
        """Show a page without the navigation around it: first run, locked."""
        if self._stack.indexOf(page) < 0:
            self._stack.addWidget(page)
        self.navigation.hide()
        self._close_floating()
        self._stack.setCurrentWidget(page)
        self._place_messages(page)

    # --------------------------------------------------------------------------------------------------- commands
    def set_commands(self, commands: Sequence[PaletteEntry]) -> None:
        """Offer these in the command palette, after the sections' own."""
        self._extra_commands = commands
        self._offer_commands()

    def run_page_command(self, command: PageCommand) -> bool:
        """Ask the page on view; False if it has no such thing."""
        page: object = self._stack.currentWidget()
        return isinstance(page, CommandablePage) and page.run_page_command(command)

    def open_palette(self) -> None:
        """Open the command palette, unless the window shows one page alone."""
        if self.navigation.isVisibleTo(self):
            self._close_floating()
            self._place_floating()
            self.palette_view.open()

    def toggle_activity(self) -> None:
        """Open or close the list of running jobs."""
        self._toggle(self.activity)

    def toggle_shortcuts(self) -> None:
        """Open or close the page of shortcuts."""
        if self._shortcuts_page is None:
            from aether_desktop.ui.shell.shortcuts_page import ShortcutsPage  # noqa: PLC0415  # only on F1

            made = ShortcutsPage(self._theme, self._ground)
            made.closed.connect(self._on_floating_closed)
            made.hide()
            self._shortcuts_page = made
        self._toggle(self._shortcuts_page)

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
        self._page_column.addWidget(self.messages)
        self._page_column.addWidget(self._stack, 1)
        upper.addLayout(self._page_column, 1)
        rows.addLayout(upper, 1)
        rows.addWidget(self.status)
        self.setCentralWidget(self._ground)

    def _connect(self) -> None:
        self.navigation.section_chosen.connect(self.open_section)
        self.navigation.find_asked.connect(self.open_palette)
        self.status.activity_asked.connect(self.toggle_activity)
        self.activity.count_changed.connect(self._on_activity_counted)
        self.activity.closed.connect(self._on_floating_closed)
        self.palette_view.closed.connect(self._on_floating_closed)
        self._bind(PALETTE_KEY, self.open_palette)
        self._bind(SHORTCUTS_KEY, self.toggle_shortcuts)
        self._bind(ACTIVITY_KEY, self.toggle_activity)
        for keys, command in PAGE_KEYS.items():
            self._bind(keys, partial(self.run_page_command, command))

    def _bind(self, keys: str, slot: Callable[[], object]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.activated.connect(slot)

    def _offer_commands(self) -> None:
        own = [
            PaletteEntry(
                f"Go to {section.title}",
                partial(self._go_to, section.key),
                icon=section.icon,
                keys=f"Ctrl+{number}" if number <= NUMBERED_SECTIONS else "",
            )
            for number, section in enumerate(self._sections.values(), 1)
        ]
        own.append(PaletteEntry("Show running jobs", self.toggle_activity, icon="activity", keys=ACTIVITY_KEY))
        own.append(PaletteEntry("Show keyboard shortcuts", self.toggle_shortcuts, icon="keyboard", keys=SHORTCUTS_KEY))
        self.palette_view.set_commands([*own, *self._extra_commands])

    # --------------------------------------------------------------------------------------------------- floating
    def _go_to(self, key: str) -> None:
        self.open_section(key)

    def _place_messages(self, page: object) -> None:
        if isinstance(page, MessagePlace):
            page.place_message_bar(self.messages)
        else:
            self._page_column.insertWidget(0, self.messages)

    def _toggle(self, floating: QWidget) -> None:
        opened = floating.isHidden()
        self._close_floating()
        if opened:
            self._place_floating()
            floating.show()
            floating.raise_()
            floating.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self._on_floating_closed()

    def _close_floating(self) -> bool:
        opened = [
            floating
            for floating in (self.palette_view, self.activity, self._shortcuts_page)
            if floating is not None and not floating.isHidden()
        ]
        for floating in opened:
            floating.hide()
        return bool(opened)

    def _place_floating(self) -> None:
        room, edge = self._ground.rect(), Space.XL
        width = min(Size.PALETTE_WIDTH, room.width() - 2 * edge)
        left, tall = (room.width() - width) // 2, room.height() - self.status.height() - 2 * edge
        self.palette_view.set_room(left=left, top=edge, width=width, height=tall)
        if self._shortcuts_page is not None:
            self._shortcuts_page.setGeometry(left, edge, width, min(self._shortcuts_page.sizeHint().height(), tall))
        narrow = min(Size.FORM_WIDTH, room.width() - 2 * edge)
        high = min(self.activity.sizeHint().height(), tall)
        bottom = room.height() - self.status.height() - Space.S
        self.activity.setGeometry(room.width() - narrow - Space.S, bottom - high, narrow, high)

    def _on_activity_counted(self, running: int) -> None:
        self.status.set_activity(running)
        self._place_floating()

    def _on_floating_closed(self) -> None:
        self._close_floating()
        page = self._stack.currentWidget()
        if page is not None:
            page.setFocus(Qt.FocusReason.OtherFocusReason)

    # ----------------------------------------------------------------------------------------------- Qt overrides
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: narrow windows show icons alone, low ones lose their margins; what floats stays in place."""
        super().resizeEvent(event)
        self.navigation.set_narrow(narrow=self.width() < _NARROW_BELOW)
        high = Space.L if self.height() >= _ROOMY_FROM else Space.S
        side = Space.XL if self.width() >= _NARROW_BELOW else Space.M
        self._page_column.setContentsMargins(side, high, side, Space.M if high == Space.L else Space.S)
        self._place_floating()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: Escape closes what floats, then the message."""
        if event.key() == Qt.Key.Key_Escape:
            if self._close_floating():
                self._on_floating_closed()
            else:
                self.messages.dismiss()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Qt override: remembers place and size."""
        self._state.keep_geometry(self)
        self.closing.emit()
        super().closeEvent(event)
