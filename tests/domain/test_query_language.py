"""The typed query: what it means, that it round-trips, and that its errors point at the fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import QuerySyntaxError
from aether_desktop.ports.queries import ArchivedRows, Comparison, Sort, TableQuery, Term
from aether_desktop.ports.query_language import (
    complete,
    completion_span,
    format_query,
    format_table_query,
    parse_table_query,
)
from aether_desktop.ports.tables import TABLES, ColumnKind, ColumnSpec

TRANSACTIONS = TABLES[TableName.TRANSACTIONS]
NODES = TABLES[TableName.TEMPLE_NODES]
_ORDERED = {ColumnKind.AMOUNT, ColumnKind.TIME, ColumnKind.DATE, ColumnKind.INTEGER, ColumnKind.NUMBER}


def terms_of(text: str) -> tuple[Term, ...]:
    return parse_table_query(text, TableName.TRANSACTIONS).terms


def test_the_words_of_the_manual() -> None:
    text = "amount>1 status:pending label:rent date<2020-01-01 from:0xab"
    assert terms_of(text) == (
        Term("amount", Comparison.GREATER, "1"),
        Term("status", Comparison.HAS, "pending"),
        Term("label", Comparison.HAS, "rent"),
        Term("occurred_at", Comparison.LESS, "2020-01-01"),
        Term("from_address", Comparison.HAS, "0xab"),
    )


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("rent", Term("", Comparison.HAS, "rent")),
        ("-rent", Term("", Comparison.HAS, "rent", negated=True)),
        ('"the rent"', Term("", Comparison.HAS, "the rent")),
        ('-"the \\"rent\\" \\\\"', Term("", Comparison.HAS, 'the "rent" \\', negated=True)),
        ('label:"a b"', Term("label", Comparison.HAS, "a b")),
        ('label=""', Term("label", Comparison.EQUAL, "")),
        ("-status:failed", Term("status", Comparison.HAS, "failed", negated=True)),
        ("kind:Contract-Interaction", Term("kind", Comparison.HAS, "Contract-Interaction")),
        ("status:FAILED", Term("status", Comparison.HAS, "FAILED")),
        ("Amount>=1", Term("amount", Comparison.AT_LEAST, "1")),
        ("amount\u22651", Term("amount", Comparison.AT_LEAST, "1")),
        ("amount\u22641", Term("amount", Comparison.AT_MOST, "1")),
        ("amount<=1", Term("amount", Comparison.AT_MOST, "1")),
        ("amount!=1", Term("amount", Comparison.NOT_EQUAL, "1")),
        ("hash:0xAb", Term("tx_hash", Comparison.HAS, "0xAb")),
        ("text:C:\\x", Term("description", Comparison.HAS, "C:\\x")),
        ("10:30", Term("", Comparison.HAS, "10:30")),
        ("it's", Term("", Comparison.HAS, "it's")),
        ("ai_verified:yes", Term("ai_verified", Comparison.HAS, "yes")),
    ],
)
def test_one_term(text: str, term: Term) -> None:
    assert terms_of(text) == (term,)
    assert terms_of(format_query([term])) == (term,)


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("rent colour:red", 5, "Fields: occurred_at, wallet"),
        ("-colour:red", 1, "colour"),
        ("größe:5", 0, "größe"),
        ("amount>", 7, "missing"),
        ("amount> 1", 7, "missing"),
        ("amount >1", 7, "directly before"),
        ('label:"open', 6, "not closed"),
        ('label:"open\\', 6, "not closed"),
        ('"a"b', 3, "space"),
        ('""', 0, "nothing between"),
        ("a -", 2, "minus"),
        ("status:odd", 7, "pending, confirmed, failed, orphaned"),
        ("status>pending", 6, "no order"),
        ("ai_verified:maybe", 12, "yes, no"),
        ("archived_at:2020", 0, "cannot be filtered"),
    ],
)
def test_errors_say_where_and_what(text: str, position: int, said: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        terms_of(text)
    assert caught.value.position == position
    assert said in str(caught.value)
    assert caught.value.field == "filter"


def test_sort_and_archived_are_settings_of_the_whole_query() -> None:
    query = parse_table_query("rent sort:-date,amount archived:only", TableName.TRANSACTIONS)
    assert query == TableQuery(
        TableName.TRANSACTIONS,
        (Term("", Comparison.HAS, "rent"),),
        (Sort("occurred_at", descending=True), Sort("amount")),
        ArchivedRows.ONLY,
    )
    assert format_table_query(query) == "rent sort:-occurred_at,amount archived:only"
    assert parse_table_query("archived:yes", TableName.USERS).archived is ArchivedRows.INCLUDED
    assert parse_table_query("archived:no", TableName.USERS).archived is ArchivedRows.HIDDEN
    assert parse_table_query("  ", TableName.USERS) == TableQuery(TableName.USERS)


@pytest.mark.parametrize("text", ["sort:colour", "sort:note", "-sort:date", "sort>date", "archived:perhaps"])
def test_wrong_settings_are_refused(text: str) -> None:
    with pytest.raises(QuerySyntaxError):
        parse_table_query(text, TableName.TRANSACTIONS)


def test_completion_offers_fields_then_choices() -> None:
    assert complete("am", 2, TRANSACTIONS) == ["amount:"]
    assert complete("rent -sta", 9, TRANSACTIONS) == ["-status:"]
    assert complete("status:p", 8, TRANSACTIONS) == ["status:pending"]
    assert complete("status:", 7, TRANSACTIONS) == [f"status:{each}" for each in TRANSACTIONS.column("status").choices]
    assert complete("elder:", 6, NODES) == ["elder:yes", "elder:no"]
    assert complete("sort:-har", 9, NODES) == ["sort:-harmony"]
    assert complete("archived:o", 10, NODES) == ["archived:only"]
    assert complete('label:"st', 9, TRANSACTIONS) == []
    assert complete("colour:", 7, TRANSACTIONS) == []
    everything = complete("", 0, TRANSACTIONS)
    assert everything[0] == "occurred_at:"
    assert everything[-2:] == ["sort:", "archived:"]


def test_completion_replaces_the_whole_term() -> None:
    text = 'label:"a b" stat rent'
    span = completion_span(text, 16)
    assert text[span.start : span.end] == "stat"
    inside = completion_span(text, 14)
    assert text[inside.start : inside.end] == "stat"
    assert completion_span("", 0).end == 0


def _terms(column: ColumnSpec) -> st.SearchStrategy[Term]:
    comparisons = [each for each in Comparison if column.kind in _ORDERED or each.value in (":", "=", "!=")]
    values: st.SearchStrategy[str] = st.text()
    if column.kind is ColumnKind.CHOICE:
        values = st.sampled_from(column.choices)
    elif column.kind is ColumnKind.BOOLEAN:
        values = st.sampled_from(["yes", "no"])
    return st.builds(Term, st.just(column.key), st.sampled_from(comparisons), values, st.booleans())


_FIELD_TERMS = st.one_of([_terms(column) for column in TRANSACTIONS.columns if column.filterable])
_WORDS = st.builds(Term, st.just(""), st.just(Comparison.HAS), st.text(min_size=1), st.booleans())
_TERMS = st.lists(st.one_of(_FIELD_TERMS, _WORDS), max_size=6).map(tuple)
_SORTS = st.lists(
    st.builds(Sort, st.sampled_from([c.key for c in TRANSACTIONS.columns if c.sortable]), st.booleans()), max_size=3
).map(tuple)


@given(_TERMS)
def test_every_query_round_trips(terms: tuple[Term, ...]) -> None:
    assert terms_of(format_query(terms)) == terms


@given(_TERMS, _SORTS, st.sampled_from(ArchivedRows))
def test_every_table_query_round_trips(terms: tuple[Term, ...], sort: tuple[Sort, ...], archived: ArchivedRows) -> None:
    query = TableQuery(TableName.TRANSACTIONS, terms, sort, archived)
    assert parse_table_query(format_table_query(query), TableName.TRANSACTIONS) == query


def _refusal(text: str) -> QuerySyntaxError | None:
    try:
        terms_of(text)
    except QuerySyntaxError as error:
        return error
    return None


@given(st.text())
def test_any_text_is_read_or_refused_with_a_position_inside(text: str) -> None:
    refusal = _refusal(text)
    if refusal is None:
        terms = terms_of(text)
        assert terms_of(format_query(terms)) == terms
    else:
        assert 0 <= refusal.position <= len(text)


@given(st.text(alphabet='amount:stus"\\- =<>', max_size=20), st.data())
def test_completion_never_fails_and_keeps_what_was_typed(text: str, data: st.DataObject) -> None:
    cursor = data.draw(st.integers(0, len(text)))
    span = completion_span(text, cursor)
    assert 0 <= span.start <= cursor <= span.end <= len(text)
    for offer in complete(text, cursor, TRANSACTIONS):
        assert offer.casefold().startswith(text[span.start : cursor].casefold())
