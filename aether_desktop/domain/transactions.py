"""Transactions: one row is one movement of one currency in one wallet. A hash may carry many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.records import InvalidRecordError, Record, require_text, require_zone


class TransactionKind(StrEnum):
    SEND = "send"
    RECEIVE = "receive"
    CONTRACT_INTERACTION = "contract_interaction"


class TransactionStatus(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    ORPHANED = "orphaned"


class Direction(StrEnum):
    """Seen from the wallet. SELF moves value from the wallet to itself: only the fee is lost."""

    IN = "in"
    OUT = "out"
    SELF = "self"


class Leg(StrEnum):
    """Which part of a transaction this row is; legs of one hash are never merged with each other."""

    NORMAL = "normal"
    INTERNAL = "internal"
    TOKEN = "token"  # noqa: S105 - a leg, not a secret
    TRADE = "trade"
    FEE = "fee"


TEXT_LIMITS: Mapping[str, int] = MappingProxyType(
    {
        "tx_hash": 200,
        "from_address": 200,
        "to_address": 200,
        "contract_address": 200,
        "method": 200,
        "error": 2000,
        "description": 10_000,
    }
)
"""Characters, of the texts that a Transaction and a Movement have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction(Record):
    """``fee`` is what *this wallet* paid, in its own currency, None when somebody else paid.

    Value counts when confirmed; a failed row moves no value but costs its fee; pending and orphaned rows count nothing.
    """

    wallet_id: int
    occurred_at: datetime
    tx_hash: str = ""
    kind: TransactionKind
    leg: Leg = Leg.NORMAL
    direction: Direction
    status: TransactionStatus = TransactionStatus.CONFIRMED
    amount: Amount
    fee: Amount | None = None
    from_address: str = ""
    to_address: str = ""
    contract_address: str = ""
    block_number: int | None = None
    method: str = ""
    error: str = ""
    description: str = ""
    ai_verified: bool = False
    layer2_kind: str = ""
    layer2_data: Mapping[str, object] = field(default_factory=dict)
    batch_id: int | None = None
    source_row: int | None = None

    def __post_init__(self) -> None:
        require_zone("occurred_at", self.occurred_at)
        if self.block_number is not None and not 0 <= self.block_number < 2**63:
            raise InvalidRecordError("block_number", "A block number lies between 0 and 2^63-1.")
        for name, limit in (*TEXT_LIMITS.items(), ("layer2_kind", 100)):
            require_text(name, getattr(self, name), limit=limit, empty=True)


class Movement(NamedTuple):
    """One movement as an importer reads it: the bulk form of a Transaction (a tuple: a million are made at once).

    ``row`` is the line number in the file's table, the heading being 1. ``occurred_at`` is UTC microseconds.
    ``units`` and ``fee_units`` are base units of ``currency`` and ``fee_currency``; addresses are canonical.
    """

    row: int
    occurred_at: int
    tx_hash: str
    kind: TransactionKind
    leg: Leg
    direction: Direction
    status: TransactionStatus
    units: int
    currency: Currency
    fee_units: int | None = None
    fee_currency: Currency | None = None
    from_address: str = ""
    to_address: str = ""
    contract_address: str = ""
    block_number: int | None = None
    method: str = ""
    error: str = ""
    description: str = ""
    label: str = ""
    note: str = ""


class Balance(NamedTuple):
    """What the rows of one wallet in one currency add up to; ``base_units`` may be negative (history is missing)."""

    wallet_id: int
    wallet: str
    currency: Currency
    base_units: int
    rows: int
