"""The QApplication this program runs in: the caller's, or one of its own."""

from __future__ import annotations

import sys

from PySide6.QtGui import QFont, QFontInfo
from PySide6.QtWidgets import QApplication

from aether_desktop.ui.theme.theme import STYLE, STYLED


def running_application() -> QApplication:
    """The QApplication somebody else made. Raises RuntimeError when there is none."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("build() needs a running QApplication.")
    return app


def has_fonts() -> bool:
    """Whether text can be drawn at all; the QApplication is there. GUI thread.

    Where there is no font Qt draws boxes, and has families all the same: its aliases.
    """
    return bool(QFontInfo(QFont()).family())


def own_application() -> QApplication:
    """A new QApplication that carries the program's names."""
    app = QApplication([*sys.argv[:1], "-style", STYLE])
    app.setProperty(STYLED, STYLE)
    app.setApplicationName("aether-desktop")
    app.setApplicationDisplayName("Aether")
    app.setDesktopFileName("aether-desktop")
    return app
