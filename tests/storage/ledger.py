"""A small ledger to ask, and the ways to ask it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Direction, TransactionKind, TransactionStatus
from aether_desktop.ports.queries import Row
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import TABLES
from tests.storage import samples
from tests.storage.samples import ETH, LATER, NOW, evm_address

WALLETS, TRANSACTIONS = TableName.WALLETS, TableName.TRANSACTIONS
TREASURY, SAVINGS, MARKET = evm_address(1), evm_address(2), evm_address(3)


def ask(storage: Storage, table: TableName, text: str) -> list[Row]:
    """All rows of a typed query, by window, checked against count, stream and positions."""
    query = parse_table_query(text, table)
    found = list(storage.windows.window(query, 0, 10_000).rows)
    assert storage.windows.count(query) == len(found)
    assert list(storage.windows.rows(query)) == found
    return found


def cells(rows: list[Row], table: TableName, key: str) -> list[Any]:
    return [row.values[TABLES[table].index(key)] for row in rows]


def annotate(storage: Storage, table: TableName, row_id: int, **words: Any) -> None:
    storage.annotations.put(Annotation(id=storage.new_id(), table=table, row_id=row_id, **words))


def store_ledger(storage: Storage) -> dict[str, int]:
    """Two wallets and seven movements, by name."""
    treasury = samples.wallet(storage, name="Treasury", address=TREASURY)
    savings = samples.wallet(storage, name="Savings Öl", chain="bitcoin", address="1BoatSLRHtKNngkdXEeobR76b53LETtpyT")
    token = Currency("USDC", 6, chain="ethereum", contract=samples.wallet(storage, address=evm_address(77)).address)
    tiny = Currency("TINY", 0, chain="ethereum", contract=samples.wallet(storage, address=evm_address(78)).address)
    checked = {name: samples.wallet(storage, address=name).address for name in (TREASURY, SAVINGS, MARKET)}
    given: dict[str, dict[str, Any]] = {
        "gift": {"amount": Amount(5 * 10**17, ETH), "from_address": checked[MARKET], "to_address": checked[TREASURY]},
        "rent": {
            "amount": Amount(1_500_000, token),
            "direction": Direction.OUT,
            "kind": TransactionKind.SEND,
            "fee": Amount(21_000 * 10**9, ETH),
            "from_address": checked[TREASURY],
            "to_address": checked[MARKET],
            "contract_address": token.contract,
            "tx_hash": f"0x{'ab' * 32}",
            "description": "Rent 100% of_March",
            "method": "transfer",
        },
        "failed": {
            "amount": Amount(0, ETH),
            "status": TransactionStatus.FAILED,
            "direction": Direction.OUT,
            "fee": Amount(10**15, ETH),
            "error": "out of gas",
            "occurred_at": NOW - timedelta(days=400),
        },
        "pending": {"amount": Amount(2, tiny), "status": TransactionStatus.PENDING, "occurred_at": LATER},
        "self": {"amount": Amount(3 * 10**18, ETH), "direction": Direction.SELF, "ai_verified": True,
                 "block_number": 7},
        "btc": {"wallet_id": savings.id, "amount": Amount(50_000_000, Currency("BTC", 8, chain="bitcoin")),
                "tx_hash": "f91d0a8a78462bc59398f2c5d7a84fcff491c26ba54c4833478b202796c8aafd",
                "from_address": "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
                "to_address": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"},
        "archived": {"amount": Amount(10**18, ETH), "archived_at": NOW},
    }  # fmt: skip
    ids: dict[str, int] = {"treasury": treasury.id, "savings": savings.id}
    with storage.unit_of_work():
        storage.wallets.create(treasury)
        storage.wallets.create(savings)
        for name, fields in given.items():
            blank = {"from_address": "", "to_address": "", "tx_hash": ""}
            row = samples.transaction(storage, fields.pop("wallet_id", treasury.id), **{**blank, **fields})
            storage.transactions.create(row)
            ids[name] = row.id
    annotate(storage, TRANSACTIONS, ids["rent"], label="Lamp ÖL", note="see 50%\nfile", tags=("home", "Fixed"))
    annotate(storage, TRANSACTIONS, ids["btc"], label="lamp", tags=("homestead",))
    annotate(storage, WALLETS, ids["treasury"], label="on another table", tags=("home",))
    return ids


def named(ids: dict[str, int], rows: list[Row]) -> set[str]:
    names = {number: name for name, number in ids.items()}
    return {names[row.id] for row in rows}
