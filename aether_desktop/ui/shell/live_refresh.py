"""Tells the page on view what changed in the books; the others only remember it, and hear of it when they are shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from aether_desktop.ports.changes import ChangeSet
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.ui.context import LivePage
from aether_desktop.ui.permissions import Permissions
from aether_desktop.ui.turns import next_turn

_TOGETHER_MS = 60  # changes that come faster are shown together


class LiveRefresh(QObject):
    """Listens to the storage's changes while it lives. GUI thread only; changes may be published on any thread."""

    reach_changed = Signal(bool)
    """Whether the server answers, when that changes."""
    _arrived = Signal(object)
    _reach_told = Signal(bool)

    def __init__(
        self,
        services: ServiceSet,
        permissions: Permissions,
        *,
        made_pages: Callable[[], list[QWidget]],
        parent: QObject,
    ) -> None:
        """``made_pages()`` gives the pages made so far, the one on view first."""
        super().__init__(parent)
        self._permissions, self._made_pages = permissions, made_pages
        self._pending: ChangeSet | None = None
        self._waiting: deque[tuple[LivePage, ChangeSet]] = deque()
        self._together = QTimer(self)
        self._together.setSingleShot(True)
        self._together.setInterval(_TOGETHER_MS)
        self._together.timeout.connect(self._on_together)
        self._stale: dict[QWidget, ChangeSet] = {}  # pages that nobody sees, and what they have missed
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)
        self._reach_told.connect(self.reach_changed, Qt.ConnectionType.QueuedConnection)
        changes = services.storage.changes
        self._unsubscribe = (changes.subscribe(self._arrived.emit), changes.watch_reach(self._reach_told.emit))

    def close(self) -> None:
        """Stop listening; what waits is dropped."""
        for stop in self._unsubscribe:
            stop()
        self._together.stop()
        self._waiting.clear()
        for page in filter(isValid, self._stale):
            page.removeEventFilter(self)
        self._stale.clear()

    def _on_arrived(self, changes: ChangeSet) -> None:
        self._pending = changes if self._pending is None else self._pending | changes
        if not self._together.isActive():  # counted from the first: an import without a pause is shown, too
            self._together.start()

    def _on_together(self) -> None:
        changes, self._pending = self._pending, None
        if changes is None:
            return
        self._permissions.apply_changes(changes)
        idle = not self._waiting
        for page in self._made_pages():
            if isinstance(page, LivePage):
                if page.isVisible():
                    self._waiting.append((page, changes))
                else:
                    self._hold_back(page, changes)
        if idle and self._waiting:
            next_turn(self, self._on_next)

    def _on_next(self) -> None:
        if not self._waiting:
            return
        page, changes = self._waiting.popleft()
        if self._waiting:
            next_turn(self, self._on_next)
        page.apply_changes(changes)

    def _hold_back(self, page: QWidget, changes: ChangeSet) -> None:
        missed = self._stale.get(page)
        if missed is None:
            page.installEventFilter(self)
        whole = replace(changes, ids=None, created=frozenset())  # a long job would list a million
        self._stale[page] = whole if missed is None else missed | whole

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A page that missed something is shown: it asks once, for all of it."""
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            missed = self._stale.pop(watched, None)
            watched.removeEventFilter(self)
            if missed is not None and isinstance(watched, LivePage):
                watched.apply_changes(missed)
        return False
