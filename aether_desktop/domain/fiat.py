"""Fiat currencies: how many decimals each has (ISO 4217 minor units)."""

from __future__ import annotations

import re

from aether_desktop.domain.amounts import Currency

FIAT = "fiat"
"""Stands in the place of a chain."""

_CODE = re.compile(r"[A-Z]{3}\Z", re.ASCII)
_NONE = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
_THREE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


class UnknownFiatError(ValueError):
    """Not a three-letter currency code."""


def fiat_currency(code: str) -> Currency:
    """The currency of an ISO 4217 code, e.g. "EUR" with 2 decimals. Raises UnknownFiatError."""
    wanted = code.strip().upper()
    if not _CODE.match(wanted):
        raise UnknownFiatError(f"{code.strip()[:12]!r} is not a currency code of three letters, such as EUR.")
    return Currency(wanted, 0 if wanted in _NONE else 3 if wanted in _THREE else 2, chain=FIAT, name=wanted)
