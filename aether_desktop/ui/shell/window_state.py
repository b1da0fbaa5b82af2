"""What the window remembers between two runs: place, size and section."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QWidget

_GEOMETRY = "window.geometry"
_SECTION = "window.section"


class StateStore(Protocol):
    """Small JSON values by name; reading and writing return at once (the file is written elsewhere)."""

    def get(self, key: str) -> Any:
        """Return what was kept, or None."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Keep a value; None forgets it."""
        ...


class WindowState:
    """Reads and keeps the window's state; whatever cannot be read is taken as not there. GUI thread only."""

    def __init__(self, store: StateStore) -> None:
        self._store = store

    def restore_geometry(self, window: QWidget) -> bool:
        """Put the window where it was, on a screen that still exists; False if nothing usable was kept."""
        kept = self._store.get(_GEOMETRY)
        if not isinstance(kept, str) or not kept.isascii():
            return False
        return window.restoreGeometry(QByteArray.fromBase64(kept.encode("ascii")))

    def keep_geometry(self, window: QWidget) -> None:
        """Remember place, size and whether the window fills the screen."""
        self._store.set(_GEOMETRY, bytes(window.saveGeometry().toBase64().data()).decode("ascii"))

    def section(self) -> str:
        """Return the section last open, or an empty string."""
        kept = self._store.get(_SECTION)
        return kept if isinstance(kept, str) else ""

    def keep_section(self, key: str) -> None:
        """Remember the open section."""
        self._store.set(_SECTION, key)
