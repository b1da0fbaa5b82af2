"""Cycles are looked for on the main thread, between tests: a worker that came upon one with widgets in it would end
them on its own thread, which is a crash at some later test's expense (ui/garbage_collector.py does it for programs).

Modules, several hundred thousand objects, are left out of later looks, until a program of a test lets them in again.
"""

from __future__ import annotations

import gc

_WORTH = 60_000  # allocations not freed again since the last look that make one worth its time
_SHARE = 3  # all are looked through when the new ones are this part of those that stayed


class Collector:
    """One a process; main thread only."""

    def __init__(self) -> None:
        self._was_on = gc.isenabled()
        self._new = self._old = 0
        gc.disable()

    def look(self) -> None:
        """Collect as far as it is worth it."""
        new = gc.get_count()[0]
        if new < _WORTH:
            return
        self._new += new
        if self._new * _SHARE < self._old:
            gc.collect(1)
            return
        gc.collect()
        if not gc.get_freeze_count():
            gc.freeze()
        self._new, self._old = 0, len(gc.get_objects())

    def close(self) -> None:
        """Hand it back as it was."""
        gc.unfreeze()
        if self._was_on:
            gc.enable()
