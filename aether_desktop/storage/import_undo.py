"""Undoing a batch: its rows go, except those that another file brought, too; own words wait for the rows' return."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, delete, exists, func, select, update

from aether_desktop.domain.imports import BatchStatus
from aether_desktop.domain.records import TableName
from aether_desktop.ports.storage import BatchTouch
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.database import Unit
from aether_desktop.storage.schema import (
    ANNOTATIONS,
    IMPORT_BATCHES,
    IMPORT_SIGHTINGS,
    TRANSACTIONS,
)
from aether_desktop.storage.settling import unsettle
from aether_desktop.storage.stores.annotations import annotations_of
from aether_desktop.storage.unindexed import tested

_BATCHES, _SIGHTINGS, _ROWS, _WORDS = IMPORT_BATCHES.c, IMPORT_SIGHTINGS.c, TRANSACTIONS.c, ANNOTATIONS.c
_LISTED_WORDS: Final = 1000
_TOGETHER: Final = 20_000  # rows removed by one statement, about


class ImportUndo:
    """One batch, on one connection: a snapshot to look at, or a write unit to run in. Driver errors pass through."""

    def __init__(self, connection: Connection, vault_id: int, batch_id: int, *, up_to: int | None = None) -> None:
        """``up_to``: only rows up to this id; sightings always all."""
        self._connection = connection
        self._vault_id = vault_id
        self._batch_id = batch_id
        self._up_to = up_to

    def touched(self) -> BatchTouch:
        """Rows that would go, rows that would stay, and the own words (at most 1000) on those that would go."""
        own = self._own_rows()
        total = self._scalar(select(func.count()).select_from(TRANSACTIONS).where(own))
        kept = self._scalar(select(func.count()).select_from(TRANSACTIONS).where(own, self._seen_elsewhere()))
        query = self._words_of_leaving_rows(ANNOTATIONS).order_by(_ROWS.occurred_at, _ROWS.id).limit(_LISTED_WORDS)
        words = annotations_of(self._connection, self._vault_id, query)
        return BatchTouch(total - kept, kept, tuple(words))

    def run(
        self, unit: Unit, *, token: CancelToken | None = None, progress: Progress = silent
    ) -> tuple[int, int, bool]:
        """Rows removed, rows kept, and whether own words were put aside. The batch is marked by the caller.

        Raises OperationCancelled.
        """
        put_aside = self._put_words_aside()
        unsettle(unit, self._batch_id)
        kept = self._hand_over()
        self._connection.execute(
            delete(IMPORT_SIGHTINGS).where(_SIGHTINGS.vault_id == self._vault_id, _SIGHTINGS.batch_id == self._batch_id)
        )
        return self._remove(token, progress), kept, put_aside > 0

    # -- inside --------------------------------------------------------------------------------------------------

    def _remove(self, token: CancelToken | None, progress: Progress) -> int:
        """The rows that are left, a stretch of ids at a time: each is one short statement by the primary key."""
        own = self._own_rows()
        total, first, last = self._connection.execute(
            select(func.count(), func.min(_ROWS.id), func.max(_ROWS.id)).where(own)
        ).one()
        removed = 0
        for low, high in _stretches(first, last, total):
            if token is not None:
                token.check()
            here = (
                _ROWS.vault_id == self._vault_id,
                _ROWS.id >= low,
                _ROWS.id <= high,
                tested(_ROWS.batch_id) == self._batch_id,
            )
            leaving = select(_ROWS.id).where(*here)  # cascading would do it, too, but uncounted
            gone = and_(_SIGHTINGS.vault_id == self._vault_id, _SIGHTINGS.transaction_id.in_(leaving))
            self._connection.execute(delete(IMPORT_SIGHTINGS).where(gone))
            removed += self._connection.execute(delete(TRANSACTIONS).where(*here)).rowcount
            progress(removed, total)
        return removed

    def _own_rows(self) -> ColumnElement[bool]:
        own = and_(_ROWS.vault_id == self._vault_id, _ROWS.batch_id == self._batch_id)
        return own if self._up_to is None else and_(own, _ROWS.id <= self._up_to)

    def _seen_elsewhere(self) -> ColumnElement[bool]:
        """Whether a batch that is not undone brought the outer row, too."""
        return exists(
            select(_SIGHTINGS.batch_id)
            .join(IMPORT_BATCHES, and_(_BATCHES.vault_id == _SIGHTINGS.vault_id, _BATCHES.id == _SIGHTINGS.batch_id))
            .where(
                _SIGHTINGS.vault_id == self._vault_id,
                _SIGHTINGS.transaction_id == _ROWS.id,
                _SIGHTINGS.batch_id != self._batch_id,
                _BATCHES.status == BatchStatus.STORED,
            )
            .correlate(TRANSACTIONS)
        )

    def _words_of_leaving_rows(self, *columns: Any) -> Select[Any]:
        return (
            select(*columns)
            .join(TRANSACTIONS, and_(_ROWS.vault_id == _WORDS.vault_id, _ROWS.id == _WORDS.row_id))
            .where(
                _WORDS.vault_id == self._vault_id,
                _WORDS.table_name == TableName.TRANSACTIONS,
                self._own_rows(),
                ~self._seen_elsewhere(),
            )
        )

    def _put_words_aside(self) -> int:
        """The words keep the movement's identity, by which they find the row when it is imported again."""
        leaving = self._words_of_leaving_rows(_WORDS.id)
        ours = and_(_ROWS.vault_id == self._vault_id, _ROWS.id == _WORDS.row_id)
        statement = (
            update(ANNOTATIONS)
            .where(_WORDS.vault_id == self._vault_id, _WORDS.id.in_(leaving.correlate(None)))
            .values(
                detached=True,
                wallet_id=select(_ROWS.wallet_id).where(ours).correlate(ANNOTATIONS).scalar_subquery(),
                identity=select(_ROWS.identity).where(ours).correlate(ANNOTATIONS).scalar_subquery(),
            )
        )
        return self._connection.execute(statement).rowcount

    def _hand_over(self) -> int:
        """Rows that other batches brought, too, become the earliest of those batches' own."""
        own = select(_ROWS.id).where(self._own_rows())
        heirs = self._connection.scalars(
            select(_SIGHTINGS.batch_id)
            .distinct()
            .join(IMPORT_BATCHES, and_(_BATCHES.vault_id == _SIGHTINGS.vault_id, _BATCHES.id == _SIGHTINGS.batch_id))
            .where(
                _SIGHTINGS.vault_id == self._vault_id,
                _SIGHTINGS.batch_id != self._batch_id,
                _SIGHTINGS.transaction_id.in_(own),
                _BATCHES.status == BatchStatus.STORED,
            )
            .order_by(_SIGHTINGS.batch_id)
        ).all()
        return sum(self._hand_over_to(heir) for heir in heirs)

    def _hand_over_to(self, heir: int) -> int:
        """The rows take the line and the identity by which the heir's file knows them.

        An identity that another row of the wallet has already is left to that row.
        """
        seen = select(IMPORT_SIGHTINGS).where(
            _SIGHTINGS.vault_id == self._vault_id, _SIGHTINGS.batch_id == heir, _SIGHTINGS.transaction_id == _ROWS.id
        )
        namesake = TRANSACTIONS.alias("namesake")
        taken = (
            exists()
            .where(
                namesake.c.vault_id == self._vault_id,
                namesake.c.wallet_id == _ROWS.wallet_id,
                namesake.c.identity == _SIGHTINGS.identity,
            )
            .correlate(TRANSACTIONS, IMPORT_SIGHTINGS)
        )
        self._keep_names(heir)
        known_as = case((_SIGHTINGS.identity.is_(None) | taken, _ROWS.identity), else_=_SIGHTINGS.identity)
        moved = self._connection.execute(
            update(TRANSACTIONS)
            .where(self._own_rows(), exists(seen.correlate(TRANSACTIONS)))
            .values(
                batch_id=heir,
                source_row=seen.with_only_columns(_SIGHTINGS.source_row).correlate(TRANSACTIONS).scalar_subquery(),
                identity=seen.with_only_columns(known_as).correlate(TRANSACTIONS).scalar_subquery(),
            )
        ).rowcount
        now_own = exists().where(
            _ROWS.vault_id == self._vault_id, _ROWS.id == _SIGHTINGS.transaction_id, _ROWS.batch_id == heir
        )
        self._connection.execute(
            delete(IMPORT_SIGHTINGS).where(
                _SIGHTINGS.vault_id == self._vault_id,
                _SIGHTINGS.batch_id == heir,
                now_own.correlate(IMPORT_SIGHTINGS),
            )
        )
        return moved

    def _keep_names(self, heir: int) -> None:
        """Where a row will take the heir's identity, the other batches that saw it note the one it had."""
        own = select(_ROWS.identity).where(self._own_rows(), _ROWS.id == _SIGHTINGS.transaction_id)
        renaming = IMPORT_SIGHTINGS.alias("renaming")
        renamed = select(renaming.c.transaction_id).where(
            renaming.c.vault_id == self._vault_id, renaming.c.batch_id == heir, renaming.c.identity.is_not(None)
        )
        self._connection.execute(
            update(IMPORT_SIGHTINGS)
            .where(
                _SIGHTINGS.vault_id == self._vault_id,
                _SIGHTINGS.identity.is_(None),
                _SIGHTINGS.transaction_id.in_(renamed),
                exists(own.correlate(IMPORT_SIGHTINGS)),
            )
            .values(identity=own.correlate(IMPORT_SIGHTINGS).scalar_subquery())
        )

    def _scalar(self, query: Select[Any]) -> int:
        return int(self._connection.execute(query).scalar_one())


def _stretches(first: int | None, last: int | None, rows: int) -> Iterator[tuple[int, int]]:
    """Ids from the first to the last in parts, both ends included; no rows, no parts."""
    if first is None or last is None:
        return
    size = (last - first) // max(rows // _TOGETHER, 1) + 1
    for low in range(first, last + 1, size):
        yield low, min(low + size - 1, last)
