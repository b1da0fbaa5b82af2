"""Recovery: who together gives a court's key back after a loss, requests to oneself, and one's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLineEdit, QSpinBox, QVBoxLayout

from aether_desktop.domain.courts import Court
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.quorum import QuorumOverview, QuorumService, QuorumStanding, RequestStanding
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.jobs import hears
from aether_desktop.ui.object_names import people_part_name
from aether_desktop.ui.widgets.buttons import plain_button
from aether_desktop.ui.widgets.choice import Choice
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import rule, text_label
from aether_desktop.ui.widgets.side_sheet import SideSheet

_WHAT: Final = (
    "Several people can hold shares of a court's key. So many as you choose give it back to you together, after you "
    "lost yours and were invited again; fewer learn nothing. So many could also open the court without you, with a "
    "program of their own: choose people who would not."
)
_DEAL: Final = (
    "At least one holder more than must agree, so that one may be lost. Where shares are about already, the key is "
    "replaced first: holders of before have nothing then."
)
_NOBODY: Final = "There are not enough certified people yet: three holders or more are needed besides you."
_ASK: Final = "Holders see this, and check by voice that it is you who asks."
_FEWEST: Final = 2


class RecoverySheet(SideSheet):
    """GUI thread only; works on the lanes."""

    def __init__(self, context: UiContext, quorum: QuorumService) -> None:
        super().__init__(context.theme, "Recovery by several people", object_name=people_part_name("recovery"))
        self._context, self._quorum = context, quorum
        self.overview: QuorumOverview | None = None
        self.holders: dict[int, QCheckBox] = {}
        self.court, self.asked_court = Choice(), Choice()
        self.body.addWidget(text_label(context.theme, _WHAT, kind="dim", wrap=True))
        self.refresh()

    def refresh(self) -> None:
        """Read everything anew."""
        quorum = self._quorum
        job = self._context.jobs.read(lambda _token, _progress: quorum.overview())
        job.on_success(self._show).on_failure(self._context.messages.report)

    def deal(self) -> None:
        """Shares to the people chosen."""
        standing: QuorumStanding = self.court.currentData()
        chosen = [user_id for user_id, box in self.holders.items() if box.isChecked()]
        needed, quorum = self.needed.editor.value(), self._quorum
        self._act(
            max(standing.court, Court.HOLY),
            f"To share out the key of the {standing.court.title}.",
            lambda token, progress: quorum.deal(
                standing.owner_id, standing.court, holders=chosen, needed=needed, token=token, progress=progress
            ),
            said=f"Any {needed} of {len(chosen)} people can give you the key of the {standing.court.title} back.",
            job_title=f"Share out the key of the {standing.court.title}",
        )

    def ask(self) -> None:
        """Ask the holders for a court's key."""
        standing: QuorumStanding = self.asked_court.currentData()
        purpose, quorum = self.purpose.editor.text(), self._quorum
        self._act(
            Court.HOLY,
            "To sign your request.",
            lambda _token, _progress: quorum.ask(standing.owner_id, standing.court, purpose=purpose),
            said="The holders see your request for seven days. Tell them by voice that it is yours.",
        )

    def release(self, request_id: int, who: str) -> None:
        """Agree to somebody's request."""
        quorum = self._quorum
        self._act(
            Court.HOLY,
            f"To release your share to {who}.",
            lambda _token, _progress: quorum.release(request_id),
            said=f"Your share is released to {who}, for this request alone.",
        )

    def restore(self, request_id: int) -> None:
        """With enough shares: the key is one's own again."""
        quorum = self._quorum
        self._act(
            Court.HOLY,
            "To take the key back.",
            lambda _token, _progress: quorum.restore(request_id),
            said="You have the key again. Replace it now (Courts and keys), and share the new one out.",
        )

    def withdraw(self, request_id: int) -> None:
        """Take one's own request back."""
        quorum = self._quorum
        self._context.write(
            lambda: quorum.withdraw(request_id), then=self.refresh, said="The request can be answered no more."
        )

    # -- inside --------------------------------------------------------------------------------------------------

    def _act(
        self,
        level: Court,
        why: str,
        work: Callable[[CancelToken, Progress], object],
        *,
        said: str,
        job_title: str = "",
    ) -> None:
        def on_success(_result: object) -> None:
            self._context.messages.done(said)
            if hears(self.refresh):
                self.refresh()

        job = self._context.with_level(level, why, work, title=job_title)
        job.on_success(on_success).on_failure(self._on_failed).on_cancelled(self.refresh)

    def _on_failed(self, error: BaseException) -> None:
        fields: dict[str, FormField[Any]] = {"holders": self.needed, "purpose": self.purpose}
        if isinstance(error, InvalidInputError) and error.field in fields:
            fields[error.field].set_error(str(error))
        else:
            self._context.messages.report(error)
            self.refresh()

    def _show(self, overview: QuorumOverview) -> None:
        self.overview = overview
        column = self.refill()
        for number, request in enumerate(overview.requests):
            self._add_request(column, request, number)
        for standing in overview.courts:
            self._add_court(column, standing)
        self._add_ask(column)
        self._add_deal(column)

    def _add_request(self, column: QVBoxLayout, each: RequestStanding, number: int) -> None:
        who = "You" if each.mine else self._name(each.request.requester_id if each.request else 0)
        asks = "You ask" if each.mine else f"{who} asks"
        column.addWidget(rule())
        column.addWidget(text_label(self.theme, f"{asks} for {self._court(each)}", bold=True, wrap=True))
        if each.request is not None:
            column.addWidget(text_label(self.theme, f"\u201c{plain_line(each.request.purpose, 500)}\u201d", wrap=True))
            until = f"{len(each.released)} of {each.needed} released, open until {each.request.expires_at:%d %b %Y} UTC"
            column.addWidget(text_label(self.theme, until, kind="dim", wrap=True))
        if each.trouble:
            column.addWidget(text_label(self.theme, each.trouble, kind="warn", wrap=True))
        if each.asks_me:
            self._add_button(
                column, "Release my share", f"release_{number}", partial(self.release, each.id, who), about=who
            )
        if each.mine and each.complete:
            self._add_button(column, "Take the key back", f"restore_{number}", partial(self.restore, each.id))
        if each.mine:
            self._add_button(column, "Withdraw", f"recovery_withdraw_{number}", partial(self.withdraw, each.id))

    def _add_court(self, column: QVBoxLayout, each: QuorumStanding) -> None:
        column.addWidget(rule())
        column.addWidget(text_label(self.theme, self._court(each, capital=True), bold=True, wrap=True))
        said = "Nobody holds shares of its key."
        if each.deal is not None:
            names = ", ".join(self._name(one) for one in each.deal.holders)
            said = f"Any {each.deal.needed} of {names} give its key number {each.deal.version} back."
        column.addWidget(text_label(self.theme, said, wrap=True))
        if each.stale:
            column.addWidget(text_label(self.theme, f"{each.stale} Share it out anew.", kind="warn", wrap=True))

    def _add_ask(self, column: QVBoxLayout) -> None:
        self.asked_court = self._courts([each for each in self._standings() if each.deal is not None])
        self.purpose = FormField(
            self.theme, "What for", QLineEdit(), hint=_ASK, object_name=people_part_name("recovery_purpose")
        )
        if not self.asked_court.count():
            return
        column.addWidget(rule())
        column.addWidget(text_label(self.theme, "After a loss", bold=True))
        name = people_part_name("recovery_asked")
        column.addWidget(FormField(self.theme, "Key to ask for", self.asked_court, object_name=name))
        column.addWidget(self.purpose)
        self._add_button(column, "Ask the holders", "recovery_ask", self.ask)

    def _add_deal(self, column: QVBoxLayout) -> None:
        self.court = self._courts(self._standings())
        self.needed = FormField(
            self.theme, "How many must agree", QSpinBox(), hint=_DEAL, object_name=people_part_name("recovery_needed")
        )
        self.holders = {}
        column.addWidget(rule())
        column.addWidget(text_label(self.theme, "Share a key out", bold=True))
        candidates = () if self.overview is None else self.overview.candidates
        if len(candidates) <= _FEWEST or not self.court.count():
            column.addWidget(text_label(self.theme, _NOBODY, wrap=True))
            return
        column.addWidget(
            FormField(self.theme, "Key to share out", self.court, object_name=people_part_name("recovery_court"))
        )
        column.addWidget(text_label(self.theme, "Holders", kind="dim"))
        for number, (user_id, name) in enumerate(candidates):
            box = self.holders[user_id] = QCheckBox(plain_line(name, 60).replace("&", "&&"))
            box.setObjectName(people_part_name(f"recovery_holder_{number}"))
            box.setFont(self.theme.fonts.interface())
            column.addWidget(box)
        self.needed.editor.setRange(_FEWEST, len(candidates) - 1)
        column.addWidget(self.needed)
        self._add_button(column, "Share it out", "recovery_deal", self.deal)

    def _courts(self, standings: list[QuorumStanding]) -> Choice:
        choice = Choice()
        for each in standings:
            choice.addItem(self._court(each, capital=True), each)
        return choice

    def _standings(self) -> list[QuorumStanding]:
        return [] if self.overview is None else list(self.overview.courts)

    def _court(self, each: QuorumStanding | RequestStanding, *, capital: bool = False) -> str:
        mine = each.owner_id == self._context.services.info.user_id
        whose = ("My" if capital else "your") if mine else f"{self._name(each.owner_id)}\u2019s"
        return f"{whose} {each.court.title}"

    def _name(self, user_id: int) -> str:
        names = {} if self.overview is None else self.overview.names
        return plain_line(names.get(user_id, "somebody"), 60)

    def _add_button(
        self, column: QVBoxLayout, text: str, part: str, act: Callable[[], None], *, about: str = ""
    ) -> None:
        button = plain_button(self.theme, text, object_name=people_part_name(part))
        button.setAccessibleName(f"{text} to {about}" if about else text)

        def pressed() -> None:
            act()

        button.clicked.connect(pressed)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
