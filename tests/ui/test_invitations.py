"""Inviting: a file and a secret shown once, replies that come, and what was withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.users import Role
from aether_desktop.ui.views.invitations_sheet import InvitationsSheet
from aether_desktop.ui.views.invite_sheet import InviteSheet
from aether_desktop.ui.views.users import PeopleView
from tests.support.identities import Person, person
from tests.ui.ledgers import WAIT, Ledger
from tests.ui.people_on_screen import last, part, until_said, words


@pytest.fixture
def inviting(ledger: Ledger, miriam: Person, qtbot: QtBot) -> InviteSheet:
    sheet = InviteSheet(ledger.context, miriam.people, url="", again=None)
    qtbot.addWidget(sheet)
    sheet.resize(360, 800)
    sheet.show()
    qtbot.waitExposed(sheet)
    return sheet


def test_an_invitation_is_a_file_and_a_secret_shown_once(
    ledger: Ledger, miriam: Person, inviting: InviteSheet, qtbot: QtBot, tmp_path: Path
) -> None:
    inviting.username.editor.setText("aaron")
    inviting.role.editor.setCurrentIndex(inviting.role.editor.findData(Role.LEVITE.value))
    with qtbot.waitSignal(inviting.invited, timeout=WAIT):
        inviting.send_button.click()
    secret = inviting._secret.text().replace("\u200b", "")
    assert inviting._secret.accessibleName() == f"One-time secret: {secret}"
    assert len(secret.replace("-", "")) == 20
    shown = words(inviting)
    assert "never both together" in shown
    assert "shown this once" in shown
    inviting.copy_button.click()
    assert QGuiApplication.clipboard().text() == secret
    file = tmp_path / "aaron"
    inviting.save(file)
    until_said(ledger, qtbot, "The invitation is in")
    written = tmp_path / "aaron.aether-invitation"
    assert written.stat().st_mode & 0o777 == 0o600
    assert secret.encode() not in written.read_bytes()
    inviting.save(file)
    until_said(ledger, qtbot, "is already there")
    (open_one,) = miriam.people.open_invitations()
    assert miriam.storage.users.get(open_one.user_id).role is Role.LEVITE
    aaron = person(miriam.storage, open_one.user_id, "aaron")
    aaron.people.answer(written.read_bytes(), secret)
    inviting.hide()
    assert inviting._secret.accessibleName() == "One-time secret"
    assert inviting._secret.text() == "", "shown once: what was hidden does not come back"


def test_it_stays_until_its_secret_can_be_told(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot, tmp_path: Path
) -> None:
    page = people_page()

    def is_open(sheet: QWidget | None) -> bool:
        return page.side.form is sheet

    sheet = InviteSheet(ledger.context, miriam.people, url="", again=None)
    page.side.open_sheet(sheet)
    assert page.side.drafts() == []
    sheet.username.editor.setText("aaron")
    with qtbot.waitSignal(sheet.invited, timeout=WAIT):
        sheet.send_button.click()
        QTest.keyClick(sheet, Qt.Key.Key_Escape)
        assert "being signed" in last(ledger)
        sheet.close_button.click()
        page.open_keys()
        assert is_open(sheet)
        assert page.side.drafts() == ["the invitation of aaron, whose file is not saved"]
    secret = sheet._secret.text()
    page.hide()
    page.show()
    assert sheet._secret.text() == secret, "another section, and back: nothing is lost yet"
    page.resize(1180, 320)
    bar = sheet._scroll.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 100, timeout=WAIT)
    bar.setValue(bar.maximum())
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert bar.value() == 0, "what is asked stands at the top"
    assert "invited again" in words(sheet)
    assert sheet._leaving.isVisible()
    part(sheet, "stay").click()
    assert is_open(sheet)
    assert (sheet._leaving.isVisible(), sheet._secret.text()) == (False, secret)
    page.open_keys()
    assert sheet._leaving.isVisible()
    part(sheet, "leave").click()
    assert is_open(None)

    again = InviteSheet(
        ledger.context, miriam.people, url="", again=(miriam.storage.users.by_username("aaron").id, "aaron")
    )
    page.side.open_sheet(again)
    with qtbot.waitSignal(again.invited, timeout=WAIT):
        again.send_button.click()
    again.save(tmp_path / "aaron")
    until_said(ledger, qtbot, "The invitation is in")
    assert page.side.drafts() == []
    again.close_button.click()
    assert is_open(None)


def test_a_name_that_is_taken_is_said_under_its_field(ledger: Ledger, inviting: InviteSheet, qtbot: QtBot) -> None:
    inviting.username.editor.setText("Miriam")
    inviting.send_button.click()
    qtbot.waitUntil(lambda: "Another person has this user name" in inviting.username.error, timeout=WAIT)
    assert inviting.send_button.isEnabled()
    assert inviting._result.isHidden()


def test_a_reply_that_came_is_certified(ledger: Ledger, miriam: Person, qtbot: QtBot) -> None:
    made = miriam.people.invite("aaron", Role.MEMBER)
    sheet = InvitationsSheet(ledger.context, miriam.people)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: "Waits for the reply" in words(sheet), timeout=WAIT)
    aaron = person(miriam.storage, made.stored.user_id, "aaron")
    aaron.people.answer(made.file, made.secret)
    sheet.refresh()
    qtbot.waitUntil(lambda: "A reply has come" in words(sheet), timeout=WAIT)
    part(sheet, "accept_0").click()
    until_said(ledger, qtbot, "aaron is certified. Compare the code of their keys by voice.")
    qtbot.waitUntil(lambda: "No invitation is open" in words(sheet), timeout=WAIT)
    assert made.stored.user_id in miriam.identity.state().people


def test_a_reply_from_a_file_and_a_forged_one(ledger: Ledger, miriam: Person, qtbot: QtBot, tmp_path: Path) -> None:
    made = miriam.people.invite("aaron", Role.MEMBER)
    aaron = person(miriam.storage, made.stored.user_id, "aaron")
    reply = aaron.people.answer(made.file, made.secret, keep_in_database=False)
    good, bad = tmp_path / "good.aether-reply", tmp_path / "bad.aether-reply"
    good.write_bytes(reply)
    bad.write_bytes(reply[:-1] + bytes((reply[-1] ^ 1,)))
    sheet = InvitationsSheet(ledger.context, miriam.people)
    qtbot.addWidget(sheet)
    sheet.accept(made.stored.id, "aaron", bad)
    qtbot.waitUntil(lambda: bool(ledger.said), timeout=WAIT)
    assert made.stored.user_id not in miriam.identity.state().people
    sheet.accept(made.stored.id, "aaron", good)
    until_said(ledger, qtbot, "aaron is certified.")


def test_an_invitation_is_withdrawn(ledger: Ledger, miriam: Person, qtbot: QtBot) -> None:
    miriam.people.invite("aaron", Role.MEMBER)
    sheet = InvitationsSheet(ledger.context, miriam.people)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: "Waits for the reply" in words(sheet), timeout=WAIT)
    part(sheet, "withdraw_0").click()
    until_said(ledger, qtbot, "The invitation of aaron is withdrawn.")
    assert miriam.people.open_invitations() == []
