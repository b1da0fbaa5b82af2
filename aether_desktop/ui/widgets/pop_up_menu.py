"""Showing a menu that is made for one look; it goes when it closes."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget


def pop_up(menu: QMenu, place: QPoint) -> None:
    """Show it at a place of the screen (GUI thread); returns at once."""
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(place)


def pop_up_under(menu: QMenu, widget: QWidget) -> None:
    """Show it right under a widget (GUI thread); returns at once."""
    pop_up(menu, widget.mapToGlobal(QPoint(0, widget.height())))
