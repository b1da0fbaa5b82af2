"""How long nothing can be tried after wrong factors."""

from __future__ import annotations

from typing import Final

FREE_FAILURES: Final = 2
LONGEST_WAIT: Final = 3600  # seconds
MOST_FAILURES: Final = 1_000_000  # that are counted


def wait_after(failures: int) -> int:
    """Seconds after so many failures in a row: 0, 0, then the Fibonacci numbers 1, 1, 2, 3, 5, 8, ... up to an hour."""
    present, following = 0, 1
    for _ in range(failures - FREE_FAILURES):
        present, following = following, present + following
        if present >= LONGEST_WAIT:
            return LONGEST_WAIT
    return present


def seconds_left(failures: int, since: float) -> float:
    """Until the next attempt, ``since`` seconds after the last; a clock that was put back never makes it longer."""
    whole = float(wait_after(failures))
    return min(max(0.0, whole - since), whole)


def shown_wait(seconds: float) -> str:
    """A wait in words, rounded up."""
    whole = int(seconds) + (seconds > int(seconds))
    if whole < 120:
        return f"{whole} second{'' if whole == 1 else 's'}"
    return f"{(whole + 59) // 60} minutes"
