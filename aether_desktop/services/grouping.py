"""The ledger in groups with their totals, one after the other: for files and for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from aether_desktop.domain.amounts import format_units
from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.groups import Group, GroupQuery, GroupTotals, TokenTotal
from aether_desktop.ports.queries import GroupBy, Row
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import ColumnKind, ColumnSpec, TableSpec
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.exporting import ExportReport
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.whole_file import writing

_TOGETHER: Final = 64  # groups whose totals are asked for at once
# Figures are digits of ours with a sign: no text that a spreadsheet must be kept from, and larger than any Amount.
_FIGURES: Final = ("in", "out", "fees", "net")
_FILE: Final = TableSpec(
    TableName.TRANSACTIONS,
    "Groups of transactions",
    "group",
    (
        ColumnSpec("group", "Group"),
        ColumnSpec("rows", "Rows", ColumnKind.INTEGER),
        ColumnSpec("token", "Token"),
        ColumnSpec("asset", "Asset"),
        ColumnSpec("token_rows", "Rows of the token", ColumnKind.INTEGER),
        *(ColumnSpec(name, name.capitalize(), ColumnKind.CHOICE) for name in _FIGURES),
    ),
    "group",
)


def group_text(group: Group) -> str:
    """What tells a group from others: 2026-11-24, 2026-11, the counterparty as stored, chain and symbol or contract."""
    key = group.key
    if key.by is GroupBy.DAY:
        return key.start.date().isoformat()
    if key.by is GroupBy.MONTH:
        return f"{key.start:%Y-%m}".rjust(7, "0")
    return str(key.value) if group.currency is None else group.currency.asset


class GroupingService:
    """Worker threads only."""

    def __init__(self, storage: Storage, modules: ModuleService) -> None:
        self._storage, self._modules = storage, modules

    def read(
        self, asked: GroupQuery, *, limit: int | None = None, token: CancelToken | None = None
    ) -> Iterator[tuple[Group, GroupTotals]]:
        """At most ``limit`` groups in order, each with all its figures; a group whose rows went meanwhile is left out.

        Raises InvalidInputError, OperationCancelled.
        """
        groups, after, left = self._storage.groups, None, limit
        while left is None or left > 0:
            page = groups.page(
                asked, after=after, limit=_TOGETHER if left is None else min(left, _TOGETHER), token=token
            )
            totals = groups.totals(asked, page.groups, token=token)
            yield from ((group, totals[group.key]) for group in page.groups if group.key in totals)
            if not page.more or not page.groups:
                return
            after = page.groups[-1]
            left = None if left is None else left - len(page.groups)

    def run(
        self,
        path: Path,
        asked: GroupQuery,
        *,
        format_key: str,
        token: CancelToken | None = None,
        progress: Progress = silent,
    ) -> ExportReport:
        """Write ``path`` as a whole or not at all: a line for each group and token.

        Raises InvalidInputError for an unknown format, ReadOnlyError, DiskFullError, OperationCancelled.
        """
        with writing(path) as sink:
            return ExportReport(path, self.write(sink, asked, format_key=format_key, token=token, progress=progress))

    def write(
        self,
        sink: TextIO,
        asked: GroupQuery,
        *,
        format_key: str,
        token: CancelToken | None = None,
        progress: Progress = silent,
    ) -> int:
        """The same to an open text stream; returns how many lines. Raises as ``run``."""
        module = self._modules.reaping(format_key)
        return module.write(_FILE, [column.key for column in _FILE.columns], self._lines(asked, token, progress), sink)

    def _lines(self, asked: GroupQuery, token: CancelToken | None, progress: Progress) -> Iterator[Row]:
        number = 0
        for done, (group, totals) in enumerate(self.read(asked, token=token)):
            progress(done, None)
            for each in totals.tokens:
                number += 1
                yield Row(number, 1, False, (group_text(group), totals.rows, *_values(each)))


def group_by(text: str) -> GroupBy:
    """The kind of group of this name. Raises InvalidInputError."""
    try:
        return GroupBy(text)
    except ValueError:
        known = ", ".join(GroupBy)
        raise InvalidInputError(
            f"Transactions are not grouped by {text[:60]!r}.", field="by", hint=f"Known: {known}."
        ) from None


def _values(total: TokenTotal) -> tuple[object, ...]:
    coin = total.currency
    figures = (total.coming or 0, total.going or 0, total.fees or 0, total.net or 0)
    return coin.symbol, coin.asset, total.rows, *(format_units(units, coin.decimals) for units in figures)
