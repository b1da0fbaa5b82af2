"""Item and header roles shared by every table model, view and delegate."""

from __future__ import annotations

from enum import IntEnum

_USER = 0x0100  # Qt.ItemDataRole.UserRole; a number, so that models of pages load without QtGui


class Role(IntEnum):
    """Roles of ``data()``. Each answer comes from the page cache: no role may query."""

    CELL = _USER + 1
    """``ui.models.cells.Cell``, or None while the row's page is on its way (painted as a quiet placeholder)."""
    ROW_ID = _USER + 2
    """``int`` id of the row, or None while loading."""
    ROW_VERSION = _USER + 3
    """``int`` version for optimistic edits, or None while loading."""
    RAW = _USER + 4
    """``str``: the exact value for copying: whole hash, ISO time with zone, amount in full precision."""
    LOADING = _USER + 5
    """``bool``: the row is not in the cache yet."""
    ARCHIVED = _USER + 6
    """``bool``: archived rows are painted dim."""
    ERROR = _USER + 7
    """``str``: why this row cannot be shown (it is painted as a disabled row), or an empty string."""


class HeaderRole(IntEnum):
    """Roles of ``headerData(section, Horizontal, ...)``: what delegates need to know about a whole column."""

    COLUMN_KEY = _USER + 64
    """``str``: the column's permanent name (saved layouts and exports use it, never its position)."""
    FRACTION_DIGITS = _USER + 65
    """``int``: most digits after the point that cells of this column show; their points align on it. None: 0."""
    UNIT_CHARS = _USER + 66
    """``int``: widest unit of the column in characters (at least 3); longer ones are elided."""
    FIRST_WIDTH = _USER + 67
    """``int``: sensible first width in logical pixels."""
    SORTABLE = _USER + 68
    """``bool``: an index serves this sort."""
