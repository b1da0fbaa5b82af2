"""What the rows of a query add up to, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aether_desktop.domain.amounts import format_units
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.query_totals import RowTotals, TokenTotal
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent

HEADING = ("Token", "Contract", "Rows", "In", "Out", "Fees", "Net")


class TotalWords(NamedTuple):
    """One token, amounts as exact decimals, in the order of HEADING."""

    symbol: str
    contract: str
    rows: str
    incoming: str
    outgoing: str
    fees: str
    net: str


class TotalsService:
    """Worker threads only; raises the StorageError family, OperationCancelled."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def of_query(
        self, query: TableQuery, *, token: CancelToken | None = None, progress: Progress = silent
    ) -> RowTotals:
        """Every transaction that the query finds. Raises InvalidInputError as windows do."""
        known = self._storage.windows.estimate(query, token=token)
        known_rows = None if known.least or not known.rows else known.rows

        def told(done: int, total: int | None, message: str = "") -> None:
            progress(done, total if known_rows is None else max(known_rows, done), message)

        return self._storage.totals.of_query(query, token=token, progress=told)

    def of_rows(self, ids: Sequence[int], *, token: CancelToken | None = None) -> RowTotals:
        """These transactions."""
        return self._storage.totals.of_rows(ids, token=token)


def total_words(total: TokenTotal) -> TotalWords:
    """Exact; any thread."""
    currency = total.currency
    incoming, outgoing, fees, net = (
        format_units(units, currency.decimals) for units in (total.incoming, total.outgoing, total.fees, total.net)
    )
    return TotalWords(currency.symbol, currency.contract, str(total.rows), incoming, outgoing, fees, net)


def uncounted_words(totals: RowTotals) -> str:
    """A sentence about rows that move no value; empty where there are none."""
    if not totals.uncounted:
        return ""
    rows = "One row moves" if totals.uncounted == 1 else f"{totals.uncounted:,} rows move"
    return f"{rows} no value (pending, failed or orphaned); what failed ones cost is in the fees."
