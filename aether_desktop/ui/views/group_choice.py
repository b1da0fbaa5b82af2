"""The control that says what the ledger is grouped by, and the line above the rows of an opened group."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from aether_desktop.ports.groups import Group
from aether_desktop.ports.queries import GroupBy
from aether_desktop.ui.models.group_cells import GROUP_TITLES, WORDS, group_name
from aether_desktop.ui.object_names import groups_part_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.buttons import plain_button, without_mnemonics
from aether_desktop.ui.widgets.labels import ElidedLabel, text_label
from aether_desktop.ui.widgets.pop_up_menu import pop_up_under

_CHOICES: Mapping[str, GroupBy | None] = MappingProxyType(
    {"nothing": None, **{WORDS[by][0]: by for by in GroupBy}},
)
GROUP_KEY = "Ctrl+G"
_LEAST_NAME = 8  # characters


class GroupChoice(QWidget):
    """A button with a menu; ``chosen`` carries a GroupBy or None. GUI thread only."""

    chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.by: GroupBy | None = None
        self.button: QPushButton = plain_button(theme, "", object_name=groups_part_name("by"))
        self.button.clicked.connect(self.open_menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.button)
        self.setFocusProxy(self.button)
        self.show_choice(None)

    def show_choice(self, by: GroupBy | None) -> None:
        """Say what it is now; nobody is told."""
        self.by = by
        word = next(word for word, each in _CHOICES.items() if each is by)
        self.button.setText(f"Group: {'none' if by is None else word}")
        self.button.setAccessibleName(f"Group by: {word}")
        self.button.setToolTip(f"Group by day, month, counterparty or token ({GROUP_KEY})")

    def open_menu(self) -> None:
        """Offer the choices."""
        menu = QMenu(self)
        menu.setObjectName(groups_part_name("menu"))
        together = QActionGroup(menu)
        for word, by in _CHOICES.items():
            action = menu.addAction(f"Group by {word}" if by is not None else "No groups")
            action.setCheckable(True)
            action.setChecked(by is self.by)
            together.addAction(action)
            action.triggered.connect(lambda _checked=False, by=by: self.chosen.emit(by))
            if by is self.by:
                menu.setActiveAction(action)
        pop_up_under(menu, self.button)


class GroupTrail(QWidget):
    """Which group's rows are on view, and the way back to all groups. GUI thread only."""

    left = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName(groups_part_name("trail"))
        self._back = plain_button(theme, "Back", object_name=groups_part_name("back"))
        self._back.clicked.connect(self.left)
        self._kind = text_label(theme, kind="dim")
        self._name = ElidedLabel(theme, least=_LEAST_NAME)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.M)
        for widget in (self._back, self._kind):
            row.addWidget(widget)
        row.addWidget(self._name, 1)
        self.hide()

    def show_group(self, group: Group | None) -> None:
        """None: all rows, or all groups, are on view."""
        self.setVisible(group is not None)
        if group is None:
            return
        many = WORDS[group.key.by][1]
        self._back.setText(without_mnemonics(f"\u2039 All {many}"))
        self._back.setAccessibleName(f"Back to all {many}")
        self._back.setToolTip("Back (Esc, Backspace or Alt+Left)")
        self._kind.setText(GROUP_TITLES[group.key.by])
        self._name.setText(group_name(group))
