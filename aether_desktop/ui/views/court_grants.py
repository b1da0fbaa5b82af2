"""Who may open what one sealed: granting one's courts to a person, and revoking with the truth about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aether_desktop.domain.courts import Court
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.standings import CourtGrant
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import people_part_name
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.views.keys_sheet import HALF_ROTATED
from aether_desktop.ui.widgets.folding import ShrinkingButton
from aether_desktop.ui.widgets.guarded_button import Guard
from aether_desktop.ui.widgets.labels import text_label

REVOCATION: Final = (
    "Revoking makes a new key before anything more is written, and seals your rows again. It cannot unread: what they "
    "have opened so far they may have kept."
)
EXPOSED: Final = "Wallet secrets they could open count as exposed: move the funds to new wallets."


class CourtGrants(QWidget):
    """``acted`` after each try, whatever came of it: read the person anew. GUI thread only; works on the lanes."""

    acted = Signal()

    def __init__(self, context: UiContext, *, prefix: str = "") -> None:
        """``prefix`` tells its parts from those of another one in the same window."""
        super().__init__()
        self._context = context
        self._user_id, self._name = 0, ""
        self._held: dict[Court, bool] = {}
        self._revoking: Court | None = None
        self._buttons: dict[Court, tuple[ShrinkingButton, Guard]] = {}
        self._build(prefix)

    def show_person(self, user_id: int, name: str, grants: Sequence[CourtGrant]) -> None:
        """``name`` is one line of plain text."""
        if user_id != self._user_id:
            self.ask_revoking(None)
        self._user_id, self._name = user_id, name
        for grant in grants:
            button, guard = self._buttons[grant.court]
            self._held[grant.court] = grant.held
            button.setText(f"{'Revoke' if grant.held else 'Grant'} {grant.court.title}")
            button.setAccessibleName(f"{button.text()}: {name}")
            guard.refuse(grant.refusal)

    def ask_revoking(self, court: Court | None) -> None:
        """Say what revoking does and does not before it is done; None: ask nothing."""
        self._revoking = court
        self._question.setVisible(court is not None)
        if court is not None:
            self.warning.setText(f"{REVOCATION} {EXPOSED}" if court is Court.MOST_HOLY else REVOCATION)
            self._revoke_now.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- inside --------------------------------------------------------------------------------------------------

    def _on_court(self, court: Court) -> None:
        people = self._context.services.people
        if people is None:
            return
        if self._held.get(court):
            self.ask_revoking(court)
            return
        name, user_id = self._name, self._user_id
        self._context.act(
            max(court, Court.HOLY),
            f"To let {name} open your {court.title}.",
            lambda _token, _progress: people.grant_court(court, user_id),
            said=f"{name} may open your {court.title} now.",
            then=self.acted.emit,
        )

    def _on_revoke(self) -> None:
        court, people, rotation = self._revoking, self._context.services.people, self._context.services.rotation
        if court is None or people is None or rotation is None:
            return
        self.ask_revoking(None)
        user_id, name, me = self._user_id, self._name, self._context.services.info.user_id

        def work(token: CancelToken, progress: Progress) -> None:
            people.revoke_court(court, user_id)
            rotation.resume(me, court, progress=progress, token=token)

        self._context.act(
            max(court, Court.HOLY),
            f"To revoke {name}'s grant of your {court.title}.",
            work,
            said=f"{name} gets no further key of your {court.title}; your rows are sealed under a new one.",
            then=self.acted.emit,
            title=f"Replace the key of your {court.title}",
            leaves=HALF_ROTATED,
        )

    def _build(self, prefix: str) -> None:
        theme = self._context.theme
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.S, 0, 0)
        column.setSpacing(Space.S)
        column.addWidget(text_label(theme, "May they open what you sealed?", kind="dim", wrap=True))
        for court in Court:
            name = people_part_name(f"{prefix}court_{int(court)}")
            button = ShrinkingButton(theme, f"Grant {court.title}", object_name=name)
            guard = Guard(button, theme)
            guard.allowed.connect(lambda court=court: self._on_court(court))
            guard.refused.connect(self._context.messages.warn)
            self._buttons[court] = (button, guard)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self._question = QWidget()
        question = QVBoxLayout(self._question)
        question.setContentsMargins(0, 0, 0, 0)
        question.setSpacing(Space.S)
        self.warning = text_label(theme, kind="warn", wrap=True)
        self._revoke_now = ShrinkingButton(
            theme, "Revoke and replace key", object_name=people_part_name(f"{prefix}revoke_now")
        )
        revoke_not = ShrinkingButton(theme, "Keep the grant", object_name=people_part_name(f"{prefix}revoke_not"))
        self._revoke_now.clicked.connect(self._on_revoke)
        revoke_not.clicked.connect(lambda: self.ask_revoking(None))
        question.addWidget(self.warning)
        for each in (self._revoke_now, revoke_not):
            question.addWidget(each, 0, Qt.AlignmentFlag.AlignLeft)
        self._question.hide()
        column.addWidget(self._question)
