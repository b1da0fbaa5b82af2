"""Rounds: evenly spread, further apart while a node is down, never lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.services.watch_schedule import Schedule, aligned, delay, spread


@given(st.integers(1, 3000))
def test_any_number_of_nodes_is_spread_evenly(count: int) -> None:
    """The largest gap between neighbours is at most three times the mean one: the three-distance theorem."""
    places = sorted(spread(place) for place in range(count))
    gaps = [later - sooner for sooner, later in zip(places, [*places[1:], 1.0 + places[0]], strict=True)]
    assert max(gaps) <= 3.0 / count
    assert all(0.0 <= place < 1.0 for place in places)


def test_a_node_that_stays_down_is_asked_by_fibonacci_within_five_minutes() -> None:
    assert [delay(30.0, rounds) for rounds in range(8)] == [30, 30, 60, 90, 150, 240, 240, 240]
    assert delay(100.0, 50) == 300.0
    assert delay(3600.0, 50) == 3600.0  # its own interval is longer


@given(st.floats(0, 1e5), st.floats(5, 1e4), st.floats(0, 1e5), st.floats(0, 1e5))
def test_the_next_beat_is_later_and_in_phase(phase: float, interval: float, target: float, after: float) -> None:
    due = aligned(phase, interval, target=target, after=after)
    assert due > after
    beats = (due - phase) / interval
    assert abs(beats - round(beats)) < 1e-6 * max(1.0, abs(beats))
    assert due <= max(target + interval / 2, after + interval) + 1e-6 * max(1.0, due)


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(0, 100)), max_size=200), st.floats(0, 120))
def test_each_node_stands_once_and_its_latest_time_counts(puts: list[tuple[int, float]], now: float) -> None:
    schedule = Schedule()
    model: dict[int, float] = {}
    for node_id, due in puts:
        schedule.put(node_id, due)
        model[node_id] = due
        if node_id == 13:
            schedule.drop(13)
            model.pop(13)
    taken = schedule.take(now)
    assert sorted(taken) == sorted((node_id, due) for node_id, due in model.items() if due <= now)
    assert [due for _, due in taken] == sorted(due for _, due in taken)
    assert schedule.next_due() == min((due for due in model.values() if due > now), default=None)
    assert all(schedule.due_at(node_id) is None for node_id, _ in taken)
