"""The window and its icon: closing hides only where somebody can find it again, and every way back leads back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot

from aether_desktop.domain.notices import Notice, NoticeKind
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ports.monitoring import WatchState
from aether_desktop.services.settings_file import DESKTOP_NOTICES, KEEP_WATCHING
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.tray_keeper import TrayKeeper
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.watching import BoardWatch
from tests.ui.boards import NOW, PublishedBoards, board, view
from tests.ui.sample_pages import MemoryState, sample_sections


class Sender:
    """The desktop's service as the keeper uses it; the real one is met in the networks' tests."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, bool]] = []
        self.acted: Callable[[str, str], None] = lambda _tag, _key: None
        self.failed: Callable[[str], None] = lambda _tag: None

    def start(self, *, acted: Callable[[str, str], None], failed: Callable[[str], None]) -> None:
        self.acted, self.failed = acted, failed

    def send(
        self, tag: str, title: str, body: str = "", *, actions: Sequence[tuple[str, str]] = (), urgent: bool = False
    ) -> None:
        self.sent.append((tag, title, urgent))

    def problem(self) -> str:
        return ""

    def close(self) -> None:
        pass


class Desk:
    """A window with its keeper, on a desktop with or without a tray."""

    def __init__(self, theme: Theme, qtbot: QtBot) -> None:
        self.settings = MemoryState()
        KEEP_WATCHING.set(self.settings, True)
        self.window = MainWindow(theme, self.settings)
        self.window.set_sections(sample_sections(theme))
        qtbot.addWidget(self.window)
        self.engine = PublishedBoards(board([view(1), view(2, NodeStatus.DOWN, name="archive-07")]))
        self.watch = BoardWatch(self.engine)
        self.sender = Sender()
        self.keeper = TrayKeeper(self.window, self.watch, settings=self.settings, sender=self.sender, zone=lambda: UTC)
        self.window.show()
        self.said: list[str] = []

    def close(self) -> None:
        self.keeper.close()
        self.watch.close()

    def action(self, text: str) -> QAction:
        return next(each for each in self.keeper.tray.menu.actions() if each.text() == text)

    def message(self) -> str:
        shown = self.window.messages.current
        return "" if shown is None else shown.text


