"""A line under a grid: what is selected, and what can be done with all of it."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from aether_desktop.ui.object_names import selection_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.buttons import link_button
from aether_desktop.ui.widgets.labels import ElidedLabel


class SelectionState(NamedTuple):
    """``whole``: a filter's rows, as a question. ``many``: more rows than are taken one by one. ``all_rows``: what
    the button that selects them all does, empty where they are."""

    text: str
    whole: bool = False
    many: bool = False
    all_rows: str = ""


class SelectionBar(QWidget):
    """Hidden while fewer than two rows are selected; below the rows, so that none moves. GUI thread only."""

    all_asked = Signal()
    sum_asked = Signal()
    label_asked = Signal()
    export_asked = Signal()
    copy_asked = Signal()
    clear_asked = Signal()

    def __init__(self, theme: Theme, *, table: str, sums: bool) -> None:
        super().__init__()
        self.setObjectName(selection_name(table, "bar"))
        self._sums = sums
        self.text = ElidedLabel(theme)
        self.text.setObjectName(selection_name(table, "text"))
        self.all_button = link_button(theme, "Select all", object_name=selection_name(table, "all"))
        self.sum_button = link_button(theme, "Sum", object_name=selection_name(table, "sum"))
        self.label_button = link_button(theme, "Label…", object_name=selection_name(table, "label"))
        self.export_button = link_button(theme, "Export…", object_name=selection_name(table, "export"))
        self.copy_button = link_button(theme, "Copy", object_name=selection_name(table, "copy"))
        self.clear_button = link_button(theme, "Clear", object_name=selection_name(table, "clear"))
        self.clear_button.setAccessibleName("Clear the selection")
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.M)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.setContentsMargins(Space.M, 0, Space.S, 0)
        self._line.setSpacing(Space.XS)
        self._line.addWidget(self.text, 1)
        self._line.addWidget(self._buttons)
        for button, asked in (
            (self.all_button, self.all_asked),
            (self.sum_button, self.sum_asked),
            (self.label_button, self.label_asked),
            (self.export_button, self.export_asked),
            (self.copy_button, self.copy_asked),
            (self.clear_button, self.clear_asked),
        ):
            button.clicked.connect(asked)
            row.addWidget(button)
        row.addStretch(0)
        self.hide()

    def show_state(self, state: SelectionState | None) -> None:
        """None: nothing worth a word is selected."""
        if state is not None:
            one_by_one = state.whole or not state.many
            self.text.setText(state.text)
            self.all_button.setVisible(bool(state.all_rows))
            self.all_button.setAccessibleName(state.all_rows)
            self.all_button.setToolTip(state.all_rows)
            self.sum_button.setVisible(self._sums and one_by_one)
            self.label_button.setVisible(one_by_one)
            self.export_button.setVisible(state.whole)
            self.copy_button.setVisible(one_by_one)
        self.setVisible(state is not None)
        self._fit()

    def _fit(self) -> None:
        """In a narrow window the words stand above the buttons."""
        fits = self.text.sizeHint().width() + self._buttons.sizeHint().width() + 3 * Space.M <= self.width()
        self._line.setDirection(QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom)

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
