"""Ids: unique over clients, growing, given without a round trip, whatever the clocks say; on both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from aether_desktop.ports.errors import StorageError
from aether_desktop.storage import identifiers
from aether_desktop.storage.identifiers import (
    CLIENT_BITS,
    CLIENTS,
    EPOCH,
    LEASE_MS,
    SEQUENCE_BITS,
    LeasedIdentifiers,
    first_id,
)
from aether_desktop.storage.opening import OpenVault
from aether_desktop.storage.schema import ID_CLIENTS
from tests.support.storages import VaultPlace

START = 94_000_000_000  # ms since 2024: December 2026
HOUR = 3_600_000


class Clock:
    """A clock that only the test moves."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


ClientMaker = Callable[..., LeasedIdentifiers]


@pytest.fixture
def client(vault: OpenVault) -> ClientMaker:
    """Makes clients of the vault, each with the clock it is given."""

    def make(clock: Clock | None = None) -> LeasedIdentifiers:
        return LeasedIdentifiers(vault.kit, vault.info.vault_id, clock=clock or Clock())

    return make


def number_of(identifier: int) -> int:
    return identifier >> 10 & (CLIENTS - 1)


def milliseconds_of(identifier: int) -> int:
    return identifier >> 22


def leases(vault: OpenVault) -> dict[int, tuple[int, int, bool]]:
    """Number -> (generation, writes, released)."""
    with vault.kit.reader.connect() as connection:
        rows = connection.execute(select(ID_CLIENTS)).all()
    return {row.number: (row.generation, row.writes, row.released_at is not None) for row in rows}


class TestGiving:
    def test_ids_grow_and_carry_time_and_client(self, client: ClientMaker) -> None:
        clock = Clock()
        ids = client(clock)
        given = [ids.reserve(1)[0] for _ in range(3000)]
        assert given == sorted(set(given))
        assert {number_of(one) for one in given} == {0}
        assert milliseconds_of(given[0]) == START
        assert milliseconds_of(given[-1]) == START + 2  # 1024 a millisecond, then the next
        assert all(0 < one < 2**63 for one in given)

    def test_a_bulk_reservation_runs_ahead_of_the_clock(self, client: ClientMaker) -> None:
        ids = client()
        bulk = ids.reserve(100_000)
        assert len(set(bulk)) == 100_000
        assert list(bulk) == sorted(bulk)
        assert ids.reserve(1)[0] > bulk[-1]

    def test_a_clock_set_back_changes_nothing(self, client: ClientMaker) -> None:
        clock = Clock()
        ids = client(clock)
        before = ids.reserve(1)[0]
        clock.now -= 1000 * HOUR
        assert ids.reserve(1)[0] > before

    def test_the_time_can_be_read_back(self) -> None:
        given = EPOCH + timedelta(milliseconds=first_id() >> (CLIENT_BITS + SEQUENCE_BITS))
        assert abs(given - datetime.now(UTC)) < timedelta(seconds=5)
        assert first_id(-5) < 1 << 22

    def test_many_threads_get_different_ids(self, vault: OpenVault) -> None:
        results: list[list[int]] = [[] for _ in range(4)]

        def work(place: int) -> None:
            results[place].extend(vault.database.new_id() for _ in range(500))

        threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({one for part in results for one in part}) == 2000
        assert all(part == sorted(part) for part in results)


