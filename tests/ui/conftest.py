"""What tests of the window share: the theme."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from aether_desktop.ui.theme.theme import Theme, ThemeMode


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
