"""Refused actions stay reachable and say which rule refuses them and who may: one road for the whole window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.records import TableName
from aether_desktop.domain.users import Role
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ui.permissions import Permissions
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.views.contracts import ContractsView
from aether_desktop.ui.views.table_page import TablePage
from aether_desktop.ui.views.users import PeopleView
from aether_desktop.ui.views.wallets import WalletsView
from aether_desktop.ui.widgets.buttons import IconButton, plain_button
from aether_desktop.ui.widgets.guarded_button import Guard
from aether_desktop.ui.widgets.message_bar import MessageLevel
from tests.ui.ledgers import WAIT, Ledger

SOMEBODY_ELSE = 12


@pytest.fixture
def button(theme: Theme, qtbot: QtBot) -> QPushButton:
    made = plain_button(theme, "Add person", object_name="add")
    made.setToolTip("Add a person (Ctrl+N)")
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def opened(page: TablePage, qtbot: QtBot) -> TablePage:
    qtbot.addWidget(page, before_close_func=lambda _page: page.close_model())
    page.resize(1000, 700)
    page.show()
    qtbot.waitExposed(page)
    return page


def said(ledger: Ledger) -> str:
    level, text = ledger.said[-1]
    assert level is MessageLevel.WARNING
    return text


# -- the guard ---------------------------------------------------------------------------------------------------


def test_a_refused_button_is_focused_pressed_and_explains(button: QPushButton, theme: Theme, qtbot: QtBot) -> None:
    guard = Guard(button, theme)
    done: list[str] = []
    guard.allowed.connect(lambda: done.append("done"))
    guard.refused.connect(done.append)
    button.click()
    guard.refuse("It needs the role Zadokite.")
    assert button.isEnabled()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert button.window().focusWidget() is button
    QTest.keyClick(button, Qt.Key.Key_Space)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == ["done", "It needs the role Zadokite.", "It needs the role Zadokite."]
    assert button.toolTip() == "It needs the role Zadokite."
    assert button.accessibleDescription() == "Not available. It needs the role Zadokite."
    assert not button.icon().isNull(), "refusal is not told by colour alone"


def test_an_allowed_button_is_as_it_was(button: QPushButton, theme: Theme) -> None:
    guard = Guard(button, theme)
    guard.refuse("No.")
    guard.refuse("")
    assert button.toolTip() == "Add a person (Ctrl+N)"
    assert button.accessibleDescription() == ""
    assert button.icon().isNull()
    assert guard.why == ""


# -- the rules ---------------------------------------------------------------------------------------------------


def test_without_a_known_role_the_database_is_left_to_answer() -> None:
    assert Permissions().why_not(Verb.ADD, TableName.USERS) == ""


def test_a_refusal_names_the_rule_the_role_and_who_may() -> None:
    permissions = Permissions()
    permissions.set_role(Role.MEMBER, user_id=7)
    why = permissions.why_not(Verb.CHANGE, TableName.PAYMENTS, owner_id=SOMEBODY_ELSE)
    assert why == (
        "Changing other people's payments needs the role Aaronic or a higher one. Yours is Member. "
        "A Zadokite of the vault can give it (People)."
    )
    assert permissions.why_not(Verb.CHANGE, TableName.PAYMENTS, owner_id=7) == ""
    assert permissions.why_not(Verb.ADD, "prices").startswith("Adding prices needs the role Aaronic")
    permissions.set_role(Role.ZADOKITE, user_id=7)
    assert permissions.why_not(Verb.ADD, TableName.USERS) == ""
    why = permissions.why_not(Verb.CHANGE, TableName.WALLETS, owner_id=SOMEBODY_ELSE)
    assert "Only the person they belong to may." in why


def test_the_role_is_read_and_followed(ledger: Ledger, qtbot: QtBot) -> None:
    permissions = ledger.context.permissions
    permissions.follow(ledger.services, ledger.jobs)
    qtbot.waitUntil(lambda: permissions.role is Role.ZADOKITE, timeout=WAIT)
    users, me = ledger.services.storage.users, ledger.services.info.user_id
    ledger.services.records.edit(TableName.USERS, users.get(me), {"role": "levite"})
    permissions.apply_changes(ChangeSet(frozenset({TableName.WALLETS})))
    permissions.apply_changes(ChangeSet(frozenset({TableName.USERS})))
    qtbot.waitUntil(lambda: permissions.role is Role.LEVITE, timeout=WAIT)


# -- the pages ---------------------------------------------------------------------------------------------------


def test_a_member_sees_why_no_person_can_be_added(ledger: Ledger, qtbot: QtBot) -> None:
    page = opened(PeopleView(ledger.context), qtbot)
    ledger.context.permissions.set_role(Role.MEMBER, user_id=ledger.services.info.user_id)
    page.add()
    assert "Adding people needs the role Zadokite" in said(ledger)
    assert page.side.form is None


def test_rows_of_others_are_not_edited_and_the_pane_says_why(ledger: Ledger, qtbot: QtBot) -> None:
    ledger.wallet()
    page = opened(WalletsView(ledger.context), qtbot)
    permissions = ledger.context.permissions
    permissions.set_role(Role.LEVITE, user_id=ledger.services.info.user_id)
    (row,) = ledger.services.storage.windows.rows(TableQuery(TableName.WALLETS))
    assert row.owner_id == ledger.services.info.user_id
    theirs = row._replace(owner_id=SOMEBODY_ELSE)
    page.details.show_row(theirs)
    for button in (page.details.edit_button, page.details.archive_button):
        assert "Only the person they belong to may." in button.toolTip()
        button.click()
        assert "Nobody changes other people's wallets" in said(ledger)
    assert not page.details.save_button.property("refused"), "a Levite labels other people's rows"
    page.edit(theirs)
    assert page.side.form is None
    page.details.show_row(row)
    assert page.details.edit_button.toolTip() == ""
    page.details.edit_button.click()
    qtbot.waitUntil(lambda: page.side.form is not None, timeout=WAIT)


def test_a_role_that_changes_is_followed_by_what_is_on_view(ledger: Ledger, qtbot: QtBot) -> None:
    values = {"name": "Registry", "chain": "atc", "address": "0x" + "22" * 20, "status": "active"}
    ledger.services.records.create(TableName.CONTRACTS, values)
    page = opened(ContractsView(ledger.context), qtbot)
    (row,) = ledger.services.storage.windows.rows(TableQuery(TableName.CONTRACTS))
    page.details.show_row(row._replace(owner_id=SOMEBODY_ELSE))
    permissions = ledger.context.permissions
    permissions.set_role(Role.LEVITE, user_id=ledger.services.info.user_id)
    assert "needs the role Aaronic" in page.details.edit_button.toolTip()
    permissions.set_role(Role.AARONIC, user_id=ledger.services.info.user_id)
    assert page.details.edit_button.toolTip() == ""


def test_the_delete_key_on_others_rows_explains(ledger: Ledger, qtbot: QtBot) -> None:
    ledger.wallet()
    page = opened(WalletsView(ledger.context), qtbot)
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=WAIT)
    ledger.context.permissions.set_role(Role.MEMBER, user_id=SOMEBODY_ELSE)
    page.grid.selectRow(0)
    page.archive_selected()
    qtbot.waitUntil(lambda: bool(ledger.said), timeout=WAIT)
    assert "Nobody changes other people's wallets" in said(ledger)
    assert not ledger.services.storage.wallets.all()[0].archived_at


def test_a_refused_drawing_stays_what_it_was(theme: Theme, qtbot: QtBot) -> None:
    button = IconButton(theme, "key", "Courts and keys")
    qtbot.addWidget(button)
    before = button.icon().pixmap(20).toImage()
    guard = Guard(button, theme)
    guard.refuse("Only a Zadokite may.")
    refused = button.icon().pixmap(20).toImage()
    assert refused != before
    assert refused.convertToFormat(refused.Format.Format_Alpha8) == before.convertToFormat(before.Format.Format_Alpha8)
    guard.refuse("")
    assert button.icon().pixmap(20).toImage() == before
