"""Wrong factors counted in the database: one contract on both engines; on PostgreSQL by the server's rules."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import psycopg
import pytest

from aether_desktop.domain.back_off import wait_after
from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import WrongFactorError
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.stores.attempts import SqlAttemptStore
from tests.support.audits import ask
from tests.support.storages import VaultPlace


@pytest.fixture
def attempts(storage: SqlStorage) -> SqlAttemptStore:
    return storage.attempts


def count(place: VaultPlace, failures: int, *, seconds_ago: float = 0.0) -> None:
    """As if so many had failed."""
    now = "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
    if place.engine == "postgresql":
        now = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
        place.administer("ALTER TABLE unlock_attempts DISABLE TRIGGER aether_count_attempt")
    place.administer(
        f"UPDATE unlock_attempts SET failures = {failures:d}, last_at = ({now}) - {int(seconds_ago * 1_000_000):d}"
    )
    if place.engine == "postgresql":
        place.administer("ALTER TABLE unlock_attempts ENABLE TRIGGER aether_count_attempt")


def test_the_third_failure_makes_one_wait_also_on_another_computer(
    attempts: SqlAttemptStore, place: VaultPlace, open_second: Callable[[], SqlStorage]
) -> None:
    elsewhere = open_second().attempts
    assert attempts.wait(Court.HOLY) == 0
    for store in (attempts, elsewhere):
        store.begin(Court.HOLY)
        assert store.wait(Court.HOLY) == 0
    count(place, 10)
    with pytest.raises(WrongFactorError) as refused:
        elsewhere.begin(Court.HOLY)
    assert 0 < refused.value.wait <= wait_after(10)
    assert attempts.wait(Court.MOST_HOLY) == 0
    assert ask(place, "SELECT failures FROM unlock_attempts") == [(10,)]  # nothing was tried, so nothing was counted
    count(place, 10, seconds_ago=wait_after(10) + 1)
    attempts.begin(Court.HOLY)
    assert attempts.wait(Court.HOLY) > wait_after(10)
    elsewhere.succeed(Court.HOLY)
    assert attempts.wait(Court.HOLY) == 0
    assert ask(place, "SELECT failures FROM unlock_attempts") == [(0,)]


def test_guesses_at_the_same_moment_are_all_counted(place: VaultPlace) -> None:
    clients = [place.open() for _ in range(4)]
    tried: list[bool] = []

    def guess(client: SqlStorage) -> None:
        try:
            client.attempts.begin(Court.HOLY)
        except WrongFactorError:
            tried.append(False)
        else:
            tried.append(True)

    threads = [threading.Thread(target=guess, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(tried) == 3  # the fourth has to wait
    assert ask(place, "SELECT failures FROM unlock_attempts") == [(3,)]


def test_from_the_third_on_the_log_tells(attempts: SqlAttemptStore, storage: SqlStorage, place: VaultPlace) -> None:
    before = storage.audit.head().size
    attempts.begin(Court.HOLY)
    attempts.begin(Court.HOLY)
    assert storage.audit.head().size == before
    attempts.begin(Court.HOLY)
    entry = storage.audit.recent(1)[0]
    facts = json.loads(entry.detail)
    assert (entry.action, facts["level"], facts["failures"]) == ("level.attempt", 2, 2)
    assert ask(place, "SELECT failures FROM unlock_attempts") == [(3,)]


class TestByPsql:
    @pytest.fixture(autouse=True)
    def shared(self, place: VaultPlace) -> None:
        if place.engine != "postgresql":
            pytest.skip("in a vault file there is nobody else")

    def test_a_count_grows_by_one_or_ends(self, attempts: SqlAttemptStore, place: VaultPlace) -> None:
        """Whoever has the person's login can say that a factor was right, as the program does; nothing else."""
        for _ in range(3):
            attempts.begin(Court.HOLY)
        with psycopg.connect(place.location) as person:
            person.execute("UPDATE unlock_attempts SET failures = 1, last_at = 0")
        assert ask(place, "SELECT failures, last_at > 1000000 FROM unlock_attempts") == [(4, True)]
        with psycopg.connect(place.location) as person:
            person.execute("UPDATE unlock_attempts SET failures = 0")
        assert ask(place, "SELECT failures FROM unlock_attempts") == [(0,)]

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM unlock_attempts",
            "UPDATE unlock_attempts SET level = 3",
            "UPDATE unlock_attempts SET user_id = user_id + 1",
            "ALTER TABLE unlock_attempts DISABLE TRIGGER aether_count_attempt",
        ],
    )
    def test_a_count_cannot_be_put_away(self, attempts: SqlAttemptStore, place: VaultPlace, statement: str) -> None:
        attempts.begin(Court.HOLY)
        with psycopg.connect(place.location) as person, pytest.raises(psycopg.errors.InsufficientPrivilege):
            person.execute(statement.encode())
