"""Pages that scroll up and down when the window is too low for them, and never sideways."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from aether_desktop.ui.theme.tokens import Size


def scrolling(inner: QWidget, *, name: str, tabbed: bool = False) -> QScrollArea:
    """Return ``inner`` in a frameless scroll area with this accessible name (GUI thread).

    ``tabbed``: Tab reaches the area itself, to scroll by keys what holds little that takes the focus.
    """
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    if not tabbed:
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setAccessibleName(name)
    area.setWidget(inner)
    return area


def fill_middle(page: QWidget, inner: QWidget) -> None:
    """Let ``inner`` stand in the middle of a page, no wider than is read with ease, and scroll (GUI thread)."""
    inner.setMaximumWidth(Size.PALETTE_WIDTH)
    middle = QWidget()
    row = QHBoxLayout(middle)
    row.setContentsMargins(0, 0, 0, 0)
    row.addStretch(1)
    row.addWidget(inner, 100)
    row.addStretch(1)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(middle)
    outer = QVBoxLayout(page)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(area)
