"""EVM addresses with the mixed-case checksum of EIP-55."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

from aether_desktop.domain.addresses.errors import InvalidAddressError, trimmed

_SHAPE = re.compile(r"0[xX][0-9a-fA-F]{40}\Z")
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_BODY = slice(2, None)
# 0x20 is the bit that tells a lower-case ASCII letter from its capital.
_LETTERS = bytes(0x20 if chr(code) in "abcdef" else 0 for code in range(256))
_RAISED = bytes(0x20 if chr(code) in "89abcdef" else 0 for code in range(256))
_REMEMBERED = 1 << 15  # about 10 MB when full


def is_evm_address(text: str) -> bool:
    """Whether the text has the shape of an EVM address, 0x and 40 hexadecimal digits; the checksum is not looked at."""
    return len(text) == 42 and text[1] == "x" and _SHAPE.match(text) is not None


def is_zero_address(address: str) -> bool:
    """Whether this is the EVM zero address: sender of minted tokens, receiver of burnt ones, owned by nobody."""
    return len(address) == 42 and address[0] == "0" and address[1] in "xX" and address.count("0", 2) == 40


@lru_cache(maxsize=_REMEMBERED)
def to_checksum(address: str) -> str:
    """The EIP-55 form of 0x and 40 hexadecimal digits, whatever their case.

    Any thread. Raises InvalidAddressError for another shape.
    """
    if _SHAPE.match(address) is None:
        raise InvalidAddressError("An EVM address is 0x followed by 40 hexadecimal digits.")
    body = address[_BODY].lower().encode("ascii")
    digest = keccak256(body).hex().encode("ascii")[:40]
    capitals = int.from_bytes(digest.translate(_RAISED)) & int.from_bytes(body.translate(_LETTERS))
    return "0x" + (int.from_bytes(body) ^ capitals).to_bytes(40).decode("ascii")


def parse_evm(text: str) -> str:
    """The checksummed address. Raises InvalidAddressError."""
    if _SHAPE.match(text) is None:
        text = trimmed(text)
        _require_shape(text)
    checksummed = to_checksum(text)
    body = text[_BODY]
    if body != checksummed[_BODY] and body not in (body.lower(), body.upper()):
        raise InvalidAddressError(_checksum_reason(body, checksummed[_BODY]))
    return checksummed


def keccak256(data: bytes) -> bytes:
    """Keccak-256 with the original padding, which is not SHA3-256 of FIPS 202."""
    return _keccak()(data)


@cache
def _keccak() -> Callable[[bytes], bytes]:
    from Crypto.Hash import keccak  # noqa: PLC0415 - its C library loads only when a checksum is wanted

    def digest(data: bytes) -> bytes:
        return keccak.new(digest_bits=256, data=data).digest()

    return digest


def _require_shape(text: str) -> None:
    if _SHAPE.match(text):
        return
    prefixed = text[:2] in ("0x", "0X")
    digits = text[_BODY] if prefixed else text
    if len(digits) == 64 and _HEX.match(digits):
        raise InvalidAddressError(
            "This is 64 hexadecimal digits long: a transaction hash or a private key, not an address. "
            "Never paste a private key here."
        )
    if not prefixed:
        if len(digits) == 40 and _HEX.match(digits):
            raise InvalidAddressError("The address lacks its 0x; write 0x in front of the 40 digits.")
        raise InvalidAddressError("An EVM address begins with 0x; this may be an address of another chain.")
    for index, character in enumerate(digits):
        if _HEX.match(character) is None:
            raise InvalidAddressError(
                f"The character at position {index + 3} is not a hexadecimal digit (0 to 9, a to f)."
            )
    missing = 40 - len(digits)
    difference = f"{missing} are missing" if missing > 0 else f"{-missing} are too many"
    raise InvalidAddressError(f"An EVM address has 40 digits after 0x; here {difference}. Copy the whole address.")


def _checksum_reason(body: str, right: str) -> str:
    """Tell a letter whose case was changed from a mistyped digit, which changes the case of about half the letters."""
    wrong = [index + 3 for index, (is_, should) in enumerate(zip(body, right, strict=True)) if is_ != should]
    if len(wrong) == 1:
        likely = f"only the case of the letter at position {wrong[0]} is off, so it was probably changed by hand"
    elif len(wrong) == 2:
        likely = f"only the case of the letters at positions {wrong[0]} and {wrong[1]} is off"
    else:
        likely = f"{len(wrong)} letters have the wrong case, so a digit or letter is probably mistyped"
    return f"The address fails its checksum (EIP-55): {likely}. Copy it again from its source."
