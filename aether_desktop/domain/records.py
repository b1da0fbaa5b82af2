"""What every stored record shares, and the nine tables' names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aether_desktop.domain.addresses import InvalidAddressError, parse_address
from aether_desktop.domain.chains import CHAINS, Chain


class InvalidRecordError(ValueError):
    """A field holds a value the domain refuses; ``field`` names it, ``reason`` is a plain sentence."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class TableName(StrEnum):
    """The nine tables people see, by the names used on screen, in queries and in the command line."""

    WALLETS = "wallets"
    TRANSACTIONS = "transactions"
    CONTRACTS = "contracts"
    TEMPLE_NODES = "temple_nodes"
    PAYMENTS = "payments"
    PAYMENT_METHODS = "payment_methods"
    CONTENT = "content"
    MONITORING = "monitoring"
    USERS = "users"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row people see. ``version`` grows with every change; a stale one is refused on update.

    ``id`` is a 64-bit integer given before the row is written; ``owner_id`` is the user it belongs to
    (for a user: its own id). Times are zone-aware.
    """

    id: int
    owner_id: int
    version: int = 1
    created_at: datetime
    archived_at: datetime | None = None


def require_zone(field: str, moment: datetime) -> None:
    """Refuse a time without a zone. Raises InvalidRecordError naming the field."""
    if moment.tzinfo is None:
        raise InvalidRecordError(field, "The time has no zone.")


def require_chain(key: str) -> Chain:
    """The chain of a record. Raises InvalidRecordError (field ``chain``)."""
    chain = CHAINS.get(key)
    if chain is None:
        raise InvalidRecordError("chain", f"Unknown chain. Known chains: {', '.join(CHAINS)}.")
    return chain


def require_address(text: str, chain: Chain) -> str:
    """An address of that chain in its canonical text. Raises InvalidRecordError (field ``address``)."""
    try:
        return parse_address(text, chain.family, testnet=chain.testnet)
    except InvalidAddressError as error:
        raise InvalidRecordError("address", error.reason) from error


def require_text(field: str, value: str, *, limit: int, empty: bool = False) -> None:
    """Refuse an empty, overlong or NUL-carrying text. Raises InvalidRecordError naming the field."""
    if not empty and not value.strip():
        raise InvalidRecordError(field, "Fill this in; it must not be empty.")
    if len(value) > limit:
        raise InvalidRecordError(field, f"At most {limit} characters; this has {len(value)}.")
    if "\x00" in value:
        raise InvalidRecordError(field, "The text contains a NUL character; remove it.")
