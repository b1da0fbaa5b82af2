"""Words of BIP-39: made, judged, and turned into the 64 bytes that every key of a wallet is derived from."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from mnemonic import Mnemonic

from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.wallet_keys import NEW_WORDS, PASSPHRASE_MOST, WORD_COUNTS, SeedWords
from aether_desktop.security.memory import Secret

_ENGLISH: Final = "english"
_NOISE: Final = re.compile(r"[\s\d.,;:()|_-]+")  # numbers and marks of a printed page
_SHOWN: Final = 20  # letters of an unknown word
_NEAR: Final = 3
_MOST_TEXT: Final = 2_000  # characters; 24 words of any language are shorter


def new_seed_words(count: int = NEW_WORDS) -> SeedWords:
    """Fresh English words from the system's generator. Raises InvalidInputError for a count that BIP-39 lacks."""
    if count not in WORD_COUNTS:
        raise InvalidInputError(f"Seed words are {_counts()}, not {count}.", field="count")
    with Secret.random(count * 4 // 3) as entropy:
        return SeedWords(wordlist(_ENGLISH).to_mnemonic(bytes(entropy.data)))


def problem_with_seed(words: str) -> str:
    """What is wrong, by position and with near misses; empty when they are a seed in some language of BIP-39."""
    if len(words) > _MOST_TEXT:
        return f"This is too long for seed words: {len(words):,} characters."
    found = split_words(words)
    languages = [name for name in _languages() if frozenset(found) <= _known(name)]
    if not found or not languages:
        return unknown_words(found) or f"Seed words are {_counts()}; there are none."
    if len(found) not in WORD_COUNTS:
        return f"Seed words are {_counts()}; these are {len(found)}."
    if not any(wordlist(name).check(" ".join(found)) for name in languages):
        return "All words are known, but they do not belong together: one is another than on the paper, or two swapped."
    return ""


def seed_of(seed: SeedWords) -> Secret:
    """The 64 bytes (PBKDF2 with 2048 rounds). Raises InvalidInputError saying what is wrong with the words."""
    problem = problem_with_seed(seed.words)
    if problem:
        raise InvalidInputError(problem, field="words", hint="Compare with the paper.")
    if len(seed.passphrase) > PASSPHRASE_MOST:
        raise InvalidInputError(
            f"At most {PASSPHRASE_MOST:,} characters; this has {len(seed.passphrase):,}.", field="passphrase"
        )
    try:
        return Secret(Mnemonic.to_seed(" ".join(split_words(seed.words)), seed.passphrase))
    except UnicodeEncodeError:
        raise InvalidInputError("It holds a character that no text has.", field="passphrase") from None


def split_words(words: str | Sequence[str]) -> tuple[str, ...]:
    """Lower case and NFKD, without the numbers and marks of a printed page."""
    text = words if isinstance(words, str) else " ".join(words)
    normal = Mnemonic.normalize_string(text).casefold()
    return tuple(word for word in _NOISE.split(Mnemonic.normalize_string(normal)) if word)


def unknown_words(found: Sequence[str]) -> str:
    """Which words are not in the English list, with near misses; empty when all are."""
    known = _known(_ENGLISH)
    unknown = [(position, word) for position, word in enumerate(found, start=1) if word not in known]
    return " ".join(_unknown(position, word) for position, word in unknown[:_NEAR])


@cache
def wordlist(language: str = _ENGLISH) -> Mnemonic:
    """Raises nothing for the languages of the library."""
    return Mnemonic(language)


def _counts() -> str:
    *most, last = (str(count) for count in WORD_COUNTS)
    return f"{', '.join(most)} or {last}"


@cache
def _languages() -> tuple[str, ...]:
    return (_ENGLISH, *sorted(set(Mnemonic.list_languages()) - {_ENGLISH}))


@cache
def _known(language: str) -> frozenset[str]:
    return frozenset(wordlist(language).wordlist)


def _unknown(position: int, word: str) -> str:
    near = _near_misses(word)
    shown = word[:_SHOWN] if word.isprintable() else "?"
    hint = f" Near: {', '.join(near)}." if near else ""
    return f"Word {position}, {shown!r}, is not in the list.{hint}"


def _near_misses(word: str) -> list[str]:
    """Words of the same first four letters come first: those tell BIP-39 words apart."""
    words = wordlist(_ENGLISH).wordlist
    same = [known for known in words if len(word) >= 3 and known.startswith(word[:4])]
    close = difflib.get_close_matches(word[:_SHOWN], words, n=_NEAR, cutoff=0.7)
    return list(dict.fromkeys([*same[:_NEAR], *close]))[:_NEAR]