class TestLeases:
    def test_clients_at_once_have_numbers_of_their_own(self, client: ClientMaker, vault: OpenVault) -> None:
        many = [client() for _ in range(3)]
        assert [number_of(ids.reserve(1)[0]) for ids in many] == [0, 1, 2]

    def test_two_open_vaults_never_give_the_same_id(self, place: VaultPlace) -> None:
        first, second = place.open_raw().database, place.open_raw().database
        assert not {*first.reserve_ids(2000)} & {*second.reserve_ids(2000)}

    def test_a_released_number_is_used_again_after_its_last_id(self, client: ClientMaker, vault: OpenVault) -> None:
        clock = Clock()
        first = client(clock)
        last = first.reserve(5000)[-1]
        first.release()
        assert leases(vault) == {0: (1, 0, True)}
        second = client(clock)
        following = second.reserve(1)[0]
        assert number_of(following) == 0
        assert following > last
        assert leases(vault) == {0: (2, 0, False)}

    def test_a_crashed_client_s_number_rests_until_its_lease_is_over(self, client: ClientMaker) -> None:
        crashed = client(Clock())
        kept = [crashed.reserve(1)[0]]
        later = client(Clock(START + HOUR))
        assert number_of(later.reserve(1)[0]) == 1
        kept.append(crashed.reserve(1)[0])  # it was only suspended
        assert len(set(kept)) == 2

    def test_an_expired_number_is_taken_only_when_no_other_is_free(
        self, client: ClientMaker, vault: OpenVault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(identifiers, "CLIENTS", 2)
        old = client(Clock())
        old_id = old.reserve(1)[0]
        client(Clock()).reserve(1)
        with pytest.raises(StorageError, match="in use"):
            client(Clock()).reserve(1)
        taker = client(Clock(START + LEASE_MS + HOUR))
        taken = taker.reserve(1)[0]
        assert number_of(taken) in {0, 1}
        assert milliseconds_of(taken) >= START + LEASE_MS
        # the sleeper wakes: what it still gives lies inside its own, older range
        late = [old.reserve(1)[0] for _ in range(2000)]
        assert all(old_id < one and milliseconds_of(one) < START + LEASE_MS for one in late)
        assert taken not in late

    def test_a_taker_with_a_slow_clock_starts_after_the_lease_it_takes(self, client: ClientMaker) -> None:
        fast = client(Clock(START + 1000 * HOUR))
        given = fast.reserve(1)[0]
        fast.release()
        slow = client(Clock(START))
        next_id = slow.reserve(1)[0]
        assert (number_of(next_id), next_id > given) in {(0, True), (1, False)}
        assert next_id != given

    def test_a_lease_is_renewed_when_half_of_it_is_over(self, client: ClientMaker, vault: OpenVault) -> None:
        clock = Clock()
        ids = client(clock)
        ids.ready()
        first = ids.lease
        clock.now += LEASE_MS // 2 - HOUR
        ids.ready()
        assert ids.lease == first
        clock.now += 2 * HOUR
        ids.ready()
        assert ids.lease is not None
        assert first is not None
        assert (ids.lease.number, ids.lease.generation) == (first.number, first.generation)
        assert ids.lease.end == clock.now + LEASE_MS

    def test_a_lost_lease_is_replaced(self, client: ClientMaker, vault: OpenVault) -> None:
        clock = Clock()
        ids = client(clock)
        before = ids.reserve(1)[0]
        with vault.kit.writer.connect() as connection, connection.begin():
            connection.execute(update(ID_CLIENTS).values(holder="somebody", generation=7))
        clock.now += LEASE_MS
        ids.ready()
        after = ids.reserve(1)[0]
        assert number_of(after) == 1
        assert after > before

    def test_releasing_twice_or_without_a_lease_is_harmless(self, client: ClientMaker) -> None:
        ids = client()
        ids.release()
        ids.reserve(1)
        ids.release()
        ids.release()

    def test_a_clock_beyond_2093_is_refused(self, client: ClientMaker) -> None:
        with pytest.raises(StorageError, match="clock"):
            client(Clock(1 << 41)).reserve(1)

    def test_clients_that_start_together_do_not_share(self, place: VaultPlace) -> None:
        vaults = [place.open_raw() for _ in range(4)]
        barrier = threading.Barrier(len(vaults))
        numbers: list[int] = []

        def start(vault: OpenVault) -> None:
            barrier.wait()
            numbers.append(number_of(vault.database.new_id()))

        threads = [threading.Thread(target=start, args=(vault,)) for vault in vaults]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(numbers) == [0, 1, 2, 3]

    def test_closing_gives_the_number_back(self, place: VaultPlace) -> None:
        with closing(place.open_raw()) as first:
            first.database.new_id()
        second = place.open_raw()
        assert number_of(second.database.new_id()) == 0
        assert leases(second)[0][0] == 2

    def test_a_new_vault_needs_no_lease_to_be_read(self, vault: OpenVault) -> None:
        vault.database.fetch(lambda connection: connection.execute(text("SELECT 1")).scalar())
        assert leases(vault) == {}

    def test_leases_are_per_vault(self, vault: OpenVault, place: VaultPlace) -> None:
        other, later = first_id(), int((datetime.now(UTC) + timedelta(days=1)).timestamp() * 1_000_000)
        place.administer(
            f"INSERT INTO vaults (id, name, created_at) VALUES ({other}, 'Other', 0)",
            "INSERT INTO id_clients (vault_id, number, holder, generation, writes, leased_at, expires_at)"
            f" VALUES ({other}, 0, 'x', 1, 0, 0, {later})",
        )
        assert number_of(vault.database.new_id()) == 0
