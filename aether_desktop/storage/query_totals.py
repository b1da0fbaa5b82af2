"""Sums of the rows of a query, by the index that drives it: exact, in short statements, all of one snapshot.

``parts_of`` is what every sum is made of; whoever groups (by day, counterparty) names the groups in ``by``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Select, bindparam, func, select, tuple_

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Direction, TransactionStatus
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.query_totals import RowTotals, TokenTotal
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.currency_rows import currency_of
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import CURRENCIES, TRANSACTIONS
from aether_desktop.storage.stores.records import id_slices
from aether_desktop.storage.sums import exact_sum
from aether_desktop.storage.unindexed import tested
from aether_desktop.storage.window_question import Question
from aether_desktop.storage.window_walks import Piece, by_index

SLICE: Final = 16_384  # rows added up by one statement: a tenth of a second or less
_ROWS = TRANSACTIONS.c
COSTS_FEE: Final = frozenset({TransactionStatus.CONFIRMED, TransactionStatus.FAILED})
_Condition = ColumnElement[bool]
_Place = tuple[Any, ...]


class Part(NamedTuple):
    """Some rows alike, added up by the engine; ``group`` has the values of ``by``. The same group may come again."""

    group: tuple[Any, ...]
    currency_id: int
    fee_currency_id: int | None
    direction: Direction
    status: TransactionStatus
    amount: int
    fee: int | None
    rows: int


class Tally:
    """Parts added together, by currency."""

    def __init__(self) -> None:
        self.rows = 0
        self._sums: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])

    def add(self, part: Part) -> None:
        self.rows += part.rows
        sums = self._sums[part.currency_id]
        sums[0] += part.rows
        if part.status is TransactionStatus.CONFIRMED:
            sums[1] += part.rows
            if part.direction is not Direction.SELF:
                sums[2 if part.direction is Direction.IN else 3] += part.amount
        if part.fee_currency_id is not None and part.fee is not None and part.status in COSTS_FEE:
            self._sums[part.fee_currency_id][4] += part.fee

    def totals(self, currencies: Callable[[Iterable[int]], dict[int, Currency]]) -> RowTotals:
        """``currencies`` gives those with these ids."""
        coins = currencies(self._sums.keys())
        tokens = [TokenTotal(coins[coin], *sums) for coin, sums in self._sums.items()]
        return RowTotals(self.rows, tuple(sorted(tokens, key=lambda each: _order(each.currency))))


def parts_of(
    connection: Connection,
    question: Question,
    *,
    by: Sequence[ColumnElement[Any]] = (),
    where: Sequence[_Condition] = (),
    token: CancelToken | None = None,
    progress: Progress = silent,
    size: int = SLICE,
) -> Iterator[Part]:
    """The rows of a question about transactions in the ledger's own order (no sort), a slice at a time.

    ``by`` names columns that are told apart, ``where`` what else must hold of a row. Raises OperationCancelled.
    """
    by_index(connection)
    done = 0
    for piece in question.walk.pieces(connection):
        for bounds in _slices(connection, piece, size):
            if token is not None:
                token.check()
            for part in added_up(connection, piece.source, (*piece.bounds, *piece.tests, *bounds, *where), by):
                done += part.rows
                yield part
            progress(done, None)


def added_up(
    connection: Connection, source: FromClause, conditions: Sequence[_Condition], by: Sequence[ColumnElement[Any]]
) -> Iterator[Part]:
    """Rows that meet these conditions, by one statement."""
    kinds = (_ROWS.currency_id, _ROWS.fee_currency_id, _ROWS.direction, _ROWS.status)
    groups = [tested(column) for column in kinds]  # else SQLite walks the index of a group, not that of the rows
    named = [column.label(f"group_{number}") for number, column in enumerate(by)]
    query: Select[Any] = (
        select(*named, *groups, exact_sum(_ROWS.amount), exact_sum(_ROWS.fee), func.count())
        .select_from(source)
        .where(*conditions)
        .group_by(*named, *groups)
    )
    size = len(by)
    for row in connection.execute(query).all():
        yield Part(tuple(row[:size]), *row[size:])


class SqlQueryTotals:
    """Implements ``ports.query_totals.QueryTotals``. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database, question_of: Callable[[TableQuery], Question], *, size: int = SLICE) -> None:
        """``size`` rows are added up by one statement."""
        self._database, self._question_of, self._size = database, question_of, size

    def of_query(
        self, query: TableQuery, *, token: CancelToken | None = None, progress: Progress = silent
    ) -> RowTotals:
        """See the port. Raises InvalidInputError, OperationCancelled."""
        if query.table is not TableName.TRANSACTIONS:
            raise InvalidInputError("Only transactions are added up.", field="table")
        question = self._question_of(replace(query, sort=()))

        def add_up(connection: Connection) -> RowTotals:
            tally = Tally()
            for part in parts_of(connection, question, token=token, progress=progress, size=self._size):
                tally.add(part)
            return tally.totals(lambda ids: currencies_of(connection, self._database.vault_id, ids))

        return self._database.fetch(add_up, token=token)

    def of_rows(self, ids: Sequence[int], *, token: CancelToken | None = None) -> RowTotals:
        """See the port. Raises OperationCancelled."""
        mine = _ROWS.vault_id == self._database.vault_id

        def add_up(connection: Connection) -> RowTotals:
            tally = Tally()
            for few in id_slices(dict.fromkeys(ids)):
                for part in added_up(connection, TRANSACTIONS, (mine, _ROWS.id.in_(few)), ()):
                    tally.add(part)
            return tally.totals(lambda coins: currencies_of(connection, self._database.vault_id, coins))

        return self._database.fetch(add_up, token=token)


def currencies_of(connection: Connection, vault_id: int, ids: Iterable[int]) -> dict[int, Currency]:
    """By id."""
    columns, found = CURRENCIES.c, dict[int, Currency]()
    for few in id_slices(ids):
        query = select(CURRENCIES).where(columns.vault_id == vault_id, columns.id.in_(few))
        found.update((row.id, currency_of(row)) for row in connection.execute(query))
    return found


# -- inside ------------------------------------------------------------------------------------------------------


def _slices(connection: Connection, piece: Piece, size: int) -> Iterator[tuple[_Condition, ...]]:
    """Conditions that cut a piece into slices by time and id; many rows are never added up by one statement."""
    if not piece.many:
        yield ()
        return
    ours, place = tuple_(_ROWS.occurred_at, _ROWS.id), None
    while True:
        after = () if place is None else (ours > _theirs(place),)
        here = select(_ROWS.occurred_at, _ROWS.id).select_from(piece.source).where(*piece.bounds, *after)
        # not a jump: the rows skipped are the ones that are added up next
        end = connection.execute(here.order_by(_ROWS.occurred_at, _ROWS.id).limit(1).offset(size - 1)).first()
        if end is None:
            yield after
            return
        yield (*after, ours <= _theirs(tuple(end)))
        place = tuple(end)


def _theirs(place: _Place) -> ColumnElement[Any]:
    columns = (_ROWS.occurred_at, _ROWS.id)
    bound = (
        bindparam(None, value, type_=column.type, unique=True) for column, value in zip(columns, place, strict=True)
    )
    return tuple_(*bound)


def _order(currency: Currency) -> tuple[str, str, str]:
    return currency.symbol, currency.chain, currency.contract
