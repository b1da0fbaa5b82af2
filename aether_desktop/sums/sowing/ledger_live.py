"""Ledger Live's list of operations, which may hold several accounts on several chains.

The amount of an operation that spends contains its fee. The fee of a token transfer stands in the coin account's FEES
row. Staking operations that only lock value cost their fee and move nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain as chained
from typing import NamedTuple

from aether_desktop.sum_api import (
    Chain,
    Direction,
    HeadedTable,
    InvalidAddressError,
    Leg,
    Movement,
    Rejection,
    SowingContext,
    TransactionKind,
    TransactionStatus,
    parse_address,
    plain_line,
    short_address,
)
from aether_desktop.sums.sowing.headings import Columns, Shape, Shaped, Wanted, is_coin_of
from aether_desktop.sums.sowing.values import (
    MAX_METHOD,
    Currencies,
    RowError,
    amount,
    any_hash,
    foreign_coin,
    kind_of,
    moment,
    read_rows,
    status_of,
    zone_of,
)

_SHAPE = Shape(
    (
        Wanted("date", ("Operation Date",)),
        Wanted("status", ("Status",), required=False),
        Wanted("ticker", ("Currency Ticker",)),
        Wanted("type", ("Operation Type",)),
        Wanted("amount", ("Operation Amount",)),
        Wanted("fee", ("Operation Fees",)),
        Wanted("hash", ("Operation Hash",)),
        Wanted("account", ("Account Name",)),
        Wanted("xpub", ("Account xpub",)),
    )
)
_COMES = frozenset({"IN", "REWARD", "REWARD_PAYOUT", "WITHDRAW", "SUPPLY"})
_GOES = frozenset(
    {
        "OUT", "REVEAL", "CREATE", "DELEGATE", "REDELEGATE", "UNDELEGATE", "OPT_IN", "OPT_OUT", "SLASH", "LOCK", "BURN",
        "REDEEM", "ASSOCIATE_TOKEN", "CONTRACT_CALL", "UPDATE_ACCOUNT",
    }
)  # fmt: skip
_COSTS_ITS_FEE = frozenset(
    {
        "FREEZE", "UNFREEZE", "LEGACY_FREEZE", "LEGACY_UNFREEZE", "UNDELEGATE_RESOURCE", "WITHDRAW_EXPIRE_UNFREEZE",
        "VOTE", "BOND", "UNBOND", "WITHDRAW_UNBONDED", "SET_CONTROLLER", "NOMINATE", "CHILL", "REVOKE", "APPROVE",
        "ACTIVATE", "UNLOCK", "STAKE", "UNSTAKE", "WITHDRAW_UNSTAKED",
    }
)  # fmt: skip
_MOVES_NOTHING = frozenset({"NONE", "NFT_IN", "NFT_OUT"})  # collectibles are counted there in pieces, not in coins


class _Account(NamedTuple):
    name: str
    xpub: str

    def __str__(self) -> str:
        return f"{plain_line(self.name, 60)} ({short_address(plain_line(self.xpub, 120))})" if self.xpub else self.name


@dataclass(slots=True)
class _Accounts:
    """What a file's rows say about its accounts."""

    all: dict[_Account, None] = field(default_factory=dict)
    with_coin: dict[_Account, None] = field(default_factory=dict)


class LedgerLive(Shaped):
    """The rows of one account. All rows are read before the first is given, because the account must be known."""

    key = "ledger.live"
    title = "Ledger Live operations"
    shape = _SHAPE

    def accounts(self, table: HeadedTable, chain: Chain) -> tuple[str, ...]:
        columns = _SHAPE.columns(table.heading)
        found = _accounts(columns, (cells for _, cells in table.rows), chain)
        return tuple(dict.fromkeys(account.name for account in found.with_coin))

    def read(self, table: HeadedTable, context: SowingContext) -> Iterator[Movement | Rejection]:
        columns = _SHAPE.columns(table.heading)
        return self._read(columns, table, context)

    def _read(self, columns: Columns, table: HeadedTable, context: SowingContext) -> Iterator[Movement | Rejection]:
        rows = list(table.rows)
        chosen, reason = _choose(_accounts(columns, (cells for _, cells in rows), context.chain), context)
        again = dataclasses.replace(table, rows=iter(rows))
        yield from read_rows(again, columns.width, _Rows(columns, context, chosen, reason))


def _accounts(columns: Columns, rows: Iterator[Sequence[str]], chain: Chain) -> _Accounts:
    found = _Accounts()
    name, xpub, ticker = columns["account"], columns["xpub"], columns["ticker"]
    for cells in rows:
        if len(cells) >= columns.width:
            account = _Account(cells[name].strip(), cells[xpub].strip())
            found.all[account] = None
            if is_coin_of(cells[ticker].strip(), chain):
                found.with_coin[account] = None
    return found


