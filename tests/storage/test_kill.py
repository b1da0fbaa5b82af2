"""A writing process is killed at random, again and again: what it acknowledged is there, and pairs are whole."""

from __future__ import annotations

import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.storage import samples
from tests.support.storages import VaultPlace

ROOT = Path(__file__).parents[2]
FIRST_KILLS = (0, 60)  # acknowledged pairs before the kill; it then falls anywhere in the next ones


def write_and_kill(place: VaultPlace, wallet_id: int, acknowledged: int) -> list[int]:
    """Start a writer, kill it after so many pairs, return all ids it acknowledged."""
    command = [sys.executable, "-m", "tests.support.row_writer", place.engine, place.location, str(wallet_id)]
    ids: list[int] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            ids += [int(word) for word in line.split()] if line.endswith("\n") else []
            if len(ids) >= 2 * (acknowledged + 1):
                child.kill()  # and read on: what it still said before it died counts, too
        assert child.stderr is not None
        errors = child.stderr.read()
    assert child.returncode == -9, errors
    return ids


def kill_repeatedly(place: VaultPlace, times: int, seed: int) -> None:
    chance = random.Random(seed)
    with closing(place.open()) as storage:
        wallet = samples.wallet(storage)
        storage.wallets.create(wallet)
    acknowledged: set[int] = set()
    for _ in range(times):
        acknowledged.update(write_and_kill(place, wallet.id, chance.randint(*FIRST_KILLS)))
        with closing(place.open()) as storage:
            stored = [row.id for row in storage.transactions.of_wallet(wallet.id, limit=1_000_000)]
            assert acknowledged <= set(stored)
            assert len(stored) % 2 == 0  # a pair is one unit of work
            assert len(stored) - len(acknowledged) <= 2 * times  # at most one unacknowledged pair a kill
    with closing(place.open()) as storage:
        assert storage.check() == []
        entries = storage.audit.recent(1_000_000)
        assert sum(entry.action == "transactions.create" for entry in entries) == len(stored)
        storage.transactions.create(samples.transaction(storage, wallet.id))  # and it goes on


def test_a_few_kills_lose_nothing(place: VaultPlace) -> None:
    kill_repeatedly(place, 3, seed=2)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_hundred_kills_lose_nothing(place: VaultPlace) -> None:
    kill_repeatedly(place, 100, seed=100)
