"""Whom the signed membership log certifies, for everybody to see; granting them one's courts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.domain.courts import Court
from aether_desktop.domain.permissions import title
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import AetherError
from aether_desktop.services.people import PeopleService
from aether_desktop.services.standings import CertifiedPerson
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import people_part_name
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.views.court_grants import CourtGrants
from aether_desktop.ui.widgets.buttons import IconLabel
from aether_desktop.ui.widgets.choice import Choice
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import breakable, rule, set_kind, text_label
from aether_desktop.ui.widgets.side_sheet import SideSheet

_FROM_LOG: Final = (
    "From the signed membership log, which everybody in the vault reads and this computer has verified. The table "
    "beside it shows only the people whose rows your role may read."
)
_NOBODY: Final = "Nobody is certified yet. The vault's founder makes the first keys under Courts and keys."
_COMPARE: Final = "Compare it by voice with the code they see under Courts and keys."


class CertifiedSheet(SideSheet):
    """One person at a time, chosen from all whom the log knows. GUI thread only; works on the lanes."""

    def __init__(self, context: UiContext, people: PeopleService) -> None:
        super().__init__(context.theme, "Certified people", object_name=people_part_name("certified_sheet"))
        self._context, self._people = context, people
        self.known: Sequence[CertifiedPerson] = ()
        self._build()
        self.refresh()

    @property
    def chosen(self) -> CertifiedPerson | None:
        """On view."""
        user_id = self.person.editor.currentData()
        return next((each for each in self.known if each.person.user_id == user_id), None)

    def refresh(self) -> None:
        """Read and verify the log anew; whoever is on view stays."""
        people = self._people
        job = self._context.jobs.read(lambda _token, _progress: people.known())
        job.on_success(self._show).on_failure(self._on_unread)

    # -- inside --------------------------------------------------------------------------------------------------

    def _show(self, known: Sequence[CertifiedPerson]) -> None:
        self.known = known
        box, before = self.person.editor, self.person.editor.currentData()
        box.blockSignals(True)
        box.clear()
        for each in known:
            box.addItem(_line(each), each.person.user_id)
        others = [each.person.user_id for each in known if not each.me]
        wanted = before if before is not None else others[0] if others else None
        box.setCurrentIndex(max(0, box.findData(wanted)))
        box.blockSignals(False)
        self.person.setVisible(bool(known))
        self._say("" if known else _NOBODY)
        self._show_chosen()

    def _on_unread(self, error: BaseException) -> None:
        """A log that is not trusted shows nobody."""
        self._context.messages.report(error)
        self.known = ()
        self.person.hide()
        self._say(str(error) if isinstance(error, AetherError) else "The membership log cannot be read.", bad=True)
        self._show_chosen()

    def _say(self, text: str, *, bad: bool = False) -> None:
        self._told.setText(breakable(text))
        set_kind(self._told, "error" if bad else "")
        self._told.setVisible(bool(text))

    def _show_chosen(self) -> None:
        chosen = self.chosen
        self._about.setVisible(chosen is not None)
        if chosen is None:
            return
        person, name = chosen.person, plain_line(chosen.person.username, 100)
        if person.active:
            self._mark.set_drawing("check_circle", tone="ok")
            self._state.setText(f"Certified as {title(person.role)}.{' This is you.' if chosen.me else ''}")
        else:
            self._mark.set_drawing("pause", tone="warn")
            self._state.setText("Disabled: nothing this person signs counts, and nobody wraps a key to them.")
        self._code.setText(chosen.code)
        self._code.setAccessibleName(f"Code of the keys of {name}: {chosen.code}")
        self._compare.setVisible(not chosen.me)
        opened = ", ".join(court.title for court in Court if court in chosen.opened)
        self._opened.setText(f"They let you open their {opened}." if opened else "They grant you no court of theirs.")
        self._opened.setVisible(not chosen.me)
        self.courts.setVisible(not chosen.me)
        self.courts.show_person(person.user_id, name, chosen.grants)

    def _build(self) -> None:
        theme = self._context.theme
        self.body.addWidget(text_label(theme, _FROM_LOG, kind="dim", wrap=True))
        self._told = text_label(theme, wrap=True)
        self._told.setObjectName(people_part_name("known_problem"))
        self._told.hide()
        self.person = FormField(theme, "Person", Choice(), object_name=people_part_name("known"))
        self.person.editor.setMinimumContentsLength(12)  # a long name is shortened, not the sheet widened
        self.person.editor.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.person.editor.currentIndexChanged.connect(lambda _index: self._show_chosen())
        self.person.hide()
        self._about = QWidget()
        column = QVBoxLayout(self._about)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        self._mark = IconLabel(theme, "info")
        self._state = text_label(theme, wrap=True)
        self._state.setObjectName(people_part_name("known_state"))
        head = QHBoxLayout()
        head.setSpacing(Space.S)
        head.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._state, 1)
        column.addLayout(head)
        self._code = text_label(theme, mono=True, wrap=True)
        self._code.setObjectName(people_part_name("known_code"))
        self._compare = text_label(theme, _COMPARE, kind="dim", wrap=True)
        self._opened = text_label(theme, wrap=True)
        self.courts = CourtGrants(self._context, prefix="known_")
        self.courts.acted.connect(self.refresh)
        column.addWidget(text_label(theme, "Code of their keys", kind="dim"))
        parts: list[QWidget] = [self._code, self._compare, rule(), self._opened, self.courts]
        for widget in parts:
            column.addWidget(widget)
        self._about.hide()
        for widget in (self._told, self.person, self._about):
            self.body.addWidget(widget)


def _line(each: CertifiedPerson) -> str:
    """For the list of people."""
    name = plain_line(each.person.username, 100)
    whose = f"{name} (you)" if each.me else name
    return f"{whose}, {title(each.person.role)}{'' if each.person.active else ', disabled'}"
