"""What is known of the queries that are open: anchors, what changed since they were made, keys of rows served.

The state alone: ``anchor_walks`` asks the database. Everything here may be called from any thread.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.queries import TableQuery
from aether_desktop.storage.anchors import STRIDE, Anchors, Place, Precedes
from aether_desktop.storage.window_order import Key

Asked = tuple[TableQuery, date]
_QUERIES: Final = 16
_ANCHORS: Final = 40_000  # of all queries together, about 6 MB
_SEEN: Final = 2_048  # rows whose keys are remembered, of one query
_PENDING: Final = 64  # changed rows that are looked after one by one; more are counted anew


class State(NamedTuple):
    """What may be said about a query's row numbers now. ``epoch`` names the moment.

    ``exact``: the anchors are complete and nothing changed since. ``clean``: those there are, are right.
    ``total`` is what the last full pass found, or an estimate; None: there is none.
    """

    epoch: int
    exact: bool
    clean: bool
    reached: int
    complete: bool
    total: int | None


class Pending(NamedTuple):
    """A changed row nobody looked after yet: whether the query did not have it, when it changed, its key before."""

    new: bool
    epoch: int
    key: Key | None = None


class QueryIndex:
    """One query's anchors: those being made (or made), and the older ones, good for rough numbers only."""

    def __init__(self, precedes: Precedes, stride: int) -> None:
        self.settling = threading.Lock()
        """Held while changed rows are looked after: one at a time, in order."""
        self._lock = threading.Lock()
        self._precedes, self._stride = precedes, stride
        self._anchors = Anchors(precedes, stride)
        self._older: Anchors | None = None
        self._clean = True  # nothing unknown happened since the pass began
        self._epoch = 0
        self._passes = 0
        self._pending: dict[int, Pending] = {}
        self._seen: OrderedDict[int, Key | None] = OrderedDict()  # None: the query does not have this row
        self._guess: int | None = None

    # -- what is known --------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        with self._lock:
            anchors = self._anchors
            total = anchors.reached if anchors.complete else None
            if total is None:
                total = self._guess if self._older is None else self._older.reached
            return State(
                epoch=self._epoch,
                exact=anchors.complete and self._clean and not self._pending,
                clean=self._clean and not self._pending,
                reached=anchors.reached,
                complete=anchors.complete,
                total=total,
            )

    @property
    def reach(self) -> int:
        """Rows from the first that a page can be found in at once, perhaps by rough numbers."""
        with self._lock:
            return max(self._anchors.reached, 0 if self._older is None else self._older.reached)

    @property
    def size(self) -> int:
        """Anchors held."""
        return len(self._anchors) + (0 if self._older is None else len(self._older))

    @property
    def guessed(self) -> bool:
        """Whether there is an estimate of the rows, or better."""
        return self._guess is not None or self._older is not None or self._anchors.complete

    def guess(self, rows: int) -> None:
        """An estimate, used until a pass is through."""
        with self._lock:
            self._guess = rows

    def nearest(self, start: int, stop: int) -> tuple[Place, bool]:
        """From where to reach rows [start, stop) soonest, and whether their numbers are exact then."""
        with self._lock:
            fresh, older = self._anchors, self._older
            clean = self._clean and not self._pending
            if (clean and (fresh.complete or older is None or start < fresh.reached)) or older is None:
                place = fresh.nearest(start, stop)
            else:
                place = older.nearest(start, stop)
                clean = False
            if not fresh.complete and older is None and self._guess is not None:
                skip = max(self._guess - stop, 0)
                if skip < place.skip:
                    return Place(None, skip, backward=True), False
            if start <= place.skip:
                return Place(None, start), True  # from the first row, whatever changed
            return place, clean

    def bucket(self, key: Key) -> tuple[Key | None, int] | None:
        """The border before a row with this key and its row number; None where that is not known exactly."""
        with self._lock:
            anchors = self._anchors
            if not self._clean or self._pending or not anchors.ordered:
                return None
            bucket = anchors.bucket(key)
            if bucket == len(anchors) and not anchors.complete:
                return None
            return anchors.border(bucket)

    # -- a pass over all rows -------------------------------------------------------------------------------------

    def frontier(self, *, anew: bool) -> tuple[int, Key | None, int]:
        """From where a pass goes on: moment, key and stride. ``anew``: from the first row, unless all is clean."""
        with self._lock:
            if (anew or self._anchors.complete) and not self._clean:
                if self._anchors.complete:
                    self._older = self._anchors
                self._anchors, self._clean = Anchors(self._precedes, self._stride), True
                self._passes += 1
            return self._epoch, self._anchors.last, self._anchors.stride

    def advance(self, epoch: int, frontier: Key | None, key: Key | None, rows: int) -> bool:
        """Take in a hop from ``frontier`` to ``key`` (None: the end). False where that is no longer of use."""
        with self._lock:
            anchors = self._anchors
            if anchors.complete or anchors.last != frontier or (self._clean and self._epoch != epoch):
                return False
            if key is None:
                anchors.close(rows)
                if self._clean:
                    self._older = None
            else:
                anchors.append(key, rows)
            return True

    def sweep(self, epoch: int, frontier: Key | None, keys: list[Key], *, stride: int, rest: int) -> None:
        """Take in all that comes after ``frontier`` at once; what changed meanwhile makes it inexact."""
        with self._lock:
            anchors = self._anchors
            if anchors.complete or anchors.last != frontier:
                return
            if self._epoch != epoch:
                self._pending.clear()
                self._clean = False
            for key in keys:
                anchors.append(key, stride)
            anchors.close(rest)
            if self._clean:
                self._older = None

    # -- changes --------------------------------------------------------------------------------------------------

    def heard(self, *, ids: Mapping[int, bool] | None) -> None:
        """Rows changed (and whether they are new); None: nobody knows which. Returns at once."""
        with self._lock:
            self._epoch += 1
            if ids is None or not self._anchors.ordered or len(self._pending.keys() | ids.keys()) > _PENDING:
                self._pending.clear()
                self._seen.clear()
                self._clean = False
                return
            for row_id, new in ids.items():
                before = self._pending.get(row_id)
                known = row_id in self._seen
                key = self._seen.pop(row_id, None)
                if self._clean and before is not None:
                    self._pending[row_id] = before._replace(epoch=self._epoch)
                elif self._clean:
                    self._pending[row_id] = Pending(new or (known and key is None), self._epoch, key)

    def pending(self) -> tuple[int, dict[int, Pending]]:
        """Changed rows to be looked after, and the number of the pass they belong to."""
        with self._lock:
            return self._passes, dict(self._pending)

    def affected(self, keys: Iterable[Key]) -> list[tuple[Key | None, Key | None]]:
        """The buckets, each by the keys around it, in which rows with these keys lie; not beyond what is anchored."""
        with self._lock:
            anchors = self._anchors
            found = {anchors.bucket(key) for key in keys}
            if not anchors.complete:
                found.discard(len(anchors))
            return [(anchors.border(bucket)[0], anchors.end(bucket)) for bucket in sorted(found)]

    def settle(
        self,
        number: int,
        handled: Mapping[int, Pending],
        now: Mapping[int, Key],
        buckets: Sequence[tuple[Key | None, list[Key]]],
    ) -> None:
        """Changed rows of a pass were looked after: keys ``now``, and all keys in the buckets after these borders, in
        order."""
        with self._lock:
            if number != self._passes or not self._clean:
                return
            for border, keys in reversed(buckets):  # the end of a bucket, the border of the next, may go with its row
                self._anchors.recount(0 if border is None else self._anchors.bucket(border) + 1, keys)
            for row_id, change in handled.items():
                later = self._pending.get(row_id)
                if later == change:
                    del self._pending[row_id]
                elif later is not None:  # changed again meanwhile, from what was found now
                    found = now.get(row_id)
                    self._pending[row_id] = Pending(found is None, later.epoch, found)
            self._see({row_id: now.get(row_id) for row_id in handled if row_id not in self._pending})

    def lose_count(self) -> None:
        """Nobody knows what a change did."""
        with self._lock:
            self._pending.clear()
            self._clean = False

    def see(self, epoch: int, keys: Mapping[int, Key]) -> None:
        """Rows were served with these keys, at this moment."""
        with self._lock:
            if epoch == self._epoch:
                self._see(keys)

    def _see(self, keys: Mapping[int, Key] | Mapping[int, Key | None]) -> None:
        self._seen.update(keys)
        for row_id in keys:
            self._seen.move_to_end(row_id)
        while len(self._seen) > _SEEN:
            self._seen.popitem(last=False)


