"""Courts and keys of my own: begun, replaced, outstanding, and a list that a new computer trusts."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from aether_desktop.domain.courts import Court
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.ui.object_names import people_part_name
from aether_desktop.ui.views.keys_sheet import KeysSheet
from tests.support.identities import Person, joined, person
from tests.ui.ledgers import WAIT, Ledger
from tests.ui.people_on_screen import keys_sheet, part, until_said, use, words


def test_a_founder_begins_here(ledger: Ledger, qtbot: QtBot) -> None:
    storage = ledger.services.storage
    assert isinstance(storage, SqlStorage)
    one = person(storage, storage.info.user_id, "miriam")
    use(ledger, one)
    sheet = keys_sheet(ledger, one, qtbot)
    assert "no keys of people yet" in words(sheet)
    part(sheet, "begin").click()
    until_said(ledger, qtbot, "Your keys are made; you are the founder.")
    qtbot.waitUntil(lambda: "Code of my keys" in words(sheet), timeout=WAIT)
    overview = one.people.overview()
    assert overview.my_code in words(sheet)
    assert overview.log_code in words(sheet)


def test_a_key_is_replaced_as_a_listed_job(ledger: Ledger, miriam: Person, qtbot: QtBot) -> None:
    titles: list[str] = []
    ledger.jobs.job_started.connect(lambda job: titles.append(job.title))
    sheet = keys_sheet(ledger, miriam, qtbot)
    assert "Key number 1, opened by you alone." in words(sheet)
    part(sheet, "rotate_2").click()
    until_said(ledger, qtbot, "The key of my Holy Place is replaced.")
    assert "Replace the key of my Holy Place" in titles
    assert miriam.identity.state().court(miriam.user_id, Court.HOLY).version == 2
    qtbot.waitUntil(lambda: "Key number 2, opened by you alone." in words(sheet), timeout=WAIT)


def test_a_replacement_that_was_ended_goes_on(ledger: Ledger, miriam: Person, qtbot: QtBot) -> None:
    miriam.rotation.start(miriam.user_id, Court.OUTER)  # as when the program was closed before the rows were sealed
    sheet = keys_sheet(ledger, miriam, qtbot)
    assert "You, Outer Court: 0 values are sealed under the new key so far." in words(sheet)
    part(sheet, "rotate_1").click()
    until_said(ledger, qtbot, "The key of my Outer Court is replaced.")
    qtbot.waitUntil(lambda: "Outstanding" not in words(sheet), timeout=WAIT)
    assert miriam.identity.state().court(miriam.user_id, Court.OUTER).version == 2, "the same key, no third one"


def test_owners_outstanding_are_listed(ledger: Ledger, miriam: Person, qtbot: QtBot) -> None:
    aaron = joined(miriam, "aaron")
    aaron.people.grant_court(Court.OUTER, miriam.user_id)
    miriam.people.grant_court(Court.OUTER, aaron.user_id)
    miriam.people.disable(aaron.user_id)
    sheet = keys_sheet(ledger, miriam, qtbot)
    shown = words(sheet)
    assert "Outstanding" in shown
    assert "You, Outer Court: The key must be replaced. aaron was disabled." in shown
    assert "opened by you and aaron" in shown


def test_every_control_of_the_sheets_is_named(ledger: Ledger, miriam: Person, qtbot: QtBot) -> None:
    sheet = keys_sheet(ledger, miriam, qtbot)
    unnamed = [button for button in sheet.findChildren(QPushButton) if not button.accessibleName()]
    assert unnamed == []


def test_a_new_computer_trusts_the_list_by_a_colleagues_code(ledger: Ledger, miriam: Person, qtbot: QtBot) -> None:
    aaron = joined(miriam, "aaron")
    fresh = person(miriam.storage, aaron.user_id, "aaron")  # at a computer that remembers nothing
    use(ledger, fresh)
    sheet = KeysSheet(ledger.context, fresh.people, fresh.rotation)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: "has never seen" in words(sheet), timeout=WAIT)
    code = sheet.findChild(QLineEdit, people_part_name("code_typed"))
    assert code is not None
    code.setText("15: " + " ".join(["0000"] * 8))
    told = len(ledger.said)
    part(sheet, "trust").click()
    qtbot.waitUntil(lambda: len(ledger.said) > told, timeout=WAIT)
    assert sheet.overview is None
    code.setText(miriam.people.overview().log_code)
    part(sheet, "trust").click()
    qtbot.waitUntil(lambda: "Code of my keys" in words(sheet), timeout=WAIT)
