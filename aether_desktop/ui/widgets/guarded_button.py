"""Keeps a refused button reachable: it looks refused, is focused and pressed as ever, and then says why."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractButton

from aether_desktop.ui.theme.theme import Theme, repolish
from aether_desktop.ui.theme.tokens import Size
from aether_desktop.ui.widgets.buttons import IconButton


class Guard(QObject):
    """Stands between a button and what it does: listen to ``allowed`` instead of ``clicked``. GUI thread only.

    A disabled button cannot be focused, shows no tooltip in many styles, and tells a screen reader nothing.
    """

    allowed = Signal()
    refused = Signal(str)
    """Pressed while it is refused: the explanation."""

    def __init__(self, button: QAbstractButton, theme: Theme) -> None:
        super().__init__(button)
        self._button, self._theme = button, theme
        self._tooltip, self._icon, self._icon_size = button.toolTip(), button.icon(), button.iconSize()
        self._description = button.accessibleDescription()
        self._why = ""
        button.clicked.connect(self.press)
        theme.changed.connect(self._redraw)

    @property
    def why(self) -> str:
        """Why it is refused; empty when it is not."""
        return self._why

    def refuse(self, why: str) -> None:
        """Refuse with this explanation; an empty one allows again."""
        if why == self._why:
            return
        self._why = why
        self._button.setProperty("refused", bool(why))
        self._button.setToolTip(why or self._tooltip)
        self._button.setAccessibleDescription(f"Not available. {why}" if why else self._description)
        self._redraw()
        repolish(self._button)

    def press(self) -> None:
        """As a click, a key or a shortcut does."""
        if self._why:
            self.refused.emit(self._why)
        else:
            self.allowed.emit()

    def _redraw(self) -> None:
        if isinstance(self._button, IconButton):  # its drawing is all that tells it from its neighbours
            self._button.set_faint(faint=bool(self._why))
        elif self._why:
            self._button.setIcon(self._theme.icons.icon("lock", Size.ICON))
            self._button.setIconSize(QSize(Size.ICON, Size.ICON))
        elif not self._icon.isNull():
            self._button.setIcon(self._icon)
            self._button.setIconSize(self._icon_size)
        else:
            self._button.setIcon(QIcon())
