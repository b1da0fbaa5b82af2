"""Every so many-th key of an ordered set of rows: which row has which number, found by binary search. No SQL here."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from aether_desktop.storage.window_order import Key

STRIDE: Final = 1024
"""Rows between two anchors, and the longest OFFSET ever asked for."""
_MOST: Final = 16_384  # anchors of one set of rows; then every other one is given up

Precedes = Callable[[Key, Key], bool]


class Place(NamedTuple):
    """Where to go on from: after the row with ``key`` (None: an end), or before it, past ``skip`` rows."""

    key: Key | None
    skip: int
    backward: bool = False


class Anchors:
    """Keys in order; bucket i holds the rows after key i-1, key i its last. Row numbers count from 0.

    The rows after the last key are the *rest*, unknown until ``close``. Memory is bounded. Not thread-safe.
    """

    def __init__(self, precedes: Precedes, stride: int = STRIDE) -> None:
        self.stride = stride
        self.ordered = True
        """False once the engine's order was found not to be that of ``precedes``: then ``bucket`` must not be asked."""
        self._precedes = precedes
        self._keys: list[Key] = []
        self._rows: list[int] = []  # of each bucket
        self._rest: int | None = None
        self._ends: list[int] | None = []  # rows up to and with each key; None: to be added up anew

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def last(self) -> Key | None:
        """The last key, from which a pass goes on."""
        return self._keys[-1] if self._keys else None

    @property
    def reached(self) -> int:
        """Rows that are numbered."""
        return (self._sums()[-1] if self._keys else 0) + (self._rest or 0)

    @property
    def complete(self) -> bool:
        return self._rest is not None

    def append(self, key: Key, rows: int) -> None:
        """The next bucket: it ends with ``key`` and holds ``rows`` rows."""
        if self._keys and not self._precedes(self._keys[-1], key):
            self.ordered = False
        ends = self._ends
        if ends is not None:
            ends.append((ends[-1] if ends else 0) + rows)
        self._keys.append(key)
        self._rows.append(rows)
        if len(self._keys) > _MOST:
            self._thin()

    def close(self, rest: int) -> None:
        """All rows are known: so many come after the last key."""
        self._rest = rest

    def nearest(self, start: int, stop: int) -> Place:
        """From where the fewest rows are skipped to reach [start, stop), as far as is known."""
        ends = self._sums()
        index = bisect_right(ends, start) - 1
        best = Place(self._keys[index], start - ends[index]) if index >= 0 else Place(None, start)
        if self.complete and self.reached - min(stop, self.reached) < best.skip:
            best = Place(None, max(self.reached - stop, 0), backward=True)
        after = bisect_left(ends, stop + 1)  # the first key whose row is no earlier than row ``stop``
        if after < len(ends) and ends[after] - 1 - stop < best.skip:
            best = Place(self._keys[after], ends[after] - 1 - stop, backward=True)
        return best

    def bucket(self, key: Key) -> int:
        """The bucket in which a row with this key lies, or would."""
        low, high = 0, len(self._keys)
        while low < high:
            middle = (low + high) // 2
            if self._precedes(self._keys[middle], key):
                low = middle + 1
            else:
                high = middle
        return low

    def border(self, bucket: int) -> tuple[Key | None, int]:
        """The key after which a bucket begins, and how many rows come before it."""
        return (self._keys[bucket - 1], self._sums()[bucket - 1]) if bucket else (None, 0)

    def end(self, bucket: int) -> Key | None:
        """The last key of a bucket, None for the rest."""
        return self._keys[bucket] if bucket < len(self._keys) else None

    def recount(self, bucket: int, keys: Sequence[Key]) -> None:
        """A bucket holds just these rows now; one that has grown too large is divided."""
        count = len(keys)
        cuts = list(range(self.stride, count - self.stride // 2, self.stride)) if count > 2 * self.stride else []
        sizes = [cut - before for before, cut in zip([0, *cuts], [*cuts, count], strict=True)]
        borders = [keys[cut - 1] for cut in cuts]
        if bucket == len(self._keys):
            self._rest = sizes.pop()
        elif keys:
            borders.append(keys[-1])
        else:
            sizes.clear()
        self._keys[bucket : bucket + 1] = borders
        self._rows[bucket : bucket + 1] = sizes
        self._ends = None

    def _sums(self) -> list[int]:
        if self._ends is None:
            self._ends = list(accumulate(self._rows))
        return self._ends

    def _thin(self) -> None:
        """Keep every other key: half the memory, hops twice as long."""
        rows = self._rows + [0] * (len(self._rows) % 2)
        odd = len(self._rows) % 2
        kept = self._keys[1::2] + self._keys[-1:] * odd
        self._rows = [first + second for first, second in zip(rows[::2], rows[1::2], strict=True)]
        self._keys = kept
        self.stride *= 2
        self._ends = None
