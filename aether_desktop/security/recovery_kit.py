"""The recovery kit: 32 random bytes as 24 English words with a checksum (BIP-39), for paper."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.vault_keys import RecoveryKit
from aether_desktop.security.memory import Secret
from aether_desktop.security.seed_words import split_words, unknown_words, wordlist

WORDS: Final = 24
KIT_ID_BYTES: Final = 8


def new_kit(vault_name: str, *, now: datetime) -> RecoveryKit:
    """Fresh words; they open nothing before a slot is made of them."""
    with Secret.random() as entropy:
        words = wordlist().to_mnemonic(bytes(entropy.data)).split(" ")
    return RecoveryKit(tuple(words), secrets.token_hex(KIT_ID_BYTES), vault_name, now)


def entropy_of(words: str | Sequence[str]) -> Secret:
    """The 32 bytes. Raises WrongFactorError saying what is wrong with the words."""
    found = split_words(words)
    problem = problem_with(found)
    if problem:
        raise WrongFactorError(problem, hint="Compare with the paper.")
    return Secret(wordlist().to_entropy(list(found)))


def problem_with(words: str | Sequence[str]) -> str:
    """What is wrong, with positions and near misses; empty when the words are a kit."""
    found = split_words(words)
    if unknown := unknown_words(found):
        return unknown
    if len(found) != WORDS:
        return f"A recovery kit has {WORDS} words; these are {len(found)}."
    if not wordlist().check(" ".join(found)):
        return "All words are known, but they do not belong together: one is another than on the paper, or two swapped."
    return ""
