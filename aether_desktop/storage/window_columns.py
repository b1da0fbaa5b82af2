"""Where every column of ``ports.tables`` lies: what its terms compare, what it is sorted by, which table it is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, FunctionElement, Table, Text, and_, case, false, func, or_, select
from sqlalchemy.ext.compiler import compiles

from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import SEALED_FIELDS
from aether_desktop.domain.temple import NodeType
from aether_desktop.ports.tables import TABLES, ColumnKind, ColumnSpec, TableSpec
from aether_desktop.storage.schema import (
    ANNOTATION_TAGS,
    ANNOTATIONS,
    CURRENCIES,
    PAYMENT_METHODS,
    PAYMENTS,
    RECORD_TABLES,
    TEMPLE_NODES,
    TRANSACTIONS,
    USERS,
    WALLETS,
)
from aether_desktop.storage.sums import fold

Condition = Callable[[ColumnElement[Any]], ColumnElement[bool]]
_TEXTS = frozenset({ColumnKind.TEXT, ColumnKind.ADDRESS, ColumnKind.HASH})


class code_point_order(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it stands for
    """A text whose order is that of its code points, whatever the database's language."""

    name = "code_point_order"
    inherit_cache = True
    type = Text()


@compiles(code_point_order, "sqlite")
def _order_on_sqlite(element: code_point_order, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(code_point_order, "postgresql")
def _order_on_postgresql(element: code_point_order, compiler: Any, **options: Any) -> str:
    return f'({compiler.process(element.clauses, **options)}) COLLATE "C"'


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """The way to rows of another table; ``pointer`` (own) equals ``pointed`` (theirs), ``rows`` says which count.

    ``joined`` and ``on`` make a LEFT JOIN that brings at most one row; a link to many (tags) has none and cannot sort.
    """

    source: FromClause
    pointer: ColumnElement[Any]
    pointed: ColumnElement[Any]
    rows: ColumnElement[bool]
    joined: Table | None = None
    on: ColumnElement[bool] | None = None
    also: ColumnElement[Any] | None = None  # a second own pointer to the same rows, for filters only

    def holding(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Own rows that point to a row with the condition; never NULL, so that it can be negated."""
        found = select(self.pointed).select_from(self.source).where(self.rows, condition).correlate(None)
        pointers = [self.pointer] if self.also is None else [self.pointer, self.also]
        return or_(*(and_(pointer.is_not(None), pointer.in_(found)) for pointer in pointers))


@dataclass(frozen=True, slots=True, eq=False)
class ColumnSource:
    """One column. ``compared`` is what terms look at, ``order`` what it is sorted by (None: it is not)."""

    spec: ColumnSpec
    compared: ColumnElement[Any]
    order: ColumnElement[Any] | None
    nullable: bool = False
    link: Link | None = None
    sealed: ColumnElement[Any] | None = None  # where the value is when it is not there to be compared

    def matching(self, condition: Condition) -> ColumnElement[bool]:
        """Rows whose value, where there is one, satisfies the condition; never NULL, so that it can be negated."""
        if self.link is not None:
            return self.link.holding(condition(self.compared))
        if self.nullable:
            return and_(self.compared.is_not(None), condition(self.compared))
        return condition(self.compared)

    def filled(self) -> ColumnElement[bool]:
        """Rows that have a value."""
        if self.sealed is not None:
            there = self.sealed.is_not(None)
            return or_(there if self.link is None else self.link.holding(there), replace(self, sealed=None).filled())
        if self.spec.kind in _TEXTS or self.spec.kind is ColumnKind.TAGS:
            return self.matching(lambda column: column != "")
        return self.matching(lambda column: column.is_not(None))


@dataclass(frozen=True, slots=True, eq=False)
class TablePlan:
    """How one of the nine tables is asked. ``words`` are the columns that free words are looked for in."""

    spec: TableSpec
    table: Table
    vault_id: int
    sources: Mapping[str, ColumnSource]
    words: tuple[str, ...]
    scope: ColumnElement[bool] = field(repr=False)


_WORDS: Mapping[TableName, tuple[str, ...]] = {
    TableName.WALLETS: ("name", "address"),
    TableName.TRANSACTIONS: (
        *("description", "wallet", "counterparty", "tx_hash", "from_address", "to_address", "contract_address"),
    ),
    TableName.CONTRACTS: ("name", "address"),
    TableName.TEMPLE_NODES: ("node_id",),
    TableName.PAYMENTS: ("description", "provider", "external_id", "wallet", "method"),
    TableName.PAYMENT_METHODS: ("name", "provider", "provider_reference", "last_four"),
    TableName.CONTENT: ("cid", "name"),
    TableName.MONITORING: ("description", "related_table"),
    TableName.USERS: ("username", "display_name", "email"),
}
_REMEMBERED = 4  # vaults
_OWN_WORDS = ("label", "note", "tags")
# Column keys whose SQL column has another name, or is compared through another.
_COMPARED: Mapping[tuple[TableName, str], ColumnElement[Any]] = {
    (TableName.TRANSACTIONS, "amount"): TRANSACTIONS.c.amount_rank,
    (TableName.TRANSACTIONS, "fee"): TRANSACTIONS.c.fee_rank,
    (TableName.TRANSACTIONS, "batch"): TRANSACTIONS.c.batch_id,
    (TableName.PAYMENTS, "amount"): PAYMENTS.c.amount_rank,
}
_SORTED: Mapping[tuple[TableName, str], ColumnElement[Any]] = {
    (TableName.WALLETS, "name"): WALLETS.c.name_fold,
    (TableName.USERS, "username"): USERS.c.username_fold,
}


def node_type_case() -> ColumnElement[str]:
    """A temple node's specialised type, from the sum of its thresholds."""
    columns = TEMPLE_NODES.c
    total = columns.storage_threshold + columns.compute_threshold + columns.abundance_threshold
    steps = sorted(NodeType, key=lambda kind: kind.needed_sum, reverse=True)
    return case(*((total >= kind.needed_sum, kind.value) for kind in steps[:-1]), else_=steps[-1].value)


@lru_cache(maxsize=_REMEMBERED)
def table_plans(vault_id: int) -> Mapping[TableName, TablePlan]:
    """The plans of the nine tables in one vault, kept for when it is opened again."""
    return {name: _plan(TABLES[name], vault_id) for name in TABLES}


def _plan(spec: TableSpec, vault_id: int) -> TablePlan:
    table = RECORD_TABLES[spec.name]
    links = _links(spec.name, table, vault_id)
    sources = {column.key: _source(spec.name, table, column, links) for column in spec.columns}
    return TablePlan(
        spec=spec,
        table=table,
        vault_id=vault_id,
        sources=sources,
        words=(*_OWN_WORDS, *_WORDS[spec.name]),
        scope=table.c.vault_id == vault_id,
    )


def _source(name: TableName, table: Table, column: ColumnSpec, links: Mapping[str, Link]) -> ColumnSource:
    key = column.key
    if key in links:
        return _linked_source(column, links[key])
    if (name, key) == (TableName.TEMPLE_NODES, "type"):
        kind = node_type_case()
        return ColumnSource(column, kind, code_point_order(kind))
    compared = _COMPARED.get((name, key))
    own = table.c[key] if compared is None else compared
    nullable = bool(getattr(own, "nullable", False))
    order = _SORTED.get((name, key))
    if order is None and column.sortable:
        order = _order(column, own)
    sealed = table.c[f"{key}_sealed"] if (name, key) in SEALED_FIELDS else None
    return ColumnSource(column, own, order, nullable, sealed=sealed)


def _linked_source(column: ColumnSpec, link: Link) -> ColumnSource:
    """A row that points to none has an empty text."""
    theirs = _LINKED[column.key]
    order = None
    if column.sortable:
        order = func.coalesce(WALLETS.c.name_fold if column.key == "wallet" else _order(column, theirs), "")
    sealed = ANNOTATIONS.c.note_sealed if column.key == "note" else None
    return ColumnSource(column, theirs, order, link=link, sealed=sealed)


def _order(column: ColumnSpec, own: ColumnElement[Any]) -> ColumnElement[Any]:
    """Texts sort by their folded form, so that case does not matter; hashes and addresses as they are, by index."""
    if column.kind is ColumnKind.TEXT:
        return fold(own)
    if column.kind is ColumnKind.CHOICE:
        return code_point_order(own)
    return own


_LINKED: Mapping[str, ColumnElement[Any]] = {
    "wallet": WALLETS.c.name,
    "chain": WALLETS.c.chain,
    "symbol": CURRENCIES.c.symbol,
    "asset": CURRENCIES.c.chain
    + ":"
    + case((CURRENCIES.c.contract == "", CURRENCIES.c.symbol), else_=CURRENCIES.c.contract),
    "method": PAYMENT_METHODS.c.name,
    "label": ANNOTATIONS.c.label,
    "note": ANNOTATIONS.c.note,
    "tags": ANNOTATION_TAGS.c.tag_fold,
}


def _links(name: TableName, table: Table, vault_id: int) -> dict[str, Link]:
    words = _annotation_link(name, table, vault_id)
    links = {"label": words, "note": words, "tags": _tag_link(name, table, vault_id)}
    if name is TableName.TRANSACTIONS:
        wallet = _reference(table, "wallet_id", WALLETS, vault_id)
        money = _reference(table, "currency_id", CURRENCIES, vault_id)
        asset = replace(money, also=table.c["fee_currency_id"])
        links |= {"wallet": wallet, "chain": wallet, "symbol": money, "asset": asset}
    elif name is TableName.PAYMENTS:
        links |= {
            "wallet": _reference(table, "wallet_id", WALLETS, vault_id),
            "symbol": _reference(table, "currency_id", CURRENCIES, vault_id),
            "method": _reference(table, "payment_method_id", PAYMENT_METHODS, vault_id),
        }
    return links


def _reference(table: Table, column: str, target: Table, vault_id: int) -> Link:
    return Link(
        source=target,
        pointer=table.c[column],
        pointed=target.c.id,
        rows=target.c.vault_id == vault_id,
        joined=target,
        on=and_(target.c.vault_id == table.c.vault_id, target.c.id == table.c[column]),
    )


def _annotation_link(name: TableName, table: Table, vault_id: int) -> Link:
    words = ANNOTATIONS.c
    shown = and_(words.table_name == name, words.detached.is_(false()))
    return Link(
        source=ANNOTATIONS,
        pointer=table.c.id,
        pointed=words.row_id,
        rows=and_(words.vault_id == vault_id, shown),
        joined=ANNOTATIONS,
        on=and_(words.vault_id == table.c.vault_id, words.row_id == table.c.id, shown),
    )


def _tag_link(name: TableName, table: Table, vault_id: int) -> Link:
    words, tags = ANNOTATIONS.c, ANNOTATION_TAGS.c
    same = and_(words.vault_id == tags.vault_id, words.id == tags.annotation_id)
    return Link(
        source=ANNOTATION_TAGS.join(ANNOTATIONS, same),
        pointer=table.c.id,
        pointed=words.row_id,
        rows=and_(
            tags.vault_id == vault_id,
            words.vault_id == vault_id,
            words.table_name == name,
            words.detached.is_(false()),
        ),
    )
