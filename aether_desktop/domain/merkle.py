"""The Merkle tree of RFC 9162 section 2.1 (SHA-256): heads, inclusion proofs, consistency proofs. Any thread.

A *frontier* is the least that lets a log grow: the heads of its perfect subtrees, the largest first, 32 bytes each; a
log of n entries has as many as n has one bits. The head of the whole tree follows from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
LARGEST: Final = (1 << 63) - 1  # entries; their numbers fit a signed 64-bit column
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


class MerkleError(ValueError):
    """A size, an index or a proof that no tree has."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry."""
    return hashlib.sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return hashlib.sha256(_NODE + left + right).digest()


class Frontier:
    """A log that grows; one thread at a time."""

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        """Raises MerkleError when the bytes are no frontier of a log of ``size`` entries."""
        if not 0 <= size <= LARGEST or len(peaks) != size.bit_count() * HASH_BYTES:
            raise MerkleError("these bytes are no frontier of a log of this size")
        self._size = size
        self._peaks = [peaks[start : start + HASH_BYTES] for start in range(0, len(peaks), HASH_BYTES)]

    @property
    def size(self) -> int:
        return self._size

    @property
    def peaks(self) -> bytes:
        """What the next ``Frontier`` of this log is made from."""
        return b"".join(self._peaks)

    @property
    def root(self) -> bytes:
        """The tree's head."""
        return subtree_root(self._peaks)

    def append(self, leaf: bytes) -> int:
        """Add the hash of an entry; returns its index. Raises MerkleError for what is no hash."""
        if len(leaf) != HASH_BYTES:
            raise MerkleError(f"a hash has {HASH_BYTES} bytes")
        index, carry = self._size, leaf
        while index & 1:
            carry = node_hash(self._peaks.pop(), carry)
            index >>= 1
        self._peaks.append(carry)
        self._size += 1
        return self._size - 1

    def copy(self) -> Frontier:
        """A log of its own that goes on from here."""
        return Frontier(self._size, self.peaks)

    def __repr__(self) -> str:
        return f"Frontier({self._size}, {self.root.hex()[:16]})"


def subtree_root(peaks: Sequence[bytes]) -> bytes:
    """The head over perfect subtrees, the largest first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The head of a tree over these leaf hashes. Raises MerkleError for what is no hash."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root


# -- proofs from streams ---------------------------------------------------------------------------------------------


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The leaves [start, stop) whose subtree heads make the proof that ``index`` is in a tree of ``size``, in order.

    Raises MerkleError when it cannot be.
    """
    if not 0 <= index < size:
        raise MerkleError("this log has no such entry")
    ranges: list[tuple[int, int]] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    """The leaves [start, stop) whose subtree heads prove that a log of ``first`` entries is the beginning of a log of
    ``second``, in order; none when the sizes are equal. Raises MerkleError unless 0 < first <= second.
    """
    if not 0 < first <= second:
        raise MerkleError("the earlier log must have entries, and not more than the later one")
    ranges: list[tuple[int, int]] = []
    start, stop, whole = 0, second, True
    while stop != first:
        middle = start + _split(stop - start)
        if first <= middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, stop))
    return ranges[::-1]


class RangeHeads:
    """Heads of some ranges of leaves, from all leaves read once in order. One thread."""

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Ranges may lie next to each other but not overlap."""
        self._wanted = sorted(set(ranges))
        self._heads: dict[tuple[int, int], bytes] = {}
        self._index = 0
        self._place = 0
        self._growing = Frontier()

    def add(self, leaf: bytes) -> None:
        """The next leaf hash."""
        index = self._index
        self._index += 1
        if self._place == len(self._wanted):
            return
        start, stop = self._wanted[self._place]
        if index < start:
            return
        self._growing.append(leaf)
        if index + 1 == stop:
            self._heads[start, stop] = self._growing.root
            self._growing = Frontier()
            self._place += 1

    def heads(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """In the order asked. Raises MerkleError when too few leaves were given."""
        try:
            return [self._heads[each] for each in ranges]
        except KeyError as error:
            raise MerkleError("the log ends before the proof is complete") from error


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from a leaf to the root of a tree over ``leaves``. Raises MerkleError."""
    return [root_of(leaves[start:stop]) for start, stop in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """The hashes that prove that the first ``first`` of ``leaves`` are its beginning. Raises MerkleError."""
    return [root_of(leaves[start:stop]) for start, stop in consistency_ranges(first, len(leaves))]


# -- verification (RFC 9162, 2.1.3.2 and 2.1.4.2) --------------------------------------------------------------------


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf hash at ``index`` to the root of a tree of ``size``. Never raises."""
    if not 0 <= index < size or not _hashes([leaf, root, *proof]):
        return False
    place, last, head = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            head = node_hash(step, head)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            head = node_hash(head, step)
        place, last = place >> 1, last >> 1
    return last == 0 and head == root


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows that the first log is the beginning of the second. Never raises."""
    if not 0 < first <= second or not _hashes([first_root, second_root, *proof]):
        return False
    if first == second:
        return not proof and first_root == second_root
    steps = list(proof) if first & (first - 1) else [first_root, *proof]
    if not steps:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _split(size: int) -> int:
    """The largest power of two below ``size``, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
