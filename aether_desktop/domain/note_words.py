"""A note as the whole words that it is found by. Pure; any thread."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from aether_desktop.domain.text import fold

_ASCII_WORD: Final = re.compile(r"\w+", re.ASCII)


def words_of(text: str) -> tuple[str, ...]:
    """Each word once, in any case and normal form the same: letters, marks, numbers and ``_`` between other signs.

    The same text gives the same words for ever: they are what blind indexes are made of.
    """
    folded = fold(text)
    if folded.isascii():
        found = _ASCII_WORD.findall(folded)
    else:
        found = "".join(sign if _in_word(sign) else " " for sign in folded).split()
    return tuple(dict.fromkeys(found))


def _in_word(sign: str) -> bool:
    return sign == "_" or sign.isalnum() or unicodedata.category(sign)[0] == "M"
