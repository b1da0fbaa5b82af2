"""What locking or closing would end, in plain words, and how a question lists it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aether_desktop.ui.widgets.alone_page import AlonePage
from aether_desktop.ui.widgets.labels import breakable, text_label

_LISTED: Final = 6


@dataclass(frozen=True, slots=True)
class Losses:
    """``drafts``: what is typed and not stored; ``jobs``: what runs and would be stopped."""

    drafts: Sequence[str] = ()
    jobs: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.drafts or self.jobs)

    @property
    def verb(self) -> str:
        """What the person agrees to."""
        return (
            "Discard" if self.drafts and not self.jobs else "Stop" if self.jobs and not self.drafts else "Stop, discard"
        )

    def list_on(self, page: AlonePage, *, cause: str) -> None:
        """Add them to a question; ``cause`` is "the lock"."""
        for heading, lines in (
            (f"Not stored yet, and lost with {cause}:", self.drafts),
            (f"Running, and stopped by {cause}:", self.jobs),
        ):
            if not lines:
                continue
            page.body.addWidget(text_label(page.theme, heading, bold=True, wrap=True))
            shown = [*lines[:_LISTED], *([f"and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else [])]
            for line in shown:
                page.body.addWidget(text_label(page.theme, breakable(f"\u2022 {line}"), wrap=True))
