"""How long guessing would take, for a password that is being chosen. No rules on signs: length and surprise count.

An estimate from below: what looks like words, dates, runs of keys or repeats counts as somebody who guesses would try
it. Nothing is sent anywhere or kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

GUESSES_PER_SECOND: Final = 10_000  # many machines at once: each guess takes 64 MiB and 0.4 s of a processor
ADVICE: Final = "A few words that do not belong together are easy to keep and hard to guess."
_LONGEST: Final = 64  # letters that are judged; more only helps
_WORD: Final = 4.0  # log10 of the words people choose from
_WORD_LENGTH: Final = 9  # letters of a run that counts as one word
_CONSONANTS: Final = 4  # in a row: no word
_COMMON: Final = (
    "password", "passwort", "motdepasse", "passord", "qwerty", "qwertz", "azerty", "letmein", "welcome", "admin",
    "administrator", "root", "user", "guest", "login", "master", "secret", "dragon", "monkey", "shadow", "sunshine",
    "princess", "football", "baseball", "iloveyou", "trustno1", "superman", "batman", "starwars", "whatever",
    "freedom", "computer", "internet", "michael", "jordan", "charlie", "hello", "test", "pass", "love", "money",
    "summer", "winter", "spring", "autumn", "monday", "friday", "january", "december", "aether", "fractal", "temple",
    "bitcoin", "ethereum", "crypto", "wallet", "vault", "satoshi", "hodl", "changeme", "default", "access", "abc123",
    "qazwsx", "zxcvbn", "asdfgh",
)  # fmt: skip
_RANKS: Final = {word: rank for rank, word in enumerate(_COMMON, start=2)}
_RUNS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "yxcvbnm",
    "zxcvbnm",
)
_LEET: Final = str.maketrans("430157$@!", "aeoistsai")
_BETWEEN: Final = frozenset(" -_.,")  # what people put between words
_VOWELS: Final = frozenset("aeiouyäöüåæøéèáíóú")


class Strength(IntEnum):
    """In steps of what it withstands."""

    NONE = 0
    TOO_EASY = 1
    WEAK = 2
    FAIR = 3
    STRONG = 4
    VERY_STRONG = 5

    @property
    def words(self) -> str:
        """The judgement in a word or two."""
        return ("", "Too easy", "Weak", "Fair", "Strong", "Very strong")[self]


@dataclass(frozen=True, slots=True)
class Estimate:
    """``guesses`` is the power of ten. Holds nothing of the password."""

    strength: Strength
    guesses: float

    @property
    def time(self) -> str:
        """How long guessing takes, in plain words."""
        return _time_words(self.guesses - math.log10(2 * GUESSES_PER_SECOND))

    @property
    def refused(self) -> bool:
        """Whether it protects nothing: the window and the command line refuse it."""
        return self.strength <= Strength.TOO_EASY

    @property
    def warned_of(self) -> bool:
        """Whether people are told while they choose it."""
        return self.strength <= Strength.WEAK

    @property
    def sentence(self) -> str:
        """The judgement as a line for people; empty for no password."""
        if self.strength is Strength.NONE:
            return ""
        return f"{self.strength.words}. Somebody with this computer's key as well would guess it {self.time}."


_LEVELS: Final = ((6.0, Strength.TOO_EASY), (8.5, Strength.WEAK), (11.0, Strength.FAIR), (14.0, Strength.STRONG))


def estimate(password: str, *, known: Iterable[str] = ()) -> Estimate:
    """Judge a password. ``known`` are words anybody tries first: the vault's name, the person's. Any thread, quick."""
    if not password:
        return Estimate(Strength.NONE, 0.0)
    ranks = dict(_RANKS) | {word.casefold(): 1 for word in known if len(word) > 2}
    guesses = _cheapest(password[:_LONGEST], ranks)
    for limit, strength in _LEVELS:
        if guesses < limit:
            return Estimate(strength, guesses)
    return Estimate(Strength.VERY_STRONG, guesses)


def _cheapest(text: str, ranks: dict[str, int]) -> float:
    """The cheapest way to cut the text into pieces that are tried; log10 of the number of guesses."""
    plain = text.casefold()
    if len(plain) != len(text):  # a letter that folds into two
        plain = text
    undone = plain.translate(_LEET)
    best = [0.0] + [math.inf] * len(text)
    longest = max(map(len, ranks))
    for end in range(1, len(text) + 1):
        best[end] = best[end - 1] + _letter(text[end - 1])
        for start in range(max(0, end - max(longest, 24)), end - 2):
            cost = _piece(text[start:end], plain[start:end], undone[start:end], ranks)
            if cost is not None:
                best[end] = min(best[end], best[start] + cost)
    return best[-1] + _order(text)


def _piece(typed: str, part: str, undone: str, ranks: dict[str, int]) -> float | None:
    """One piece as typed, in small letters, and with signs read as letters; None when nothing is known of it."""
    length = len(part)
    costs = []
    for spelling, extra in ((part, 0.0), (undone, 0.8)):
        if (rank := ranks.get(spelling)) is not None:
            costs.append(math.log10(rank) + extra + _capitals(typed))
        if 3 <= length <= _WORD_LENGTH and _is_word(spelling):
            costs.append(_WORD + extra * (spelling != part) + _capitals(typed))
    if len(set(part)) == 1:
        costs.append(_letter(typed[0]) + math.log10(length))
    if _is_run(part):
        costs.append(1.5 + math.log10(length))
    if part.isdecimal() and length in (4, 6, 8) and _is_date(part):
        costs.append(4.3 if length > 4 else 2.1)
    if length >= 6 and length % 2 == 0 and part[: length // 2] == part[length // 2 :]:
        costs.append(_cheapest_half(typed[: length // 2]) + 0.3)
    return min(costs, default=None)


def _cheapest_half(half: str) -> float:
    letters = sum(map(_letter, half))
    return min(letters, _WORD) if len(half) >= 3 and _is_word(half.casefold()) else letters


def _letter(letter: str) -> float:
    """log10 of how many signs this one was chosen from."""
    if letter.isdecimal() and letter.isascii():
        return 1.0
    if letter.isalpha() and letter.isascii():
        return math.log10(26) if letter.islower() else math.log10(36)
    if letter in _BETWEEN:
        return 0.5
    return math.log10(33) if letter.isascii() else math.log10(100)


def _capitals(part: str) -> float:
    if part.islower() or not any(letter.isupper() for letter in part):
        return 0.0
    return 0.3 if part.isupper() or part.istitle() else 0.8


def _is_run(part: str) -> bool:
    return any(part in run or part[::-1] in run for run in _RUNS)


def _is_date(digits: str) -> bool:
    if len(digits) == 4:
        return 1900 <= int(digits) <= 2099 or _day_month(digits)
    if len(digits) == 6:
        return _day_month(digits[:4]) or _day_month(digits[2:])
    year_last, year_first = 1900 <= int(digits[4:]) <= 2099, 1900 <= int(digits[:4]) <= 2099
    return (year_last and _day_month(digits[:4])) or (year_first and _day_month(digits[4:]))


def _day_month(digits: str) -> bool:
    one, two = int(digits[:2]), int(digits[2:4])
    return (1 <= one <= 31 and 1 <= two <= 12) or (1 <= one <= 12 and 1 <= two <= 31)


def _is_word(part: str) -> bool:
    """Whether it could be spoken: some vowel, never many consonants in a row."""
    if not part.isalpha():
        return False
    row = vowels = 0
    for letter in part:
        if letter in _VOWELS:
            vowels, row = vowels + 1, 0
        else:
            row += 1
            if row > _CONSONANTS:
                return False
    return vowels > 0


def _order(text: str) -> float:
    """Words with spaces or signs between them: somebody must guess that as well."""
    return 0.3 if any(not letter.isalnum() for letter in text) else 0.0


_DAY: Final = 86_400
_UNITS: Final = (  # in seconds: up to when it is used, and its length
    (60, 1, "seconds"),
    (3600, 60, "minutes"),
    (_DAY, 3600, "hours"),
    (_DAY * 60, _DAY, "days"),
    (_DAY * 730, _DAY * 30, "months"),
    (_DAY * 365 * 200, _DAY * 365, "years"),
    (_DAY * 365 * 10_000, _DAY * 36_500, "centuries"),
)


def _time_words(power: float) -> str:
    """``power``: log10 of seconds."""
    if power < 0:
        return "at once"
    if power > 12:
        return "longer than anybody has time"
    seconds = 10**power
    for limit, length, unit in _UNITS:
        if seconds < limit:
            number = max(2, round(seconds / length))
            return f"in about {number} {unit}"
    return "in thousands of years"
