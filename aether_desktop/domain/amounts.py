"""Exact money: integers of base units with a currency, 0 to 2^256-1. Never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

MAX_UNITS = 2**256 - 1
MAX_DECIMALS = 77  # 10**77 < 2**256: one whole coin always fits
ASSUMED_DECIMALS = 18
_MAX_TEXT = 120
_PLAIN = re.compile(r"([0-9]*)(?:\.([0-9]*))?\Z", re.ASCII)
_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?\Z", re.ASCII)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?\Z", re.ASCII)


class InvalidAmountError(ValueError):
    """A text or number that is not an exact amount; ``reason`` is a plain sentence for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Currency:
    """A coin (``contract`` empty) or a token of one chain.

    ``decimals_assumed`` marks a token whose file did not say its decimals.
    """

    symbol: str
    decimals: int
    chain: str = ""
    contract: str = ""
    name: str = ""
    decimals_assumed: bool = False
    id: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.decimals <= MAX_DECIMALS:
            raise InvalidAmountError(f"A currency has 0 to {MAX_DECIMALS} decimals, not {self.decimals}.")

    @property
    def asset(self) -> str:
        """What it is, whatever it calls itself: "ethereum:ETH", or chain and contract of a token."""
        return f"{self.chain}:{self.contract or self.symbol}"

    def same_as(self, other: Currency) -> bool:
        """Whether both mean the same coin or token (the id and the name do not matter)."""
        return (self.chain, self.contract, self.symbol, self.decimals) == (
            other.chain,
            other.contract,
            other.symbol,
            other.decimals,
        )


@dataclass(frozen=True, slots=True)
class Amount:
    """``base_units`` of ``currency``; 0 to 2^256-1.

    Raises InvalidAmountError outside that range.
    """

    base_units: int
    currency: Currency

    def __post_init__(self) -> None:
        if not 0 <= self.base_units <= MAX_UNITS:
            raise InvalidAmountError("An amount lies between 0 and 2^256-1 base units.")

    @classmethod
    def parse(cls, text: str, currency: Currency) -> Self:
        """Read a decimal text. Raises InvalidAmountError, also for more decimals than the currency has."""
        return cls(parse_units(text, currency.decimals), currency)

    def __str__(self) -> str:
        return f"{format_units(self.base_units, self.currency.decimals)} {self.currency.symbol}"

    def __add__(self, other: Amount) -> Amount:
        self._require_same(other)
        return Amount(self.base_units + other.base_units, self.currency)

    def __lt__(self, other: Amount) -> bool:
        self._require_same(other)
        return self.base_units < other.base_units

    def _require_same(self, other: Amount) -> None:
        if not self.currency.same_as(other.currency):
            raise InvalidAmountError(f"{self.currency.symbol} and {other.currency.symbol} cannot be combined.")


def parse_units(text: str, decimals: int) -> int:
    """Base units of a non-negative decimal text, exactly. Raises InvalidAmountError."""
    match = _PLAIN.match(text)
    if match is None or not text or len(text) > _MAX_TEXT:
        units = parse_signed_units(text, decimals)
        if units < 0:
            raise InvalidAmountError("The amount is negative; this field takes amounts without a sign.")
        return units
    whole, fraction = match.group(1), match.group(2) or ""
    if not whole and not fraction:
        raise InvalidAmountError("The amount has no digits.")
    if len(fraction) > decimals:
        fraction = fraction.rstrip("0")
        if len(fraction) > decimals:
            raise InvalidAmountError(
                f"The amount has {len(fraction)} decimals, but the currency has {decimals}; nothing is rounded."
            )
    return _bounded(int(whole + fraction.ljust(decimals, "0") or "0"))


def parse_signed_units(text: str, decimals: int) -> int:
    """Base units of a decimal text with optional sign, thousands commas or exponent, exactly.

    Raises InvalidAmountError.
    """
    if len(text) > _MAX_TEXT:
        raise InvalidAmountError("The amount is too long to be a number.")
    cleaned = text.strip().replace("\u2212", "-")
    if not cleaned:
        raise InvalidAmountError("The amount is empty.")
    if "," in cleaned:
        if not _GROUPED.match(cleaned):
            raise InvalidAmountError("The amount has a comma that does not separate thousands; use a decimal point.")
        cleaned = cleaned.replace(",", "")
    match = _NUMBER.match(cleaned)
    if match is None or not (match.group(2) or match.group(3)):
        raise InvalidAmountError("The amount is not a decimal number.")
    sign, whole, fraction, exponent = match.group(1), match.group(2), match.group(3) or "", int(match.group(4) or 0)
    digits, shift = int(whole + fraction), decimals - len(fraction) + exponent
    if digits == 0:
        return 0
    if shift >= 0:
        units = digits * pow10(min(shift, 400))
    else:
        units, rest = divmod(digits, pow10(-shift))
        if rest:
            raise InvalidAmountError(
                f"The amount has more decimals than the currency ({decimals}); nothing is rounded."
            )
    return -_bounded(units) if sign == "-" else _bounded(units)


def format_units(units: int, decimals: int) -> str:
    """The exact decimal text, without trailing zeros: (1500000, 6) -> "1.5"; signed."""
    sign, digits = ("-", str(-units)) if units < 0 else ("", str(units))
    if decimals == 0:
        return sign + digits
    digits = digits.rjust(decimals + 1, "0")
    fraction = digits[-decimals:].rstrip("0")
    return f"{sign}{digits[:-decimals]}.{fraction}" if fraction else sign + digits[:-decimals]


def rescale_units(units: int, *, old_decimals: int, new_decimals: int) -> int:
    """The base units that show the same figure under other decimals.

    Raises InvalidAmountError when digits would be lost or the bound exceeded.
    """
    if new_decimals >= old_decimals:
        return _bounded(units * pow10(new_decimals - old_decimals))
    whole, rest = divmod(units, pow10(old_decimals - new_decimals))
    if rest:
        raise InvalidAmountError(
            f"{format_units(units, old_decimals)} has more than {new_decimals} decimals; nothing is rounded."
        )
    return whole


def pow10(exponent: int) -> int:
    """10**exponent for a non-negative exponent."""
    power: int = 10**exponent
    return power


def _bounded(units: int) -> int:
    if units > MAX_UNITS:
        raise InvalidAmountError("The amount is larger than 2^256-1 base units.")
    return units
