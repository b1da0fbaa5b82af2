"""Bitcoin addresses: base58check (P2PKH, P2SH) and segregated witness (BIP-173 bech32, BIP-350 bech32m)."""

from __future__ import annotations

from types import MappingProxyType
from typing import NoReturn

from aether_desktop.domain.addresses.base58 import decode_base58check
from aether_desktop.domain.addresses.errors import CHECKSUM_FAILS, InvalidAddressError, trimmed

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32 = 1
BECH32M = 0x2BC830A3
_VALUES = MappingProxyType({character: value for value, character in enumerate(CHARSET)})
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_MAINNET, _TESTNET, _REGTEST = "Bitcoin mainnet", "Bitcoin testnet", "Bitcoin regtest"
_PREFIXES = MappingProxyType(
    {"bc": _MAINNET, "tb": _TESTNET, "bcrt": _REGTEST, "ltc": "Litecoin", "tltc": "Litecoin testnet"}
)
_VERSIONS = MappingProxyType({0x00: _MAINNET, 0x05: _MAINNET, 0x6F: _TESTNET, 0xC4: _TESTNET})
_FOREIGN_VERSIONS = MappingProxyType({0x1E: "Dogecoin", 0x30: "Litecoin", 0x32: "Litecoin", 0x4C: "Dash"})
_SECRET_VERSIONS = frozenset({0x80, 0xEF})  # wallet import format of a private key
_NOT_BITCOIN = "The text is not a Bitcoin address; those begin with 1, 3 or bc1 (on testnet with m, n, 2 or tb1)."
_EXTENDED = ("xpub", "ypub", "zpub", "tpub", "upub", "vpub")
_EXTENDED_SECRET = ("xprv", "yprv", "zprv", "tprv", "uprv", "vprv")


def parse_bitcoin(text: str, *, testnet: bool = False) -> str:
    """The canonical address: bech32 in lower case, base58check as it is. Raises InvalidAddressError."""
    text = trimmed(text)
    lowered = text.lower()
    if lowered.startswith(_EXTENDED_SECRET):
        raise InvalidAddressError("This is an extended private key, not an address. Never paste it here.")
    if lowered.startswith(_EXTENDED):
        raise InvalidAddressError("This is an extended public key, not an address; add one of its addresses.")
    if _has_prefix(lowered):
        found, canonical = _parse_segwit(text)
    elif text[0] in "mn123" and len(text) <= 36:
        found, canonical = _parse_base58(text)
    else:
        _refuse_other(text)
    wanted = _TESTNET if testnet else _MAINNET
    if found != wanted:
        raise InvalidAddressError(f"This is an address of {found}; an address of {wanted} is needed.")
    return canonical


def decode_bech32(text: str) -> tuple[str, list[int], int]:
    """Human-readable part, 5-bit values without checksum, and the checksum constant (BECH32 or BECH32M).

    Raises InvalidAddressError.
    """
    if len(text) > 90:
        raise InvalidAddressError("A bech32 address has at most 90 characters; copy only the address.")
    lowered = text.lower()
    if text not in (lowered, text.upper()):
        raise InvalidAddressError(
            "The address mixes small and capital letters; such an address has only one of them. Copy it again."
        )
    prefix, separator, data = lowered.rpartition("1")
    if not separator or not prefix or not all("!" <= character <= "~" for character in prefix):
        raise InvalidAddressError("A bech32 address has a prefix such as bc, the digit 1, and then its data.")
    if len(data) < 6:
        raise InvalidAddressError("The address is too short for its checksum; copy the whole address.")
    values: list[int] = []
    for index, character in enumerate(data):
        value = _VALUES.get(character)
        if value is None:
            position = len(prefix) + index + 2
            raise InvalidAddressError(f"The character at position {position} is never used in a bech32 address.")
        values.append(value)
    checksum = _polymod(_expanded(prefix) + values)
    if checksum not in (BECH32, BECH32M):
        raise InvalidAddressError(CHECKSUM_FAILS)
    return prefix, values[:-6], checksum


def _has_prefix(lowered: str) -> bool:
    return any(lowered.startswith(prefix + "1") for prefix in _PREFIXES)


def _parse_segwit(text: str) -> tuple[str, str]:
    prefix, values, checksum = decode_bech32(text)
    if prefix not in _PREFIXES:
        raise InvalidAddressError("The address has the prefix of no Bitcoin network; Bitcoin's begin with bc1.")
    if not values:
        raise InvalidAddressError("The address carries no data; copy the whole address.")
    version, program = values[0], _regroup(values[1:])
    if version > 16:
        raise InvalidAddressError(f"The address has witness version {version}; versions end at 16.")
    if not 2 <= len(program) <= 40:
        raise InvalidAddressError("The address has a witness program of impossible length (BIP-141: 2 to 40 bytes).")
    if version == 0 and len(program) not in (20, 32):
        raise InvalidAddressError("A version 0 address carries 20 or 32 bytes; this one does not.")
    if checksum != (BECH32M if version else BECH32):
        needed = "bech32m (BIP-350)" if version else "bech32 (BIP-173)"
        raise InvalidAddressError(
            f"A version {version} address needs a {needed} checksum; the program that made it is outdated or wrong."
        )
    return _PREFIXES[prefix], text.lower()


def _parse_base58(text: str) -> tuple[str, str]:
    payload = decode_base58check(text)
    network = _VERSIONS.get(payload[0])
    if network is None or len(payload) != 21:
        raise InvalidAddressError(_NOT_BITCOIN)
    return network, text


def _refuse_other(text: str) -> NoReturn:
    """Say what a text that cannot be a Bitcoin address is, where that can be told."""
    try:
        payload = decode_base58check(text)
    except InvalidAddressError:
        raise InvalidAddressError(_NOT_BITCOIN) from None
    version, length = payload[0], len(payload)
    if version in _SECRET_VERSIONS and length in (33, 34):
        raise InvalidAddressError("This is a private key, not an address. Never paste it here.")
    if version in _FOREIGN_VERSIONS and length == 21:
        raise InvalidAddressError(f"This is an address of {_FOREIGN_VERSIONS[version]}, not of Bitcoin.")
    raise InvalidAddressError(_NOT_BITCOIN)


def _expanded(prefix: str) -> list[int]:
    codes = prefix.encode("ascii")
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(values: list[int]) -> int:
    """The BCH code of BIP-173 over 5-bit values."""
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            if top >> bit & 1:
                state ^= generator
    return state


def _regroup(values: list[int]) -> bytes:
    """Bytes from 5-bit groups. Raises InvalidAddressError for padding that is too long or not zero."""
    number = 0
    for value in values:
        number = number << 5 | value
    padding = len(values) * 5 % 8
    if padding > 4 or number & ((1 << padding) - 1):
        raise InvalidAddressError("The address carries stray bits behind its data; the program that made it is wrong.")
    return (number >> padding).to_bytes(len(values) * 5 // 8)
