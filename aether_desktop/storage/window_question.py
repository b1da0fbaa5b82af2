"""A query made ready: its conditions, its order, and the one way by which its keys are read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, select

from aether_desktop.ports.queries import TableQuery
from aether_desktop.storage.stores.records import id_slices
from aether_desktop.storage.window_columns import TablePlan
from aether_desktop.storage.window_order import Key, Order
from aether_desktop.storage.window_walks import Walk

_KEPT: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Immutable; any thread. ``remembered_as`` names it: what a term means may depend on the day."""

    plan: TablePlan
    conditions: list[ColumnElement[bool]]
    order: Order
    remembered_as: tuple[TableQuery, date]
    walk: Walk

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        return select(*columns).select_from(self.plan.table).where(*self.conditions)

    def step(
        self, connection: Connection, place: Key | None, *, offset: int = 0, limit: int, backward: bool = False
    ) -> list[Key]:
        """Up to ``limit`` keys after (or before) the row with this key (None: from an end), past ``offset`` rows."""
        return self.walk.keys(connection, place, offset=offset, limit=limit, backward=backward)

    def keys_of(self, connection: Connection, ids: Iterable[int]) -> dict[int, Key]:
        """The keys of those of these rows that the query finds."""
        found: dict[int, Key] = {}
        for part in id_slices(ids):
            query = self.order.joined(self.select(*self.order.columns)).where(self.plan.table.c.id.in_(part))
            found.update((row[-1], tuple(row)) for row in connection.execute(query))
        return found

    def every(self, connection: Connection, place: Key | None, stride: int) -> tuple[list[Key], int]:
        """Every ``stride``-th key after a row, by one statement, and how many rows come after the last of them.

        Rows are numbered as they come out of the sort, and counted apart: numbering them with their count beside would
        hold all of them once more.
        """
        order = self.order
        number = func.row_number().over(order_by=order.clauses()).label("number")
        query = order.joined(self.select(*order.columns, number))
        beyond = [] if place is None else [order.beyond(place)]
        rows = query.where(*beyond).subquery()
        found = connection.execute(select(rows).where(rows.c.number % stride == 0).order_by(rows.c.number)).all()
        return [tuple(row[:-1]) for row in found], self.count(connection, *beyond) - len(found) * stride

    def count(self, connection: Connection, *conditions: ColumnElement[bool]) -> int:
        """Rows for which these hold, too; they may name the columns of the order."""
        query = self.select(func.count())
        if conditions:
            query = self.order.joined(query).where(*conditions)
        return int(connection.execute(query).scalar_one())


class KeptQuestions:
    """The latest questions, until something changes. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._questions: OrderedDict[Hashable, Question] = OrderedDict()
        self._changes = 0

    def of(self, name: Hashable, make: Callable[[], Question]) -> Question:
        """The one kept under this name, else a new one. Raises what ``make`` raises."""
        with self._lock:
            found = self._questions.get(name)
            if found is not None:
                self._questions.move_to_end(name)
                return found
            changes = self._changes
        made = make()
        with self._lock:
            if changes == self._changes:  # else it may have been made of what was
                self._questions[name] = made
                if len(self._questions) > _KEPT:
                    self._questions.popitem(last=False)
        return made

    def forget(self) -> None:
        """Names, numbers of rows and rights may be others now."""
        with self._lock:
            self._changes += 1
            self._questions.clear()
