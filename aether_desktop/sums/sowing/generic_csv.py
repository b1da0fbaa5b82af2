"""Any table, once a person has said which column holds what.

What moved and which way, in this order: two columns for sent and received; a column for the direction; the sign of the
amount; the addresses, when the wallet is one of them. They must not contradict each other. A fee counts when the
wallet paid it: on what it sent, and on what it received only where no sender is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from aether_desktop.sum_api import (
    GENERIC_FIELDS,
    Currency,
    Direction,
    HeadedTable,
    ImportRefusedError,
    Leg,
    Movement,
    Rejection,
    SowingContext,
    plain_line,
)
from aether_desktop.sums.sowing.headings import folded
from aether_desktop.sums.sowing.values import (
    MAX_DESCRIPTION,
    Addresses,
    Currencies,
    RowError,
    amount,
    any_hash,
    block_number,
    foreign_coin,
    kind_of,
    label_and_note,
    moment,
    read_rows,
    short_text,
    signed_amount,
    status_of,
    wrong_wallet,
    zone_of,
)

_IN = frozenset({"in", "incoming", "received", "receive", "deposit", "credit", "buy", "reward", "mined", "+"})
_OUT = frozenset({"out", "outgoing", "sent", "send", "withdrawal", "withdraw", "debit", "sell", "payment", "-"})
_SELF = frozenset({"self", "internal", "to self"})


class GenericCsv:
    """Recognises nothing by itself; ``context.mapping`` says which heading holds which field."""

    key = "generic.csv"
    title = "Generic CSV"

    def recognises(self, heading: Sequence[str]) -> bool:  # noqa: ARG002 - the protocol's form
        return False

    def read(self, table: HeadedTable, context: SowingContext) -> Iterator[Movement | Rejection]:
        columns = _mapped(table.heading, context)
        return read_rows(table, 1 + max(columns.values()), _Rows(columns, context))


def _mapped(heading: Sequence[str], context: SowingContext) -> dict[str, int]:
    """Positions by field. Raises ImportRefusedError naming the field."""
    if context.mapping is None or not context.mapping.columns:
        raise ImportRefusedError(
            "The generic CSV needs to know which column holds what.", field="mapping", hint="Map the columns first."
        )
    names = [folded(name) for name in heading]
    columns: dict[str, int] = {}
    for field, name in context.mapping.columns.items():
        if field not in GENERIC_FIELDS:
            raise ImportRefusedError(
                f"{plain_line(field, 40)} is no field that a column can be mapped to.",
                field="mapping",
                hint=f"Fields: {', '.join(GENERIC_FIELDS)}.",
            )
        if not name:
            continue
        if names.count(folded(name)) != 1:
            problem = "is there more than once" if folded(name) in names else "is not there"
            raise ImportRefusedError(f"The column {plain_line(name, 80)} ({field}) {problem}.", field=field)
        columns[field] = names.index(folded(name))
    if "occurred_at" not in columns:
        raise ImportRefusedError("Say which column holds the time.", field="occurred_at")
    if columns.keys().isdisjoint({"amount", "sent_amount", "received_amount"}):
        raise ImportRefusedError("Say which column holds the amount.", field="amount")
    if "amount" in columns and not columns.keys().isdisjoint({"sent_amount", "received_amount"}):
        raise ImportRefusedError(
            "Map either one column to the amount, or columns to what was sent and received, not both.", field="amount"
        )
    return columns


class _Side(NamedTuple):
    direction: Direction
    units: int
    currency: Currency


class _Rows:
    def __init__(self, columns: dict[str, int], context: SowingContext) -> None:
        self._columns = columns
        self._chain = context.chain
        self._wallet = context.wallet_address
        self._zone = zone_of(context.zone_minutes)
        self._day_first = context.mapping.day_first if context.mapping is not None else None
        self._currency = Currencies(context.currency)
        self._address = Addresses(context.chain)

    def __call__(self, number: int, cells: Sequence[str]) -> list[Movement]:
        texts = {field: cells[place].strip() for field, place in self._columns.items()}
        get = texts.get
        sender = self._address(texts["from_address"], "from_address") if get("from_address") else ""
        receiver = self._address(texts["to_address"], "to_address") if get("to_address") else ""
        currency = self._coin_or_token(get("symbol", ""))
        if "amount" in texts:
            sides = [self._one_amount(texts, currency, sender, receiver)]
        else:
            sides = self._two_amounts(texts, currency)
        label, note = label_and_note(get("label", ""), "", "label")
        fee = self._fee(texts)
        movements = []
        for side in sides:
            paid = fee if side.direction is not Direction.IN or (len(sides) == 1 and not sender) else None
            movements.append(
                Movement(
                    row=number,
                    occurred_at=moment(texts["occurred_at"], "occurred_at", zone=self._zone, day_first=self._day_first),
                    tx_hash=any_hash(get("tx_hash", ""), "tx_hash"),
                    kind=kind_of(side.direction, side.units),
                    leg=Leg.TRADE if len(sides) > 1 else Leg.TOKEN if side.currency.contract else Leg.NORMAL,
                    direction=side.direction,
                    status=status_of(get("status", ""), "status"),
                    units=side.units,
                    currency=side.currency,
                    fee_units=paid[0] if paid else None,
                    fee_currency=paid[1] if paid else None,
                    from_address=sender,
                    to_address=receiver,
                    block_number=block_number(get("block_number", ""), "block_number"),
                    description=short_text(get("description", ""), MAX_DESCRIPTION, "description"),
                    label=label,
                    note=note,
                )
            )
        return movements

    def _coin_or_token(self, symbol: str) -> Currency:
        if not symbol or symbol.casefold() == self._chain.symbol.casefold():
            return self._currency(self._chain.symbol)
        other = foreign_coin(symbol, self._chain)
        if other is not None:
            raise RowError(f"{other.symbol} is the coin of {other.name}; this wallet is on {self._chain.name}.")
        return self._currency(symbol)

    def _two_amounts(self, texts: dict[str, str], currency: Currency) -> list[_Side]:
        sides = []
        for field, direction in (("sent_amount", Direction.OUT), ("received_amount", Direction.IN)):
            text = texts.get(field, "")
            units = amount(text, currency.decimals, field) if text else 0
            if units:
                sides.append(_Side(direction, units, currency))
        if not sides:
            if not (texts.get("sent_amount") or texts.get("received_amount")):
                raise RowError("sent_amount, received_amount: the amount is missing.")
            sides.append(_Side(Direction.OUT if texts.get("sent_amount") else Direction.IN, 0, currency))
        return sides

    def _one_amount(self, texts: dict[str, str], currency: Currency, sender: str, receiver: str) -> _Side:
        signed = signed_amount(texts["amount"], currency.decimals, "amount")
        said = _direction(texts.get("direction", ""))
        by_address = self._by_address(sender, receiver)
        if said is Direction.IN and signed < 0:
            raise RowError("amount: it is negative, but the direction says that it was received.")
        if by_address not in {None, said, Direction.SELF} and said not in {None, Direction.SELF}:
            raise RowError("direction: it contradicts the addresses.")
        if by_address is Direction.IN and signed < 0:
            raise RowError("amount: it is negative, but the wallet is the receiver.")
        if by_address is Direction.SELF or said is Direction.SELF:
            return _Side(Direction.SELF, abs(signed), currency)
        direction = said or by_address or (Direction.OUT if signed < 0 else Direction.IN)
        return _Side(direction, abs(signed), currency)

    def _by_address(self, sender: str, receiver: str) -> Direction | None:
        wallet = self._wallet
        if not wallet or not (sender or receiver):
            return None
        if sender == wallet:
            return Direction.SELF if receiver == wallet else Direction.OUT
        if receiver == wallet:
            return Direction.IN
        if sender and receiver:
            raise wrong_wallet(sender, receiver, wallet)
        return None

    def _fee(self, texts: dict[str, str]) -> tuple[int, Currency] | None:
        text = texts.get("fee", "")
        if not text:
            return None
        currency = self._coin_or_token(texts.get("fee_symbol", ""))
        units = amount(text, currency.decimals, "fee")
        return (units, currency) if units else None


def _direction(text: str) -> Direction | None:
    word = text.casefold()
    if not word:
        return None
    for words, direction in ((_IN, Direction.IN), (_OUT, Direction.OUT), (_SELF, Direction.SELF)):
        if word in words:
            return direction
    raise RowError(f"direction: “{plain_line(text, 40)}” is neither in, out nor self.")
