"""Which fields each form has, and how what is typed becomes a value. No widgets here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType

from aether_desktop.domain.amounts import Amount, Currency, InvalidAmountError, format_units
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.content import ContentKind, ContentStatus
from aether_desktop.domain.contracts import ContractStatus
from aether_desktop.domain.fiat import UnknownFiatError, fiat_currency
from aether_desktop.domain.monitoring import MonitoringAction, Severity
from aether_desktop.domain.payments import PaymentMethodKind, PaymentMethodStatus, PaymentStatus, SecurityLevel
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import Sealed
from aether_desktop.domain.temple import Tier
from aether_desktop.domain.times import InvalidTimeError, iso, parse_time
from aether_desktop.domain.transactions import Direction, TransactionKind, TransactionStatus
from aether_desktop.domain.users import Membership, Role
from aether_desktop.domain.wallets import WalletKind

REMOVE = "-"
"""Typed in the place of a sealed value: there is to be none."""
_WHOLE = re.compile(r"-?[0-9]{1,19}\Z", re.ASCII)  # ids and sizes are 64-bit


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
class FieldSpec:
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
FORMS: Mapping[TableName, tuple[FieldSpec, ...]] = MappingProxyType(
    {
        TableName.WALLETS: (
            FieldSpec("name", "Name", help="What you call it, such as Treasury."),
            FieldSpec("chain", "Chain", _E.CHOICE, _CHAINS),
            FieldSpec("address", "Address", help="Watch-only: the public address, never a key."),
            FieldSpec("kind", "Kind", _E.CHOICE, _words(WalletKind)),
        ),
        TableName.TRANSACTIONS: (
            FieldSpec("wallet_id", "Wallet", _E.WALLET),
            FieldSpec("occurred_at", "Time (UTC)", _E.TIME),
            FieldSpec("direction", "Direction", _E.CHOICE, _words(Direction)),
            FieldSpec("amount", "Amount", _E.MONEY),
            FieldSpec("fee", "Fee you paid", _E.MONEY, optional=True),
            FieldSpec("status", "Status", _E.CHOICE, _words(TransactionStatus), first="confirmed"),
            FieldSpec("kind", "Kind", _E.CHOICE, _words(TransactionKind)),
            FieldSpec("from_address", "From", optional=True),
            FieldSpec("to_address", "To", optional=True),
            FieldSpec("tx_hash", "Hash", optional=True),
            FieldSpec("description", "Description", _E.LINES, optional=True),
        ),
        TableName.CONTRACTS: (
            FieldSpec("name", "Name"),
            FieldSpec("chain", "Chain", _E.CHOICE, _CHAINS),
            FieldSpec("address", "Address", optional=True, help="Empty only while the deployment is pending."),
            FieldSpec("status", "Status", _E.CHOICE, _words(ContractStatus)),
        ),
        TableName.TEMPLE_NODES: (
            FieldSpec("node_id", "Node", help="Your own name for the node."),
            FieldSpec("tier", "Tier", _E.CHOICE, _words(Tier)),
            FieldSpec("storage_threshold", "Storage threshold", _E.WHOLE, first="0"),
            FieldSpec("compute_threshold", "Compute threshold", _E.WHOLE, first="0"),
            FieldSpec("abundance_threshold", "Abundance threshold", _E.WHOLE, first="0"),
        ),
        TableName.PAYMENTS: (
            FieldSpec("paid_at", "Time (UTC)", _E.TIME),
            FieldSpec("amount", "Amount", _E.MONEY),
            FieldSpec("status", "Status", _E.CHOICE, _words(PaymentStatus)),
            FieldSpec("provider", "Provider", optional=True),
            FieldSpec("external_id", "Provider's id", optional=True),
            FieldSpec("wallet_id", "Wallet", _E.WALLET, optional=True),
            FieldSpec("payment_method_id", "Payment method", _E.METHOD, optional=True),
            FieldSpec("security_level", "Security", _E.CHOICE, _words(SecurityLevel)),
            FieldSpec("description", "Description", _E.LINES, optional=True),
            FieldSpec("metadata", "Metadata", _E.LINES, optional=True, help="What the provider tells beside it."),
        ),
        TableName.PAYMENT_METHODS: (
            FieldSpec("name", "Name"),
            FieldSpec("kind", "Kind", _E.CHOICE, _words(PaymentMethodKind)),
            FieldSpec("provider", "Provider", optional=True),
            FieldSpec("provider_reference", "Provider's id", optional=True),
            FieldSpec("last_four", "Last four digits", optional=True),
            FieldSpec(
                "expires_on", "Expires on", _E.DATE, optional=True, help="The last valid day, such as 2027-08-31."
            ),
            FieldSpec("is_default", "Use by default", _E.CHECK),
            FieldSpec("status", "Status", _E.CHOICE, _words(PaymentMethodStatus)),
        ),
        TableName.CONTENT: (
            FieldSpec("cid", "Content id", help="Begins with Qm, or with b, z or f."),
            FieldSpec("name", "Name", optional=True),
            FieldSpec("kind", "Kind", _E.CHOICE, _words(ContentKind)),
            FieldSpec("status", "Status", _E.CHOICE, _words(ContentStatus)),
            FieldSpec("size_bytes", "Size in bytes", _E.WHOLE, optional=True),
        ),
        TableName.MONITORING: (
            FieldSpec("seen_at", "Time (UTC)", _E.TIME),
            FieldSpec("action", "Action", _E.CHOICE, _words(MonitoringAction)),
            FieldSpec("severity", "Severity", _E.CHOICE, _words(Severity)),
            FieldSpec("description", "Description", _E.LINES),
        ),
        TableName.USERS: (
            FieldSpec("username", "User name"),
            FieldSpec("display_name", "Name", optional=True),
            FieldSpec("email", "E-mail", optional=True),
            FieldSpec("role", "Role", _E.CHOICE, _words(Role)),
            FieldSpec("membership", "Membership", _E.CHOICE, _words(Membership)),
            FieldSpec("active", "Active", _E.CHECK, first="yes"),
        ),
    }
)


def value_of(field: FieldSpec, text: str, *, chain: str = "", before: object = None) -> object:
    """The value of a field from its text; ``chain`` is the chosen wallet's, whose coin an amount without unit is in.

    ``before`` is the stored value: an amount stays in its currency, which may be a token; a sealed value, which is not
    shown, is taken out by REMOVE. Raises FieldError.
    """
    typed = text.strip()
    if isinstance(before, Sealed) and typed == REMOVE:
        typed = ""
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
            return _money(typed, chain, before.currency if isinstance(before, Amount) else None)
        case Editor.TIME | Editor.DATE:
            return _moment(field, typed)
        case Editor.WHOLE | Editor.WALLET | Editor.METHOD:
            return _whole(typed)
        case _:
            return typed


def text_of(value: object) -> str:
    """What a form shows for a stored value."""
    match value:
        case None | Sealed():
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


def _money(typed: str, chain: str, before: Currency | None) -> Amount:
    number, _, symbol = typed.partition(" ")
    symbol = symbol.strip()
    kept = before is not None and (not symbol or symbol.casefold() == before.symbol.strip().casefold())
    try:
        return Amount.parse(number, before if kept and before is not None else _currency(symbol, chain))
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


def _moment(field: FieldSpec, typed: str) -> object:
    try:
        moment = parse_time(typed)
    except InvalidTimeError as error:
        raise FieldError(str(error)) from error
    return moment.date() if field.editor is Editor.DATE else moment


def _whole(typed: str) -> int:
    if not _WHOLE.match(typed):
        raise FieldError("A whole number, please.")
    return int(typed)
