"""The monitor's board in the window: snapshots come from the engine's thread, at most four a second reach the GUI."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from aether_desktop.ports.monitoring import MonitorBoard, MonitorEngine, WatchState

_APART_MS = 250  # between two boards that the window is told of
_SILENT_MS = 60_000  # an engine that says nothing for so long is not believed any more


class BoardWatch(QObject):
    """``board`` is the latest one told of. However often the engine publishes, the window repaints what changed, in
    between doing other things. GUI thread; the engine calls from its own."""

    changed = Signal(object, object)
    """(board, ids of nodes that differ from the board told of before; None: all may)"""
    notice_made = Signal(object)
    """(Notice) People are to be shown this now."""
    _woken = Signal()
    _noticed = Signal(object)

    def __init__(self, engine: MonitorEngine | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.engine: MonitorEngine | None = None
        self._lock = threading.Lock()
        self._latest: MonitorBoard | None = None
        self._touched: frozenset[int] | None = frozenset()
        self._pending = False
        self._ends: list[Callable[[], None]] = []
        self.board = _nothing(WatchState.STOPPED)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._deliver)
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.setInterval(_SILENT_MS)
        self._silence.timeout.connect(self._on_silence)
        self._woken.connect(self._on_woken, Qt.ConnectionType.QueuedConnection)
        self._noticed.connect(self.notice_made, Qt.ConnectionType.QueuedConnection)
        if engine is not None:
            self.attach(engine)

    def attach(self, engine: MonitorEngine) -> None:
        """Follow this engine from now on. Once."""
        self.engine = engine
        self.board = engine.board
        self._ends = [engine.subscribe(self.take), engine.hear_notices(self._noticed.emit)]
        self._silence.start()
        self.changed.emit(self.board, None)

    def take(self, board: MonitorBoard) -> None:
        """A new snapshot. Any thread; returns at once."""
        with self._lock:
            self._latest = board
            self._touched = None if board.changed is None or self._touched is None else self._touched | board.changed
            wake, self._pending = not self._pending, True
        if wake:
            self._woken.emit()

    def close(self) -> None:
        """Hear nothing any more."""
        for end in self._ends:
            end()
        self._ends = []
        with self._lock:
            self._latest, self._pending = None, True  # nobody is woken any more
        self._soon.stop()
        self._silence.stop()

    def _on_woken(self) -> None:
        if self._latest is not None and not self._soon.isActive():
            self._soon.start(_APART_MS)

    def _deliver(self) -> None:
        with self._lock:
            board, touched = self._latest, self._touched
            self._latest, self._touched, self._pending = None, frozenset(), False
        if board is not None:
            self.board = board
            self._silence.start()
            self.changed.emit(board, touched)

    def _on_silence(self) -> None:
        """The engine died, or hangs: what it said last is old news."""
        board = self.board
        if board.state is not WatchState.WATCHING or board.stale_since is not None:
            return
        told = "The monitor itself gives no sign of life: what is shown is old. Start the program anew."
        self.board = replace(board, stale_since=board.made_at, sentence=told, changed=None)
        self.changed.emit(self.board, None)


def _nothing(state: WatchState) -> MonitorBoard:
    return MonitorBoard(state=state, made_at=datetime.now(UTC))
