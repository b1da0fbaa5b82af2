"""Real keys of a vault beside a key file, for tests of what opens and locks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtWidgets import QWidget

from aether_desktop.jobs.lanes import Lanes
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.security.device_keys import KeyFileDevices
from aether_desktop.security.vault_keys import FileVaultKeys
from aether_desktop.services.vault_access import VaultAccess
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell.step_up import StepUp
from aether_desktop.ui.theme.theme import Theme

PASSWORD = "lantern over quiet water"
SECOND = "second passphrase of mine"
WAIT = 20_000  # milliseconds


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Keyed:
    """Keys of a vault with level 1 open, lanes, and what the person was told."""

    access: VaultAccess
    jobs: JobRunner
    messages: Messages
    clock: Clock
    folder: Path
    said: list[str] = field(default_factory=list)

    def stepping_up(self, ground: QWidget, theme: Theme) -> StepUp:
        """The step-up over a widget, wired to the lanes as the window does."""
        step_up = StepUp(theme, ground=ground, jobs=self.jobs, access=self.access, messages=self.messages)
        self.jobs.refusal = step_up.take
        return step_up


@contextmanager
def keyed(folder: Path) -> Iterator[Keyed]:
    """A new key file beside a vault that is not there, opened with the password."""
    clock = Clock()
    access = VaultAccess(FileVaultKeys(folder / "books.aether", KeyFileDevices(folder / "books.key")), clock=clock)
    access.create(Factor.passphrase(PASSWORD))
    jobs, messages = JobRunner(Lanes()), Messages()
    made = Keyed(access, jobs, messages, clock, folder)
    messages.shown.connect(lambda _level, text, _details: made.said.append(text))
    try:
        yield made
    finally:
        jobs.close()
        access.lock()
