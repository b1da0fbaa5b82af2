"""Rows by number: what grids, exports and the command line read tables through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Count, Place, Row, RowWindow, TableQuery
from aether_desktop.ports.work import CancelToken


class WindowStore(Protocol):
    """Rows as grids, exports and the command line see them.

    Raises InvalidInputError for an unknown or unsuitable term.
    """

    def count(self, query: TableQuery, *, token: CancelToken | None = None) -> int:
        """Exact, however long it takes."""
        ...

    def estimate(self, query: TableQuery, *, token: CancelToken | None = None) -> Count:
        """How many rows there are as far as that can be told at once."""
        ...

    def survey(self, query: TableQuery, *, token: CancelToken | None = None) -> Count:
        """Go on counting for a short while, and say how far that is; call it again while it is not exact.

        Counting also makes jumps quick. What changes meanwhile does not stop a pass over the rows: it ends with
        ``counting`` false and not ``exact``, and the next call begins another.
        """
        ...

    def window(
        self,
        query: TableQuery,
        start: int,
        stop: int,
        *,
        rough: bool = False,
        near: Place | None = None,
        token: CancelToken | None = None,
    ) -> RowWindow:
        """Rows [start, stop) as far as they exist.

        ``rough``: after a change, rather at once than by exact numbers: neighbouring rows all the same, counted from
        the row ``near`` if that is still there and not far, else by the numbers known before the change. Of a fragment
        or words that are still being indexed, the first rows may be those that are known already (not ``whole``).
        """
        ...

    def rows(self, query: TableQuery, *, token: CancelToken | None = None) -> Iterator[Row]:
        """Every row in order, streamed in pages (keyset); for exports."""
        ...

    def by_ids(self, table: TableName, ids: Sequence[int]) -> list[Row]:
        """In the order asked; rows that are gone are left out."""
        ...

    def ids(self, query: TableQuery, *, token: CancelToken | None = None) -> Iterator[int]:
        """The ids of every row in order, of one snapshot, without reading the rows. Exhaust or close it in the thread
        that began it. Raises OperationCancelled."""
        ...

    def beginning(
        self,
        query: TableQuery,
        column: str,
        text: str,
        *,
        after: int | None = None,
        itself: bool = False,
        token: CancelToken | None = None,
    ) -> Place | None:
        """The next row after the row ``after`` (its id; None: from the first) whose text in a column begins so.

        From the last row it goes on at the first. ``itself``: that row is looked at, too. For columns that
        ``ports.tables.found_by_beginning`` names. Raises InvalidInputError for others, OperationCancelled.
        """
        ...

    def position(
        self, query: TableQuery, row_id: int, *, about: int | None = None, token: CancelToken | None = None
    ) -> int | None:
        """Row number of an id in the query's order, None when it is not in it.

        ``about`` is the answer where the exact one is not known at once.
        """
        ...
