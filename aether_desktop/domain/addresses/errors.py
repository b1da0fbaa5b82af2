"""The one error every kind of address raises, and the checks all kinds share."""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT = 256  # the longest valid address of any family has 116 characters
CHECKSUM_FAILS = "The address fails its checksum: a character is wrong or missing. Copy it again from its source."
_FOREIGN = re.compile(r"[^!-~]")  # whatever is not a visible ASCII character


class InvalidAddressError(ValueError):
    """A text that is not an address of its family; ``reason`` is a plain sentence for the user.

    The reason never repeats the text: it may be huge, misleading to read, or a private key pasted by mistake.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def trimmed(text: str) -> str:
    """The text without surrounding white space. Raises InvalidAddressError unless it is short visible ASCII."""
    if len(text) > MAX_TEXT:
        raise InvalidAddressError(f"The text is far too long for an address ({len(text)} characters); paste only one.")
    text = text.strip()
    if not text:
        raise InvalidAddressError("The address is empty; paste one.")
    if foreign := _FOREIGN.search(text):
        raise InvalidAddressError(_describe(foreign.group(), foreign.start()))
    return text


def _describe(character: str, index: int) -> str:
    if character.isspace():
        return f"There is white space inside the address, at position {index + 1}; remove it."
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    said = f"{code} {name}" if name else code
    if not character.isprintable():
        return f"An invisible character ({said}) stands at position {index + 1}; copy the address again."
    return (
        f"The character at position {index + 1} ({said}) is never part of an address, even if it looks like a letter "
        "that is; copy the address from its source."
    )
