"""Base58 with Bitcoin's alphabet, plain and with its four-byte checksum."""

from __future__ import annotations

import hashlib
from types import MappingProxyType

from aether_desktop.domain.addresses.errors import CHECKSUM_FAILS, InvalidAddressError

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = MappingProxyType({character: value for value, character in enumerate(ALPHABET)})


def decode_base58(text: str) -> bytes:
    """The bytes behind a text of bounded length. Raises InvalidAddressError for a character outside the alphabet."""
    number = 0
    for index, character in enumerate(text):
        value = _VALUES.get(character)
        if value is None:
            raise InvalidAddressError(_foreign_reason(character, index))
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def decode_base58check(text: str) -> bytes:
    """The payload, its checksum removed. Raises InvalidAddressError, also when the checksum is wrong."""
    raw = decode_base58(text)
    payload, checksum = raw[:-4], raw[-4:]
    if len(raw) < 5 or hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4] != checksum:
        raise InvalidAddressError(CHECKSUM_FAILS)
    return payload


def encode_base58(raw: bytes) -> str:
    """The text of the bytes."""
    number, digits = int.from_bytes(raw), ""
    while number:
        number, rest = divmod(number, 58)
        digits = ALPHABET[rest] + digits
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + digits


def encode_base58check(payload: bytes) -> str:
    """The text of the payload, its checksum added."""
    return encode_base58(payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4])


def _foreign_reason(character: str, index: int) -> str:
    if character in "0OIl":
        return (
            f"The character {character} at position {index + 1} is never used in such an address, because it is easily "
            "mistaken for another; copy the address instead of typing it."
        )
    return f"The character {character} at position {index + 1} is not part of such an address; copy it again."
