"""The people page over a real vault with real keys: invite, certify, roles, courts, rotation, and why not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.courts import Court
from aether_desktop.domain.records import TableName
from aether_desktop.domain.users import Role
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.queries import TableQuery
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.ui.object_names import people_part_name
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.views.certified_sheet import CertifiedSheet
from aether_desktop.ui.views.invitations_sheet import InvitationsSheet
from aether_desktop.ui.views.invite_sheet import InviteSheet
from aether_desktop.ui.views.keys_sheet import KeysSheet
from aether_desktop.ui.views.person_section import PersonSection
from aether_desktop.ui.views.users import PeopleView
from aether_desktop.ui.widgets.scrolling import scrolling
from tests.support.identities import Person, founder, joined, person
from tests.ui.clipping import clipped_texts, overlapping
from tests.ui.ledgers import WAIT, Ledger


@pytest.fixture
def miriam(ledger: Ledger) -> Person:
    """The founder, whose keys the ledger's services use from now on."""
    storage = ledger.services.storage
    assert isinstance(storage, SqlStorage)
    one = founder(storage)
    use(ledger, one)
    return one


def use(ledger: Ledger, one: Person) -> None:
    ledger.services = one.services(ledger.services)
    ledger.context = dataclasses.replace(ledger.context, services=ledger.services)


@pytest.fixture
def opened(ledger: Ledger, qtbot: QtBot) -> Callable[[], PeopleView]:
    def opening() -> PeopleView:
        page = PeopleView(ledger.context)
        qtbot.addWidget(page, before_close_func=lambda _page: page.close_model())
        page.resize(1180, 900)
        with qtbot.waitSignal(page.model.count_changed, timeout=WAIT):
            page.show()
        qtbot.waitExposed(page)
        return page

    return opening


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


# -- what a vault in a file says ---------------------------------------------------------------------------------


