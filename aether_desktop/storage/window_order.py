"""The order of a query: total, the same on both engines, with the keyset conditions that go on from any row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, tuple_

from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.queries import Sort, TableQuery
from aether_desktop.storage.window_columns import Link, TablePlan

MAX_SORTS = 8
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One expression of an order. NULLs come last when ascending and first when descending."""

    expression: ColumnElement[Any]
    descending: bool
    nullable: bool

    def clause(self, *, backward: bool) -> ColumnElement[Any]:
        descending = self.descending is not backward
        ordered = self.expression.desc() if descending else self.expression.asc()
        if not self.nullable:
            return ordered
        return ordered.nulls_first() if descending else ordered.nulls_last()

    def equal(self, value: Any) -> ColumnElement[bool]:
        return self.expression.is_(None) if value is None else self.expression == self.bound(value)

    def after(self, value: Any, *, backward: bool) -> ColumnElement[bool]:
        if self.descending is not backward:
            return self.expression.is_not(None) if value is None else self.expression < self.bound(value)
        if value is None:
            return false()
        later = self.expression > self.bound(value)
        return or_(later, self.expression.is_(None)) if self.nullable else later

    def bound(self, value: Any) -> ColumnElement[Any]:
        return bindparam(None, value, type_=self.expression.type, unique=True)


class Order:
    """Sort keys ending in the id, and the joins they need."""

    def __init__(self, keys: Sequence[SortKey], links: Sequence[Link]) -> None:
        self._keys = tuple(keys)
        self._links = tuple(links)

    @property
    def columns(self) -> list[ColumnElement[Any]]:
        """What a row's key is made of; the id is the last."""
        return [key.expression.label(f"sort_{number}") for number, key in enumerate(self._keys)]

    @property
    def keys(self) -> tuple[SortKey, ...]:
        """What it sorts by, the id last."""
        return self._keys

    @property
    def is_own(self) -> bool:
        """Whether every key is the row's own, so that the table's index can have the order."""
        return not self._links

    def joined(self, query: Select[Any]) -> Select[Any]:
        """The query with the tables that the sort needs; none multiplies rows."""
        for link in self._links:
            if link.joined is not None and link.on is not None:
                query = query.outerjoin(link.joined, link.on)
        return query

    def clauses(self, *, backward: bool = False) -> list[ColumnElement[Any]]:
        """For ORDER BY; ``backward`` is exactly the other way round."""
        return [key.clause(backward=backward) for key in self._keys]

    def passed(self, *, backward: bool = False) -> ColumnElement[bool]:
        """``beyond`` for an order all one way without absent values; the key comes as parameters ``place_0`` and on."""
        ours = tuple_(*(key.expression for key in self._keys))
        theirs = tuple_(*(bindparam(f"place_{n}", type_=key.expression.type) for n, key in enumerate(self._keys)))
        return ours < theirs if self._keys[0].descending is not backward else ours > theirs

    def until(self, *, backward: bool = False) -> ColumnElement[bool]:
        """Up to a row, of an order as for ``passed``; its key comes as parameters ``edge_0`` and on."""
        ours = tuple_(*(key.expression for key in self._keys))
        theirs = tuple_(*(bindparam(f"edge_{n}", type_=key.expression.type) for n, key in enumerate(self._keys)))
        return ours >= theirs if self._keys[0].descending is not backward else ours <= theirs

    @property
    def is_range(self) -> bool:
        """Whether what comes after a key is one range."""
        return len({key.descending for key in self._keys}) == 1 and not any(key.nullable for key in self._keys)

    def beyond(self, place: Key, *, backward: bool = False) -> ColumnElement[bool]:
        """Rows after the row with this key, or before it."""
        if self.is_range:
            ours = tuple_(*(key.expression for key in self._keys))
            theirs = tuple_(*(key.bound(value) for key, value in zip(self._keys, place, strict=True)))
            return ours < theirs if self._keys[0].descending is not backward else ours > theirs
        steps = []
        for number, key in enumerate(self._keys):
            same = [earlier.equal(place[index]) for index, earlier in enumerate(self._keys[:number])]
            steps.append(and_(*same, key.after(place[number], backward=backward)))
        first = self._keys[0]
        if first.nullable:
            return or_(*steps)
        edge = first.bound(place[0])  # said once more, as a range that an index serves
        return and_(
            first.expression <= edge if first.descending is not backward else first.expression >= edge, or_(*steps)
        )

    def precedes(self, this: Key, other: Key) -> bool:
        """Whether the row with this key comes before the other one: the engines' order, in Python."""
        for key, mine, theirs in zip(self._keys, this, other, strict=True):
            if mine != theirs:
                later = mine is None if mine is None or theirs is None else mine > theirs
                return bool(later) is key.descending
        return False


def query_order(plan: TablePlan, query: TableQuery) -> Order:
    """The order a query asks for, or the table's own. Raises InvalidInputError naming the sortable columns."""
    default = Sort(plan.spec.default_sort, plan.spec.default_descending)
    sorts = query.sort or (default,)
    if len(sorts) > MAX_SORTS:
        raise InvalidInputError(f"At most {MAX_SORTS} columns can be sorted by at once.", field="sort")
    keys: dict[str, SortKey] = {}
    links: list[Link] = []
    for sort in sorts:
        source = plan.sources.get(_column_key(plan, sort.column))
        if source is None or source.order is None:
            known = ", ".join(column.key for column in plan.spec.columns if column.sortable)
            raise InvalidInputError(
                f"{plan.spec.title} cannot be sorted by {sort.column[:60]!r}.", field="sort", hint=f"Columns: {known}."
            )
        if source.spec.key in keys or "id" in keys:
            continue
        keys[source.spec.key] = SortKey(source.order, sort.descending, source.nullable)
        if source.link is not None and source.link not in links:
            links.append(source.link)
    ended = list(keys.values())
    if "id" not in keys:
        # What ends the order goes the way of the last column, so that one index serves both directions.
        last = plan.sources[_column_key(plan, sorts[-1].column)]
        for closing in (*last.closing, plan.table.c.id):
            if not any(key.expression is closing for key in ended):
                ended.append(SortKey(closing, sorts[-1].descending, nullable=False))
    return Order(ended, links)


def _column_key(plan: TablePlan, name: str) -> str:
    try:
        return plan.spec.column(name).key
    except KeyError:
        return ""
