"""What the rows add up to: balances, history over time, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.imports import ImportBatch
from aether_desktop.domain.prices import Price
from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.attention import Attention, AttentionFinder
from aether_desktop.services.prices import EXACT, Valuation, value_of

_RECENT_BATCHES = 1000


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
    """End-of-day balances of one currency in base units: a point per UTC day that changed it, oldest first."""

    currency: Currency
    points: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The Overview page in one value. ``fiat`` is "" when there are no prices; ``fiat_total`` sums what has a price
    (None: nothing has), ``unpriced`` are the symbols that it leaves out."""

    balances: tuple[WalletBalance, ...]
    totals: tuple[CurrencyTotal, ...]
    fiat: str
    fiats: tuple[str, ...]
    fiat_total: Decimal | None
    unpriced: tuple[str, ...]
    last_import: ImportBatch | None
    attention: tuple[Attention, ...]


class BalanceService:
    """Worker threads only. All figures are made of the rows, by the storage."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def overview(self, *, fiat: str = "", token: CancelToken | None = None) -> Overview:
        """``fiat`` "" takes the first currency that has prices. Raises OperationCancelled."""
        fiats = tuple(self._storage.prices.currencies())
        chosen = fiat or (fiats[0] if fiats else "")
        prices = self._storage.prices.latest(chosen) if chosen else {}
        balances = self._balances(None, prices, token)
        totals = _totals(balances, prices)
        priced = [total.value.value for total in totals if total.value is not None]
        unpriced = tuple(dict.fromkeys(t.currency.symbol for t in totals if t.value is None and t.base_units))
        batches = self._storage.imports.all(_RECENT_BATCHES)
        finder = AttentionFinder(
            wallets=self._storage.wallets.all(),
            batches=batches,
            dips=self._storage.transactions.first_dips(token=token),
        )
        return Overview(
            balances=tuple(balances),
            totals=tuple(totals),
            fiat=chosen,
            fiats=fiats,
            fiat_total=_sum(priced) if priced else None,
            unpriced=unpriced if chosen else (),
            last_import=batches[0] if batches else None,
            attention=tuple(
                finder.find(
                    {balance.wallet_id for balance in balances},
                    currencies=[total.currency for total in totals],
                    unpriced=unpriced if chosen else (),
                    fiat=chosen,
                )
            ),
        )

    def balances(
        self, wallet_ids: Sequence[int] | None = None, *, fiat: str = "", token: CancelToken | None = None
    ) -> list[WalletBalance]:
        """Per wallet and currency, by wallet name; None: all wallets that are not archived."""
        prices = self._storage.prices.latest(fiat) if fiat else {}
        return self._balances(wallet_ids, prices, token)

    def history(self, wallet_ids: Sequence[int] | None = None, *, token: CancelToken | None = None) -> list[Series]:
        """One series per currency, the busiest first."""
        points: dict[int, list[tuple[datetime, int]]] = {}
        currencies: dict[int, Currency] = {}
        for day in self._storage.transactions.daily_sums(wallet_ids, token=token):
            currencies[day.currency.id] = day.currency
            series = points.setdefault(day.currency.id, [])
            before = series[-1][1] if series else 0
            if series and series[-1][0] == day.day:
                series[-1] = (day.day, before + day.base_units)
            else:
                series.append((day.day, before + day.base_units))
        found = [Series(currencies[key], tuple(series)) for key, series in points.items()]
        return sorted(found, key=lambda each: (-len(each.points), each.currency.symbol))

    def rows_behind(self, balance: WalletBalance) -> TableQuery:
        """The query that lists the rows a balance is made of: those that move the currency or pay a fee in it."""
        return rows_of(balance.wallet, balance.currency)

    def _balances(
        self, wallet_ids: Sequence[int] | None, prices: Mapping[str, Price], token: CancelToken | None
    ) -> list[WalletBalance]:
        found = self._storage.transactions.balances(wallet_ids, token=token)
        found.sort(
            key=lambda each: (
                each.wallet.casefold(),
                each.wallet_id,
                bool(each.currency.contract),
                each.currency.symbol,
                each.currency.id,
            )
        )
        return [
            WalletBalance(
                each.wallet_id,
                each.wallet,
                each.currency,
                each.base_units,
                each.rows,
                value_of(each.base_units, each.currency, prices),
            )
            for each in found
        ]


def rows_of(wallet: str, currency: Currency) -> TableQuery:
    """Rows of a wallet that move ``currency`` or pay a fee in it."""
    terms = (Term("wallet", Comparison.EQUAL, wallet), Term("asset", Comparison.EQUAL, currency.asset))
    return TableQuery(TableName.TRANSACTIONS, terms)


def _totals(balances: Sequence[WalletBalance], prices: Mapping[str, Price]) -> list[CurrencyTotal]:
    grouped: dict[int, list[WalletBalance]] = {}
    for balance in balances:
        grouped.setdefault(balance.currency.id, []).append(balance)
    totals = []
    for group in grouped.values():
        currency, units = group[0].currency, sum(each.base_units for each in group)
        totals.append(CurrencyTotal(currency, units, len(group), value_of(units, currency, prices)))
    totals.sort(key=lambda each: (bool(each.currency.contract), each.currency.symbol, each.currency.id))
    return totals


def _sum(values: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total
