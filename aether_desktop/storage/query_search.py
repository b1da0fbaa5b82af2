"""How the index of trigrams finds the rows of a fragment or of free words (search_index.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Select, Subquery, Table, and_, exists, or_, select, union_all

from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import fold as fold_name
from aether_desktop.ports.queries import Comparison, Term
from aether_desktop.ports.tables import ColumnKind
from aether_desktop.storage.ledger_ways import filled
from aether_desktop.storage.query_drives import Drive, Searched, inside
from aether_desktop.storage.query_identifiers import address_condition, contains, identifier_parts, wallet_addresses
from aether_desktop.storage.schema import ANNOTATION_TAGS, ANNOTATIONS, TRANSACTIONS
from aether_desktop.storage.search_index import LEAST, SearchIndex, TextKind, kind_of
from aether_desktop.storage.unindexed import driving
from aether_desktop.storage.window_columns import ColumnSource, Link, TablePlan

_SIDES: Final = frozenset({"from_address", "to_address"})
_LINKED_WORDS: Final = frozenset({"label", "note", "tags"})
_IDENTIFIERS: Final = frozenset({ColumnKind.ADDRESS, ColumnKind.HASH})
Condition = ColumnElement[bool]
_Ids = Select[Any]


def search_drive(
    search: SearchIndex, plan: TablePlan, term: Term, tested: Condition, sealed: Condition | None = None
) -> Drive | None:
    """None: not a fragment that the index has. ``tested`` is what the term says of rows found otherwise, ``sealed``
    what it says of sealed notes.
    """
    if term.negated or term.comparison is not Comparison.HAS or not term.value:
        return None
    finder = _Finder(search, plan, term.value, tested)
    if not term.field:
        return finder.words(sealed)
    source = plan.sources[plan.spec.column(term.field.lower()).key]
    if source.spec.key in ("label", "note"):
        return finder.own_words(source, sealed)
    if source.link is not None or source.few or source.spec.kind not in (ColumnKind.TEXT, *_IDENTIFIERS):
        return None
    return finder.column(source)


class _Finder:
    """One term over one table."""

    def __init__(self, search: SearchIndex, plan: TablePlan, value: str, tested: Condition) -> None:
        self._search, self._plan, self._value, self._tested = search, plan, value, tested
        self._ledger = plan.spec.name is TableName.TRANSACTIONS
        text = value.strip()
        self._texts = _long_enough((text,))
        self._parts = _long_enough(identifier_parts(text.lower()))

    def column(self, source: ColumnSource) -> Drive | None:
        """A fragment in one column of the table itself."""
        kind, key = source.spec.kind, source.spec.key
        parts = self._parts if kind in _IDENTIFIERS else _long_enough((self._value,))
        if not parts:
            return None
        if self._ledger and kind is ColumnKind.ADDRESS:
            return self._address(source, parts)
        where = TextKind.HASH if self._ledger and kind is ColumnKind.HASH else kind_of(self._plan.table)
        arms: list[_Ids] = [self._search.rows(where, parts)]
        if kind is ColumnKind.ADDRESS:
            arms += self._named(source)
        there = filled(source.compared)
        branches = (there,) if self._ledger and key in ("description", "error") else ()
        return Drive(key, branches=branches, whole=False, searched=self._searched(arms, self._pending()))

    def own_words(self, source: ColumnSource, sealed: Condition | None) -> Drive | None:
        """A fragment of the label or note."""
        parts, link = _long_enough((self._value,)), source.link
        if not parts or link is None:
            return None
        arms = [self._search.labelled(self._plan.spec.name, parts, link.rows), *_ids(sealed, link)]
        return Drive(
            source.spec.key, whole=False, searched=self._searched(arms, self._words_pending(link), ANNOTATIONS)
        )

    def words(self, sealed: Condition | None) -> Drive | None:
        """Free words: anywhere in the row, in what people wrote on it, in what it points to."""
        tag = fold_name(self._value).strip()
        if not self._texts or not self._parts or len(tag) < LEAST:
            return None
        plan, label = self._plan, self._plan.sources["label"].link
        assert label is not None  # noqa: S101 - every table has labels
        arms: list[_Ids] = [self._search.rows(kind_of(plan.table), self._texts)]
        arms.append(self._search.labelled(plan.spec.name, self._texts, label.rows))
        if not tag.isascii():  # tags are folded further than other texts
            arms.append(self._search.labelled(plan.spec.name, (tag,), label.rows))
        arms += _ids(sealed, label)
        if self._parts != self._texts:
            arms.append(self._search.rows(kind_of(plan.table), self._parts))
        if self._ledger:
            arms.append(self._search.rows(TextKind.HASH, self._parts))
            arms += self._of_addresses(self._parties(self._parts).subquery())
        for key in plan.words:
            source = plan.sources[key]
            if source.link is not None and key not in _LINKED_WORDS:
                arms += self._pointing(source, source.link)
            elif source.spec.kind is ColumnKind.ADDRESS and not self._ledger:
                arms += self._named(source)
        fresh = [*self._pending(), *self._words_pending(label)]
        return Drive("", whole=False, searched=self._searched(arms, fresh, plan.table, ANNOTATIONS))

    # -- where to look -------------------------------------------------------------------------------------------

    def _searched(self, known: Iterable[_Ids], fresh: Iterable[_Ids], *tables: Table) -> Searched:
        asked, search = tables or (self._plan.table,), self._search
        return Searched(
            tuple(known),
            tuple(fresh),
            ready=lambda connection: search.ready(connection, asked),
            begun=search.begun,
        )

    def _pending(self) -> list[_Ids]:
        """Rows that the index does not know, where they are found."""
        table = self._plan.table
        return self._search.pending(table, table.c.id, self._tested)

    def _words_pending(self, link: Link) -> Iterator[_Ids]:
        """Rows whose label, note or tags the index does not know, where they hold the words."""
        words, tags, name = ANNOTATIONS.c, ANNOTATION_TAGS.c, self._plan.spec.name
        tagged = exists().where(
            tags.vault_id == words.vault_id,
            tags.annotation_id == words.id,
            contains(tags.tag_fold, fold_name(self._value)),
        )
        found = or_(*(contains(each, self._value) for each in (words.label, words.note)), tagged)
        for rows in self._search.pending(ANNOTATIONS, words.id):
            few = rows.subquery()
            theirs = and_(words.vault_id == self._plan.vault_id, words.id == few.c[0])
            joined = driving(few, ANNOTATIONS, theirs)
            yield select(words.row_id).select_from(joined).where(words.table_name == name, link.rows, found)

    def _pointing(self, source: ColumnSource, link: Link) -> Iterator[_Ids]:
        """Rows of a wallet or a method of payment with the words in its name."""
        few = select(link.pointed.label("few")).where(link.rows, contains(source.compared, self._value)).subquery()
        table = self._plan.table
        yield self._search.led_to(few, table.c.id, table, self._plan.scope, link.pointer == few.c.few)

    def _named(self, source: ColumnSource) -> Iterator[_Ids]:
        """Rows with the address of the own wallet of this name."""
        named = wallet_addresses(self._plan, self._value.strip()).subquery()
        table = self._plan.table
        yield self._search.led_to(named, table.c.id, table, self._plan.scope, source.compared == named.c.address)

    # -- addresses of the ledger ---------------------------------------------------------------------------------

    def _parties(self, parts: Sequence[str]) -> Any:
        """The addresses that fit, as ``value``; of indexed rows."""
        addresses = self._search.addresses(parts).subquery()
        fitting = address_condition(self._plan, addresses.c.value, self._value.strip())
        return union_all(select(addresses.c.value).where(fitting), wallet_addresses(self._plan, self._value.strip()))

    def _address(self, source: ColumnSource, parts: Sequence[str]) -> Drive:
        key, column = source.spec.key, source.compared
        known = self._parties(parts).subquery()
        fresh = self._search.pending(TRANSACTIONS, column, self._tested)
        found = union_all(select(known.c.value), *fresh)
        arms = self._of_addresses(known, key)
        listed = None if key in (*_SIDES, "contract_address") else column
        return Drive(key, values=(), found=found, column=listed, searched=self._searched(arms, self._pending()))

    def _of_addresses(self, values: Subquery, key: str = "") -> Iterator[_Ids]:
        """Rows in which the column has one of the values; any column by default. As its index says it."""
        rows, value = TRANSACTIONS.c, values.c.value
        whole = and_(rows.vault_id == self._plan.vault_id, rows.counterparty == value)
        if key in ("", "counterparty"):
            yield self._driven(values, whole)
        elif key in _SIDES:
            yield self._driven(values, and_(whole, rows[key] == rows.counterparty))
        for name in _SIDES & {key} if key else sorted(_SIDES):
            yield self._driven(
                values, and_(rows.vault_id == self._plan.vault_id, rows[name] != rows.counterparty, rows[name] == value)
            )
        if key in ("", "contract_address"):
            there = filled(rows.contract_address)
            yield self._driven(
                values, and_(rows.vault_id == self._plan.vault_id, there, rows.contract_address == value)
            )

    def _driven(self, values: Subquery, theirs: Condition) -> _Ids:
        return self._search.led_to(values, TRANSACTIONS.c.id, TRANSACTIONS, theirs)


def _ids(sealed: Condition | None, link: Link) -> list[_Ids]:
    """Rows whose sealed notes have the words."""
    return [] if sealed is None else [cast(_Ids, each) for each in inside(sealed, link.pointer)]


def _long_enough(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(part for part in parts if len(part) >= LEAST)
