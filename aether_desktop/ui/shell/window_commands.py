"""What the window can be asked for from anywhere: the palette's commands, and the panels that float above the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from aether_desktop.ui.shell.keyboard import ACTIVITY_KEY, NUMBERED_SECTIONS, SHORTCUTS_KEY
from aether_desktop.ui.shell.sections import PageCommand, Section
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.job_list import JobList

if TYPE_CHECKING:
    from aether_desktop.ui.shell.command_palette import CommandPalette, Finder, PaletteEntry
    from aether_desktop.ui.shell.floating import Floating


class WindowCommands(QObject):
    """What floats is made when first asked for. ``closed`` when the focus should go back to the page. GUI thread."""

    section_asked = Signal(str)
    closed = Signal()

    def __init__(self, theme: Theme, jobs: JobList, *, ground: QWidget, status_bar: QWidget) -> None:
        super().__init__(ground)
        self._theme, self._jobs, self._ground, self._status_bar = theme, jobs, ground, status_bar
        self._floating: Floating | None = None
        self._finder: Finder | None = None
        self._entries: Sequence[PaletteEntry] = ()
        self._everywhere: Mapping[PageCommand, Callable[[], object]] = {}

    def set_entries(self, entries: Sequence[PaletteEntry]) -> None:
        """Offer these in the command palette, after the sections' own."""
        self._entries = entries

    def add_entries(self, entries: Sequence[PaletteEntry]) -> None:
        """Offer these as well."""
        self._entries = [*self._entries, *entries]

    def set_everywhere(self, commands: Mapping[PageCommand, Callable[[], object]]) -> None:
        """What a key does on pages that have no such thing themselves; not while one page stands alone."""
        self._everywhere = commands

    def run_everywhere(self, command: PageCommand) -> bool:
        """Do what a key does on every page; False if there is no such thing."""
        act = self._everywhere.get(command)
        if act is None:
            return False
        act()
        return True

    def set_finder(self, finder: Finder) -> None:
        """What the palette asks for rows; it is made when it is first opened."""
        self._finder = finder
        if self._floating is not None:
            self._floating.palette.set_finder(finder)

    @property
    def palette(self) -> CommandPalette:
        """The command palette; made, with all that floats, when first asked for."""
        return self._floats().palette

    def open_palette(self, sections: Sequence[Section]) -> None:
        """Open the command palette over these sections."""
        self.palette.set_commands([*self._own_entries(sections), *self._entries])
        self._floats().open_palette()

    def toggle_activity(self) -> None:
        """Open or close the list of running jobs."""
        self._floats().toggle(self._floats().activity)

    def toggle_shortcuts(self) -> None:
        """Open or close the page of shortcuts."""
        self._floats().toggle(self._floats().shortcuts)

    def close_floating(self) -> bool:
        """Close what floats; False if nothing did."""
        return self._floating is not None and self._floating.close_all()

    def place(self) -> None:
        """What floats stays in its place when the window has another size."""
        if self._floating is not None:
            self._floating.place()

    def _own_entries(self, sections: Sequence[Section]) -> list[PaletteEntry]:
        from aether_desktop.ui.shell.command_palette import PaletteEntry  # noqa: PLC0415  # not before it is opened

        own = [
            PaletteEntry(
                f"Go to {section.title}",
                partial(self.section_asked.emit, section.key),
                icon=section.icon,
                keys=f"Ctrl+{number}" if number <= NUMBERED_SECTIONS else "",
            )
            for number, section in enumerate(sections, 1)
        ]
        own.append(PaletteEntry("Show running jobs", self.toggle_activity, icon="activity", keys=ACTIVITY_KEY))
        own.append(PaletteEntry("Show keyboard shortcuts", self.toggle_shortcuts, icon="keyboard", keys=SHORTCUTS_KEY))
        return own

    def _floats(self) -> Floating:
        if self._floating is None:
            from aether_desktop.ui.shell.floating import Floating  # noqa: PLC0415  # nothing floats at the first paint

            made = Floating(self._theme, self._jobs, ground=self._ground, status_bar=self._status_bar)
            made.closed.connect(self.closed)
            if self._finder is not None:
                made.palette.set_finder(self._finder)
            self._floating = made
        return self._floating
