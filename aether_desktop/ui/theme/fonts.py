"""Typefaces: the desktop's interface font with tabular figures, and one monospaced face."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QFont, QFontDatabase

from aether_desktop.ui.theme.tokens import FontSize

# A bare X session names no interface font: Qt then falls back to one of these. Better faces are tried first.
_FALLBACK_FACES: Final = frozenset({"", "Sans", "Sans Serif", "sans-serif", "DejaVu Sans", "Bitstream Vera Sans"})
_INTERFACE_FACES: Final = ("Inter", "Noto Sans", "Cantarell", "Ubuntu", "Source Sans 3", "Open Sans", "Liberation Sans")
_MONO_FACES: Final = ("JetBrains Mono", "DejaVu Sans Mono")
_TABULAR: Final = "tnum"
_CONTEXTUAL: Final = "calt"  # off: "0x12" and ">=" must not turn into other signs


class Fonts:
    """Fonts in the sizes of the tokens. Made once per application; GUI thread."""

    def __init__(self) -> None:
        self._interface = _interface_font()
        self._mono = _mono_font()

    def interface(self, size: FontSize = FontSize.BODY, *, bold: bool = False) -> QFont:
        """Return the interface font; ``bold`` is the half-bold of headings and buttons."""
        font = QFont(self._interface)
        font.setPointSizeF(size)
        if bold:
            font.setWeight(QFont.Weight.DemiBold)
        return font

    def mono(self, size: FontSize = FontSize.SMALL) -> QFont:
        """Return the face for hashes, addresses, CIDs and queries."""
        font = QFont(self._mono)
        font.setPointSizeF(size)
        return font


def _interface_font() -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    if font.family() in _FALLBACK_FACES:  # the name asked for; matching it against what is installed costs 4 ms
        for family in _INTERFACE_FACES:
            if QFontDatabase.hasFamily(family):
                font.setFamilies([family])
                break
    font.setFeature(QFont.Tag(_TABULAR), 1)
    font.setFeature(QFont.Tag(_CONTEXTUAL), 0)
    return font


def _mono_font() -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    for family in _MONO_FACES:
        if QFontDatabase.hasFamily(family):
            font.setFamilies([family])
            break
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFixedPitch(True)
    font.setFeature(QFont.Tag(_CONTEXTUAL), 0)
    return font
