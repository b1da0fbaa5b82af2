"""The monitor in a time machine: outages, flaps, a tier that fails, suspend, summer time, the clock put back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from itertools import pairwise

import pytest

from aether_desktop.domain.notices import Notice, NoticeFate, NoticeKind
from aether_desktop.domain.probes import ProbeAnswer
from aether_desktop.domain.quiet import QuietHours
from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ports.errors import StorageUnavailableError
from aether_desktop.ports.monitoring import WatchState
from tests.support.time_machine import (
    BEGIN,
    DAY,
    HOUR,
    MINUTE,
    RememberingStore,
    TimeMachine,
    good,
    node,
    refused,
)

Span = tuple[float, float]


def outages(spans: dict[int, list[Span]]) -> Callable[[int, float], ProbeAnswer]:
    """Nodes are down in these spans of uptime, well otherwise."""

    def script(node_id: int, uptime: float) -> ProbeAnswer:
        down = any(begin <= uptime < end for begin, end in spans.get(node_id, ()))
        return refused() if down else good()

    return script


def titles(notices: list[Notice]) -> list[str]:
    return [notice.title for notice in notices]


def test_an_outage_is_told_once_and_its_end_says_how_long() -> None:
    store = RememberingStore([node(1, interval=30)])
    machine = TimeMachine(store, outages({1: [(HOUR, 2 * HOUR)]}))
    machine.run(3 * HOUR)
    first, second = machine.told
    assert (first.title, first.kind, first.body) == (
        "node-1 is down",
        NoticeKind.PROBLEM,
        "Holy Place. It refused the connection.",
    )
    assert timedelta(seconds=60) <= first.at - (BEGIN + timedelta(hours=1)) <= timedelta(seconds=130)
    assert second.kind is NoticeKind.RECOVERY
    assert second.title.startswith("node-1 is up again after ")
    assert second.lasted is not None
    assert 0.9 * HOUR < second.lasted < 1.15 * HOUR
    assert store.notices == machine.told
    assert {notice.owner_id for notice in machine.told} == {9}
    assert [each.transition.after for each in store.transitions] == [NodeStatus.UP, NodeStatus.DOWN, NodeStatus.UP]
    assert store.written == len(store.samples) == machine.runner.asked
    assert store.released == 1


def test_one_bad_answer_is_no_news() -> None:
    blips = [(HOUR * turn, HOUR * turn + 45.0) for turn in range(1, 8)]
    machine = TimeMachine(RememberingStore([node(1, interval=30)]), outages({1: blips}))
    machine.run(9 * HOUR)
    assert machine.told == []


def test_who_keeps_changing_is_told_as_flapping_once() -> None:
    flaps = [(HOUR + turn * 240.0, HOUR + turn * 240.0 + 120.0) for turn in range(30)]
    machine = TimeMachine(RememberingStore([node(1, interval=20)]), outages({1: flaps}))
    machine.run(6 * HOUR)
    said = titles(machine.told)
    assert said.count("node-1 keeps changing") == 1
    assert said[-1].startswith("node-1 is steady again")
    assert len(said) <= 6  # a down and an up or two before it is recognised


def test_children_of_a_failed_tier_are_not_told_one_by_one() -> None:
    nodes = [node(number, interval=30) for number in range(1, 7)] + [node(9, Tier.OUTER_COURT, interval=30)]
    spans: dict[int, list[Span]] = {number: [(HOUR, 2 * HOUR + number * 20)] for number in range(1, 6)}
    machine = TimeMachine(RememberingStore(nodes), outages(spans))
    machine.run(4 * HOUR)
    failed, back = machine.told
    assert failed.kind is NoticeKind.TIER
    assert failed.title.startswith("The Holy Place fails: ")
    assert back.kind is NoticeKind.RECOVERY
    assert back.title.startswith("The Holy Place is back after ")
    assert back.lasted is not None
    assert back.lasted > 0.9 * HOUR


def test_nodes_that_fail_together_are_one_notice() -> None:
    nodes = [node(number, interval=30) for number in range(1, 9)]
    machine = TimeMachine(RememberingStore(nodes), outages({1: [(HOUR, 9 * HOUR)], 4: [(HOUR, 9 * HOUR)]}))
    machine.run(2 * HOUR)
    assert titles(machine.told) == ["2 nodes are down"]
    assert sorted(machine.told[0].node_ids) == [1, 4]
    assert machine.told[0].body in ("node-1, node-4", "node-4, node-1")


def test_quiet_hours_go_into_the_history_and_what_still_holds_is_told_after() -> None:
    hours = QuietHours(begin=time(22), end=time(7), zone="Europe/Berlin")
    store = RememberingStore([node(1, interval=300), node(2, interval=300)])
    spans: dict[int, list[Span]] = {1: [(22 * HOUR, 23 * HOUR)], 2: [(23 * HOUR, 40 * HOUR)]}
    machine = TimeMachine(store, outages(spans), quiet=hours.are_now, beat=30.0)
    machine.run(36 * HOUR)
    assert titles(machine.told) == ["node-2 is still not well"]
    assert (
        timedelta(hours=29) <= machine.told[0].at - BEGIN <= timedelta(hours=29, minutes=1)
    )  # 7 o'clock in summer time
    assert [notice.fate for notice in store.notices] == [NoticeFate.QUIET] * 3 + [NoticeFate.SHOWN]


def test_a_silenced_node_is_not_told_until_its_silence_ends() -> None:
    from dataclasses import replace

    silenced = replace(node(1, interval=60), silenced_until=BEGIN + timedelta(hours=5))
    machine = TimeMachine(RememberingStore([silenced, node(2, interval=60)]), outages({1: [(HOUR, 7 * HOUR)]}))
    machine.keep_boards = True
    machine.run(8 * HOUR)
    down, up = machine.told
    assert (down.title, up.kind) == ("node-1 is down", NoticeKind.RECOVERY)
    assert timedelta(hours=5) <= down.at - BEGIN <= timedelta(hours=5, minutes=2)
    early = next(board for board in machine.boards if board.made_at > BEGIN + timedelta(hours=2))
    assert early.nodes[1].status is NodeStatus.SILENCED
    assert early.nodes[1].observed is NodeStatus.DOWN
    assert early.worst is NodeStatus.UP


def test_suspend_says_no_data_and_neither_alarms_nor_shows_green() -> None:
    nodes = [node(number, interval=60) for number in range(1, 5)]
    machine = TimeMachine(RememberingStore(nodes), outages({2: [(10 * HOUR, 90 * HOUR)]}))
    machine.keep_boards = True
    machine.sleep_at(2 * HOUR, 8 * HOUR)
    machine.run(4 * HOUR)
    asleep = [board for board in machine.boards if board.state is WatchState.NO_DATA]
    assert asleep
    assert {view.status for view in asleep[0].nodes.values()} == {NodeStatus.UNKNOWN}
    assert asleep[0].stale
    assert asleep[0].sentence == "No data since 2026-10-19 01:59 UTC: the computer slept."
    assert titles(machine.told) == ["node-2 is down"]  # found anew, and only that
    assert machine.last is not None
    assert machine.last.state is WatchState.WATCHING
    assert not machine.last.stale


@pytest.mark.parametrize("by", [-3 * HOUR, 40 * DAY])
def test_a_clock_that_is_moved_is_measured_anew_and_alarms_nobody(by: float) -> None:
    store = RememberingStore([node(1, interval=60), node(2, interval=60)])
    machine = TimeMachine(store, outages({}))
    machine.keep_boards = True
    machine.move_clock_at(2 * HOUR, by)
    machine.run(4 * HOUR)
    assert machine.told == []
    assert any("clock was changed" in board.sentence for board in machine.boards)
    assert machine.last is not None
    assert machine.last.nodes[1].status is NodeStatus.UP


def test_a_store_that_cannot_write_loses_nothing_and_is_said() -> None:
    store = RememberingStore([node(1, interval=30)])
    machine = TimeMachine(store, outages({}))

    def breaks() -> None:
        store.fail = StorageUnavailableError("The disk is gone.")

    def heals() -> None:
        store.fail = None

    machine.keep_boards = True
    machine.at(HOUR, breaks)
    machine.at(2 * HOUR, heals)
    machine.run(3 * HOUR)
    assert any("cannot be stored: The disk is gone." in board.sentence for board in machine.boards)
    assert machine.last is not None
    assert machine.last.sentence == ""
    assert store.written == machine.runner.asked


def test_what_somebody_else_polls_is_left_to_them() -> None:
    store = RememberingStore([node(1, interval=30), node(2, interval=30)], taken=frozenset({2}))
    machine = TimeMachine(store, outages({}))

    def dies() -> None:
        store.taken = frozenset()

    def steals() -> None:
        store.taken = frozenset({1})

    machine.keep_boards = True
    machine.at(HOUR, dies)
    machine.at(2 * HOUR, steals)
    machine.run(3 * HOUR)
    early = next(board for board in machine.boards if board.made_at > BEGIN + timedelta(minutes=30))
    assert (early.nodes[1].ours, early.nodes[2].ours) == (True, False)
    assert machine.last is not None
    assert (machine.last.nodes[1].ours, machine.last.nodes[2].ours) == (False, True)
    times = {number: [each.at for each in store.samples if each.node_id == number] for number in (1, 2)}
    assert timedelta(0) < times[2][0] - (BEGIN + timedelta(hours=1)) < timedelta(seconds=60)  # within two intervals
    assert times[1][-1] <= BEGIN + timedelta(hours=2)
    assert machine.told == []


def test_what_was_told_before_the_program_ended_is_not_told_again() -> None:
    store = RememberingStore([node(1, interval=60), node(2, interval=60)])
    script = outages({1: [(HOUR, 9 * DAY)]})
    first = TimeMachine(store, script)
    first.run(2 * HOUR)
    assert titles(first.told) == ["node-1 is down"]
    again = TimeMachine(store, lambda node_id, uptime: script(node_id, uptime + 2 * HOUR))
    again.clocks.moved = 2 * HOUR
    again.run(HOUR)
    assert again.told == []
    assert again.last is not None
    assert again.last.nodes[1].status is NodeStatus.DOWN


def test_rounds_are_spread_and_a_node_that_is_down_is_asked_less_often() -> None:
    asked: dict[int, list[float]] = {}

    def script(node_id: int, uptime: float) -> ProbeAnswer:
        asked.setdefault(node_id, []).append(uptime)
        return refused() if node_id == 1 and uptime > 1500 else good()

    machine = TimeMachine(RememberingStore([node(number, interval=30) for number in range(1, 31)]), script)
    machine.run(3000)
    for begin in range(600, 1200, 5):  # in any five seconds about a sixth of them
        assert 2 <= sum(begin <= at < begin + 5 for times in asked.values() for at in times) <= 8
    gaps = [round(later - sooner) for sooner, later in zip(asked[1], asked[1][1:], strict=False)]
    late = [gap for gap, at in zip(gaps, asked[1], strict=False) if at > 1500]
    assert late[:8] == [30, 30, 30, 60, 90, 150, 240, 240]
    assert set(gaps[:45]) == {30}


def test_a_week() -> None:
    """Outages, one who flaps, a tier that fails, suspend, the clock put back, quiet hours over the end of summer time:
    every notice that belongs there at its time, none missing, none twice; memory and store bounded.

    Uptime: six hours of it are slept from the fourth day on; the wall clock is two hours behind it from the fifth.
    """
    hours = QuietHours(begin=time(22), end=time(7), zone="Europe/Berlin")  # until 5 UTC, in winter until 6
    nodes = [node(1, interval=600), node(2, interval=100), node(3, interval=600), node(4, interval=600)]
    nodes += [node(number, Tier.OUTER_COURT, interval=600) for number in range(5, 9)]
    tier: Span = (2 * DAY + 10 * HOUR, 2 * DAY + 12 * HOUR)
    morning, evening, turns = 6 * DAY + 7 * HOUR + 20 * MINUTE, 6 * DAY + 20 * HOUR, 5 * DAY + 12 * HOUR
    spans: dict[int, list[Span]] = {
        1: [(DAY + 10 * HOUR, DAY + 13 * HOUR), (3 * DAY + 4 * HOUR, 3 * DAY + 6 * HOUR)],  # the second while asleep
        2: [(turns + turn * 400, turns + turn * 400 + 200) for turn in range(20)],
        3: [(morning, morning + 6 * HOUR)],  # 6:20 in winter time; by summer time the quiet would be over
        5: [tier, (evening, 9 * DAY)],
        6: [tier, (5 * DAY, 5 * DAY + 50.0)],  # the second too short
        7: [tier],
        8: [tier],
    }
    store = RememberingStore(nodes, kept=False)
    machine = TimeMachine(store, outages(spans), quiet=hours.are_now, beat=120.0)
    machine.sleep_at(3 * DAY + 2 * HOUR, 6 * HOUR)
    machine.move_clock_at(4 * DAY, -2 * HOUR)
    machine.run(7 * DAY - 6 * HOUR)
    back, flaps = 2 * HOUR, turns - 2 * HOUR
    wanted = [
        ("node-1 is down", DAY + 10 * HOUR),
        ("node-1 is up again", DAY + 13 * HOUR),
        ("The Outer Court fails: 4 of 4 nodes are down", tier[0]),
        ("The Outer Court is back", tier[1]),
        ("node-2 is down", flaps),
        ("node-2 is up again", flaps),
        ("node-2 is down", flaps),
        ("node-2 keeps changing", flaps),
        ("node-2 is steady again", flaps + 20 * 400 + 10 * MINUTE),
        ("node-3 is down", morning - back),
        ("node-3 is still not well", 6 * DAY + 6 * HOUR),
        ("node-3 is up again", morning + 6 * HOUR - back),
        ("node-5 is down", evening - back),
    ]
    assert [title.partition(" after ")[0] for title in titles(store.notices)] == [title for title, _ in wanted]
    for notice, (title, about) in zip(store.notices, wanted, strict=True):
        late = (notice.at - BEGIN).total_seconds() - about
        assert 0 <= late < 20 * MINUTE, (title, late)  # two intervals; the back-off of one that is down is shorter
    assert machine.told == [notice for notice in store.notices if notice.fate is NoticeFate.SHOWN]
    assert [notice.title for notice in store.notices if notice.fate is NoticeFate.QUIET] == ["node-3 is down"]
    assert store.maintained > 1000
    assert machine.session.keeping.waiting == 0


def test_the_board_beats_even_when_nothing_changes() -> None:
    machine = TimeMachine(RememberingStore([]), outages({}))
    machine.keep_boards = True
    machine.run(10 * MINUTE)
    times: list[datetime] = [board.made_at for board in machine.boards]
    assert max(later - sooner for sooner, later in pairwise(times)) <= timedelta(seconds=15)
    assert machine.boards[-1].state is WatchState.WATCHING
