"""The icon in the desktop's tray, with tooltip and menu; where the desktop has no tray there is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from aether_desktop.ports.monitoring import MonitorBoard
from aether_desktop.ui.shell.tray_drawing import TrayFace, tray_icon
from aether_desktop.ui.shell.tray_words import TrayWords, tray_words
from aether_desktop.ui.widgets.buttons import without_mnemonics

NO_TRAY = "This desktop shows no tray."
_MUTES = (("Mute for 1 hour", timedelta(hours=1)), ("Mute for 8 hours", timedelta(hours=8)))


def has_tray() -> bool:
    """Whether the desktop shows a tray icon: the one honest question (``isVisible`` is true without a tray, too)."""
    return QSystemTrayIcon.isSystemTrayAvailable()


class Tray(QObject):
    """Follows boards; icon and menu change only when what they say does. GUI thread only."""

    open_asked = Signal()
    node_asked = Signal(object)
    """(id) Ids have 64 bits, which an int of a signal has not."""
    lock_asked = Signal()
    quit_asked = Signal()
    mute_asked = Signal(object)
    """(datetime or None) Until when nothing is to be told; None: tell again."""

    def __init__(self, parent: QObject, *, zone: Callable[[], tzinfo] = lambda: UTC) -> None:
        super().__init__(parent)
        self._zone = zone
        self._words: TrayWords | None = None
        self._face: TrayFace | None = None
        self._may_lock = False
        self._menu = QMenu()
        self._menu.setObjectName("tray_menu")
        self._icon: QSystemTrayIcon | None = None  # made where there is a tray to show it in

    @property
    def menu(self) -> QMenu:
        """As it is now."""
        return self._menu

    @property
    def tooltip(self) -> str:
        """As it is now; empty while there is no icon."""
        return "" if self._icon is None else self._icon.toolTip()

    @property
    def face(self) -> TrayFace | None:
        """What the icon shows."""
        return self._face

    @property
    def shown(self) -> bool:
        """Whether somebody can see it and bring the window back by it."""
        return self._icon is not None and self._icon.isVisible() and has_tray()

    def show(self) -> bool:
        """Show it; False, and nothing shown, where there is no tray."""
        if not has_tray():
            return False
        if self._icon is None:
            self._icon = QSystemTrayIcon(self)
            self._icon.setContextMenu(self._menu)
            self._icon.activated.connect(self._on_activated)
            self._dress()
        self._icon.show()
        return True

    def hide(self) -> None:
        """Take it away."""
        if self._icon is not None:
            self._icon.hide()

    def set_lockable(self, *, on: bool) -> None:
        """Whether there is an open vault that can be locked."""
        if on is not self._may_lock:
            self._may_lock = on
            if self._words is not None:
                self._fill(self._words)

    def follow(self, board: MonitorBoard) -> None:
        """Say what a board says."""
        words = tray_words(board, zone=self._zone())
        if words == self._words:
            return
        self._words = words
        if words.face != self._face:
            self._face = words.face
            if self._icon is not None:
                self._icon.setIcon(tray_icon(words.face))
        if self._icon is not None:
            self._icon.setToolTip(words.tooltip)
        self._fill(words)

    def close(self) -> None:
        """Take it away for good."""
        self.hide()
        self._menu.deleteLater()

    def _dress(self) -> None:
        if self._icon is not None and self._words is not None:
            self._icon.setIcon(tray_icon(self._words.face))
            self._icon.setToolTip(self._words.tooltip)

    def _fill(self, words: TrayWords) -> None:
        menu = self._menu
        menu.clear()
        self._say(f"Aether: {words.title}")
        for line in words.lines:
            self._say(line)
        if words.failing:
            menu.addSeparator()
        for node_id, text in words.failing:
            self._act(text, partial(self.node_asked.emit, node_id))
        if words.more_failing:
            self._say(f"and {words.more_failing:,} more")
        menu.addSeparator()
        self._act("Open Aether", self.open_asked.emit)
        if words.muted:
            self._act("Tell again", partial(self.mute_asked.emit, None))
        else:
            for text, span in _MUTES:
                self._act(text, partial(self._mute, span))
        if self._may_lock:
            self._act("Lock the vault", self.lock_asked.emit)
        menu.addSeparator()
        self._act("Quit", self.quit_asked.emit)

    def _say(self, text: str) -> None:
        action = self._menu.addAction(without_mnemonics(text))
        action.setEnabled(False)

    def _act(self, text: str, slot: Callable[[], object]) -> QAction:
        action = self._menu.addAction(without_mnemonics(text))
        action.triggered.connect(lambda _checked: slot())
        return action

    def _mute(self, span: timedelta) -> None:
        self.mute_asked.emit(datetime.now(UTC) + span)

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in {QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick}:
            self.open_asked.emit()
