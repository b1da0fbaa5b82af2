"""Undoing a batch: its rows go, except those that another file brought, too; own words wait for the rows' return."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    any_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from aether_desktop.domain.imports import BatchStatus
from aether_desktop.domain.records import TableName
from aether_desktop.ports.storage import BatchTouch
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.database import Unit
from aether_desktop.storage.roads import road_of
from aether_desktop.storage.schema import (
    ANNOTATIONS,
    IMPORT_BATCHES,
    IMPORT_SIGHTINGS,
    TRANSACTIONS,
)
from aether_desktop.storage.settling import unsettle
from aether_desktop.storage.stores.annotations import annotations_of
from aether_desktop.storage.unindexed import driving, tested

_BATCHES, _SIGHTINGS, _ROWS, _WORDS = IMPORT_BATCHES.c, IMPORT_SIGHTINGS.c, TRANSACTIONS.c, ANNOTATIONS.c
_LISTED_WORDS: Final = 1000
# Rows removed by one statement. SQLite holds every page that a statement changes twice, until it ends; PostgreSQL's
# triggers run once a statement.
_TOGETHER: Final = {"sqlite": 1_000, "postgresql": 20_000}
_IDS: Final = ARRAY(BigInteger)


class ImportUndo:
    """One batch, on one connection: a snapshot to look at, or a write unit to run in. Driver errors pass through.

    Every statement is led by the batch's own rows, so that the cost is that of what is undone, whatever is stored.
    """

    def __init__(self, connection: Connection, vault_id: int, batch_id: int) -> None:
        self._connection = connection
        self._vault_id = vault_id
        self._batch_id = batch_id

    def touched(self) -> BatchTouch:
        """Rows that would go, rows that would stay, and the own words (at most 1000) on those that would go."""
        own = self._own_rows()
        total = self._scalar(select(func.count()).select_from(TRANSACTIONS).where(own))
        kept = self._scalar(select(func.count()).select_from(TRANSACTIONS).where(own, self._seen_elsewhere()))
        words = annotations_of(self._connection, self._vault_id, self._words_of_leaving_rows())
        return BatchTouch(total - kept, kept, tuple(words))

    def run(
        self,
        unit: Unit,
        *,
        most: int | None = None,
        token: CancelToken | None = None,
        progress: Progress = silent,
    ) -> tuple[int, int, bool]:
        """Rows removed, rows kept, and whether own words were put aside. The batch is marked by the caller.

        ``most``: about so many rows; the batch is undone when a run finds none. Raises OperationCancelled.
        """
        unsettle(unit, self._batch_id)
        self._connection.execute(
            delete(IMPORT_SIGHTINGS).where(_SIGHTINGS.vault_id == self._vault_id, _SIGHTINGS.batch_id == self._batch_id)
        )
        total = self._scalar(select(func.count()).select_from(TRANSACTIONS).where(self._own_rows()))
        removed = kept = words = 0
        with road_of(self._connection, self._vault_id).loading():
            together = _TOGETHER[self._connection.dialect.name]
            for ids in self._parts(min(together, most or together)):
                if token is not None:
                    token.check()
                leaving = self._hand_over(ids)
                words += self._put_words_aside(leaving)
                removed, kept = removed + self._remove(leaving), kept + len(ids) - len(leaving)
                progress(removed + kept, total)
                if most is not None and removed + kept >= most:
                    break
        return removed, kept, words > 0

    # -- inside --------------------------------------------------------------------------------------------------

    def _parts(self, size: int) -> Iterator[list[int]]:
        """Ids of own rows by time, so many at once: as they lie in the index of batches, each looked at once."""
        page = select(_ROWS.occurred_at, _ROWS.id).where(self._own_rows()).order_by(_ROWS.occurred_at, _ROWS.id)
        page = page.limit(size)
        found = self._connection.execute(page).all()
        while found:
            last = found[-1]
            yield sorted(row.id for row in found)
            beyond = tuple_(_ROWS.occurred_at, _ROWS.id) > tuple_(
                literal(last.occurred_at, _ROWS.occurred_at.type), literal(last.id, _ROWS.id.type)
            )
            found = self._connection.execute(page.where(beyond)).all()

    def _among(self, column: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
        """As one parameter: a statement stays the same however many they are."""
        if self._connection.dialect.name == "postgresql":
            return column == any_(cast(bindparam(None, list(ids), type_=_IDS, unique=True), _IDS))
        listed = func.json_each(str(list(ids))).table_valued("value")
        return column.in_(select(listed.c.value))

    def _remove(self, ids: Sequence[int]) -> int:
        """The rows, and what others saw of them: cascading would do it, too, but uncounted."""
        for table, column in ((IMPORT_SIGHTINGS, _SIGHTINGS.transaction_id), (TRANSACTIONS, _ROWS.id)):
            statement = delete(table).where(table.c.vault_id == self._vault_id, self._among(column, ids))
            removed = self._connection.execute(statement).rowcount
        return removed

    def _own_rows(self) -> ColumnElement[bool]:
        return and_(_ROWS.vault_id == self._vault_id, _ROWS.batch_id == self._batch_id)

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

    def _words_of_leaving_rows(self) -> Select[Any]:
        theirs = and_(
            _WORDS.vault_id == self._vault_id, _WORDS.table_name == TableName.TRANSACTIONS, _WORDS.row_id == _ROWS.id
        )
        return (
            select(ANNOTATIONS)
            .select_from(driving(TRANSACTIONS, ANNOTATIONS, theirs))
            .where(self._own_rows(), ~self._seen_elsewhere())
            .order_by(_ROWS.occurred_at, _ROWS.id)
            .limit(_LISTED_WORDS)
        )

    def _put_words_aside(self, ids: Sequence[int]) -> int:
        """The words keep the movement's identity, by which they find the row when it is imported again."""
        ours = and_(_ROWS.vault_id == self._vault_id, _ROWS.id == _WORDS.row_id)
        statement = (
            update(ANNOTATIONS)
            .where(
                _WORDS.vault_id == self._vault_id,
                _WORDS.table_name == TableName.TRANSACTIONS,
                self._among(_WORDS.row_id, ids),
                _WORDS.detached.is_(false()),
            )
            .values(
                detached=True,
                wallet_id=select(_ROWS.wallet_id).where(ours).correlate(ANNOTATIONS).scalar_subquery(),
                identity=select(_ROWS.identity).where(ours).correlate(ANNOTATIONS).scalar_subquery(),
            )
        )
        return self._connection.execute(statement).rowcount

    def _hand_over(self, ids: Sequence[int]) -> Sequence[int]:
        """Rows that other batches brought, too, become the earliest of those batches' own; returns those left."""
        others = select(tested(_SIGHTINGS.batch_id)).where(
            _SIGHTINGS.vault_id == self._vault_id,
            self._among(_SIGHTINGS.transaction_id, ids),
            tested(_SIGHTINGS.batch_id) != self._batch_id,
        )
        stored = select(_BATCHES.id).where(
            _BATCHES.vault_id == self._vault_id, _BATCHES.status == BatchStatus.STORED, _BATCHES.id.in_(others)
        )
        heirs = self._connection.scalars(stored.order_by(_BATCHES.id)).all()
        left = ids
        for heir in heirs:
            seen = select(_SIGHTINGS.transaction_id).where(
                _SIGHTINGS.vault_id == self._vault_id,
                self._among(_SIGHTINGS.transaction_id, left),
                tested(_SIGHTINGS.batch_id) == heir,
            )
            theirs = set(self._connection.scalars(seen))
            self._hand_over_to(heir, sorted(theirs))
            left = [row_id for row_id in left if row_id not in theirs]
        return left

    def _hand_over_to(self, heir: int, ids: Sequence[int]) -> None:
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
        self._keep_names(heir, ids)
        known_as = case((_SIGHTINGS.identity.is_(None) | taken, _ROWS.identity), else_=_SIGHTINGS.identity)
        self._connection.execute(
            update(TRANSACTIONS)
            .where(_ROWS.vault_id == self._vault_id, self._among(_ROWS.id, ids))
            .values(
                batch_id=heir,
                source_row=seen.with_only_columns(_SIGHTINGS.source_row).correlate(TRANSACTIONS).scalar_subquery(),
                identity=seen.with_only_columns(known_as).correlate(TRANSACTIONS).scalar_subquery(),
            )
        )
        self._connection.execute(
            delete(IMPORT_SIGHTINGS).where(
                _SIGHTINGS.vault_id == self._vault_id,
                self._among(_SIGHTINGS.transaction_id, ids),
                tested(_SIGHTINGS.batch_id) == heir,
            )
        )

    def _keep_names(self, heir: int, ids: Sequence[int]) -> None:
        """Where a row will take the heir's identity, the other batches that saw it note the one it had."""
        own = select(_ROWS.identity).where(_ROWS.vault_id == self._vault_id, _ROWS.id == _SIGHTINGS.transaction_id)
        renaming = IMPORT_SIGHTINGS.alias("renaming")
        renamed = exists().where(
            renaming.c.vault_id == self._vault_id,
            renaming.c.batch_id == heir,
            renaming.c.transaction_id == _SIGHTINGS.transaction_id,
            renaming.c.identity.is_not(None),
        )
        self._connection.execute(
            update(IMPORT_SIGHTINGS)
            .where(
                _SIGHTINGS.vault_id == self._vault_id,
                self._among(_SIGHTINGS.transaction_id, ids),
                _SIGHTINGS.identity.is_(None),
                renamed.correlate(IMPORT_SIGHTINGS),
            )
            .values(identity=own.correlate(IMPORT_SIGHTINGS).scalar_subquery())
        )

    def _scalar(self, query: Select[Any]) -> int:
        return int(self._connection.execute(query).scalar_one())
