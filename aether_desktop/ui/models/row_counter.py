"""Counts the rows of a query beside everything else, a slice after the other, until their number is exact."""

from __future__ import annotations

import time
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from aether_desktop.ports.queries import Count, TableQuery
from aether_desktop.ports.windows import WindowStore
from aether_desktop.ui.jobs import JobHandle, JobRunner

_FIRST_MS = 250
_LONGEST_MS = 15_000
_REST = 3  # a pass over all rows is followed by a rest so many times as long, before one that changes made necessary
_QUICK_SECONDS = 0.1


class RowCounter(QObject):
    """Goes on after changes without end, but takes no more than a quarter of one worker's time then. GUI thread."""

    counted = Signal(object)
    """A Count, after each slice."""
    failed = Signal(object)

    def __init__(self, windows: WindowStore, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._windows, self._jobs = windows, jobs
        self._query: TableQuery | None = None
        self._job: JobHandle[Count] | None = None
        self._began = 0.0
        self._took = 0.0  # seconds, the last pass
        self._passed = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._begin)

    @property
    def quick(self) -> bool:
        """Whether the rows of this query were counted in no time before."""
        return self._passed and self._took < _QUICK_SECONDS

    def count(self, query: TableQuery) -> None:
        """Begin now."""
        self.stop()
        self._query, self._passed = query, False
        self._begin()

    def count_again(self, query: TableQuery) -> None:
        """Something changed: count once more before long, if that is not going on."""
        self._query = query
        if self._job is None and not self._soon.isActive():
            self._soon.start(min(max(int(self._took * 1000 * _REST), _FIRST_MS), _LONGEST_MS))

    def stop(self) -> None:
        """What is under way is cancelled, in the engine, too."""
        self._query = None
        self._soon.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._go_on()

    def _go_on(self) -> None:
        query, windows = self._query, self._windows
        if query is None:
            return
        self._job = (
            self._jobs.read(lambda token, _progress: windows.survey(query, token=token))
            .on_success(partial(self._on_counted, query))
            .on_failure(partial(self._on_failed, query))
        )

    def _on_counted(self, query: TableQuery, count: Count) -> None:
        if query is not self._query:
            return
        self._job = None
        if not count.counting:
            self._took, self._passed = time.monotonic() - self._began, True
        if count.counting:
            self._go_on()
        elif not count.exact:
            self.count_again(query)
        self.counted.emit(count)

    def _on_failed(self, query: TableQuery, error: BaseException) -> None:
        if query is self._query:
            self._job = None
            self.failed.emit(error)
