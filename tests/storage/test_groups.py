"""Groups of the ledger against plain Python over the same rows, on both engines, by every road there is to them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aether_desktop.domain.amounts import MAX_UNITS, Amount, Currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Direction, TransactionStatus
from aether_desktop.ports.errors import InvalidInputError, OperationCancelled
from aether_desktop.ports.groups import Group, GroupQuery, GroupTotals
from aether_desktop.ports.queries import GroupBy, GroupKey, Row, Sort, TableQuery
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import TABLES
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage import window_walks
from aether_desktop.storage.sql_storage import SqlStorage
from tests.storage import samples
from tests.storage.samples import NOW, evm_address
from tests.support.audits import tamper
from tests.support.storages import VaultPlace

LEDGER = TableName.TRANSACTIONS
COINS = (
    Currency("ATC", 18, chain="atc"),
    Currency("SHELL", 6, chain="ethereum", contract=evm_address(40)),
    Currency("shell", 0, chain="atc", contract=evm_address(41)),
)
DAYS = (-20_600, -400, -31, -30, -1, 0, 1, 18)  # from March 2026; the first is before 1970
PARTIES = (evm_address(1), evm_address(2), evm_address(3), "")
QUERIES = (
    "",
    "archived:only",
    "archived:yes amount>0",
    "wallet:alpha",
    "wallet:alpha status:confirmed",
    "direction:in",
    "direction:out -status:failed",
    "amount>1",
    "date>=2026-02-10 date<2026-03-15",
    "date<2020",
    "token:shell",
    f"party:{evm_address(2)} status:confirmed",
    "description:rent",
    "wallet:nobody",
)
Figures = dict[str, tuple[int, int, int, int]]


def fill(storage: Storage) -> None:
    chance = random.Random(7)
    with storage.unit_of_work():
        wallets = [
            samples.wallet(storage, name=name, address=evm_address(90 + number))
            for number, name in enumerate(("alpha", "alphabet", "beta"))
        ]
        for wallet in wallets:
            storage.wallets.create(wallet)
        checked = [samples.wallet(storage, address=party).address if party else "" for party in PARTIES]
        for number in range(48):
            given: dict[str, Any] = {
                "occurred_at": NOW + timedelta(days=chance.choice(DAYS), microseconds=chance.randrange(3)),
                "amount": Amount(chance.choice([0, 1, 10**18, MAX_UNITS]), chance.choice(COINS)),
                "fee": chance.choice([None, Amount(chance.choice([0, 7, MAX_UNITS]), chance.choice(COINS))]),
                "status": chance.choice([*TransactionStatus, TransactionStatus.CONFIRMED]),
                "direction": chance.choice(list(Direction)),
                "from_address": chance.choice(checked),
                "to_address": chance.choice(checked),
                "description": "rent" if number % 9 == 0 else "",
                "archived_at": chance.choice([None, None, None, NOW]),
            }
            storage.transactions.create(samples.transaction(storage, chance.choice(wallets).id, **given))


def value(row: Row, key: str) -> Any:
    return row.values[TABLES[LEDGER].index(key)]


def key_of(row: Row, by: GroupBy) -> GroupKey:
    if by in (GroupBy.DAY, GroupBy.MONTH):
        return GroupKey.of_time(by, value(row, "occurred_at"))
    if by is GroupBy.COUNTERPARTY:
        return GroupKey(by, value(row, "counterparty"))
    return GroupKey(by, value(row, "amount").currency.id)


def in_plain_python(rows: Sequence[Row], by: GroupBy) -> dict[GroupKey, tuple[int, Figures]]:
    """For each group its rows, and by asset: rows, in, out, fees."""
    found: dict[GroupKey, list[Row]] = defaultdict(list)
    for row in rows:
        found[key_of(row, by)].append(row)
    return {key: (len(inside), figures(inside)) for key, inside in found.items()}


def figures(rows: Sequence[Row]) -> Figures:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        amount, fee, status = value(row, "amount"), value(row, "fee"), value(row, "status")
        sums[amount.currency.asset][0] += 1
        if status == "confirmed" and value(row, "direction") != "self":
            sums[amount.currency.asset][1 if value(row, "direction") == "in" else 2] += amount.base_units
        if fee is not None and fee.base_units and status in ("confirmed", "failed"):
            sums[fee.currency.asset][3] += fee.base_units
    return {asset: (each[0], each[1], each[2], each[3]) for asset, each in sums.items()}


def told(totals: GroupTotals) -> tuple[int, Figures]:
    assert totals.whole
    for each in totals.tokens:
        assert each.net == (each.coming or 0) - (each.going or 0) - (each.fees or 0)
    return totals.rows, {
        each.currency.asset: (each.rows, each.coming or 0, each.going or 0, each.fees or 0) for each in totals.tokens
    }


def all_groups(storage: Storage, asked: GroupQuery, *, limit: int) -> list[Group]:
    groups: list[Group] = []
    while True:
        page = storage.groups.page(asked, after=groups[-1] if groups else None, limit=limit)
        assert len(page.groups) <= limit
        groups += page.groups
        if not page.more:
            return groups
        assert page.groups


def order(storage: Storage) -> Callable[[GroupKey], Any]:
    symbols = {coin.id: coin for coin in storage.currencies.all()}

    def place(key: GroupKey) -> Any:
        if key.by is not GroupBy.TOKEN:
            return key.value
        coin = symbols[int(key.value)]
        return coin.symbol.casefold(), coin.symbol

    return place


@pytest.mark.parametrize("gathered", [2, window_walks.GATHERED], ids=["walked", "gathered"])
def test_groups_and_totals_are_what_plain_python_finds(
    storage: Storage, gathered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_walks, "GATHERED", gathered)
    monkeypatch.setattr(window_walks, "SIEVED", gathered)
    monkeypatch.setattr(window_walks, "FEW", 1)
    fill(storage)
    place = order(storage)
    storage.ledger.settle()
    texts = QUERIES if gathered == 2 else QUERIES[3::2]  # without few rows to gather the roads are the same
    for number, text in enumerate(texts if storage.info.engine == "sqlite" else texts[::3]):
        query = parse_table_query(text, LEDGER)
        rows = list(storage.windows.rows(query))
        assert bool(rows) is (text != "wallet:nobody")
        for by in GroupBy:
            number += 1  # noqa: PLW2901 - each road is gone in both directions, and opened, by some of the questions
            wanted, asked = in_plain_python(rows, by), replace(GroupQuery.usual(query, by), descending=number % 2 == 0)
            groups = all_groups(storage, asked, limit=4)
            assert [group.key for group in groups] == sorted(wanted, key=place, reverse=asked.descending), (text, by)
            totals = storage.groups.totals(asked, groups)
            assert {key: told(each) for key, each in totals.items()} == wanted, (text, by)
            if groups and number % 3 == 0:
                opened = groups[len(groups) // 2].key
                inside = replace(query, within=(opened,), sort=(Sort("amount"),))
                assert {row.id for row in storage.windows.rows(inside)} == {
                    row.id for row in rows if key_of(row, by) == opened
                }
                assert storage.windows.count(replace(inside, sort=())) == wanted[opened][0]


def test_kept_sums_say_all_before_and_after_settling(storage: Storage) -> None:
    fill(storage)
    for text in ("", "wallet:alpha", "chain:ethereum wallet:beta"):
        query = parse_table_query(text, LEDGER)
        rows = list(storage.windows.rows(query))
        for by in (GroupBy.DAY, GroupBy.MONTH, GroupBy.TOKEN):
            asked = GroupQuery.usual(query, by)
            kept = storage.groups.kept(asked, all_groups(storage, asked, limit=50))
            assert {key: told(each) for key, each in kept.items()} == in_plain_python(rows, by), (text, by)
        storage.ledger.settle()
    two = groups_of_days(storage)[2:4]
    assert set(storage.groups.kept(GroupQuery.usual(TableQuery(LEDGER), GroupBy.DAY), two)) == {
        group.key for group in two
    }
    for text in ("amount>1", "archived:only", "wallet:alpha amount>1"):
        asked = GroupQuery.usual(parse_table_query(text, LEDGER), GroupBy.DAY)
        assert storage.groups.kept(asked, groups_of_days(storage)) == {}


def test_sums_without_the_newer_figures_say_rows_and_net(storage: SqlStorage, place: VaultPlace) -> None:
    fill(storage)
    storage.ledger.settle()
    tamper(place, "UPDATE ledger_days SET coming = NULL, going = NULL")
    tamper(place, "DELETE FROM ledger_fees")
    for by in (GroupBy.DAY, GroupBy.TOKEN):
        asked = GroupQuery.usual(TableQuery(LEDGER), by)
        groups = all_groups(storage, asked, limit=50)
        kept, counted = storage.groups.kept(asked, groups), storage.groups.totals(asked, groups)
        assert not any(each.whole for each in kept.values())
        assert all(each.whole for each in counted.values())
        if by is GroupBy.DAY:
            assert {key: nets(each) for key, each in kept.items()} == {key: nets(each) for key, each in counted.items()}
        else:
            assert {key: each.rows for key, each in kept.items()} == {key: each.rows for key, each in counted.items()}
    assert storage.ledger.unsettled() == storage.ledger.settle() > 0
    assert storage.ledger.recount() == []
    assert storage.groups.kept(asked, groups) == counted


def groups_of_days(storage: Storage) -> list[Group]:
    return all_groups(storage, GroupQuery.usual(TableQuery(LEDGER), GroupBy.DAY), limit=50)


def nets(totals: GroupTotals) -> tuple[int, dict[str, tuple[int, int | None]]]:
    """Fees of zero leave no trace in the kept sums."""
    return totals.rows, {each.currency.asset: (each.rows, each.net) for each in totals.tokens if each.rows or each.net}


def test_a_group_that_went_is_still_a_place(storage: Storage) -> None:
    fill(storage)
    asked = GroupQuery.usual(TableQuery(LEDGER), GroupBy.DAY)
    groups = all_groups(storage, asked, limit=50)
    between = Group(GroupKey(GroupBy.DAY, int(groups[2].key.value) + 1))
    if between.key == groups[1].key:
        between = groups[1]
    assert storage.groups.page(asked, after=between, limit=50).groups == tuple(groups[2:])
    gone = storage.groups.totals(asked, [Group(GroupKey(GroupBy.DAY, 99_000))])
    assert gone == {}


def test_what_cannot_be_asked_is_refused_and_what_is_cancelled_leaves(storage: Storage) -> None:
    wallets = GroupQuery.usual(TableQuery(TableName.WALLETS), GroupBy.DAY)
    with pytest.raises(InvalidInputError):
        storage.groups.page(wallets, limit=5)
    with pytest.raises(InvalidInputError):
        storage.windows.count(TableQuery(TableName.WALLETS, within=(GroupKey(GroupBy.DAY, 1),)))
    asked = GroupQuery.usual(TableQuery(LEDGER), GroupBy.MONTH)
    group = Group(GroupKey.of_time(GroupBy.MONTH, NOW))
    token = CancelToken()
    token.cancel()
    for ask in (
        lambda: storage.groups.page(asked, limit=5, token=token),
        lambda: storage.groups.kept(asked, [group], token=token),
        lambda: storage.groups.totals(asked, [group], token=token),
    ):
        with pytest.raises(OperationCancelled):
            ask()


def test_keys_begin_and_end() -> None:
    march = GroupKey.of_time(GroupBy.MONTH, NOW)
    assert (march.start.isoformat(), march.end and march.end.isoformat()) == (
        "2026-03-01T00:00:00+00:00",
        "2026-04-01T00:00:00+00:00",
    )
    last = GroupKey.of_time(GroupBy.MONTH, NOW.replace(year=9999, month=12))
    assert (last.start.year, last.end) == (9999, None)
    assert GroupKey.of_time(GroupBy.DAY, NOW.replace(year=9999, month=12, day=31)).end is None
    before = GroupKey.of_time(GroupBy.DAY, NOW.replace(year=1969, month=12, day=31))
    assert (before.value, before.start.year) == (-1, 1969)
    with pytest.raises(ValueError, match="does not begin"):
        GroupKey(GroupBy.TOKEN, 5).end  # noqa: B018 - the question is the test
