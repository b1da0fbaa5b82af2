"""Text from outside is text: no label, box or tooltip of the window reads markup.

Qt guesses (``AutoText``) and would show a wallet's name or a token's symbol as HTML, with links and pictures. Two
guards, so that one may fail: the style sheet sets ``textFormat`` where our theme holds, and an event filter on the
application sets it when a widget is polished, which is before its first paint, whatever the style sheet says.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox


class PlainTextFilter(QObject):
    """Sets ``PlainText`` on every QLabel (tooltips and input dialogs are made of them) and QMessageBox."""

    def install(self, app: QApplication) -> None:
        """Watch every widget of ``app`` from now on (GUI thread).

        Costs 20 ms once, PySide6 then loads all its classes: call after the first paint; the sheet guards until then.
        """
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: never swallows an event."""
        if event.type() == QEvent.Type.Polish and isinstance(watched, QLabel | QMessageBox):
            watched.setTextFormat(Qt.TextFormat.PlainText)
        return False
