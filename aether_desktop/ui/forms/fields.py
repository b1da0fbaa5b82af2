"""Which fields each form has, and how what is typed becomes a value. No widgets here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType

from aether_desktop.domain.amounts import Amount, Currency, InvalidAmountError, format_units
from aether_desktop.domain.chains import CHAINS, UnknownChainError, find_chain
from aether_desktop.domain.content import ContentKind, ContentStatus
from aether_desktop.domain.contracts import ContractStatus
from aether_desktop.domain.fiat import UnknownFiatError, fiat_currency
from aether_desktop.domain.monitoring import MonitoringAction, Severity
from aether_desktop.domain.payments import PaymentMethodKind, PaymentMethodStatus, PaymentStatus, SecurityLevel
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.domain.times import InvalidTimeError, iso, parse_time
from aether_desktop.domain.transactions import Direction, TransactionKind, TransactionStatus
from aether_desktop.domain.users import Membership, Role
from aether_desktop.domain.wallets import WalletKind


class Editor(StrEnum):
    """What the person edits a field with."""

    LINE = "line"
    LINES = "lines"
    CHOICE = "choice"
    CHECK = "check"
    WALLET = "wallet"
    METHOD = "method"
    MONEY = "money"
    TIME = "time"
    DATE = "date"
    WHOLE = "whole"


class FieldError(ValueError):
    """What is typed cannot become the field's value; ``reason`` is shown under the field."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. ``key`` is the record's field; ``optional`` may stay empty; ``first`` is the first choice or text."""

    key: str
    title: str
    editor: Editor = Editor.LINE
    choices: tuple[tuple[str, str], ...] = ()
    optional: bool = False
    help: str = ""
    first: str = ""
    only_new: bool = False


def _words(kind: type[StrEnum]) -> tuple[tuple[str, str], ...]:
    return tuple((member.value, member.value.replace("_", " ").capitalize()) for member in kind)


_CHAINS = tuple((chain.key, f"{chain.name} ({chain.symbol})") for chain in CHAINS.values())
_E = Editor
FORMS: Mapping[TableName, tuple[FormField, ...]] = MappingProxyType(
    {
        TableName.WALLETS: (
            FormField("name", "Name", help="What you call it, such as Treasury."),
            FormField("chain", "Chain", _E.CHOICE, _CHAINS),
            FormField("address", "Address", help="Watch-only: the public address, never a key."),
            FormField("kind", "Kind", _E.CHOICE, _words(WalletKind)),
        ),
        TableName.TRANSACTIONS: (
            FormField("wallet_id", "Wallet", _E.WALLET),
            FormField("occurred_at", "Time (UTC)", _E.TIME),
            FormField("direction", "Direction", _E.CHOICE, _words(Direction)),
            FormField("amount", "Amount", _E.MONEY),
            FormField("fee", "Fee you paid", _E.MONEY, optional=True),
            FormField("status", "Status", _E.CHOICE, _words(TransactionStatus), first="confirmed"),
            FormField("kind", "Kind", _E.CHOICE, _words(TransactionKind)),
            FormField("from_address", "From", optional=True),
            FormField("to_address", "To", optional=True),
            FormField("tx_hash", "Hash", optional=True),
            FormField("description", "Description", _E.LINES, optional=True),
        ),
        TableName.CONTRACTS: (
            FormField("name", "Name"),
            FormField("chain", "Chain", _E.CHOICE, _CHAINS),
            FormField("address", "Address", optional=True, help="Empty only while the deployment is pending."),
            FormField("status", "Status", _E.CHOICE, _words(ContractStatus)),
        ),
        TableName.TEMPLE_NODES: (
            FormField("node_id", "Node", help="Your own name for the node."),
            FormField("tier", "Tier", _E.CHOICE, _words(Tier)),
            FormField("storage_threshold", "Storage threshold", _E.WHOLE, first="0"),
            FormField("compute_threshold", "Compute threshold", _E.WHOLE, first="0"),
            FormField("abundance_threshold", "Abundance threshold", _E.WHOLE, first="0"),
            FormField("status", "Status", _E.CHOICE, _words(NodeStatus), first="unknown"),
        ),
        TableName.PAYMENTS: (
            FormField("paid_at", "Time (UTC)", _E.TIME),
            FormField("amount", "Amount", _E.MONEY),
            FormField("status", "Status", _E.CHOICE, _words(PaymentStatus)),
            FormField("provider", "Provider", optional=True),
            FormField("external_id", "Provider's id", optional=True),
            FormField("wallet_id", "Wallet", _E.WALLET, optional=True),
            FormField("payment_method_id", "Payment method", _E.METHOD, optional=True),
            FormField("security_level", "Security", _E.CHOICE, _words(SecurityLevel)),
            FormField("description", "Description", _E.LINES, optional=True),
        ),
        TableName.PAYMENT_METHODS: (
            FormField("name", "Name"),
            FormField("kind", "Kind", _E.CHOICE, _words(PaymentMethodKind)),
            FormField("provider", "Provider", optional=True),
            FormField("provider_reference", "Provider's id", optional=True),
            FormField("last_four", "Last four digits", optional=True),
            FormField(
                "expires_on", "Expires on", _E.DATE, optional=True, help="The last valid day, such as 2027-08-31."
            ),
            FormField("is_default", "Use by default", _E.CHECK),
            FormField("status", "Status", _E.CHOICE, _words(PaymentMethodStatus)),
        ),
        TableName.CONTENT: (
            FormField("cid", "Content id", help="Begins with Qm, or with b, z or f."),
            FormField("name", "Name", optional=True),
            FormField("kind", "Kind", _E.CHOICE, _words(ContentKind)),
            FormField("status", "Status", _E.CHOICE, _words(ContentStatus)),
            FormField("size_bytes", "Size in bytes", _E.WHOLE, optional=True),
        ),
        TableName.MONITORING: (
            FormField("seen_at", "Time (UTC)", _E.TIME),
            FormField("action", "Action", _E.CHOICE, _words(MonitoringAction)),
            FormField("severity", "Severity", _E.CHOICE, _words(Severity)),
            FormField("description", "Description", _E.LINES),
        ),
        TableName.USERS: (
            FormField("username", "User name"),
            FormField("display_name", "Name", optional=True),
            FormField("email", "E-mail", optional=True),
            FormField("role", "Role", _E.CHOICE, _words(Role)),
            FormField("membership", "Membership", _E.CHOICE, _words(Membership)),
            FormField("active", "Active", _E.CHECK, first="yes"),
        ),
    }
)


def value_of(field: FormField, text: str, *, chain: str = "") -> object:
    """The value of a field from its text; ``chain`` is the chosen wallet's, whose coin an amount without unit is in.

    Raises FieldError.
    """
    typed = text.strip()
    if not typed and field.editor not in {Editor.CHECK, Editor.LINE, Editor.LINES}:
        if field.optional:
            return None
        raise FieldError("Fill this in; it must not be empty.")
    if not typed and not field.optional and field.editor is not Editor.CHECK:
        raise FieldError("Fill this in; it must not be empty.")
    match field.editor:
        case Editor.CHECK:
            return typed == "yes"
        case Editor.MONEY:
            return _money(typed, chain)
        case Editor.TIME | Editor.DATE:
            return _moment(field, typed)
        case Editor.WHOLE | Editor.WALLET | Editor.METHOD:
            return _whole(typed)
        case _:
            return typed


def text_of(value: object) -> str:
    """What a form shows for a stored value."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Amount():
            return f"{format_units(value.base_units, value.currency.decimals)} {value.currency.symbol}"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if not value.microsecond else iso(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _money(typed: str, chain: str) -> Amount:
    number, _, symbol = typed.partition(" ")
    try:
        return Amount.parse(number, _currency(symbol.strip(), chain))
    except InvalidAmountError as error:
        raise FieldError(error.reason) from error


def _currency(symbol: str, chain: str) -> Currency:
    if chain and (not symbol or symbol.casefold() == CHAINS[chain].symbol.casefold()):
        return CHAINS[chain].coin
    if not symbol:
        raise FieldError("Write the amount with its currency, such as 12.50 EUR or 0.5 ATC.")
    for known in CHAINS.values():
        if known.symbol.casefold() == symbol.casefold():
            return known.coin
    if chain:
        raise FieldError(f"This wallet's coin is {CHAINS[chain].symbol}; tokens come with an import.")
    try:
        return fiat_currency(symbol)
    except UnknownFiatError as error:
        raise FieldError(str(error)) from error


def _moment(field: FormField, typed: str) -> object:
    try:
        moment = parse_time(typed)
    except InvalidTimeError as error:
        raise FieldError(str(error)) from error
    return moment.date() if field.editor is Editor.DATE else moment


def _whole(typed: str) -> int:
    try:
        return int(typed)
    except ValueError as error:
        raise FieldError("A whole number, please.") from error


def chain_named(text: str) -> str:
    """The key of a chain, "" when there is none of that name."""
    try:
        return find_chain(text).key
    except UnknownChainError:
        return ""
