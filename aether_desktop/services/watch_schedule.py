"""When each node is asked: spread by the golden ratio, further apart by Fibonacci numbers while it is down. Pure.

Ticks are seconds of a clock that never jumps.
"""

from __future__ import annotations

import heapq
import math
from typing import Final

_GOLDEN: Final = (math.sqrt(5.0) - 1.0) / 2.0  # its multiples fill [0, 1) as evenly as any sequence can
_MULTIPLES: Final = (1, 1, 2, 3, 5, 8)  # of the interval, by rounds that found it down
_LONGEST: Final = 300.0  # seconds: a node that comes back is seen within five minutes, or within its interval


def spread(place: int) -> float:
    """Where in an interval the node of this place (from 0) is asked first: a share, 0 to 1."""
    return (place * _GOLDEN) % 1.0


def delay(interval: float, down_rounds: int) -> float:
    """Seconds until the next round; ``down_rounds`` in a row have found the node down."""
    multiple = _MULTIPLES[min(max(0, down_rounds), len(_MULTIPLES) - 1)]
    return max(interval, min(interval * multiple, _LONGEST))


def aligned(phase: float, interval: float, *, target: float, after: float) -> float:
    """The beat of a node nearest to ``target``, but later than ``after``: its place in the spread is never lost."""
    beat = phase + round((target - phase) / interval) * interval
    return beat if beat > after else phase + (math.floor((after - phase) / interval) + 1) * interval


class Schedule:
    """Who is due next. Each node stands in it once; the latest time given counts."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._due: dict[int, float] = {}

    def put(self, node_id: int, due: float) -> None:
        self._due[node_id] = due
        heapq.heappush(self._heap, (due, node_id))
        if len(self._heap) > 64 + 4 * len(self._due):  # what was moved often leaves old entries behind
            self._heap = [(each, number) for number, each in self._due.items()]
            heapq.heapify(self._heap)

    def drop(self, node_id: int) -> None:
        self._due.pop(node_id, None)

    def clear(self) -> None:
        self._heap.clear()
        self._due.clear()

    def due_at(self, node_id: int) -> float | None:
        """None while it is not in the schedule, as when it is just being asked."""
        return self._due.get(node_id)

    def next_due(self) -> float | None:
        """The earliest time; None when nobody waits."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> list[tuple[int, float]]:
        """Out of the schedule: those that are due, with the times they were due at, the longest overdue first."""
        taken: list[tuple[int, float]] = []
        while (due := self.next_due()) is not None and due <= now:
            _, node_id = heapq.heappop(self._heap)
            del self._due[node_id]
            taken.append((node_id, due))
        return taken
