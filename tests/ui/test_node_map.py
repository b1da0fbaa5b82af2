"""The map as a person meets it: every state told apart without colour, five hundred nodes apart, keys and pointer."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.node_map import NodeMap
from aether_desktop.ui.widgets.node_map_layout import MapLayout, MapNode, lay_out
from aether_desktop.ui.widgets.node_marks import draw_mark

_LABELS = dict.fromkeys(Tier, (120.0, 16.0))


def fleet(count: int) -> list[MapNode]:
    """Nodes of all tiers, most of them in the Outer Court."""
    tiers = (
        Tier.OUTER_COURT,
        Tier.OUTER_COURT,
        Tier.OUTER_COURT,
        Tier.HOLY_PLACE,
        Tier.HOLY_PLACE,
        Tier.MOST_HOLY_PLACE,
    )
    return [
        MapNode(key, f"node-{key}", tiers[key % 6], NodeStatus.UP, throughput=key % 7 * 10.0) for key in range(count)
    ]


def _closest(layout: MapLayout) -> float:
    """Pixels between the edges of the two nearest marks."""
    cells: dict[tuple[int, int], list[int]] = {}
    side = 4 * layout.reach
    for at, (x, y) in enumerate(layout.places):
        cells.setdefault((int(x // side), int(y // side)), []).append(at)
    found = math.inf
    for column, row in cells:
        near = [at for dx in (0, 1) for dy in (-1, 0, 1) for at in cells.get((column + dx, row + dy), [])]
        for one, other in combinations(near, 2):
            apart = math.dist(layout.places[one], layout.places[other])
            found = min(found, apart - layout.radii[one] - layout.radii[other])
    return found


@pytest.fixture
def shown(theme: Theme, qtbot: QtBot) -> NodeMap:
    made = NodeMap(theme, object_name="map")
    qtbot.addWidget(made)
    made.resize(600, 600)
    made.show()
    qtbot.waitExposed(made)
    return made


def _key(shown: NodeMap) -> int | None:
    return None if shown.current is None else shown.current.key


def _settle(qtbot: QtBot, shown: NodeMap) -> None:
    shown.grab()
    qtbot.waitUntil(lambda: shown.settled)


class TestLayout:
    @pytest.mark.parametrize("count", [1, 2, 24, 61, 500])
    @pytest.mark.parametrize("size", [(770, 670), (420, 420)])
    def test_marks_stay_inside_and_apart_and_no_name_lies_on_one(self, count: int, size: tuple[int, int]) -> None:
        layout = lay_out(fleet(count), width=size[0], height=size[1], labels=_LABELS)
        for (x, y), radius in zip(layout.places, layout.radii, strict=True):
            assert radius * 1.35 <= x <= size[0] - radius * 1.35
            assert radius * 1.35 <= y <= size[1] - radius * 1.35
            for ring in layout.rings:
                if ring.label is not None:
                    left, top, wide, high = ring.label
                    assert not (left - radius < x < left + wide + radius and top - radius < y < top + high + radius)
        if count > 1:
            assert _closest(layout) > 1.0

    def test_five_hundred_nodes_are_large_enough_to_tell_and_to_hit(self) -> None:
        layout = lay_out(fleet(500), width=770, height=670, labels=_LABELS)
        assert min(layout.radii) >= 2.5
        assert max(layout.radii) >= 5.0
        assert layout.reach >= 8.0
        assert all(ring.label is not None for ring in layout.rings)

    def test_the_highest_tier_is_in_the_middle_and_tiers_do_not_mix(self) -> None:
        nodes = fleet(120)
        layout = lay_out(nodes, width=600, height=600, labels=_LABELS)
        away = {
            tier: [
                math.dist(place, layout.centre)
                for node, place in zip(nodes, layout.places, strict=True)
                if node.tier is tier
            ]
            for tier in Tier
        }
        assert max(away[Tier.MOST_HOLY_PLACE]) < min(away[Tier.HOLY_PLACE])
        assert max(away[Tier.HOLY_PLACE]) < min(away[Tier.OUTER_COURT])
        assert [ring.tier for ring in layout.rings] == [Tier.MOST_HOLY_PLACE, Tier.HOLY_PLACE, Tier.OUTER_COURT]

    def test_throughput_makes_the_size_and_none_is_no_zero_alarm(self) -> None:
        nodes = [
            MapNode(1, "a", Tier.OUTER_COURT, throughput=100.0),
            MapNode(2, "b", Tier.OUTER_COURT, throughput=25.0),
        ]
        busy, half = lay_out(nodes, width=600, height=600, labels={}).radii
        quiet = lay_out([*nodes, MapNode(3, "c", Tier.OUTER_COURT)], width=600, height=600, labels={}).radii[2]
        assert busy > half > quiet > 0
        unknown = lay_out([MapNode(1, "a", Tier.OUTER_COURT)] * 2, width=600, height=600, labels={}).radii
        assert unknown[0] == unknown[1] > 0


def test_every_state_has_a_shape_of_its_own(theme: Theme) -> None:
    looks = [(status, False) for status in NodeStatus] + [(NodeStatus.UP, True)]
    pictures = {}
    for status, stale in looks:
        image = QImage(24, 24, QImage.Format.Format_Grayscale8)
        image.fill(QColor("black"))
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_mark(painter, theme.colours, centre=QPointF(12, 12), radius=7, status=status, stale=stale)
        painter.end()
        filled = bytes(image.constBits())
        pictures[status, stale] = [value > 60 for value in filled]  # colour and lightness are gone
    for (one, first), (other, second) in combinations(pictures.items(), 2):
        assert sum(a != b for a, b in zip(first, second, strict=True)) >= 12, (one, other)


class TestWindow:
    def test_a_click_opens_the_node_and_hovering_names_it(self, shown: NodeMap, qtbot: QtBot) -> None:
        shown.show_nodes(fleet(61))
        place = shown.place(17)
        assert place is not None
        with qtbot.waitSignal(shown.opened) as opened:
            QTest.mouseClick(shown, Qt.MouseButton.LeftButton, pos=place.toPoint())
        assert opened.args == [17]
        assert shown.current is not None
        assert shown.words(shown.current) == "node-17: Up · Most Holy Place"
        with qtbot.assertNotEmitted(shown.opened):
            QTest.mouseClick(shown, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))

    def test_keys_reach_every_node_and_open_it(self, shown: NodeMap, qtbot: QtBot) -> None:
        shown.show_nodes(fleet(61))
        seen, todo = {0}, [0]
        while todo:
            here = todo.pop()
            for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
                shown.choose(here)
                QTest.keyClick(shown, key)
                assert shown.current is not None
                if shown.current.key not in seen:
                    seen.add(shown.current.key)
                    todo.append(shown.current.key)
        assert seen == set(range(61))
        QTest.keyClick(shown, Qt.Key.Key_End)
        with qtbot.waitSignal(shown.opened) as opened:
            QTest.keyClick(shown, Qt.Key.Key_Return)
        assert opened.args == [60]

    def test_n_and_p_go_to_what_is_not_well(self, shown: NodeMap) -> None:
        nodes = fleet(20)
        nodes[4] = replace(nodes[4], status=NodeStatus.DOWN)
        nodes[9] = replace(nodes[9], stale=True)
        nodes[12] = replace(nodes[12], status=NodeStatus.SILENCED)
        shown.show_nodes(nodes)
        found = []
        for key in (Qt.Key.Key_N, Qt.Key.Key_N, Qt.Key.Key_N, Qt.Key.Key_P):
            QTest.keyClick(shown, key)
            assert shown.current is not None
            found.append(shown.current.key)
        assert found == [4, 9, 4, 9]

    def test_a_report_changes_what_is_seen_and_said_and_paints_no_more(
        self, shown: NodeMap, qtbot: QtBot, theme: Theme
    ) -> None:
        nodes = fleet(61)
        shown.show_nodes(nodes)
        _settle(qtbot, shown)
        layer = shown._layer
        place = shown.place(30)
        assert place is not None
        assert shown.accessibleName() == "Map of 61 nodes: 61 up"
        assert shown.change_nodes([replace(nodes[30], status=NodeStatus.DOWN), replace(nodes[31], name="renamed")])
        assert list(shown._due) == [30]
        _settle(qtbot, shown)
        assert shown._layer is layer
        assert shown.grab().toImage().pixelColor(place.toPoint()).name().upper() == theme.colours.bad.shape
        assert shown.accessibleName() == "Map of 61 nodes: 1 down, 60 up"

    def test_what_stands_elsewhere_is_to_be_shown_anew(self, shown: NodeMap) -> None:
        nodes = fleet(6)
        shown.show_nodes(nodes)
        assert not shown.change_nodes([replace(nodes[0], status=NodeStatus.DOWN), MapNode(99, "new", Tier.OUTER_COURT)])
        assert not shown.change_nodes([replace(nodes[0], tier=Tier.MOST_HOLY_PLACE)])
        assert shown.accessibleName() == "Map of 6 nodes: 6 up"

    def test_keys_are_as_large_as_the_stores(self, shown: NodeMap) -> None:
        shown.show_nodes([replace(node, key=node.key + 2**61) for node in fleet(3)])
        told: list[int] = []
        shown.chosen.connect(told.append)
        shown.opened.connect(told.append)
        QTest.keyClick(shown, Qt.Key.Key_Return)
        assert told == [2**61, 2**61]
        assert _key(shown) == 2**61

    def test_the_cursor_stays_on_its_node_when_others_come_and_go(self, shown: NodeMap) -> None:
        shown.show_nodes(fleet(10))
        assert shown.choose(7)
        shown.show_nodes([node for node in fleet(30) if node.key != 3])
        assert _key(shown) == 7
        shown.show_nodes(fleet(5))
        assert _key(shown) is None
        assert not shown.choose(7)

    def test_nothing_at_all_is_drawn_and_said(self, shown: NodeMap) -> None:
        shown.show_nodes([])
        shown.grab()
        QTest.keyClick(shown, Qt.Key.Key_Right)
        assert shown.accessibleName() == "Map of temple nodes, empty"
