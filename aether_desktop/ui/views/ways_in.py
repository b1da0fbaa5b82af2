"""The list of what opens a vault, each with its removal, which asks once more before it acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from aether_desktop.domain.text import plain_line
from aether_desktop.ports.vault_keys import SlotDescription
from aether_desktop.ui.object_names import settings_part_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import link_button
from aether_desktop.ui.widgets.labels import text_label

_SURE = "Remove it for good"


class WaysIn(QWidget):
    """``removal_asked`` carries the slot, after a second click. GUI thread only."""

    removal_asked = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName(settings_part_name("ways"))
        self.setAccessibleName("What opens this vault")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.XS)
        column.addWidget(text_label(theme, "What opens this vault", wrap=True))
        self._list = QWidget()
        column.addWidget(self._list)
        self._column = column

    def show_slots(self, slots: Sequence[SlotDescription], *, day: Callable[[datetime], str]) -> None:
        """List these."""
        fresh = QWidget()
        grid = QGridLayout(fresh)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.XS)
        grid.setColumnStretch(0, 1)
        for row, slot in enumerate(slots):
            words = _slot_words(slot, day)
            grid.addWidget(text_label(self._theme, words, size=FontSize.SMALL, kind="dim", wrap=True), row, 0)
            name = settings_part_name(f"way_{row}")
            remove = link_button(self._theme, "Remove", object_name=name)
            remove.setAccessibleName(f"Remove: {words}")
            remove.clicked.connect(partial(self._on_clicked, remove, slot))
            grid.addWidget(remove, row, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        self._column.replaceWidget(self._list, fresh)
        self._list.deleteLater()
        self._list = fresh

    def _on_clicked(self, button: QPushButton, slot: SlotDescription) -> None:
        if button.text() != _SURE:
            button.setText(_SURE)
            return
        button.setEnabled(False)
        self.removal_asked.emit(slot)


def _slot_words(slot: SlotDescription, day: Callable[[datetime], str]) -> str:
    return f"Level {int(slot.level)}: {plain_line(slot.title, 100)}, made {day(slot.created)}"
