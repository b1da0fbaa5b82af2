"""Indexes what fragments and words are found by, once nobody types or imports; a long run can be seen and stopped."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject

from aether_desktop.ports.changes import ChangeFeed
from aether_desktop.services.search_upkeep import SearchUpkeepService
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell.upkeep import Upkeep

_REST_MS: Final = 2_000
_WORTH: Final = 20  # rows; fewer are looked at faster than they are indexed
_LONG: Final = 10_000  # rows; so many are told in the activity panel


class SearchUpkeep(Upkeep):
    """See Upkeep. A vault that is only read is searched row by row."""

    def __init__(
        self, index: SearchUpkeepService, changes: ChangeFeed, jobs: JobRunner, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(index, changes, jobs, messages, parent, rest_ms=_REST_MS, worth=_WORTH)
        self._index = index

    def check(self) -> None:
        """Look rows up by their own texts; as a job that shows its progress and can be cancelled."""
        job = self._jobs.read(
            lambda token, progress: self._index.check(token=token, progress=progress),
            title="Check the index for search",
            repeatable=False,
        )
        job.on_success(self._tell).on_failure(self._messages.report)

    def _settle(self, waiting: int) -> None:
        if waiting <= _LONG:
            self._slice()
            return
        # on a reading lane: it writes in slices, and whoever writes meanwhile goes in between
        job = self._jobs.read(
            lambda token, progress: self._index.settle(token=token, progress=progress),
            title="Index texts for search",
            repeatable=False,
        )
        job.on_success(lambda _rows: self._end())
        job.on_failure(lambda _error: self._end()).on_cancelled(self._end)
