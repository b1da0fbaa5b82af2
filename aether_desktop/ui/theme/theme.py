"""The theme service: which colours hold now, and telling everybody when that changes."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from aether_desktop.locations import resources_dir
from aether_desktop.ui.icons import Icons
from aether_desktop.ui.theme.fonts import Fonts
from aether_desktop.ui.theme.palette import build_palette
from aether_desktop.ui.theme.stylesheet import build_stylesheet
from aether_desktop.ui.theme.tokens import DARK, LIGHT, Colours

STYLE = "Fusion"
STYLED = "aether_style"
"""Dynamic property of an application that was started with ``-style Fusion``: to ask Qt itself costs 5 ms at start."""


class ThemeMode(StrEnum):
    """What the person chose. ``SYSTEM`` follows the desktop where it says what it wants, and is light where not."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """Colours, fonts and icons of one QApplication; handed to every widget that paints. GUI thread only."""

    changed = Signal()
    """After palette, style sheet and icons have changed; widgets that keep pixmaps draw again."""

    def __init__(self, mode: ThemeMode = ThemeMode.SYSTEM, parent: QObject | None = None) -> None:
        """Read fonts and find the icons; FileNotFoundError if the installation lacks its resources."""
        super().__init__(parent)
        self._folder = resources_dir() / "icons"
        self._mode = mode
        self._colours = self._wanted()
        self._app: QApplication | None = None
        self._dressed: QApplication | QWidget | None = None
        self.fonts = Fonts()
        self.icons = Icons(self._folder, self._colours)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_scheme_changed)

    @property
    def mode(self) -> ThemeMode:
        """The choice, not its outcome."""
        return self._mode

    @property
    def colours(self) -> Colours:
        """The colours that hold now."""
        return self._colours

    @property
    def is_dark(self) -> bool:
        """Whether the dark colours hold now."""
        return self._colours is DARK

    def apply(self, app: QApplication) -> None:
        """Paint ``app`` in this theme, now and after every change: font, colours and style sheet."""
        self._dressed = app
        self.prepare(app)

    def prepare(self, app: QApplication) -> None:
        """Font and colours for ``app``; the style sheet is for the windows alone that are dressed."""
        self._app = app
        if app.property(STYLED) != STYLE:
            app.setStyle(STYLE)
        app.setFont(self.fonts.interface())
        self._paint()

    def dress(self, window: QWidget) -> None:
        """Style sheet for ``window`` and all that is put into it or belongs to it, now and after every change.

        Under a style sheet of the application, each widget of a page would be dressed again whenever a layout takes
        what it lies in: most of what it costs to make a page.
        """
        self._dressed = window
        self._paint()

    def set_mode(self, mode: ThemeMode) -> None:
        """Choose light, dark or the desktop's wish; emits ``changed`` if that changes the colours."""
        self._mode = mode
        self._refresh()

    def _wanted(self) -> Colours:
        if self._mode is ThemeMode.SYSTEM:
            scheme = QGuiApplication.styleHints().colorScheme()
            return DARK if scheme == Qt.ColorScheme.Dark else LIGHT
        return DARK if self._mode is ThemeMode.DARK else LIGHT

    def _refresh(self) -> None:
        wanted = self._wanted()
        if wanted is self._colours:
            return
        self._colours = wanted
        self.icons.recolour(wanted)
        self._paint()
        self.changed.emit()

    def _paint(self) -> None:
        if self._app is None:
            return
        marks = self._folder / "marks" / ("dark" if self.is_dark else "light")
        self._app.setPalette(build_palette(self._colours))
        if self._dressed is not None:
            self._dressed.setStyleSheet(build_stylesheet(self._colours, marks=marks))

    def _on_system_scheme_changed(self) -> None:
        self._refresh()


def repolish(widget: QWidget) -> None:
    """Read the style sheet again after a dynamic property of ``widget`` changed."""
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()
