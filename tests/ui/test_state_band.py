"""The band of states: the worst in each stretch of time is seen, and time that nobody watched is never green."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ui.models.node_facts import Stretch
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.state_band import StateBand, bars, span_words
from tests.ui.colours import colours_in

_START = 1_700_000_000.0  # 14 Nov 2023, 22:13:20 UTC
_DAY = 86_400.0
UP, DOWN = NodeStatus.UP, NodeStatus.DOWN


def _day() -> list[Stretch]:
    """Up, four minutes down, up, and nobody watching for the last quarter."""
    fall = _START + 0.4 * _DAY
    return [
        Stretch(_START, fall, UP),
        Stretch(fall, fall + 240, DOWN),
        Stretch(fall + 240, _START + 0.75 * _DAY, UP),
        Stretch(_START + 0.75 * _DAY, _START + _DAY, None),
    ]


class TestBars:
    def test_the_worst_wins_and_seconds_add_up(self) -> None:
        found = bars(_day(), first=_START, last=_START + _DAY, count=24)
        assert [bar.worst for bar in found] == [UP] * 9 + [DOWN] + [UP] * 8 + [None] * 6
        assert sum(dict(bar.seconds).get(DOWN, 0) for bar in found) == pytest.approx(240)
        assert sum(dict(bar.seconds).get(UP, 0) for bar in found) == pytest.approx(0.75 * _DAY - 240)

    def test_what_was_not_watched_has_no_state(self) -> None:
        assert [bar.worst for bar in bars([], first=0, last=10, count=3)] == [None] * 3
        holed = [Stretch(0, 1, UP), Stretch(5, 6, UP)]
        assert [bar.worst for bar in bars(holed, first=0, last=6, count=6)] == [UP, None, None, None, None, UP]

    def test_many_stretches_cost_little(self) -> None:
        many = [Stretch(at, at + 1, UP if at % 3 else DOWN) for at in range(100_000)]
        found = bars(many, first=0, last=100_000, count=100)
        assert sum(dict(bar.seconds)[UP] for bar in found) == pytest.approx(66_666, abs=1)


class TestBand:
    @pytest.fixture
    def band(self, theme: Theme, qtbot: QtBot) -> StateBand:
        made = StateBand(theme, object_name="band")
        qtbot.addWidget(made)
        made.resize(408, 34)  # a hundred bars
        made.show()
        qtbot.waitExposed(made)
        made.show_stretches(_day(), first=_START, last=_START + _DAY, title="States of archive-07, 24 h")
        return made

    def test_states_are_seen(self, band: StateBand, theme: Theme) -> None:
        assert {theme.colours.ok.shape, theme.colours.bad.shape, theme.colours.outline} <= colours_in(band)
        band.show_stretches([], first=_START, last=_START + _DAY, title="none")
        seen = colours_in(band)
        assert theme.colours.ok.shape not in seen
        assert theme.colours.outline in seen

    def test_keys_walk_and_say_what_was(self, band: StateBand) -> None:
        said: list[str] = []
        band.pointed.connect(said.append)
        QTest.keyClick(band, Qt.Key.Key_Home)
        QTest.keyClick(band, Qt.Key.Key_End)
        QTest.keyClick(band, Qt.Key.Key_Right)
        assert said[0] == "14 Nov 22:13 to 22:27: Up 14 min"
        assert said[1] == said[2] == "15 Nov 21:58 to 22:13: no data"
        for _ in range(59):
            QTest.keyClick(band, Qt.Key.Key_Left)
        assert said[-1] == "15 Nov 07:49 to 08:03: Down 4 min, Up 10 min"
        assert band.accessibleName() == "States of archive-07, 24 h"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (40, "40 s"),
        (252, "4 min 12 s"),
        (1500, "25 min"),
        (3 * 3600 + 300, "3 h 5 min"),
        (187_000, "2 d 3 h"),
    ],
)
def test_spans_in_words(seconds: float, words: str) -> None:
    assert span_words(seconds) == words
