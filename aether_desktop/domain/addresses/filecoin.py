"""Filecoin addresses of protocols 0 to 4 (Filecoin specification, appendix Address; FIP-0048 for f4)."""

from __future__ import annotations

import base64
import hashlib
import re
from types import MappingProxyType

from aether_desktop.domain.addresses.errors import CHECKSUM_FAILS, InvalidAddressError, trimmed
from aether_desktop.domain.addresses.evm import is_evm_address

_MAX_UINT64 = 2**64 - 1
_MAX_SUBADDRESS = 54
_ETHEREUM_NAMESPACE = 10  # the Ethereum Address Manager: f410f carries the 20 bytes of a 0x address
_CHECKSUM = 4
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,19})\Z")
_DELEGATED = re.compile(r"([0-9]*)f([a-z0-9]*)\Z")
_PAYLOADS = MappingProxyType({"1": 20, "2": 20, "3": 48})
_NETWORKS = MappingProxyType({"f": "Filecoin mainnet", "t": "Filecoin testnet"})


def parse_filecoin(text: str, *, testnet: bool = False) -> str:
    """The canonical address, which is the text itself. Raises InvalidAddressError."""
    text = trimmed(text)
    if is_evm_address(text):
        form = encode_delegated(_ETHEREUM_NAMESPACE, bytes.fromhex(text[2:]), testnet=testnet)
        raise InvalidAddressError(f"This is an Ethereum-style address; on Filecoin it is written {form}.")
    network = _NETWORKS.get(text[0])
    if network is None or len(text) < 2:
        if text[0] in "FT":
            raise InvalidAddressError("A Filecoin address has small letters only; copy it again from its source.")
        raise InvalidAddressError("A Filecoin address begins with f and a digit from 0 to 4 (on testnet with t).")
    wanted = _NETWORKS["t" if testnet else "f"]
    protocol, rest = text[1], text[2:]
    if protocol not in "01234":
        raise InvalidAddressError("The second character of a Filecoin address is a digit from 0 to 4.")
    if network != wanted:
        raise InvalidAddressError(f"This is an address of {network}; an address of {wanted} is needed.")
    if protocol == "0":
        _uint64(rest, "actor number")
    elif protocol == "4":
        _check_delegated(rest)
    else:
        _checked_payload(rest, bytes([int(protocol)]), expected=_PAYLOADS[protocol])
    return text


def encode_delegated(namespace: int, subaddress: bytes, *, testnet: bool = False) -> str:
    """The f4 address of a namespace (an unsigned 64-bit actor number) and at most 54 bytes of that namespace's own."""
    checksum = _checksum(b"\x04" + _leb128(namespace) + subaddress)
    return f"{'t' if testnet else 'f'}4{namespace}f{_base32(subaddress + checksum)}"


def _check_delegated(rest: str) -> None:
    match = _DELEGATED.match(rest)
    if match is None:
        raise InvalidAddressError("An f4 address is f4, a number, the letter f and small letters or digits 2 to 7.")
    namespace = _uint64(match.group(1), "namespace")
    payload = _checked_payload(match.group(2), b"\x04" + _leb128(namespace), expected=None)
    if len(payload) > _MAX_SUBADDRESS:
        raise InvalidAddressError(f"An f4 address carries at most {_MAX_SUBADDRESS} bytes; this one has more.")
    if namespace == _ETHEREUM_NAMESPACE and len(payload) != 20:
        raise InvalidAddressError("An f410f address carries the 20 bytes of an Ethereum address; this one does not.")


def _uint64(digits: str, what: str) -> int:
    if _NUMBER.match(digits) is None or int(digits) > _MAX_UINT64:
        raise InvalidAddressError(f"The {what} must be a number from 0 to {_MAX_UINT64} without leading zeros.")
    return int(digits)


def _checked_payload(text: str, covered: bytes, *, expected: int | None) -> bytes:
    """The payload in front of the checksum, which also covers ``covered``. Raises InvalidAddressError."""
    raw = _decode_base32(text)
    if expected is not None and len(raw) != expected + _CHECKSUM:
        raise InvalidAddressError("The address has the wrong length for its kind; copy the whole address.")
    payload, checksum = raw[:-_CHECKSUM], raw[-_CHECKSUM:]
    if len(raw) < _CHECKSUM or _checksum(covered + payload) != checksum:
        raise InvalidAddressError(CHECKSUM_FAILS)
    return payload


def _decode_base32(text: str) -> bytes:
    if text != text.lower():
        raise InvalidAddressError("A Filecoin address has small letters only; copy it again from its source.")
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        raise InvalidAddressError(
            "Behind its kind a Filecoin address has small letters and digits 2 to 7, in a length of certain steps; "
            "copy the whole address."
        ) from None
    if _base32(raw) != text:
        raise InvalidAddressError("The last character of the address cannot be right; copy it again from its source.")
    return raw


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()


def _checksum(covered: bytes) -> bytes:
    return hashlib.blake2b(covered, digest_size=_CHECKSUM).digest()


def _leb128(number: int) -> bytes:
    """Unsigned LEB128, as the specification writes numbers into addresses."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
