"""What floats above the pages: command palette, running jobs, shortcuts. Loaded when the first of them is asked for."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from aether_desktop.ui.shell.command_palette import CommandPalette
from aether_desktop.ui.shell.shortcuts_page import ShortcutsPage
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.widgets.activity_panel import ActivityPanel
from aether_desktop.ui.widgets.job_list import JobList

_EDGE = Space.XL


class Floating(QObject):
    """At most one floats at a time; ``closed`` comes when the focus should go back to the page."""

    closed = Signal()

    def __init__(self, theme: Theme, jobs: JobList, *, ground: QWidget, status_bar: QWidget) -> None:
        super().__init__(ground)
        self._theme, self._jobs = theme, jobs
        self._ground = ground
        self._status_bar = status_bar
        self._activity: ActivityPanel | None = None
        self._shortcuts: ShortcutsPage | None = None
        self.palette = CommandPalette(theme, ground)
        self.palette.hide()
        self.palette.closed.connect(self._on_closed)

    @property
    def activity(self) -> ActivityPanel:
        """The running jobs; made when first wanted."""
        if self._activity is None:
            self._activity = ActivityPanel(self._theme, self._jobs, self._ground)
            self._activity.hide()
            self._activity.closed.connect(self._on_closed)
            self._activity.resized.connect(self.place)
        return self._activity

    @property
    def shortcuts(self) -> ShortcutsPage:
        """The page of shortcuts; made when first wanted."""
        if self._shortcuts is None:
            self._shortcuts = ShortcutsPage(self._theme, self._ground)
            self._shortcuts.hide()
            self._shortcuts.closed.connect(self._on_closed)
        return self._shortcuts

    def open_palette(self) -> None:
        """Show the command palette."""
        self.close_all()
        self.place()
        self.palette.open()

    def toggle(self, floating: QWidget) -> None:
        """Show one of the others, or hide it if it is shown."""
        opened = floating.isHidden()
        self.close_all()
        if opened:
            self.place()
            floating.show()
            floating.raise_()
            floating.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.closed.emit()

    def close_all(self) -> bool:
        """Hide what floats; False if nothing did."""
        made: tuple[QWidget | None, ...] = (self.palette, self._activity, self._shortcuts)
        opened = [floating for floating in made if floating is not None and not floating.isHidden()]
        for floating in opened:
            floating.hide()
        return bool(opened)

    def place(self) -> None:
        """Stand where the window's size now wants it."""
        room, below = self._ground.rect(), self._status_bar.height()
        width = min(Size.PALETTE_WIDTH, room.width() - 2 * _EDGE)
        left, tall = (room.width() - width) // 2, room.height() - below - 2 * _EDGE
        self.palette.set_room(left=left, top=_EDGE, width=width, height=tall)
        if self._shortcuts is not None:
            self._shortcuts.setGeometry(left, _EDGE, width, min(self._shortcuts.sizeHint().height(), tall))
        if self._activity is not None:
            narrow = min(Size.FORM_WIDTH, room.width() - 2 * _EDGE)
            high = min(self._activity.sizeHint().height(), tall)
            bottom = room.height() - below - Space.S
            self._activity.setGeometry(room.width() - narrow - Space.S, bottom - high, narrow, high)

    def _on_closed(self) -> None:
        self.close_all()
        self.closed.emit()
