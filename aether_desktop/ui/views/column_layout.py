"""Which columns a grid shows, in which order and how wide; kept in the settings."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableView

from aether_desktop.ports.settings import Settings
from aether_desktop.ui.models.roles import HeaderRole
from aether_desktop.ui.models.window_table_model import WindowTableModel

_LEAST, _MOST = 48, 2000  # logical pixels


class ColumnLayout:
    """``grid.<table>`` in the settings: order and shown columns by key, and their widths. GUI thread only.

    What is stored there may be of another version: what cannot be read is as at first.
    """

    def __init__(self, view: QTableView, model: WindowTableModel, settings: Settings) -> None:
        self._view, self._model, self._settings = view, model, settings
        self._columns = model.spec.columns
        self._key = f"grid.{model.spec.name}"
        self._widths: dict[str, int] = {}

    def visible(self) -> list[str]:
        """Keys of the columns shown, in the order seen."""
        return [key for key in self._order() if not self._view.isColumnHidden(self._model.spec.index(key))]

    def save(self) -> None:
        """Keep order, sizes and shown columns; of the last one, which takes what is left, the width it had before."""
        visible = self.visible()
        for key in visible[:-1]:
            self._widths[key] = self._view.columnWidth(self._model.spec.index(key))
        self._settings.set(self._key, {"order": self._order(), "shown": visible, "widths": dict(self._widths)})

    def restore(self) -> None:
        """As it was kept."""
        stored = self._settings.get(self._key)
        kept = stored if isinstance(stored, dict) else {}
        known = {column.key for column in self._columns}
        shown = _keys(kept.get("shown"), known) or [column.key for column in self._columns if column.shown]
        widths = kept.get("widths")
        self._widths = {
            key: min(max(width, _LEAST), _MOST)
            for key, width in (widths.items() if isinstance(widths, dict) else ())
            if key in known and isinstance(width, int)
        }
        for position, column in enumerate(self._columns):
            self._view.setColumnWidth(position, self._widths.get(column.key) or self._first_width(position))
            self._view.setColumnHidden(position, column.key not in shown)
        header = self._view.horizontalHeader()
        for visual, key in enumerate(_keys(kept.get("order"), known)):
            header.moveSection(header.visualIndex(self._model.spec.index(key)), visual)

    def reset(self) -> None:
        """As at first."""
        self._widths = {}
        header = self._view.horizontalHeader()
        for position, column in enumerate(self._columns):
            header.moveSection(header.visualIndex(position), position)
            self._view.setColumnHidden(position, not column.shown)
            self._view.setColumnWidth(position, self._first_width(position))
        self._settings.set(self._key, None)

    def _order(self) -> list[str]:
        header = self._view.horizontalHeader()
        return [self._columns[header.logicalIndex(visual)].key for visual in range(header.count())]

    def _first_width(self, position: int) -> int:
        return int(self._model.headerData(position, Qt.Orientation.Horizontal, HeaderRole.FIRST_WIDTH))


def _keys(stored: object, known: set[str]) -> list[str]:
    """The keys of columns among what is stored, each once."""
    found = (key for key in stored if isinstance(key, str) and key in known) if isinstance(stored, list) else ()
    return list(dict.fromkeys(found))
