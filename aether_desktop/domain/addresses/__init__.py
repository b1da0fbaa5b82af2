"""Addresses of the four families: checked, and brought to one canonical text. Any thread; nothing here waits."""

from __future__ import annotations

from enum import StrEnum

from aether_desktop.domain.addresses.bitcoin import parse_bitcoin
from aether_desktop.domain.addresses.errors import InvalidAddressError
from aether_desktop.domain.addresses.evm import (
    is_evm_address,
    is_zero_address,
    keccak256,
    parse_evm,
    to_checksum,
)
from aether_desktop.domain.addresses.filecoin import parse_filecoin
from aether_desktop.domain.addresses.solana import parse_solana

__all__ = [
    "AddressFamily",
    "InvalidAddressError",
    "grouped_address",
    "is_evm_address",
    "is_zero_address",
    "keccak256",
    "parse_address",
    "same_address",
    "short_address",
    "to_checksum",
]

_SHORT_HEAD, _SHORT_TAIL, _GROUP = 6, 4, 4


class AddressFamily(StrEnum):
    """Chains whose addresses are written alike."""

    EVM = "evm"
    BITCOIN = "bitcoin"
    FILECOIN = "filecoin"
    SOLANA = "solana"


def parse_address(text: str, family: AddressFamily, *, testnet: bool = False) -> str:
    """The canonical text of an address, by which two are equal when their texts are.

    ``testnet`` matters to Bitcoin and Filecoin, whose addresses name their network. Raises InvalidAddressError.
    """
    if family is AddressFamily.EVM:
        return parse_evm(text)
    if family is AddressFamily.BITCOIN:
        return parse_bitcoin(text, testnet=testnet)
    if family is AddressFamily.FILECOIN:
        return parse_filecoin(text, testnet=testnet)
    return parse_solana(text)


def same_address(a: str, b: str, family: AddressFamily) -> bool:
    """Whether both texts are valid and mean the same address, on whichever network; False when one is no address."""
    canonical = _canonical(a, family)
    return canonical is not None and canonical == _canonical(b, family)


def short_address(text: str) -> str:
    """An address for a narrow column, its middle left out: 0x7a3f…91c2. Never compare by it."""
    if len(text) <= _SHORT_HEAD + _SHORT_TAIL + 1:
        return text
    return f"{text[:_SHORT_HEAD]}…{text[-_SHORT_TAIL:]}"


def grouped_address(text: str) -> str:
    """An address in groups of four for reading aloud and comparing; a leading 0x stays with the first group."""
    prefix = "0x" if text.startswith("0x") else ""
    body = text[len(prefix) :]
    return prefix + " ".join(body[start : start + _GROUP] for start in range(0, len(body), _GROUP))


def _canonical(text: str, family: AddressFamily) -> str | None:
    for testnet in (False, True):
        try:
            return parse_address(text, family, testnet=testnet)
        except InvalidAddressError:
            continue
    return None
