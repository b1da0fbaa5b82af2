"""Which column holds what: the first guess and what a person must still say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.sum_api import GENERIC_FIELDS
from aether_desktop.ui.wizards.column_mapping import FIELDS, guess_columns, mapping_problem, title_of

_HEADINGS = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(["Date", "Amount", "Sent Amount", "Received Amount", "Fee", "Hash", "From", "To", "Coin"]),
    ),
    max_size=12,
)


def test_every_field_of_the_generic_csv_can_be_mapped() -> None:
    assert tuple(field.key for field in FIELDS) == GENERIC_FIELDS
    assert all(field.title for field in FIELDS)
    assert title_of("tx_hash") == "Hash"


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        (
            ["Date(UTC)", "Type", "Asset", "Amount", "Network Fee", "TxID", "Notes"],
            {
                "occurred_at": "Date(UTC)",
                "amount": "Amount",
                "symbol": "Asset",
                "fee": "Network Fee",
                "tx_hash": "TxID",
                "direction": "Type",
                "description": "Notes",
            },
        ),
        (
            ["when", "in", "out", "sender", "recipient"],
            {
                "occurred_at": "when",
                "received_amount": "in",
                "sent_amount": "out",
                "from_address": "sender",
                "to_address": "recipient",
            },
        ),
        (["TIME_STAMP", "timestamp", "Value (ETH)"], {"occurred_at": "timestamp", "amount": "Value (ETH)"}),
    ],
)
def test_a_guess_from_the_words_of_the_heading(heading: list[str], expected: dict[str, str]) -> None:
    assert guess_columns(heading) == expected


def test_a_heading_that_is_there_twice_is_left_to_the_person() -> None:
    assert guess_columns(["Date", "Amount", "amount"]) == {"occurred_at": "Date"}


def test_only_one_of_sent_and_received_is_no_pair() -> None:
    assert guess_columns(["Date", "Sent", "Amount"]) == {"occurred_at": "Date", "amount": "Amount"}


@given(_HEADINGS)
def test_a_guess_uses_each_heading_once_and_only_those_there(heading: list[str]) -> None:
    guess = guess_columns(heading)
    assert set(guess) <= set(GENERIC_FIELDS)
    assert len(set(guess.values())) == len(guess)
    assert all(heading.count(name) == 1 for name in guess.values())
    problem = mapping_problem(guess)
    assert problem is None or problem.field in {"occurred_at", "amount"}


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({}, "occurred_at"),
        ({"occurred_at": ""}, "occurred_at"),
        ({"occurred_at": "Date"}, "amount"),
        ({"occurred_at": "Date", "amount": "A", "sent_amount": "B"}, "amount"),
        ({"occurred_at": "Date", "amount": "Date"}, "amount"),
    ],
)
def test_what_is_missing_is_said_with_its_field(columns: dict[str, str], field: str) -> None:
    problem = mapping_problem(columns)
    assert problem is not None
    assert problem.field == field
    assert problem.text.endswith(".")


def test_either_one_amount_or_two_columns_is_enough() -> None:
    assert mapping_problem({"occurred_at": "Date", "amount": "A"}) is None
    assert mapping_problem({"occurred_at": "Date", "sent_amount": "A"}) is None
    assert mapping_problem({"occurred_at": "Date", "sent_amount": "A", "received_amount": "B", "fee": ""}) is None
