"""Saved views: queries a person gave a name, per table, kept in the settings."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QWidget, QWidgetAction

from aether_desktop.domain.records import TableName
from aether_desktop.ports.settings import Settings
from aether_desktop.ui.models.cells import one_line
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.buttons import without_mnemonics


class SavedViews:
    """``views.<table>`` in the settings: name -> query text."""

    def __init__(self, table: TableName, settings: Settings) -> None:
        self._settings = settings
        self._key = f"views.{table}"

    def all(self) -> dict[str, str]:
        stored = self._settings.get(self._key)
        if not isinstance(stored, dict):
            return {}
        return {str(name): str(text) for name, text in stored.items()}

    def keep(self, name: str, text: str) -> None:
        self._settings.set(self._key, {**self.all(), name: text})

    def forget(self, name: str) -> None:
        self._settings.set(self._key, {key: text for key, text in self.all().items() if key != name})

    def fill_menu(self, menu: QMenu, *, current: str, choose: Callable[[str], None]) -> None:
        """Standing views, the person's own, and a line to keep the present one."""
        own = self.all()
        for title, text in (("All rows", ""), ("Archived rows", "archived:only"), *own.items()):
            action = menu.addAction(without_mnemonics(one_line(title)))
            action.triggered.connect(lambda _checked=False, text=text: choose(text))
        if own:
            forget = menu.addMenu("Forget a view")
            for name in own:
                forget.addAction(without_mnemonics(one_line(name))).triggered.connect(
                    lambda _checked=False, name=name: self.forget(name)
                )
        menu.addSeparator()
        menu.addAction(self._keep_action(menu, current))

    def _keep_action(self, menu: QMenu, current: str) -> QAction:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(Space.S, Space.XS, Space.S, Space.XS)
        name = QLineEdit()
        name.setPlaceholderText("Name for this view")
        name.setAccessibleName("Name for this view")
        name.setMaxLength(60)
        keep = QPushButton("Keep")
        keep.setAccessibleName("Keep this view")
        row.addWidget(name, 1)
        row.addWidget(keep)

        def store() -> None:
            if name.text().strip():
                self.keep(name.text().strip(), current)
                menu.close()

        name.returnPressed.connect(store)
        keep.clicked.connect(store)
        holder.setFocusProxy(name)
        holder.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        action = QWidgetAction(menu)
        action.setDefaultWidget(holder)
        return action
