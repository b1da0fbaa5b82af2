"""What the program remembers for one person on one machine: choices, never secrets, never money."""

from __future__ import annotations

from typing import Protocol


class Settings(Protocol):
    """Dotted keys to JSON values (None, bool, int, float, str, list, dict with text keys).

    Any thread, also the GUI thread: both calls work on memory, an implementation writes to disk on its own account.
    """

    def get(self, key: str, default: object = None) -> object:
        """The stored value, or ``default`` where there is none. The caller may keep but must not change it."""
        ...

    def set(self, key: str, value: object) -> None:
        """Store a JSON value; None forgets the key. Raises ValueError for what JSON cannot hold."""
        ...
