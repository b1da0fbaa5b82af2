"""Our own stroke icons, drawn by QtSvg in the theme's colours at the screen's pixel ratio."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from aether_desktop.ui.theme.tokens import Colours, Size

_INK = b"currentColor"
_PROGRAM = "app"
_PROGRAM_SIZES = (16, 24, 32, 48, 128)


class Icons:
    """Draws and keeps icons of the current theme. GUI thread only; ``recolour`` empties the cache.

    An icon's name is its file's in ``resources/icons``, without the ending.
    """

    def __init__(self, folder: Path, colours: Colours) -> None:
        self._folder = folder
        self._colours = colours
        self._sources: dict[str, bytes] = {}
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self._icons: dict[tuple[str, int, str], QIcon] = {}

    def recolour(self, colours: Colours) -> None:
        """Use another theme's colours from now on."""
        self._colours = colours
        self._pixmaps.clear()
        self._icons.clear()

    def icon(self, name: str, size: int = Size.ICON, *, colour: str = "") -> QIcon:
        """Return an icon with its states: quiet, brighter under the pointer, gold when on or selected, faint disabled.

        ``colour`` replaces the first three, for icons on coloured ground. FileNotFoundError for an unknown name.
        """
        key = (str(name), size, colour)
        found = self._icons.get(key)
        if found is None:
            found = self._icons[key] = self._build(*key)
        return found

    def program_icon(self) -> QIcon:
        """Return the program's own mark in gold, for title bars and task lists."""
        icon = QIcon()
        for size in _PROGRAM_SIZES:
            icon.addPixmap(self.pixmap(_PROGRAM, self._colours.accent, size))
        return icon

    def pixmap(self, name: str, colour: str, size: int = Size.ICON, *, ratio: float = 1.0) -> QPixmap:
        """Return one drawing for a painter: ``size`` logical pixels at ``ratio`` device pixels each, from the cache.

        FileNotFoundError for an unknown name.
        """
        key = (str(name), colour, size, ratio)
        found = self._pixmaps.get(key)
        if found is None:
            found = self._pixmaps[key] = self._draw(*key)
        return found

    def _build(self, name: str, size: int, colour: str) -> QIcon:
        c = self._colours
        mode, state = QIcon.Mode, QIcon.State
        looks = (
            (mode.Normal, state.Off, colour or c.dim),
            (mode.Active, state.Off, colour or c.text),
            (mode.Selected, state.Off, colour or c.accent),
            (mode.Normal, state.On, colour or c.accent),
            (mode.Active, state.On, colour or c.accent),
            (mode.Disabled, state.Off, c.faint),
        )
        icon = QIcon()
        for ratio in sorted({1.0, *(screen.devicePixelRatio() for screen in QGuiApplication.screens())}):
            for of_mode, of_state, ink in looks:
                icon.addPixmap(self.pixmap(name, ink, size, ratio=ratio), of_mode, of_state)
        return icon

    def _draw(self, name: str, colour: str, size: int, ratio: float) -> QPixmap:
        source = self._sources.get(name)
        if source is None:
            source = self._sources[name] = (self._folder / f"{name}.svg").read_bytes()
        renderer = QSvgRenderer(QByteArray(source.replace(_INK, colour.encode("ascii"))))
        pixmap = QPixmap(QSize(size, size) * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        return pixmap
