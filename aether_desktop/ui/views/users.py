"""The people section: who shares these books, certified by whom, with which role, and who may open what."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from PySide6.QtWidgets import QAbstractButton

from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.services.people import PeopleService
from aether_desktop.services.rotation import RotationService
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import people_part_name
from aether_desktop.ui.permissions import EMBEDDED_NOTE
from aether_desktop.ui.views.certified_sheet import CertifiedSheet
from aether_desktop.ui.views.details_pane import DetailsPane
from aether_desktop.ui.views.invitations_sheet import InvitationsSheet
from aether_desktop.ui.views.invite_sheet import InviteSheet
from aether_desktop.ui.views.keys_sheet import KeysSheet
from aether_desktop.ui.views.person_section import NO_KEYS, PersonSection
from aether_desktop.ui.views.recovery_sheet import RecoverySheet
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage
from aether_desktop.ui.widgets.guarded_button import Guard
from aether_desktop.ui.widgets.labels import text_label

_WORDS = TablePageWords(
    section="people",
    icon="people",
    sentence="The people who share these books, with role and membership.",
    button="Add person",
    more="",
)
OWN_ROW: Final = (
    "Your role reads your own row only. Everybody whom the membership log certifies is under Certified people, where "
    "you also grant them your courts."
)
EMBEDDED_ONE: Final = (
    "A vault in a file is opened by one person, with one password: nobody can be invited into it. Set up a shared "
    "database to keep books with others (its administrator runs: aether-desktop postgres provision URL)."
)


class PeopleView(TablePage):
    """The grid of people; invitations, courts and keys open at its right."""

    def __init__(self, context: UiContext) -> None:
        self._shared = context.services.info.engine == "postgresql"
        super().__init__(TableName.USERS, context, _WORDS, can_add=not self._shared)
        self._person: PersonSection | None = None
        theme, messages = context.theme, context.messages
        note = "" if self._shared else EMBEDDED_NOTE
        self.note = text_label(theme, note, kind="dim", wrap=True)
        self.note.setObjectName(people_part_name("note"))
        self.note.setVisible(bool(note))
        self._column.insertWidget(self._column.indexOf(self.filter_bar), self.note)
        certified = self.header.add_action(
            "check_circle", "Certified people", object_name=people_part_name("certified")
        )
        invitations = self.header.add_action("link", "Invitations", object_name=people_part_name("invitations"))
        keys = self.header.add_action("key", "Courts and keys", object_name=people_part_name("keys"))
        name = people_part_name("invite_button")
        invite: QAbstractButton = (
            self.header.set_primary("Invite person", object_name=name)
            if self._shared
            else self.header.add_action("external", "Invite a person", object_name=name)
        )
        self._invite_guard, self._list_guard, self._keys_guard, self._certified_guard = guards = tuple(
            Guard(button, theme) for button in (invite, invitations, keys, certified)
        )
        acts = (lambda: self.open_invite(None), self.open_invitations, self.open_keys, self.open_certified)
        for guard, act in zip(guards, acts, strict=True):
            guard.allowed.connect(act)
            guard.refused.connect(messages.warn)
        refusal = "" if context.services.people is not None else NO_KEYS
        for guard in (self._keys_guard, self._list_guard, self._certified_guard):
            guard.refuse(refusal)
        self._invite_guard.refuse(refusal if self._shared else EMBEDDED_ONE)
        self._ask_whether_to_invite()
        if self._shared:
            context.permissions.changed.connect(self._on_role_known)
            self._on_role_known()

    def open_invite(self, again: tuple[int, str] | None = None) -> None:
        """A sheet to invite somebody, or somebody again."""
        people = self.context.services.people
        if people is None or not self._shared:
            self.context.messages.warn(NO_KEYS if self._shared else EMBEDDED_ONE)
            return
        sheet = InviteSheet(self.context, people, url=_address(self.context.services.info.location), again=again)
        self.side.open_sheet(sheet)

    def add(self) -> None:
        """In a shared database people come by invitation; in a file they are names to keep."""
        if self._shared:
            self._invite_guard.press()
        else:
            super().add()

    def open_invitations(self) -> None:
        """The sheet of open invitations."""
        if (people := self.context.services.people) is not None:
            self.side.open_sheet(InvitationsSheet(self.context, people))

    def open_certified(self) -> None:
        """The sheet of everybody whom the membership log certifies."""
        if (people := self.context.services.people) is not None:
            self.side.open_sheet(CertifiedSheet(self.context, people))

    def open_keys(self) -> None:
        """The sheet of courts and keys."""
        found = self._services()
        if found is not None:
            sheet = KeysSheet(self.context, *found)
            sheet.recovery_asked.connect(self.open_recovery)
            self.side.open_sheet(sheet)

    def open_recovery(self) -> None:
        """The sheet of shares: who gives a court's key back."""
        if (quorum := self.context.services.quorum) is not None:
            self.side.open_sheet(RecoverySheet(self.context, quorum))

    def open_part(self, part: str) -> None:
        """``keys``, ``certified``, ``invitations`` or ``invite``, as the command palette asks for them."""
        guards = {
            "keys": self._keys_guard,
            "certified": self._certified_guard,
            "invitations": self._list_guard,
            "invite": self._invite_guard,
        }
        if part in guards:
            guards[part].press()

    def apply_changes(self, changes: ChangeSet) -> None:
        """The rows, and what is said of the person on view."""
        super().apply_changes(changes)
        if TableName.USERS in changes.tables:
            self._ask_whether_to_invite()
            if self._person is not None:
                self._person.refresh()
            if isinstance(sheet := self.side.form, CertifiedSheet):
                sheet.refresh()

    def _ask_whether_to_invite(self) -> None:
        """Say before anything is typed that somebody may not invite; a list that is not trusted says so itself."""
        people = self.context.services.people
        if people is not None and self._shared:
            job = self.context.jobs.read(lambda _token, _progress: people.why_not_invite())
            job.on_success(self._invite_guard.refuse).on_failure(lambda _error: None)

    def _on_role_known(self) -> None:
        """Who sees no rows of others is told where the others are."""
        hidden = bool(self.context.permissions.why_not(Verb.READ, TableName.USERS, owner_id=0))
        self.note.setText(OWN_ROW if hidden else "")
        self.note.setVisible(hidden)

    def _services(self) -> tuple[PeopleService, RotationService] | None:
        services = self.context.services
        return None if services.people is None or services.rotation is None else (services.people, services.rotation)

    def _make_details(self) -> DetailsPane:
        details = super()._make_details()
        self._person = PersonSection(self.context)
        self._person.again_asked.connect(self._on_again)
        details.add_section(self._person, first=True)
        details.row_shown.connect(self._person.show_row)
        return details

    def _on_again(self, user_id: int) -> None:
        about = None if self._person is None else self._person.about
        if about is not None and about.standing.user.id == user_id:
            self.open_invite((user_id, plain_line(about.standing.user.username, 60)))


def _address(location: str) -> str:
    """Without anybody's name: each person has a login of their own."""
    parts = urlsplit(location)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
