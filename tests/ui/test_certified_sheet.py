"""The sheet of everybody whom the log certifies: shown from the log, granted and revoked there."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from aether_desktop.domain.courts import Court
from aether_desktop.domain.records import TableName
from aether_desktop.domain.users import Role
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ui.views.certified_sheet import CertifiedSheet
from aether_desktop.ui.views.users import PeopleView
from tests.support.identities import Person, joined, person
from tests.ui.ledgers import WAIT, Ledger
from tests.ui.people_on_screen import last, part, until_said, use, words


def certified_sheet(page: PeopleView, qtbot: QtBot) -> CertifiedSheet:
    part(page, "certified").click()
    sheet = page.side.form
    assert isinstance(sheet, CertifiedSheet)
    qtbot.waitUntil(lambda: bool(sheet.known), timeout=WAIT)
    return sheet


def choose(sheet: CertifiedSheet, user_id: int) -> None:
    sheet.person.editor.setCurrentIndex(sheet.person.editor.findData(user_id))


def test_everybody_certified_is_shown_from_the_log_and_granted_there(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron, hur = joined(miriam, "aaron", role=Role.LEVITE), joined(miriam, "hur")
    aaron.people.grant_court(Court.OUTER, miriam.user_id)
    miriam.people.invite("caleb", Role.MEMBER)
    page = people_page()
    sheet = certified_sheet(page, qtbot)
    box = sheet.person.editor
    assert [box.itemText(at) for at in range(box.count())] == ["aaron, Levite", "hur, Member", "miriam (you), Zadokite"]
    choose(sheet, miriam.user_id)
    assert not sheet.courts.isVisible()
    choose(sheet, hur.user_id)
    assert "They grant you no court of theirs." in words(sheet)
    choose(sheet, aaron.user_id)
    assert sheet._code.text() == aaron.people.overview().my_code
    assert "Certified as Levite." in words(sheet)
    assert "They let you open their Outer Court." in words(sheet)
    button = part(sheet, "known_court_2")
    assert button.accessibleName() == "Grant Holy Place: aaron"
    button.click()
    until_said(ledger, qtbot, "aaron may open your Holy Place now.")
    qtbot.waitUntil(lambda: button.text() == "Revoke Holy Place", timeout=WAIT)
    button.click()
    part(sheet, "known_revoke_now").click()
    until_said(ledger, qtbot, "aaron gets no further key of your Holy Place")
    court = miriam.identity.state().court(miriam.user_id, Court.HOLY)
    assert (court.version, court.recipients(2)) == (2, [miriam.user_id])
    assert sheet.chosen is not None
    assert sheet.chosen.person.user_id == aaron.user_id, "whoever was on view stays"
    miriam.people.disable(hur.user_id)
    page.apply_changes(ChangeSet(frozenset({TableName.USERS})))
    qtbot.waitUntil(lambda: box.itemText(1) == "hur, Member, disabled", timeout=WAIT)
    choose(sheet, hur.user_id)
    part(sheet, "known_court_1").click()
    assert last(ledger) == "The person was disabled. A Zadokite can enable people again."


def test_nobody_certified_and_a_list_that_is_not_trusted(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron = joined(miriam, "aaron")
    use(ledger, person(miriam.storage, aaron.user_id, "aaron"))  # at a computer that remembers nothing
    page = people_page()
    page.open_part("certified")
    sheet = page.side.form
    assert isinstance(sheet, CertifiedSheet)
    qtbot.waitUntil(lambda: not sheet._told.isHidden(), timeout=WAIT)
    assert sheet._told.text() != ""
    assert (sheet.person.isHidden(), sheet._about.isHidden()) == (True, True)
