"""Bitcoin Core's list of transactions: one row for each output that it thinks of as a payment.

A fee is contained in the first row of a transaction that spends, and not told apart: balances are exact, fees unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from aether_desktop.sum_api import (
    Direction,
    HeadedTable,
    ImportRefusedError,
    Leg,
    Movement,
    Rejection,
    SowingContext,
    TransactionStatus,
    plain_line,
)
from aether_desktop.sums.sowing.headings import Columns, Shape, Shaped, Wanted, require_bitcoin
from aether_desktop.sums.sowing.values import (
    MAX_METHOD,
    Addresses,
    RowError,
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
        Wanted("confirmed", ("Confirmed",)),
        Wanted("watched", ("Watch-only",), required=False),
        Wanted("date", ("Date",)),
        Wanted("type", ("Type",)),
        Wanted("label", ("Label",)),
        Wanted("address", ("Address",)),
        Wanted("amount", ("Amount (*)",)),
        Wanted("id", ("ID",)),
    )
)
_DECIMALS: Mapping[str, int] = MappingProxyType(
    {
        "btc": 8, "tbtc": 8, "mbtc": 5, "\u00b5btc": 2, "\u03bcbtc": 2, "ubtc": 2, "bits": 2,
        "sat": 0, "sats": 0, "satoshi": 0,
    }
)  # fmt: skip
_TO_ITSELF = frozenset({"payment to yourself", "sent to yourself"})
_SENT, _RECEIVED = ("sent to",), ("received with", "received from", "mined")
_TRUTH: Mapping[str, bool] = MappingProxyType({"true": True, "1": True, "yes": True, "false": False, "0": False})


class BitcoinCore(Shaped):
    """Times are written in the zone of the computer it ran on: ``context.zone_minutes``."""

    key = "bitcoin.core"
    title = "Bitcoin Core transactions"
    shape = _SHAPE

    def read(self, table: HeadedTable, context: SowingContext) -> Iterator[Movement | Rejection]:
        require_bitcoin(context, self.title)
        columns = _SHAPE.columns(table.heading)
        unit = columns.units.get("amount", "").casefold()
        if unit not in _DECIMALS:
            raise ImportRefusedError(f"Amount: the unit “{plain_line(unit, 20)}” is not known.", field="Amount")
        return read_rows(table, columns.width, _Rows(columns, context, _DECIMALS[unit]))


class _Rows:
    def __init__(self, columns: Columns, context: SowingContext, decimals: int) -> None:
        self._columns = columns
        self._decimals = decimals
        self._coin = context.currency(context.chain.symbol, "", "")
        self._zone = zone_of(context.zone_minutes)
        self._address = Addresses(context.chain)

    def __call__(self, number: int, cells: Sequence[str]) -> tuple[Movement]:
        cell = partial(self._columns.text, cells)
        # Amounts that do not count yet may stand in brackets.
        change = signed_amount(cell("amount").removeprefix("[").removesuffix("]"), self._decimals, "Amount")
        kind = cell("type")
        direction, units, fee = _moved(kind.casefold(), change)
        other = "" if cell("address").casefold() in {"", "(n/a)"} else self._address(cell("address"), "Address")
        label, note = label_and_note(cell("label"), "", "Label")
        watched = self._columns.has("watched") and _truth(cell("watched"), "Watch-only")
        return (
            Movement(
                row=number,
                occurred_at=moment(cell("date"), "Date", zone=self._zone),
                tx_hash=_transaction_id(cell("id")),
                kind=kind_of(direction, units),
                leg=Leg.NORMAL,
                direction=direction,
                status=_status(cell("confirmed")),
                units=units,
                currency=self._coin,
                fee_units=fee,
                fee_currency=None if fee is None else self._coin,
                # The address is the wallet's own where it received, else the receiver's.
                to_address=other,
                method=plain_line(kind, MAX_METHOD),
                description="Watch-only address." if watched else "",
                label=label,
                note=note,
            ),
        )


def _moved(kind: str, change: int) -> tuple[Direction, int, int | None]:
    """Direction, units and fee. A payment to oneself shows its net effect, which is the fee."""
    if kind in _TO_ITSELF and change <= 0:
        return Direction.SELF, 0, -change or None
    if kind.startswith(_SENT) and change > 0:
        raise RowError(f"Amount: it is positive, but the type is “{plain_line(kind, 40)}”.")
    if kind.startswith(_RECEIVED) and change < 0:
        raise RowError(f"Amount: it is negative, but the type is “{plain_line(kind, 40)}”.")
    if change < 0 or kind.startswith(_SENT):
        return Direction.OUT, -change, None
    return Direction.IN, change, None


def _status(text: str) -> TransactionStatus:
    return TransactionStatus.CONFIRMED if _truth(text, "Confirmed") else TransactionStatus.PENDING


def _truth(text: str, column: str) -> bool:
    known = _TRUTH.get(text.casefold())
    if known is None:
        raise RowError(f"{column}: “{plain_line(text, 40)}” is neither true nor false.")
    return known


def _transaction_id(text: str) -> str:
    """Older versions append the number of the output: 64 digits, hyphen, three digits."""
    head, mark, output = text.partition("-")
    if mark and output.isascii() and output.isdigit():
        text = head
    return bitcoin_hash(text, "ID")
