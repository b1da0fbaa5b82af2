"""What coins cost in fiat currencies, as a person imported it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one coin cost in a fiat currency on one day, and who said so. ``price`` is an exact decimal text."""

    day: datetime
    symbol: str
    currency: str
    price: str
    source: str
