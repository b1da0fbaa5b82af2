"""What the tray says: the worst state, never better than what is known; nothing in it reads as markup."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ports.monitoring import WatchState
from aether_desktop.ui.shell.tray_drawing import TrayFace, TrayState
from aether_desktop.ui.shell.tray_words import MOST_FAILING, tray_face, tray_words
from tests.ui.boards import NOW, board, view

UP, DOWN, DEGRADED = NodeStatus.UP, NodeStatus.DOWN, NodeStatus.DEGRADED


def test_counts_per_tier_and_the_failing_nodes_are_told() -> None:
    views = [view(1), view(2, DOWN, name="archive-07", tier=Tier.HOLY_PLACE), view(3, DEGRADED, tier=Tier.HOLY_PLACE)]
    words = tray_words(board(views))
    assert words.face == TrayFace(TrayState.DOWN)
    assert words.title == "2 nodes failing"
    assert words.lines == ("Outer Court: 1 up", "Holy Place: 1 down, 1 degraded", "Last check 24 Nov 14:02:05")
    assert words.failing == ((2, "archive-07: down"), (3, "node-3: degraded"))
    assert words.tooltip.splitlines()[0] == "Aether: 2 nodes failing"


@pytest.mark.parametrize(
    ("made", "face", "title"),
    [
        (board([view(1)]), TrayFace(TrayState.WELL), "all nodes up"),
        (board(), TrayFace(TrayState.UNKNOWN), "no nodes to watch"),
        (board([view(1)], state=WatchState.LOCKED), TrayFace(TrayState.LOCKED), "locked, not watching"),
        (board([view(1)], state=WatchState.STARTING), TrayFace(TrayState.UNKNOWN), "starting to watch"),
        (board([view(1)], state=WatchState.STOPPED), TrayFace(TrayState.UNKNOWN), "not watching"),
        (
            board([view(1)], state=WatchState.NO_DATA, stale_since=NOW),
            TrayFace(TrayState.WELL, stale=True),
            "no data since 24 Nov 14:02:11",
        ),
        (
            board([view(1, DOWN)], stale_since=NOW, sentence="it slept"),
            TrayFace(TrayState.DOWN, stale=True),
            "it slept",
        ),
        (board([view(1, NodeStatus.UNKNOWN)]), TrayFace(TrayState.UNKNOWN), "worst: unknown"),
        (board([view(1, NodeStatus.FLAPPING)]), TrayFace(TrayState.DEGRADED), "1 node failing"),
    ],
)
def test_the_face(made: object, face: TrayFace, title: str) -> None:
    words = tray_words(made)  # type: ignore[arg-type]
    assert words.face == face
    assert words.title == title


@given(
    st.sets(st.sampled_from(NodeStatus), min_size=1),
    st.sampled_from(WatchState),
    st.sampled_from([None, NOW]),
)
def test_it_is_green_only_when_all_is_known_and_fresh(
    statuses: set[NodeStatus], state: WatchState, stale: object
) -> None:
    made = board([view(number, status) for number, status in enumerate(statuses)], state=state, stale_since=stale)
    green = tray_face(made) == TrayFace(TrayState.WELL)
    trouble = statuses & {DOWN, DEGRADED, NodeStatus.FLAPPING, NodeStatus.UNKNOWN}
    assert green == (state is WatchState.WATCHING and stale is None and not trouble and UP in statuses)


def test_many_failing_nodes_and_hostile_names_stay_short_and_plain() -> None:
    views = [view(number, DOWN, name=f"<b>{number}</b>&\u202e\n" + "x" * 500) for number in range(100)]
    words = tray_words(board(views, muted_until=NOW + timedelta(hours=1)))
    assert words.muted
    assert len(words.failing) == MOST_FAILING
    assert words.more_failing == 100 - MOST_FAILING
    assert "and 97 more" in words.tooltip
    assert len(words.tooltip) < 700
    assert not set("<>&\u202e") & set(words.tooltip)
