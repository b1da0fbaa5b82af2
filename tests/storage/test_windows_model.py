"""Filters and orders against a plain Python model of a few hundred random rows, on both engines.

The model reads the cells that ``by_ids`` shows (proven elsewhere) and knows nothing of SQL.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from aether_desktop.domain.amounts import MAX_UNITS, Amount, Currency
from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import Tier
from aether_desktop.domain.text import fold as fold_name
from aether_desktop.domain.transactions import Direction, TransactionKind, TransactionStatus
from aether_desktop.ports.queries import ArchivedRows, Comparison, Row, Sort, TableQuery, Term
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import TABLES, ColumnKind, ColumnSpec
from aether_desktop.storage import window_walks
from tests.storage import samples
from tests.storage.samples import NOW, evm_address

ROWS = 260
TEXTS = ("", "a", "A", "b%", "B_c", "Öl", "ölkanne", "ab ab", "\\", "'q'", "ΣΑΣ", "0x", "é")
FIGURES = ("0", "0.5", "1", "1.5", "2", "10", "1000000")
CURRENCIES = tuple(Currency(f"C{decimals}", decimals, chain="x") for decimals in (0, 1, 6, 18, 77))
TIMES = tuple(NOW + timedelta(days=days, microseconds=micros) for days in (-400, -1, 0, 1) for micros in (0, 1))
ORDERED = (Comparison.LESS, Comparison.AT_MOST, Comparison.GREATER, Comparison.AT_LEAST)
EQUALITY = (Comparison.HAS, Comparison.EQUAL, Comparison.NOT_EQUAL)
ADDRESSES = (evm_address(1), evm_address(2), evm_address(3), "")


def fill(storage: Storage, chance: random.Random) -> None:
    """Wallets, transactions and nodes with few different values, so that equal keys are everywhere."""
    with storage.unit_of_work():
        wallets = [
            samples.wallet(storage, name=name, chain=chain, address=evm_address(90 + number))
            for number, (name, chain) in enumerate((("alpha", "atc"), ("Beta", "ethereum"), ("Öl", "ethereum")))
        ]
        for wallet in wallets:
            storage.wallets.create(wallet)
        checked = [samples.wallet(storage, address=address).address if address else "" for address in ADDRESSES]
        for _ in range(ROWS):
            row = samples.transaction(
                storage,
                chance.choice(wallets).id,
                occurred_at=chance.choice(TIMES),
                amount=amount(chance),
                fee=chance.choice([None, amount(chance)]),
                status=chance.choice(list(TransactionStatus)),
                direction=chance.choice(list(Direction)),
                kind=chance.choice(list(TransactionKind)),
                from_address=chance.choice(checked),
                to_address=chance.choice(checked),
                tx_hash=chance.choice(["", f"0x{chance.randrange(4):064x}"]),
                block_number=chance.choice([None, 1, 2, 30]),
                method=chance.choice(TEXTS),
                description=chance.choice(TEXTS),
                ai_verified=chance.random() < 0.5,
                archived_at=chance.choice([None, None, NOW]),
            )
            storage.transactions.create(row)
            annotate(storage, TableName.TRANSACTIONS, row.id, chance)
        for number in range(60):
            node = samples.temple_node(
                storage,
                node_id=chance.choice(TEXTS) or f"n{number}",
                tier=Tier.OUTER_COURT,
                storage_threshold=chance.randrange(7),
                compute_threshold=chance.randrange(7),
                abundance_threshold=chance.randrange(3),
                harmony=chance.choice([None, 0.0, 0.1 + 0.2, 12.5, 24.0]),
                elder=chance.random() < 0.3,
            )
            storage.temple_nodes.create(node)
            annotate(storage, TableName.TEMPLE_NODES, node.id, chance)


def amount(chance: random.Random) -> Amount:
    currency = chance.choice(CURRENCIES)
    figure = Fraction(chance.choice(FIGURES)) * 10**currency.decimals
    units = int(figure) if figure.denominator == 1 and figure <= MAX_UNITS else chance.choice([1, MAX_UNITS])
    return Amount(units, currency)


def annotate(storage: Storage, table: TableName, row_id: int, chance: random.Random) -> None:
    if chance.random() < 0.5:
        tags = tuple(chance.sample(["home", "Home2", "öl", "x%"], chance.randrange(3)))
        label, note = chance.choice(TEXTS), chance.choice(TEXTS)
        storage.annotations.put(
            Annotation(id=storage.new_id(), table=table, row_id=row_id, label=label, note=note, tags=tags)
        )


# -- the model ---------------------------------------------------------------------------------------------------


def folded(text: str) -> str:
    return "".join(character.lower()[:1] for character in text)


def cell(row: Row, table: TableName, key: str) -> Any:
    return row.values[TABLES[table].index(key)]


def figure(value: Amount) -> Fraction:
    return Fraction(value.base_units, 10**value.currency.decimals)


def is_empty(value: Any) -> bool:
    return value is None or value in ("", ())


def compared(left: Any, right: Any, comparison: Comparison) -> bool:
    answers = {
        Comparison.LESS: left < right,
        Comparison.AT_MOST: left <= right,
        Comparison.GREATER: left > right,
        Comparison.AT_LEAST: left >= right,
    }
    return bool(answers.get(comparison, left == right))


def in_day(value: datetime, day: datetime, comparison: Comparison) -> bool:
    end = day + timedelta(days=1)
    answers = {
        Comparison.LESS: value < day,
        Comparison.AT_MOST: value < end,
        Comparison.GREATER: value >= end,
        Comparison.AT_LEAST: value >= day,
    }
    return answers.get(comparison, day <= value < end)


def holds(value: Any, column: ColumnSpec, term: Term) -> bool:
    """Whether a positive term holds; a value that is not there satisfies none."""
    if term.value == "" and column.kind is not ColumnKind.CHOICE:
        return is_empty(value)
    if value is None:
        return False
    wanted = term.value
    by_kind: dict[ColumnKind, Callable[[], bool]] = {
        ColumnKind.TEXT: lambda: (
            folded(wanted) in folded(value) if term.comparison is Comparison.HAS else folded(wanted) == folded(value)
        ),
        ColumnKind.ADDRESS: lambda: (
            value.lower().startswith(wanted.lower())
            if term.comparison is Comparison.HAS
            else value.lower() == wanted.lower()
        ),
        ColumnKind.HASH: lambda: value.startswith(wanted) if term.comparison is Comparison.HAS else value == wanted,
        ColumnKind.CHOICE: lambda: value == wanted,
        ColumnKind.BOOLEAN: lambda: value is (wanted == "yes"),
        ColumnKind.TAGS: lambda: wanted.casefold() in {tag.casefold() for tag in value},
        ColumnKind.AMOUNT: lambda: compared(figure(value), Fraction(wanted), term.comparison),
        ColumnKind.INTEGER: lambda: compared(value, int(wanted), term.comparison),
        ColumnKind.NUMBER: lambda: compared(value, float(wanted), term.comparison),
        ColumnKind.TIME: lambda: in_day(value, datetime.fromisoformat(wanted).replace(tzinfo=UTC), term.comparison),
    }
    return by_kind[column.kind]()


def matches(row: Row, query: TableQuery) -> bool:
    if query.archived is not ArchivedRows.INCLUDED and row.archived is not (query.archived is ArchivedRows.ONLY):
        return False
    for term in query.terms:
        column = TABLES[query.table].column(term.field)
        found = holds(cell(row, query.table, column.key), column, term)
        if (found is (term.comparison is not Comparison.NOT_EQUAL)) is term.negated:
            return False
    return True


def sort_key(value: Any, column: ColumnSpec) -> tuple[bool, Any]:
    """Absent values are greatest: last when ascending, first when descending."""
    if value is None:
        return True, 0
    if isinstance(value, Amount):
        return False, figure(value)
    as_it_is = column.kind is not ColumnKind.TEXT or column.key in ("method", "layer2_kind")
    return False, value if as_it_is else fold_name(value)


# What a sort by one of these columns of the ledger is ended by, before the id: the time.
IN_TIME = frozenset(
    {
        *("wallet", "chain", "symbol", "counterparty", "direction", "status", "kind", "leg", "method"),
        *("contract_address", "ai_verified", "layer2_kind", "batch"),
        *("amount", "fee", "tx_hash", "block_number", "created_at"),
    }
)
WALLETS = ("alpha", "Beta", "Öl")  # in the order of their ids


def closing_key(row: Row, query: TableQuery, last: str) -> tuple[Any, ...]:
    """What ends the order after the last column that was asked for."""
    if query.table is not TableName.TRANSACTIONS or last not in IN_TIME:
        return (row.id,)
    wallet = (WALLETS.index(cell(row, query.table, "wallet")),) if last == "chain" else ()
    return (*wallet, cell(row, query.table, "occurred_at"), row.id)


def ordered(rows: list[Row], query: TableQuery) -> list[Row]:
    spec = TABLES[query.table]
    sorts = query.sort or (Sort(spec.default_sort, spec.default_descending),)
    last = sorts[-1]
    ids = [sort.column for sort in sorts]
    if "id" in ids:  # it orders all that are left
        sorts = sorts[: ids.index("id") + 1]
        last = sorts[-1]
    found = sorted(rows, key=lambda row: closing_key(row, query, last.column), reverse=last.descending)
    for sort in reversed(sorts):
        column = spec.column(sort.column)
        found = _stable(found, [sort_key(cell(row, query.table, column.key), column) for row in found], sort.descending)
    return found


def _stable(rows: list[Row], keys: list[Any], descending: bool) -> list[Row]:
    """sorted(reverse=True) keeps equal elements in their order, too."""
    order = sorted(range(len(rows)), key=keys.__getitem__, reverse=descending)
    return [rows[index] for index in order]


# -- questions ---------------------------------------------------------------------------------------------------


def terms(table: TableName) -> st.SearchStrategy[Term]:
    days = st.sampled_from(TIMES).map(lambda moment: moment.date().isoformat())
    beginnings = st.builds(
        lambda address, length, upper: address[:length].upper().replace("X", "x") if upper else address[:length],
        st.sampled_from([address for address in ADDRESSES if address]),
        st.integers(2, 42),
        st.booleans(),
    )
    values: dict[ColumnKind, st.SearchStrategy[str]] = {
        ColumnKind.TEXT: st.sampled_from(TEXTS) | st.text("abÖ%_\\ Σ'", max_size=3),
        ColumnKind.ADDRESS: beginnings | st.just(""),
        ColumnKind.HASH: st.integers(2, 66).map(lambda length: f"0x{2:064x}"[:length]) | st.just(""),
        ColumnKind.BOOLEAN: st.sampled_from(["yes", "no"]),
        ColumnKind.TAGS: st.sampled_from(["home", "HOME2", "Öl", "x%", "x", ""]),
        ColumnKind.AMOUNT: st.sampled_from([*FIGURES, "0.50", "1e3", str(MAX_UNITS), "1e-77"]),
        ColumnKind.INTEGER: st.sampled_from(["1", "2", "30", "-1", "0"]),
        ColumnKind.NUMBER: st.sampled_from(["0", "0.30000000000000004", "12.5", "24", "1e300"]),
        ColumnKind.TIME: days,
    }

    def of(column: ColumnSpec) -> st.SearchStrategy[Term]:
        value = st.sampled_from(column.choices) if column.kind is ColumnKind.CHOICE else values[column.kind]
        ordering = ColumnKind.AMOUNT, ColumnKind.INTEGER, ColumnKind.NUMBER, ColumnKind.TIME
        allowed = (*EQUALITY, *ORDERED) if column.kind in ordering else EQUALITY
        filled = st.builds(Term, st.just(column.key), st.sampled_from(allowed), value, st.booleans())
        if column.kind not in ordering:
            return filled
        return filled | st.builds(Term, st.just(column.key), st.sampled_from(EQUALITY), st.just(""), st.booleans())

    # ids and batches are never equal by chance; an asset is also found through the fee, which cells do not show
    left_out = ("id", "batch", "asset")
    asked = [column for column in TABLES[table].columns if column.filterable and column.key not in left_out]
    return st.sampled_from(asked).flatmap(of)


def queries(table: TableName) -> st.SearchStrategy[TableQuery]:
    sortable = [column.key for column in TABLES[table].columns if column.sortable]
    sorts = st.builds(Sort, st.sampled_from(sortable), st.booleans())
    return st.builds(
        TableQuery,
        st.just(table),
        st.lists(terms(table), max_size=2).map(tuple),
        st.lists(sorts, max_size=3, unique_by=lambda sort: sort.column).map(tuple),
        st.sampled_from(ArchivedRows),
    )


def pages(chance: random.Random, count: int) -> Iterator[tuple[int, int]]:
    for _ in range(4):
        start = chance.randrange(count + 3)
        yield start, start + chance.choice([1, 7, 64])
    yield 0, count + 1


@pytest.mark.parametrize("gathered", [window_walks.GATHERED, 0], ids=["gather", "walk"])
def test_questions_are_answered_like_the_model(
    storage: Storage, gathered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_walks, "GATHERED", gathered)
    monkeypatch.setattr(window_walks, "SIEVED", gathered)
    fill(storage, random.Random(20261123))
    everything = {
        table: list(storage.windows.rows(TableQuery(table, archived=ArchivedRows.INCLUDED)))
        for table in (TableName.TRANSACTIONS, TableName.TEMPLE_NODES)
    }
    assert [len(rows) for rows in everything.values()] == [ROWS, 60]

    @settings(
        max_examples=40,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(list(everything)).flatmap(queries))
    def answers(query: TableQuery) -> None:
        expected = ordered([row for row in everything[query.table] if matches(row, query)], query)
        ids = [row.id for row in expected]
        chance = random.Random(str(query))
        assert [row.id for row in storage.windows.rows(query)] == ids
        for start, stop in pages(chance, len(ids)):
            assert storage.windows.window(query, start, stop).rows == tuple(expected[start:stop])
        assert storage.windows.count(query) == len(ids)
        for start, stop in pages(chance, len(ids)):  # now also from the far end
            assert [row.id for row in storage.windows.window(query, start, stop).rows] == ids[start:stop]
        if ids:
            number = chance.randrange(len(ids))
            assert storage.windows.position(query, ids[number]) == number

    answers()
