"""The three exports of Etherscan and of the scanners of other chains built like it.

What was decided where the file leaves room: the sender pays the fee, so a sender's row whose fee cannot be read is
refused (the balance would be wrong for ever), while a receiver's fee is not looked at. UnixTimestamp holds; DateTime
must agree with it within a day wherever it can be read. A failed row keeps the amount as tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from aether_desktop.sum_api import (
    AddressFamily,
    Chain,
    Currency,
    Direction,
    HeadedTable,
    HeadingFit,
    ImportRefusedError,
    InvalidTimeError,
    Leg,
    Movement,
    Rejection,
    SowingContext,
    TransactionStatus,
    parse_time,
    plain_line,
    to_micros,
)
from aether_desktop.sums.sowing.headings import Columns, Shape, Shaped, Wanted, require_coin
from aether_desktop.sums.sowing.values import (
    MAX_ERROR,
    MAX_METHOD,
    MAX_NOTE,
    Addresses,
    Currencies,
    RowError,
    amount,
    block_number,
    evm_hash,
    kind_of,
    moment,
    read_rows,
    short_text,
    status_of,
    wrong_wallet,
)

_HASH = Wanted("hash", ("Transaction Hash", "Txhash"))
_BLOCK = Wanted("block", ("Blockno", "BlockNumber", "Block"), required=False)
_UNIX = Wanted("unix", ("UnixTimestamp",), required=False)
_TIME = Wanted("time", ("DateTime (UTC)", "DateTime"), required=False)
_FROM = Wanted("from", ("From",))
_CONTRACT = Wanted("contract", ("ContractAddress",), required=False)
_VALUE_IN, _VALUE_OUT = Wanted("in", ("Value_IN(*)",)), Wanted("out", ("Value_OUT(*)",))
_STATUS, _ERROR = Wanted("status", ("Status",)), Wanted("error", ("ErrCode",), required=False)
_NOTE = Wanted("note", ("PrivateNote",), required=False)
_NORMAL = Shape(
    (
        _HASH, _BLOCK, _UNIX, _TIME, _FROM, Wanted("to", ("To",)), _CONTRACT, _VALUE_IN, _VALUE_OUT,
        Wanted("fee", ("TxnFee(*)",)), _STATUS, _ERROR, Wanted("method", ("Method",), required=False), _NOTE,
    ),
    foreign=("ParentTxFrom", "ParentTxTo", "TxTo", "TokenValue", "TokenSymbol", "TokenId"),
)  # fmt: skip
_INTERNAL = Shape(
    (
        _HASH, _BLOCK, _UNIX, _TIME, Wanted("parent", ("ParentTxFrom",)), _FROM, Wanted("to", ("TxTo",)), _CONTRACT,
        _VALUE_IN, _VALUE_OUT, _STATUS, _ERROR, Wanted("method", ("Type",), required=False), _NOTE,
    ),
    foreign=("TokenValue", "TokenSymbol", "TokenId"),
)  # fmt: skip
_ERC20 = Shape(
    (
        _HASH, _BLOCK, _UNIX, _TIME, _FROM, Wanted("to", ("To",)), Wanted("value", ("TokenValue", "Value")),
        Wanted("contract", ("ContractAddress",)), Wanted("name", ("TokenName",), required=False),
        Wanted("symbol", ("TokenSymbol",)), _NOTE,
    ),
    foreign=("TokenId", "ParentTxFrom", "TxTo"),
)  # fmt: skip
_WITH_TIME = Shape((Wanted("one", ("UnixTimestamp", "DateTime (UTC)", "DateTime")),))
_DAY = 86_400
_LAST_FAST = 4_102_444_800  # 2100: later ones, and earlier ones than 1973, go through the full check
_MILLION = 1_000_000
_MAX_DAYS = 1 << 15


class _Explorer(Shaped):
    """What the three modules share."""

    key = ""
    title = ""

    def recognises(self, heading: Sequence[str]) -> bool:
        return super().recognises(heading) and _WITH_TIME.fits(heading)

    def compare(self, heading: Sequence[str]) -> HeadingFit:
        fit, time = super().compare(heading), _WITH_TIME.compare(heading)
        return HeadingFit(fit.found + time.found, fit.missing + time.missing)


class EtherscanNormal(_Explorer):
    """Transactions of an account: value and fee in the chain's coin."""

    key = "etherscan.normal"
    title = "Etherscan transactions"
    shape = _NORMAL

    def read(self, table: HeadedTable, context: SowingContext) -> Iterator[Movement | Rejection]:
        columns = self.shape.columns(table.heading)
        require_coin(columns, ("in", "out", "fee"), context.chain, context.wallet_name)
        return read_rows(table, columns.width, _CoinRows(columns, context, Leg.NORMAL))


