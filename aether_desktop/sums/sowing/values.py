"""Cells to exact values. Whatever a cell cannot be raises RowError, which names the column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, timedelta, timezone, tzinfo

from aether_desktop.sum_api import (
    CHAINS,
    Chain,
    Currency,
    Direction,
    HeadedTable,
    InvalidAddressError,
    InvalidAmountError,
    InvalidTimeError,
    Movement,
    Rejection,
    TransactionKind,
    TransactionStatus,
    parse_address,
    parse_signed_units,
    parse_time,
    parse_units,
    plain_line,
    short_address,
    to_micros,
)

MAX_LABEL, MAX_NOTE, MAX_DESCRIPTION, MAX_HASH, MAX_METHOD, MAX_ERROR = 255, 20_000, 10_000, 200, 200, 2000
MAX_SYMBOL, MAX_TOKEN_NAME = 64, 200
_MAX_REMEMBERED = 1 << 16
_EVM_HASH = re.compile(r"0x[0-9a-fA-F]{64}\Z")
_BITCOIN_HASH = re.compile(r"[0-9a-fA-F]{64}\Z")
_CONFIRMED = frozenset({"success", "successful", "succeeded", "ok", "confirmed", "complete", "completed", "done"})
_FAILED_PREFIXES = ("fail", "error", "revert", "dropped", "cancel", "rejected", "bad instruction", "out of gas")
_PENDING = frozenset({"pending", "unconfirmed", "processing", "waiting"})

Parse = Callable[[int, Sequence[str]], Sequence[Movement]]


class RowError(Exception):
    """This row is not stored; ``reason`` says why, for the person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_rows(table: HeadedTable, width: int, parse: Parse) -> Iterator[Movement | Rejection]:
    """Every row through ``parse``; what it refuses becomes a Rejection with the row's number."""
    for number, cells in table.rows:
        try:
            if len(cells) < width:
                raise RowError(f"The row has {len(cells)} cells; at least {width} are needed.")
            yield from parse(number, cells)
        except RowError as error:
            yield Rejection(number, error.reason)


def amount(text: str, decimals: int, column: str) -> int:
    """Base units of an amount without a sign."""
    try:
        return parse_units(text, decimals)
    except InvalidAmountError as error:
        raise RowError(f"{column}: {error.reason}") from None


def signed_amount(text: str, decimals: int, column: str) -> int:
    """Base units with their sign."""
    try:
        return parse_signed_units(text, decimals)
    except InvalidAmountError as error:
        raise RowError(f"{column}: {error.reason}") from None


def moment(text: str, column: str, *, zone: tzinfo = UTC, day_first: bool | None = None) -> int:
    """Microseconds since 1970."""
    try:
        return to_micros(parse_time(text, default_zone=zone, day_first=day_first))
    except InvalidTimeError as error:
        raise RowError(f"{column}: {error.reason}") from None


def zone_of(minutes: int) -> tzinfo:
    return timezone(timedelta(minutes=minutes)) if minutes else UTC


def evm_hash(text: str, column: str) -> str:
    """A transaction hash of an EVM chain, in lower case."""
    if _EVM_HASH.match(text) is None:
        text = text.strip()
        if _EVM_HASH.match(text) is None:
            raise RowError(f"{column}: a transaction hash is 0x and 64 hexadecimal digits; this is not one.")
    return text.lower()


def bitcoin_hash(text: str, column: str) -> str:
    """A Bitcoin transaction id, in lower case."""
    text = text.strip()
    if _BITCOIN_HASH.match(text) is None:
        raise RowError(f"{column}: a transaction id is 64 hexadecimal digits; this is not one.")
    return text.lower()


def any_hash(text: str, column: str) -> str:
    """A hash of whatever chain: hexadecimal ones in lower case, others as they are, an absent one empty."""
    text = text.strip()
    if _EVM_HASH.match(text) or _BITCOIN_HASH.match(text):
        return text.lower()
    if text[:2] in {"0x", "0X"}:
        raise RowError(f"{column}: a hash that begins with 0x has 64 digits after it; this one was cut or mistyped.")
    return short_text(text, MAX_HASH, column)


def block_number(text: str, column: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    digits = text.replace(",", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise RowError(f"{column}: “{plain_line(text, 40)}” is no block number.")
    return int(digits)


def short_text(text: str, limit: int, column: str) -> str:
    """A text that must be kept whole. Refuses what is longer than can be stored."""
    if len(text) > limit:
        raise RowError(f"{column}: the text has {len(text)} characters; at most {limit} can be kept.")
    return text


def label_and_note(label: str, note: str, column: str) -> tuple[str, str]:
    """A label is one line; what does not fit goes into the note as well, so that nothing is lost."""
    label, line = label.strip(), plain_line(label.strip(), MAX_LABEL)
    if line != label:
        note = f"{label}\n{note}" if note else label
    return line, short_text(note, MAX_NOTE, column)


def status_of(text: str, column: str) -> TransactionStatus:
    """From the words that exports use."""
    word = text.strip().casefold()
    if not word or word in _CONFIRMED:
        return TransactionStatus.CONFIRMED
    if word.startswith(_FAILED_PREFIXES):
        return TransactionStatus.FAILED
    if word in _PENDING:
        return TransactionStatus.PENDING
    raise RowError(f"{column}: the status “{plain_line(text.strip(), 40)}” is not known.")


def kind_of(direction: Direction, units: int) -> TransactionKind:
    """A transaction that moves nothing is a call."""
    if not units:
        return TransactionKind.CONTRACT_INTERACTION
    return TransactionKind.RECEIVE if direction is Direction.IN else TransactionKind.SEND


def wrong_wallet(one: str, other: str, wallet: str) -> RowError:
    """The row is about two others."""
    between = " and ".join(short_address(address) for address in (one, other) if address) or "others"
    return RowError(
        f"Wrong wallet: the row is about {between}, and this wallet is {short_address(wallet) or 'without address'}."
    )


def foreign_coin(symbol: str, own: Chain) -> Chain | None:
    """The other known chain whose coin this is; None when it can be a coin or token of ``own``."""
    word = symbol.casefold()
    if word == own.symbol.casefold():
        return None
    return next((chain for chain in CHAINS.values() if chain.symbol.casefold() == word), None)


class Addresses:
    """Canonical addresses of one chain; remembers what it has checked, because files repeat themselves."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._known: dict[str, str] = {}

    def __call__(self, text: str, column: str) -> str:
        found = self._known.get(text)
        if found is not None:
            return found
        try:
            canonical = parse_address(text, self._chain.family, testnet=self._chain.testnet)
        except InvalidAddressError as error:
            raise RowError(f"{column}: {error.reason}") from None
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        self._known[text] = canonical
        return canonical


class Currencies:
    """What a file's symbols and contracts stand for, asked once each."""

    def __init__(self, ask: Callable[[str, str, str], Currency]) -> None:
        self._ask = ask
        self._known: dict[tuple[str, str, str], Currency] = {}

    def __call__(self, symbol: str, contract: str = "", name: str = "") -> Currency:
        asked = (symbol, contract, name)
        found = self._known.get(asked)
        if found is None:
            clean = plain_line(symbol.strip(), MAX_SYMBOL)
            if not clean and not contract:
                raise RowError("The currency of the amount is missing.")
            found = self._ask(clean or short_address(contract), contract, plain_line(name.strip(), MAX_TOKEN_NAME))
            if len(self._known) >= _MAX_REMEMBERED:
                self._known.clear()
            self._known[asked] = found
        return found
