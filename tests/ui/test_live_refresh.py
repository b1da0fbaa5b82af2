"""Changes reach the page on view; the others remember that they are stale and ask once, when they are shown."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ui.shell.live_refresh import LiveRefresh
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage
from tests.ui.ledgers import WAIT, CountingWindows, Ledger

_ROWS = ChangeSet(frozenset({TableName.TRANSACTIONS}), frozenset({1}))


class Noted(QWidget):
    """A page that only writes down what it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[ChangeSet] = []

    def apply_changes(self, changes: ChangeSet) -> None:
        self.heard.append(changes)


def test_a_hidden_page_hears_once_when_it_is_shown(ledger: Ledger, qtbot: QtBot) -> None:
    stack, seen, hidden, owner = QStackedWidget(), Noted(), Noted(), QObject()
    qtbot.addWidget(stack)
    for page in (seen, hidden):
        stack.addWidget(page)
    stack.show()
    live = LiveRefresh(ledger.services, ledger.context.permissions, made_pages=lambda: [seen, hidden], parent=owner)
    for _ in range(3):
        heard = len(seen.heard)
        ledger.services.storage.changes.publish(_ROWS)
        qtbot.waitUntil(lambda before=heard: len(seen.heard) > before, timeout=WAIT)  # type: ignore[misc]
    assert len(seen.heard) == 3
    assert hidden.heard == []
    stack.setCurrentWidget(hidden)
    assert hidden.heard == [ChangeSet(frozenset({TableName.TRANSACTIONS}))]
    stack.setCurrentWidget(seen)
    stack.setCurrentWidget(hidden)
    assert len(hidden.heard) == 1  # it missed nothing since
    ledger.services.storage.changes.publish(_ROWS)
    qtbot.waitUntil(lambda: len(hidden.heard) == 2, timeout=WAIT)
    stack.setCurrentWidget(seen)
    assert len(seen.heard) == 4
    live.close()


def test_a_hidden_table_asks_nothing_until_it_is_shown(ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(3)
    stack, seen, owner = QStackedWidget(), Noted(), QObject()
    qtbot.addWidget(stack, before_close_func=lambda _stack: page.close_model())
    page = TablePage(TableName.TRANSACTIONS, ledger.context, TablePageWords("transactions", "transactions", "-", "-"))
    windows = CountingWindows(ledger.services.storage.windows)
    page.model._windows = windows
    page.model._counter._windows = windows
    page.model._loader._windows = windows
    stack.addWidget(page)
    stack.addWidget(seen)
    with qtbot.waitSignal(page.model.count_changed, timeout=WAIT):
        stack.show()
    live = LiveRefresh(ledger.services, ledger.context.permissions, made_pages=lambda: [page, seen], parent=owner)
    stack.setCurrentWidget(seen)
    asked = (len(windows.spans), windows.surveys, windows.positions)
    for number in range(2):
        ledger.imported(2, first=10 + 2 * number)
    qtbot.waitUntil(lambda: bool(seen.heard), timeout=WAIT)
    assert (len(windows.spans), windows.surveys, windows.positions) == asked
    with qtbot.waitSignal(page.model.refreshed, timeout=WAIT):
        stack.setCurrentWidget(page)
    assert page.model.rowCount() == 7
    assert len(windows.spans) == asked[0] + 1  # one look for all that was missed
    live.close()
