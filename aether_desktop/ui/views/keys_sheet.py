"""Courts and keys: the codes to compare, who may open one's courts, replacing a court's key, and whose rows wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout

from aether_desktop.domain.courts import Court
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.identity import MembershipError, MembershipFault
from aether_desktop.services.people import PeopleService
from aether_desktop.services.rotation import RotationService, WaitingOwner
from aether_desktop.services.standings import CourtStanding, Overview
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import people_part_name
from aether_desktop.ui.widgets.buttons import plain_button, primary_button
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import breakable, rule, text_label
from aether_desktop.ui.widgets.side_sheet import SideSheet

HALF_ROTATED: Final = "What is not sealed anew yet goes on under Courts and keys."
_BEGIN: Final = (
    "This vault has no keys of people yet. Beginning makes yours and signs the first statements: you are its founder. "
    "It needs all three levels; those that were not set up yet are set up on the way."
)
_FROM_THEN: Final = "Lock the vault and unlock it again: from then on private fields are sealed."
_UNCERTIFIED: Final = (
    "Your keys are not certified yet. Whoever invited you certifies them when your reply has come; then make the keys "
    "of your courts here."
)
_UNKNOWN: Final = (
    "This computer has never seen this vault's list of people, so it cannot tell whether it is the right one. Ask a "
    "colleague, by voice, for the code of their list (People, Courts and keys), and type it here."
)
_CODES: Final = (
    "Compare by voice: yours is what others see of you; the list's code is equal for everybody who sees the same list."
)
_ROTATE: Final = (
    "Replacing a key seals your rows anew, in batches. It can be cancelled, and the program may be closed: it goes on "
    "from there. Rows of others wait for their own program."
)


class KeysSheet(SideSheet):
    """GUI thread only; works on the lanes. Long work stands in the activity list, with Cancel."""

    recovery_asked = Signal()

    def __init__(self, context: UiContext, people: PeopleService, rotation: RotationService) -> None:
        super().__init__(context.theme, "Courts and keys", object_name=people_part_name("keys_sheet"))
        self._context, self._people, self._rotation = context, people, rotation
        self.overview: Overview | None = None
        self.refresh()

    def refresh(self) -> None:
        """Read everything anew."""
        people = self._people
        job = self._context.jobs.read(lambda _token, _progress: people.overview())
        job.on_success(self._show).on_failure(self._on_unread)

    def accept_code(self, code: str) -> None:
        """Trust the list that a colleague's code names."""
        people = self._people
        job = self._context.jobs.write(lambda _token, _progress: people.accept_code(code))
        job.on_success(lambda _none: self.refresh()).on_failure(self._context.messages.report)

    def begin(self) -> None:
        """Make the founder's keys and the first statements."""
        people = self._people
        self._context.act(
            Court.MOST_HOLY,
            "To make your keys: it needs all three levels.",
            lambda _token, _progress: people.found(),
            said=f"Your keys are made; you are the founder. {_FROM_THEN}",
            then=self.refresh,
        )

    def make_own_courts(self) -> None:
        """The first keys of one's own courts, once certified."""
        people = self._people
        self._context.act(
            Court.HOLY,
            "To make the keys of your courts.",
            lambda _token, _progress: people.make_own_courts(),
            said=f"The keys of your courts are made. {_FROM_THEN}",
            then=self.refresh,
        )

    def rotate(self, owner_id: int, court: Court, whose: str) -> None:
        """Replace a key and seal the rows anew; goes on with what was left unfinished."""
        rotation = self._rotation
        self._context.act(
            max(court, Court.HOLY),
            f"To replace the key of {whose} {court.title}.",
            lambda token, progress: rotation.rotate(owner_id, court, token=token, progress=progress),
            said=f"The key of {whose} {court.title} is replaced.",
            then=self.refresh,
            title=f"Replace the key of {whose} {court.title}",
            leaves=HALF_ROTATED,
        )

    # -- inside --------------------------------------------------------------------------------------------------

    def _on_unread(self, error: BaseException) -> None:
        """A list that is not trusted: where this computer only lacks the memory of it, a colleague's code helps."""
        self._context.messages.report(error)
        column = self.refill()
        text = str(error) if isinstance(error, AetherError) else "The list of people cannot be read."
        column.addWidget(text_label(self.theme, breakable(text), kind="error", wrap=True))
        if isinstance(error, MembershipError) and error.fault is MembershipFault.UNKNOWN:
            column.addWidget(text_label(self.theme, _UNKNOWN, wrap=True))
            code = FormField(self.theme, "Code of their list", QLineEdit(), object_name=people_part_name("code_typed"))
            column.addWidget(code)
            self._add_button(column, "Trust this list", "trust", lambda: self.accept_code(code.editor.text()))

    def _show(self, overview: Overview) -> None:
        self.overview = overview
        column = self.refill()
        if not overview.begun:
            column.addWidget(text_label(self.theme, _BEGIN, wrap=True))
            self._add_button(column, "Make my keys", "begin", self.begin, primary=True)
        elif not overview.certified:
            column.addWidget(text_label(self.theme, _UNCERTIFIED, wrap=True))
        else:
            self._add_codes(column, overview)
            if any(not court.version for court in overview.courts if court.owner_id == self._me):
                self._add_button(column, "Make the keys of my courts", "own_courts", self.make_own_courts, primary=True)
            for standing in overview.courts:
                self._add_court(column, standing, overview)
            column.addWidget(text_label(self.theme, _ROTATE, kind="dim", wrap=True))
            self._add_button(column, "Recovery by several people\u2026", "open_recovery", self.recovery_asked.emit)
        self._add_waiting(column, overview)

    @property
    def _me(self) -> int:
        return self._context.services.info.user_id

    def _add_button(
        self, column: QVBoxLayout, text: str, part: str, act: Callable[[], None], *, primary: bool = False
    ) -> None:
        make = primary_button if primary else plain_button
        button = make(self.theme, text, object_name=people_part_name(part))
        button.clicked.connect(act)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def _add_codes(self, column: QVBoxLayout, overview: Overview) -> None:
        for caption, code in (("Code of my keys", overview.my_code), ("Code of the list of people", overview.log_code)):
            column.addWidget(text_label(self.theme, caption, kind="dim"))
            label = text_label(self.theme, code, mono=True, wrap=True)
            label.setAccessibleName(f"{caption}: {code}")
            column.addWidget(label)
        column.addWidget(text_label(self.theme, _CODES, kind="dim", wrap=True))

    def _add_court(self, column: QVBoxLayout, standing: CourtStanding, overview: Overview) -> None:
        if not standing.version:
            return
        mine = standing.owner_id == self._me
        whose = "my" if mine else f"{plain_line(overview.names.get(standing.owner_id, ''), 60)}\u2019s"
        column.addWidget(rule())
        heading = f"{'My' if mine else whose} {standing.court.title}"
        column.addWidget(text_label(self.theme, heading, bold=True, wrap=True))
        others = [plain_line(each.username, 60) for each in standing.holders if each.user_id != self._me]
        opened = f"opened by you and {', '.join(others)}" if others else "opened by you alone"
        column.addWidget(text_label(self.theme, f"Key number {standing.version}, {opened}.", wrap=True))
        if standing.stale:
            column.addWidget(
                text_label(self.theme, f"The key must be replaced: {standing.stale}", kind="warn", wrap=True)
            )
        number = f"rotate_{standing.owner_id}_{int(standing.court)}" if not mine else f"rotate_{int(standing.court)}"
        button = plain_button(self.theme, "Replace key", object_name=people_part_name(number))
        button.setAccessibleName(f"Replace the key of {heading}")
        button.clicked.connect(lambda: self.rotate(standing.owner_id, standing.court, whose))
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def _add_waiting(self, column: QVBoxLayout, overview: Overview) -> None:
        if not overview.waiting:
            return
        column.addWidget(rule())
        column.addWidget(text_label(self.theme, "Outstanding", bold=True))
        for each in overview.waiting:
            column.addWidget(text_label(self.theme, waiting_words(each), kind="warn", wrap=True))


def waiting_words(each: WaitingOwner) -> str:
    """One court whose key or rows wait."""
    who = "You" if each.mine else plain_line(each.name, 60) or "Somebody"
    return f"{who}, {each.court.title}: {each.reason}"
