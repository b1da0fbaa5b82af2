"""Frozen questions to a table, and the pages that answer them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from aether_desktop.domain.records import TableName
from aether_desktop.domain.times import EPOCH

_MONTHS = 12


class Comparison(StrEnum):
    """``HAS`` is ``:`` in the query language: equal for choices and booleans, prefix for addresses and hashes, word or
    fragment for text, the whole day (month, year) for times given that short."""

    HAS = ":"
    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; all terms must hold. ``field`` is a column key, or "" for free words, which are looked for in
    label, note, tags, description, counterparty, names, hash and addresses. ``value`` is the text as typed."""

    field: str
    comparison: Comparison
    value: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Sort:
    column: str
    descending: bool = False


class ArchivedRows(StrEnum):
    HIDDEN = "hidden"
    ONLY = "only"
    INCLUDED = "included"


class GroupBy(StrEnum):
    """What rows of the ledger are grouped by. Days and months are those of UTC, as in filters and sums of days."""

    DAY = "day"
    MONTH = "month"
    COUNTERPARTY = "counterparty"
    TOKEN = "token"  # noqa: S105 - a kind of group, not a secret


class GroupKey(NamedTuple):
    """Which group: days since 1970-01-01, months since the year 0, the counterparty's text, or a currency's id."""

    by: GroupBy
    value: int | str

    @classmethod
    def of_time(cls, by: GroupBy, moment: datetime) -> GroupKey:
        """The day or the month of a UTC time."""
        if by is GroupBy.DAY:
            return cls(by, (moment - EPOCH).days)
        return cls(by, moment.year * _MONTHS + moment.month - 1)

    @property
    def start(self) -> datetime:
        """When a day or month begins. Raises ValueError for other groups."""
        return self._begin(0)

    @property
    def end(self) -> datetime | None:
        """When the next one begins; None: it is the last one there is. Raises ValueError for other groups."""
        try:
            return self._begin(1)
        except (OverflowError, ValueError):
            if self.by in (GroupBy.DAY, GroupBy.MONTH):
                return None
            raise

    def _begin(self, after: int) -> datetime:
        number = int(self.value) + after
        if self.by is GroupBy.DAY:
            return EPOCH + timedelta(days=number)
        if self.by is GroupBy.MONTH:
            return EPOCH.replace(year=number // _MONTHS, month=number % _MONTHS + 1)
        raise ValueError(f"a {self.by} does not begin")


@dataclass(frozen=True, slots=True)
class TableQuery:
    """Which rows of one table, in which order. An empty ``sort`` means the table's default; the id always ends it.

    ``within``: only rows of these groups; of the ledger only. The query language has no words for it.
    """

    table: TableName
    terms: tuple[Term, ...] = ()
    sort: tuple[Sort, ...] = ()
    archived: ArchivedRows = ArchivedRows.HIDDEN
    within: tuple[GroupKey, ...] = ()


class Row(NamedTuple):
    """One row of a page; ``values`` in the order of the table's ``columns`` (types: see ColumnKind).

    ``owner_id`` is the person it belongs to, 0 where that was not asked.
    """

    id: int
    version: int
    archived: bool
    values: tuple[object, ...]
    owner_id: int = 0


class RowWindow(NamedTuple):
    """Rows [start, start + len(rows)) of the query's order, next to each other; not ``exact``: their numbers may be
    off; not ``whole``: they are those found so far."""

    start: int
    rows: tuple[Row, ...]
    exact: bool = True
    whole: bool = True


class Place(NamedTuple):
    """A row and the number under which it is shown."""

    number: int
    row_id: int


class Count(NamedTuple):
    """How many rows a query finds, as far as is known.

    ``exact``: just so many. ``least``: perhaps many more. Neither: about so many. Pages of the first ``reached`` rows
    can be had at once. ``counting``: a pass over the rows is on its way, and the next survey goes on with it.
    """

    rows: int
    exact: bool = False
    least: bool = False
    reached: int = 0
    counting: bool = False
