"""The log's tree: the published vectors, a naive tree by the RFC's own definition, and proofs that do not fit.

The vectors are those of Certificate Transparency's two Go libraries; tests/vectors/merkle.json names files and commits,
with which they were compared.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain import merkle
from aether_desktop.domain.merkle import Frontier, MerkleError, RangeHeads

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "merkle.json").read_text("utf-8"))
LEAVES = [merkle.leaf_hash(bytes.fromhex(entry)) for entry in VECTORS["entries"]]
ROOTS = [bytes.fromhex(root) for root in VECTORS["roots"]]
MANY = [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(200)]
sizes = st.integers(1, len(MANY))


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of 2.1.3.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*naive_path(index, leaves[:split]), naive_root(leaves[split:])]
    return [*naive_path(index - split, leaves[split:]), naive_root(leaves[:split])]


def naive_subproof(first: int, leaves: list[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF of 2.1.4.1."""
    if first == len(leaves):
        return [] if whole else [naive_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if first <= split:
        return [*naive_subproof(first, leaves[:split], whole=whole), naive_root(leaves[split:])]
    return [*naive_subproof(first - split, leaves[split:], whole=False), naive_root(leaves[:split])]


class TestPublishedVectors:
    @pytest.mark.parametrize("size", range(1, 9))
    def test_roots(self, size: int) -> None:
        assert merkle.root_of(LEAVES[:size]) == ROOTS[size - 1] == naive_root(LEAVES[:size])

    def test_the_empty_tree(self) -> None:
        assert merkle.root_of([]) == merkle.EMPTY_ROOT == Frontier().root

    @pytest.mark.parametrize("case", VECTORS["inclusion"])
    def test_inclusion(self, case: dict[str, Any]) -> None:
        proof = [bytes.fromhex(step) for step in case["proof"]]
        assert merkle.inclusion_proof(LEAVES[: case["size"]], case["index"]) == proof
        assert merkle.verify_inclusion(
            leaf=LEAVES[case["index"]],
            index=case["index"],
            size=case["size"],
            proof=proof,
            root=ROOTS[case["size"] - 1],
        )

    @pytest.mark.parametrize("case", VECTORS["consistency"])
    def test_consistency(self, case: dict[str, Any]) -> None:
        first, second = case["first"], case["second"]
        proof = [bytes.fromhex(step) for step in case["proof"]]
        assert merkle.consistency_proof(LEAVES[:second], first) == proof
        assert merkle.verify_consistency(
            first=first,
            second=second,
            first_root=ROOTS[first - 1],
            second_root=ROOTS[second - 1],
            proof=proof,
        )


class TestAgainstTheNaiveTree:
    @given(sizes)
    def test_root(self, size: int) -> None:
        assert merkle.root_of(MANY[:size]) == naive_root(MANY[:size])

    @given(sizes, st.data())
    def test_a_frontier_goes_on_from_its_bytes(self, size: int, data: st.DataObject) -> None:
        pause = data.draw(st.integers(0, size))
        log = Frontier()
        for leaf in MANY[:pause]:
            log.append(leaf)
        log = Frontier(log.size, log.peaks)
        for index, leaf in enumerate(MANY[pause:size], pause):
            assert log.append(leaf) == index
        assert (log.size, log.root) == (size, naive_root(MANY[:size]))

    @given(sizes, st.data())
    def test_inclusion(self, size: int, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, size - 1))
        proof = merkle.inclusion_proof(MANY[:size], index)
        assert proof == naive_path(index, MANY[:size])
        root = merkle.root_of(MANY[:size])
        assert merkle.verify_inclusion(leaf=MANY[index], index=index, size=size, proof=proof, root=root)

    @given(sizes, st.data())
    def test_consistency(self, second: int, data: st.DataObject) -> None:
        first = data.draw(st.integers(1, second))
        proof = merkle.consistency_proof(MANY[:second], first)
        assert proof == naive_subproof(first, MANY[:second], whole=True)
        assert merkle.verify_consistency(
            first=first,
            second=second,
            first_root=merkle.root_of(MANY[:first]),
            second_root=merkle.root_of(MANY[:second]),
            proof=proof,
        )

    @given(sizes, st.data())
    def test_heads_of_ranges_come_from_one_reading(self, size: int, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, size - 1))
        ranges = merkle.inclusion_ranges(index, size)
        heads = RangeHeads(ranges)
        for leaf in MANY:
            heads.add(leaf)
        assert heads.heads(ranges) == merkle.inclusion_proof(MANY[:size], index)


