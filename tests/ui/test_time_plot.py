"""The plot as a person meets it: lines, gaps, zero, the cursor by pointer and by keys, in any size."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.plot_series import prepare
from aether_desktop.ui.widgets.time_plot import TimePlot
from tests.ui.colours import colours_in, picture

_START = 1_700_000_000  # 14 Nov 2023, 22:13:20 UTC


@pytest.fixture
def plot(theme: Theme, qtbot: QtBot) -> TimePlot:
    made = TimePlot(theme)
    qtbot.addWidget(made)
    made.resize(600, 220)
    made.show()
    qtbot.waitExposed(made)
    return made


def _columns(plot: TimePlot, first: int, last: int) -> QRect:
    """The part of the picture between two moments."""
    frame = plot._laid_out()
    assert frame is not None
    left, right = round(frame.x(first)) + 4, round(frame.x(last)) - 4
    return QRect(left, round(frame.area.top()), right - left, round(frame.area.height()))


def _point(plot: TimePlot, x: float) -> None:
    place, none = QPointF(x, 50), Qt.MouseButton.NoButton
    there = QPointF(plot.mapToGlobal(place))
    move = QMouseEvent(QEvent.Type.MouseMove, place, there, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(plot, move)


class TestLines:
    @pytest.mark.parametrize("steps", [True, False])
    def test_a_gap_stays_empty(self, plot: TimePlot, theme: Theme, steps: bool) -> None:
        points: list[tuple[float, int | None]] = [(_START + second, 40 + second % 3) for second in range(0, 300, 10)]
        points += [(_START + 300, None)]
        points += [(_START + second, 40 + second % 3) for second in range(700, 1000, 10)]
        plot.show_lines([prepare(points, steps=steps)], unit="ms")
        assert theme.colours.accent in colours_in(plot, _columns(plot, _START, _START + 290))
        assert theme.colours.accent not in colours_in(plot, _columns(plot, _START + 300, _START + 700))
        assert theme.colours.accent in colours_in(plot, _columns(plot, _START + 700, _START + 990))

    def test_several_lines_have_their_own_colours(self, plot: TimePlot, theme: Theme) -> None:
        lines = [prepare([(_START, value), (_START + 60, value)], name=f"n{value}") for value in (1, 2, 3)]
        plot.show_lines(lines)
        assert set(theme.colours.series[:3]) <= colours_in(plot)
        assert plot.words(0) == "14 Nov 2023 22:13:20 UTC: n1 1, n2 2, n3 3"

    def test_a_lone_point_between_gaps_is_seen(self, plot: TimePlot, theme: Theme) -> None:
        plot.show_lines([prepare([(_START, 5), (_START + 1, None), (_START + 500, 9), (_START + 501, None)])])
        assert theme.colours.accent in colours_in(plot)

    def test_zero_is_there_when_asked_for(self, theme: Theme, qtbot: QtBot) -> None:
        for zero in (True, False):
            plot = TimePlot(theme, zero=zero)
            qtbot.addWidget(plot)
            plot.show_lines([prepare([(_START, 1000), (_START + 60, 1010)])])
            plot.resize(400, 220)
            frame = plot._laid_out()
            assert frame is not None
            assert (frame.zero is not None) is zero

    def test_what_is_seen_is_kept_until_it_changes(self, plot: TimePlot) -> None:
        plot.show_lines([prepare([(_START + second, second) for second in range(100)])])
        plot.grab()
        kept = plot._layer
        assert kept is not None
        _point(plot, 300)
        plot.grab()
        assert plot._layer is kept, "the cursor alone traces nothing again"
        plot.resize(500, 220)
        plot.grab()
        assert plot._layer is not kept

    @pytest.mark.parametrize("size", [(1, 1), (60, 220), (160, 30), (4000, 900)])
    def test_any_size_and_the_largest_figures_paint(self, plot: TimePlot, size: tuple[int, int]) -> None:
        plot.setMinimumSize(1, 1)
        plot.show_lines([prepare([(_START, -(2**256)), (_START + 1, None), (_START + 9, 2**256)], steps=True)])
        plot.resize(*size)
        assert not picture(plot).isNull()
        _point(plot, size[0] / 2)

    def test_nothing_to_draw_is_said(self, plot: TimePlot, theme: Theme) -> None:
        plot.show_lines([])
        empty = colours_in(plot)
        assert theme.colours.dim in empty
        plot.show_lines([prepare([(_START, None)])])
        assert colours_in(plot) == empty


class TestCursor:
    def test_the_pointer_finds_nothing_in_a_gap_and_before_the_first(self, plot: TimePlot) -> None:
        plot.show_lines([prepare([(_START, 38), (_START + 40, None), (_START + 60, 41)])], unit="ms")
        said: list[str] = []
        plot.pointed.connect(said.append)
        frame = plot._laid_out()
        assert frame is not None
        for seconds in (1, 50, 60):
            _point(plot, frame.x(_START + seconds))
        _point(plot, 1)
        assert said == ["14 Nov 2023 22:13:20 UTC: 38 ms", "", "14 Nov 2023 22:14:20 UTC: 41 ms", ""]

    def test_keys_walk_and_the_cursor_is_drawn_where_they_are(self, plot: TimePlot, theme: Theme) -> None:
        plot.show_lines([prepare([(_START + second, 10) for second in range(3)])])
        with_none = picture(plot)
        for key, words in ((Qt.Key.Key_Left, 22), (Qt.Key.Key_Home, 20), (Qt.Key.Key_Right, 21)):
            QTest.keyClick(plot, key)
            assert plot._at is not None
            assert plot.words(plot._at).startswith(f"14 Nov 2023 22:13:{words} UTC")
        frame = plot._laid_out()
        assert frame is not None
        x = round(frame.x(_START + 1))
        assert theme.colours.outline in colours_in(plot, QRect(x - 1, round(frame.area.top()), 3, 10))
        QApplication.sendEvent(plot, QEvent(QEvent.Type.Leave))
        assert picture(plot) == with_none

    def test_keys_that_are_not_ours_go_on(self, plot: TimePlot) -> None:
        plot.show_lines([])
        for key in (Qt.Key.Key_Left, Qt.Key.Key_A):
            QTest.keyClick(plot, key)
        assert plot._at is None
