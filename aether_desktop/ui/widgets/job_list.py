"""The running jobs, for whoever shows them: light enough to stand at the first paint."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from aether_desktop.ui.widgets.activity import JobView


class JobList(QObject):
    """Fed by three slots; jobs without a title are too short to list. GUI thread only."""

    count_changed = Signal(int)
    listed = Signal(object)
    changed = Signal(object)
    removed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: dict[int, JobView] = {}

    @property
    def jobs(self) -> tuple[JobView, ...]:
        """What is listed, oldest first."""
        return tuple(self._jobs.values())

    def job_started(self, job: JobView) -> None:
        """List a job."""
        if job.title and job.number not in self._jobs:
            self._jobs[job.number] = job
            self.listed.emit(job)
            self.count_changed.emit(len(self._jobs))

    def job_changed(self, job: JobView) -> None:
        """Tell of a job's progress."""
        if job.number in self._jobs:
            self.changed.emit(job)

    def job_ended(self, job: JobView) -> None:
        """Take a job off the list, however it ended: failures are told in the message bar."""
        if self._jobs.pop(job.number, None) is not None:
            self.removed.emit(job)
            self.count_changed.emit(len(self._jobs))

    def clear(self) -> None:
        """Take all off: their vault was closed."""
        for job in self.jobs:
            self.job_ended(job)
