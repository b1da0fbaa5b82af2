"""Anchors over a list in memory: thousands of games that no engine could play so fast."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aether_desktop.storage import anchors as anchors_module
from aether_desktop.storage.anchor_index import QueryIndex
from aether_desktop.storage.anchor_walks import AnchorWalk
from aether_desktop.storage.anchors import Anchors
from aether_desktop.storage.window_order import Key

STRIDE = 3


def before(this: Key, other: Key) -> bool:
    return this < other


class Rows:
    """An ordered set of rows, asked as ``Question`` is; a row's key is (value, id)."""

    def __init__(self) -> None:
        self.values: dict[int, int] = {}
        self.order = self
        self.precedes = before

    @property
    def keys(self) -> list[Key]:
        return sorted((value, row_id) for row_id, value in self.values.items())

    def step(
        self, _connection: None, place: Key | None, *, offset: int = 0, limit: int, backward: bool = False
    ) -> list[Key]:
        keys = self.keys
        if backward:
            earlier = keys if place is None else keys[: bisect_left(keys, place)]
            return earlier[::-1][offset : offset + limit]
        return keys[0 if place is None else bisect_right(keys, place) :][offset : offset + limit]

    def keys_of(self, _connection: None, ids: Iterable[int]) -> dict[int, Key]:
        return {row_id: (self.values[row_id], row_id) for row_id in ids if row_id in self.values}


class Engine:
    """What ``AnchorWalk`` needs of a Database."""

    def fetch(self, work: Callable[[None], Any], *, token: object) -> Any:
        return work(None)


Games = st.lists(
    st.tuples(st.sampled_from(["put", "put", "put", "drop", "drop", "unknown", "count", "look"]), st.integers(0, 40),
              st.lists(st.integers(0, 30), min_size=1, max_size=12)),
    max_size=40,
)  # fmt: skip


@settings(max_examples=300)
@given(Games)
def test_numbers_stay_those_of_the_list(game: list[tuple[str, int, list[int]]]) -> None:
    rows, index = Rows(), QueryIndex(before, STRIDE)
    walk = AnchorWalk(Engine(), rows, index, None)  # type: ignore[arg-type]
    for act, value, ids in game:
        if act in ("put", "drop"):
            index_new = {row_id: row_id not in rows.values for row_id in ids}
            for row_id in ids:
                if act == "put":
                    rows.values[row_id] = value + row_id % 5
                else:
                    rows.values.pop(row_id, None)
            index.heard(ids={row_id: new and act == "put" for row_id, new in index_new.items()})
        elif act == "unknown":
            rows.values = dict.fromkeys(ids, value)
            index.heard(ids=None)
            if value % 2:
                walk.reach(lambda: False)
        elif act == "count":
            walk.reach(lambda: False)
            assert index.state.exact
        else:
            index.see(index.state.epoch, rows.keys_of(None, ids))
        walk.settle()
        check(walk, index, rows.keys)


def check(walk: AnchorWalk, index: QueryIndex, keys: list[Key]) -> None:
    state = index.state
    assert not state.exact or state.reached == len(keys)
    for start in range(0, len(keys), 2):
        stop = min(start + 4, len(keys))
        place, exact = index.nearest(start, stop)
        if exact and (state.exact or stop < state.reached):
            assert walk.keys(None, place, stop - start) == keys[start:stop]  # type: ignore[arg-type]
            assert place.skip <= 3 * STRIDE
    for number, key in enumerate(keys):
        found = index.bucket(key)
        if found is not None:
            border, first = found
            assert first == (0 if border is None else bisect_right(keys, border))
            assert first <= number


def test_a_hop_from_before_a_change_is_not_taken_for_one_after_it() -> None:
    rows, index = Rows(), QueryIndex(before, STRIDE)
    walk = AnchorWalk(Engine(), rows, index, None)  # type: ignore[arg-type]
    rows.values = {row_id: row_id for row_id in range(10)}
    epoch, frontier, _stride = index.frontier(anew=False)  # another worker's snapshot: the last row is row 9
    rows.values[3] = 50
    index.heard(ids={3: False})
    index.lose_count()
    index.frontier(anew=True)
    rows.values[11] = 1
    index.heard(ids={11: True})
    walk.settle()  # nothing is anchored there yet
    assert not index.advance(epoch, frontier, (2, 2), STRIDE)
    walk.reach(lambda: False)
    assert index.state.reached == len(rows.values)


def test_where_a_row_was_is_forgotten_when_nobody_knows_what_changed() -> None:
    rows, index = Rows(), QueryIndex(before, STRIDE)
    walk = AnchorWalk(Engine(), rows, index, None)  # type: ignore[arg-type]
    rows.values = {row_id: row_id for row_id in range(30)}
    walk.reach(lambda: False)
    index.see(index.state.epoch, rows.keys_of(None, [2]))
    rows.values[2] = 12  # by another client
    index.heard(ids=None)
    walk.reach(lambda: False)
    rows.values[2] = 28
    index.heard(ids={2: False})
    walk.settle()
    check(walk, index, rows.keys)
    assert not index.state.exact
    walk.reach(lambda: False)
    check(walk, index, rows.keys)
    assert index.state.exact


def test_memory_is_bounded_and_numbers_stay_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors_module, "_MOST", 7)
    keys: list[Key] = []
    made = Anchors(before, 2)
    number = 0
    while number < 999:
        number += made.stride
        made.append((number, number), made.stride)
    for each in range(1, 1000):
        insort(keys, (each, each))
    made.close(0)
    assert len(made) <= 7
    assert made.reached == number
    for start in range(0, number, 50):
        place = made.nearest(start, start + 5)
        found = 0 if place.key is None else place.key[0]
        if not place.backward:
            assert found + place.skip == start
        elif place.key is not None:
            assert found - 1 - place.skip == start + 5


def test_an_order_that_is_not_the_engines_is_noticed() -> None:
    made = Anchors(before)
    made.append((2, 2), 5)
    assert made.ordered
    made.append((1, 1), 5)
    assert not made.ordered
