"""The people page over a real vault with real keys: what it says of people, roles and courts, and why not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.courts import Court
from aether_desktop.domain.records import TableName
from aether_desktop.domain.users import Role
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.views.certified_sheet import CertifiedSheet
from aether_desktop.ui.views.invitations_sheet import InvitationsSheet
from aether_desktop.ui.views.invite_sheet import InviteSheet
from aether_desktop.ui.views.keys_sheet import KeysSheet
from aether_desktop.ui.views.users import PeopleView
from aether_desktop.ui.widgets.scrolling import scrolling
from tests.support.identities import Person, joined
from tests.ui.clipping import clipped_texts, overlapping
from tests.ui.ledgers import WAIT, Ledger
from tests.ui.people_on_screen import about, keys_sheet, last, part, until_said, use, words


def test_an_embedded_vault_says_what_roles_are_there(
    ledger: Ledger, people_page: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    page = people_page()
    assert "order the window only" in page.note.text()
    assert page.note.isVisible()
    part(page, "invite_button").click()
    assert "nobody can be invited into it" in last(ledger)
    part(page, "keys").click()
    assert "No keys of people are open here" in last(ledger)
    assert page.side.form is None


def test_who_may_not_invite_is_told_before_typing(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron = joined(miriam, "aaron")
    use(ledger, aaron)
    page = people_page()
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


def test_a_member_of_a_shared_vault_is_told_where_the_others_are(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    page = people_page()
    page._shared = True
    page.context.permissions.set_role(Role.MEMBER, user_id=miriam.user_id)
    page._on_role_known()
    assert "Certified people" in page.note.text()
    page.context.permissions.set_role(Role.LEVITE, user_id=miriam.user_id)
    page._on_role_known()
    assert page.note.isHidden()


def test_the_palette_reaches_the_sheets(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    page = people_page()
    for name, sheet in (("keys", KeysSheet), ("invitations", InvitationsSheet)):
        page.open_part(name)
        assert type(page.side.form) is sheet
    page.open_part("invite")
    assert "nobody can be invited into it" in last(ledger)


def test_a_certified_person_shows_the_code_that_they_see(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron = joined(miriam, "aaron", role=Role.LEVITE)
    section = about(people_page(), aaron.user_id, qtbot)
    assert section._state.text() == "Certified as Levite."
    assert section._code.text() == aaron.people.overview().my_code
    assert "by voice" in section._code_hint.text()
    assert section.isVisible()


def test_a_name_without_keys_is_not_called_certified(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    record = ledger.services.records.create(TableName.USERS, {"username": "noah"})
    section = about(people_page(), record.id, qtbot)
    assert "Not certified" in section._state.text()
    button = part(section, "court_1")
    assert "They answer an invitation first." in button.toolTip()
    button.click()
    assert "They answer an invitation first." in last(ledger)


def test_a_role_is_given_and_the_last_zadokite_stays(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron = joined(miriam, "aaron")
    page = people_page()
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


def test_disabling_and_enabling(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron = joined(miriam, "aaron")
    section = about(people_page(), aaron.user_id, qtbot)
    part(section, "activity").click()
    until_said(ledger, qtbot, "aaron is disabled. Keys they hold are to be replaced")
    qtbot.waitUntil(lambda: section._activity.text() == "Enable", timeout=WAIT)
    assert "nothing this person signs counts" in section._state.text()
    assert not miriam.identity.state().people[aaron.user_id].active
    part(section, "activity").click()
    until_said(ledger, qtbot, "aaron is enabled again.")
    assert miriam.identity.state().people[aaron.user_id].active


def test_a_court_is_granted_and_revoked_with_the_truth_about_it(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    aaron = joined(miriam, "aaron")
    section = about(people_page(), aaron.user_id, qtbot)
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


def test_somebody_invited_who_never_came_is_disabled(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot
) -> None:
    made = miriam.people.invite("hur", Role.MEMBER)
    section = about(people_page(), made.stored.user_id, qtbot)
    assert part(section, "activity").text() == "Disable"
    part(section, "activity").click()
    until_said(ledger, qtbot, "hur is disabled. Their invitation is withdrawn")
    qtbot.waitUntil(lambda: part(section, "activity").text() == "Enable", timeout=WAIT)
    assert "Disabled before" in section._state.text()
    assert miriam.people.open_invitations() == []
    part(section, "activity").click()
    until_said(ledger, qtbot, "hur is enabled again. Invite them again.")
    assert miriam.storage.users.get(made.stored.user_id).active


@pytest.mark.parametrize("scale", [1, 2])
def test_nothing_is_wider_than_the_narrowest_pane(
    ledger: Ledger, miriam: Person, people_page: Callable[[], PeopleView], qtbot: QtBot, scale: int
) -> None:
    """``scale``: of the letters alone, as desktops do it."""
    aaron = joined(miriam, "aaron", role=Role.AARONIC)
    miriam.people.grant_court(Court.MOST_HOLY, aaron.user_id)
    section = about(people_page(), aaron.user_id, qtbot)
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


@pytest.mark.parametrize("width", [Size.DETAILS_MIN, Size.DETAILS_WIDTH])
def test_nothing_is_clipped_in_a_narrow_pane(
    ledger: Ledger,
    miriam: Person,
    people_page: Callable[[], PeopleView],
    qtbot: QtBot,
    width: int,
) -> None:
    aaron = joined(miriam, "aaron")
    miriam.people.grant_court(Court.HOLY, aaron.user_id)
    miriam.people.disable(aaron.user_id)
    made = miriam.people.invite("caleb", Role.MEMBER)
    page = people_page()
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
