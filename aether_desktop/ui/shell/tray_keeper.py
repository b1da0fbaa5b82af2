"""What keeps watching while the window is closed: the tray's icon, the desktop's notices, and how both lead back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from aether_desktop.domain.notices import Notice, NoticeKind
from aether_desktop.ports.monitoring import MonitorBoard, WatchState
from aether_desktop.ports.settings import Settings
from aether_desktop.services.settings_file import DESKTOP_NOTICES, KEEP_WATCHING
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.tray import NO_TRAY, Tray
from aether_desktop.ui.watching import BoardWatch
from aether_desktop.ui.widgets.message_bar import MessageLevel

_LOOK_MS = 5_000  # how often a hidden window looks whether its icon is still there
_MOST_TOLD = 500  # notices whose actions are still understood
_HIDDEN = "Aether keeps watching"
_HIDDEN_BODY = "The window is closed. The icon in the tray opens it again, and quits the program."
_STAYS = (
    f"{NO_TRAY} A closed window could not be found again, so it stays; minimise it to keep watching. Closing it once "
    "more ends the program, and nothing is watched then."
)
_NO_HIDING = f"{NO_TRAY} The window was minimised instead."
_BACK = f"{NO_TRAY} The icon that led back here is gone, so the window is open again."
_HIDING_TAG = "window"


class NoticeSender(Protocol):
    """The desktop's notification service. Every method returns at once."""

    def start(self, *, acted: Callable[[str, str], None], failed: Callable[[str], None]) -> None:
        """Both are called on another thread: (tag, key) of a pressed action, the tag of what could not be shown."""
        ...

    def send(
        self, tag: str, title: str, body: str = "", *, actions: Sequence[tuple[str, str]] = (), urgent: bool = False
    ) -> None:
        """Show a notice, in place of one with the same tag."""
        ...

    def problem(self) -> str:
        """Why nothing is shown; empty when all is well."""
        ...

    def close(self) -> None:
        """Wait for what is on its way."""
        ...


