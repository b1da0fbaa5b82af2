"""Koinly's universal form: what was sent, received and paid as a fee, in one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from aether_desktop.sum_api import (
    Currency,
    Direction,
    HeadedTable,
    Leg,
    Movement,
    Rejection,
    SowingContext,
    TransactionStatus,
)
from aether_desktop.sums.sowing.headings import Columns, Shape, Shaped, Wanted
from aether_desktop.sums.sowing.values import (
    MAX_DESCRIPTION,
    Currencies,
    RowError,
    amount,
    any_hash,
    foreign_coin,
    kind_of,
    label_and_note,
    moment,
    read_rows,
    short_text,
    zone_of,
)

# Koinly's own list of transactions names both wallets of a row; it would bring other wallets' rows into this one.
_SHAPE = Shape(
    (
        Wanted("date", ("Date",)),
        Wanted("sent", ("Sent Amount",)),
        Wanted("sent_currency", ("Sent Currency",)),
        Wanted("received", ("Received Amount",)),
        Wanted("received_currency", ("Received Currency",)),
        Wanted("fee", ("Fee Amount",)),
        Wanted("fee_currency", ("Fee Currency",)),
        Wanted("label", ("Label", "Tag"), required=False),
        Wanted("description", ("Description",), required=False),
        Wanted("hash", ("TxHash", "Tx Hash"), required=False),
    ),
    foreign=("Sending Wallet", "Receiving Wallet", "From Wallet", "To Wallet"),
)


class KoinlyUniversal(Shaped):
    """One row makes up to two movements; its fee goes with what was sent, else it is a movement of its own."""

    key = "koinly.universal"
    title = "Koinly universal"
    shape = _SHAPE

    def read(self, table: HeadedTable, context: SowingContext) -> Iterator[Movement | Rejection]:
        columns = _SHAPE.columns(table.heading)
        return read_rows(table, columns.width, _Rows(columns, context))


class _Rows:
    def __init__(self, columns: Columns, context: SowingContext) -> None:
        self._columns = columns
        self._chain = context.chain
        self._zone = zone_of(context.zone_minutes)
        self._currency = Currencies(context.currency)

    def __call__(self, number: int, cells: Sequence[str]) -> list[Movement]:
        cell = partial(self._columns.text, cells)
        sent = self._side(cell("sent"), cell("sent_currency"), "Sent Amount")
        received = self._side(cell("received"), cell("received_currency"), "Received Amount")
        fee = self._side(cell("fee"), cell("fee_currency"), "Fee Amount")
        if sent is None and received is None and fee is None:
            raise RowError("The row says neither what was sent, nor what was received, nor a fee.")
        if sent is not None and received is not None and not (sent[0] and received[0]):
            sent, received = (sent, None) if sent[0] or not received[0] else (None, received)  # zero says "nothing"
        label, note = label_and_note(cell("label"), "", "Label")
        common = Movement(
            row=number,
            occurred_at=moment(cell("date"), "Date", zone=self._zone),
            tx_hash=any_hash(cell("hash"), "TxHash"),
            kind=kind_of(Direction.OUT, 0),
            leg=Leg.NORMAL,
            direction=Direction.OUT,
            status=TransactionStatus.CONFIRMED,
            units=0,
            currency=self._chain.coin,
            description=short_text(cell("description"), MAX_DESCRIPTION, "Description"),
            label=label,
            note=note,
        )
        leg = Leg.TRADE if sent is not None and received is not None else Leg.NORMAL
        movements = []
        if sent is not None:
            movements.append(_moved(common, sent, Direction.OUT, leg))
            if fee is not None:
                movements[0] = movements[0]._replace(fee_units=fee[0], fee_currency=fee[1])
        if received is not None:
            movements.append(_moved(common, received, Direction.IN, leg))
        if sent is None and fee is not None:
            movements.append(common._replace(leg=Leg.FEE, currency=fee[1], fee_units=fee[0], fee_currency=fee[1]))
        return movements

    def _side(self, figure: str, symbol: str, column: str) -> tuple[int, Currency] | None:
        """Units and currency; None where nothing is said, or zero of nothing."""
        if not figure and not symbol:
            return None
        if not symbol:
            if not figure.strip("0."):
                return None
            raise RowError(f"{column}: the currency is missing.")
        if not figure:
            return None
        chain = foreign_coin(symbol, self._chain)
        if chain is not None:
            raise RowError(f"{symbol} is the coin of {chain.name}; this wallet is on {self._chain.name}.")
        own = symbol.casefold() == self._chain.symbol.casefold()
        currency = self._currency(self._chain.symbol if own else symbol)
        units = amount(figure, currency.decimals, column)
        return (units, currency) if units or column != "Fee Amount" else None


def _moved(common: Movement, side: tuple[int, Currency], direction: Direction, leg: Leg) -> Movement:
    units, currency = side
    return common._replace(kind=kind_of(direction, units), leg=leg, direction=direction, units=units, currency=currency)
