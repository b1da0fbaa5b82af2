"""What locks an open vault: idle time, keys, the session's own lock, sleep. Screen lock hides; vault lock closes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QShortcut, QWindow
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.settings import Settings
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.services.level_locks import lasting_clock
from aether_desktop.services.settings_file import IDLE_MINUTES, LOCK_VAULT_ON_SLEEP
from aether_desktop.services.vault_access import VaultAccess
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell.keyboard import LOCK_SCREEN_KEY, LOCK_VAULT_KEY
from aether_desktop.ui.shell.lock_question import QUESTION_SECONDS, LockQuestion
from aether_desktop.ui.shell.losses import Losses
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.step_up import StepUp
from aether_desktop.ui.shell.unlock_page import LockKind, UnlockPage
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.turns import next_turn
from aether_desktop.ui.widgets.buttons import without_mnemonics

_SLACK_MS = 10  # a timer may come early
_LOCKED_TITLE = "Locked - Aether"
_ACTIVE = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)


class Locker(QObject):
    """One open vault's locks. ``vault_lock_asked`` is for whoever owns the services. GUI thread only.

    It carries whether the person was told what is lost with it, and wanted it so.
    """

    vault_lock_asked = Signal(bool)
    level_locked = Signal(int)
    """This level and those above were locked again, by their time or by the person."""
    screen_locked = Signal()
    screen_unlocked = Signal()

    def __init__(
        self,
        window: MainWindow,
        theme: Theme,
        *,
        access: VaultAccess,
        step_up: StepUp,
        jobs: JobRunner,
        messages: Messages,
        settings: Settings,
        losses: Callable[[], Losses] = Losses,
        clock: Callable[[], float] = lasting_clock,
    ) -> None:
        """``jobs`` outlives the vault. ``clock`` is the one of ``access``."""
        super().__init__(window)
        self._window, self._theme, self._access, self._step_up = window, theme, access, step_up
        self._jobs, self._messages, self._settings, self._clock = jobs, messages, settings, clock
        self._losses = losses
        self.question_seconds: float = QUESTION_SECONDS
        self._question: LockQuestion | None = None
        self._page: UnlockPage | None = None
        self._behind: QWidget | None = None
        self._title = ""
        self._closed = False
        self._handle = window.windowHandle()
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.setTimerType(Qt.TimerType.PreciseTimer)
        self._due.timeout.connect(self._on_due)
        self._keys = [
            self._shortcut(LOCK_SCREEN_KEY, self.lock_screen),
            self._shortcut(LOCK_VAULT_KEY, self.lock_vault),
        ]
        if self._handle is not None:
            self._handle.installEventFilter(self)
        self._watch_dialogs(on=True)
        window.status.level_asked.connect(self._on_level_asked)
        step_up.level_changed.connect(self.refresh)
        self.apply_settings()

    @property
    def locked(self) -> bool:
        """Whether the screen is locked."""
        return self._page is not None

    def apply_settings(self) -> None:
        """The idle time that was chosen holds from now on."""
        self._access.set_idle(IDLE_MINUTES.get(self._settings) * 60.0)
        self.refresh()

    def refresh(self) -> None:
        """Say which level is open, and set the timer for the next that runs out."""
        if self._closed:
            return
        level = self._access.open_level()
        if level:
            self._window.status.set_level(f"Level {level}: {Court(level).title}")
        elif not self.locked:
            self._window.status.set_level("No password", tone="warn", icon="warning")
        deadline = self._access.next_deadline()
        if deadline is None:
            self._due.stop()
        else:
            self._due.start(max(0, int((deadline - self._clock()) * 1000)) + _SLACK_MS)

    def lock_screen(self) -> None:
        """Hide everything at once; level 1 stays open behind it."""
        if self.locked:
            return
        if not self._access.is_open(Court.OUTER):
            self._messages.warn("This vault has no password: there is nothing to lock it with. Settings can set one.")
            return
        self._access.lock_screen()
        self._cover()

    def lock_vault(self) -> None:
        """Wipe the keys and close the vault; ask before where something would be lost. Asked twice is an answer.

        From behind the locked screen nobody is asked: whoever stands there was not let in.
        """
        if not self.locked and not self._access.is_open(Court.OUTER):
            self.lock_screen()  # says why not
            return
        losses = Losses() if self.locked or self._question is not None else self._losses()
        if losses:
            self._ask(losses)
        else:
            self.vault_lock_asked.emit(self._question is not None)

    def on_session_locked(self) -> None:
        """The desktop locked its own screen."""
        if self._access.is_open(Court.OUTER):
            self.lock_screen()

    def on_sleep(self) -> None:
        """The computer goes to sleep."""
        if LOCK_VAULT_ON_SLEEP.get(self._settings):
            if self.locked or self._access.is_open(Court.OUTER):
                self.vault_lock_asked.emit(False)
        else:
            self.on_session_locked()

    def close(self) -> None:
        """The vault is closed: stop listening."""
        self._closed = True
        self._due.stop()
        for key in self._keys:
            key.setEnabled(False)
            key.deleteLater()
        if self._handle is not None:
            self._handle.removeEventFilter(self)
        self._watch_dialogs(on=False)
        self._window.status.level_asked.disconnect(self._on_level_asked)
        self._window.status.set_level("")
        hide_traces(self._window)
        if self._question is not None:
            self._question.deleteLater()
            self._question = None
        if self._page is not None:
            self._page.forget()
            self._page.deleteLater()
            self._page = None
        self.deleteLater()

    # ---------------------------------------------------------------------------------------------------- the screen
    def _ask(self, losses: Losses) -> None:
        """Hide everything at once; what is hidden is there again when the person goes back."""
        self._step_up.close()
        hide_traces(self._window)
        self._behind = self._window.alone_page
        self._question = question = LockQuestion(self._theme, losses, seconds=self.question_seconds)
        question.answered.connect(lambda: self.vault_lock_asked.emit(True))
        question.ran_out.connect(lambda: self.vault_lock_asked.emit(False))
        question.screen_asked.connect(self.lock_screen)
        question.taken_back.connect(self._on_taken_back)
        self._window.show_alone(question, silent=True)

    def _on_taken_back(self) -> None:
        question, self._question = self._question, None
        if question is not None:
            self._uncover()
            question.deleteLater()

    def _cover(self) -> None:
        self._step_up.close()
        hide_traces(self._window)
        question, self._question = self._question, None
        if question is None:
            self._behind = self._window.alone_page
        self._page = page = UnlockPage(self._theme, kind=LockKind.SCREEN)
        page.unlock_asked.connect(self._on_unlock_asked)
        self._title = self._window.windowTitle()
        self._window.setWindowTitle(_LOCKED_TITLE)
        self._window.show_alone(page, silent=True)
        if question is not None:
            question.deleteLater()
        page.focus_field()
        self._due.stop()
        self.screen_locked.emit()

    def _on_unlock_asked(self, factor: Factor) -> None:
        page = self._page
        if page is None:
            factor.wipe()
            return
        page.set_busy("Unlocking…")
        job = self._jobs.read(lambda _token, _progress: self._access.unlock(factor), repeatable=False)
        job.on_success(lambda _none: self._on_unlocked(page)).on_failure(partial(self._on_refused, page))

    def _on_refused(self, page: UnlockPage, error: BaseException) -> None:
        if page is self._page:
            page.show_error(error, wait=error.wait if isinstance(error, WrongFactorError) else 0.0)

    def _on_unlocked(self, page: UnlockPage) -> None:
        if page is not self._page:
            return
        self._page = None
        self._window.setWindowTitle(self._title)
        self._uncover()
        page.deleteLater()
        self.refresh()
        self.screen_unlocked.emit()

    def _uncover(self) -> None:
        """Show again what was on view before."""
        behind, self._behind = self._behind, None
        if behind is None:
            self._window.end_alone()
        else:
            self._window.show_alone(behind)

    # -------------------------------------------------------------------------------------------------------- levels
    def _on_due(self) -> None:
        expired = self._access.expire()
        if Court.OUTER in expired:
            self._cover()
            return
        if expired:
            self._messages.info(f"Level {int(expired[0])} was locked again: its time ran out.")
            self.level_locked.emit(int(expired[0]))
        self.refresh()

    def _on_level_asked(self) -> None:
        button = self._window.status.level_button
        menu = QMenu(button)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for level in (Court.HOLY, Court.MOST_HOLY):
            name = f"level {int(level)}: {level.title}"
            if self._access.is_open(level):
                menu.addAction(without_mnemonics(f"Lock {name}"), partial(self._relock, level))
            else:
                menu.addAction(without_mnemonics(f"Unlock {name}"), partial(self._on_level_wanted, level))
        menu.addSeparator()
        menu.addAction(f"Lock the screen\t{LOCK_SCREEN_KEY}", self.lock_screen)
        menu.addAction(f"Lock the vault\t{LOCK_VAULT_KEY}", self.lock_vault)
        menu.popup(button.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def _on_level_wanted(self, level: Court) -> None:
        lowest = next((each for each in Court if each <= level and not self._access.is_open(each)), level)
        if lowest is Court.OUTER:
            self.lock_screen()  # says that there is no password
            return
        first = "" if lowest is level else f" Level {int(lowest)} comes first."
        self._step_up.ask(lowest, f"You asked for level {int(level)}.{first}")

    def _relock(self, level: Court) -> None:
        self._access.relock(level)
        self.level_locked.emit(int(level))
        self.refresh()

    def _shortcut(self, keys: str, slot: Callable[[], None]) -> QShortcut:
        shortcut = QShortcut(QKeySequence(keys), self._window)
        shortcut.activated.connect(slot)
        return shortcut

    def _watch_dialogs(self, *, on: bool) -> None:
        app = QApplication.instance()
        if isinstance(app, QGuiApplication):
            changed = app.focusWindowChanged
            changed.connect(self._on_focus_window) if on else changed.disconnect(self._on_focus_window)

    def _on_focus_window(self, focused: QWindow | None) -> None:
        """A dialog over the window has the keys now, and keeps the window's own shortcuts from working."""
        if focused is None or focused is self._handle:
            return
        for widget in QApplication.topLevelWidgets():
            if widget.windowHandle() is focused and _belongs(widget, self._window):
                focused.installEventFilter(self)  # once, however often

    # Qt overrides

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Of the window itself, where only what no shortcut took arrives, and of dialogs and menus over it."""
        if event.type() in _ACTIVE and self._page is None and not self._access.touch():
            self._due.start(0)  # it ran out while the computer slept, and timers with it
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and not event.isAutoRepeat():
            pressed = QKeySequence(event.keyCombination())
            for shortcut in self._keys:
                if pressed == shortcut.key():
                    next_turn(self, shortcut.activated.emit)  # whatever has the keys is closed then
                    return True
        return False


def hide_traces(window: QWidget) -> None:
    """Close the window's dialogs, menus and tooltips, and empty the clipboard where it is ours."""
    QToolTip.hideText()
    while (popup := QApplication.activePopupWidget()) is not None and popup.isVisible():
        popup.close()
        if popup.isVisible():
            break
    for other in QApplication.topLevelWidgets():
        if other is not window and other.isVisible() and _belongs(other, window):
            other.close()
    clipboard = QGuiApplication.clipboard()
    if clipboard.ownsClipboard():
        clipboard.clear(clipboard.Mode.Clipboard)
    if clipboard.ownsSelection():
        clipboard.clear(clipboard.Mode.Selection)


def _belongs(widget: QWidget, window: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if parent is window:
            return True
        parent = parent.parentWidget()
    return False
