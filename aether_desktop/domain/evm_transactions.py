"""Transactions of EVM chains before they are signed: legacy with EIP-155, with an access list (EIP-2930), EIP-1559.

Amounts are integers of the coin's base unit (wei). Every one names its chain: a signature without one could be replayed
on another chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aether_desktop.domain.addresses import AddressFamily, InvalidAddressError, parse_address

MAX_NONCE: Final = 2**64 - 2  # EIP-2681
MAX_GAS: Final = 2**64 - 1
MAX_CHAIN_ID: Final = 2**63 - 36  # so that v of EIP-155, 2 x id + 36, and 64-bit columns hold it
MAX_DATA: Final = 1 << 20  # bytes; nodes take an eighth of that
_MAX_WORD: Final = 2**256 - 1


class InvalidTransactionError(ValueError):
    """A value no transaction may have; ``field`` names it, ``reason`` is a plain sentence."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class LegacyFee:
    """What each unit of gas costs."""

    gas_price: int

    @property
    def most(self) -> int:
        """What a unit of gas costs at most."""
        return self.gas_price


@dataclass(frozen=True, slots=True)
class MarketFee:
    """EIP-1559: at most ``most`` for each unit of gas, of which at most ``priority`` for who builds the block."""

    most: int
    priority: int


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """EIP-2930: an address and its storage keys (32 bytes each) that the transaction will touch."""

    address: str
    storage_keys: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedTransaction:
    """``to`` None deploys ``data`` as a contract; otherwise it becomes the checksummed address.

    Raises InvalidTransactionError naming the field.
    """

    chain_id: int
    nonce: int
    gas_limit: int
    fee: LegacyFee | MarketFee
    to: str | None
    value: int = 0
    data: bytes = b""
    access_list: tuple[AccessEntry, ...] = ()

    def __post_init__(self) -> None:
        _require("chain_id", self.chain_id, least=1, most=MAX_CHAIN_ID)
        _require("nonce", self.nonce, most=MAX_NONCE)
        _require("gas_limit", self.gas_limit, most=MAX_GAS)
        _require("value", self.value)
        _require("fee", self.fee.most)
        if isinstance(self.fee, MarketFee):
            _require("fee", self.fee.priority)
            if self.fee.priority > self.fee.most:
                raise InvalidTransactionError("fee", "The priority fee is more than the whole fee may be.")
        if len(self.data) > MAX_DATA:
            raise InvalidTransactionError("data", f"At most {MAX_DATA:,} bytes; these are {len(self.data):,}.")
        if self.to is not None:
            object.__setattr__(self, "to", _address("to", self.to))
        for entry in self.access_list:
            _address("access_list", entry.address)
            if any(len(key) != 32 for key in entry.storage_keys):
                raise InvalidTransactionError("access_list", "A storage key has 32 bytes.")

    @property
    def most_fee(self) -> int:
        """What it costs at most, in base units of the coin."""
        return self.gas_limit * self.fee.most

    @property
    def most_spent(self) -> int:
        """What leaves the sender at most: the value and the fee."""
        return self.value + self.most_fee


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """What is broadcast. ``hash`` is its name on the chain, ``sender`` the checksummed address that signed."""

    raw: bytes
    hash: str
    sender: str


def _require(field: str, value: int, *, least: int = 0, most: int = _MAX_WORD) -> None:
    if not least <= value <= most:
        bound = f"at least {least}" if value < least else f"at most {most}"
        raise InvalidTransactionError(field, f"This must be {bound}, not {value}.")


def _address(field: str, text: str) -> str:
    try:
        return parse_address(text, AddressFamily.EVM)
    except InvalidAddressError as error:
        raise InvalidTransactionError(field, error.reason) from error
