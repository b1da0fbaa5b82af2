"""The sums of days are always what the rows say: before and after settling, whatever wrote the rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from aether_desktop.domain.amounts import MAX_UNITS, Amount
from aether_desktop.domain.transactions import Direction, Movement, TransactionStatus
from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.sql_storage import SqlStorage
from tests.storage import samples
from tests.storage.files import SHELL, START, add_wallet, bring, incoming, movement, rows_of
from tests.storage.samples import ETH
from tests.support.audits import ask, tamper
from tests.support.storages import VaultPlace

DAY_MINUTES = 24 * 60


def figures(storage: Storage) -> list[tuple[str, str, int, int]]:
    return [(b.wallet, b.currency.symbol, b.base_units, b.rows) for b in storage.transactions.balances()]


def days_of(number: int) -> list[Movement]:
    """``number`` days with a movement in and one out."""
    found = []
    for day in range(number):
        found += [incoming(2 * day * DAY_MINUTES + 2, units=10), movement(2 * day * DAY_MINUTES + 3, units=3)]
    return found


def test_settling_changes_no_figure_and_leaves_nothing_marked(storage: SqlStorage) -> None:
    wallet = add_wallet(storage)
    bring(storage, wallet.id, days_of(5))
    before = (figures(storage), storage.transactions.daily_sums(), storage.transactions.first_dips())
    assert storage.ledger.unsettled() == 5
    told: list[tuple[int, int | None]] = []
    assert storage.ledger.settle(progress=lambda done, total, _message="": told.append((done, total))) == 5
    assert told[-1] == (5, 5)
    assert storage.ledger.unsettled() == 0
    assert storage.ledger.settle() == 0
    assert (figures(storage), storage.transactions.daily_sums(), storage.transactions.first_dips()) == before
    assert storage.ledger.recount() == []


def test_settled_days_are_not_read_again(storage: SqlStorage) -> None:
    wallet = add_wallet(storage)
    bring(storage, wallet.id, days_of(30))
    storage.ledger.settle()
    bring(storage, wallet.id, [incoming(4, units=77)])
    asked: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM transactions" in statement:
            asked.append(statement)

    event.listen(storage._database._kit.reader, "before_cursor_execute", listen)
    try:
        storage.transactions.balances()
    finally:
        event.remove(storage._database._kit.reader, "before_cursor_execute", listen)
    assert len(asked) == 1  # the one day that changed
    assert storage.ledger.unsettled() == 1


def test_every_way_to_change_a_row_is_noticed(storage: SqlStorage) -> None:
    wallet, second = add_wallet(storage), add_wallet(storage, name="Second", address=samples.evm_address(5))
    batch, _ = bring(storage, wallet.id, [*days_of(3), incoming(50, currency=SHELL, units=5)])
    storage.ledger.settle()

    def settled_like_recounted() -> Sequence[tuple[str, str, int, int]]:
        unsettled = figures(storage)
        assert storage.ledger.recount() == []
        storage.ledger.settle()
        assert storage.ledger.recount() == []
        assert figures(storage) == unsettled
        return unsettled

    seen = [settled_like_recounted()]
    row = rows_of(storage, wallet.id)[0]
    storage.transactions.archive([row.id], START)
    seen.append(settled_like_recounted())
    storage.transactions.restore([row.id])
    assert settled_like_recounted() == seen[0]
    made = samples.transaction(storage, second.id, amount=Amount(41, ETH), occurred_at=START + timedelta(days=40))
    storage.transactions.create(made)
    seen.append(settled_like_recounted())
    for change in ({"occurred_at": START}, {"wallet_id": wallet.id}, {"status": TransactionStatus.FAILED}):
        stored = storage.transactions.get(made.id)
        storage.transactions.update(dataclasses.replace(stored, **change))
        seen.append(settled_like_recounted())
    (shell,) = [coin for coin in storage.currencies.all() if coin.symbol == SHELL.symbol]
    storage.currencies.rescale(shell.id, 20)
    seen.append(settled_like_recounted())
    storage.wallets.archive([second.id], START)
    settled_like_recounted()
    base, archived, created, later, moved, failed, rescaled = map(tuple, seen)
    assert created == later
    assert failed == base
    assert len({base, archived, created, moved, rescaled}) == 5
    storage.imports.undo(batch.id, START)
    storage.ledger.settle()
    assert storage.ledger.recount() == []
    assert figures(storage) == [("Treasury", "ETH", 0, 0)]  # of the failed one, which has no fee


def test_a_wrong_sum_is_found_and_made_anew(storage: SqlStorage, place: VaultPlace) -> None:
    wallet = add_wallet(storage)
    bring(storage, wallet.id, [incoming(1, units=10), incoming(2 * DAY_MINUTES, units=5)])
    storage.ledger.settle()
    tamper(place, "UPDATE ledger_days SET units = '11' WHERE units = '10'")
    (found,) = storage.ledger.recount()
    assert (found.wallet_id, found.kept, found.counted) == (wallet.id, 11, 10)
    assert found.day == START.replace(hour=0)
    storage.ledger.start_over()
    assert storage.ledger.unsettled() == 2
    assert storage.ledger.recount() == []
    storage.ledger.settle()
    assert ask(place, "SELECT count(*) FROM ledger_days WHERE units = '11'") == [(0,)]


def test_a_sum_without_rows_goes(storage: SqlStorage, place: VaultPlace) -> None:
    wallet = add_wallet(storage)
    bring(storage, wallet.id, [incoming(1, units=10)])
    storage.ledger.settle()
    tamper(place, "UPDATE ledger_days SET day = day + 9")
    assert {(each.kept, each.counted) for each in storage.ledger.recount()} == {(10, 0), (0, 10)}
    storage.ledger.start_over()
    storage.ledger.settle()
    assert storage.ledger.recount() == []
    assert ask(place, "SELECT count(*) FROM ledger_days") == [(1,)]


def test_settling_can_be_cancelled_and_goes_on(storage: SqlStorage) -> None:
    wallet = add_wallet(storage)
    bring(storage, wallet.id, days_of(3))
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelled):
        storage.ledger.settle(token=token)
    assert storage.ledger.unsettled() == 3
    assert storage.ledger.settle() == 3


def test_settling_is_no_change_of_the_books(storage: SqlStorage) -> None:
    wallet = add_wallet(storage)
    bring(storage, wallet.id, days_of(2))
    heard: list[object] = []
    stop = storage.changes.subscribe(heard.append)
    size = storage.audit.head().size
    storage.ledger.settle()
    stop()
    assert storage.audit.head().size == size
    assert heard == []


def test_the_largest_amounts_settle_exactly(storage: SqlStorage) -> None:
    wallet = add_wallet(storage)
    bring(storage, wallet.id, [incoming(number, units=MAX_UNITS - number) for number in range(1, 5)])
    expected = sum(MAX_UNITS - number for number in range(1, 5))
    storage.ledger.settle()
    assert [units for *_, units, _ in figures(storage)] == [expected]


def test_a_dip_within_a_settled_day_is_found_at_its_instant(storage: SqlStorage) -> None:
    wallet = add_wallet(storage)
    plain = {"fee_units": None, "fee_currency": None}
    moves = [incoming(1, units=5), movement(2, units=9, **plain), incoming(3, units=20)]
    bring(storage, wallet.id, [*moves, movement(3 * DAY_MINUTES, units=40, **plain)])
    storage.ledger.settle()
    (dip,) = storage.transactions.first_dips()
    assert (dip.since, dip.lowest_units) == (START + timedelta(minutes=2), -24)


_MOVES = st.lists(
    st.builds(
        movement,
        st.integers(1, 6),
        occurred_at=st.integers(-3, 3).map(lambda half: int(START.timestamp() * 1e6) + half * 43_200_000_000),
        direction=st.sampled_from(Direction),
        status=st.sampled_from(TransactionStatus),
        units=st.sampled_from((0, 1, 255, 256, 2**59, 2**60, 2**120, MAX_UNITS)),
        currency=st.sampled_from((ETH, SHELL)),
        fee_units=st.sampled_from((0, 7, 2**70)),
        fee_currency=st.just(ETH),
    ),
    max_size=8,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_MOVES, st.booleans(), st.integers(0, 20)), min_size=1, max_size=4))
def test_any_history_settles_to_what_the_rows_say(
    storage: SqlStorage, history: list[tuple[list[Movement], bool, int]]
) -> None:
    wallet = add_wallet(storage, name=str(storage.new_id()), address=samples.evm_address(storage.new_id()))
    for movements, settle, chosen in history:
        bring(storage, wallet.id, movements)
        if settle:
            storage.ledger.settle()
        if rows := rows_of(storage, wallet.id):
            storage.transactions.archive([rows[chosen % len(rows)].id], START)
    unsettled = figures(storage), storage.transactions.daily_sums(), storage.transactions.first_dips()
    assert storage.ledger.recount() == []
    storage.ledger.settle()
    assert storage.ledger.recount() == []
    assert (figures(storage), storage.transactions.daily_sums(), storage.transactions.first_dips()) == unsettled


class TestSharedDatabase:
    @pytest.fixture(autouse=True)
    def _shared(self, place: VaultPlace) -> None:
        if place.engine != "postgresql":
            pytest.skip("in a vault file there is nobody else")

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ledger_days SET units = 0",
            "DELETE FROM ledger_days",
            "INSERT INTO ledger_days SELECT * FROM ledger_days",
            "DELETE FROM ledger_marks",
            "INSERT INTO ledger_marks SELECT vault_id, wallet_id, day, owner_id, 1 FROM ledger_days",
            "SELECT aether_ledger_mark()",
        ],
    )
    def test_nobody_writes_sums_or_marks(self, storage: SqlStorage, place: VaultPlace, statement: str) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [incoming(1, units=10)])
        storage.ledger.settle()
        with psycopg.connect(place.location) as person, pytest.raises(psycopg.errors.InsufficientPrivilege):
            person.execute(statement.encode())

    def test_other_vaults_are_not_settled(self, storage: SqlStorage, place: VaultPlace) -> None:
        with psycopg.connect(place.location) as person, pytest.raises(psycopg.errors.InsufficientPrivilege):
            person.execute("SELECT aether_ledger_settle(%s, 10)", (storage.info.vault_id + 1,))

    def test_one_at_a_time_settles(self, storage: SqlStorage, place: VaultPlace) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, days_of(2))
        with psycopg.connect(place.location) as first, psycopg.connect(place.location) as second:
            ask_to = "SELECT aether_ledger_settle(%s, 1)"
            assert first.execute(ask_to, (storage.info.vault_id,)).fetchone() == (1,)
            assert second.execute(ask_to, (storage.info.vault_id,)).fetchone() == (-1,)
            first.rollback()
            assert second.execute(ask_to, (storage.info.vault_id,)).fetchone() == (1,)

    def test_writers_do_not_wait_for_each_other(self, storage: SqlStorage, place: VaultPlace) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, days_of(1))
        storage.ledger.settle()
        row = rows_of(storage, wallet.id)
        with psycopg.connect(place.location) as first, psycopg.connect(place.location) as second:
            second.execute("SET lock_timeout = '5s'")
            change = "UPDATE transactions SET status = 'failed' WHERE id = %s"
            first.execute(change, (row[0].id,))
            second.execute(change, (row[1].id,))
            second.commit()
            storage.ledger.settle()  # in between: the first one's mark is not there yet
            first.commit()
        assert storage.ledger.unsettled() == 1
        assert storage.ledger.recount() == []
