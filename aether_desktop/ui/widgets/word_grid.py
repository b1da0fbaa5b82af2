"""Numbered words in columns, hidden until the person wants to see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import button_row, plain_button
from aether_desktop.ui.widgets.labels import text_label

_HIDDEN: Final = "\u2022" * 6
_COLUMNS: Final = 2


class WordGrid(QWidget):
    """``forget`` when they are not needed any more. Hidden again whenever their page is. GUI thread only."""

    def __init__(self, theme: Theme, *, button_name: str, object_name: str) -> None:
        super().__init__()
        self.setObjectName(object_name)
        self.setAccessibleName("The words")
        self._theme = theme
        self._words: tuple[str, ...] = ()
        self._labels: list[QLabel] = []
        self.show_button = plain_button(theme, "Show the words", object_name=button_name)
        self.show_button.setCheckable(True)
        self.show_button.toggled.connect(self._on_shown)
        self._cells = QGridLayout()
        self._cells.setHorizontalSpacing(Space.M)
        self._cells.setVerticalSpacing(Space.XS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addLayout(self._cells)
        column.addLayout(button_row(self.show_button))

    def set_words(self, words: Sequence[str]) -> None:
        """Hidden at first."""
        self.forget()
        self._words = tuple(words)
        rows = -(-len(self._words) // _COLUMNS)
        for at in range(len(self._words)):
            across, down = divmod(at, rows)
            number = text_label(self._theme, str(at + 1), size=FontSize.SMALL, kind="dim")
            number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            word = text_label(self._theme, _HIDDEN, mono=True)
            self._cells.addWidget(number, down, 2 * across)
            self._cells.addWidget(word, down, 2 * across + 1)
            self._cells.setColumnStretch(2 * across + 1, 1)
            self._labels.append(word)

    def forget(self) -> None:
        """Take the words off the screen."""
        self.show_button.setChecked(False)
        self._words = ()
        self._labels.clear()
        while (item := self._cells.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _on_shown(self, shown: bool) -> None:
        for label, word in zip(self._labels, self._words, strict=True):
            label.setText(word if shown else _HIDDEN)
        self.show_button.setText("Hide the words" if shown else "Show the words")
        self.show_button.setAccessibleName(self.show_button.text())

    # Qt overrides

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():
            self.show_button.setChecked(False)
