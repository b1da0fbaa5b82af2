"""How stored values read: exact where it matters, and no hidden character gets past."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import has_hidden_characters
from aether_desktop.ports.queries import Row
from aether_desktop.ports.tables import TABLES, ColumnKind
from aether_desktop.ui.models.cells import MINUS, Sign
from aether_desktop.ui.models.formatting import CellFormatter, amount_cell, raw_text, time_text, words
from tests.ui.ledgers import HOSTILE, OTHER

ETH = Currency("ETH", 18, "ethereum")
SPEC = TABLES[TableName.TRANSACTIONS]


def row(**values: object) -> Row:
    return Row(7, 1, False, tuple(values.get(column.key) for column in SPEC.columns))


def shown(key: str, **values: object) -> str:
    return CellFormatter(SPEC).cell(row(**values), SPEC.index(key)).plain()


def whole(key: str, **values: object) -> str:
    return CellFormatter(SPEC).whole(row(**values), SPEC.index(key))


@pytest.mark.parametrize(
    ("units", "direction", "text"),
    [
        (10**18, "in", "+1 ETH"),
        (1_234_567 * 10**18, "out", f"{MINUS}1,234,567 ETH"),
        (0, "in", "0 ETH"),
        (10**18, "self", "1 ETH"),
        (1, "in", "+0.000000… ETH"),
        (15 * 10**17, "out", f"{MINUS}1.5 ETH"),
    ],
)
def test_movements_carry_their_sign_and_zero_is_neutral(units: int, direction: str, text: str) -> None:
    assert shown("amount", amount=Amount(units, ETH), direction=direction) == text


def test_what_a_grid_leaves_out_the_tooltip_says() -> None:
    assert whole("amount", amount=Amount(1, ETH), direction="in") == "0.000000000000000001 ETH"


def test_a_fee_has_no_sign() -> None:
    assert shown("fee", fee=Amount(10**15, ETH), direction="out") == "0.001 ETH"


def test_a_negative_balance_keeps_its_minus() -> None:
    assert amount_cell(-(10**18), ETH, sign=Sign.PLUS).plain() == f"{MINUS}1 ETH"


def test_times_are_in_the_one_zone_and_copied_in_utc() -> None:
    moment = datetime(2017, 7, 14, 2, 40, tzinfo=UTC)
    zone = timezone(timedelta(hours=5, minutes=30))
    assert time_text(moment, zone) == "14 Jul 2017 08:10:00"
    assert raw_text(moment) == "2017-07-14T02:40:00Z"
    this_year = datetime.now(UTC).replace(month=1, day=5, hour=1, minute=2, second=3)
    assert time_text(this_year, UTC) == "05 Jan 01:02:03"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (Amount(15, Currency("EUR", 1)), "1.5"),
        (date(2027, 8, 31), "2027-08-31"),
        (("a", "b"), "a b"),
        (7, "7"),
    ],
)
def test_raw_texts_are_exact(value: object, text: str) -> None:
    assert raw_text(value) == text


def test_the_name_people_know_stands_before_the_address() -> None:
    assert shown("counterparty", counterparty=f"Node 7\n{OTHER}") == f"Node 7 {OTHER}"
    assert shown("counterparty", counterparty=OTHER) == OTHER


def test_stored_choices_become_words() -> None:
    assert words("contract_interaction") == "Contract interaction"
    assert shown("status", status="confirmed") == "Confirmed"
    assert shown("chain", chain="ethereum") == "Ethereum"


_TEXTS = [
    column.key
    for column in SPEC.columns
    if column.kind not in {ColumnKind.AMOUNT, ColumnKind.TIME, ColumnKind.INTEGER, ColumnKind.BOOLEAN}
]


@pytest.mark.parametrize("key", _TEXTS)
def test_no_column_lets_hidden_characters_past(key: str) -> None:
    value: object = (HOSTILE,) if key == "tags" else HOSTILE
    for text in (shown(key, **{key: value}), whole(key, **{key: value})):
        assert not has_hidden_characters(text)
        assert "rent</b>" in text.lower()


@given(text=st.text(max_size=60), symbol=st.text(max_size=20))
def test_whatever_is_stored_reads_plain(text: str, symbol: str) -> None:
    values = {"label": text, "wallet": text, "counterparty": text, "tags": (text,), "tx_hash": text}
    amount = Amount(5, Currency(symbol, 2, "ethereum", OTHER))
    for key in (*values, "amount"):
        for said in (shown(key, **values, amount=amount), whole(key, **values, amount=amount)):
            assert not has_hidden_characters(said)
