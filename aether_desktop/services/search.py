"""The command palette's look-ups: a hash, an address, a label, a content id, a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import Sealed
from aether_desktop.domain.text import fold, plain_line
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.queries import ArchivedRows, Comparison, Row, TableQuery, Term
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import TABLES, ColumnKind, TableSpec
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.sealed_fields import SealedFieldService

_TITLE_LIMIT, _LINE_LIMIT = 80, 160
_MAX_TEXT = 500
# The columns that name a row (the first that is not empty), and those of the line below.
_TITLES: Mapping[TableName, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        TableName.WALLETS: (("name",), ("chain", "address", "label")),
        TableName.TRANSACTIONS: (
            ("label", "description", "method", "tx_hash", "counterparty"),
            ("occurred_at", "wallet", "direction", "amount", "status", "counterparty"),
        ),
        TableName.CONTRACTS: (("name",), ("chain", "status", "address", "label")),
        TableName.TEMPLE_NODES: (("node_id",), ("tier", "type", "status", "label")),
        TableName.PAYMENTS: (("label", "description", "external_id", "provider"), ("paid_at", "amount", "status")),
        TableName.PAYMENT_METHODS: (("name",), ("kind", "provider", "status", "label")),
        TableName.CONTENT: (("name", "cid"), ("kind", "status", "cid", "label")),
        TableName.MONITORING: (("description",), ("seen_at", "severity", "action")),
        TableName.USERS: (("display_name", "username"), ("username", "email", "role", "label")),
    }
)
_IDENTIFYING = frozenset({ColumnKind.ADDRESS, ColumnKind.HASH})


@dataclass(frozen=True, slots=True)
class SearchHit:
    """``title`` is the row's name, ``line`` one plain line about it."""

    table: TableName
    row_id: int
    title: str
    line: str


class SearchService:
    """Worker threads only."""

    def __init__(self, storage: Storage, sealed: SealedFieldService | None = None) -> None:
        self._storage = storage
        self._sealed = sealed or SealedFieldService(storage, None)

    def find(self, text: str, *, limit: int = 20, token: CancelToken | None = None) -> list[SearchHit]:
        """Rows of any table that hold all the words, best first; archived rows too. Raises OperationCancelled.

        Sealed values are not looked at, but for a payment's id at its provider, typed whole.
        """
        words = tuple(Term("", Comparison.HAS, word) for word in text[:_MAX_TEXT].split())
        if not words:
            return []
        ranked: list[tuple[int, int, SearchHit]] = []
        for order, spec in enumerate(TABLES.values()):
            if token is not None:
                token.check()
            query = TableQuery(spec.name, words, archived=ArchivedRows.INCLUDED)
            try:
                window = self._storage.windows.window(query, 0, limit, token=token)
            except InvalidInputError:
                continue  # words that this table cannot hold
            ranked += [(_rank(text, spec, row), order, _hit(spec, row)) for row in window.rows]
        called = [payment.id for payment in self._sealed.payments_called(text.strip())]
        spec = TABLES[TableName.PAYMENTS]
        ranked += [(0, -1, _hit(spec, row)) for row in self._storage.windows.by_ids(TableName.PAYMENTS, called)]
        ranked.sort(key=lambda each: each[:2])
        return [hit for _, _, hit in ranked[:limit]]


def _rank(text: str, spec: TableSpec, row: Row) -> int:
    """0: the row is named exactly so; 1: a name begins so; 2: the words are somewhere. Archived rows last of each."""
    wanted = fold(text.strip())
    naming = {"label", *_TITLES[spec.name][0]}
    named = [
        fold(str(value))
        for column, value in zip(spec.columns, row.values, strict=True)
        if value and not isinstance(value, Sealed) and (column.key in naming or column.kind in _IDENTIFYING)
    ]
    rank = 0 if wanted in named else 1 if any(name.startswith(wanted) for name in named) else 2
    return rank * 2 + row.archived


def _hit(spec: TableSpec, row: Row) -> SearchHit:
    title_keys, line_keys = _TITLES[spec.name]
    title = next((text for key in title_keys if (text := _shown(spec, row, key))), f"{spec.singular} {row.id}")
    parts = [text for key in line_keys if (text := _shown(spec, row, key)) and text != title]
    return SearchHit(spec.name, row.id, plain_line(title, _TITLE_LIMIT), plain_line(" · ".join(parts), _LINE_LIMIT))


def _shown(spec: TableSpec, row: Row, key: str) -> str:
    value = row.values[spec.index(key)]
    if value is None or isinstance(value, Sealed):
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}Z"
    return str(value)