class EtherscanInternal(_Explorer):
    """Value moved by contracts; whoever sent the outer transaction paid the fee, which is in the other export."""

    key = "etherscan.internal"
    title = "Etherscan internal transactions"
    shape = _INTERNAL

    def read(self, table: HeadedTable, context: SowingContext) -> Iterator[Movement | Rejection]:
        columns = self.shape.columns(table.heading)
        require_coin(columns, ("in", "out"), context.chain, context.wallet_name)
        return read_rows(table, columns.width, _CoinRows(columns, context, Leg.INTERNAL))


class EtherscanErc20(_Explorer):
    """Token transfers. The file does not say a token's decimals: an unknown one gets assumed decimals."""

    key = "etherscan.erc20"
    title = "Etherscan ERC-20 transfers"
    shape = _ERC20

    def read(self, table: HeadedTable, context: SowingContext) -> Iterator[Movement | Rejection]:
        columns = self.shape.columns(table.heading)
        return read_rows(table, columns.width, _TokenRows(columns, context))


class _Times:
    """The time of a row: seconds, and a day that must agree."""

    def __init__(self, columns: Columns) -> None:
        self._unix = columns["unix"]
        self._time = columns["time"]
        self._days: dict[str, int] = {}

    def __call__(self, cells: Sequence[str]) -> int:
        unix = cells[self._unix] if self._unix >= 0 else ""
        if len(unix) == 10 and unix.isascii() and unix.isdigit() and (seconds := int(unix)) < _LAST_FAST:
            micros = seconds * _MILLION
        elif unix.strip():
            micros = moment(unix, "UnixTimestamp")
            seconds = micros // _MILLION
        elif self._time >= 0:
            return moment(cells[self._time], "DateTime", day_first=False)
        else:
            raise RowError("UnixTimestamp: the time is missing.")
        if self._time >= 0:
            written = cells[self._time]
            if written and self._days.get(written[:10]) != seconds // _DAY:
                self._require_agreement(seconds, written)
        return micros

    def _require_agreement(self, seconds: int, written: str) -> None:
        if len(written) == 19 and written[4] == "-":
            try:
                day = date.fromisoformat(written[:10])
            except ValueError:
                day = None
            if day is not None:
                if len(self._days) >= _MAX_DAYS:
                    self._days.clear()
                self._days[written[:10]] = (day - date(1970, 1, 1)).days
        readings = []
        for day_first in (False, True):
            try:
                readings.append(to_micros(parse_time(written, day_first=day_first)) // _MILLION)
            except InvalidTimeError:
                continue
        if readings and all(abs(reading - seconds) > _DAY for reading in readings):
            raise RowError(f"UnixTimestamp and DateTime ({plain_line(written, 40)}) are more than a day apart.")


class _Rows:
    """Times, addresses and direction of a row."""

    def __init__(self, columns: Columns, context: SowingContext) -> None:
        if context.chain.family is not AddressFamily.EVM:
            raise ImportRefusedError(
                f"This file comes from a scanner of EVM chains, but the wallet {context.wallet_name} is on "
                f"{context.chain.name}: it belongs to another chain or wallet."
            )
        self._chain: Chain = context.chain
        self._wallet = context.wallet_address
        self._address = Addresses(context.chain)
        self._time = _Times(columns)
        self._hash, self._block, self._note = columns["hash"], columns["block"], columns["note"]
        self._from, self._to, self._contract = columns["from"], columns["to"], columns["contract"]

    def _direction(self, sender: str, receiver: str) -> Direction:
        wallet = self._wallet
        if sender == wallet:
            return Direction.SELF if receiver == wallet else Direction.OUT
        if receiver == wallet:
            return Direction.IN
        raise wrong_wallet(sender, receiver, wallet)

    def _block_of(self, cells: Sequence[str]) -> int | None:
        if self._block < 0:
            return None
        text = cells[self._block]
        if len(text) < 19 and text.isascii() and text.isdigit():
            return int(text)
        return block_number(text, "Blockno")

    def _note_of(self, cells: Sequence[str]) -> str:
        return short_text(cells[self._note].strip(), MAX_NOTE, "PrivateNote") if self._note >= 0 else ""


class _CoinRows(_Rows):
    """Rows of the normal and the internal export."""

    def __init__(self, columns: Columns, context: SowingContext, leg: Leg) -> None:
        super().__init__(columns, context)
        self._leg = leg
        self._coin: Currency = context.currency(context.chain.symbol, "", "")
        self._in, self._out = columns["in"], columns["out"]
        self._status, self._error, self._method = columns["status"], columns["error"], columns["method"]
        self._fee = columns["fee"] if leg is Leg.NORMAL else -1
        self._to_name = "To" if leg is Leg.NORMAL else "TxTo"

    def __call__(self, number: int, cells: Sequence[str]) -> tuple[Movement]:
        sender = self._address(cells[self._from], "From")
        to_text, contract_text = cells[self._to], cells[self._contract] if self._contract >= 0 else ""
        contract = self._address(contract_text, "ContractAddress") if contract_text.strip() else ""
        # A creation has no receiver but the contract that comes to be.
        receiver = "" if contract and not to_text.strip() else self._address(to_text, self._to_name)
        direction = self._direction(sender, receiver or contract)
        units = self._value(cells, direction)
        status, error = self._outcome(cells)
        fee = None
        if self._fee >= 0 and direction is not Direction.IN:
            fee = amount(cells[self._fee], self._coin.decimals, "TxnFee")
        return (
            tuple.__new__(
                Movement,
                (
                    number,
                    self._time(cells),
                    evm_hash(cells[self._hash], "Transaction Hash"),
                    kind_of(direction, units),
                    self._leg,
                    direction,
                    status,
                    units,
                    self._coin,
                    fee,
                    None if fee is None else self._coin,
                    sender,
                    receiver,
                    contract,
                    self._block_of(cells),
                    plain_line(cells[self._method], MAX_METHOD) if self._method >= 0 else "",
                    error,
                    "",
                    "",
                    self._note_of(cells),
                ),
            ),
        )

    def _value(self, cells: Sequence[str], direction: Direction) -> int:
        """From the column of the row's direction; the other must be empty, zero or the same."""
        decimals = self._coin.decimals
        came_text, went_text = cells[self._in], cells[self._out]
        if not came_text.strip() and not went_text.strip():
            raise RowError("Value_IN, Value_OUT: the amount is missing.")
        came = 0 if came_text in {"0", ""} else amount(came_text, decimals, "Value_IN")
        went = 0 if went_text in {"0", ""} else amount(went_text, decimals, "Value_OUT")
        if came and went and came != went:
            raise RowError(f"Value_IN ({_shown(came_text)}) and Value_OUT ({_shown(went_text)}) contradict each other.")
        if direction is Direction.SELF:
            return came or went
        units, other = (came, went) if direction is Direction.IN else (went, came)
        if other and not units:
            raise RowError(
                "The amount stands in the column for the other direction: From and To say that it was "
                + ("received." if direction is Direction.IN else "sent.")
            )
        return units

    def _outcome(self, cells: Sequence[str]) -> tuple[TransactionStatus, str]:
        word = cells[self._status]
        code = cells[self._error].strip() if self._error >= 0 else ""
        if not code and word in {"", "0"}:
            return TransactionStatus.CONFIRMED, ""
        word = word.strip()
        if code or word == "1":
            said = f"{word}: {code}" if word not in {"", "0", "1"} and code else code or "failed"
            return TransactionStatus.FAILED, plain_line(said, MAX_ERROR)
        status = TransactionStatus.CONFIRMED if word == "0" else status_of(word, "Status")
        return status, plain_line(word, MAX_ERROR) if status is TransactionStatus.FAILED else ""


class _TokenRows(_Rows):
    """Rows of the ERC-20 export."""

    def __init__(self, columns: Columns, context: SowingContext) -> None:
        super().__init__(columns, context)
        self._currency = Currencies(context.currency)
        self._value, self._symbol, self._name = columns["value"], columns["symbol"], columns["name"]

    def __call__(self, number: int, cells: Sequence[str]) -> tuple[Movement]:
        sender = self._address(cells[self._from], "From")
        receiver = self._address(cells[self._to], "To")
        contract = self._address(cells[self._contract], "ContractAddress")
        direction = self._direction(sender, receiver)
        name = cells[self._name] if self._name >= 0 else ""
        currency = self._currency(cells[self._symbol], contract, name)
        units = amount(cells[self._value], currency.decimals, "TokenValue")
        return (
            Movement(
                row=number,
                occurred_at=self._time(cells),
                tx_hash=evm_hash(cells[self._hash], "Transaction Hash"),
                kind=kind_of(direction, units),
                leg=Leg.TOKEN,
                direction=direction,
                status=TransactionStatus.CONFIRMED,
                units=units,
                currency=currency,
                from_address=sender,
                to_address=receiver,
                contract_address=contract,
                block_number=self._block_of(cells),
                note=self._note_of(cells),
            ),
        )


def _shown(text: str) -> str:
    return plain_line(text.strip(), 40)
