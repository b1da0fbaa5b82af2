"""After a vault opened, and after each step-up: what was stored before it had keys is sealed, a slice at a time."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from aether_desktop.services.plain_values import PlainValueSealer, SealingReport
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner

SLICE: Final = 1_000  # values; between two slices others may write


class BackgroundSealing(QObject):
    """``work`` None: nothing is sealed in this vault. GUI thread only; ``finished`` when there is nothing to do now."""

    finished = Signal()

    def __init__(
        self, work: PlainValueSealer | None, jobs: JobRunner, messages: Messages, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._work, self._jobs, self._messages = work, jobs, messages
        self._running = self._again = False
        self._told: set[str] = set()

    def run(self) -> None:
        """Look whether something waits, and seal what can be sealed. While it runs, once more afterwards."""
        work = self._work
        if work is None:
            return
        if self._running:
            self._again = True
            return
        self._running = True
        job = self._jobs.read(lambda _token, _progress: bool(work.pending()), repeatable=False)
        job.on_success(lambda waits: self._slice(work) if waits else self._end())
        job.on_failure(self._on_failed).on_cancelled(self._end)

    def _slice(self, work: PlainValueSealer) -> None:
        job = self._jobs.write(
            lambda token, progress: work.run(at_most=SLICE, token=token, progress=progress),
            title="Seal older values",
            repeatable=False,
        )
        job.on_success(lambda report: self._on_sealed(work, report))
        job.on_failure(self._on_failed).on_cancelled(self._end)

    def _on_sealed(self, work: PlainValueSealer, report: SealingReport) -> None:
        for _field, reason in report.refused:
            if reason not in self._told:  # once a session
                self._told.add(reason)
                self._messages.warn(f"Some older values are not sealed yet. {reason}")
        if report.more and report.sealed:
            self._slice(work)
        else:
            self._end()

    def _on_failed(self, error: BaseException) -> None:
        self._messages.report(error)
        self._end()

    def _end(self) -> None:
        self._running = False
        again, self._again = self._again, False
        if again:
            self.run()
        else:
            self.finished.emit()
