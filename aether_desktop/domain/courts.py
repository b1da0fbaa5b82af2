"""The three courts: how sensitive stored data is. The level of the same number opens a court."""

from __future__ import annotations

from enum import IntEnum


class Court(IntEnum):
    """Outer: contact data and notes. Holy: payment identifiers. Most Holy: wallet secrets."""

    OUTER = 1
    HOLY = 2
    MOST_HOLY = 3

    @property
    def title(self) -> str:
        """The name people know."""
        return {1: "Outer Court", 2: "Holy Place", 3: "Most Holy Place"}[self]
