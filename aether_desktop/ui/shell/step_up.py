"""The one place where a locked level is opened: work it refused waits here, and is repeated or given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QWidget

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError, WrongFactorError
from aether_desktop.ports.vault_keys import Factor, LevelDescription
from aether_desktop.services.vault_access import VaultAccess
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell.step_up_panel import StepUpPanel
from aether_desktop.ui.theme.theme import Theme


@dataclass(frozen=True, slots=True)
class _Waiting:
    repeat: Callable[[], None]
    give_up: Callable[[], None]


class StepUp(QObject):
    """``take`` is the JobRunner's refusal. One level is asked for at a time; what else is refused waits for the same
    answer and is repeated with it. GUI thread only; keys are made on a worker."""

    level_changed = Signal()

    def __init__(
        self, theme: Theme, *, ground: QWidget, jobs: JobRunner, access: VaultAccess, messages: Messages
    ) -> None:
        super().__init__(ground)
        self._jobs, self._access, self._messages = jobs, access, messages
        self._level: Court | None = None
        self._why = ""
        self._waiting: list[_Waiting] = []
        self._turn = 0
        self.panel = StepUpPanel(theme, ground)
        self.panel.given.connect(self._on_given)
        self.panel.set_up.connect(self._on_set_up)
        self.panel.key_file_wanted.connect(self._on_key_file_wanted)
        self.panel.cancelled.connect(self._on_cancelled)
        ground.installEventFilter(self)

    def take(self, error: BaseException, repeat: Callable[[], None], give_up: Callable[[], None]) -> bool:
        """Keep what a locked level refused, and ask for the level. False for other errors, and for level 1."""
        if not isinstance(error, LevelLockedError) or error.level is Court.OUTER:
            return False
        self._waiting.append(_Waiting(repeat, give_up))
        if self._level is None:
            self._ask(error.level, str(error.message))
        return True

    def ask(self, level: Court, why: str) -> None:
        """Ask for a level that the person wants open."""
        if self._level is None:
            self._ask(level, why)

    def close(self) -> None:
        """Give up what waits, without a word."""
        self._end()
        self.panel.forget()
        self.panel.hide()
        for each in self._taken():
            each.give_up()

    def leave(self) -> None:
        """``close`` for good: the vault is closed."""
        self.close()
        self.panel.deleteLater()
        self.deleteLater()

    # ------------------------------------------------------------------------------------------------------- asking
    def _ask(self, level: Court, why: str) -> None:
        self._level, self._why = level, why
        self._turn += 1
        turn, access = self._turn, self._access
        self.panel.show_level(level, why, exists=None)

        def look() -> tuple[LevelDescription, float]:
            return access.describe()[level - 1], access.wait(level)

        job = self._jobs.read(lambda _token, _progress: look(), repeatable=False)
        job.on_success(lambda found: self._on_looked(turn, *found))
        job.on_failure(lambda error: self._on_failed(turn, error))

    def _on_looked(self, turn: int, found: LevelDescription, wait: float) -> None:
        if turn != self._turn or self._level is None:
            return
        if found.is_open:
            self._on_open(turn)
        else:
            self.panel.show_level(self._level, self._why, exists=found.exists, wait=wait)

    def _on_given(self, factor: Factor) -> None:
        level = self._level
        if level is not None:
            self._run("Unlocking…", lambda: self._access.step_up(level, factor), level)

    def _on_set_up(self, factor: Factor) -> None:
        level = self._level
        if level is not None:
            self._run("Setting up…", lambda: self._access.set_factor(level, factor), level)

    def _on_key_file_wanted(self, path: Path) -> None:
        turn, access = self._turn, self._access
        job = self._jobs.read(lambda _token, _progress: access.make_key_file(path), repeatable=False)
        job.on_success(lambda _none: self.panel.use_key_file(path))
        job.on_failure(lambda error: self._on_failed(turn, error))

    def _run(self, doing: str, work: Callable[[], None], level: Court) -> None:
        turn, access = self._turn, self._access
        self.panel.set_busy(doing)

        def opened_in_time() -> None:
            work()
            if turn != self._turn:  # cancelled meanwhile: it must not stay open
                access.relock(level)

        job = self._jobs.read(lambda _token, _progress: opened_in_time(), repeatable=False)
        job.on_success(lambda _none: self._on_open(turn))
        job.on_failure(lambda error: self._on_failed(turn, error))

    def _on_open(self, turn: int) -> None:
        if turn != self._turn:
            return
        self._end()
        self.panel.forget()
        self.panel.hide()
        self.level_changed.emit()
        for each in self._taken():
            each.repeat()

    def _on_failed(self, turn: int, error: BaseException) -> None:
        if turn != self._turn:
            return
        if isinstance(error, LevelLockedError) and error.level is not Court.OUTER and error.level != self._level:
            self._ask(error.level, self._why)  # the level below ran out meanwhile
            return
        self.panel.show_error(error, wait=error.wait if isinstance(error, WrongFactorError) else 0.0)

    def _on_cancelled(self) -> None:
        level = self._level
        self._end()
        for each in self._taken():
            each.give_up()
        if level is not None:
            self._messages.info(f"Level {int(level)} stays locked; nothing was done.")

    def _end(self) -> None:
        self._turn += 1
        self._level = None

    def _taken(self) -> list[_Waiting]:
        taken, self._waiting = self._waiting, []
        return taken

    # Qt overrides

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.panel.isHidden():
            self.panel.place()
        return False
