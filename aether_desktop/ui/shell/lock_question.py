"""Before the vault is locked: what that would end or lose. Everything is hidden already; unanswered, it is locked."""

from __future__ import annotations

import math
import time
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent, Qt

from aether_desktop.ui import object_names as names
from aether_desktop.ui.shell.losses import Losses
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.alone_page import AlonePage
from aether_desktop.ui.widgets.buttons import button_row, plain_button, primary_button
from aether_desktop.ui.widgets.labels import text_label

QUESTION_SECONDS: Final = 30
_TICK_MS: Final = 250


class LockQuestion(AlonePage):
    """``answered`` when the person wants it locked, ``ran_out`` when nobody said anything. GUI thread only."""

    answered = Signal()
    screen_asked = Signal()
    """Lock the screen instead: nothing is lost."""
    taken_back = Signal()
    ran_out = Signal()

    def __init__(self, theme: Theme, losses: Losses, *, seconds: float = QUESTION_SECONDS) -> None:
        super().__init__(theme, object_name=names.LOCK_QUESTION, icon="lock", title="Lock the vault?")
        losses.list_on(self, cause="the lock")
        screen = "Locking the screen hides everything as well, loses nothing and lets the work go on."
        self.body.addWidget(text_label(theme, screen, kind="dim", wrap=True))
        self.screen_button = primary_button(theme, "Lock the screen instead", object_name=names.LOCK_QUESTION_SCREEN)
        self.lock_button = plain_button(theme, f"{losses.verb} and lock", object_name=names.LOCK_QUESTION_LOCK)
        self.back_button = plain_button(theme, "Go back", object_name=names.LOCK_QUESTION_BACK)
        self.body.addLayout(button_row(self.screen_button, self.lock_button, self.back_button, spacing=Space.M))
        self.screen_button.clicked.connect(self.screen_asked)
        self.lock_button.clicked.connect(self.answered)
        self.back_button.clicked.connect(self.taken_back)
        self._deadline = time.monotonic() + seconds
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()
        self._on_tick()

    def _on_tick(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            self._timer.stop()
            self.ran_out.emit()
        else:
            self.say(f"Without an answer the vault is locked in {math.ceil(left)} s.")

    # Qt overrides

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.screen_button.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.taken_back.emit()
            return
        super().keyPressEvent(event)
