"""Inviting a person: who and in which role, then the file to give and the secret to tell, shown this once."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from aether_desktop.domain.courts import Court
from aether_desktop.domain.permissions import title
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.users import Role
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.identity import NewInvitation
from aether_desktop.services.exchange_files import write_exchange_file
from aether_desktop.services.people import PeopleService
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import people_part_name
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import plain_button, primary_button
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.path_dialog import ask_new_file
from aether_desktop.ui.widgets.secret_clipboard import SecretClipboard
from aether_desktop.ui.widgets.side_sheet import SideSheet

SUFFIX: Final = ".aether-invitation"
FILTERS: Final = f"Invitations (*{SUFFIX});;All files (*)"
_HOW: Final = (
    "Give the file as you like: by mail, on a stick. Tell the secret on another way, best by voice; never both "
    "together. Whoever has both can answer in their place."
)
_ONCE: Final = "The secret is shown this once and kept nowhere. If it is lost, invite the person again."
_SIGNING: Final = "The invitation is being signed; its secret is shown in a moment."
_UNSAVED: Final = (
    "The file of this invitation is not saved, and its secret is not shown again. Without them it is of no use: the "
    "person would have to be invited again."
)
_AGAIN: Final = (
    "For somebody whose keys or login are lost, or who came too late. They get another login, and the one they have "
    "now is shut at once. Their new keys replace the old ones when you certify them."
)
_THEN: Final = (
    "They choose \u201cI was invited\u201d at the first start, with a password of their own. When their reply has "
    "come it waits under Invitations; certify it there."
)


class InviteSheet(SideSheet):
    """``invited`` when the invitation is stored. GUI thread only; works on the write lane at level 2.

    It stays while the invitation is being signed, and asks before it goes without the file having been saved.
    """

    invited = Signal()

    def __init__(self, context: UiContext, people: PeopleService, *, url: str, again: tuple[int, str] | None) -> None:
        """``again``: id and name of somebody who is invited anew. ``url`` has no password in it."""
        super().__init__(
            context.theme,
            "Invite a person" if again is None else f"Invite {again[1]} again",
            object_name=people_part_name("invite"),
        )
        self._context, self._people, self._again = context, people, again
        self._made: NewInvitation | None = None
        self._signing = False
        self._saved = False
        self.clipboard = SecretClipboard(self)
        theme = context.theme
        self.username = FormField(
            theme, "User name", QLineEdit(), hint="No spaces.", object_name=people_part_name("username")
        )
        self.display_name = FormField(
            theme, "Name (optional)", QLineEdit(), object_name=people_part_name("display_name")
        )
        roles = QComboBox()
        for role in Role:
            roles.addItem(title(role), role.value)
        self.role = FormField(
            theme,
            "Role",
            roles,
            hint="Roles give verbs, never keys: what you sealed stays closed until you grant it.",
            object_name=people_part_name("role"),
        )
        self.url = FormField(
            theme,
            "Address of the database",
            QLineEdit(url),
            hint="As it is reached from where they sit; without name and password.",
            object_name=people_part_name("url"),
        )
        self.url.setVisible(bool(url))
        self.send_button = primary_button(theme, "Make the invitation", object_name=people_part_name("send"))
        self.send_button.clicked.connect(self.send)
        self._build()
        if again is None:
            self.setFocusProxy(self.username.editor)

    def send(self) -> None:
        """Make the invitation from what is typed."""
        if not self.send_button.isEnabled():
            return
        self._hold(signing=True)
        people, again, url = self._people, self._again, self.url.editor.text().strip()
        name, display = self.username.editor.text().strip(), self.display_name.editor.text().strip()
        role = Role(self.role.editor.currentData())

        def work() -> NewInvitation:
            if again is not None:
                return people.invite_again(again[0], url=url)
            return people.invite(name, role, url=url, display_name=display)

        job = self._context.with_level(Court.HOLY, "To sign an invitation.", lambda _token, _progress: work())
        job.on_success(self._on_made).on_failure(self._on_failed)
        job.on_cancelled(partial(self._hold, signing=False))

    def save(self, path: Path) -> None:
        """Write the file, readable by its owner only; never over another."""
        made = self._made
        if made is None:
            return
        file = path if path.suffix else path.with_suffix(SUFFIX)
        job = self._context.jobs.read(lambda _token, _progress: write_exchange_file(file, made.file))
        job.on_success(partial(self._on_saved, file)).on_failure(self._context.messages.report)

    def may_close(self) -> bool:
        """Not while it is being signed; without the file only when the person says so."""
        if self._signing:
            self._context.messages.info(_SIGNING)
            return False
        if self._made is None or self._saved:
            return True
        self._leaving.show()
        self.show_top()
        self._stay.setFocus(Qt.FocusReason.OtherFocusReason)
        return False

    def drafts(self) -> list[str]:
        """An invitation that nobody could answer."""
        name = self._again[1] if self._again else self.username.editor.text().strip()
        lost = self._signing or (self._made is not None and not self._saved)
        return [f"the invitation of {plain_line(name, 60)}, whose file is not saved"] if lost else []

    def forget(self) -> None:
        """Take the secret off the screen for good."""
        self._made = None
        self._secret.setText("")
        self._secret.setAccessibleName("One-time secret")
        self._result.hide()
        self._leaving.hide()

    # -- inside --------------------------------------------------------------------------------------------------

    def _hold(self, *, signing: bool) -> None:
        self._signing = signing
        self.send_button.setEnabled(not signing)

    def _on_made(self, made: NewInvitation) -> None:
        self._signing, self._made = False, made
        self._secret.setText(made.secret.replace("-", "-\u200b"))  # no line ends between a hyphen and a digit
        self._secret.setAccessibleName(f"One-time secret: {made.secret}")
        self._form.hide()
        self._result.show()
        self.show_top()
        self.save_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.invited.emit()

    def _on_failed(self, error: BaseException) -> None:
        self._hold(signing=False)
        field = {"username": self.username, "url": self.url}.get(getattr(error, "field", ""))
        if isinstance(error, InvalidInputError) and field is not None:
            field.set_error(str(error))
            field.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._context.messages.report(error)

    def _on_saved(self, file: Path, _none: None) -> None:
        self._saved = True
        self._leaving.hide()
        self._context.messages.done(f"The invitation is in {file}.")

    def _on_leave(self) -> None:
        self.forget()
        self.closed.emit()

    def _build(self) -> None:
        theme = self._context.theme
        self._form = QWidget()
        form = QVBoxLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(Space.M)
        fields: list[QWidget] = [self.username, self.display_name, self.role]
        if self._again is not None:
            fields = [text_label(theme, _AGAIN, kind="dim", wrap=True)]
        for field in (*fields, self.url):
            form.addWidget(field)
        form.addWidget(self.send_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._result = QWidget()
        result = QVBoxLayout(self._result)
        result.setContentsMargins(0, 0, 0, 0)
        result.setSpacing(Space.M)
        result.addWidget(text_label(theme, "One-time secret", kind="dim"))
        self._secret = text_label(theme, mono=True, size=FontSize.HEADING, wrap=True)
        self._secret.setObjectName(people_part_name("secret"))
        self._secret.setAccessibleName("One-time secret")
        result.addWidget(self._secret)
        self.copy_button = plain_button(theme, "Copy the secret", object_name=people_part_name("copy"))
        self.save_button = primary_button(theme, "Save the file\u2026", object_name=people_part_name("save"))
        self.copy_button.clicked.connect(self._on_copy)
        self.save_button.clicked.connect(self._on_save)
        result.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignLeft)
        result.addWidget(self.save_button, 0, Qt.AlignmentFlag.AlignLeft)
        result.addWidget(text_label(theme, _ONCE, kind="warn", wrap=True))
        result.addWidget(text_label(theme, _HOW, wrap=True))
        result.addWidget(text_label(theme, _THEN, kind="dim", wrap=True))
        self._result.hide()
        self._leaving = self._question()
        self.body.addWidget(self._leaving)
        self.body.addWidget(self._form)
        self.body.addWidget(self._result)

    def _question(self) -> QWidget:
        """Asked at the top, where the cross is."""
        theme, asked = self._context.theme, QWidget()
        column = QVBoxLayout(asked)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addWidget(text_label(theme, _UNSAVED, kind="warn", wrap=True))
        self._stay = plain_button(theme, "Stay", object_name=people_part_name("stay"))
        leave = plain_button(theme, "Close without the file", object_name=people_part_name("leave"))
        self._stay.clicked.connect(asked.hide)
        leave.clicked.connect(self._on_leave)
        for button in (self._stay, leave):
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        asked.hide()
        return asked

    def _on_copy(self) -> None:
        if self._made is not None:
            self.clipboard.put(self._made.secret)
            self._context.messages.info("Copied. The clipboard is emptied in 10 seconds if it still holds it.")

    def _on_save(self) -> None:
        name = f"{self._again[1] if self._again else self.username.editor.text().strip() or 'invitation'}{SUFFIX}"
        ask_new_file(self, "Save the invitation", name=name, filters=FILTERS, then=self.save)

    # Qt overrides

    def hideEvent(self, event: QHideEvent) -> None:
        """The screen lock and another section hide it; the secret goes with it, once the file is saved."""
        if not event.spontaneous() and self._made is not None and self._saved:
            self.forget()
        super().hideEvent(event)
