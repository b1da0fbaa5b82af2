"""The change feed: own changes at once, another client's within a second, on both engines; clean ends."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import MOST_IDS, ChangeSet
from aether_desktop.storage.changes import EVERYTHING, HintCoder, PostgresWatcher, SqlChangeFeed
from aether_desktop.storage.opening import OpenVault, open_shared
from tests.storage.test_database import CHANGE, store
from tests.support.postgres import PostgresCluster
from tests.support.storages import FOUNDER, VaultPlace, as_founder, database_template

WALLETS = ChangeSet(frozenset({TableName.WALLETS}), frozenset({7}))
SECONDS = 1.0  # the promise


class Ear:
    """Collects what a feed publishes."""

    def __init__(self, vault: OpenVault) -> None:
        self._heard: queue.SimpleQueue[ChangeSet] = queue.SimpleQueue()
        vault.feed.subscribe(self._heard.put)

    def next(self, seconds: float = SECONDS) -> ChangeSet:
        """The next change; fails when it takes longer than promised."""
        return self._heard.get(timeout=seconds)

    def foreign(self, seconds: float = SECONDS) -> ChangeSet:
        """The next change of another client."""
        deadline = time.monotonic() + seconds
        while True:
            changes = self.next(max(deadline - time.monotonic(), 0.001))
            if changes.foreign:
                return changes

    def drain(self) -> list[ChangeSet]:
        found = []
        while not self._heard.empty():
            found.append(self._heard.get())
        return found


def ready(vault: OpenVault) -> OpenVault:
    """On PostgreSQL: wait until hints are proven to arrive."""
    if isinstance(vault.watcher, PostgresWatcher):
        assert vault.watcher.listening.wait(10)
    return vault


def change(vault: OpenVault, changes: ChangeSet = WALLETS) -> None:
    database = vault.database
    with database.write(action="x", table="y") as unit:
        unit.audit(rows=0, tried=True)
        unit.changed(changes)


class TestFeed:
    def test_own_changes_come_at_once_and_as_they_are(self, vault: OpenVault) -> None:
        ear = Ear(vault)
        change(vault)
        assert ear.next(0.001) == WALLETS

    def test_who_stopped_listening_hears_nothing(self) -> None:
        feed = SqlChangeFeed()
        heard: list[ChangeSet] = []
        stop = feed.subscribe(heard.append)
        feed.publish(WALLETS)
        stop()
        stop()
        feed.publish(WALLETS)
        assert heard == [WALLETS]

    def test_a_listener_may_stop_itself_and_subscribe_others(self) -> None:
        feed = SqlChangeFeed()
        heard: list[str] = []

        def once(_: ChangeSet) -> None:
            heard.append("once")
            stop()
            feed.subscribe(lambda _: heard.append("other"))

        stop = feed.subscribe(once)
        feed.publish(WALLETS)
        feed.publish(WALLETS)
        assert heard == ["once", "other"]

    def test_a_listener_s_error_does_not_look_like_a_failed_write(
        self, vault: OpenVault, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(_: ChangeSet) -> None:
            raise ZeroDivisionError

        vault.feed.subscribe(broken)
        ear = Ear(vault)
        with caplog.at_level(logging.ERROR):
            store(vault.database, "a")
        assert ear.next() == CHANGE
        assert "a listener to changes failed" in caplog.text


def test_a_change_of_very_many_rows_does_not_list_them() -> None:
    first, second = (ChangeSet(ids=frozenset(range(start, start + MOST_IDS // 2))) for start in (0, MOST_IDS // 2))
    together = first | second
    assert together.ids == frozenset(range(MOST_IDS))
    assert (together | ChangeSet(ids=frozenset({MOST_IDS}))).ids is None


class TestOtherClients:
    def test_they_see_each_other_s_changes_within_a_second(self, place: VaultPlace) -> None:
        first, second = ready(place.open_raw()), ready(place.open_raw())
        one, two = Ear(first), Ear(second)
        change(first)
        seen = two.foreign()
        assert TableName.WALLETS in seen.tables
        assert seen.ids is None
        change(second)
        assert TableName.WALLETS in one.foreign().tables

    def test_one_s_own_changes_do_not_come_back_as_foreign(self, place: VaultPlace) -> None:
        first, second = ready(place.open_raw()), ready(place.open_raw())
        one, two = Ear(first), Ear(second)
        for _ in range(3):
            change(first)
        two.foreign()
        change(second)
        one.foreign()  # by now an echo of its own would have arrived, too
        assert [changes for changes in one.drain() if changes.foreign and changes != EVERYTHING] == []

    def test_closing_ends_the_thread_promptly(self, place: VaultPlace) -> None:
        vault = ready(place.open_raw())
        began = time.monotonic()
        vault.close()
        vault.close()
        assert time.monotonic() - began < SECONDS
        assert not [thread for thread in threading.enumerate() if thread.name.endswith("-watch")]


# -- PostgreSQL only ---------------------------------------------------------------------------------------------


@pytest.fixture
def shared(postgres_cluster: PostgresCluster, postgres_database: Callable[..., str]) -> str:
    return as_founder(postgres_database(template=database_template(postgres_cluster)))


class TestHints:
    def test_a_hint_says_kinds_and_no_ids(self, shared: str) -> None:
        with closing(open_shared(shared, username=FOUNDER)) as vault, psycopg.connect(shared, autocommit=True) as ear:
            ear.execute("LISTEN aether_changes")
            change(vault, ChangeSet(frozenset({TableName.WALLETS}), frozenset({123456789}), annotations=True))
            payloads = [
                hint.payload
                for hint in ear.notifies(timeout=SECONDS, stop_after=1)
                if not hint.payload.endswith("hello")
            ] or [hint.payload for hint in ear.notifies(timeout=SECONDS, stop_after=1)]
        assert payloads[0].endswith(" wallets,annotations")
        assert "123456789" not in payloads[0]
        assert str(vault.info.vault_id) not in payloads[0]

    def test_a_refused_write_gives_no_hint(self, shared: str) -> None:
        with (
            closing(ready(open_shared(shared, username=FOUNDER))) as vault,
            closing(ready(open_shared(shared, username=FOUNDER))) as other,
        ):
            ear = Ear(other)
            with pytest.raises(ZeroDivisionError), vault.database.write(action="x", table="y") as unit:
                unit.changed(WALLETS)
                raise ZeroDivisionError
            change(vault, ChangeSet(frozenset({TableName.USERS})))
            assert ear.foreign() == ChangeSet(frozenset({TableName.USERS}), None, foreign=True)

    def test_reading_hints(self) -> None:
        mine, theirs, elsewhere = HintCoder(5), HintCoder(5), HintCoder(6)
        hint = theirs.announce(WALLETS)
        assert mine.read(hint) == ChangeSet(frozenset({TableName.WALLETS}), None, foreign=True)
        assert theirs.read(hint) is None
        assert theirs.is_own(hint)
        assert elsewhere.read(hint) is None
        assert mine.read(theirs.hello()) is None
        assert mine.read(f"{mine.vault} 00000000 planets,wallets") == EVERYTHING  # a newer program
        for nonsense in ("", " ", "x", "x y", "x y z"):
            assert mine.read(nonsense) is None


class TestPolling:
    def test_what_was_changed_past_every_client_is_told_once(
        self, postgres_cluster: PostgresCluster, postgres_database: Callable[..., str]
    ) -> None:
        administration = postgres_database(template=database_template(postgres_cluster))
        with closing(open_shared(as_founder(administration), username=FOUNDER)) as vault:
            ear = Ear(ready(vault))
            assert isinstance(vault.watcher, PostgresWatcher)
            with psycopg.connect(administration) as by_hand:
                by_hand.execute("UPDATE users SET display_name = 'by hand'")
            assert ear.foreign(10) == EVERYTHING
            change(vault)  # one's own, which the log tells of as well
            vault.watcher._poll(quiet=False)
            assert [changes for changes in ear.drain() if changes.foreign] == []

    def test_behind_a_pooler_changes_are_polled_for(self, shared: str) -> None:
        with closing(open_shared(f"{shared}?pooler=transaction", username=FOUNDER)) as polling:
            ear = Ear(polling)
            assert isinstance(polling.watcher, PostgresWatcher)
            with closing(open_shared(shared, username=FOUNDER)) as other:
                polling.watcher.primed.wait(5)
                change(other)
                assert ear.foreign(2 * SECONDS) == EVERYTHING
            assert not polling.watcher.listening.is_set()

    def test_a_cut_listening_connection_is_replaced_and_nothing_is_missed(
        self, shared: str, postgres_cluster: PostgresCluster
    ) -> None:
        with closing(ready(open_shared(shared, username=FOUNDER))) as vault:
            ear = Ear(vault)
            with closing(open_shared(shared, username=FOUNDER)) as other:
                with psycopg.connect(shared, autocommit=True) as admin:
                    admin.execute(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
                    )
                change(other)
                assert ear.foreign(10).foreign
                assert isinstance(vault.watcher, PostgresWatcher)
                assert vault.watcher.listening.wait(10)


def test_a_server_that_goes_and_comes_back_is_told_once_each(disposable_postgres: PostgresCluster) -> None:
    told: queue.SimpleQueue[bool] = queue.SimpleQueue()
    name = disposable_postgres.create_database(template=database_template(disposable_postgres))
    with closing(ready(open_shared(as_founder(disposable_postgres.url(name)), username=FOUNDER))) as vault:
        vault.feed.watch_reach(told.put)
        ear = Ear(vault)
        disposable_postgres.stop(immediate=False)
        assert told.get(timeout=30) is False
        disposable_postgres.start()
        assert told.get(timeout=30) is True
        assert ear.foreign(10) == EVERYTHING  # what was read before may be old
        assert told.empty()
