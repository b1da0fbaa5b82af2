"""After an invited person's first opening: keys of their own, and the reply to whoever invited them."""

from __future__ import annotations

from typing import Final

from aether_desktop.domain.courts import Court
from aether_desktop.ui.context import UiContext

_WHY: Final = "To make your keys: it needs all three levels. Choose what opens each of them."
_DONE: Final = (
    "Your keys are made, and the reply is in the database. Wait until whoever invited you has certified it; then make "
    "the keys of your courts under People, Courts and keys."
)


def answer_invitation(context: UiContext, file: bytes, secret: str) -> None:
    """Make the keys and store the reply; levels that were not set up yet are set up on the way. GUI thread only."""
    people = context.services.people
    if people is None:
        context.messages.warn("Your keys have no password yet, so the invitation was not answered. Choose one first.")
        return
    job = context.with_level(Court.MOST_HOLY, _WHY, lambda _token, _progress: people.answer(file, secret))
    job.on_success(lambda _reply: context.messages.done(_DONE)).on_failure(context.messages.report)
    job.on_cancelled(
        lambda: context.messages.warn("The invitation is not answered yet. Open the program with it again.")
    )
