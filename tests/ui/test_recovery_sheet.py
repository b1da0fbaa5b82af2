"""The sheet of shares: dealing a key out, asking, releasing and taking it back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.courts import Court
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.ui.object_names import people_part_name
from aether_desktop.ui.views.keys_sheet import KeysSheet
from aether_desktop.ui.views.recovery_sheet import RecoverySheet
from aether_desktop.ui.views.users import PeopleView
from tests.support.identities import Person, founder, joined
from tests.ui.clipping import clipped_texts, overlapping
from tests.ui.ledgers import WAIT, Ledger


@pytest.fixture
def miriam(ledger: Ledger) -> Person:
    storage = ledger.services.storage
    assert isinstance(storage, SqlStorage)
    return founder(storage)


@pytest.fixture
def holders(miriam: Person) -> list[Person]:
    found = [joined(miriam, name) for name in ("aaron", "hur", "joel")]
    for each in (miriam, *found):
        each.identity.settled()
    return found


@pytest.fixture
def sheet_of(ledger: Ledger, qtbot: QtBot) -> Callable[[Person], RecoverySheet]:
    def make(one: Person) -> RecoverySheet:
        context = dataclasses.replace(ledger.context, services=one.services(ledger.services))
        sheet = RecoverySheet(context, one.quorum)
        qtbot.addWidget(sheet)
        sheet.resize(380, 1200)
        sheet.show()
        qtbot.waitExposed(sheet)
        qtbot.waitUntil(lambda: sheet.overview is not None, timeout=WAIT)
        return sheet

    return make


def part(parent: QWidget, name: str) -> QAbstractButton:
    found = parent.findChild(QAbstractButton, people_part_name(name))
    assert found is not None, name
    return found


def words(parent: QWidget) -> str:
    return "\n".join(label.text() for label in parent.findChildren(QLabel) if not label.isHidden())


def until_answered(sheet: RecoverySheet, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: sheet.overview is not None and not sheet.overview.requests, timeout=WAIT)


def test_a_key_is_shared_out_asked_for_and_taken_back(
    ledger: Ledger, miriam: Person, holders: list[Person], sheet_of: Callable[[Person], RecoverySheet], qtbot: QtBot
) -> None:
    sheet = sheet_of(miriam)
    assert "Nobody holds shares of its key." in words(sheet)
    assert sheet.findChild(QPushButton, people_part_name("recovery_ask")) is None
    sheet.court.setCurrentIndex(1)
    part(sheet, "recovery_deal").click()
    qtbot.waitUntil(lambda: "one more holds a share" in sheet.needed.error, timeout=WAIT)
    for box in sheet.holders.values():
        box.setChecked(True)
    part(sheet, "recovery_deal").click()
    qtbot.waitUntil(lambda: "Any 2 of aaron, hur, joel give its key number 1 back." in words(sheet), timeout=WAIT)
    assert sheet.overview is not None
    assert [each.deal is not None for each in sheet.overview.courts] == [False, True, False]

    part(sheet, "recovery_ask").click()
    qtbot.waitUntil(lambda: bool(sheet.purpose.error), timeout=WAIT)
    sheet.purpose.editor.setText("<b>a drowned laptop</b>")
    part(sheet, "recovery_ask").click()
    qtbot.waitUntil(lambda: "0 of 2 released" in words(sheet), timeout=WAIT)
    assert sheet.findChild(QPushButton, people_part_name("restore_0")) is None
    for holder in holders[:2]:
        theirs = sheet_of(holder)
        name = miriam.identity.state().people[miriam.user_id].username
        assert "\u201c<b>a drowned laptop</b>\u201d" in words(theirs)
        assert part(theirs, "release_0").accessibleName() == f"Release my share to {name}"
        part(theirs, "release_0").click()
        until_answered(theirs, qtbot)
    sheet.refresh()
    qtbot.waitUntil(lambda: "2 of 2 released" in words(sheet), timeout=WAIT)
    assert not clipped_texts(sheet)
    assert not overlapping(sheet)
    part(sheet, "restore_0").click()
    qtbot.waitUntil(lambda: any("You have the key again" in text for _, text in ledger.said), timeout=WAIT)
    grant = miriam.identity.state().court(miriam.user_id, Court.HOLY).grants[-1]
    assert (grant.version, grant.recipient_id) == (1, miriam.user_id)


def test_too_few_people_are_said(miriam: Person, sheet_of: Callable[[Person], RecoverySheet], qtbot: QtBot) -> None:
    sheet = sheet_of(miriam)
    assert "not enough certified people yet" in words(sheet)
    assert sheet.findChild(QPushButton, people_part_name("recovery_deal")) is None


def test_it_opens_from_courts_and_keys(ledger: Ledger, miriam: Person, qtbot: QtBot) -> None:
    context = dataclasses.replace(ledger.context, services=miriam.services(ledger.services))
    page = PeopleView(context)
    qtbot.addWidget(page, before_close_func=lambda _page: page.close_model())
    page.resize(1180, 900)
    with qtbot.waitSignal(page.model.count_changed, timeout=WAIT):
        page.show()
    page.open_keys()
    (keys,) = page.findChildren(KeysSheet)
    qtbot.waitUntil(lambda: keys.findChild(QPushButton, people_part_name("open_recovery")) is not None, timeout=WAIT)
    part(keys, "open_recovery").click()
    (sheet,) = page.findChildren(RecoverySheet)
    qtbot.waitUntil(lambda: sheet.overview is not None, timeout=WAIT)
