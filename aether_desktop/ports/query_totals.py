"""What the rows of a query, or some chosen rows, add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from aether_desktop.domain.amounts import Currency
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.work import CancelToken, Progress, silent


class TokenTotal(NamedTuple):
    """One currency, in its base units, by the rule of balances: value counts when confirmed, a fee also when failed.

    ``rows`` are the rows of this currency, ``counted`` those of them that are confirmed. ``fees`` were paid in this
    currency, also by rows of others. What a wallet sends to itself is neither in nor out.
    """

    currency: Currency
    rows: int = 0
    counted: int = 0
    incoming: int = 0
    outgoing: int = 0
    fees: int = 0

    @property
    def net(self) -> int:
        """What these rows change in the balances."""
        return self.incoming - self.outgoing - self.fees


class RowTotals(NamedTuple):
    """Of ``rows`` rows; by symbol, chain and contract."""

    rows: int
    tokens: tuple[TokenTotal, ...]

    @property
    def uncounted(self) -> int:
        """Rows that move no value: pending, failed or orphaned."""
        return self.rows - sum(token.counted for token in self.tokens)


class QueryTotals(Protocol):
    """Sums of transactions, exact, made by the engine of one snapshot. Worker threads only."""

    def of_query(
        self, query: TableQuery, *, token: CancelToken | None = None, progress: Progress = silent
    ) -> RowTotals:
        """Of every row that the query finds; ``progress`` is told how many were added up.

        Raises InvalidInputError for an unknown or unsuitable term, or another table; OperationCancelled.
        """
        ...

    def of_rows(self, ids: Sequence[int], *, token: CancelToken | None = None) -> RowTotals:
        """Of these transactions, archived ones too; those that are gone are left out. Raises OperationCancelled."""
        ...
