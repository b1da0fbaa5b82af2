"""Latencies of many probes in a few bytes: exact count, least, mean and greatest; quantiles within five per cent.

A histogram whose buckets grow by a tenth (a sketch with relative error), which merges without loss: the quantile of a
day is as good as that of five minutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

LEAST: Final = 0.000_1  # seconds: what is faster counts as this
GROWTH: Final = 1.1
_LOG: Final = math.log(GROWTH)
LAST_BUCKET: Final = 170  # beyond 1 000 seconds


@dataclass(frozen=True, slots=True)
class LatencySketch:
    """``buckets``: (number, count) ascending. Seconds."""

    count: int = 0
    least: float = 0.0
    greatest: float = 0.0
    total: float = 0.0
    buckets: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, latencies: Iterable[float]) -> LatencySketch:
        """Raises ValueError for what is negative or no number."""
        values = list(latencies)
        if not values:
            return cls()
        counts: dict[int, int] = {}
        for value in values:
            if not 0.0 <= value < math.inf:
                raise ValueError("a latency is a number of seconds, 0 or more")
            bucket = 0 if value <= LEAST else min(LAST_BUCKET, math.ceil(math.log(value / LEAST) / _LOG))
            counts[bucket] = counts.get(bucket, 0) + 1
        return cls(len(values), min(values), max(values), math.fsum(values), tuple(sorted(counts.items())))

    @classmethod
    def merged(cls, parts: Iterable[LatencySketch]) -> LatencySketch:
        """All of them together."""
        full = [part for part in parts if part.count]
        if not full:
            return cls()
        counts: dict[int, int] = {}
        for part in full:
            for bucket, count in part.buckets:
                counts[bucket] = counts.get(bucket, 0) + count
        return cls(
            sum(part.count for part in full),
            min(part.least for part in full),
            max(part.greatest for part in full),
            math.fsum(part.total for part in full),
            tuple(sorted(counts.items())),
        )

    @property
    def mean(self) -> float | None:
        """None where there are none."""
        return self.total / self.count if self.count else None

    def quantile(self, share: float) -> float | None:
        """The latency that this share (0 to 1) does not exceed, within 5 %; None where there are none."""
        if not self.count:
            return None
        wanted, seen = max(1, math.ceil(share * self.count)), 0
        for bucket, count in self.buckets:
            seen += count
            if seen >= wanted:
                middle = LEAST * GROWTH**bucket * 2 / (GROWTH + 1) if bucket else LEAST
                return min(self.greatest, max(self.least, middle))
        return self.greatest

    def encode(self) -> bytes:
        """The buckets in variable-length numbers (LEB128): steps between their numbers, and counts."""
        result, last = bytearray(), 0
        for bucket, count in self.buckets:
            _put(result, bucket - last)
            _put(result, count)
            last = bucket
        return bytes(result)

    @classmethod
    def decode(cls, data: bytes, *, least: float, greatest: float, total: float) -> LatencySketch:
        """Raises ValueError for bytes that are cut off or out of bounds."""
        if not data:
            return cls(0, least, greatest, total)
        numbers: Sequence[int] = data if max(data) < 0x80 else list(_numbers(data))  # nearly always small
        steps, counts = numbers[::2], numbers[1::2]
        if len(steps) != len(counts):
            raise ValueError("a count is missing")
        buckets = tuple(zip(accumulate(steps), counts, strict=True))
        if 0 in counts or 0 in steps[1:] or buckets[-1][0] > LAST_BUCKET:
            raise ValueError("the buckets are out of bounds")
        return cls(sum(counts), least, greatest, total, buckets)


def _put(result: bytearray, number: int) -> None:
    while number > 0x7F:
        result.append(number & 0x7F | 0x80)
        number >>= 7
    result.append(number)


def _numbers(data: bytes) -> Iterable[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield number
            number = shift = 0
        elif shift > 63:
            raise ValueError("a number is too long")
    if shift:
        raise ValueError("a number is cut off")
