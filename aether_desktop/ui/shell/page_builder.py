"""Makes pages while nobody waits, so that opening a section only has to show it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from aether_desktop.ui.turns import next_turn

_PAUSE_MS = 120  # between two pieces: the window's own work goes first


@runtime_checkable
class CompletablePage(Protocol):
    """A page that can be made in two pieces."""

    def complete(self) -> None:
        """Make the second piece; may be called again."""
        ...


class PageBuilder(QObject):
    """One piece of one page per turn. GUI thread only."""

    finished = Signal()

    def __init__(
        self, make_page: Callable[[str], QWidget], keys: Iterable[str], parent: QObject, *, busy: Callable[[], bool]
    ) -> None:
        """While ``busy()`` the next piece waits another pause; ``finished`` comes after the last one."""
        super().__init__(parent)
        self._make_page, self._busy = make_page, busy
        self._pieces: deque[Callable[[], object]] = deque()
        self._stopped = False
        for key in keys:
            self._pieces.append(partial(make_page, key))
            self._pieces.append(partial(self._complete, key))
        self._timer = QTimer(self)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._on_turn)
        self._timer.start()

    def stop(self) -> None:
        """Leave the rest to whoever opens it; a piece whose turn was taken already is not made any more."""
        self._timer.stop()
        self._stopped = True

    def _on_turn(self) -> None:
        if not self._pieces:
            self._timer.stop()
            self.finished.emit()
            return
        if self._busy():
            return
        next_turn(self, partial(self._make, self._pieces.popleft()))

    def _make(self, piece: Callable[[], object]) -> None:
        if not self._stopped:
            piece()

    def _complete(self, key: str) -> None:
        page = self._make_page(key)
        if isinstance(page, CompletablePage):
            page.complete()
