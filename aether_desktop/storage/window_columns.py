"""Where every column of ``ports.tables`` lies: what its terms compare, what it is sorted by, which table it is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    FunctionElement,
    Table,
    Text,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles

from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import SEALED_FIELDS
from aether_desktop.domain.text import fold as fold_name
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
    WALLETS,
)
from aether_desktop.storage.sums import fold
from aether_desktop.storage.unindexed import tested

SHOWN_WORDS: ColumnElement[bool] = literal_column("NOT annotations.detached")  # as indexes say it
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
    own: Table | None = None  # set where each own row is tested, one by one

    def holding(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Own rows that point to a row with the condition; never NULL, so that it can be negated."""
        if self.own is not None:
            theirs = select(self.pointed).select_from(self.source)
            theirs = theirs.where(self.rows, self.pointed == self.pointer, condition).correlate(self.own)
            return theirs.limit(1).scalar_subquery().is_not(None)  # EXISTS may become a join of all there are
        found = select(self.pointed).select_from(self.source).where(self.rows, condition).correlate(None)
        pointers = [self.pointer] if self.also is None else [self.pointer, self.also]
        return or_(*(and_(pointer.is_not(None), pointer.in_(found)) for pointer in pointers))


@dataclass(frozen=True, slots=True, eq=False)
class ColumnSource:
    """One column. ``compared`` is what terms look at, ``order`` what it is sorted by (None: it is not).

    ``folded`` is the stored form that a whole text is compared with. ``closing`` ends a sort by this column, before the
    id: the way the rows of one value lie in their index.
    """

    spec: ColumnSpec
    compared: ColumnElement[Any]
    order: ColumnElement[Any] | None
    nullable: bool = False
    link: Link | None = None
    sealed: ColumnElement[Any] | None = None  # where the value is when it is not there to be compared
    folded: ColumnElement[Any] | None = None
    closing: tuple[ColumnElement[Any], ...] = ()
    exact: bool = False  # ``folded`` is the text as it is
    few: bool = False  # a text with few different values

    def as_held(self, value: str) -> str:
        """What ``folded`` has for a text."""
        return value if self.exact else fold_name(value)

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

    def tested(self) -> TablePlan:
        """The same columns, looked at in rows that another index has found: no index serves what is asked of them."""
        links: dict[int, Link] = {}
        sources = {key: _tested(source, self.table, links) for key, source in self.sources.items()}
        return replace(self, sources=sources)


def _tested(source: ColumnSource, table: Table, links: dict[int, Link]) -> ColumnSource:
    """``links`` keeps one link one."""
    link = source.link
    if link is not None:
        if id(link) not in links:
            many = link.source is not link.joined or link.joined is ANNOTATIONS  # not among the few wallets and coins
            also = None if link.also is None else tested(link.also)
            links[id(link)] = replace(link, pointer=tested(link.pointer), also=also, own=table if many else None)
        return replace(source, link=links[id(link)])
    folded = None if source.folded is None else tested(source.folded)
    sealed = None if source.sealed is None else tested(source.sealed)
    return replace(source, compared=tested(source.compared), folded=folded, sealed=sealed)


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
    (TableName.TEMPLE_NODES, "type"): TEMPLE_NODES.c.node_type,
}
# Texts that are compared and sorted as they are: ids that other programs gave, words of which there are few.
_AS_THEY_ARE = frozenset(
    {
        (TableName.TRANSACTIONS, "method"),
        (TableName.TRANSACTIONS, "layer2_kind"),
        (TableName.PAYMENTS, "external_id"),
        (TableName.PAYMENT_METHODS, "provider_reference"),
        (TableName.PAYMENT_METHODS, "last_four"),
        (TableName.MONITORING, "related_table"),
    }
)
_FEW = frozenset({"layer2_kind", "method", "related_table"})  # of their own tables
# The ledger keeps the rows of one value in the order of time (schema/transactions.py).
_IN_TIME = frozenset(
    {
        *("wallet", "chain", "symbol", "counterparty", "direction", "status", "kind", "leg", "method"),
        *("contract_address", "ai_verified", "layer2_kind", "batch"),
        *("amount", "fee", "tx_hash", "block_number", "created_at"),
    }
)
_POINTERS: Mapping[str, ColumnElement[Any]] = {
    "wallet": TRANSACTIONS.c.wallet_id,
    "chain": TRANSACTIONS.c.wallet_id,
    "symbol": TRANSACTIONS.c.currency_id,
}


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
        return _linked_source(name, column, links[key])
    compared = _COMPARED.get((name, key))
    own = table.c[key] if compared is None else compared
    nullable = bool(getattr(own, "nullable", False))
    folded: ColumnElement[Any] | None = table.c.get(f"{key}_fold")
    if (name, key) in _AS_THEY_ARE:
        folded = own
    order = None
    if column.sortable:
        order = _order(column, own if folded is None else folded)
    sealed = table.c[f"{key}_sealed"] if (name, key) in SEALED_FIELDS else None
    return ColumnSource(
        column,
        own,
        order,
        nullable,
        sealed=sealed,
        folded=folded,
        exact=(name, key) in _AS_THEY_ARE,
        closing=_closing(name, key),
        few=key in _FEW,
    )


def _closing(name: TableName, key: str) -> tuple[ColumnElement[Any], ...]:
    if name is not TableName.TRANSACTIONS or key not in _IN_TIME:
        return ()
    time = TRANSACTIONS.c.occurred_at
    return (_POINTERS[key], time) if key in _POINTERS else (time,)


def _linked_source(name: TableName, column: ColumnSpec, link: Link) -> ColumnSource:
    """A row that points to none has an empty text."""
    key = column.key
    theirs = _LINKED[key]
    folded = _LINKED_FOLDED.get(key)
    order = None
    if column.sortable:
        order = func.coalesce(_order(column, theirs if folded is None else folded), "")
    sealed = ANNOTATIONS.c.note_sealed if key == "note" else None
    return ColumnSource(column, theirs, order, link=link, sealed=sealed, folded=folded, closing=_closing(name, key))


def _order(column: ColumnSpec, own: ColumnElement[Any]) -> ColumnElement[Any]:
    """Choices by their words; everything else as it is held, texts by their folded form."""
    return code_point_order(own) if column.kind is ColumnKind.CHOICE else own


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
_LINKED_FOLDED: Mapping[str, ColumnElement[Any]] = {
    "wallet": WALLETS.c.name_fold,
    "symbol": fold(CURRENCIES.c.symbol),
    "method": PAYMENT_METHODS.c.name_fold,
    "label": ANNOTATIONS.c.label_fold,
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
    shown = and_(words.table_name == name, SHOWN_WORDS)
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
            SHOWN_WORDS,
        ),
    )
