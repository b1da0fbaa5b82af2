"""What rows add up to: exact, by one rule, on both engines, against a few lines of Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aether_desktop.domain.amounts import MAX_UNITS
from aether_desktop.domain.transactions import Direction, Movement, Transaction, TransactionStatus
from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken
from tests.storage import samples
from tests.storage.files import START, USDC, add_wallet, bring, incoming, moment, movement, rows_of
from tests.storage.samples import ETH

FEE = 21_000 * 10**9


def balances(storage: Storage, wallet_ids: Sequence[int] | None = None) -> dict[tuple[str, str], int]:
    return {
        (found.wallet, found.currency.symbol): found.base_units for found in storage.transactions.balances(wallet_ids)
    }


class TestRule:
    @pytest.mark.parametrize(
        ("fields", "units"),
        [
            ({"direction": Direction.IN, "units": 5}, 5),
            ({"direction": Direction.IN, "units": 5, "fee_units": 2, "fee_currency": ETH}, 3),
            ({"units": 5}, -5 - FEE),
            ({"units": 5, "direction": Direction.SELF}, -FEE),
            ({"units": 5, "status": TransactionStatus.FAILED}, -FEE),
            ({"units": 5, "direction": Direction.IN, "status": TransactionStatus.FAILED}, 0),
            ({"units": 5, "status": TransactionStatus.PENDING}, 0),
            ({"units": 5, "status": TransactionStatus.ORPHANED}, 0),
            ({"units": 5, "fee_units": None, "fee_currency": None}, -5),
        ],
        ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else "",
    )
    def test_what_one_row_counts(self, storage: Storage, fields: dict[str, Any], units: int) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1, **fields)])
        assert balances(storage) == {("Treasury", "ETH"): units}

    def test_a_fee_is_taken_in_its_own_currency(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1, currency=USDC, units=7), movement(2, currency=USDC, units=1)])
        found = {balance.currency.symbol: balance for balance in storage.transactions.balances()}
        assert (found["USDC"].base_units, found["USDC"].rows) == (-8, 2)
        assert (found["ETH"].base_units, found["ETH"].rows) == (-2 * FEE, 2)

    def test_rows_are_those_that_count_each_once(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        statuses = (TransactionStatus.CONFIRMED, TransactionStatus.FAILED, TransactionStatus.PENDING)
        bring(storage, wallet.id, [movement(number, status=status) for number, status in enumerate(statuses, 1)])
        (balance,) = storage.transactions.balances()
        assert (balance.wallet_id, balance.rows) == (wallet.id, 2)

    def test_archived_rows_and_wallets_do_not_count(self, storage: Storage) -> None:
        wallet, other = add_wallet(storage), add_wallet(storage, name="Second", address=samples.evm_address(5))
        for target in (wallet, other):
            bring(storage, target.id, [incoming(1, units=1), incoming(2, units=2)])
        storage.transactions.archive([rows_of(storage, wallet.id)[0].id], START)
        storage.wallets.archive([other.id], START)
        assert balances(storage) == {("Treasury", "ETH"): 2}
        assert [found.base_units for found in storage.transactions.daily_sums()] == [2]
        storage.wallets.restore([other.id])
        assert balances(storage, [other.id]) == {("Second", "ETH"): 3}
        assert balances(storage, []) == {}

    def test_the_largest_amounts_add_up_exactly(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [incoming(number, units=MAX_UNITS) for number in range(1, 101)])
        assert balances(storage) == {("Treasury", "ETH"): 100 * MAX_UNITS}
        (day,) = storage.transactions.daily_sums()
        assert day.base_units == 100 * MAX_UNITS

    def test_days_are_utc_and_may_lie_before_1970(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        moments = (-1, 0, 86_399_999_999, 86_400_000_000)
        bring(storage, wallet.id, [incoming(n, units=n, occurred_at=at) for n, at in enumerate(moments, 1)])
        found = [(day.day, day.wallet_id, day.base_units) for day in storage.transactions.daily_sums()]
        assert found == [
            (datetime(1969, 12, 31, tzinfo=UTC), wallet.id, 1),
            (datetime(1970, 1, 1, tzinfo=UTC), wallet.id, 5),
            (datetime(1970, 1, 2, tzinfo=UTC), wallet.id, 4),
        ]

    @pytest.mark.parametrize("question", ["balances", "daily_sums", "first_dips"])
    def test_questions_can_be_cancelled(self, storage: Storage, question: str) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [incoming(1)])
        token = CancelToken()
        token.cancel()
        with pytest.raises(OperationCancelled):
            getattr(storage.transactions, question)(token=token)


class TestDips:
    def test_history_that_lacks_its_beginning_is_found(self, storage: Storage) -> None:
        wallet, other = add_wallet(storage), add_wallet(storage, name="Second", address=samples.evm_address(5))
        bring(
            storage,
            wallet.id,
            [
                incoming(1, units=10),
                movement(2, units=4, fee_units=None, fee_currency=None),
                movement(3, units=7, fee_units=2),
                movement(4, units=9, fee_units=None, fee_currency=None),
                incoming(5, units=100),
                incoming(6, units=5, currency=USDC),
            ],
        )
        bring(storage, other.id, [incoming(1, units=1)])
        (dip,) = storage.transactions.first_dips()
        assert (dip.wallet_id, dip.currency.symbol) == (wallet.id, "ETH")
        assert (dip.since, dip.lowest_units) == (START + timedelta(minutes=3), -12)

    def test_one_instant_is_one_step(self, storage: Storage) -> None:
        """A swap's legs have one time: what goes out may be written before what comes in."""
        wallet = add_wallet(storage)
        out = movement(1, units=9, fee_units=1, row=2)
        bring(storage, wallet.id, [out, incoming(1, units=10, row=3)])
        assert storage.transactions.first_dips() == []
        bring(storage, wallet.id, [movement(2, units=0, fee_units=1)])
        (dip,) = storage.transactions.first_dips()
        assert dip.since == START + timedelta(minutes=2)

    def test_fees_alone_can_dip(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [movement(1, status=TransactionStatus.FAILED), incoming(2, units=10**18)])
        (dip,) = storage.transactions.first_dips()
        assert dip.lowest_units == -FEE

    def test_nothing_dips_in_an_empty_vault(self, storage: Storage) -> None:
        assert storage.transactions.first_dips() == []
        assert storage.transactions.balances() == []


