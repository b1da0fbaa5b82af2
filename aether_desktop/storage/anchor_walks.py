"""Making anchors, keeping them true and reading keys from the nearest of them: all that asks the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import Connection

from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.anchor_index import Pending, QueryIndex
from aether_desktop.storage.anchors import STRIDE, Place
from aether_desktop.storage.database import Database
from aether_desktop.storage.window_order import Key
from aether_desktop.storage.window_question import Question

_SLICE_SECONDS: Final = 0.05
_SLOW_SECONDS: Final = 0.15
_TRIES: Final = 4  # passes begun anew because of changes; afterwards what is nearly right must do


class _Found(NamedTuple):
    now: Mapping[int, Key]
    buckets: list[tuple[Key | None, list[Key]]]


class AnchorWalk:
    """One query's anchors over one database. Worker threads only; every method raises the StorageError family and
    OperationCancelled."""

    def __init__(self, database: Database, question: Question, index: QueryIndex, token: CancelToken | None) -> None:
        self._database = database
        self.question, self.index = question, index
        self._token = token

    def settle(self) -> None:
        """Look after rows that changed: the buckets they were and are in are counted again."""
        index = self.index
        with index.settling:
            number, changed = index.pending()
            if not changed:
                return
            found = self._database.fetch(lambda connection: self._found(connection, changed), token=self._token)
            if found is None:
                index.lose_count()
            else:
                index.settle(number, changed, found.now, found.buckets)

    def go_on(self) -> None:
        """A slice of a pass over all rows, even over one that changes have made inexact."""
        self._slice(anew=False, enough=lambda: False)

    def reach(self, enough: Callable[[], bool]) -> None:
        """Go on until ``enough`` or the last row; anew where something changed, while that is not endless."""
        tries, epoch = 0, -1
        while True:
            self.settle()
            state = self.index.state
            if (state.clean or tries >= _TRIES) and (state.complete or enough()):
                return
            if not state.clean and state.epoch != epoch:
                tries, epoch = tries + 1, state.epoch
            self._slice(anew=tries < _TRIES, enough=enough)

    def keys(self, connection: Connection, place: Place, count: int) -> list[Key]:
        """Up to ``count`` keys from a place, in the query's order."""
        step, key, skip = self.question.step, place.key, place.skip
        while skip > STRIDE:
            hop = step(connection, key, offset=STRIDE - 1, limit=1, backward=place.backward)
            if not hop:
                return []
            key, skip = hop[0], skip - STRIDE
        found = step(connection, key, offset=skip, limit=count, backward=place.backward)
        return found[::-1] if place.backward else found

    # -- inside ----------------------------------------------------------------------------------------------

    def _slice(self, *, anew: bool, enough: Callable[[], bool]) -> None:
        epoch, frontier, stride = self.index.frontier(anew=anew)
        until = time.monotonic() + _SLICE_SECONDS

        def work(connection: Connection) -> None:
            place = frontier
            while True:
                if self._token is not None:
                    self._token.check()
                began = time.monotonic()
                key, rows = self._hop(connection, place, stride)
                slow = time.monotonic() - began > _SLOW_SECONDS and not self.question.walk.is_served(connection)
                if not self.index.advance(epoch, place, key, rows) or key is None:
                    return
                place = key
                if slow:
                    self._sweep(connection, epoch, place, stride)
                    return
                if time.monotonic() > until or enough():
                    return

        self._database.fetch(work, token=self._token)

    def _sweep(self, connection: Connection, epoch: int, place: Key | None, stride: int) -> None:
        """All that is left by one statement: where no index has this order, each hop would sort everything anew."""
        keys, rest = self.question.every(connection, place, stride)
        self.index.sweep(epoch, place, keys, stride=stride, rest=rest)

    def _hop(self, connection: Connection, place: Key | None, stride: int) -> tuple[Key | None, int]:
        """The key ``stride`` rows on; where there are fewer, None and how many there are."""
        step, passed = self.question.step, 0
        while passed < stride:
            size = min(stride - passed, STRIDE)
            found = step(connection, place, offset=size - 1, limit=1)
            if not found:
                return None, passed + len(step(connection, place, limit=size))
            place, passed = found[0], passed + size
        return place, passed

    def _found(self, connection: Connection, changed: Mapping[int, Pending]) -> _Found | None:
        """What became of changed rows; None where nobody knows where one of them was."""
        if any(change.key is None and not change.new for change in changed.values()):
            return None
        now = self.question.keys_of(connection, changed)
        before = {change.key for change in changed.values() if change.key is not None}
        buckets = self.index.affected({*before, *now.values()})
        return _Found(now, [(border, self._between(connection, border, end)) for border, end in buckets])

    def _between(self, connection: Connection, border: Key | None, end: Key | None) -> list[Key]:
        """All keys after ``border`` up to and with ``end``."""
        precedes, found = self.question.order.precedes, list[Key]()
        while True:
            keys = self.question.step(connection, border, limit=STRIDE)
            inside = [key for key in keys if end is None or not precedes(end, key)]
            found += inside
            if len(keys) < STRIDE or len(inside) < len(keys):
                return found
            border = keys[-1]