class AnchorIndexes:
    """The queries asked last. Memory is bounded."""

    def __init__(self, *, stride: int = STRIDE) -> None:
        self._stride = stride
        self._lock = threading.Lock()
        self._queries: OrderedDict[Asked, tuple[QueryIndex, frozenset[TableName]]] = OrderedDict()

    def of(self, asked: Asked, precedes: Precedes, *, concerned: frozenset[TableName]) -> QueryIndex:
        """The index of a query; ``concerned`` are other tables that its order or filter depends on."""
        with self._lock:
            found = self._queries.get(asked)
            if found is None:
                found = self._queries[asked] = (QueryIndex(precedes, self._stride), concerned)
            self._queries.move_to_end(asked)
            size = sum(index.size for index, _concerned in self._queries.values())
            while len(self._queries) > _QUERIES or (size > _ANCHORS and len(self._queries) > 1):
                _asked, (index, _concerned) = self._queries.popitem(last=False)
                size -= index.size
            return found[0]

    def heard(self, changes: ChangeSet) -> None:
        """Something was committed."""
        with self._lock:
            queries = list(self._queries.items())
        listed = changes.ids is not None and (changes.ids or not changes.annotations) and not changes.foreign
        for (query, _day), (index, concerned) in queries:
            if listed and changes.ids is not None and changes.tables == {query.table}:
                index.heard(ids={row_id: row_id in changes.created for row_id in changes.ids})
            elif _touches(changes, query.table, concerned):
                index.heard(ids=None)

    def forget(self) -> None:
        """Queries mean something else from now on."""
        with self._lock:
            self._queries.clear()


def _touches(changes: ChangeSet, table: TableName, concerned: frozenset[TableName]) -> bool:
    everything = changes.foreign and not changes.tables
    words = bool(concerned) and changes.annotations
    return everything or words or table in changes.tables or not concerned.isdisjoint(changes.tables)
