"""The recovery kit: 32 random bytes as 24 English words with a checksum (BIP-39), for paper."""

from __future__ import annotations

import difflib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from mnemonic import Mnemonic

from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.vault_keys import RecoveryKit
from aether_desktop.security.memory import Secret

WORDS: Final = 24
KIT_ID_BYTES: Final = 8
_NOISE: Final = re.compile(r"[\s\d.,;:()|_-]+")  # numbers and marks of a printed page
_SHOWN: Final = 20  # letters of an unknown word
_NEAR: Final = 3


def new_kit(vault_name: str, *, now: datetime) -> RecoveryKit:
    """Fresh words; they open nothing before a slot is made of them."""
    with Secret.random() as entropy:
        words = _bip39().to_mnemonic(bytes(entropy.data)).split(" ")
    return RecoveryKit(tuple(words), secrets.token_hex(KIT_ID_BYTES), vault_name, now)


def entropy_of(words: str | Sequence[str]) -> Secret:
    """The 32 bytes. Raises WrongFactorError saying what is wrong with the words."""
    found = split_words(words)
    problem = problem_with(found)
    if problem:
        raise WrongFactorError(problem, hint="Compare with the paper.")
    return Secret(_bip39().to_entropy(list(found)))


def problem_with(words: str | Sequence[str]) -> str:
    """What is wrong, with positions and near misses; empty when the words are a kit."""
    found = split_words(words)
    known = frozenset(_bip39().wordlist)
    unknown = [(position, word) for position, word in enumerate(found, start=1) if word not in known]
    if unknown:
        return " ".join(_unknown(position, word) for position, word in unknown[:_NEAR])
    if len(found) != WORDS:
        return f"A recovery kit has {WORDS} words; these are {len(found)}."
    if not _bip39().check(" ".join(found)):
        return "All words are known, but they do not belong together: one is another than on the paper, or two swapped."
    return ""


def split_words(words: str | Sequence[str]) -> tuple[str, ...]:
    """Lower case, without the numbers and marks of a printed page."""
    text = words if isinstance(words, str) else " ".join(words)
    return tuple(word for word in _NOISE.split(text.casefold()) if word)


def _unknown(position: int, word: str) -> str:
    near = _near_misses(word)
    shown = word[:_SHOWN] if word.isprintable() else "?"
    hint = f" Near: {', '.join(near)}." if near else ""
    return f"Word {position}, {shown!r}, is not in the list.{hint}"


def _near_misses(word: str) -> list[str]:
    """Words of the same first four letters come first: those tell BIP-39 words apart."""
    wordlist = _bip39().wordlist
    same = [known for known in wordlist if len(word) >= 3 and known.startswith(word[:4])]
    close = difflib.get_close_matches(word[:_SHOWN], wordlist, n=_NEAR, cutoff=0.7)
    return list(dict.fromkeys([*same[:_NEAR], *close]))[:_NEAR]


def _bip39() -> Mnemonic:
    return Mnemonic("english")
