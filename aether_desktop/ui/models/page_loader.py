"""Fetches the pages that a view looks at, and lets go of those it does not look at any more."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from aether_desktop.ports.queries import Count, RowWindow, TableQuery
from aether_desktop.ports.windows import WindowStore
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.ui.jobs import JobHandle, JobRunner
from aether_desktop.ui.models.page_cache import PAGE_ROWS, PageCache

_MAX_REQUESTS = 4
_MAX_VISIBLE = 2 * PAGE_ROWS  # rows; no screen shows more
_NEAR_THE_END = 1024  # rows; pages there are read from the end


class PageLoader(QObject):
    """Pages that were wanted and are out of sight are cancelled, in the engine, too. GUI thread only."""

    arrived = Signal(object)
    """A RowWindow."""
    failed = Signal(object)

    def __init__(self, windows: WindowStore, jobs: JobRunner, pages: PageCache, parent: QObject) -> None:
        super().__init__(parent)
        self._windows, self._jobs, self._pages = windows, jobs, pages
        self._query: TableQuery | None = None
        self._generation = 0
        self._known = Count(0)
        self._requests: dict[int, JobHandle[RowWindow]] = {}
        self._wanted: list[int] = []
        self._held: set[int] = set()  # pages that counting has not reached yet
        self.visible = (0, 0)
        self._flush = QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(0)
        self._flush.timeout.connect(self._on_flush)

    @property
    def asking(self) -> bool:
        """Whether a page is about to be asked for."""
        return self._flush.isActive()

    def look_at(self, first: int, last: int) -> None:
        """These rows are on view."""
        first = max(first, 0)
        self.visible = (first, min(max(last, first), first + _MAX_VISIBLE))

    def begin(self, query: TableQuery) -> None:
        """Pages are of this query from now on, or of its answer anew."""
        self.stop()
        self._query = query

    def stop(self) -> None:
        """Cancel everything; nothing is asked until ``begin``: every repaint would ask again, and fail again."""
        self._generation += 1
        self._query = None
        self._flush.stop()
        for handle in self._requests.values():
            handle.cancel()
        self._requests.clear()
        self._wanted.clear()
        self._held.clear()

    def tell_count(self, known: Count) -> None:
        """Counting went on: pages that waited for it are asked for."""
        self._known = known
        if self._held:
            self._wanted.extend(self._held)
            self._held.clear()
            self._flush.start()

    def want(self, page: int) -> None:
        """A page is missing on view. Cheap to call often."""
        if self._query is not None and page not in self._requests and page not in self._wanted:
            self._wanted.append(page)
            if not self._flush.isActive():
                self._flush.start()

    def _on_flush(self) -> None:
        first, last = self.visible[0] // PAGE_ROWS - 1, self.visible[1] // PAGE_ROWS + 1
        for page, handle in list(self._requests.items()):
            if not first <= page <= last:
                handle.cancel()
                del self._requests[page]
        self._held = {page for page in self._held if first <= page <= last}
        while self._wanted and len(self._requests) < _MAX_REQUESTS:
            page = self._wanted.pop()
            if self._can_be_had(page):
                self._request(page)
            elif first <= page <= last:
                self._held.add(page)
        self._wanted.clear()

    def _can_be_had(self, page: int) -> bool:
        """Whether a page can be read at once, without counting up to it."""
        known, start = self._known, page * PAGE_ROWS
        if known.exact or start <= known.reached + PAGE_ROWS or self._pages.beside(page) is not None:
            return True
        return not known.least and known.rows - start - PAGE_ROWS <= _NEAR_THE_END

    def _request(self, page: int) -> None:
        query, windows = self._query, self._windows
        if query is None:
            return
        start, near = page * PAGE_ROWS, self._pages.beside(page)

        def work(token: CancelToken, _progress: Progress) -> RowWindow:
            return windows.window(query, start, start + PAGE_ROWS, rough=True, near=near, token=token)

        self._requests[page] = (
            self._jobs.read(work)
            .on_success(partial(self._on_page, self._generation, page))
            .on_failure(partial(self._on_failed, self._generation))
        )

    def _on_page(self, generation: int, page: int, window: RowWindow) -> None:
        if generation == self._generation:
            self._requests.pop(page, None)
            self._pages.put(window)
            self.arrived.emit(window)

    def _on_failed(self, generation: int, error: BaseException) -> None:
        if generation == self._generation:
            self.failed.emit(error)
