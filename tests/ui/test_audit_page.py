"""The audit page over a real vault: who did what, honestly said to be unsigned."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ui import object_names
from aether_desktop.ui.views.audit import AuditView, action_words
from aether_desktop.ui.zone import LOCAL_ZONE, ZONE_SETTING
from tests.ui.ledgers import Ledger
from tests.ui.value_pages import refreshed, shown


def test_changes_are_listed_newest_first_with_their_people(ledger: Ledger, qtbot: QtBot) -> None:
    ledger.imported(2)
    page = shown(qtbot, AuditView(ledger.context))
    actions = [row.entry.action for row in page.model.rows]
    assert actions.index("import.store") < actions.index("wallets.create")
    assert {row.person for row in page.model.rows} == {"miriam"}
    stored = next(row for row in page.model.rows if row.entry.action == "import.store")
    cells = {column.key: column.cell(stored).plain() for column in page.model.columns}
    assert (cells["action"], cells["person"]) == ("Import store", "miriam")


def test_it_says_that_entries_are_not_signed_yet(ledger: Ledger, qtbot: QtBot) -> None:
    page = shown(qtbot, AuditView(ledger.context))
    notice = page.findChild(QLabel, object_names.audit_part_name("notice"))
    assert notice is not None
    assert notice.isVisible()
    assert "not signed yet" in notice.text()


def test_the_model_obeys_qt(ledger: Ledger, qtbot: QtBot, qtmodeltester: ModelTester) -> None:
    ledger.imported(2)
    qtmodeltester.check(shown(qtbot, AuditView(ledger.context)).model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here


def test_a_new_change_appears(ledger: Ledger, qtbot: QtBot) -> None:
    page = shown(qtbot, AuditView(ledger.context))
    before = len(page.model.rows)
    ledger.wallet()
    refreshed(qtbot, page, ChangeSet(frozenset({TableName.WALLETS}), None))
    assert len(page.model.rows) > before
    assert page.model.rows[0].entry.action == "wallets.create"


def test_the_heading_names_the_zone_that_was_chosen(ledger: Ledger, qtbot: QtBot) -> None:
    page = shown(qtbot, AuditView(ledger.context))
    assert page.model.columns[0].title == "Time (UTC)"
    ledger.context.settings.set(ZONE_SETTING, LOCAL_ZONE)
    ledger.context.navigator.look_changed.emit()
    assert page.model.columns[0].title == "Time (local)"


def test_actions_read_as_words() -> None:
    assert action_words("import.undo") == "Import undo"
    assert action_words("payment_methods.archive") == "Payment methods archive"
    assert "\n" not in action_words("a\nb")
