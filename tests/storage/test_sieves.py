"""Pages met on a bounded walk that asks each entry of an index whether its row is a candidate: like those of a sort."""

from __future__ import annotations

import random
from itertools import product

import pytest

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Sort, TableQuery
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.storage import Storage
from aether_desktop.storage import window_sieves, window_walks
from aether_desktop.storage.window_order import Key
from aether_desktop.storage.window_sieves import Sieve
from tests.storage.test_windows_model import fill

LEDGER = TableName.TRANSACTIONS
TEXTS = (
    *("label:ab", "hash:000", "amount>1 direction:in", "block>0 block<30 amount>0", "amount>=1 amount<=10 kind:send"),
    *("from:0x0 -status:failed", "counterparty:0x0 method:a", "label:ab status:failed", '-label:"" amount>0', "000"),
)
SORTS = ((), (Sort("occurred_at"),), (Sort("amount"),), (Sort("amount", descending=True),))


def test_a_sieve_finds_what_a_sort_finds(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    if storage.info.engine == "postgresql":
        pytest.skip("rows are looked up as fast there")
    fill(storage, random.Random(20261124))
    storage.search.settle()
    monkeypatch.setattr(window_walks, "FEW", 0)
    monkeypatch.setattr(window_sieves, "_HOPE", 1)
    told = {True: 0, False: 0}
    ask = Sieve.keys

    def watched(sieve: Sieve, *place: object, **asked: object) -> list[Key] | None:
        met = ask(sieve, *place, **asked)  # type: ignore[arg-type]
        told[met is not None] += 1
        return met

    monkeypatch.setattr(Sieve, "keys", watched)
    chance = random.Random(4)
    for number, (text, sort) in enumerate(product(TEXTS, SORTS)):
        query = TableQuery(LEDGER, parse_table_query(text, LEDGER).terms, sort)
        monkeypatch.setattr(window_sieves, "_LOOK", 0)  # the road that test_windows_model compares with a plain list
        ids = [row.id for row in storage.windows.rows(query)]
        monkeypatch.setattr(window_sieves, "_LOOK", (1, 5, 500)[number % 3])
        walk = storage.windows.question(query).walk  # type: ignore[attr-defined]
        with storage.windows._database.read() as connection:  # type: ignore[attr-defined]
            for backward in (False, True):
                wanted = ids[::-1] if backward else ids
                for limit in (3, 17):
                    first = walk.keys(connection, None, limit=limit, backward=backward)
                    assert [key[-1] for key in first] == wanted[:limit], (text, sort, backward)
                    if len(first) == limit:
                        past = chance.randrange(4)
                        more = walk.keys(connection, first[-1], limit=limit, offset=past, backward=backward)
                        assert [key[-1] for key in more] == wanted[limit + past : 2 * limit + past], (text, sort)
    assert min(told.values()) > 20, told


def test_a_large_range_is_tried_on_a_walk_and_then_sorted(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    if storage.info.engine == "postgresql":
        pytest.skip("its planner chooses")
    fill(storage, random.Random(20261125))
    told = set()
    for text, sort in product(("block>0 block<30", "amount>1", "amount>=1 amount<=10"), SORTS[:2]):
        query = TableQuery(LEDGER, parse_table_query(text, LEDGER).terms, sort)
        ids = [row.id for row in storage.windows.rows(query)]
        storage.windows._questions.forget()  # type: ignore[attr-defined]
        with monkeypatch.context() as patched, storage.windows._database.read() as connection:  # type: ignore[attr-defined]
            for name, few in (("GATHERED", 0), ("SIEVED", 0), ("_TRIED", 1)):
                patched.setattr(window_walks, name, few)
            walk = storage.windows.question(query).walk  # type: ignore[attr-defined]
            assert not walk.gathers(connection)
            for look, backward in product((1, 10_000), (False, True)):
                patched.setattr(window_sieves, "_LOOK", look)
                sieve, _gathering = walk.settled(connection).spare
                told.add(sieve.keys(connection, None, offset=0, limit=9, backward=backward) is None)
                wanted = ids[::-1] if backward else ids
                first = walk.keys(connection, None, limit=9, backward=backward)
                more = walk.keys(connection, first[-1], limit=9, backward=backward)
                assert [key[-1] for key in (*first, *more)] == wanted[:18], (text, sort, look)
    assert told == {True, False}
