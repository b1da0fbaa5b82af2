"""Transactions as stores use them: snapshots, audit, savepoints, cancelling, lost connections; on both engines."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, func, insert, select, text

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import (
    AlreadyExistsError,
    InvalidInputError,
    NotFoundError,
    OperationCancelled,
    PermissionDeniedError,
    StorageBusyError,
    StorageError,
    StorageUnavailableError,
)
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage import postgresql
from aether_desktop.storage.changes import PostgresWatcher
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.failures import ConnectionLostError
from aether_desktop.storage.opening import OpenVault, open_shared
from aether_desktop.storage.schema import AUDIT_ENTRIES, FOREIGN_LABELS
from aether_desktop.storage.sqlite import SqliteKit
from tests.support.flaky_link import Cut, FlakyLink
from tests.support.postgres import PostgresCluster
from tests.support.storages import FOUNDER, KEY, VaultPlace, as_founder, database_template

CHANGE = ChangeSet(frozenset({TableName.WALLETS}), frozenset({1}))
ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(600)",
}


def put(unit: Unit, ref: str, record_id: int) -> None:
    owner = {"vault_id": unit.vault_id, "owner_id": unit.user_id}
    row = {**owner, "id": record_id, "type": "tx", "ref": ref, "record": {}}
    unit.connection.execute(insert(FOREIGN_LABELS).values(row))
    unit.audit(rows=1)


def store(database: Database, ref: str) -> None:
    with database.write(action="label.create", table="foreign_labels") as unit:
        put(unit, ref, database.new_id())
        unit.changed(CHANGE)


def refs(database: Database) -> list[str]:
    query = select(FOREIGN_LABELS.c.ref).where(FOREIGN_LABELS.c.vault_id == database.vault_id)
    return database.fetch(lambda connection: list(connection.execute(query.order_by(FOREIGN_LABELS.c.id)).scalars()))


def audit(database: Database) -> list[tuple[str, str, int]]:
    entries = AUDIT_ENTRIES.c
    query = select(entries.action, entries.table_name, entries.row_count).order_by(entries.id)
    return database.fetch(lambda connection: [tuple(row) for row in connection.execute(query)])[1:]


class TestWriting:
    def test_a_write_is_stored_audited_and_published_once(self, database: Database) -> None:
        heard: list[ChangeSet] = []
        database.changes.subscribe(heard.append)
        store(database, "a")
        assert refs(database) == ["a"]
        assert audit(database) == [("label.create", "foreign_labels", 1)]
        assert heard == [CHANGE]

    def test_an_error_undoes_the_write_and_publishes_nothing(self, database: Database) -> None:
        heard: list[ChangeSet] = []
        database.changes.subscribe(heard.append)
        with pytest.raises(ZeroDivisionError), database.write(action="x", table="y") as unit:
            put(unit, "a", database.new_id())
            unit.changed(CHANGE)
            raise ZeroDivisionError
        assert refs(database) == []
        assert audit(database) == []
        assert heard == []

    def test_a_unit_of_work_commits_as_one(self, database: Database) -> None:
        heard: list[ChangeSet] = []
        database.changes.subscribe(heard.append)
        with database.unit_of_work():
            store(database, "a")
            store(database, "b")
            assert refs(database) == ["a", "b"]  # a read inside sees its own writes
            assert heard == []
        assert refs(database) == ["a", "b"]
        assert len(audit(database)) == 2
        assert heard == [CHANGE]

    def test_a_failed_unit_of_work_leaves_nothing(self, database: Database) -> None:
        with pytest.raises(ZeroDivisionError), database.unit_of_work():
            store(database, "a")
            raise ZeroDivisionError
        assert refs(database) == []
        assert audit(database) == []

    def test_a_refused_part_can_be_left_out(self, database: Database) -> None:
        with database.unit_of_work():
            store(database, "a")
            with pytest.raises(AlreadyExistsError):
                store(database, "a")
            store(database, "b")
        assert refs(database) == ["a", "b"]
        assert len(audit(database)) == 2

    def test_a_write_that_wrote_nothing_is_not_audited(self, database: Database) -> None:
        with database.write(action="x", table="y"):
            pass
        assert audit(database) == []

    def test_the_schema_refuses_in_our_words(self, database: Database) -> None:
        store(database, "a")
        with pytest.raises(AlreadyExistsError) as unique:
            store(database, "a")
        assert unique.value.field == "origin"  # the last column of (owner_id, type, ref, origin)
        with pytest.raises(InvalidInputError), database.write(action="x", table="y") as unit:
            owner = {"vault_id": unit.vault_id, "owner_id": unit.user_id}
            values = {**owner, "id": database.new_id(), "type": "", "ref": "r", "record": {}}
            unit.connection.execute(insert(FOREIGN_LABELS).values(values))
        unknown = pytest.raises((NotFoundError, PermissionDeniedError))  # a shared server does not say which vaults
        with unknown, database.write(action="x", table="y") as unit:
            values = {"vault_id": 1, "id": database.new_id(), "type": "tx", "ref": "r", "record": {}}
            unit.connection.execute(insert(FOREIGN_LABELS).values(values))
        assert refs(database) == ["a"]

    def test_a_refusal_holds_until_it_is_lifted_and_keeps_no_frames(self, database: Database) -> None:
        database.refuse_writes(refusal := StorageError("The log was altered."))
        frames = []
        for _ in range(3):
            with pytest.raises(StorageError) as caught:
                store(database, "a")
            assert caught.value is refusal
            frames.append(sum(1 for _ in traceback.walk_tb(refusal.__traceback__)))
        assert len(set(frames)) == 1
        assert refs(database) == []
        database.refuse_writes(None)
        store(database, "a")
        assert refs(database) == ["a"]

    def test_writers_of_several_threads_wait_for_one_another(self, database: Database) -> None:
        names = [f"{thread}-{turn}" for thread in range(4) for turn in range(5)]
        threads = [threading.Thread(target=store, args=(database, name)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(refs(database)) == sorted(names)
        assert len(audit(database)) == len(names)


class TestReading:
    def test_a_read_is_one_snapshot(self, database: Database) -> None:
        store(database, "a")
        count = select(func.count()).select_from(FOREIGN_LABELS)
        with database.read() as connection:
            assert connection.execute(count).scalar() == 1
            other = threading.Thread(target=store, args=(database, "b"))
            other.start()
            other.join()
            assert connection.execute(count).scalar() == 1
        assert len(refs(database)) == 2

    def test_a_read_cannot_write(self, database: Database) -> None:
        with pytest.raises(StorageError), database.read() as connection:
            connection.execute(text("DELETE FROM foreign_labels"))

    def test_a_missing_table_is_a_schema_error(self, database: Database) -> None:
        with pytest.raises(StorageError, match="not the ones this program expects"), database.read() as connection:
            connection.execute(text("SELECT * FROM no_such_table"))


class _Started:
    """Tells when the endless statement is about to run; cancelling must work from then on, and even before."""

    def __init__(self, token: CancelToken) -> None:
        self.token = token
        self.event = threading.Event()
        self.thread = threading.Thread(target=self._cancel)

    def __enter__(self) -> _Started:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.event.set()
        self.thread.join()

    def _cancel(self) -> None:
        self.event.wait()
        self.token.cancel()


class TestCancelling:
    def test_a_running_read_stops(self, database: Database) -> None:
        token = CancelToken()

        def endless(connection: Connection) -> object:
            started.event.set()
            return connection.execute(text(ENDLESS[database.dialect])).scalar()

        with _Started(token) as started, pytest.raises(OperationCancelled):
            database.fetch(endless, token=token)
        assert refs(database) == []  # the connection is in order

    def test_a_running_write_stops_and_nothing_is_stored(self, database: Database) -> None:
        token = CancelToken()
        with (
            _Started(token) as started,
            pytest.raises(OperationCancelled),
            database.write(action="x", table="y", token=token) as unit,
        ):
            put(unit, "a", database.new_id())
            started.event.set()
            unit.connection.execute(text(ENDLESS[database.dialect])).scalar()
        assert refs(database) == []
        store(database, "b")
        assert refs(database) == ["b"]

    def test_a_set_token_stops_at_once(self, database: Database) -> None:
        token = CancelToken()
        token.cancel()
        with pytest.raises(OperationCancelled), database.read(token):
            pass
        with pytest.raises(OperationCancelled), database.write(action="x", table="y", token=token):
            pass

    def test_cancelling_after_the_last_statement_still_stores_nothing(self, database: Database) -> None:
        token = CancelToken()
        with pytest.raises(OperationCancelled), database.write(action="x", table="y", token=token) as unit:
            put(unit, "a", database.new_id())
            token.cancel()
        assert refs(database) == []

    def test_a_cancelled_part_does_not_free_the_rest_from_its_transaction(self, database: Database) -> None:
        """SQLite gives up the whole transaction when a writing statement is interrupted."""
        token = CancelToken()
        endless = {
            "sqlite": "INSERT INTO foreign_labels (vault_id, id, type, ref, record)"
            " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            f" SELECT {database.vault_id}, i, 'tx', 'x' || i, '{{}}' FROM n",
            "postgresql": ENDLESS["postgresql"],
        }
        try:
            with database.unit_of_work():
                store(database, "a")
                with (
                    _Started(token) as started,
                    pytest.raises(OperationCancelled),
                    database.write(action="x", table="y", token=token) as unit,
                ):
                    started.event.set()
                    unit.connection.execute(text(endless[database.dialect]))
                store(database, "b")
        except StorageError as error:
            assert "nothing was stored" in error.message  # noqa: PT017 - one of two right outcomes
            assert refs(database) == []
        else:
            assert refs(database) == ["a", "b"]

    def test_an_interruption_that_nobody_asked_for_is_not_a_cancellation(self, place: VaultPlace) -> None:
        if place.engine == "postgresql":
            pytest.skip("sqlite3_interrupt is SQLite's")
        vault = place.open_raw()
        with pytest.raises(StorageBusyError), vault.database.read() as connection:
            driver: Any = connection.connection.driver_connection
            timer = threading.Timer(0.05, driver.interrupt)
            timer.start()
            connection.execute(text(ENDLESS["sqlite"])).scalar()
        timer.join()


class TestAnotherProgram:
    def test_a_held_vault_is_busy(self, tmp_path: Path, place: VaultPlace) -> None:
        if place.engine == "postgresql":
            pytest.skip("PostgreSQL lets writers in side by side")
        vault = place.open_raw()
        store(vault.database, "a")
        other = SqliteKit(Path(place.location), KEY, busy_seconds=0.05)
        with closing(other.connect()) as holder:
            holder.execute("BEGIN IMMEDIATE")
            kit = SqliteKit(Path(place.location), KEY, busy_seconds=0.05)
            database = Database(
                kit,
                vault_id=vault.database.vault_id,
                user_id=vault.database.user_id,
                changes=vault.feed,
                identifiers=vault.database._identifiers,
                hints=vault.database._hints,
            )
            with pytest.raises(StorageBusyError, match="Another program holds"):
                store(database, "b")
            holder.execute("ROLLBACK")
            store(database, "c")
            kit.dispose()
        other.dispose()
        assert refs(vault.database) == ["a", "c"]


# -- lost connections to PostgreSQL ------------------------------------------------------------------------------


@pytest.fixture
def shared(postgres_cluster: PostgresCluster, postgres_database: Callable[..., str]) -> str:
    """The address of a database with a vault."""
    return as_founder(postgres_database(template=database_template(postgres_cluster)))


@pytest.fixture
def link(postgres_cluster: PostgresCluster) -> Iterator[FlakyLink]:
    with closing(FlakyLink(postgres_cluster.port)) as flaky:
        yield flaky


@pytest.fixture
def over_link(shared: str, link: FlakyLink) -> Iterator[OpenVault]:
    """The vault, reached through the link."""
    with closing(open_shared(link.url(shared), username=FOUNDER)) as vault:
        assert isinstance(vault.watcher, PostgresWatcher)
        assert vault.watcher.listening.wait(10)  # its greeting commits, too
        yield vault


@pytest.fixture
def direct(shared: str) -> Iterator[OpenVault]:
    """The same vault, reached without the link."""
    with closing(open_shared(shared, username=FOUNDER)) as vault:
        yield vault


class TestLostConnection:
    def test_a_read_is_repeated_on_a_fresh_connection(self, direct: OpenVault, shared: str) -> None:
        turns: list[int] = []

        def lost_once(connection: Connection) -> int:
            pid = int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
            turns.append(pid)
            if len(turns) == 1:
                with psycopg.connect(shared) as other:
                    other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            return int(connection.execute(text("SELECT 42")).scalar_one())

        assert direct.database.fetch(lost_once) == 42
        assert len(set(turns)) == 2

    def test_a_read_in_a_unit_of_work_is_not_repeated(self, direct: OpenVault, shared: str) -> None:
        def lost(connection: Connection) -> None:
            pid = int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
            with psycopg.connect(shared) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            connection.execute(text("SELECT 42"))

        with pytest.raises(ConnectionLostError), direct.database.unit_of_work():
            store(direct.database, "a")
            direct.database.fetch(lost)
        assert refs(direct.database) == []

    def test_idle_connections_that_died_are_replaced_unnoticed(
        self, direct: OpenVault, shared: str, postgres_cluster: PostgresCluster
    ) -> None:
        store(direct.database, "a")
        with psycopg.connect(shared) as probe:
            name = probe.info.dbname
        postgres_cluster.end_sessions(name)
        store(direct.database, "b")
        assert refs(direct.database) == ["a", "b"]

    def test_a_commit_whose_answer_is_lost_counts_as_stored(
        self, over_link: OpenVault, direct: OpenVault, link: FlakyLink
    ) -> None:
        heard: list[ChangeSet] = []
        over_link.feed.subscribe(heard.append)
        with over_link.database.write(action="x", table="y") as unit:
            put(unit, "a", over_link.database.new_id())
            unit.changed(CHANGE)
            link.cut_at(b"COMMIT", Cut.AFTER)
        assert link.cut_done.is_set()
        assert refs(direct.database) == ["a"]
        assert CHANGE in heard

    @pytest.mark.parametrize("kind", [Cut.BEFORE, Cut.LINGER])
    def test_a_commit_that_never_arrived_is_reported_as_not_stored(
        self, over_link: OpenVault, direct: OpenVault, link: FlakyLink, kind: Cut
    ) -> None:
        with (
            pytest.raises(ConnectionLostError, match="nothing was stored"),
            over_link.database.write(action="x", table="y") as unit,
        ):
            put(unit, "a", over_link.database.new_id())
            link.cut_at(b"COMMIT", kind)
        assert link.cut_done.is_set()
        assert refs(direct.database) == []
        store(over_link.database, "b")  # trying again works
        assert refs(direct.database) == ["b"]

    def test_when_nobody_answers_it_is_said_that_the_outcome_is_unknown(
        self, over_link: OpenVault, direct: OpenVault, link: FlakyLink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgresql, "_OUTCOME_SECONDS", 0.5)
        heard: list[ChangeSet] = []
        over_link.feed.subscribe(heard.append)
        with (
            pytest.raises(StorageUnavailableError, match="does not say whether") as unknown,
            over_link.database.write(action="x", table="y") as unit,
        ):
            put(unit, "a", over_link.database.new_id())
            unit.changed(CHANGE)
            link.cut_at(b"COMMIT", Cut.AFTER, then_refuse=True)
        assert not isinstance(unknown.value, ConnectionLostError)
        assert "look before you enter it a second time" in unknown.value.hint
        assert CHANGE not in heard
        link.restore()
        assert refs(over_link.database) == refs(direct.database) == ["a"]

    def test_a_connection_lost_before_the_commit_stores_nothing(
        self, over_link: OpenVault, direct: OpenVault, link: FlakyLink
    ) -> None:
        link.cut_at(b"INSERT INTO foreign_labels", Cut.BEFORE)
        with pytest.raises(StorageUnavailableError):
            store(over_link.database, "a")
        assert refs(direct.database) == []
        store(over_link.database, "b")
        assert refs(direct.database) == ["b"]
