"""The top of a page: title, one dim line of facts, quiet icon buttons, one primary button."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import IconButton, primary_button
from aether_desktop.ui.widgets.labels import ElidedLabel, text_label

_LEAST_FACTS = 14  # characters: less of a line of facts says nothing


class PageHeader(QWidget):
    """Made once per page; buttons are added in the order they stand, the primary one always last."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._title = text_label(theme, title, size=FontSize.TITLE, bold=True)
        self._facts = ElidedLabel(theme, kind="dim", least=_LEAST_FACTS)
        self._facts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        # one baseline: the smaller line sits as far above the bottom as the title's larger descent
        drop = self._title.fontMetrics().descent() - self._facts.fontMetrics().descent()
        self._facts.setContentsMargins(0, 0, 0, max(0, drop))
        self._facts.setAlignment(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.XL)
        words = QHBoxLayout()
        words.setSpacing(Space.XL)
        words.addWidget(self._title, 0, Qt.AlignmentFlag.AlignBottom)
        words.addWidget(self._facts, 1, Qt.AlignmentFlag.AlignBottom)
        row.addLayout(words, 1)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(Space.M)
        row.addLayout(self._actions)
        self._row = row

    def set_title(self, text: str) -> None:
        """Say what the page is about now; for pages that show one thing after another."""
        self._title.setText(text)

    def set_facts(self, text: str) -> None:
        """Say the page's facts in one line ("10,482,113 rows in 7 wallets"); it elides where room is short."""
        self._facts.setText(text)

    def add_action(self, icon: str, name: str, *, object_name: str, shortcut: str = "") -> IconButton:
        """Add a quiet button at the right of those there already and return it."""
        button = IconButton(self._theme, icon, name, shortcut=shortcut, object_name=object_name)
        self._actions.addWidget(button)
        return button

    def set_primary(self, text: str, *, object_name: str) -> QPushButton:
        """Add the page's one primary button and return it."""
        button = primary_button(self._theme, text, object_name=object_name)
        self._row.addWidget(button)
        return button
