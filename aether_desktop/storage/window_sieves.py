"""A page met on a walk that is bounded beforehand, where sorting all rows that a term finds would cost more.

An index gives the order; of each of its entries it is asked whether the row is among the candidates of a term. Rows are
looked at only where it is. Whether a page will be met so is guessed from how many candidates there are; where they lie
elsewhere, the walk ends at its bound and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)

from aether_desktop.storage.unindexed import tested
from aether_desktop.storage.window_order import Key, Order

SIEVED: Final = 200_000  # so many candidates are told one by one: 0.1 s
_LOOK: Final = 60  # entries of an index are passed in the time in which one row is looked up somewhere
_HOPE: Final = 3  # times as many entries as a page should need
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True, eq=False)
class Sieve:
    """``ids`` are questions that tell at least the rows of a term, ``count`` of them; ``tests`` say what else holds.

    ``order`` is all one way and has an index; ``scope`` holds for every row of that index that is walked: of ``rows``,
    or of 0 where nobody knows how many. Without ``ids`` each row is looked at.
    """

    table: Table
    order: Order
    scope: tuple[Condition, ...]
    ids: tuple[Select[Any], ...]
    tests: tuple[Condition, ...]
    count: int
    rows: int
    built: dict[tuple[bool, bool, bool], Select[Any]] = field(default_factory=dict)

    def keys(
        self, connection: Connection, place: Key | None, *, offset: int, limit: int, backward: bool
    ) -> list[Key] | None:
        """As ``Walk.keys``; None: it takes a sort to tell, or would cost less."""
        needed, worth = offset + limit, self.count * _LOOK
        hoped = needed * max(self.rows // max(self.count, 1), 1) if self.rows else worth
        if hoped > worth:
            return None
        edge = edge_of(connection, self.entries(place, backward=backward), place, _HOPE * hoped)
        values = {f"place_{number}": value for number, value in enumerate(place or ())}
        values |= {f"edge_{number}": value for number, value in enumerate(edge or ())}
        statement = self._built(backward=backward, placed=place is not None, bounded=edge is not None)
        found = connection.execute(statement, {**values, "needed": needed}).all()
        if len(found) < needed and edge is not None:
            return None
        return [tuple(row) for row in found[offset:]]

    def entries(self, place: Key | None, *, backward: bool) -> Select[Any]:
        """All entries of the index after a place."""
        beyond = [] if place is None else [self.order.passed(backward=backward)]
        query = select(*self.order.columns).select_from(self.table).where(*self.scope, *beyond)
        return query.order_by(*self.order.clauses(backward=backward))

    def _built(self, *, backward: bool, placed: bool, bounded: bool) -> Select[Any]:
        turn = (backward, placed, bounded)
        if turn not in self.built:
            query = self.entries((0,) if placed else None, backward=backward).where(*self.tests)
            if self.ids:
                query = query.where(tested(self.table.c.id).in_(union_all(*self.ids)))
            if bounded:
                query = query.where(self.order.until(backward=backward))
            self.built[turn] = query.limit(bindparam("needed", type_=BigInteger()))
        return self.built[turn]


def edge_of(connection: Connection, entries: Select[Any], place: Key | None, passed: int) -> Key | None:
    """The key of the entry after so many; None where there are not so many. Not a jump: they are walked past next."""
    values = {f"place_{number}": value for number, value in enumerate(place or ())}
    found = connection.execute(
        entries.limit(1).offset(bindparam("passed", type_=BigInteger())), {**values, "passed": passed}
    )
    row = found.first()
    return None if row is None else tuple(row)


def rows_of(connection: Connection, table: Table) -> int:
    """How many rows there are, about and at once: SQLite."""
    return int(connection.scalar(select(func.max(literal_column("rowid"))).select_from(table)) or 0)