def _choose(found: _Accounts, context: SowingContext) -> tuple[frozenset[_Account], str]:
    """The accounts whose rows belong to the wallet, or why it is not clear which."""
    wanted = context.account.strip().casefold()
    if wanted:
        named = [account for account in found.all if wanted in (account.name.casefold(), account.xpub.casefold())]
        if named:
            return frozenset(named), ""
        return frozenset(), (
            f"The file has no account “{plain_line(context.account, 60)}”. Its accounts: {_listed(found.all)}."
        )
    candidates = list(found.with_coin)
    addressed = {account: _address(account, context.chain) for account in found.all}
    if context.wallet_address and any(addressed.values()):
        own = [account for account, address in addressed.items() if address == context.wallet_address]
        own_with_coin = [account for account in own if account in found.with_coin]
        candidates = own_with_coin or own or [account for account in candidates if not addressed[account]]
        if not candidates and found.with_coin:
            return frozenset(), (
                f"Wrong wallet: the file is about {_listed(found.with_coin)}, and this wallet is "
                f"{short_address(context.wallet_address)}."
            )
    name = context.wallet_name.strip().casefold()
    if len(candidates) > 1:
        candidates = [account for account in candidates if account.name.casefold() == name] or candidates
    if len(candidates) == 1:
        return frozenset(candidates), ""
    if not candidates:
        return frozenset(), f"The file has no {context.chain.symbol} account. Its accounts: {_listed(found.all)}."
    return frozenset(), (
        f"The file holds several {context.chain.symbol} accounts: {_listed(candidates)}. "
        "Say which one belongs to this wallet (option --account)."
    )


def _address(account: _Account, chain: Chain) -> str:
    try:
        return parse_address(account.xpub, chain.family, testnet=chain.testnet)
    except InvalidAddressError:
        return ""


def _listed(accounts: Sequence[_Account] | dict[_Account, None]) -> str:
    shown = [str(account) for account in chained(accounts)]
    return plain_line(", ".join(shown[:8]) + (", …" if len(shown) > 8 else ""), 600)


class _Rows:
    def __init__(self, columns: Columns, context: SowingContext, chosen: frozenset[_Account], reason: str) -> None:
        self._columns = columns
        self._chain = context.chain
        self._zone = zone_of(context.zone_minutes)
        self._currency = Currencies(context.currency)
        self._chosen = chosen
        self._reason = reason

    def __call__(self, number: int, cells: Sequence[str]) -> tuple[Movement]:
        cell = partial(self._columns.text, cells)
        ticker, account = cell("ticker"), _Account(cell("account"), cell("xpub"))
        self._require_account(ticker, account)
        is_coin = is_coin_of(ticker, self._chain)
        currency = self._currency(self._chain.symbol if is_coin else ticker)
        status = status_of(cell("status"), "Status")
        operation = cell("type").upper()
        value = amount(cell("amount"), currency.decimals, "Operation Amount")
        fee = amount(cell("fee"), currency.decimals, "Operation Fees") if is_coin and cell("fee") else None
        direction, leg, units, fee = _meaning(operation, value, fee, failed=status is TransactionStatus.FAILED)
        plain = operation in {"IN", "OUT", "REWARD", "REWARD_PAYOUT"}
        return (
            Movement(
                row=number,
                occurred_at=moment(cell("date"), "Operation Date", zone=self._zone),
                tx_hash=any_hash(cell("hash"), "Operation Hash"),
                kind=kind_of(direction, units) if plain else TransactionKind.CONTRACT_INTERACTION,
                leg=leg if is_coin else Leg.TOKEN,
                direction=direction,
                status=status,
                units=units,
                currency=currency,
                fee_units=fee,
                fee_currency=None if fee is None else currency,
                method="" if operation in {"IN", "OUT"} else plain_line(operation, MAX_METHOD),
            ),
        )

    def _require_account(self, ticker: str, account: _Account) -> None:
        if not ticker:
            raise RowError("Currency Ticker: the currency of the amount is missing.")
        if account in self._chosen and is_coin_of(ticker, self._chain):
            return
        other = foreign_coin(ticker, self._chain)
        if other is not None and not is_coin_of(ticker, self._chain):
            raise RowError(f"{ticker} belongs to {other.name}; this wallet is on {self._chain.name}.")
        if self._reason:
            raise RowError(self._reason)
        if account not in self._chosen:
            raise RowError(f"The row belongs to another account: {account}.")


def _meaning(operation: str, value: int, fee: int | None, *, failed: bool) -> tuple[Direction, Leg, int, int | None]:
    """Direction, leg, what moved, and the fee paid by the account."""
    if operation in _COMES:
        return Direction.IN, Leg.NORMAL, value, None
    if operation in _GOES:
        if fee is not None and value < fee:
            if not failed:
                raise RowError("Operation Amount: it contains the fee, but is smaller than Operation Fees.")
            return Direction.OUT, Leg.NORMAL, value, fee
        return Direction.OUT, Leg.NORMAL, value - (fee or 0), fee
    if operation == "FEES":
        return Direction.OUT, Leg.FEE, 0, value
    if operation in _COSTS_ITS_FEE:
        return Direction.OUT, Leg.FEE, 0, fee
    if operation in _MOVES_NOTHING:
        return (Direction.OUT if operation == "NFT_OUT" else Direction.IN), Leg.NORMAL, 0, None
    raise RowError(f"Operation Type: “{plain_line(operation, 40)}” is not known.")
