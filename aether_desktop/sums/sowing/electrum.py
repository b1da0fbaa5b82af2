"""Electrum's history: each row is the net change of the wallet, a fee it paid included.

Newer versions tell the change on the chain from the one in Lightning channels; a row with both makes two movements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from aether_desktop.sum_api import (
    Direction,
    HeadedTable,
    Leg,
    Movement,
    Rejection,
    SowingContext,
    TransactionStatus,
    to_micros,
)
from aether_desktop.sums.sowing.headings import Columns, Shape, Shaped, Wanted, require_bitcoin
from aether_desktop.sums.sowing.values import (
    RowError,
    amount,
    bitcoin_hash,
    kind_of,
    label_and_note,
    moment,
    read_rows,
    signed_amount,
    zone_of,
)

_SHAPE = Shape(
    (
        Wanted("hash", ("transaction_hash", "oc_transaction_hash")),
        Wanted("payment", ("ln_payment_hash",), required=False),
        Wanted("label", ("label",)),
        Wanted("confirmations", ("confirmations",), required=False),
        Wanted("value", ("value", "amount_chain_bc")),
        Wanted("lightning", ("amount_lightning_bc",), required=False),
        Wanted("fee", ("fee", "network_fee_bc"), required=False),
        Wanted("satoshi", ("network_fee_satoshi",), required=False),
        Wanted("time", ("timestamp",)),
    )
)
_NOTHING = frozenset({"", "no data", "none", "unknown"})
_NOT_YET = frozenset({"", "----", "unconfirmed", "unverified", "unknown", "pending", "none"})


class Electrum(Shaped):
    """Times are written in the zone of the computer it ran on: ``context.zone_minutes``.

    A transaction without a time is pending and gets the time of the import. A fee of zero means "unknown" there.
    """

    key = "electrum.history"
    title = "Electrum history"
    shape = _SHAPE

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now

    def read(self, table: HeadedTable, context: SowingContext) -> Iterator[Movement | Rejection]:
        require_bitcoin(context, self.title)
        columns = _SHAPE.columns(table.heading)
        return read_rows(table, columns.width, _Rows(columns, context, to_micros(self._now())))


class _Rows:
    def __init__(self, columns: Columns, context: SowingContext, now: int) -> None:
        self._columns = columns
        self._coin = context.currency(context.chain.symbol, "", "")
        self._zone = zone_of(context.zone_minutes)
        self._now = now

    def __call__(self, number: int, cells: Sequence[str]) -> list[Movement]:
        cell = partial(self._columns.text, cells)
        on_chain = self._change(cell("value"), "value")
        lightning = self._change(cell("lightning"), "amount_lightning_bc")
        if on_chain is None and not lightning:
            raise RowError("value: the amount is missing.")
        status, occurred_at = self._when(cell("confirmations"), cell("time"))
        tx_hash = bitcoin_hash(cell("hash"), "transaction_hash") if cell("hash") else ""
        payment = bitcoin_hash(cell("payment"), "ln_payment_hash") if cell("payment") else ""
        if not (tx_hash or payment):
            raise RowError("transaction_hash: it is missing.")
        label, note = label_and_note(cell("label"), "", "label")
        movements = []
        for change, leg, method in ((on_chain, Leg.NORMAL, ""), (lightning, Leg.INTERNAL, "lightning")):
            if change is None or (not change and (leg is Leg.INTERNAL or lightning)):
                continue
            fee = self._fee(cell("fee"), cell("satoshi"), change) if leg is Leg.NORMAL else None
            direction, units = _moved(change, fee)
            movements.append(
                Movement(
                    row=number,
                    occurred_at=occurred_at,
                    tx_hash=tx_hash if leg is Leg.NORMAL else payment or tx_hash,
                    kind=kind_of(direction, units),
                    leg=leg,
                    direction=direction,
                    status=status,
                    units=units,
                    currency=self._coin,
                    fee_units=fee,
                    fee_currency=None if fee is None else self._coin,
                    method=method,
                    label=label,
                    note=note,
                )
            )
        return movements

    def _change(self, text: str, column: str) -> int | None:
        return None if text.casefold() in _NOTHING else signed_amount(text, self._coin.decimals, column)

    def _fee(self, text: str, satoshi: str, change: int) -> int | None:
        """What this wallet paid of the fee: nothing where it received, and never more than it lost."""
        if text.casefold() not in _NOTHING:
            fee = amount(text, self._coin.decimals, "fee")
        elif satoshi.casefold() not in _NOTHING:
            fee = amount(satoshi, 0, "network_fee_satoshi")
        else:
            return None
        return min(fee, -change) if fee and change < 0 else None

    def _when(self, confirmations: str, time: str) -> tuple[TransactionStatus, int]:
        settled = TransactionStatus.CONFIRMED
        if self._columns.has("confirmations"):
            digits = confirmations.removeprefix("-").replace(",", "")
            if digits and not (digits.isascii() and digits.isdigit()):
                raise RowError("confirmations: this is no whole number.")
            # Lightning payments have no confirmations; they are settled when they have a time.
            if confirmations.startswith("-") or (digits and not digits.strip("0")):
                settled = TransactionStatus.PENDING
        if time.casefold() in _NOT_YET:
            return TransactionStatus.PENDING, self._now
        return settled, moment(time, "timestamp", zone=self._zone)


def _moved(change: int, fee: int | None) -> tuple[Direction, int]:
    if change >= 0:
        return Direction.IN, change
    units = -change - (fee or 0)
    return (Direction.OUT, units) if units else (Direction.SELF, 0)
