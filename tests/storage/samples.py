"""Valid records of every table, to be stored and changed by tests. Ids come from the storage under test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.content import ContentEntry, ContentKind, ContentStatus
from aether_desktop.domain.contracts import Contract, ContractStatus
from aether_desktop.domain.monitoring import MonitoringAction, MonitoringEntry, Severity
from aether_desktop.domain.payments import Payment, PaymentMethod, PaymentMethodKind, PaymentStatus, SecurityLevel
from aether_desktop.domain.records import Record, TableName
from aether_desktop.domain.temple import CovenantKind, Tier
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.domain.transactions import Direction, Transaction, TransactionKind
from aether_desktop.domain.users import Membership, Role, User
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.storage import Storage

NOW = datetime(2026, 3, 14, 15, 9, 26, 535897, UTC)
LATER = datetime(2026, 3, 15, 8, 0, tzinfo=UTC)
EUR = Currency("EUR", 2, chain="fiat", name="Euro")
ETH = CHAINS["ethereum"].coin
CID = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"


def evm_address(number: int) -> str:
    """A valid lower-case EVM address; stored ones are checksummed."""
    return f"0x{number * 0x9E3779B97F4A7C15F39CC0605CEDC8341082276B % 2**160:040x}"


def base(storage: Storage, **fields: Any) -> dict[str, Any]:
    return {"id": storage.new_id(), "owner_id": storage.info.user_id, "created_at": NOW, **fields}


def wallet(storage: Storage, **fields: Any) -> Wallet:
    return Wallet(**base(storage, **{"name": "Treasury", "chain": "ethereum", "address": evm_address(1), **fields}))


def user(storage: Storage, **fields: Any) -> User:
    given = {
        "username": "Tabitha",
        "email": "Tabitha@example.org",
        "display_name": "Tabitha of Joppa",
        "role": Role.LEVITE,
        "membership": Membership.FULL,
        **base(storage, **fields),
    }
    return User(**{**given, "owner_id": fields.get("owner_id", given["id"])})


def contract(storage: Storage, **fields: Any) -> Contract:
    given = {
        "name": "Vault of Tithes",
        "chain": "atc",
        "address": evm_address(2),
        "status": ContractStatus.ACTIVE,
        "last_interaction_at": NOW,
        "artifact": {"abi": [{"type": "function", "name": "give"}], "bytecode": "0x60", "source": "contract V {}"},
    }
    return Contract(**base(storage, **{**given, **fields}))


def log_entry(storage: Storage, **fields: Any) -> MonitoringEntry:
    given = {
        "seen_at": NOW,
        "action": MonitoringAction.THREAT_DETECTED,
        "severity": Severity.WARNING,
        "description": "Unusual for this wallet",
        "related_table": "wallets",
        "related_id": 77,
    }
    return MonitoringEntry(**base(storage, **{**given, **fields}))


def content(storage: Storage, **fields: Any) -> ContentEntry:
    given = {
        "cid": CID,
        "kind": ContentKind.WALLET_BACKUP,
        "status": ContentStatus.ACTIVE,
        "name": "March",
        "size_bytes": 2**40,
        "metadata": {"pinned": True, "peers": [1, 2]},
    }
    return ContentEntry(**base(storage, **{**given, **fields}))


def payment_method(storage: Storage, **fields: Any) -> PaymentMethod:
    given = {
        "name": "House card",
        "kind": PaymentMethodKind.CARD,
        "provider": "Lydia Bank",
        "provider_reference": "pm_1",
        "last_four": "0042",
        "expires_on": date(2028, 2, 29),
    }
    return PaymentMethod(**base(storage, **{**given, **fields}))


def payment(storage: Storage, **fields: Any) -> Payment:
    given = {
        "paid_at": NOW,
        "amount": Amount(12_345, EUR),
        "status": PaymentStatus.PENDING,
        "provider": "Lydia Bank",
        "external_id": "pay_1",
        "security_level": SecurityLevel.QUANTUM,
        "quantum_signature": "c2ln",
        "description": "Lamp oil",
    }
    return Payment(**base(storage, **{**given, **fields}))


def temple_node(storage: Storage, **fields: Any) -> TempleNode:
    given = {
        "node_id": "gate-1",
        "tier": Tier.HOLY_PLACE,
        "storage_threshold": 3,
        "compute_threshold": 3,
        "abundance_threshold": 2,
        "harmony": 23.7,
        "covenants": (CovenantKind.SABBATH, CovenantKind.JUBILEE),
        "status": NodeStatus.UP,
        "configuration": {"endpoint": "http://127.0.0.1:8545", "every": 34},
    }
    return TempleNode(**base(storage, **{**given, **fields}))


def transaction(storage: Storage, wallet_id: int, **fields: Any) -> Transaction:
    given = {
        "wallet_id": wallet_id,
        "occurred_at": NOW,
        "tx_hash": f"0x{5:064x}",
        "kind": TransactionKind.RECEIVE,
        "direction": Direction.IN,
        "amount": Amount(10**18, ETH),
        "from_address": evm_address(3),
        "to_address": evm_address(1),
    }
    return Transaction(**base(storage, **{**given, **fields}))


@dataclass(frozen=True)
class Sample:
    """How tests of all tables get a store, a record and a change that the domain allows."""

    table: TableName
    store: Callable[[Storage], Any]
    make: Callable[..., Record]
    change: Mapping[str, object]


SAMPLES = (
    Sample(TableName.WALLETS, lambda storage: storage.wallets, wallet, {"name": "Öl & Brot", "watch_only": False}),
    Sample(
        TableName.USERS,
        lambda storage: storage.users,
        user,
        {"role": Role.AARONIC, "active": False, "email": ""},
    ),
    Sample(
        TableName.CONTRACTS,
        lambda storage: storage.contracts,
        contract,
        {"status": ContractStatus.INACTIVE, "artifact": {}, "last_interaction_at": None},
    ),
    Sample(
        TableName.MONITORING,
        lambda storage: storage.monitoring,
        log_entry,
        {"severity": Severity.CRITICAL, "related_table": "", "related_id": None},
    ),
    Sample(
        TableName.CONTENT,
        lambda storage: storage.content,
        content,
        {"status": ContentStatus.INACTIVE, "size_bytes": None},
    ),
    Sample(
        TableName.PAYMENT_METHODS,
        lambda storage: storage.payment_methods,
        payment_method,
        {"is_default": True, "expires_on": None, "last_four": ""},
    ),
    Sample(
        TableName.PAYMENTS,
        lambda storage: storage.payments,
        payment,
        {"status": PaymentStatus.REFUNDED, "amount": Amount(2**256 - 1, EUR), "external_id": ""},
    ),
    Sample(
        TableName.TEMPLE_NODES,
        lambda storage: storage.temple_nodes,
        temple_node,
        {"tier": Tier.OUTER_COURT, "node_id": "gate-2", "abundance_threshold": 1, "configuration": {}},
    ),
)


def same(one: Any, other: Any) -> bool:
    """Equal but for the id that a currency gets when it is stored."""
    if isinstance(one, Payment) and isinstance(other, Payment):
        assert other.amount.currency.id or one.amount.currency.id
        assert one.amount.currency.same_as(other.amount.currency)
        one = replace(one, amount=Amount(one.amount.base_units, other.amount.currency))
    return bool(one == other)
