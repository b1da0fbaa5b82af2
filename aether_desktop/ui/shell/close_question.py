"""Before a vault is left, for good or for another: what is typed and not stored, or runs, is named first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent

from aether_desktop.ui import object_names as names
from aether_desktop.ui.shell.losses import Losses
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.alone_page import AlonePage
from aether_desktop.ui.widgets.buttons import button_row, plain_button, primary_button


@dataclass(frozen=True, slots=True)
class Leaving:
    """How a question speaks of it: ``title``, what it takes things with ("the window"), ``verb`` of its button."""

    title: str
    cause: str
    verb: str


CLOSING: Final = Leaving("Close Aether?", "the window", "close")


class CloseQuestion(AlonePage):
    """GUI thread only."""

    answered = Signal()
    taken_back = Signal()

    def __init__(self, theme: Theme, losses: Losses, leaving: Leaving = CLOSING) -> None:
        super().__init__(theme, object_name=names.CLOSE_QUESTION, icon="warning", title=leaving.title)
        losses.list_on(self, cause=leaving.cause)
        self.back_button = primary_button(theme, "Go back", object_name=names.CLOSE_QUESTION_BACK)
        self.close_button = plain_button(
            theme, f"{losses.verb} and {leaving.verb}", object_name=names.CLOSE_QUESTION_CLOSE
        )
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

    def before(self, leaving: Leaving, leave: Callable[[], object]) -> None:
        """``leave`` at once where nothing would be lost, otherwise when the person agrees.

        Not while a page stands alone: the screen may be locked, and whoever stands there was not let in.
        """
        if self._window.alone_page is None and not self._asks(leaving, leave):
            leave()

    def _holds(self) -> bool:
        """Whether the window stays; then the question is on view."""
        if self._question is not None or self._window.alone_page is not None:
            return False
        return self._asks(CLOSING, self._window.close)

    def _asks(self, leaving: Leaving, leave: Callable[[], object]) -> bool:
        losses = self._losses()
        if not losses:
            return False
        self._question = question = CloseQuestion(self._theme, losses, leaving)
        question.answered.connect(leave)
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
