"""The large generated ledger: the same from the same seed, realistic, and stored as it was generated."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from aether_desktop.composition.generated import fill_database
from aether_desktop.domain.addresses import parse_address
from aether_desktop.domain.addresses.base58 import decode_base58, encode_base58
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Direction, Movement, TransactionStatus
from aether_desktop.ports.errors import InvalidInputError, OperationCancelled
from aether_desktop.ports.queries import Row, Sort, TableQuery
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, silent
from aether_desktop.services.generated_ledger import FIRST, LAST, ROWS_PER_PARTY, Ledger
from aether_desktop.storage.sql_storage import SqlStorage, open_vault
from tests.services.conftest import services_over
from tests.support.storage_fixtures import place, storage
from tests.support.storages import KEY, vault_template

__all__ = ["place", "storage"]

ROWS = 1_200
BY_TIME = TableQuery(TableName.TRANSACTIONS, sort=(Sort("occurred_at"), Sort("tx_hash"), Sort("amount")))


def movements_of(ledger: Ledger) -> dict[str, list[Movement]]:
    """Every movement, by wallet."""
    return {
        wallet.name: [each for _year, chunks in ledger.files(wallet) for chunk in chunks for each in chunk]
        for wallet in ledger.wallets
    }


def steps(movements: list[Movement]) -> list[tuple[str, int]]:
    """What each movement changes, by symbol, by the ledger's rules written down once more."""
    changed = []
    for each in movements:
        if each.status is TransactionStatus.CONFIRMED and each.direction is not Direction.SELF:
            sign = 1 if each.direction is Direction.IN else -1
            changed.append((each.currency.symbol, sign * each.units))
        if each.fee_units is not None and each.status in {TransactionStatus.CONFIRMED, TransactionStatus.FAILED}:
            assert each.fee_currency is not None
            changed.append((each.fee_currency.symbol, -each.fee_units))
    return changed


def fill(storage: Storage, folder: Path, *, seed: int = 7, token: CancelToken | None = None) -> None:
    """The ledger into the vault of a test."""
    services = services_over(storage, folder)
    fill_database(services, rows=ROWS, seed=seed, token=token or CancelToken(), progress=silent)


def shown(row: Row) -> list[str]:
    """What a row shows, without ids, which are each vault's own."""
    return [str(value) for value in row.values if not isinstance(value, int) or value < 2**40]


def test_the_same_seed_makes_the_same_rows() -> None:
    first = movements_of(Ledger(ROWS, 7))
    assert first == movements_of(Ledger(ROWS, 7))
    assert first != movements_of(Ledger(ROWS, 8))


@pytest.mark.parametrize("rows", [0, 1, 6, 41, ROWS])
def test_it_has_as_many_rows_as_asked(rows: int) -> None:
    assert sum(map(len, movements_of(Ledger(rows, 1)).values())) == rows


