"""The pages of rows that a model holds: bounded, those used longest ago go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from aether_desktop.ports.queries import Place, Row, RowWindow

PAGE_ROWS = 128
MAX_PAGES = 64


class PageCache:
    """Pages of PAGE_ROWS rows by page number, at most MAX_PAGES of them."""

    def __init__(self) -> None:
        self._pages: OrderedDict[int, tuple[Row, ...]] = OrderedDict()
        self._rough: set[int] = set()  # pages whose row numbers may be off

    @property
    def exact(self) -> bool:
        """Whether every row here stands under its true number."""
        return not self._rough

    def renew(self, windows: Iterable[RowWindow]) -> None:
        """Hold these and nothing else."""
        self._pages.clear()
        self._rough.clear()
        for window in windows:
            self.put(window)

    def put(self, window: RowWindow) -> None:
        """Keep a window that begins with a page."""
        for at in range(0, max(len(window.rows), 1), PAGE_ROWS):
            page = (window.start + at) // PAGE_ROWS
            self._pages[page] = window.rows[at : at + PAGE_ROWS]
            self._pages.move_to_end(page)
            (self._rough.discard if window.exact else self._rough.add)(page)
        while len(self._pages) > MAX_PAGES:
            page, _rows = self._pages.popitem(last=False)
            self._rough.discard(page)

    def row_at(self, number: int) -> Row | None:
        """The row if its page is here."""
        page = self._pages.get(number // PAGE_ROWS)
        offset = number % PAGE_ROWS
        return page[offset] if page is not None and offset < len(page) else None

    def number_of(self, row_id: int) -> int | None:
        """The row number of an id among the pages that are here."""
        for number, page in self._pages.items():
            for offset, row in enumerate(page):
                if row.id == row_id:
                    return number * PAGE_ROWS + offset
        return None

    def beside(self, page: int) -> Place | None:
        """The row next to a page, where a page beside it is here."""
        for number in (page * PAGE_ROWS - 1, (page + 1) * PAGE_ROWS):
            row = self.row_at(number) if number >= 0 else None
            if row is not None:
                return Place(number, row.id)
        return None


def pages_around(first: int, last: int, count: int) -> tuple[int, int]:
    """Start and stop of the whole pages that hold these rows, or the last ones that exist."""
    end = max(count - 1, 0)
    start = min(max(first, 0), end) // PAGE_ROWS * PAGE_ROWS
    return start, (min(max(last, first, 0), end) // PAGE_ROWS + 1) * PAGE_ROWS
