"""Solana addresses: 32 bytes in base58.

They carry no checksum: a mistyped one is refused only when its length is wrong, and 43 of 44 characters may still pass.
"""

from __future__ import annotations

from aether_desktop.domain.addresses.base58 import decode_base58
from aether_desktop.domain.addresses.errors import InvalidAddressError, trimmed


def parse_solana(text: str) -> str:
    """The canonical address, which is the text itself; the same on all of Solana's networks.

    Raises InvalidAddressError.
    """
    text = trimmed(text)
    if text[:2] in ("0x", "0X"):
        raise InvalidAddressError("This looks like an EVM address; a Solana address has 32 to 44 letters and digits.")
    raw = decode_base58(text)
    if len(raw) == 64:
        raise InvalidAddressError(
            "This is 64 bytes long: a transaction signature or a secret key, not an address. Never paste a key here."
        )
    if len(raw) != 32:
        difference = "short" if len(raw) < 32 else "long"
        raise InvalidAddressError(
            f"The address is too {difference}: a Solana address carries 32 bytes, this {len(raw)}. Copy it again."
        )
    return text
