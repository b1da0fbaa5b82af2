"""The ledger in groups: which there are, and what the rows of each add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from aether_desktop.domain.amounts import Currency
from aether_desktop.ports.queries import GroupBy, GroupKey, TableQuery
from aether_desktop.ports.work import CancelToken


@dataclass(frozen=True, slots=True)
class GroupQuery:
    """The groups of the rows that ``query`` finds, in the order of their keys; tokens by symbol."""

    query: TableQuery
    by: GroupBy
    descending: bool = False

    @classmethod
    def usual(cls, query: TableQuery, by: GroupBy) -> GroupQuery:
        """The latest day or month first, names from A to Z."""
        return cls(query, by, by in (GroupBy.DAY, GroupBy.MONTH))


class Group(NamedTuple):
    """``currency`` is that of a token's group, None in others."""

    key: GroupKey
    currency: Currency | None = None


class GroupPage(NamedTuple):
    """Groups next to each other; ``more``: others may follow."""

    groups: tuple[Group, ...]
    more: bool


class TokenTotal(NamedTuple):
    """One currency within a group, in base units; nothing is ever added across currencies.

    ``rows`` move it, whatever their status. Confirmed rows count, of failed ones only the fee; ``net`` is what the
    balance changed by: in, less out, less fees. Figures that kept sums do not say are None.
    """

    currency: Currency
    rows: int
    net: int | None = None
    coming: int | None = None
    going: int | None = None
    fees: int | None = None


class GroupTotals(NamedTuple):
    """``tokens``: those of most rows first."""

    rows: int
    tokens: tuple[TokenTotal, ...]

    @property
    def whole(self) -> bool:
        """Whether in, out and fees are known, too."""
        return all(token.coming is not None for token in self.tokens)


class GroupStore(Protocol):
    """Worker threads only. Raises InvalidInputError for an unknown or unsuitable term, OperationCancelled."""

    def page(
        self, asked: GroupQuery, *, after: Group | None = None, limit: int, token: CancelToken | None = None
    ) -> GroupPage:
        """Up to ``limit`` groups after that one, which need not exist any more (None: from the first)."""
        ...

    def kept(
        self, asked: GroupQuery, groups: Sequence[Group], *, token: CancelToken | None = None
    ) -> Mapping[GroupKey, GroupTotals]:
        """What the kept sums of days say at once, of all rows or those of wallets. Empty where they say nothing.

        Sums that are older than this program's say rows only, and the net of days and months.
        """
        ...

    def totals(
        self, asked: GroupQuery, groups: Sequence[Group], *, token: CancelToken | None = None
    ) -> Mapping[GroupKey, GroupTotals]:
        """All figures, of the kept sums or made of the rows by the engine; groups without rows are left out."""
        ...
