"""Below the facts of a person: whether their keys are certified, the code to compare, what can be done with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.domain.courts import Court
from aether_desktop.domain.permissions import title
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.users import Role
from aether_desktop.ports.queries import Row
from aether_desktop.services.standings import About
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import people_part_name
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.views.court_grants import CourtGrants
from aether_desktop.ui.widgets.buttons import IconLabel
from aether_desktop.ui.widgets.folding import FoldingRow, ShrinkingButton
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.guarded_button import Guard
from aether_desktop.ui.widgets.labels import rule, set_kind, text_label

NO_KEYS: Final = (
    "No keys of people are open here, so nothing is certified. Choose a password in the settings, lock and unlock, "
    "then begin under Courts and keys."
)
_DISABLED_UNKNOWN: Final = "Disabled before their keys were certified: no invitation of theirs is open."
_ROLE_LENGTH: Final = 9  # characters that are seen of a role in the list
_SHUT: Final = "Their invitation is withdrawn, with the login that was made for it."


class PersonSection(QWidget):
    """``again_asked`` carries the person's id: invite them anew. GUI thread only; works on the lanes."""

    again_asked = Signal(object)

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self._context, self._theme = context, context.theme
        self._user_id: int | None = None
        self.about: About | None = None
        self.setObjectName(people_part_name("person"))
        self._build()
        self.hide()

    def show_row(self, row: Row | None) -> None:
        """Show another person."""
        self._user_id = None if row is None else row.id
        if row is None or self.about is None or self.about.standing.user.id != row.id:
            self.about = None
            self.hide()
        self.refresh()

    def refresh(self) -> None:
        """Read the person anew."""
        people, user_id = self._context.services.people, self._user_id
        if user_id is None:
            return
        if people is None:
            self._acts.hide()
            self._say("info", "", NO_KEYS)
            for widget in (self._code_title, self._code, self._code_hint):
                widget.hide()
            self.show()
            return
        job = self._context.jobs.read(lambda _token, _progress: people.about(user_id))
        job.on_success(self._on_about).on_failure(self._context.messages.report)

    # -- showing -------------------------------------------------------------------------------------------------

    def _on_about(self, about: About) -> None:
        standing = about.standing
        if standing.user.id != self._user_id:
            return
        self.about = about
        person = standing.certified
        if person is None and not standing.active:
            self._say("pause", "warn", _DISABLED_UNKNOWN)
        elif person is None:
            self._say("warning", "warn", standing.warning)
        elif not person.active:
            self._say("pause", "warn", "Disabled: nothing this person signs counts, and nobody wraps a key to them.")
        elif standing.warning:
            self._say("cross_circle", "bad", standing.warning)
        else:
            self._say("check_circle", "ok", f"Certified as {title(person.role)}. This is you." if about.me else
                      f"Certified as {title(person.role)}.")  # fmt: skip
        self._code.setText(standing.code)
        self._code_title.setVisible(bool(standing.code))
        self._code.setVisible(bool(standing.code))
        self._code_hint.setVisible(bool(standing.code) and not about.me)
        self._show_acts(about)
        self.show()

    def _show_acts(self, about: About) -> None:
        standing = about.standing
        self._acts.show()
        self._role.editor.setCurrentIndex(self._role.editor.findData(standing.user.role.value))
        self._role_guard.refuse(about.role_refusal)
        self._activity.setText("Disable" if standing.active else "Enable")
        self._activity.setAccessibleName(f"{self._activity.text()} {standing.user.username}")
        self._activity_guard.refuse(about.activity_refusal)
        self._again.setVisible(not about.me)
        self._again_guard.refuse(about.invite_refusal)
        self.courts.setVisible(not about.me)
        self.courts.show_person(standing.user.id, plain_line(standing.user.username, 100), about.grants)

    def _say(self, icon: str, tone: str, text: str) -> None:
        self._mark.set_drawing(icon, tone=tone)
        self._state.setText(text)
        set_kind(self._state, "error" if tone == "bad" else "")

    # -- acting --------------------------------------------------------------------------------------------------

    def _on_role(self) -> None:
        about, people = self.about, self._context.services.people
        role = Role(self._role.editor.currentData())
        if about is None or people is None:
            return
        name, user_id = about.standing.user.username, about.standing.user.id
        if role is about.standing.user.role:
            self._context.messages.info(
                f"{about.standing.user.username} is {title(role)} already. Choose another role."
            )
            return
        name, user_id = about.standing.user.username, about.standing.user.id
        self._act(
            f"To give {name} the role {title(role)}.",
            lambda: people.set_role(user_id, role),
            said=f"{name} is {title(role)} now. Roles give verbs, never keys.",
        )

    def _on_activity(self) -> None:
        about, people = self.about, self._context.services.people
        if about is None or people is None:
            return
        name, user_id = about.standing.user.username, about.standing.user.id
        known = about.standing.certified is not None
        if not about.standing.active:
            after = "Courts whose keys were replaced meanwhile must be granted anew." if known else "Invite them again."
            self._act(f"To enable {name}.", lambda: people.enable(user_id), said=f"{name} is enabled again. {after}")
        else:
            after = "Keys they hold are to be replaced: see Courts and keys." if known else _SHUT
            self._act(f"To disable {name}.", lambda: people.disable(user_id), said=f"{name} is disabled. {after}")

    def _act(self, why: str, work: Callable[[], object], *, said: str, level: Court = Court.HOLY) -> None:
        self._context.act(level, why, lambda _token, _progress: work(), said=said, then=self.refresh)

    # -- layout --------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        theme = self._theme
        self._mark = IconLabel(theme, "info")
        self._state = text_label(theme, wrap=True)
        self._state.setObjectName(people_part_name("state"))
        self._code_title = text_label(theme, "Code of their keys", kind="dim")
        self._code = text_label(theme, mono=True, wrap=True)
        self._code.setObjectName(people_part_name("code"))
        self._code_hint = text_label(
            theme, "Compare it by voice with the code they see under Courts and keys.", kind="dim", wrap=True
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.S, 0, 0)
        column.setSpacing(Space.S)
        column.addWidget(rule())
        head = QHBoxLayout()
        head.setSpacing(Space.S)
        head.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._state, 1)
        column.addLayout(head)
        for widget in (self._code_title, self._code, self._code_hint):
            column.addWidget(widget)
        self._acts = QWidget()
        column.addWidget(self._acts)
        acts = QVBoxLayout(self._acts)
        acts.setContentsMargins(0, Space.S, 0, 0)
        acts.setSpacing(Space.S)
        self._build_role(acts)
        self.courts = CourtGrants(self._context)
        self.courts.acted.connect(self.refresh)
        acts.addWidget(self.courts)

    def _build_role(self, acts: QVBoxLayout) -> None:
        theme, messages = self._theme, self._context.messages
        roles = QComboBox()
        for role in Role:
            roles.addItem(title(role), role.value)
        roles.setMinimumContentsLength(_ROLE_LENGTH)
        roles.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._give = ShrinkingButton(theme, "Give role", object_name=people_part_name("give_role"))
        self._role = FormField(theme, "Role", roles, object_name=people_part_name("role"))
        self._role_guard = Guard(self._give, theme)
        self._role_guard.allowed.connect(self._on_role)
        self._activity = ShrinkingButton(theme, "Disable", object_name=people_part_name("activity"))
        self._activity_guard = Guard(self._activity, theme)
        self._activity_guard.allowed.connect(self._on_activity)
        self._again = ShrinkingButton(theme, "Invite again", object_name=people_part_name("invite_again"))
        self._again_guard = Guard(self._again, theme)
        self._again_guard.allowed.connect(lambda: self.again_asked.emit(self._user_id))
        for guard in (self._role_guard, self._activity_guard, self._again_guard):
            guard.refused.connect(messages.warn)
        acts.addWidget(FoldingRow(self._role, self._give))
        acts.addWidget(FoldingRow(self._activity, self._again))
