"""Tells the window when the desktop session is locked or the computer goes to sleep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal


class LoginSession(Protocol):
    """Whoever hears of locks and sleep from the operating system."""

    def start(self, *, locked: Callable[[], None], sleeping: Callable[[], None]) -> None:
        """Listen on a thread of its own, on which the two are called; never raises. Quick."""
        ...

    def problem(self) -> str:
        """Why nothing is heard, empty when all is well; for a worker thread."""
        ...

    def close(self) -> None:
        """Stop listening and wait for the thread."""
        ...


class SessionWatch(QObject):
    """The two signals come on the GUI thread."""

    locked = Signal()
    sleeping = Signal()
    _heard = Signal(bool)

    def __init__(self, session: LoginSession, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._heard.connect(self._on_heard, Qt.ConnectionType.QueuedConnection)
        session.start(locked=lambda: self._heard.emit(False), sleeping=lambda: self._heard.emit(True))

    @property
    def problem(self) -> Callable[[], str]:
        """Asks why nothing is heard, on a worker thread."""
        return self._session.problem

    def close(self) -> None:
        """Stop listening."""
        self._session.close()

    def _on_heard(self, sleeping: bool) -> None:
        (self.sleeping if sleeping else self.locked).emit()