@pytest.fixture
def tray(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Whether the desktop has a tray; the real ones are met in the integration tests, each in a process of its own."""

    def set_tray(there: bool) -> None:
        monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: there))

    set_tray(True)
    return set_tray


@pytest.fixture
def desk(theme: Theme, qtbot: QtBot, tray: Callable[[bool], None]) -> Iterator[Desk]:
    with closing(Desk(theme, qtbot)) as made:
        yield made


def _notice(*nodes: int, kind: NoticeKind = NoticeKind.PROBLEM) -> Notice:
    return Notice(id=900, owner_id=1, at=NOW, kind=kind, title="archive-07 is down", node_ids=nodes)


class TestClosing:
    def test_it_hides_and_the_icon_brings_it_back(self, desk: Desk) -> None:
        assert not desk.window.close()
        assert desk.window.isHidden()
        assert [sent[1] for sent in desk.sender.sent] == ["Aether keeps watching"]
        desk.action("Open Aether").trigger()
        assert desk.window.isVisible()
        desk.window.close()
        assert len(desk.sender.sent) == 1  # said once

    def test_without_a_tray_it_stays_and_says_so_and_closes_the_second_time(
        self, desk: Desk, tray: Callable[[bool], None]
    ) -> None:
        tray(False)
        assert not desk.window.close()
        assert desk.window.isVisible()
        assert "no tray" in desk.message()
        assert desk.window.close()

    @pytest.mark.parametrize("why", ["not chosen", "not watching"])
    def test_it_closes_where_nothing_is_to_be_kept(self, desk: Desk, qtbot: QtBot, why: str) -> None:
        if why == "not chosen":
            KEEP_WATCHING.set(desk.settings, False)
        else:
            with qtbot.waitSignal(desk.watch.changed):
                desk.engine.publish(board(state=WatchState.STOPPED))
        with qtbot.waitSignal(desk.window.closing):
            assert desk.window.close()

    def test_quit_ends_it_from_the_tray(self, desk: Desk, qtbot: QtBot) -> None:
        desk.window.close()
        with qtbot.waitSignals([desk.keeper.quitting, desk.window.closing]):
            desk.action("Quit").trigger()

    def test_quit_asks_first_where_something_would_be_lost(self, desk: Desk) -> None:
        desk.window.close()
        desk.window.hold_closing = lambda: True
        desk.action("Quit").trigger()
        assert desk.window.isVisible()
        desk.window.hold_closing = None
        assert not desk.window.close()  # not quitting any more: it hides

    def test_a_tray_that_goes_away_gives_the_window_back(self, desk: Desk, tray: Callable[[bool], None]) -> None:
        desk.window.close()
        desk.keeper._look.timeout.emit()
        assert desk.window.isHidden()
        tray(False)
        desk.keeper._look.timeout.emit()
        assert desk.window.isVisible()

    def test_to_start_hidden_needs_a_tray(self, desk: Desk, tray: Callable[[bool], None]) -> None:
        tray(False)
        assert not desk.keeper.hide_window()
        assert desk.window.isVisible()


class TestMenu:
    def test_it_names_what_fails_and_leads_there(self, desk: Desk, qtbot: QtBot) -> None:
        texts = [each.text() for each in desk.keeper.tray.menu.actions() if not each.isSeparator()]
        assert texts[:4] == [
            "Aether: 1 node failing",
            "Outer Court: 1 down, 1 up",
            "Last check 24 Nov 14:02:05",
            "archive-07: down",
        ]
        desk.window.close()
        with qtbot.waitSignal(desk.keeper.node_asked) as asked:
            desk.action("archive-07: down").trigger()
        assert asked.args == [2]
        assert desk.window.isVisible()

    def test_mute_goes_to_the_engine_and_can_be_taken_back(self, desk: Desk, qtbot: QtBot) -> None:
        desk.action("Mute for 1 hour").trigger()
        (_what, until), *_ = desk.engine.asked
        assert isinstance(until, datetime)
        assert 3500 < (until - datetime.now(UTC)).total_seconds() <= 3600
        with qtbot.waitSignal(desk.watch.changed):
            desk.engine.publish(board([view(1)], muted_until=NOW.replace(year=2100)))
        desk.action("Tell again").trigger()
        assert desk.engine.asked[-1] == ("mute", None)

    def test_it_locks_only_what_is_open(self, desk: Desk, qtbot: QtBot) -> None:
        assert "Lock the vault" not in [each.text() for each in desk.keeper.tray.menu.actions()]
        desk.keeper.tray.set_lockable(on=True)
        with qtbot.waitSignal(desk.keeper.lock_asked):
            desk.action("Lock the vault").trigger()

    def test_nothing_changes_while_nothing_new_is_said(self, desk: Desk, qtbot: QtBot) -> None:
        first = desk.keeper.tray.menu.actions()[0]
        with qtbot.waitSignal(desk.watch.changed):
            desk.engine.publish(board(list(desk.engine.board.nodes.values())))
        assert desk.keeper.tray.menu.actions()[0] is first


class TestNotices:
    def test_they_are_sent_and_their_actions_lead_on(self, desk: Desk, qtbot: QtBot) -> None:
        desk.engine.tell(_notice(2))
        qtbot.waitUntil(lambda: bool(desk.sender.sent))
        assert desk.sender.sent == [("node-2", "archive-07 is down", False)]
        desk.window.close()
        with qtbot.waitSignal(desk.keeper.node_asked) as asked:
            desk.sender.acted("node-2", "open")
        assert asked.args == [2]
        assert desk.window.isVisible()
        with qtbot.waitSignal(desk.keeper.silence_asked) as silenced:
            desk.sender.acted("node-2", "silence")
        assert silenced.args == [(2,)]
        with qtbot.waitSignal(desk.keeper.notice_failed) as failed:
            desk.sender.failed("node-2")
        assert failed.args == [900]

    def test_a_recovery_takes_the_place_of_its_outage(self, desk: Desk, qtbot: QtBot) -> None:
        desk.engine.tell(_notice(2))
        desk.engine.tell(_notice(2, kind=NoticeKind.RECOVERY))
        desk.engine.tell(_notice(1, 2))
        qtbot.waitUntil(lambda: len(desk.sender.sent) == 3)
        assert [sent[0] for sent in desk.sender.sent] == ["node-2", "node-2", "notice-900"]

    def test_none_are_sent_where_nobody_wants_them(self, desk: Desk, qtbot: QtBot) -> None:
        DESKTOP_NOTICES.set(desk.settings, False)
        with qtbot.waitSignal(desk.watch.notice_made):
            desk.engine.tell(_notice(2))
        assert desk.sender.sent == []
