"""The keyboard map: one table that binds the keys and fills the shortcuts page."""

from __future__ import annotations

from typing import NamedTuple

from aether_desktop.ui.shell.sections import PageCommand


class Key(NamedTuple):
    """One row of the map. ``keys`` is in Qt's portable notation; ``group`` is a heading of the shortcuts page."""

    keys: str
    title: str
    group: str


PAGE_KEYS: dict[str, PageCommand] = {
    "Ctrl+F": PageCommand.FILTER,
    "Ctrl+N": PageCommand.ADD,
    "Ctrl+I": PageCommand.IMPORT,
    "Ctrl+E": PageCommand.EXPORT,
    "Ctrl+Z": PageCommand.UNDO,
    "F5": PageCommand.REFRESH,
    "Ctrl+G": PageCommand.GROUP,
}
"""Keys that the window hands to the page on view. Space is not among them: the grid itself listens to it."""

PALETTE_KEY = "Ctrl+K"
SHORTCUTS_KEY = "F1"
ACTIVITY_KEY = "Ctrl+J"
LOCK_SCREEN_KEY = "Ctrl+L"
LOCK_VAULT_KEY = "Ctrl+Shift+L"
NUMBERED_SECTIONS = 9

_WINDOW, _PAGE, _GRID = "Window", "Page", "Grid"

KEYBOARD_MAP: tuple[Key, ...] = (
    Key(PALETTE_KEY, "Find any command, hash, address or label", _WINDOW),
    Key("Ctrl+1 \u2026 Ctrl+9", "Open a section, in the order of the navigation", _WINDOW),
    Key(ACTIVITY_KEY, "Show running jobs", _WINDOW),
    Key(SHORTCUTS_KEY, "Show this page", _WINDOW),
    Key("Ctrl+I", "Import", _WINDOW),
    Key(LOCK_SCREEN_KEY, "Lock the screen; the vault goes on working", _WINDOW),
    Key(LOCK_VAULT_KEY, "Lock the vault and end its jobs", _WINDOW),
    Key("Esc", "Close what floats or was opened last", _WINDOW),
    Key("Ctrl+F", "Go to the filter", _PAGE),
    Key("Ctrl+N", "Add", _PAGE),
    Key("Ctrl+E", "Export what is seen", _PAGE),
    Key("Ctrl+Z", "Undo", _PAGE),
    Key("F5", "Refresh", _PAGE),
    Key("Ctrl+G", "Group transactions", _PAGE),
    Key("Alt+Left, Backspace", "Back from the rows of a group to all groups", _PAGE),
    Key("Space", "Open or close the details of the row", _GRID),
    Key("Ctrl+C", "Copy the selected rows", _GRID),
    Key("Ctrl+A", "Select all rows of the filter: add up, label, export", _GRID),
    Key("A letter", "Go to the next row that begins so in the cursor's column", _GRID),
    Key("F2", "Edit the row", _GRID),
    Key("Delete", "Archive the selected rows; Ctrl+Z brings them back", _GRID),
    Key("Home, End", "First and last column", _GRID),
    Key("Ctrl+Home, Ctrl+End", "First and last row; with Shift, select up to there", _GRID),
)