def test_an_embedded_vault_says_what_roles_are_there(
    ledger: Ledger, opened: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    page = opened()
    assert "order the window only" in page.note.text()
    assert page.note.isVisible()
    part(page, "invite_button").click()
    assert "nobody can be invited into it" in last(ledger)
    part(page, "keys").click()
    assert "No keys of people are open here" in last(ledger)
    assert page.side.form is None


def test_who_may_not_invite_is_told_before_typing(
    ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron = joined(miriam, "aaron")
    use(ledger, aaron)
    page = opened()
    page._shared = True  # a vault file invites nobody anyway
    page._ask_whether_to_invite()
    button = part(page, "invite_button")
    qtbot.waitUntil(lambda: "Only a Zadokite may invite people." in button.toolTip(), timeout=WAIT)
    button.click()
    assert "Only a Zadokite may invite people." in last(ledger)
    assert page.side.form is None
    section = about(page, miriam.user_id, qtbot)
    part(section, "invite_again").click()
    assert "Only a Zadokite may invite people." in last(ledger)
    assert page.side.form is None


# -- one person --------------------------------------------------------------------------------------------------


def test_a_certified_person_shows_the_code_that_they_see(
    ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron = joined(miriam, "aaron", role=Role.LEVITE)
    section = about(opened(), aaron.user_id, qtbot)
    assert section._state.text() == "Certified as Levite."
    assert section._code.text() == aaron.people.overview().my_code
    assert "by voice" in section._code_hint.text()
    assert section.isVisible()


def test_a_name_without_keys_is_not_called_certified(
    ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    record = ledger.services.records.create(TableName.USERS, {"username": "noah"})
    section = about(opened(), record.id, qtbot)
    assert "Not certified" in section._state.text()
    button = part(section, "court_1")
    assert "They answer an invitation first." in button.toolTip()
    button.click()
    assert "They answer an invitation first." in last(ledger)


def test_a_role_is_given_and_the_last_zadokite_stays(
    ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron = joined(miriam, "aaron")
    page = opened()
    section = about(page, aaron.user_id, qtbot)
    section._role.editor.setCurrentIndex(section._role.editor.findData(Role.AARONIC.value))
    part(section, "give_role").click()
    until_said(ledger, qtbot, "aaron is Aaronic now. Roles give verbs, never keys.")
    assert miriam.identity.state().people[aaron.user_id].role is Role.AARONIC
    assert ledger.services.storage.users.get(aaron.user_id).role is Role.AARONIC
    qtbot.waitUntil(lambda: section.about is not None and section.about.standing.user.role is Role.AARONIC)
    part(section, "give_role").click()
    assert last(ledger) == "aaron is Aaronic already. Choose another role."
    section = about(page, miriam.user_id, qtbot)
    part(section, "give_role").click()
    assert "The vault would be without a Zadokite. Make somebody else a Zadokite first." in last(ledger)
    assert not section.courts.isVisible()


def test_disabling_and_enabling(ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot) -> None:
    aaron = joined(miriam, "aaron")
    section = about(opened(), aaron.user_id, qtbot)
    part(section, "activity").click()
    until_said(ledger, qtbot, "aaron is disabled. Keys they hold are to be replaced")
    qtbot.waitUntil(lambda: section._activity.text() == "Enable", timeout=WAIT)
    assert "nothing this person signs counts" in section._state.text()
    assert not miriam.identity.state().people[aaron.user_id].active
    part(section, "activity").click()
    until_said(ledger, qtbot, "aaron is enabled again.")
    assert miriam.identity.state().people[aaron.user_id].active


def test_a_court_is_granted_and_revoked_with_the_truth_about_it(
    ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron = joined(miriam, "aaron")
    section = about(opened(), aaron.user_id, qtbot)
    button = part(section, "court_3")
    assert button.text() == "Grant Most Holy Place"
    button.click()
    until_said(ledger, qtbot, "aaron may open your Most Holy Place now.")
    qtbot.waitUntil(lambda: button.text() == "Revoke Most Holy Place", timeout=WAIT)
    button.click()
    asked = section.courts.warning.text()
    assert "It cannot unread" in asked
    assert "move the funds" in asked
    part(section, "revoke_not").click()
    assert section.courts._question.isHidden()
    button.click()
    part(section, "revoke_now").click()
    until_said(ledger, qtbot, "aaron gets no further key of your Most Holy Place")
    court = miriam.identity.state().court(miriam.user_id, Court.MOST_HOLY)
    assert court.version == 2
    assert court.recipients(2) == [miriam.user_id]
    qtbot.waitUntil(lambda: button.text() == "Grant Most Holy Place", timeout=WAIT)


# -- whom the log certifies --------------------------------------------------------------------------------------


def certified_sheet(page: PeopleView, qtbot: QtBot) -> CertifiedSheet:
    part(page, "certified").click()
    sheet = page.side.form
    assert isinstance(sheet, CertifiedSheet)
    qtbot.waitUntil(lambda: bool(sheet.known), timeout=WAIT)
    return sheet


def choose(sheet: CertifiedSheet, user_id: int) -> None:
    sheet.person.editor.setCurrentIndex(sheet.person.editor.findData(user_id))


def test_everybody_certified_is_shown_from_the_log_and_granted_there(
    ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron, hur = joined(miriam, "aaron", role=Role.LEVITE), joined(miriam, "hur")
    aaron.people.grant_court(Court.OUTER, miriam.user_id)
    miriam.people.invite("caleb", Role.MEMBER)
    page = opened()
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
    ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron = joined(miriam, "aaron")
    use(ledger, person(miriam.storage, aaron.user_id, "aaron"))  # at a computer that remembers nothing
    page = opened()
    page.open_part("certified")
    sheet = page.side.form
    assert isinstance(sheet, CertifiedSheet)
    qtbot.waitUntil(lambda: not sheet._told.isHidden(), timeout=WAIT)
    assert sheet._told.text() != ""
    assert (sheet.person.isHidden(), sheet._about.isHidden()) == (True, True)


def test_a_member_of_a_shared_vault_is_told_where_the_others_are(
    ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    page = opened()
    page._shared = True
    page.context.permissions.set_role(Role.MEMBER, user_id=miriam.user_id)
    page._on_role_known()
    assert "Certified people" in page.note.text()
    page.context.permissions.set_role(Role.LEVITE, user_id=miriam.user_id)
    page._on_role_known()
    assert page.note.isHidden()


@pytest.mark.parametrize("scale", [1, 2])
def test_nothing_is_wider_than_the_narrowest_pane(
    ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot, scale: int
) -> None:
    """``scale``: of the letters alone, as desktops do it."""
    aaron = joined(miriam, "aaron", role=Role.AARONIC)
    miriam.people.grant_court(Court.MOST_HOLY, aaron.user_id)
    section = about(opened(), aaron.user_id, qtbot)
    section.courts.ask_revoking(Court.MOST_HOLY)
    for widget in (section, *section.findChildren(QWidget)):
        font = widget.font()
        font.setPointSizeF(font.pointSizeF() * scale)
        widget.setFont(font)
    area = scrolling(section, name="Narrow")
    qtbot.addWidget(area)
    area.resize(Size.DETAILS_MIN - 2 * Space.L, 900)
    area.show()
    qtbot.waitExposed(area)
    qtbot.waitUntil(lambda: section.width() == area.viewport().width(), timeout=WAIT)
    assert part(section, "revoke_now").isVisible()
    assert clipped_texts(area) == overlapping(area) == []


def test_somebody_invited_who_never_came_is_disabled(
    ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    made = miriam.people.invite("hur", Role.MEMBER)
    section = about(opened(), made.stored.user_id, qtbot)
    assert part(section, "activity").text() == "Disable"
    part(section, "activity").click()
    until_said(ledger, qtbot, "hur is disabled. Their invitation is withdrawn")
    qtbot.waitUntil(lambda: part(section, "activity").text() == "Enable", timeout=WAIT)
    assert "Disabled before" in section._state.text()
    assert miriam.people.open_invitations() == []
    part(section, "activity").click()
    until_said(ledger, qtbot, "hur is enabled again. Invite them again.")
    assert miriam.storage.users.get(made.stored.user_id).active


# -- inviting ----------------------------------------------------------------------------------------------------


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
    ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot, tmp_path: Path
) -> None:
    page = opened()

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


# -- courts and keys ---------------------------------------------------------------------------------------------


def keys_sheet(ledger: Ledger, one: Person, qtbot: QtBot) -> KeysSheet:
    sheet = KeysSheet(ledger.context, one.people, one.rotation)
    qtbot.addWidget(sheet)
    sheet.resize(360, 900)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.overview is not None, timeout=WAIT)
    return sheet


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


def test_the_palette_reaches_the_sheets(
    ledger: Ledger, miriam: Person, opened: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    page = opened()
    for name, sheet in (("keys", KeysSheet), ("invitations", InvitationsSheet)):
        page.open_part(name)
        assert type(page.side.form) is sheet
    page.open_part("invite")
    assert "nobody can be invited into it" in last(ledger)


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


@pytest.mark.parametrize("width", [Size.DETAILS_MIN, Size.DETAILS_WIDTH])
def test_nothing_is_clipped_in_a_narrow_pane(
    ledger: Ledger,
    miriam: Person,
    opened: Callable[[], PeopleView],
    qtbot: QtBot,
    width: int,
) -> None:
    aaron = joined(miriam, "aaron")
    miriam.people.grant_court(Court.HOLY, aaron.user_id)
    miriam.people.disable(aaron.user_id)
    made = miriam.people.invite("caleb", Role.MEMBER)
    page = opened()
    section = about(page, aaron.user_id, qtbot)
    section.courts.ask_revoking(Court.MOST_HOLY)
    sheets: list[QWidget] = [page.details, keys_sheet(ledger, miriam, qtbot)]
    waiting = InvitationsSheet(ledger.context, miriam.people)
    inviting = InviteSheet(ledger.context, miriam.people, url="postgresql://db.example.org/books", again=None)
    for sheet in (waiting, inviting):
        qtbot.addWidget(sheet)
        sheet.show()
        sheets.append(sheet)
    qtbot.waitUntil(lambda: "Waits for the reply" in words(waiting), timeout=WAIT)
    inviting._on_made(dataclasses.replace(made, secret="0AAAA-1BBBB-2CCCC-3DDDD"))
    assert not inviting.may_close()
    certified = CertifiedSheet(ledger.context, miriam.people)
    qtbot.addWidget(certified)
    certified.show()
    qtbot.waitUntil(lambda: bool(certified.known), timeout=WAIT)
    sheets.append(certified)
    for pane in sheets:
        pane.resize(width, 700)
        QApplication.processEvents()
        assert clipped_texts(pane) == []
        assert overlapping(pane) == []
    for area in inviting.findChildren(QScrollArea):
        inviting.resize(width, 240)
        QApplication.processEvents()
        inner = area.widget()
        assert inner is not None
        assert inner.width() <= area.viewport().width(), "nothing is cut off at the side"


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
