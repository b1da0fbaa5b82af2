"""Every table on one metadata: the single import point. Tables refer to each other by name, so any order works."""

from __future__ import annotations

from aether_desktop.domain.records import TableName
from aether_desktop.storage.schema.annotations import ANNOTATION_TAGS, ANNOTATIONS, FOREIGN_LABELS, NOTE_WORDS
from aether_desktop.storage.schema.audit import (
    AUDIT_CHECKPOINTS,
    AUDIT_DEVICES,
    AUDIT_ENTRIES,
    AUDIT_HEADS,
    AUDIT_TALLY,
)
from aether_desktop.storage.schema.base import METADATA
from aether_desktop.storage.schema.content import CID_ENTRIES
from aether_desktop.storage.schema.contracts import SMART_CONTRACTS
from aether_desktop.storage.schema.imports import IMPORT_BATCHES, IMPORT_REJECTIONS, IMPORT_SIGHTINGS, PRICES
from aether_desktop.storage.schema.keys import (
    COURT_KEYS,
    INVITATIONS,
    MEMBERSHIP_STATEMENTS,
    PERSON_KEYS,
    ROTATION_JOURNAL,
    SEAL_COUNTS,
)
from aether_desktop.storage.schema.ledger import LEDGER_DAYS, LEDGER_FEES, LEDGER_MARKS
from aether_desktop.storage.schema.monitoring import AI_MONITORING_LOGS
from aether_desktop.storage.schema.networks import EVM_NETWORKS
from aether_desktop.storage.schema.payments import PAYMENT_METHODS, PAYMENTS
from aether_desktop.storage.schema.quorum import QUORUM_DEALS, QUORUM_RELEASES, QUORUM_REQUESTS
from aether_desktop.storage.schema.search import SEARCH_MARKS, SEARCH_PARTIES, SEARCH_TEXTS, SEARCH_WATERS
from aether_desktop.storage.schema.security import ID_CLIENTS, KEY_SLOTS, UNLOCK_ATTEMPTS, VAULT_MEMBERS, VAULTS
from aether_desktop.storage.schema.temple import TEMPLE_NODES
from aether_desktop.storage.schema.transactions import TRANSACTIONS
from aether_desktop.storage.schema.users import USERS
from aether_desktop.storage.schema.wallets import CURRENCIES, WALLET_SECRETS, WALLETS
from aether_desktop.storage.schema.watching import (
    COUNCIL_SEATS,
    NODE_COVENANTS,
    NODE_HARMONY,
    NODE_LEASES,
    NODE_NOTICES,
    NODE_PROBES,
    NODE_ROLL_UPS,
    NODE_SAMPLES,
    NODE_SILENCES,
    NODE_STATES,
    NODE_TRANSITIONS,
)

RECORD_TABLES = {
    TableName.WALLETS: WALLETS,
    TableName.TRANSACTIONS: TRANSACTIONS,
    TableName.CONTRACTS: SMART_CONTRACTS,
    TableName.TEMPLE_NODES: TEMPLE_NODES,
    TableName.PAYMENTS: PAYMENTS,
    TableName.PAYMENT_METHODS: PAYMENT_METHODS,
    TableName.CONTENT: CID_ENTRIES,
    TableName.MONITORING: AI_MONITORING_LOGS,
    TableName.USERS: USERS,
}

__all__ = [
    "AI_MONITORING_LOGS",
    "ANNOTATIONS",
    "ANNOTATION_TAGS",
    "AUDIT_CHECKPOINTS",
    "AUDIT_DEVICES",
    "AUDIT_ENTRIES",
    "AUDIT_HEADS",
    "AUDIT_TALLY",
    "CID_ENTRIES",
    "COUNCIL_SEATS",
    "COURT_KEYS",
    "CURRENCIES",
    "EVM_NETWORKS",
    "FOREIGN_LABELS",
    "ID_CLIENTS",
    "IMPORT_BATCHES",
    "IMPORT_REJECTIONS",
    "IMPORT_SIGHTINGS",
    "INVITATIONS",
    "KEY_SLOTS",
    "LEDGER_DAYS",
    "LEDGER_FEES",
    "LEDGER_MARKS",
    "MEMBERSHIP_STATEMENTS",
    "METADATA",
    "NODE_COVENANTS",
    "NODE_HARMONY",
    "NODE_LEASES",
    "NODE_NOTICES",
    "NODE_PROBES",
    "NODE_ROLL_UPS",
    "NODE_SAMPLES",
    "NODE_SILENCES",
    "NODE_STATES",
    "NODE_TRANSITIONS",
    "NOTE_WORDS",
    "PAYMENTS",
    "PAYMENT_METHODS",
    "PERSON_KEYS",
    "PRICES",
    "QUORUM_DEALS",
    "QUORUM_RELEASES",
    "QUORUM_REQUESTS",
    "RECORD_TABLES",
    "ROTATION_JOURNAL",
    "SEAL_COUNTS",
    "SEARCH_MARKS",
    "SEARCH_PARTIES",
    "SEARCH_TEXTS",
    "SEARCH_WATERS",
    "SMART_CONTRACTS",
    "TEMPLE_NODES",
    "TRANSACTIONS",
    "UNLOCK_ATTEMPTS",
    "USERS",
    "VAULTS",
    "VAULT_MEMBERS",
    "WALLETS",
    "WALLET_SECRETS",
]
