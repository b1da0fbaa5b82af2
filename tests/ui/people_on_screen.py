"""People on the screen, as tests of their page and its sheets look at them and use them."""

from __future__ import annotations

import dataclasses

from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ui.object_names import people_part_name
from aether_desktop.ui.views.keys_sheet import KeysSheet
from aether_desktop.ui.views.person_section import PersonSection
from aether_desktop.ui.views.users import PeopleView
from tests.support.identities import Person
from tests.ui.ledgers import WAIT, Ledger


def use(ledger: Ledger, one: Person) -> None:
    ledger.services = one.services(ledger.services)
    ledger.context = dataclasses.replace(ledger.context, services=ledger.services)


def about(page: PeopleView, user_id: int, qtbot: QtBot) -> PersonSection:
    """Show one person in the details."""
    (row,) = [
        row for row in page.context.services.storage.windows.rows(TableQuery(TableName.USERS)) if row.id == user_id
    ]
    qtbot.waitUntil(lambda: page.model.row_of_id(user_id) is not None, timeout=WAIT)
    page.grid.selectRow(page.model.row_of_id(user_id) or 0)  # the page shows the row with the cursor, a turn later
    page.details.show_row(row)
    (section,) = page.details.findChildren(PersonSection)
    qtbot.waitUntil(lambda: section.about is not None and section.about.standing.user.id == user_id, timeout=WAIT)
    return section


def part(parent: QWidget, name: str) -> QAbstractButton:
    found = parent.findChild(QAbstractButton, people_part_name(name))
    assert found is not None, name
    return found


def words(parent: QWidget) -> str:
    return "\n".join(label.text() for label in parent.findChildren(QLabel) if not label.isHidden())


def last(ledger: Ledger) -> str:
    return ledger.said[-1][1] if ledger.said else ""


def until_said(ledger: Ledger, qtbot: QtBot, text: str) -> None:
    qtbot.waitUntil(lambda: text in last(ledger), timeout=WAIT)


def keys_sheet(ledger: Ledger, one: Person, qtbot: QtBot) -> KeysSheet:
    sheet = KeysSheet(ledger.context, one.people, one.rotation)
    qtbot.addWidget(sheet)
    sheet.resize(360, 900)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.overview is not None, timeout=WAIT)
    return sheet
