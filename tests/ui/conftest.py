"""What tests of the window share: an off-screen platform where no display is, and the theme."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from aether_desktop.ui.theme.theme import Theme, ThemeMode

if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    """The dark theme, applied to the application and taken off again."""
    before = qapp.font()
    made = Theme(ThemeMode.DARK)
    made.apply(qapp)
    yield made
    qapp.setStyleSheet("")
    qapp.setFont(before)
    qapp.setPalette(qapp.style().standardPalette())
    made.deleteLater()
