"""Numbers and byte strings as the Ethereum JSON-RPC writes them, read strictly ("Hex value encoding")."""

from __future__ import annotations

import re

_QUANTITY = re.compile(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})\Z")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*\Z")


class InvalidQuantityError(ValueError):
    """Not what was promised; ``reason`` is a plain sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_quantity(value: object, *, most: int = 2**256 - 1) -> int:
    """A QUANTITY ("0x0", "0xa37": no leading zeros). Raises InvalidQuantityError, also above ``most``."""
    if not isinstance(value, str) or not _QUANTITY.match(value):
        raise InvalidQuantityError("The answer holds no hexadecimal number where one belongs.")
    number = int(value, 16)
    if number > most:
        raise InvalidQuantityError("The answer holds a number that is impossibly large.")
    return number


def read_data(value: object, *, size: int | None = None, most: int = 1 << 24) -> bytes:
    """DATA ("0x" and whole bytes), of ``size`` bytes where given. Raises InvalidQuantityError."""
    if not isinstance(value, str) or len(value) > 2 + 2 * most or not _DATA.match(value):
        raise InvalidQuantityError("The answer holds no hexadecimal bytes where they belong.")
    data = bytes.fromhex(value[2:])
    if size is not None and len(data) != size:
        raise InvalidQuantityError(f"The answer holds {len(data)} bytes where {size} belong.")
    return data
