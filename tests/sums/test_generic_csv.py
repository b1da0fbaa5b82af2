"""The generic CSV: whatever columns a person maps, and no guess where they contradict each other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from aether_desktop.sum_api import Direction, FieldMapping, ImportRefusedError, Leg, TransactionStatus, to_micros
from aether_desktop.sums.sowing.generic_csv import GenericCsv
from tests.sums.reading import HASH, OTHERS, OURS, THEIRS, Reading, balances, context, read_text, rows

ETH = 10**18


def generic(
    folder: Path, mapping: dict[str, str], *cells: str, day_first: bool | None = None, zone_minutes: int = 0
) -> Reading:
    where = context(mapping=FieldMapping(mapping, day_first), zone_minutes=zone_minutes)
    return read_text(folder, rows(list(mapping.values()), cells), GenericCsv(), where, recognised=False)


SIGNED = {"occurred_at": "When", "amount": "How much", "symbol": "What", "fee": "Cost"}


def test_it_recognises_nothing_by_itself() -> None:
    assert not GenericCsv().recognises(["occurred_at", "amount"])


def test_the_sign_is_the_direction(tmp_path: Path) -> None:
    out = generic(tmp_path, SIGNED, "2020-01-02", "-0.5", "ETH", "0.01").movement
    assert (out.direction, out.units, out.fee_units, out.leg) == (Direction.OUT, ETH // 2, ETH // 100, Leg.NORMAL)
    into = generic(tmp_path, SIGNED, "2020-01-02", "+2", "", "").movement
    assert (into.direction, into.units, into.currency.symbol) == (Direction.IN, 2 * ETH, "ETH")
    token = generic(tmp_path, SIGNED, "2020-01-02", "1,000.5", "DAI", "0").movement
    assert (token.units, token.currency.symbol, token.fee_units) == (1_000_500 * ETH // 1000, "DAI", None)


@pytest.mark.parametrize(
    ("word", "direction"),
    [("in", Direction.IN), ("Received", Direction.IN), ("OUT", Direction.OUT), ("withdrawal", Direction.OUT),
     ("self", Direction.SELF)],
)  # fmt: skip
def test_a_direction_column(tmp_path: Path, word: str, direction: Direction) -> None:
    mapping = {"occurred_at": "t", "amount": "a", "direction": "d"}
    assert generic(tmp_path, mapping, "2020-01-02", "1", word).movement.direction is direction


def test_two_columns_for_the_amount(tmp_path: Path) -> None:
    mapping = {"occurred_at": "t", "sent_amount": "s", "received_amount": "r"}
    assert generic(tmp_path, mapping, "2020-01-02", "1", "").movement.direction is Direction.OUT
    assert generic(tmp_path, mapping, "2020-01-02", "0", "1").movement.direction is Direction.IN
    both = generic(tmp_path, mapping, "2020-01-02", "3", "1")
    assert [movement.leg for movement in both.movements] == [Leg.TRADE, Leg.TRADE]
    assert balances(both.movements) == {"ETH": -2 * ETH}
    assert "missing" in generic(tmp_path, mapping, "2020-01-02", "", "").reason
    assert "negative" in generic(tmp_path, mapping, "2020-01-02", "-1", "").reason


def test_addresses_say_the_direction_and_whose_fee_it_is(tmp_path: Path) -> None:
    mapping = {"occurred_at": "t", "amount": "a", "from_address": "f", "to_address": "o", "fee": "c"}
    out = generic(tmp_path, mapping, "2020-01-02", "1", OURS, THEIRS, "0.1").movement
    assert (out.direction, out.fee_units) == (Direction.OUT, ETH // 10)
    into = generic(tmp_path, mapping, "2020-01-02", "1", THEIRS, OURS, "0.1").movement
    assert (into.direction, into.fee_units) == (Direction.IN, None)
    own = generic(tmp_path, mapping, "2020-01-02", "-1", OURS, OURS, "0.1").movement
    assert (own.direction, own.units, own.fee_units) == (Direction.SELF, ETH, ETH // 10)
    assert "Wrong wallet" in generic(tmp_path, mapping, "2020-01-02", "1", THEIRS, OTHERS, "").reason
    assert "receiver" in generic(tmp_path, mapping, "2020-01-02", "-1", THEIRS, OURS, "").reason
    assert "from_address: " in generic(tmp_path, mapping, "2020-01-02", "1", "me", OURS, "").reason


def test_contradictions_are_refused(tmp_path: Path) -> None:
    mapping = {"occurred_at": "t", "amount": "a", "direction": "d", "to_address": "o"}
    assert "contradicts" in generic(tmp_path, mapping, "2020-01-02", "1", "out", OURS).reason
    assert "negative" in generic(tmp_path, mapping, "2020-01-02", "-1", "in", THEIRS).reason
    assert "neither in, out nor self" in generic(tmp_path, mapping, "2020-01-02", "1", "up", THEIRS).reason


def test_every_other_field(tmp_path: Path) -> None:
    mapping = {
        "occurred_at": "t", "amount": "a", "tx_hash": "h", "status": "s", "description": "d", "label": "l",
        "block_number": "b", "fee": "f", "fee_symbol": "fs",
    }  # fmt: skip
    movement = generic(
        tmp_path, mapping, "2020-01-02", "-1", HASH.upper().replace("0X", "0x"), "failed", "words", "rent", "12", "2",
        "DAI",
    ).movement  # fmt: skip
    assert (movement.tx_hash, movement.status, movement.description) == (HASH, TransactionStatus.FAILED, "words")
    assert (movement.label, movement.block_number) == ("rent", 12)
    assert movement.fee_currency is not None
    assert (movement.fee_currency.symbol, movement.fee_units) == ("DAI", 2 * ETH)


def test_days_and_zones(tmp_path: Path) -> None:
    mapping = {"occurred_at": "t", "amount": "a"}
    assert "day or the month" in generic(tmp_path, mapping, "10/7/2017 12:00", "1").reason
    movement = generic(tmp_path, mapping, "10/7/2017 12:00", "1", day_first=True, zone_minutes=120).movement
    assert movement.occurred_at == to_micros(datetime(2017, 7, 10, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("figure", "word"), [("1.234,56", "comma"), ("0,5", "comma"), ("1 000", "not a decimal"), ("", "empty")]
)
def test_figures_written_otherwise_are_refused(tmp_path: Path, figure: str, word: str) -> None:
    reason = generic(tmp_path, {"occurred_at": "t", "amount": "a"}, "2020-01-02", figure).reason
    assert reason.startswith("amount: ")
    assert word in reason


def test_another_chain_s_coin(tmp_path: Path) -> None:
    assert "coin of Bitcoin" in generic(tmp_path, SIGNED, "2020-01-02", "1", "btc", "").reason


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({}, "mapping"),
        ({"amount": "a"}, "occurred_at"),
        ({"occurred_at": "t"}, "amount"),
        ({"occurred_at": "t", "amount": "gone"}, "amount"),
        ({"occurred_at": "t", "amount": "twice"}, "amount"),
        ({"occurred_at": "t", "amount": "a", "sent_amount": "b"}, "amount"),
        ({"occurred_at": "t", "amount": "a", "colour": "b"}, "mapping"),
    ],
)
def test_mappings_that_do_not_work(tmp_path: Path, mapping: dict[str, str], field: str) -> None:
    text = "t,a,b,twice,Twice\n2020-01-02,1,2,3,4\n"
    with pytest.raises(ImportRefusedError) as caught:
        read_text(tmp_path, text, GenericCsv(), context(mapping=FieldMapping(mapping)), recognised=False)
    assert caught.value.field == field


def test_without_a_mapping_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="which column holds what"):
        read_text(tmp_path, "t,a\n1,2\n", GenericCsv(), context(), recognised=False)
