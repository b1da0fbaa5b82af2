"""Movements as files bring them, batches, and imports of them, for tests of the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.imports import ImportBatch, Rejection
from aether_desktop.domain.transactions import (
    Direction,
    Leg,
    Movement,
    Transaction,
    TransactionKind,
    TransactionStatus,
)
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.storage import ImportOutcome, Storage
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.columns import microseconds
from tests.storage import samples
from tests.storage.samples import ETH

START = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
OWN, OTHER = samples.evm_address(1), samples.evm_address(9)
USDC = Currency("USDC", 6, chain="ethereum", contract=samples.evm_address(70), name="USD Coin")
SHELL = Currency("SHL", 18, chain="ethereum", contract=samples.evm_address(71), decimals_assumed=True)


def tx_hash(number: int) -> str:
    return "0x" + hashlib.sha256(str(number).encode()).hexdigest()


def moment(minutes: int) -> int:
    """As movements carry it."""
    return microseconds(START + timedelta(minutes=minutes))


def movement(number: int = 1, **fields: Any) -> Movement:
    """An outgoing ETH transfer with a fee; ``number`` chooses hash, time, amount and line."""
    given: dict[str, Any] = {
        "row": number + 1,
        "occurred_at": moment(number),
        "tx_hash": tx_hash(number),
        "kind": TransactionKind.SEND,
        "leg": Leg.NORMAL,
        "direction": Direction.OUT,
        "status": TransactionStatus.CONFIRMED,
        "units": number * 10**15,
        "currency": ETH,
        "from_address": OWN,
        "to_address": OTHER,
        "block_number": 1000 + number,
        "method": "Transfer",
    }
    if fields.get("direction", Direction.OUT) is Direction.IN:
        given |= {"from_address": OTHER, "to_address": OWN, "kind": TransactionKind.RECEIVE}
    else:
        given |= {"fee_units": 21_000 * 10**9, "fee_currency": ETH}
    return Movement(**{**given, **fields})


def incoming(number: int = 1, **fields: Any) -> Movement:
    """The same coming in, without a fee."""
    return movement(number, direction=Direction.IN, **fields)


def add_wallet(storage: Storage, **fields: Any) -> Wallet:
    wallet = samples.wallet(storage, **fields)
    storage.wallets.create(wallet)
    return wallet


def new_batch(storage: Storage, wallet_id: int, file_format: str = "etherscan.normal", **fields: Any) -> ImportBatch:
    given: dict[str, Any] = {
        "id": storage.new_id(),
        "wallet_id": wallet_id,
        "file_name": "export.csv",
        "sha256": hashlib.sha256(file_format.encode()).hexdigest(),
        "format": file_format,
        "imported_at": START + timedelta(days=365),
        "imported_by": storage.info.user_id,
        "rows": 0,
        "new": 0,
        "duplicates": 0,
        "rejected": 0,
    }
    return ImportBatch(**{**given, **fields})


def parts_of(movements: Sequence[Movement], size: int = 0) -> list[Sequence[Movement]]:
    step = size or max(len(movements), 1)
    return [movements[start : start + step] for start in range(0, len(movements), step)]


def bring(
    storage: Storage,
    wallet_id: int,
    movements: Iterable[Movement],
    *,
    file_format: str = "etherscan.normal",
    rejections: Sequence[Rejection] = (),
) -> tuple[ImportBatch, ImportOutcome]:
    """Import movements as one file."""
    batch = new_batch(storage, wallet_id, file_format)
    return storage.imports.store(batch, parts_of(list(movements), 7), rejections, token=CancelToken())


def rows_of(storage: Storage, wallet_id: int) -> list[Transaction]:
    """Oldest first."""
    found = storage.transactions.of_wallet(wallet_id, 100_000)
    return sorted(found, key=lambda row: (row.occurred_at, row.source_row or 0))


def counts(outcome: ImportOutcome) -> tuple[int, int, int]:
    """New, duplicates, updated."""
    return outcome.new, outcome.duplicates, outcome.updated
