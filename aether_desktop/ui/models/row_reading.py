"""Reading many rows by their numbers at once, for copying and the like: no more of them than those asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.queries import Row, TableQuery
from aether_desktop.ports.windows import WindowStore
from aether_desktop.ports.work import CancelToken, Progress

ResultT = TypeVar("ResultT")

_READ_ROWS = 1024  # rows of one question


class RowsChangedError(AetherError):
    """The rows are stored differently from how they are shown."""

    def __init__(self) -> None:
        super().__init__("The rows changed meanwhile.", hint="Look at them again, then repeat it.")


def made_of_rows(
    numbers: Sequence[int],
    make: Callable[[list[Row]], ResultT],
    *,
    windows: WindowStore,
    query: TableQuery,
    known: Mapping[int, int],
    token: CancelToken,
    progress: Progress,
) -> ResultT:
    """What ``make`` makes of the rows with these rising numbers. Worker threads.

    ``known`` are ids by number, as they are shown. Raises RowsChangedError when another row stands there now.
    """
    found: list[Row] = []
    for start, stop in _spans(numbers):
        token.check()
        rows = windows.window(query, start, stop, token=token).rows
        same = len(rows) == stop - start and all(
            known.get(start + offset, row.id) == row.id for offset, row in enumerate(rows)
        )
        if not same:
            raise RowsChangedError
        found.extend(rows)
        progress(len(found), len(numbers))
    return make(found)


def _spans(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Rising row numbers as ranges [start, stop) of at most _READ_ROWS rows."""
    start = stop = -1
    for number in numbers:
        if number != stop or stop - start >= _READ_ROWS:
            if stop > start:
                yield start, stop
            start = number
        stop = number + 1
    if stop > start:
        yield start, stop