class TrayKeeper(QObject):
    """One for the whole run, over every vault. GUI thread only."""

    node_asked = Signal(object)
    lock_asked = Signal()
    quitting = Signal()
    """The person wants the program to end: the window is closed next."""
    notice_failed = Signal(object)
    """(id) The desktop could not show it."""
    silence_asked = Signal(object)
    """(node ids) Somebody pressed "Silence" on a notice about them."""
    _acted = Signal(str, str)
    _failed = Signal(str)

    def __init__(
        self,
        window: MainWindow,
        watch: BoardWatch,
        *,
        settings: Settings,
        sender: NoticeSender | None = None,
        zone: Callable[[], tzinfo],
    ) -> None:
        super().__init__(window)
        self._window, self._watch, self._settings, self._sender = window, watch, settings, sender
        self._quitting = self._warned = self._told = False
        self._notices: dict[str, Notice] = {}
        self.tray = Tray(self, zone=zone)
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self._on_look)
        self.tray.open_asked.connect(self.raise_window)
        self.tray.node_asked.connect(self._on_node)
        self.tray.lock_asked.connect(self.lock_asked)
        self.tray.quit_asked.connect(self.quit)
        self.tray.mute_asked.connect(self._on_mute)
        watch.changed.connect(self._on_board)
        watch.notice_made.connect(self._on_notice)
        self._acted.connect(self._on_acted, Qt.ConnectionType.QueuedConnection)
        self._failed.connect(self._on_failed, Qt.ConnectionType.QueuedConnection)
        window.stay = self._stays
        if sender is not None:
            sender.start(acted=self._acted.emit, failed=self._failed.emit)
        self._on_board(watch.board, None)

    def raise_window(self) -> None:
        """Bring the window back and to the front."""
        self._look.stop()
        self._window.showNormal() if self._window.isMinimized() else self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    def hide_window(self) -> bool:
        """Start, or stay, in the tray alone; False, and nothing hidden, where there is no tray."""
        if not self.tray.show():
            return False
        self._window.hide()
        self._look.start()
        return True

    def start_hidden(self) -> None:
        """The program was started minimised: into the tray, or where there is none to the task list, and say so."""
        if not self.hide_window():
            self._window.showMinimized()
            self._window.messages.show_message(MessageLevel.WARNING, _NO_HIDING)

    def quit(self) -> None:
        """End the program, unless the window has something to ask first."""
        self._quitting = True
        self.quitting.emit()
        if not self._window.close():  # something would be lost: that is asked where it can be answered
            self._quitting = False
            self.raise_window()

    def close(self) -> None:
        """The program ends."""
        self._look.stop()
        self._window.stay = None
        self.tray.close()
        if self._sender is not None:
            self._sender.close()

    # ------------------------------------------------------------------------------------------------------- closing
    def _stays(self) -> bool:
        """Whether the window's closing is only a hiding; asked by the window when somebody closes it."""
        watching = self._watch.engine is not None and self._watch.board.state is not WatchState.STOPPED
        if self._quitting or not watching or not KEEP_WATCHING.get(self._settings):
            return False
        if not self.hide_window():
            if self._warned:
                return False
            self._warned = True
            self._window.messages.show_message(MessageLevel.WARNING, _STAYS)
            return True
        if not self._told:
            self._told = True
            self._send(_HIDING_TAG, _HIDDEN, _HIDDEN_BODY, actions=(("open", "Open"), ("quit", "Quit")))
        return True

    def _on_look(self) -> None:
        if not self.tray.shown:
            self.raise_window()
            self._window.messages.show_message(MessageLevel.WARNING, _BACK)

    # -------------------------------------------------------------------------------------------------------- boards
    def _on_board(self, board: MonitorBoard, _ids: object) -> None:
        self.tray.follow(board)
        wanted = bool(board.nodes) or KEEP_WATCHING.get(self._settings)
        if wanted and self._watch.engine is not None and board.state is not WatchState.STOPPED:
            self.tray.show()
        elif not self._window.isHidden():
            self.tray.hide()

    def _on_node(self, node_id: int) -> None:
        self.raise_window()
        self.node_asked.emit(node_id)

    def _on_mute(self, until: object) -> None:
        if self._watch.engine is not None:
            self._watch.engine.mute(until)  # type: ignore[arg-type]  # a signal carries objects

    # ------------------------------------------------------------------------------------------------------- notices
    def _on_notice(self, notice: Notice) -> None:
        if not DESKTOP_NOTICES.get(self._settings):
            return
        tag = notice_tag(notice)
        self._notices.pop(tag, None)
        self._notices[tag] = notice
        while len(self._notices) > _MOST_TOLD:
            del self._notices[next(iter(self._notices))]
        actions = [("open", "Show it")]
        if notice.node_ids and notice.kind is not NoticeKind.RECOVERY:
            actions.append(("silence", "Silence for 1 hour"))
        self._send(tag, notice.title, notice.body, actions=actions, urgent=notice.kind is NoticeKind.TIER)

    def _send(
        self, tag: str, title: str, body: str, *, actions: Sequence[tuple[str, str]] = (), urgent: bool = False
    ) -> None:
        if self._sender is not None:
            self._sender.send(tag, title, body, actions=[("default", "Open"), *actions], urgent=urgent)

    def _on_acted(self, tag: str, key: str) -> None:
        notice = self._notices.get(tag)
        if key == "quit" and tag == _HIDING_TAG:
            self.quit()
        elif key == "silence" and notice is not None:
            self.silence_asked.emit(notice.node_ids)
        else:
            self.raise_window()
            if notice is not None and notice.node_ids:
                self.node_asked.emit(notice.node_ids[0])

    def _on_failed(self, tag: str) -> None:
        notice = self._notices.get(tag)
        if notice is not None:
            self.notice_failed.emit(notice.id)


def notice_tag(notice: Notice) -> str:
    """What a later notice about the same thing replaces on the screen: a recovery takes its outage's place."""
    if len(notice.node_ids) == 1:
        return f"node-{notice.node_ids[0]}"
    return f"tier-{notice.tier}" if notice.tier is not None else f"notice-{notice.id}"
