"""A line in a menu that only says something."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget, QWidgetAction

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.labels import text_label

_WIDTH = 320  # logical pixels


def add_note(menu: QMenu, theme: Theme, text: str) -> None:
    """Under the entries there are so far, wrapped and dim; it cannot be chosen."""
    menu.addSeparator()
    label = text_label(theme, text, size=FontSize.SMALL, kind="dim", wrap=True)
    label.setFixedWidth(_WIDTH)
    label.setMinimumHeight(label.heightForWidth(_WIDTH))
    holder = QWidget(menu)
    column = QVBoxLayout(holder)
    column.setContentsMargins(Space.S, Space.XS, Space.S, Space.S)
    column.addWidget(label)
    action = QWidgetAction(menu)
    action.setText(text)  # for those who do not see it
    action.setDefaultWidget(holder)
    action.setEnabled(False)
    menu.addAction(action)
