"""Our own exports of transactions, read back without loss: figures, base units and texts exactly as they were.

An export of chosen columns only is not recognised: without hash, addresses, direction or fee its rows could not be
told from those already there, and would count twice.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import TypeVar

from aether_desktop.sum_api import (
    AddressFamily,
    Currency,
    Direction,
    HeadedTable,
    ImportRefusedError,
    Leg,
    Movement,
    Rejection,
    SowingContext,
    TransactionKind,
    TransactionStatus,
    plain_line,
)
from aether_desktop.sums.own_format import AMOUNT_PARTS, BASE_UNITS, CONTRACT, DECIMALS, SYMBOL, unguarded
from aether_desktop.sums.sowing.headings import Columns, Shape, Shaped, Wanted
from aether_desktop.sums.sowing.values import (
    MAX_DESCRIPTION,
    MAX_ERROR,
    MAX_HASH,
    MAX_LABEL,
    MAX_METHOD,
    MAX_NOTE,
    Addresses,
    RowError,
    amount,
    block_number,
    moment,
    read_rows,
    short_text,
    wrong_wallet,
)

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)
_MAX_ADDRESS = 200
_DECIMALS = frozenset(map(str, range(78)))
_DIGITS = re.compile(r"[0-9]{1,78}\Z")


def _amount_columns(key: str) -> list[Wanted]:
    return [Wanted(key + part, (key + part,)) for part in AMOUNT_PARTS]


_SHAPE = Shape(
    [
        *(Wanted(key, (key,)) for key in ("occurred_at", "direction", "status", "kind", "leg", "tx_hash")),
        *_amount_columns("amount"),
        *_amount_columns("fee"),
        *(Wanted(key, (key,)) for key in ("from_address", "to_address", "contract_address")),
        *(
            Wanted(key, (key,), required=False)
            for key in ("wallet", "chain", "block_number", "method", "error", "description", "label", "note")
        ),
    ]
)


class _Own(Shaped):
    """What both modules share."""

    key = ""
    title = ""
    shape = _SHAPE

    def read(self, table: HeadedTable, context: SowingContext) -> Iterator[Movement | Rejection]:
        columns = _SHAPE.columns(table.heading)
        return read_rows(table, columns.width, _Rows(columns, context, guarded=table.format == "csv"))


class AetherCsv(_Own):
    """``transactions export --format csv``, read back."""

    key = "aether.csv"
    title = "Aether CSV export"
    file_format = "csv"


class AetherJson(_Own):
    """``transactions export --format json``, read back."""

    key = "aether.json"
    title = "Aether JSON export"
    file_format = "json"


class _Rows:
    def __init__(self, columns: Columns, context: SowingContext, *, guarded: bool) -> None:
        self._columns = columns
        self._context = context
        self._text: Callable[[str], str] = unguarded if guarded else str
        self._address = Addresses(context.chain)
        self._currencies: dict[tuple[str, str, int], Currency] = {}
        self._account = context.account.strip().casefold()
        self._first_wallet = ""

    def __call__(self, number: int, cells: Sequence[str]) -> tuple[Movement]:
        def text(key: str, limit: int) -> str:
            place = self._columns[key]
            return short_text(self._text(cells[place]), limit, key) if place >= 0 else ""

        own_name = self._require_wallet(text("wallet", MAX_NOTE), text("chain", MAX_NOTE))
        sender, receiver, contract = (
            self._checked(text(key, _MAX_ADDRESS), key) for key in ("from_address", "to_address", "contract_address")
        )
        wallet = self._context.wallet_address
        if wallet and not own_name and (sender or receiver) and wallet not in {sender, receiver}:
            raise wrong_wallet(sender, receiver, wallet)
        moved = self._amount(cells, "amount")
        if moved is None:
            raise RowError("amount_base_units: the amount is missing.")
        fee = self._amount(cells, "fee")
        return (
            Movement(
                row=number,
                occurred_at=moment(cells[self._columns["occurred_at"]], "occurred_at"),
                tx_hash=text("tx_hash", MAX_HASH),
                kind=_choice(TransactionKind, text("kind", MAX_NOTE), "kind"),
                leg=_choice(Leg, text("leg", MAX_NOTE), "leg"),
                direction=_choice(Direction, text("direction", MAX_NOTE), "direction"),
                status=_choice(TransactionStatus, text("status", MAX_NOTE), "status"),
                units=moved[0],
                currency=moved[1],
                fee_units=fee[0] if fee else None,
                fee_currency=fee[1] if fee else None,
                from_address=sender,
                to_address=receiver,
                contract_address=contract,
                block_number=block_number(text("block_number", MAX_NOTE), "block_number"),
                method=text("method", MAX_METHOD),
                error=text("error", MAX_ERROR),
                description=text("description", MAX_DESCRIPTION),
                label=text("label", MAX_LABEL),
                note=text("note", MAX_NOTE),
            ),
        )

    def _require_wallet(self, name: str, chain: str) -> bool:
        """Whether the row names this very wallet. Refuses rows of others, and a file of which it is not clear."""
        own_chain = self._context.chain
        if chain and chain != own_chain.key:
            raise RowError(f"The row is on {plain_line(chain, 40)}; this wallet is on {own_chain.name}.")
        if not name:
            return False
        folded, own = name.casefold(), self._context.wallet_name.casefold()
        if self._account:
            if folded != self._account:
                raise _of_another_wallet(name)
            return folded == own
        self._first_wallet = self._first_wallet or folded
        if self._first_wallet == own:
            if folded != own:
                raise _of_another_wallet(name)
            return True
        if self._first_wallet != folded:
            raise ImportRefusedError(
                f"The file holds rows of several wallets, among them “{plain_line(self._first_wallet, 80)}” and "
                f"“{plain_line(name, 80)}”.",
                field="account",
                hint="Say which of them belongs to this wallet (option --account).",
            )
        return False

    def _checked(self, text: str, column: str) -> str:
        """EVM addresses are checked, because damage shows; other texts stay as a person wrote them."""
        if self._context.chain.family is AddressFamily.EVM and text[:2] in {"0x", "0X"}:
            return self._address(text, column)
        return text

    def _amount(self, cells: Sequence[str], key: str) -> tuple[int, Currency] | None:
        at = self._columns
        figure, raw, decimals_text = cells[at[key]], cells[at[key + BASE_UNITS]], cells[at[key + DECIMALS]]
        symbol, contract = self._text(cells[at[key + SYMBOL]]), self._text(cells[at[key + CONTRACT]])
        if not (figure or raw or symbol):
            return None
        if _DIGITS.match(raw) is None:
            raise RowError(f"{key}{BASE_UNITS}: no whole number; a spreadsheet may have changed it. Export again.")
        if decimals_text not in _DECIMALS:
            raise RowError(f"{key}{DECIMALS}: “{plain_line(decimals_text, 20)}” is no number of decimals.")
        decimals = int(decimals_text)
        units = int(raw)
        if amount(figure, decimals, key) != units:
            raise RowError(f"{key}: the figure and the base units differ; one of them was changed.")
        currency = self._currency(symbol, contract, decimals)
        if currency.decimals != decimals:
            units = amount(figure, currency.decimals, key)
        return units, currency

    def _currency(self, symbol: str, contract: str, decimals: int) -> Currency:
        """The known one; one that is new here has the decimals that the file says."""
        asked = (symbol, contract, decimals)
        found = self._currencies.get(asked)
        if found is None:
            if not symbol:
                raise RowError("amount_symbol: it is missing.")
            symbol, contract = short_text(symbol, 200, "symbol"), short_text(contract, 200, "contract")
            found = self._context.currency(symbol, contract, "")
            if found.decimals_assumed and not found.id and found.decimals != decimals:
                found = dataclasses.replace(found, decimals=decimals, decimals_assumed=False)
            self._currencies[asked] = found
        return found


def _of_another_wallet(name: str) -> RowError:
    return RowError(f"The row belongs to the wallet “{plain_line(name, 80)}”.")


def _choice(kind: type[ChoiceT], text: str, column: str) -> ChoiceT:
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(kind)
        raise RowError(f"{column}: “{plain_line(text, 40)}” is not one of: {known}.") from None
