"""The nine tables as data: columns, kinds, what may be sorted and filtered.

Grids, exports, queries and storage read this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.content import ContentKind, ContentStatus
from aether_desktop.domain.contracts import ContractStatus
from aether_desktop.domain.monitoring import MonitoringAction, Severity
from aether_desktop.domain.payments import (
    PaymentMethodKind,
    PaymentMethodStatus,
    PaymentStatus,
    SecurityLevel,
)
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.domain.temple import NodeType, Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.domain.transactions import Direction, Leg, TransactionKind, TransactionStatus
from aether_desktop.domain.users import Membership, Role
from aether_desktop.domain.wallets import WalletKind


class ColumnKind(StrEnum):
    """How a value is held, compared and shown. In brackets: the Python type in a row."""

    TEXT = "text"  # str
    AMOUNT = "amount"  # Amount | None
    TIME = "time"  # datetime | None, zone-aware
    DATE = "date"  # date | None
    ADDRESS = "address"  # str
    HASH = "hash"  # str
    INTEGER = "integer"  # int | None
    NUMBER = "number"  # float | None (scores, never money)
    BOOLEAN = "boolean"  # bool
    CHOICE = "choice"  # str, one of ``choices``
    TAGS = "tags"  # tuple[str, ...]
    # any of them may be a Sealed instead, where the column says so


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column. ``key`` is the name in queries, exports and forms; ``aliases`` are shorter query words.

    ``shown`` says whether the grid shows it at first, ``width`` the first width in characters. ``sealed`` names the
    field of a column whose values are ``Sealed`` in a vault with keys: they are not searched, sorted or exported.
    """

    key: str
    title: str
    kind: ColumnKind = ColumnKind.TEXT
    choices: tuple[str, ...] = ()
    sortable: bool = True
    filterable: bool = True
    shown: bool = True
    width: int = 16
    aliases: tuple[str, ...] = ()
    sealed: SealedField | None = None


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table as people see it. ``singular`` and ``title`` are screen words; ``default_sort`` a column key."""

    name: TableName
    title: str
    singular: str
    columns: tuple[ColumnSpec, ...]
    default_sort: str
    default_descending: bool = True

    def column(self, key: str) -> ColumnSpec:
        """The column with this key or alias. Raises KeyError."""
        for column in self.columns:
            if key == column.key or key in column.aliases:
                return column
        raise KeyError(key)

    def index(self, key: str) -> int:
        """Position of a column's value in a row's ``values``. Raises KeyError."""
        return self.columns.index(self.column(key))


def found_by_beginning(column: ColumnSpec) -> bool:
    """Whether rows whose text in this column begins somehow are found by an index, however many rows there are."""
    if column.sealed is not None:
        return False
    if column.kind in (ColumnKind.ADDRESS, ColumnKind.HASH):
        return True
    return column.sortable and column.kind in (ColumnKind.TEXT, ColumnKind.CHOICE)


def _choices(kind: type[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in kind)


_K = ColumnKind
_LABEL = ColumnSpec("label", "Label", width=20)
_NOTE = ColumnSpec("note", "Note", sortable=False, shown=False, width=24)
_TAGS = ColumnSpec("tags", "Tags", _K.TAGS, sortable=False, shown=False, aliases=("tag",), width=14)
_ID = ColumnSpec("id", "Id", _K.INTEGER, shown=False, width=20)
_CREATED = ColumnSpec("created_at", "Created", _K.TIME, shown=False, width=22, aliases=("created",))
_ARCHIVED = ColumnSpec("archived_at", "Archived", _K.TIME, sortable=False, filterable=False, shown=False, width=20)
_OWN_WORDS = (_LABEL, _NOTE, _TAGS)
_TAIL = (_CREATED, _ARCHIVED, _ID)
_CHAIN = ColumnSpec("chain", "Chain", _K.CHOICE, tuple(CHAINS), width=18)


def _status(kind: type[StrEnum]) -> ColumnSpec:
    return ColumnSpec("status", "Status", _K.CHOICE, _choices(kind), width=16)


_TABLES = (
    TableSpec(
        TableName.WALLETS,
        "Wallets",
        "wallet",
        (
            ColumnSpec("name", "Name", width=20),
            _CHAIN,
            ColumnSpec("address", "Address", _K.ADDRESS, width=22),
            ColumnSpec("kind", "Kind", _K.CHOICE, _choices(WalletKind), width=10),
            ColumnSpec("symbol", "Symbol", width=8),
            ColumnSpec("watch_only", "Watch only", _K.BOOLEAN, width=10),
            *_OWN_WORDS,
            *_TAIL,
        ),
        "name",
        default_descending=False,
    ),
    TableSpec(
        TableName.TRANSACTIONS,
        "Transactions",
        "transaction",
        (
            ColumnSpec("occurred_at", "Time", _K.TIME, aliases=("date", "time"), width=22),
            ColumnSpec("wallet", "Wallet", width=13),
            ColumnSpec("chain", "Chain", _K.CHOICE, tuple(CHAINS), shown=False, width=18),
            ColumnSpec("counterparty", "Counterparty", _K.ADDRESS, aliases=("party",), width=16),
            ColumnSpec("direction", "Direction", _K.CHOICE, _choices(Direction), shown=False, width=9),
            ColumnSpec("amount", "Amount", _K.AMOUNT, width=25),
            ColumnSpec("symbol", "Token", shown=False, aliases=("token",), width=8),
            # Currency.asset; a filter also finds rows that pay their fee in it: these are what a balance is made of
            ColumnSpec("asset", "Asset", sortable=False, shown=False, width=22),
            ColumnSpec("status", "Status", _K.CHOICE, _choices(TransactionStatus), width=16),
            ColumnSpec("fee", "Fee", _K.AMOUNT, width=18),
            ColumnSpec("kind", "Kind", _K.CHOICE, _choices(TransactionKind), shown=False, width=18),
            ColumnSpec("leg", "Part", _K.CHOICE, _choices(Leg), shown=False, width=10),
            _LABEL,
            ColumnSpec("method", "Method", shown=False, width=14),
            ColumnSpec("description", "Description", shown=False, sortable=False, aliases=("text",), width=24),
            ColumnSpec("tx_hash", "Hash", _K.HASH, shown=False, aliases=("hash",), width=22),
            # Not to sort by: one of the two is the counterparty, the other nearly always an own address.
            ColumnSpec("from_address", "From", _K.ADDRESS, sortable=False, shown=False, aliases=("from",), width=20),
            ColumnSpec("to_address", "To", _K.ADDRESS, sortable=False, shown=False, aliases=("to",), width=20),
            ColumnSpec("contract_address", "Contract", _K.ADDRESS, shown=False, aliases=("contract",), width=20),
            ColumnSpec("block_number", "Block", _K.INTEGER, shown=False, aliases=("block",), width=12),
            ColumnSpec("error", "Error", shown=False, sortable=False, width=16),
            ColumnSpec("ai_verified", "AI verified", _K.BOOLEAN, shown=False, width=11),
            ColumnSpec("layer2_kind", "Layer 2", shown=False, aliases=("layer2",), width=12),
            ColumnSpec("batch", "Import batch", _K.INTEGER, shown=False, width=20),
            _NOTE,
            _TAGS,
            *_TAIL,
        ),
        "occurred_at",
    ),
    TableSpec(
        TableName.CONTRACTS,
        "Contracts",
        "contract",
        (
            ColumnSpec("name", "Name", width=22),
            _CHAIN,
            ColumnSpec("address", "Address", _K.ADDRESS, width=22),
            _status(ContractStatus),
            ColumnSpec("last_interaction_at", "Last interaction", _K.TIME, aliases=("used",), width=22),
            *_OWN_WORDS,
            *_TAIL,
        ),
        "name",
        default_descending=False,
    ),
    TableSpec(
        TableName.TEMPLE_NODES,
        "Temple Nodes",
        "temple node",
        (
            ColumnSpec("node_id", "Node", aliases=("name", "node"), width=22),
            ColumnSpec("tier", "Tier", _K.CHOICE, _choices(Tier), width=16),
            ColumnSpec("type", "Type", _K.CHOICE, _choices(NodeType), width=12),
            _status(NodeStatus),
            ColumnSpec("harmony", "Harmony", _K.NUMBER, width=10),
            ColumnSpec("elder", "Elder", _K.BOOLEAN, width=8),
            ColumnSpec("storage_threshold", "Storage", _K.INTEGER, shown=False, width=9, aliases=("storage",)),
            ColumnSpec("compute_threshold", "Compute", _K.INTEGER, shown=False, width=9, aliases=("compute",)),
            ColumnSpec("abundance_threshold", "Abundance", _K.INTEGER, shown=False, width=11, aliases=("abundance",)),
            *_OWN_WORDS,
            *_TAIL,
        ),
        "node_id",
        default_descending=False,
    ),
    TableSpec(
        TableName.PAYMENTS,
        "Payments",
        "payment",
        (
            ColumnSpec("paid_at", "Time", _K.TIME, aliases=("date", "time"), width=22),
            ColumnSpec("amount", "Amount", _K.AMOUNT, width=25),
            ColumnSpec("symbol", "Currency", shown=False, aliases=("currency",), width=8),
            _status(PaymentStatus),
            ColumnSpec("provider", "Provider", width=14),
            ColumnSpec(
                "external_id",
                "Provider's id",
                aliases=("external",),
                width=18,
                sealed=SealedField.PAYMENT_EXTERNAL_ID,
            ),
            ColumnSpec("wallet", "Wallet", width=14),
            ColumnSpec("method", "Method", width=14),
            ColumnSpec(
                "security_level", "Security", _K.CHOICE, _choices(SecurityLevel), width=12, aliases=("security",)
            ),
            ColumnSpec("description", "Description", sortable=False, shown=False, aliases=("text",), width=24),
            ColumnSpec(
                "metadata",
                "Metadata",
                sortable=False,
                filterable=False,
                shown=False,
                width=24,
                sealed=SealedField.PAYMENT_METADATA,
            ),
            *_OWN_WORDS,
            *_TAIL,
        ),
        "paid_at",
    ),
    TableSpec(
        TableName.PAYMENT_METHODS,
        "Payment Methods",
        "payment method",
        (
            ColumnSpec("name", "Name", width=20),
            ColumnSpec("kind", "Kind", _K.CHOICE, _choices(PaymentMethodKind), width=14),
            ColumnSpec("provider", "Provider", width=14),
            ColumnSpec(
                "provider_reference",
                "Provider's id",
                shown=False,
                aliases=("reference",),
                width=18,
                sealed=SealedField.PAYMENT_METHOD_EXTERNAL_ID,
            ),
            ColumnSpec("last_four", "Last four", width=10, sealed=SealedField.PAYMENT_METHOD_LAST_FOUR),
            ColumnSpec(
                "expires_on",
                "Expires",
                _K.DATE,
                width=12,
                aliases=("expires",),
                sealed=SealedField.PAYMENT_METHOD_EXPIRY,
            ),
            ColumnSpec("is_default", "Default", _K.BOOLEAN, width=9, aliases=("default",)),
            _status(PaymentMethodStatus),
            *_OWN_WORDS,
            *_TAIL,
        ),
        "name",
        default_descending=False,
    ),
    TableSpec(
        TableName.CONTENT,
        "Content",
        "content id",
        (
            ColumnSpec("cid", "Content id", _K.HASH, width=26),
            ColumnSpec("name", "Name", width=18),
            ColumnSpec("kind", "Kind", _K.CHOICE, _choices(ContentKind), width=16),
            _status(ContentStatus),
            ColumnSpec("size_bytes", "Bytes", _K.INTEGER, width=14, aliases=("size",)),
            *_OWN_WORDS,
            *_TAIL,
        ),
        "created_at",
    ),
    TableSpec(
        TableName.MONITORING,
        "Monitoring",
        "log entry",
        (
            ColumnSpec("seen_at", "Time", _K.TIME, aliases=("date", "time"), width=22),
            ColumnSpec("severity", "Severity", _K.CHOICE, _choices(Severity), width=16),
            ColumnSpec("action", "Action", _K.CHOICE, _choices(MonitoringAction), width=20),
            ColumnSpec("description", "Description", sortable=False, aliases=("text",), width=40),
            ColumnSpec("related_table", "About", aliases=("about",), width=14),
            ColumnSpec("related_id", "Row", _K.INTEGER, shown=False, width=20),
            *_OWN_WORDS,
            *_TAIL,
        ),
        "seen_at",
    ),
    TableSpec(
        TableName.USERS,
        "People",
        "person",
        (
            ColumnSpec("username", "User name", aliases=("name", "user"), width=18),
            ColumnSpec("display_name", "Name", width=20),
            ColumnSpec("email", "E-mail", width=24, sealed=SealedField.USER_EMAIL),
            ColumnSpec("role", "Role", _K.CHOICE, _choices(Role), width=12),
            ColumnSpec("membership", "Membership", _K.CHOICE, _choices(Membership), width=12),
            ColumnSpec("active", "Active", _K.BOOLEAN, width=8),
            ColumnSpec("last_login_at", "Last login", _K.TIME, width=22, aliases=("login",)),
            *_OWN_WORDS,
            *_TAIL,
        ),
        "username",
        default_descending=False,
    ),
)
TABLES: Mapping[TableName, TableSpec] = MappingProxyType({spec.name: spec for spec in _TABLES})
