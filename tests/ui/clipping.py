"""Finds text that does not fit its widget. Run as a program it shows the window at the size and scale it is given."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QToolButton, QWidget

from aether_desktop.ui.shell.first_run import FirstRunPage
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.widgets.labels import ElidedLabel
from aether_desktop.ui.widgets.message_bar import MessageLevel
from tests.ui.sample_pages import MemoryState, sample_sections

_LOOSE = 1  # pixels of rounding


def clipped_texts(root: QWidget) -> list[str]:
    """Every visible text under ``root`` that its widget has no room for; elided labels say so themselves."""
    return [
        f"{type(widget).__name__} {_text(widget)!r}: has {widget.width()}x{widget.height()}, {why}"
        for widget in root.findChildren(QWidget)
        if widget.isVisible() and _text(widget) and (why := _lack(widget))
    ]


def overlapping(root: QWidget) -> list[str]:
    """Visible labels and buttons of one parent that stand on each other."""
    found: list[str] = []
    for parent in (root, *root.findChildren(QWidget)):
        children = [
            child
            for child in parent.children()
            if isinstance(child, QLabel | QAbstractButton | QLineEdit)
            and child.isVisible()
            and not child.size().isEmpty()
        ]
        for at, one in enumerate(children):
            for other in children[at + 1 :]:
                common: QRect = one.geometry().intersected(other.geometry())
                if common.width() > _LOOSE and common.height() > _LOOSE:
                    found.append(f"{_text(one)!r} and {_text(other)!r}")
    return found


def _text(widget: QWidget) -> str:
    if isinstance(widget, QToolButton) and widget.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly:
        return ""
    return widget.text() if isinstance(widget, QLabel | QAbstractButton) else ""


def _lack(widget: QWidget) -> str:
    metrics = widget.fontMetrics()
    if widget.height() + _LOOSE < metrics.height():
        return f"a line is {metrics.height()} high"
    if isinstance(widget, QLabel) and widget.wordWrap():
        needed = widget.heightForWidth(widget.width())
        return f"the lines are {needed} high" if widget.height() + _LOOSE < needed else ""
    if isinstance(widget, ElidedLabel) or type(widget).__name__ in ("_Entry", "_Head"):
        return ""  # drawn by themselves, with dots where room is short
    needed = widget.minimumSizeHint().width()
    return f"{needed} are needed" if widget.width() + _LOOSE < needed else ""


def main(width: int, height: int) -> int:
    """Print what is clipped in a window of that logical size; exit code 1 if anything is."""
    app = QApplication([])
    theme = Theme(ThemeMode.LIGHT)
    theme.apply(app)
    bad: list[str] = []
    window = MainWindow(theme, MemoryState())
    window.set_sections(sample_sections(theme))
    window.messages.show_message(MessageLevel.ERROR, "The database does not answer. What you typed is kept.", "why")
    window.status.set_connection("Vault, encrypted")
    window.status.set_level("Outer Court, 14 min")
    window.resize(width, height)
    window.show()
    for section in ("transactions", "wallets", "settings"):
        window.open_section(section)
        app.processEvents()
        bad += clipped_texts(window) + overlapping(window)
    for floating in (window.open_palette, window.toggle_shortcuts, window.toggle_activity):
        floating()
        app.processEvents()
        bad += clipped_texts(window)
    first = FirstRunPage(theme, proposed_vault=Path("/home/somebody/Aether/books.aether"))
    window.show_alone(first)
    app.processEvents()
    bad += clipped_texts(first) + overlapping(first)
    if (window.width(), window.height()) != (width, height):
        bad.append(f"the window is {window.width()}x{window.height()}")
    sys.stdout.write("\n".join(bad))
    window.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
