"""The nine tables full of rows, for tests that look at plans: every column has many values, or its few, or is empty.

The rows are written past the stores, straight into the tables, on both engines.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

from aether_desktop.domain.addresses import to_checksum
from aether_desktop.domain.content import ContentKind, ContentStatus
from aether_desktop.domain.contracts import ContractStatus
from aether_desktop.domain.monitoring import MonitoringAction, Severity
from aether_desktop.domain.payments import PaymentMethodKind, PaymentMethodStatus, PaymentStatus, SecurityLevel
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.domain.transactions import Direction, Leg, TransactionKind
from aether_desktop.domain.users import Membership, Role
from aether_desktop.domain.wallets import WalletKind
from aether_desktop.storage.columns import rank_key, units_key

Raw = dict[str, Any]
Write = Callable[[str, Sequence[Raw]], None]  # the rows of one table, all with the same columns
LEDGER, OTHERS = 30_000, 5_000
FIRST_ID = 1 << 50
NOON = 1_760_000_000_000_000
_DAY = 86_400_000_000
_WALLETS, _COINS, _METHODS = 24, 12, 6  # that rows point to
BATCHES = 3
PARTIES = 300


@cache
def address(number: int) -> str:
    """An address in the spelling that is stored."""
    return to_checksum(f"0x{number * 2654435761 % 2**160:040x}")


class FullTables:
    """``owners`` take turns: a row in so many is each one's."""

    def __init__(self, write: Write, *, vault_id: int, owners: Sequence[int]) -> None:
        self._write = write
        self._vault_id = vault_id
        self._owners = owners
        self._chance = random.Random(20261123)
        self._next = FIRST_ID
        self.wallets: list[int] = []
        self.coins: list[int] = []
        self.methods: list[int] = []

    def fill(self) -> None:
        """Everything; call it once."""
        self._coins()
        self._put("wallets", (self._wallet(number) for number in range(OTHERS)))
        self._put("payment_methods", (self._method(number) for number in range(OTHERS)))
        self._batches()
        self._put("transactions", (self._transaction(number) for number in range(LEDGER)))
        for table, make in (
            ("smart_contracts", self._contract),
            ("temple_nodes", self._node),
            ("payments", self._payment),
            ("cid_entries", self._content),
            ("ai_monitoring_logs", self._finding),
            ("users", self._user),
        ):
            self._put(table, (make(number) for number in range(OTHERS)))

    # -- inside ----------------------------------------------------------------------------------------------

    def _put(self, table: str, rows: Iterator[Raw]) -> None:
        made = [self._record(number) | row for number, row in enumerate(rows)]
        self._write(table, made)
        self._annotate(table, [row["id"] for row in made])

    def _record(self, number: int) -> Raw:
        self._next += 1
        archived = NOON if number % 97 == 5 else None
        return {
            "vault_id": self._vault_id,
            "id": self._next,
            "owner_id": self._owners[number % len(self._owners)],
            "version": 1,
            "created_at": NOON + number // 7 * 1_000_000,
            "archived_at": archived,
        }

    def _annotate(self, table: str, ids: Sequence[int]) -> None:
        """A label on one row in fifteen, tags and notes on some."""
        words = {TableName.CONTRACTS: "smart_contracts", TableName.CONTENT: "cid_entries"}
        names = {words.get(name, name.value): name for name in TableName} | {"ai_monitoring_logs": TableName.MONITORING}
        labels, tags = [], []
        for number, row_id in enumerate(ids[::15]):
            self._next += 1
            label = f"Label {number % 40}" if number % 3 else ""
            labels.append(
                {
                    "vault_id": self._vault_id,
                    "id": self._next,
                    "owner_id": self._owners[(number * 15) % len(self._owners)],
                    "table_name": names[table].value,
                    "row_id": row_id,
                    "label": label,
                    "label_fold": label.lower(),
                    "note": f"note {number}" if number % 2 else "",
                    "extra": "{}",
                    "version": 1,
                    "changed_at": NOON,
                    "detached": False,
                }
            )
            if number % 5 == 0:
                tag = f"tag{number % 9}"
                place = {"vault_id": self._vault_id, "annotation_id": self._next, "position": 0}
                tags.append({**place, "tag": tag, "tag_fold": tag})
        self._write("annotations", labels)
        self._write("annotation_tags", tags)

    def _pick(self, kind: type[StrEnum]) -> str:
        return self._chance.choice(list(kind)).value

    def _some(self, value: Any, *, one_in: int, otherwise: Any = "") -> Any:
        return value if self._chance.randrange(one_in) == 0 else otherwise

    def _coins(self) -> None:
        self.coins = [FIRST_ID - 1000 + number for number in range(_COINS)]
        rows = [
            {
                "vault_id": self._vault_id,
                "id": coin,
                "symbol": f"COIN{number}",
                "decimals": 18,
                "chain": "ethereum",
                "contract": "" if number < 3 else address(9000 + number),
                "name": "",
                "decimals_assumed": False,
            }
            for number, coin in enumerate(self.coins)
        ]
        self._write("currencies", rows)

    def _wallet(self, number: int) -> Raw:
        if number < _WALLETS:
            self.wallets.append(self._next + 1)
        return {
            "name": f"Wallet {number}",
            "name_fold": f"wallet {number}",
            "chain": ("ethereum", "bitcoin", "filecoin")[number % 3],
            "address": address(50_000 + number),
            "kind": self._pick(WalletKind),
            "symbol": f"SYM{number % 30}",
            "symbol_fold": f"sym{number % 30}",
            "watch_only": number % 5 == 0,
        }

    def _method(self, number: int) -> Raw:
        if number < _METHODS * len(self._owners):
            self.methods.append(self._next + 1)
        return {
            "name": f"Method {number}",
            "name_fold": f"method {number}",
            "kind": self._pick(PaymentMethodKind),
            "provider": f"Provider {number % 40}",
            "provider_fold": f"provider {number % 40}",
            "provider_reference": f"ref-{number}",
            "last_four": f"{number % 10_000:04d}",
            "expires_on": self._some(f"20{30 + number % 9}-01-{1 + number % 28:02d}", one_in=2, otherwise=None),
            "is_default": False,
            "status": self._pick(PaymentMethodStatus),
        }

    def _batches(self) -> None:
        rows = [
            {
                "vault_id": self._vault_id,
                "id": FIRST_ID - 2000 + number,
                "wallet_id": self.wallets[number],
                "file_name": "f.csv",
                "sha256": "0" * 64,
                "format": "generic",
                "imported_at": NOON,
                "imported_by": self._owners[0],
                **dict.fromkeys(("row_count", "new_count", "duplicate_count", "rejected_count"), 0),
                "status": "stored",
            }
            for number in range(BATCHES)
        ]
        self._write("import_batches", rows)

    def _transaction(self, number: int) -> Raw:
        chance, turn = self._chance, number // len(self._owners)  # both owners have every kind of row
        incoming = chance.random() < 0.5
        party, own = address(1 + chance.randrange(PARTIES)), address(50_000 + number % _WALLETS)
        units, fee = chance.randrange(10**20), chance.randrange(10**16)
        paid = chance.random() < 0.7
        coin = chance.choice(self.coins)
        direction = Direction.SELF if turn % 50 == 0 else Direction.IN if incoming else Direction.OUT
        return {
            # of one owner's wallets: their numbers go with the owners' turns
            "wallet_id": self.wallets[number % _WALLETS],
            "occurred_at": NOON - LEDGER * 3_000_000 + number * 3_000_000,
            "tx_hash": "" if turn % 10 == 0 else f"0x{chance.getrandbits(256):064x}",
            "kind": self._pick(TransactionKind),
            "leg": Leg.NORMAL.value if turn % 20 else self._pick(Leg),
            "direction": direction.value,
            "status": "confirmed" if turn % 30 else chance.choice(["pending", "failed", "orphaned"]),
            "currency_id": coin,
            "amount": units_key(units),
            "amount_rank": rank_key(units, 18),
            "fee_currency_id": self.coins[0] if paid else None,
            "fee": units_key(fee) if paid else None,
            "fee_rank": rank_key(fee, 18) if paid else None,
            "from_address": party if incoming else own,
            "to_address": own if incoming else party,
            "counterparty": party,
            "contract_address": self._some(address(9000 + turn % 40), one_in=9),
            "block_number": None if turn % 11 == 0 else number * 2,
            "method": self._some(f"Method{turn % 15}", one_in=4),
            "error": self._some(f"Out of gas {number % 5}", one_in=60),
            "description": self._some(f"Paid {number}", one_in=40),
            "ai_verified": turn % 40 == 0,
            "layer2_kind": self._some(f"Rollup{turn % 4}", one_in=30),
            "layer2_data": "{}",
            "batch_id": None if turn % 6 == 0 else FIRST_ID - 2000 + number % BATCHES,
        }

    def _contract(self, number: int) -> Raw:
        return {
            "name": f"Contract {number}",
            "name_fold": f"contract {number}",
            "chain": ("ethereum", "bitcoin", "filecoin")[number % 3],
            "address": address(9000 + number),
            "status": self._pick(ContractStatus),
            "last_interaction_at": self._some(NOON - number * _DAY // 50, one_in=2, otherwise=None),
            "artifact": "{}",
        }

    def _node(self, number: int) -> Raw:
        parts = [self._chance.randrange(9) for _ in range(3)]
        return {
            "node_id": f"Node {number}",
            "node_id_fold": f"node {number}",
            "tier": self._pick(Tier),
            "storage_threshold": parts[0],
            "compute_threshold": parts[1],
            "abundance_threshold": parts[2],
            "threshold_rank": sum(parts),
            "harmony": self._some(self._chance.random() * 24, one_in=2, otherwise=None),
            "elder": number % 12 == 0,
            "covenants": "",
            "status": self._pick(NodeStatus),
            "configuration": "{}",
        }

    def _payment(self, number: int) -> Raw:
        units = self._chance.randrange(10**20)
        return {
            "paid_at": NOON - number * 7_000_000,
            "currency_id": self._chance.choice(self.coins),
            "amount": units_key(units),
            "amount_rank": rank_key(units, 18),
            "status": self._pick(PaymentStatus),
            "provider": f"Provider {number % 40}",
            "provider_fold": f"provider {number % 40}",
            "external_id": f"ext-{number}",
            "wallet_id": self.wallets[number % _WALLETS] if number % 2 else None,
            "payment_method_id": self.methods[number % len(self.methods)] if number % 3 else None,
            "security_level": self._pick(SecurityLevel),
            "quantum_signature": "",
            "description": f"Payment {number}",
        }

    def _content(self, number: int) -> Raw:
        return {
            "cid": f"bafy{number:055d}",
            "kind": self._pick(ContentKind),
            "status": self._pick(ContentStatus),
            "name": f"File {number}",
            "name_fold": f"file {number}",
            "size_bytes": self._some(number * 10, one_in=2, otherwise=None),
            "metadata": "{}",
        }

    def _finding(self, number: int) -> Raw:
        about = number % 3 > 0
        return {
            "seen_at": NOON - number * 5_000_000,
            "action": self._pick(MonitoringAction),
            "severity": self._pick(Severity),
            "description": f"Seen {number}",
            "related_table": ("wallets", "transactions")[number % 2] if about else "",
            "related_id": FIRST_ID + number % 70 if about else None,
        }

    def _user(self, number: int) -> Raw:
        return {
            "owner_id": self._next + 1,  # people are their own
            "username": f"User{number}",
            "username_fold": f"user{number}",
            "email": f"user{number}@example.org",
            "email_fold": f"user{number}@example.org",
            "display_name": f"Name {number % 100}",
            "display_name_fold": f"name {number % 100}",
            "role": self._pick(Role),
            "membership": self._pick(Membership),
            "active": number % 9 > 0,
            "last_login_at": self._some(NOON - number * 1_000_000, one_in=2, otherwise=None),
        }
