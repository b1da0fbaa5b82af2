"""Which columns a grid shows, in which order, how wide and which of them stay in place; kept in the settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtWidgets import QHeaderView, QMenu

from aether_desktop.ports.settings import Settings
from aether_desktop.ui.models.roles import HeaderRole
from aether_desktop.ui.theme.tokens import Size
from aether_desktop.ui.widgets.frozen_columns import FreezableTableView
from aether_desktop.ui.widgets.pop_up_menu import pop_up
from aether_desktop.ui.widgets.value_grid import ValueGrid

_MOST = 2000  # logical pixels of one column
_SAVE_MS = 400
_AS_IN_THE_HEADER: Mapping[str, str] = MappingProxyType({})


class ColumnLayout(QObject):
    """``grid.<name>`` in the settings: order and shown columns by key, their widths, how many stay in place.

    What is stored there may be of another version: what cannot be read is as at first. GUI thread only.
    """

    def __init__(
        self,
        view: FreezableTableView,
        settings: Settings,
        *,
        name: str,
        shown: Collection[str] | None = None,
        titles: Mapping[str, str] = _AS_IN_THE_HEADER,
    ) -> None:
        """``shown`` are the columns seen at first, all where it is None; ``titles`` are those of the menu."""
        super().__init__(view)
        self._view, self._settings = view, settings
        self._key = f"grid.{name}"
        count = view.model().columnCount()
        self._keys = [str(self._told(section, HeaderRole.COLUMN_KEY)) for section in range(count)]
        self._first_shown = set(self._keys if shown is None else shown)
        self._titles = titles
        self._widths: dict[str, int] = {}
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_SAVE_MS)
        self._later.timeout.connect(self.save)
        self.restore()
        header = view.horizontalHeader()
        for changed in (header.sectionMoved, header.sectionResized):
            changed.connect(self.save_later)

    def visible(self) -> list[str]:
        """Keys of the columns shown, in the order seen."""
        return [key for key in self._order() if not self._view.isColumnHidden(self._keys.index(key))]

    def frozen(self) -> list[str]:
        """Keys of the columns that are to stay in place, in the order seen."""
        return self.visible()[: self._view.frozen.count]

    def show(self, key: str, shown: bool) -> None:
        """Show or hide a column; the last one shown stays. Those frozen remain so, whatever comes between them."""
        visible, frozen = self.visible(), self.frozen()
        if shown == (key in visible) or (not shown and visible == [key]):
            return
        self._view.setColumnHidden(self._keys.index(key), not shown)
        order = self._order()
        amid = bool(frozen) and order.index(key) <= order.index(frozen[-1])
        self._view.frozen.freeze(len(frozen) + (amid if shown else -amid))
        self.save_later()

    def freeze(self, count: int) -> None:
        """Keep the first columns in place, never all of them; 0 lets all scroll."""
        self._view.frozen.freeze(min(count, len(self.visible()) - 1))
        self.save_later()

    def fill_menu(self, menu: QMenu, key: str = "") -> None:
        """Freezing up to the column ``key``, one checkable entry per column, and the way back to the first layout."""
        visible = self.visible()
        if key in visible:
            place = visible.index(key) + 1
            freeze = menu.addAction(f"Freeze up to {self._title(key)}")
            freeze.setEnabled(place < len(visible) and place != self._view.frozen.count)
            freeze.triggered.connect(lambda: self.freeze(place))
        if self._view.frozen.count:
            menu.addAction("Unfreeze").triggered.connect(lambda: self.freeze(0))
        menu.addSeparator()
        for each in self._keys:
            action = menu.addAction(self._title(each))
            action.setCheckable(True)
            action.setChecked(each in visible)
            action.toggled.connect(lambda on, each=each: self.show(each, on))
        menu.addSeparator()
        menu.addAction("Reset columns").triggered.connect(self.reset)

    def save_later(self, *_changed: object) -> None:
        """Keep it all soon: a drag changes a width many times."""
        self._later.start()

    def save(self) -> None:
        """Keep it all; of a column that takes what is left, the width it had before."""
        self._later.stop()
        visible, header = self.visible(), self._view.horizontalHeader()
        for key in visible:
            section = self._keys.index(key)
            last = header.stretchLastSection() and key == visible[-1]
            if not last and header.sectionResizeMode(section) is not QHeaderView.ResizeMode.Stretch:
                self._widths[key] = self._view.columnWidth(section)
        self._settings.set(self._key, self._facts())

    def restore(self) -> None:
        """As it was kept."""
        stored = self._settings.get(self._key)
        self._take(stored if isinstance(stored, dict) else {})

    def reset(self) -> None:
        """As at first."""
        self._widths = {}
        self._take({})
        self._later.stop()
        self._settings.set(self._key, None)

    def _facts(self) -> dict[str, object]:
        return {
            "order": self._order(),
            "shown": self.visible(),
            "widths": dict(self._widths),
            "frozen": self._view.frozen.count,
        }

    def _take(self, kept: Mapping[object, object]) -> None:
        known, widths = set(self._keys), kept.get("widths")
        self._widths = {
            key: min(max(width, Size.COLUMN_MIN), _MOST)
            for key, width in (widths.items() if isinstance(widths, dict) else ())
            if key in known and isinstance(width, int)
        }
        shown = _among(kept.get("shown"), known) or self._first_shown
        self._view.frozen.freeze(0)
        for section, key in enumerate(self._keys):
            self._view.setColumnWidth(
                section, self._widths.get(key) or int(self._told(section, HeaderRole.FIRST_WIDTH))
            )
            self._view.setColumnHidden(section, key not in shown)
        header = self._view.horizontalHeader()
        for visual, key in enumerate(_among(kept.get("order"), known) or self._keys):
            header.moveSection(header.visualIndex(self._keys.index(key)), visual)
        frozen = kept.get("frozen")
        if type(frozen) is int and 0 < frozen < len(self.visible()):
            self._view.frozen.freeze(frozen)

    def _order(self) -> list[str]:
        header = self._view.horizontalHeader()
        return [self._keys[header.logicalIndex(visual)] for visual in range(header.count())]

    def _title(self, key: str) -> str:
        return self._titles.get(key) or str(self._told(self._keys.index(key), Qt.ItemDataRole.DisplayRole))

    def _told(self, section: int, role: int) -> Any:
        return self._view.model().headerData(section, Qt.Orientation.Horizontal, role)


class SortedColumnLayout(ColumnLayout):
    """Of a grid whose rows are all here: what they are sorted by is kept as well."""

    def __init__(self, grid: ValueGrid, settings: Settings, *, name: str) -> None:
        self._grid = grid
        grid.horizontalHeader().setSectionsMovable(True)
        super().__init__(grid, settings, name=name)
        grid.sort_changed.connect(self.save_later)
        grid.header_menu_asked.connect(self._on_menu)

    def _on_menu(self, section: int, place: QPoint) -> None:
        menu = QMenu(self._grid)
        self.fill_menu(menu, self._grid.value_model.columns[section].key if section >= 0 else "")
        pop_up(menu, place)

    def _facts(self) -> dict[str, object]:
        sort = self._grid.sorted_by
        return super()._facts() | ({} if sort is None else {"sort": list(sort)})

    def _take(self, kept: Mapping[object, object]) -> None:
        super()._take(kept)
        match kept.get("sort"):
            case [str(key), bool(descending)]:
                self._grid.sort_by(key, descending=descending)
            case _:
                self._grid.sort_by("")


def _among(stored: object, known: set[str]) -> list[str]:
    """The keys of columns among what is stored, each once."""
    found = (key for key in stored if isinstance(key, str) and key in known) if isinstance(stored, list) else ()
    return list(dict.fromkeys(found))
