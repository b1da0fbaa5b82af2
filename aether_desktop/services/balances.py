"""What the rows add up to: balances, history over time, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.imports import ImportBatch
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.prices import Valuation


class AttentionKind(StrEnum):
    DIP = "dip"
    ASSUMED_DECIMALS = "assumed_decimals"
    REJECTED_ROWS = "rejected_rows"
    NO_PRICE = "no_price"
    NO_WALLET = "no_wallet"
    NO_HISTORY = "no_history"


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing to look at: ``text`` says what, ``hint`` what to do; ``query`` opens the rows it is about."""

    kind: AttentionKind
    text: str
    hint: str = ""
    query: TableQuery | None = None
    wallet_id: int | None = None
    currency: Currency | None = None
    since: datetime | None = None
    batch_id: int | None = None


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """``base_units`` may be negative (history is missing). ``value`` None: there is no price."""

    wallet_id: int
    wallet: str
    currency: Currency
    base_units: int
    rows: int
    value: Valuation | None


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """One currency across wallets."""

    currency: Currency
    base_units: int
    wallets: int
    value: Valuation | None


@dataclass(frozen=True, slots=True)
class Series:
    """End-of-day balances of one currency, a point per day that changed it."""

    currency: Currency
    points: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The Overview page in one value. ``fiat_total`` sums what has a price; ``unpriced`` names what has none."""

    balances: tuple[WalletBalance, ...]
    totals: tuple[CurrencyTotal, ...]
    fiat: str
    fiat_total: Decimal | None
    unpriced: tuple[str, ...]
    last_import: ImportBatch | None
    attention: tuple[Attention, ...]


class BalanceService:
    """Worker threads only."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def overview(self, *, fiat: str = "", token: CancelToken | None = None) -> Overview:
        """Computed from the rows. ``fiat`` "" takes the first currency that has prices."""
        ...

    def balances(
        self, wallet_ids: Sequence[int] | None = None, *, fiat: str = "", token: CancelToken | None = None
    ) -> list[WalletBalance]: ...

    def history(self, wallet_ids: Sequence[int] | None = None, *, token: CancelToken | None = None) -> list[Series]:
        """One series per currency, busiest first."""
        ...

    def rows_behind(self, balance: WalletBalance) -> TableQuery:
        """The query that lists the rows a balance is made of."""
        ...

    def fiats(self) -> Mapping[str, int]: ...
