"""Descriptors and hook specification of Sacred Utility Modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol, TextIO, runtime_checkable

import pluggy

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.chains import Chain
from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.transactions import Movement
from aether_desktop.ports.queries import Row
from aether_desktop.ports.tables import TableSpec

ENTRY_POINT_GROUP = "aether_desktop.sums"
hookspec = pluggy.HookspecMarker("aether_desktop")
hookimpl = pluggy.HookimplMarker("aether_desktop")

GENERIC_FIELDS = (
    "occurred_at",
    "amount",
    "sent_amount",
    "received_amount",
    "symbol",
    "fee",
    "fee_symbol",
    "tx_hash",
    "from_address",
    "to_address",
    "status",
    "direction",
    "description",
    "label",
    "block_number",
)


class SumKind(StrEnum):
    """Sowing brings data in, reaping takes it out, interceding watches, multiplying replicates, reconciling matches."""

    SOWING = "sowing"
    REAPING = "reaping"
    INTERCEDING = "interceding"
    MULTIPLYING = "multiplying"
    RECONCILING = "reconciling"


@dataclass(frozen=True, slots=True)
class HeadedTable:
    """A decoded CSV file: ``heading`` as written (outer spaces trimmed), ``rows`` as (row number, cells).

    The heading's row number is 1, the next record's 2. Rows come lazily; a record that cannot be read comes as a
    Rejection from the reader and never reaches a module. Rows may be shorter or longer than the heading. ``format`` is
    what the cells come from: "csv" for all delimited text, "json" for an array of objects.
    """

    file_name: str
    heading: tuple[str, ...]
    rows: Iterator[tuple[int, Sequence[str]]]
    format: str = "csv"


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """For the generic CSV: which heading holds which of GENERIC_FIELDS, and how times are written."""

    columns: Mapping[str, str] = field(default_factory=dict)
    day_first: bool | None = None


@dataclass(frozen=True, slots=True)
class SowingContext:
    """What a sowing module is handed. ``wallet_address`` is canonical.

    ``currency(symbol, contract, name)`` gives the known coin or token, or a new one with assumed decimals; an empty
    contract and the chain's symbol give the chain's coin. ``zone_minutes`` is the offset of times written without a
    zone.
    ``account`` picks one account of a file that holds several.
    """

    wallet_name: str
    wallet_address: str
    chain: Chain
    currency: Callable[[str, str, str], Currency]
    zone_minutes: int = 0
    account: str = ""
    mapping: FieldMapping | None = None


@runtime_checkable
class SowingModule(Protocol):
    """Reads one kind of file. ``key`` is stable: it is stored with every batch.

    A module may also have ``file_format``, "csv" or "json": then it is offered tables of that format only.
    """

    key: str
    title: str

    def recognises(self, heading: Sequence[str]) -> bool:
        """Whether this is exactly that kind of file, by its headings in any order (case and spaces ignored)."""
        ...

    def read(self, table: HeadedTable, context: SowingContext) -> Iterable[Movement | Rejection]:
        """Movements in file order (one row may make several) and rejected rows. Pure: no I/O but ``table.rows``."""
        ...


class HeadingFit(NamedTuple):
    """How near a heading is to one kind of file: columns ``found``, and those ``missing`` as the file would name
    them."""

    found: int
    missing: tuple[str, ...]


@runtime_checkable
class HeadingAdviser(Protocol):
    """Optional for a SowingModule: helps to say why a file was not recognised."""

    def compare(self, heading: Sequence[str]) -> HeadingFit:
        """Compare with what ``recognises`` wants."""
        ...


@runtime_checkable
class AccountLister(Protocol):
    """Optional for a SowingModule whose files may hold several accounts."""

    def accounts(self, table: HeadedTable, chain: Chain) -> tuple[str, ...]:
        """Names that ``SowingContext.account`` may take for a wallet on ``chain``; reads all rows."""
        ...


@runtime_checkable
class ReapingModule(Protocol):
    """Writes what is seen. ``key`` is the format's name on the command line."""

    key: str
    title: str
    extension: str

    def write(self, spec: TableSpec, columns: Sequence[str], rows: Iterable[Row], sink: TextIO) -> int:
        """Writes the columns (keys, in order) of the rows to ``sink`` (opened with newline=""); returns the row
        count."""
        ...


@runtime_checkable
class HeadedReaping(Protocol):
    """Optional for a ReapingModule: what its files call their columns, by which an importer knows them again."""

    def heading(self, spec: TableSpec, columns: Sequence[str]) -> Sequence[str]:
        """Names in the file of the columns (keys, in order), in the file's order."""
        ...


@dataclass(frozen=True, slots=True)
class SumDescriptor:
    """One module: ``implementation`` is a SowingModule, ReapingModule, ... by ``kind``."""

    key: str
    kind: SumKind
    title: str
    version: str
    description: str
    implementation: object


class SumHooks(Protocol):
    """The hook specification."""

    @hookspec
    def sacred_utility_modules(self) -> Sequence[SumDescriptor]:
        """The modules this package offers."""
        ...
