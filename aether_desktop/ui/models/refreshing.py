"""What a model asks when a question is put, and when its answer must be looked at anew. Runs on the read lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aether_desktop.ports.queries import Count, Place, RowWindow, TableQuery
from aether_desktop.ports.windows import WindowStore
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.ui.models.page_cache import PAGE_ROWS, pages_around

_COUNTED_AT_ONCE = 16_384  # rows that a refresh may count before it answers


class Answer(NamedTuple):
    """The pages on view first; ``places`` says where followed rows are now."""

    known: Count
    windows: tuple[RowWindow, ...]
    places: Mapping[int, int]


def first_page(windows: WindowStore, query: TableQuery, token: CancelToken, _progress: Progress) -> Answer:
    """The first rows. Nothing here depends on how many there are."""
    window = windows.window(query, 0, PAGE_ROWS, rough=True, token=token)
    if not window.whole:
        return Answer(Count(len(window.rows), least=True, counting=True), (window,), {})
    if len(window.rows) < PAGE_ROWS:
        return Answer(_all(window), (window,), {})
    return Answer(windows.estimate(query, token=token), (window,), {})


@dataclass(frozen=True, slots=True)
class Refresh:
    """The same question once more. The first of the ``followed`` rows that is still there keeps its place on view.

    ``shown`` are the numbers they are shown under, ``visible`` the first and last row on view; ``quick``: counting took
    no time before.
    """

    windows: WindowStore
    query: TableQuery
    followed: Sequence[int]
    shown: Mapping[int, int]
    visible: tuple[int, int]
    quick: bool

    def answer(self, token: CancelToken, _progress: Progress) -> Answer:
        """Raises the StorageError family, OperationCancelled."""
        windows, query = self.windows, self.query
        count = windows.estimate(query, token=token)
        if not count.exact and self.quick and count.rows <= _COUNTED_AT_ONCE:
            count = windows.survey(query, token=token)
        places = self._places(count, token)
        keeper = next((row_id for row_id in self.followed if row_id in places and row_id in self.shown), None)
        near = None if keeper is None else Place(places[keeper], keeper)
        moved = places[keeper] - self.shown[keeper] if keeper is not None and self.visible[0] > 0 else 0
        spans = [pages_around(self.visible[0] + moved, self.visible[1] + moved, count.rows)]
        if near is not None and not spans[0][0] <= near.number < spans[0][1]:
            spans.append(pages_around(near.number, near.number, count.rows))  # what has the cursor is not lost
        found: list[RowWindow] = []
        for start, stop in spans:
            window = windows.window(query, start, stop, rough=True, near=near, token=token)
            if window.exact and len(window.rows) < stop - start and (window.rows or not start):
                count = _all(window)
            found.append(window)
        here = {row.id: window.start + offset for window in found for offset, row in enumerate(window.rows)}
        return Answer(count, tuple(found), {row_id: here.get(row_id, place) for row_id, place in places.items()})

    def _places(self, count: Count, token: CancelToken) -> dict[int, int]:
        """Where followed rows are now; numbers may be off while the count is not exact."""
        places: dict[int, int] = {}
        for row_id in self.followed:
            about = self.shown.get(row_id)
            if count.exact or about is not None:
                place = self.windows.position(self.query, row_id, about=about, token=token)
                if place is not None:
                    places[row_id] = place
        return places


def _all(window: RowWindow) -> Count:
    """The count where a window holds the last row."""
    rows = window.start + len(window.rows)
    return Count(rows, exact=True, reached=rows)