def test_rows_are_of_many_kinds() -> None:
    ledger = Ledger(20_000, 3)
    by_wallet = movements_of(ledger)
    rows = [row for listed in by_wallet.values() for row in listed]
    assert {row.status for row in rows} == set(TransactionStatus)
    assert {row.direction for row in rows} == set(Direction)
    assert len({row.kind for row in rows}) == 3
    assert {row.currency.decimals for row in rows} == {0, 6, 8, 9, 18}
    assert 0.01 < sum(bool(row.label) for row in rows) / len(rows) < 0.06
    others = Counter(row.from_address if row.direction is Direction.IN else row.to_address for row in rows)
    wanted = 20_000 // ROWS_PER_PARTY
    assert 0.8 * wanted < len(others) < 1.2 * wanted
    ten_most = sum(count for _address, count in others.most_common(10))
    assert 0.15 * len(rows) < ten_most < 0.8 * len(rows)
    times = [row.occurred_at // 1_000_000 for row in rows]
    assert FIRST.timestamp() <= min(times) < FIRST.timestamp() + 3e7
    assert LAST.timestamp() - 3e7 < max(times) <= LAST.timestamp()
    for wallet in ledger.wallets:
        chain, listed = CHAINS[wallet.chain], by_wallet[wallet.name]
        assert all(one.occurred_at <= two.occurred_at for one, two in pairwise(listed))
        for address in {each for row in listed[:50] for each in (row.from_address, row.to_address)}:
            assert parse_address(address, chain.family) == address


def test_no_balance_is_ever_negative() -> None:
    for wallet, movements in movements_of(Ledger(5_000, 4)).items():
        held: defaultdict[str, int] = defaultdict(int)
        for symbol, units in steps(movements):
            held[symbol] += units
            assert held[symbol] >= 0, wallet


@pytest.mark.parametrize("raw", [b"", b"\0", b"\0\0\x01", bytes(range(32)), b"\xff" * 25])
def test_base58_reads_what_it_writes(raw: bytes) -> None:
    assert decode_base58(encode_base58(raw)) == raw


def test_what_is_stored_is_what_was_generated(storage: SqlStorage, tmp_path: Path) -> None:
    fill(storage, tmp_path)
    ledger = Ledger(ROWS, 7)
    wanted: dict[tuple[str, str], int] = defaultdict(int)
    for wallet, movements in movements_of(ledger).items():
        for symbol, units in steps(movements):
            wanted[wallet, symbol] += units
    found = {(each.wallet, each.currency.symbol): each.base_units for each in storage.transactions.balances()}
    assert found == {key: units for key, units in wanted.items() if key in found}
    assert {key for key, units in wanted.items() if units} <= set(found)
    counts = {name: storage.windows.count(TableQuery(name)) for name in TableName}
    assert counts[TableName.TRANSACTIONS] == ROWS
    assert counts[TableName.WALLETS] == len(ledger.wallets)
    filled = {TableName.CONTRACTS, TableName.TEMPLE_NODES, TableName.CONTENT, TableName.PAYMENTS, TableName.MONITORING}
    assert all(counts[name] >= 8 for name in filled)
    labels = sum(bool(each.label) for each in storage.annotations.all())
    assert labels == sum(bool(row.label) for rows in movements_of(ledger).values() for row in rows)
    assert storage.prices.latest("EUR")
    assert storage.check() == []


def test_both_engines_hold_the_same_from_one_seed(storage: SqlStorage, service_templates: Path, tmp_path: Path) -> None:
    fill(storage, tmp_path)
    second = tmp_path / "second.aether"
    shutil.copyfile(vault_template(service_templates), second)
    second.chmod(0o600)
    with closing(open_vault(second, KEY)) as other:
        fill(other, tmp_path)
        for query in (BY_TIME, TableQuery(TableName.CONTENT, sort=(Sort("name"),))):
            mine, theirs = ([shown(row) for row in each.windows.rows(query)] for each in (storage, other))
            assert len(mine) > 10
            assert mine == theirs


def test_a_database_in_use_is_left_alone(storage: SqlStorage, tmp_path: Path) -> None:
    fill(storage, tmp_path)
    with pytest.raises(InvalidInputError, match="in use"):
        fill(storage, tmp_path, seed=8)
    assert storage.windows.count(TableQuery(TableName.TRANSACTIONS)) == ROWS


def test_cancelled_in_the_middle_nothing_is_there(storage: SqlStorage, tmp_path: Path) -> None:
    token = CancelToken()
    services = services_over(storage, tmp_path)
    told: list[int] = []

    def cancel(done: int, total: int | None, message: str = "") -> None:
        assert (total, message) == (ROWS, "Rows")
        told.append(done)
        if done > ROWS // 2:
            token.cancel()

    with pytest.raises(OperationCancelled):
        fill_database(services, rows=ROWS, seed=7, token=token, progress=cancel)
    assert told == sorted(told)
    for name in TableName:
        expected = 1 if name is TableName.USERS else 0
        assert storage.windows.count(TableQuery(name)) == expected
    assert storage.imports.all() == []
