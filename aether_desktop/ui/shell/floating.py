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
        self._ground = ground
        self._status_bar = status_bar
        self.palette = CommandPalette(theme, ground)
        self.activity = ActivityPanel(theme, jobs, ground)
        self.shortcuts = ShortcutsPage(theme, ground)
        self._all: tuple[QWidget, ...] = (self.palette, self.activity, self.shortcuts)
        for floating in self._all:
            floating.hide()
        self.palette.closed.connect(self._on_closed)
        self.activity.closed.connect(self._on_closed)
        self.activity.resized.connect(self.place)
        self.shortcuts.closed.connect(self._on_closed)

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
        opened = [floating for floating in self._all if not floating.isHidden()]
        for floating in opened:
            floating.hide()
        return bool(opened)

    def place(self) -> None:
        """Stand where the window's size now wants it."""
        room, below = self._ground.rect(), self._status_bar.height()
        width = min(Size.PALETTE_WIDTH, room.width() - 2 * _EDGE)
        left, tall = (room.width() - width) // 2, room.height() - below - 2 * _EDGE
        self.palette.set_room(left=left, top=_EDGE, width=width, height=tall)
        self.shortcuts.setGeometry(left, _EDGE, width, min(self.shortcuts.sizeHint().height(), tall))
        narrow = min(Size.FORM_WIDTH, room.width() - 2 * _EDGE)
        high = min(self.activity.sizeHint().height(), tall)
        bottom = room.height() - below - Space.S
        self.activity.setGeometry(room.width() - narrow - Space.S, bottom - high, narrow, high)

    def _on_closed(self) -> None:
        self.close_all()
        self.closed.emit()
