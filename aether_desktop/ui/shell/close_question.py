"""Before the window closes: what is typed and not stored, or runs, is named and may be gone back to."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent

from aether_desktop.ui import object_names as names
from aether_desktop.ui.shell.losses import Losses
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.alone_page import AlonePage
from aether_desktop.ui.widgets.buttons import button_row, plain_button, primary_button


class CloseQuestion(AlonePage):
    """GUI thread only."""

    answered = Signal()
    taken_back = Signal()

    def __init__(self, theme: Theme, losses: Losses) -> None:
        super().__init__(theme, object_name=names.CLOSE_QUESTION, icon="warning", title="Close Aether?")
        losses.list_on(self, cause="the window")
        self.back_button = primary_button(theme, "Go back", object_name=names.CLOSE_QUESTION_BACK)
        self.close_button = plain_button(theme, f"{losses.verb} and close", object_name=names.CLOSE_QUESTION_CLOSE)
        self.body.addLayout(button_row(self.back_button, self.close_button, spacing=Space.M))
        self.back_button.clicked.connect(self.taken_back)
        self.close_button.clicked.connect(self.answered)

    # Qt overrides

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.back_button.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.taken_back.emit()
            return
        super().keyPressEvent(event)


class CloseGuard(QObject):
    """Asks once; closing again meanwhile is an answer. Nothing is asked while a page stands alone. GUI thread only."""

    def __init__(self, window: MainWindow, theme: Theme, losses: Callable[[], Losses], parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._theme, self._losses = window, theme, losses
        self._question: CloseQuestion | None = None
        window.hold_closing = self._holds

    def stop(self) -> None:
        """The vault is gone, and with it what could be lost."""
        self._window.hold_closing = None
        self._drop()

    def _holds(self) -> bool:
        """Whether the window stays; then the question is on view."""
        if self._question is not None or self._window.alone_page is not None:
            return False
        losses = self._losses()
        if not losses:
            return False
        self._question = question = CloseQuestion(self._theme, losses)
        question.answered.connect(self._window.close)
        question.taken_back.connect(self._on_taken_back)
        self._window.show_alone(question)
        return True

    def _on_taken_back(self) -> None:
        if self._drop():
            self._window.end_alone()

    def _drop(self) -> bool:
        question, self._question = self._question, None
        if question is None:
            return False
        question.deleteLater()
        return True