_UNITS = st.one_of(st.integers(0, 30), st.integers(0, MAX_UNITS))
_COINS = st.sampled_from([ETH, USDC])


@st.composite
def any_movement(draw: st.DrawFn) -> Movement:
    fee = draw(st.one_of(st.none(), st.integers(0, 5), _UNITS))
    return movement(
        1,
        tx_hash="",
        occurred_at=moment(draw(st.integers(0, 3)) * 700),
        direction=draw(st.sampled_from(Direction)),
        status=draw(st.sampled_from(TransactionStatus)),
        units=draw(_UNITS),
        currency=draw(_COINS),
        fee_units=fee,
        fee_currency=None if fee is None else draw(_COINS),
    )


def changes_of(row: Transaction) -> list[tuple[str, int]]:
    """The rule, once more, in the plainest words."""
    changes = []
    if row.status is TransactionStatus.CONFIRMED and row.direction is Direction.IN:
        changes.append((row.amount.currency.symbol, row.amount.base_units))
    if row.status is TransactionStatus.CONFIRMED and row.direction is Direction.OUT:
        changes.append((row.amount.currency.symbol, -row.amount.base_units))
    if row.fee is not None and row.status in {TransactionStatus.CONFIRMED, TransactionStatus.FAILED}:
        changes.append((row.fee.currency.symbol, -row.fee.base_units))
    return changes


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(any_movement(), max_size=25))
def test_sums_are_what_the_rows_say(storage: Storage, movements: list[Movement]) -> None:
    wallet = add_wallet(storage, name=str(storage.new_id()), address=samples.evm_address(storage.new_id()))
    bring(storage, wallet.id, movements)
    rows = rows_of(storage, wallet.id)
    assert len(rows) == len(movements)
    total: defaultdict[str, int] = defaultdict(int)
    lowest: dict[str, int] = {}
    days: defaultdict[tuple[datetime, str], int] = defaultdict(int)
    for instant, together in groupby(rows, key=lambda row: row.occurred_at):
        for symbol, change in [each for row in together for each in changes_of(row)]:
            total[symbol] += change
            days[instant.replace(hour=0, minute=0, second=0, microsecond=0), symbol] += change
        for symbol, units in total.items():
            if units < 0:
                lowest[symbol] = min(lowest.get(symbol, 0), units)
    found = {balance.currency.symbol: balance.base_units for balance in storage.transactions.balances([wallet.id])}
    assert {symbol: units for symbol, units in found.items() if units} == {s: u for s, u in total.items() if u}
    touched = {row.amount.currency.symbol for row in rows} | {row.fee.currency.symbol for row in rows if row.fee}
    assert found.keys() == touched
    sums = storage.transactions.daily_sums([wallet.id])
    assert {(day.day, day.currency.symbol): day.base_units for day in sums} == {key: u for key, u in days.items() if u}
    assert [day.day for day in sums] == sorted(day.day for day in sums)
    dips = [dip for dip in storage.transactions.first_dips() if dip.wallet_id == wallet.id]
    assert {dip.currency.symbol: dip.lowest_units for dip in dips} == lowest