class TestWhatDoesNotFit:
    @given(st.integers(2, len(MANY)), st.data())
    def test_a_proof_holds_for_nothing_else(self, size: int, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, size - 1))
        other = data.draw(st.integers(0, size - 1).filter(lambda value: value != index))
        proof = merkle.inclusion_proof(MANY[:size], index)
        root = merkle.root_of(MANY[:size])
        assert not merkle.verify_inclusion(leaf=MANY[other], index=index, size=size, proof=proof, root=root)
        assert not merkle.verify_inclusion(leaf=MANY[index], index=other, size=size, proof=proof, root=root)
        assert not merkle.verify_inclusion(leaf=MANY[index], index=index, size=size, proof=proof[:-1], root=root)
        assert not merkle.verify_inclusion(leaf=MANY[index], index=index, size=size, proof=[*proof, root], root=root)
        assert not merkle.verify_inclusion(leaf=MANY[index], index=index, size=size, proof=proof, root=MANY[0])

    @given(st.integers(2, len(MANY)), st.data())
    def test_a_fork_is_no_continuation(self, second: int, data: st.DataObject) -> None:
        first = data.draw(st.integers(1, second))
        changed = data.draw(st.integers(0, first - 1))
        forked = [*MANY[:changed], merkle.leaf_hash(b"another"), *MANY[changed + 1 : second]]
        assert not merkle.verify_consistency(
            first=first,
            second=second,
            first_root=merkle.root_of(MANY[:first]),
            second_root=merkle.root_of(forked),
            proof=merkle.consistency_proof(forked, first),
        )

    @given(st.integers(2, len(MANY)), st.data())
    def test_a_damaged_consistency_proof(self, second: int, data: st.DataObject) -> None:
        first = data.draw(st.integers(1, second - 1))
        proof = merkle.consistency_proof(MANY[:second], first)
        place = data.draw(st.integers(0, len(proof) - 1))
        damaged = [*proof[:place], merkle.leaf_hash(b"x"), *proof[place + 1 :]]
        roots = {"first_root": merkle.root_of(MANY[:first]), "second_root": merkle.root_of(MANY[:second])}
        for wrong in (damaged, proof[:-1], [*proof, MANY[0]]):
            assert not merkle.verify_consistency(first=first, second=second, proof=wrong, **roots)

    @given(st.integers(-3, 9), st.integers(-3, 9), st.lists(st.binary(max_size=40), max_size=4))
    def test_nonsense_is_refused_without_an_error(self, first: int, second: int, proof: list[bytes]) -> None:
        merkle.verify_inclusion(leaf=MANY[0], index=first, size=second, proof=proof, root=MANY[1])
        if not (first == second > 0 and not proof):
            assert not merkle.verify_consistency(
                first=first, second=second, first_root=MANY[0], second_root=MANY[1], proof=proof
            )

    def test_impossible_questions(self) -> None:
        for index, size in ((0, 0), (1, 1), (-1, 3)):
            with pytest.raises(MerkleError):
                merkle.inclusion_ranges(index, size)
        for first, second in ((0, 3), (4, 3), (-1, 1)):
            with pytest.raises(MerkleError):
                merkle.consistency_ranges(first, second)
        for size, peaks in ((1, b""), (3, bytes(32)), (-1, b""), (2**63, bytes(32))):
            with pytest.raises(MerkleError):
                Frontier(size, peaks)
        with pytest.raises(MerkleError):
            Frontier().append(b"short")
        with pytest.raises(MerkleError):
            RangeHeads([(0, 2)]).heads([(0, 2)])
