"""The temple nodes section over a real vault: map, a node's page, endpoints, silence, elevation, notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from aether_desktop.domain.node_grades import Grade
from aether_desktop.domain.node_samples import Sample
from aether_desktop.domain.notices import Notice, NoticeFate, NoticeKind
from aether_desktop.domain.probes import ProbeOutcome
from aether_desktop.domain.temple import NodeType
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.ports.monitoring import NodeView, WatchBatch
from aether_desktop.services.nodes import ProbeDraft
from aether_desktop.ui.models.node_facts import Span, read_facts
from aether_desktop.ui.object_names import nodes_part_name
from aether_desktop.ui.views.notices_sheet import NoticesSheet
from aether_desktop.ui.views.temple_nodes import TempleNodesView
from aether_desktop.ui.watching import BoardWatch
from tests.ui.boards import PublishedBoards, board, view
from tests.ui.ledgers import WAIT, Ledger

_UP, _DOWN = NodeStatus.UP, NodeStatus.DOWN


class Section:
    """The page over two nodes, of which the second has endpoints and a past."""

    def __init__(self, ledger: Ledger, qtbot: QtBot) -> None:
        self.ledger, self.qtbot, self.services = ledger, qtbot, ledger.services
        self.now = datetime.now(UTC)
        self.first = self._node("archive-06")
        self.node = self._node("archive-07", [ProbeDraft(kind="tcp", target="127.0.0.1:9")])
        self.engine = PublishedBoards(board([self.view(self.first, _UP), self.view(self.node, _DOWN)]))
        self.watch = BoardWatch(self.engine)
        self.page = TempleNodesView(replace(ledger.context, board=self.watch))
        qtbot.addWidget(self.page)
        self.page.resize(1100, 700)
        self.page.show()

    def close(self) -> None:
        self.page.close_model()
        self.watch.close()

    def view(self, node: TempleNode, status: NodeStatus) -> NodeView:
        return view(node.id, status, name=node.node_id, tier=node.tier, type=node.type, since=self.now)

    def measured(self, hours: int = 2) -> None:
        """A round every five minutes: up, and down for the last half hour."""
        (probe,) = self.services.nodes.probes(self.node.id)
        samples = []
        for number in range(hours * 12):
            at = self.now - timedelta(minutes=5 * number + 1)
            down = number < 6
            samples.append(
                Sample(
                    node_id=self.node.id,
                    probe_id=probe.id,
                    at=at,
                    outcome=ProbeOutcome.TIMED_OUT if down else ProbeOutcome.ANSWERED,
                    grade=Grade.BAD if down else Grade.GOOD,
                    status=_DOWN if down else _UP,
                    latency=None if down else 0.04,
                    height=None if down else 1000 - number,
                    reason="No answer." if down else "",
                )
            )
        store = self.services.storage.watching.watch
        fences = {lease.node_id: lease.fence for lease in store.lease([self.node.id], holder="test", seconds=90)}
        store.write(WatchBatch(samples=samples, fences=fences))

    def open_node(self) -> None:
        self.page.open_node(self.node.id)
        self.until(lambda: self.page.node_page.facts is not None)

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=WAIT)

    def _node(self, name: str, probes: list[ProbeDraft] | None = None) -> TempleNode:
        values = {"node_id": name, "tier": "outer_court", "storage_threshold": 4, "compute_threshold": 4}
        return self.services.nodes.register(values, probes or ())


@pytest.fixture
def section(ledger: Ledger, qtbot: QtBot) -> Iterator[Section]:
    with closing(Section(ledger, qtbot)) as made:
        yield made


class TestFacts:
    def test_history_is_what_was_measured_and_nothing_more(self, section: Section) -> None:
        section.measured()
        facts = read_facts(section.services.storage, section.node.id, Span.DAY, now=section.now)
        history = facts.history
        assert history.asked == 24
        assert history.availability == pytest.approx(0.75)
        assert history.median == pytest.approx(0.04, rel=0.05)
        states = {stretch.status for stretch in history.stretches}
        assert states == {_UP, _DOWN}
        assert min(stretch.start for stretch in history.stretches) > history.first + 20 * 3600, "before: nobody watched"
        (latency,) = history.latencies
        assert latency.name == "tcp"
        assert len(latency.points) == 18
        assert [sample.outcome for sample in facts.log[:6]] == [ProbeOutcome.TIMED_OUT] * 6

    def test_a_node_that_was_never_asked_has_an_empty_past(self, section: Section) -> None:
        history = read_facts(section.services.storage, section.first.id, Span.QUARTER, now=section.now).history
        assert (history.availability, history.stretches, history.latencies, history.heights) == (None, (), (), ())


class TestMap:
    def test_a_click_on_the_map_opens_the_nodes_page_and_leads_back(self, section: Section) -> None:
        page = section.page
        page.toggle_map()
        section.until(lambda: len(page.map.nodes) == 2)
        place = page.map.place(section.node.id)
        assert place is not None
        QTest.mouseClick(page.map, Qt.MouseButton.LeftButton, pos=place.toPoint())
        assert page.opened_node == section.node.id
        assert page.node_page.isVisible()
        assert not page.map.isVisible()
        back = page.node_page.findChild(QToolButton, nodes_part_name("node_back"))
        assert isinstance(back, QToolButton)
        back.click()
        assert page.map.isVisible()
        assert page.map.current is not None
        assert page.map.current.key == section.node.id

    def test_reports_reach_the_map_and_a_stale_board_is_not_green(self, section: Section) -> None:
        page = section.page
        page.toggle_map()
        section.until(lambda: len(page.map.nodes) == 2)
        views = [section.view(section.first, _UP), section.view(section.node, _UP)]
        section.engine.publish(board(views, changed=frozenset({section.node.id})))
        section.until(lambda: page.map.accessibleName() == "Map of 2 nodes: 2 up")
        section.engine.publish(board(views, stale_since=section.now, sentence="No data since 14:02."))
        section.until(lambda: page.map.accessibleName() == "Map of 2 nodes: 2 up, 2 stale")
        assert page._map_note.text() == "No data since 14:02."

    def test_it_is_there_again_the_next_time(self, section: Section, qtbot: QtBot) -> None:
        section.page.toggle_map()
        again = TempleNodesView(section.page.context)
        qtbot.addWidget(again)
        assert again.on_map
        again.close_model()


class TestPage:
    def test_it_says_what_is_and_what_was(self, section: Section) -> None:
        section.measured()
        section.open_node()
        page = section.page.node_page
        assert page.state.state.words().startswith("Down for ")
        assert page.band.facts.text() == "Available 75.00 % over 24 h, 24 probes."
        assert page.band.band.accessibleName().startswith("States of archive-07, 24 h.")
        assert page.log.model.rowCount() == 24
        assert page.latency.plot.accessibleName() == "Latency of archive-07"
        page.band.spans.setCurrentIndex(1)
        section.until(lambda: page.facts is not None and page.facts.history.span is Span.WEEK)
        assert "over 7 d" in page.band.facts.text()

    def test_probe_now_asks_the_engine(self, section: Section) -> None:
        section.open_node()
        section.page.node_page.check_asked.emit(section.node.id)
        assert section.engine.asked[-1] == ("check_now", [section.node.id])

    def test_silence_is_stored_and_ends(self, section: Section) -> None:
        section.open_node()
        page = section.page.node_page
        page.silence_asked.emit(section.node.id, timedelta(hours=1))
        section.until(lambda: ("reload", None) in section.engine.asked)
        (silence,) = section.services.nodes.silences()
        assert silence.node_id == section.node.id
        section.engine.asked.clear()
        page.silence_asked.emit(section.node.id, None)
        section.until(lambda: ("reload", None) in section.engine.asked)
        assert section.services.nodes.silences() == []

    def test_endpoints_are_edited_and_what_is_wrong_is_said_there(self, section: Section) -> None:
        section.open_node()
        card = section.page.node_page.endpoints
        assert [draft.target for draft in card.drafts()] == ["127.0.0.1:9"]
        assert not card.changed
        card.add_button.click()
        row = card._rows[1]
        QTest.keyClicks(row.target.editor, "https://name:word@node.example")
        assert section.page.drafts() == ["endpoints of a node"]
        card.save_button.click()
        assert "not stored" in row.target.error
        row.target.editor.setText("https://node.example/rpc")
        card.save_button.click()
        section.until(lambda: len(section.services.nodes.probes(section.node.id)) == 2)
        section.until(lambda: not card.changed)
        assert {probe.kind for probe in section.services.nodes.probes(section.node.id)} == {"tcp", "evm"}

    def test_elevation_follows_the_thresholds_or_says_why_not(self, section: Section) -> None:
        node = section.services.storage.temple_nodes.get(section.node.id)
        assert node.type is NodeType.AARONIC
        section.open_node()
        section.page.node_page.elevate_asked.emit(node)
        section.until(lambda: any("thresholds" in text for _level, text in section.ledger.said))

    def test_without_keys_a_covenant_is_refused_in_words(self, section: Section) -> None:
        section.open_node()
        section.page.node_page.covenants.button.click()
        section.until(lambda: bool(section.ledger.said))
        assert "keys" in section.ledger.said[-1][1]

    def test_a_node_nobody_watches_says_so(self, section: Section) -> None:
        section.engine.publish(board([]))
        section.until(lambda: not section.watch.board.nodes)
        section.open_node()
        page = section.page.node_page
        assert "Nobody watches" in page.state.why.text()
        page.check_asked.emit(section.node.id)
        assert "Nothing is watched" in section.ledger.said[-1][1]


class TestNotices:
    def _notice(self, section: Section, number: int) -> Notice:
        return Notice(
            id=section.services.storage.new_id(),
            owner_id=section.services.info.user_id,
            at=section.now - timedelta(minutes=number),
            kind=NoticeKind.RECOVERY,
            title=f"archive-07 is up again, {number}",
            node_ids=(section.node.id,),
            lasted=252.0,
            fate=NoticeFate.SHOWN,
        )

    def test_the_history_is_listed_read_and_leads_to_the_node(self, section: Section) -> None:
        notices = section.services.storage.watching.notices
        notices.add([self._notice(section, number) for number in range(3)])
        section.page.open_part("notices")
        sheet = section.page.side.form
        assert isinstance(sheet, NoticesSheet)
        section.until(lambda: sheet.model.rowCount() == 3)
        assert "It lasted 4 min 12 s." in sheet.fate.text()
        sheet.read_button.click()
        section.until(lambda: notices.unread() == 0)
        sheet.open_link.click()
        assert section.page.opened_node == section.node.id

    def test_none_yet_is_taught(self, section: Section) -> None:
        section.page.open_notices()
        sheet = section.page.side.form
        assert isinstance(sheet, NoticesSheet)
        assert "Nothing was told yet" in sheet.none.text()
