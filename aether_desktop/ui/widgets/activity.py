"""What the activity panel needs to know of a running job. No Qt: job handles fit without knowing the panel."""

from __future__ import annotations

from typing import Protocol


class JobView(Protocol):
    """One running job. Read on the GUI thread only; every call returns at once."""

    @property
    def number(self) -> int:
        """Which job this is; never used twice in one run of the program."""
        ...

    @property
    def title(self) -> str:
        """What is done, in the person's words; empty for jobs too short to list."""
        ...

    @property
    def done(self) -> int:
        """Steps done."""
        ...

    @property
    def total(self) -> int | None:
        """Steps in all, or None while unknown."""
        ...

    @property
    def message(self) -> str:
        """What it is at, may be empty."""
        ...

    def seconds_left(self) -> float | None:
        """Estimate, None while there is none."""
        ...

    def cancel(self) -> None:
        """Ask it to stop."""
        ...


def words_for_time_left(seconds: float | None) -> str:
    """Return "about 2 min left" and the like; an empty string for None."""
    if seconds is None:
        return ""
    if seconds < 5:
        return "a few seconds left"
    if seconds < 90:
        return f"about {round(seconds / 5) * 5} s left"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min left"
    return f"about {round(seconds / 3600)} h left"
