"""Which index of the ledger gives the rows of one value in the order of time (schema/transactions.py declares them).

A *branch* is a condition that such an index serves as it stands. The branches of a value share no row, so the rows of
several values are the merge of their branches, and an engine merges as it goes: the first page costs the first page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, literal_column

from aether_desktop.domain.transactions import Direction, Leg, TransactionKind, TransactionStatus
from aether_desktop.storage.schema import TRANSACTIONS

Branches = list[ColumnElement[bool]]
_C = TRANSACTIONS.c
_EMPTY: ColumnElement[str] = literal_column("''")  # what an index says in its WHERE, a question says in the same words


def filled(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """As the partial indexes say it."""
    return column != _EMPTY


def branches_of(key: str, values: Sequence[Any]) -> Branches | None:
    """The rows in which the column ``key`` of ports/tables.py has one of the values; None: no index says it."""
    way = _WAYS.get(key)
    if way is None:
        return None
    found: Branches = []
    for value in values:
        branches = way(value)
        if branches is None:
            return None
        found += branches
    if key == "asset":
        found += _paid_in(values)
    return found


def _of(column: ColumnElement[Any]) -> Callable[[Any], Branches]:
    return lambda value: [column == value]


def _kind(value: Any) -> Branches:
    return [and_(_C.kind == TransactionKind(value), _C.direction == direction) for direction in Direction]


def _direction(value: Any) -> Branches:
    return [and_(_C.kind == kind, _C.direction == Direction(value)) for kind in TransactionKind]


def _status(value: Any) -> Branches | None:
    """Nearly every row is confirmed: those are met at every step of the order itself."""
    if value == TransactionStatus.CONFIRMED:
        return None
    return [and_(_C.status != literal_column("'confirmed'"), _C.status == TransactionStatus(value))]


def _leg(value: Any) -> Branches | None:
    return None if value == Leg.NORMAL else [and_(_C.leg != literal_column("'normal'"), _C.leg == Leg(value))]


def _verified(value: Any) -> Branches | None:
    return [literal_column("transactions.ai_verified")] if value else None


def _filled_and(column: ColumnElement[Any]) -> Callable[[Any], Branches | None]:
    return lambda value: [and_(filled(column), column == value)] if value else None


def _side(column: ColumnElement[Any]) -> Callable[[Any], Branches]:
    """From or to: an address that is the other side is found there."""
    return lambda value: [
        and_(column != _C.counterparty, column == value),
        and_(_C.counterparty == value, same(column)),
    ]


def same(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """The column is the other side; tested on the way."""
    return column == _C.counterparty


def _paid_in(values: Sequence[Any]) -> Branches:
    """Rows of other currencies that pay their fee in one of these."""
    others = and_(_C.fee_currency_id != _C.currency_id, _C.currency_id.not_in(values))
    return [and_(others, _C.fee_currency_id == value) for value in values]


_WAYS: Mapping[str, Callable[[Any], Branches | None]] = {
    "wallet": _of(_C.wallet_id),
    "chain": _of(_C.wallet_id),
    "symbol": _of(_C.currency_id),
    "asset": _of(_C.currency_id),
    "batch": _of(_C.batch_id),
    "counterparty": _of(_C.counterparty),
    "from_address": _side(_C.from_address),
    "to_address": _side(_C.to_address),
    "contract_address": _filled_and(_C.contract_address),
    "method": _filled_and(_C.method),
    "layer2_kind": _filled_and(_C.layer2_kind),
    "kind": _kind,
    "direction": _direction,
    "status": _status,
    "leg": _leg,
    "ai_verified": _verified,
}
