"""Buttons: one primary, plain ones, quiet ones with an icon only."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QWidget

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Size, Space


def primary_button(theme: Theme, text: str, *, object_name: str = "") -> QPushButton:
    """Return the one gold button of a page."""
    return _push_button(theme, text, object_name=object_name, kind="primary", bold=True)


def plain_button(theme: Theme, text: str, *, object_name: str = "") -> QPushButton:
    """Return an ordinary button."""
    return _push_button(theme, text, object_name=object_name, kind="", bold=False)


def link_button(theme: Theme, text: str, *, object_name: str = "") -> QPushButton:
    """Return a button that looks like words."""
    return _push_button(theme, text, object_name=object_name, kind="link", bold=False)


def button_row(*buttons: QWidget, spacing: Space = Space.S) -> QHBoxLayout:
    """Return a line of buttons, from the left."""
    row = QHBoxLayout()
    row.setSpacing(spacing)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row


def without_mnemonics(text: str) -> str:
    """Return ``text`` for a button, menu or tab: its "&" is shown, not taken for a shortcut mark."""
    return text.replace("&", "&&")


def _push_button(theme: Theme, text: str, *, object_name: str, kind: str, bold: bool) -> QPushButton:
    button = QPushButton(without_mnemonics(text))
    button.setAccessibleName(text)
    button.setObjectName(object_name)
    button.setFont(theme.fonts.interface(bold=bold))
    button.setCursor(Qt.CursorShape.ArrowCursor)
    button.setAutoDefault(False)
    if kind:
        button.setProperty("kind", kind)
    return button


class IconButton(QToolButton):
    """A quiet button. Its name is what screen readers say and what the tooltip shows, with the shortcut if any."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        name: str,
        *,
        shortcut: str = "",
        size: int = Size.ICON,
        object_name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon = icon
        self._size = size
        self._faint = False
        self.setObjectName(object_name)
        self.setIconSize(QSize(size, size))
        self.setAutoRaise(True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.set_name(name, shortcut=shortcut)
        self._redraw()
        theme.changed.connect(self._on_theme_changed)

    def set_name(self, name: str, *, shortcut: str = "") -> None:
        """Say what the button does now."""
        self.setAccessibleName(name)
        self.setToolTip(f"{name} ({shortcut})" if shortcut else name)

    def set_drawing(self, icon: str) -> None:
        """Show another icon."""
        self._icon = icon
        self._redraw()

    def set_faint(self, *, faint: bool) -> None:
        """Look like something that is not to be had now; it can be pressed all the same."""
        self._faint = faint
        self._redraw()

    def _redraw(self) -> None:
        ink = self._theme.colours.faint if self._faint else ""
        self.setIcon(self._theme.icons.icon(self._icon, self._size, colour=ink))

    def _on_theme_changed(self) -> None:
        self._redraw()


class IconLabel(QWidget):
    """A drawing without a name of its own: the word stands beside it."""

    def __init__(self, theme: Theme, icon: str, *, size: int = Size.ICON, tone: str = "") -> None:
        """``tone`` is "ok", "warn" ... or "accent"; empty is dim."""
        super().__init__()
        self._theme = theme
        self._icon = icon
        self._size = size
        self._tone = tone
        self.setFixedSize(size, size)
        theme.changed.connect(self._on_theme_changed)

    def set_drawing(self, icon: str, *, tone: str = "") -> None:
        """Show another icon."""
        self._icon = icon
        self._tone = tone
        self.update()

    def _ink(self) -> str:
        colours = self._theme.colours
        if not self._tone:
            return colours.dim
        return colours.accent if self._tone == "accent" else colours.tone(self._tone).shape

    def _on_theme_changed(self) -> None:
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Qt override."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        painter.drawPixmap(0, 0, self._theme.icons.pixmap(self._icon, self._ink(), self._size, ratio=ratio))
        painter.end()
