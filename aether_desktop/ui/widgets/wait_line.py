"""How long nothing can be tried after wrong attempts, counted down. The rule itself is kept elsewhere."""

from __future__ import annotations

import math

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aether_desktop.ports.errors import AetherError
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.labels import text_label

_TICK_MS = 250


class WaitLine(QWidget):
    """Hidden while there is nothing to wait for. GUI thread only."""

    changed = Signal()
    """The wait began or ended."""

    def __init__(self, theme: Theme, *, object_name: str) -> None:
        super().__init__()
        self._left = 0.0
        self._label = text_label(theme, kind="warn", wrap=True)
        self._label.setObjectName(object_name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._label)
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        self.hide()

    @property
    def waiting(self) -> bool:
        return self._left > 0

    def start(self, seconds: float) -> None:
        """Count down from so many seconds; 0 ends it."""
        self._left = max(0.0, seconds)
        self._tick.start() if self.waiting else self._tick.stop()
        self._show()
        self.changed.emit()

    def _on_tick(self) -> None:
        self._left = max(0.0, self._left - _TICK_MS / 1000)
        self._show()
        if not self.waiting:
            self._tick.stop()
            self.changed.emit()

    def _show(self) -> None:
        self.setVisible(self.waiting)
        left = math.ceil(self._left)
        self._label.setText(f"Wait {_duration(left)} before the next try. The wait grows with each wrong one.")


def refusal_text(error: BaseException, *, wait: float) -> str:
    """Why something stays locked; the wait is not told twice."""
    if isinstance(error, AetherError):
        return error.message if wait > 0 else str(error)
    return f"This did not work ({type(error).__name__})."


def _duration(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} minutes"
