"""Invitations that are open: who was invited, whether a reply has come, and certifying it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.domain.courts import Court
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.identity import StoredInvitation
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.exchange_files import read_exchange_file
from aether_desktop.services.people import PeopleService
from aether_desktop.services.standings import Overview
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import people_part_name
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.buttons import IconLabel, plain_button
from aether_desktop.ui.widgets.labels import rule, text_label
from aether_desktop.ui.widgets.path_dialog import ask_file
from aether_desktop.ui.widgets.side_sheet import SideSheet

REPLIES: Final = "Replies (*.aether-reply);;All files (*)"
_EMPTY: Final = "No invitation is open. People are invited with the gold button of this page."
_CHECK: Final = (
    "Certifying says: these keys are this person's. The reply proves that whoever answered knew the one-time secret; "
    "comparing the code by voice afterwards proves it once more."
)


class InvitationsSheet(SideSheet):
    """GUI thread only; works on the lanes."""

    def __init__(self, context: UiContext, people: PeopleService) -> None:
        super().__init__(context.theme, "Invitations", object_name=people_part_name("invitations_sheet"))
        self._context, self._people = context, people
        self.body.addWidget(text_label(context.theme, _CHECK, kind="dim", wrap=True))
        self.refresh()

    def refresh(self) -> None:
        """Read them anew."""
        people = self._people
        job = self._context.jobs.read(lambda _token, _progress: people.overview())
        job.on_success(self._show).on_failure(self._context.messages.report)

    def accept(self, invitation_id: int, name: str, path: Path | None = None) -> None:
        """Certify the keys of a reply: the stored one, or the one in a file."""
        people = self._people

        def work(_token: CancelToken, _progress: Progress) -> None:
            people.accept(invitation_id, None if path is None else read_exchange_file(path))

        self._context.act(
            Court.HOLY,
            f"To certify the keys of {name}.",
            work,
            said=f"{name} is certified. Compare the code of their keys by voice.",
            then=self.refresh,
        )

    def withdraw(self, invitation_id: int, name: str) -> None:
        """Let it open nothing any more."""
        people = self._people
        self._context.write(
            lambda: people.withdraw(invitation_id), then=self.refresh, said=f"The invitation of {name} is withdrawn."
        )

    # -- inside --------------------------------------------------------------------------------------------------

    def _show(self, overview: Overview) -> None:
        column = self.refill()
        if not overview.invitations:
            column.addWidget(text_label(self.theme, _EMPTY, wrap=True))
        for number, invitation in enumerate(overview.invitations):
            self._add(column, invitation, overview, number)

    def _add(self, column: QVBoxLayout, invitation: StoredInvitation, overview: Overview, number: int) -> None:
        theme, left = self.theme, Qt.AlignmentFlag.AlignLeft
        name = plain_line(overview.names.get(invitation.user_id, str(invitation.user_id)), 100)
        inviter = plain_line(overview.names.get(invitation.inviter_id, "somebody"), 100)
        expired, replied = invitation.expires_at <= datetime.now(UTC), invitation.reply is not None
        column.addWidget(rule())
        column.addWidget(text_label(theme, name, bold=True, wrap=True))
        state = "Expired: invite again" if expired else "A reply has come" if replied else "Waits for the reply"
        icon, tone = ("warning", "warn") if expired else ("check_circle", "ok") if replied else ("waiting", "info")
        line = _marked(IconLabel(theme, icon, tone=tone), text_label(theme, state, wrap=True))
        column.addWidget(line)
        until = f"Invited by {inviter}, open until {invitation.expires_at:%d %b %Y %H:%M} UTC"
        column.addWidget(text_label(theme, until, kind="dim", wrap=True))
        if replied and not expired:
            accept = plain_button(theme, "Certify the keys", object_name=people_part_name(f"accept_{number}"))
            accept.setAccessibleName(f"Certify the keys of {name}")
            accept.clicked.connect(lambda: self.accept(invitation.id, name))
            column.addWidget(accept, 0, left)
        elif not expired:
            choose = plain_button(theme, "Open a reply\u2026", object_name=people_part_name(f"open_{number}"))
            choose.setAccessibleName(f"Open the reply of {name}")
            choose.clicked.connect(lambda: self._on_choose(invitation.id, name))
            column.addWidget(choose, 0, left)
        withdraw = plain_button(theme, "Withdraw", object_name=people_part_name(f"withdraw_{number}"))
        withdraw.setAccessibleName(f"Withdraw the invitation of {name}")
        withdraw.clicked.connect(lambda: self.withdraw(invitation.id, name))
        column.addWidget(withdraw, 0, left)

    def _on_choose(self, invitation_id: int, name: str) -> None:
        ask_file(
            self, f"The reply of {name}", filters=REPLIES, then=lambda path: self.accept(invitation_id, name, path)
        )


def _marked(mark: IconLabel, words: QWidget) -> QWidget:
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(Space.S)
    row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(words, 1)
    return line
