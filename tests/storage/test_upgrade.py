"""Older and newer schemas: vaults migrate when opened, databases on command only, a kill leaves old or new."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aether_desktop.domain.text import fold
from aether_desktop.ports.errors import (
    NotAVaultError,
    SchemaTooNewError,
    SchemaTooOldError,
    StorageError,
)
from aether_desktop.ports.storage import Storage
from aether_desktop.storage.access.provisioning import migrate_shared, provision_shared
from aether_desktop.storage.opening import open_shared, open_vault_file
from aether_desktop.storage.schema import METADATA
from aether_desktop.storage.sql_storage import SqlStorage, open_vault
from aether_desktop.storage.sqlite import SqliteKit
from aether_desktop.storage.stores.records import FOLDED
from aether_desktop.storage.upgrade import MIGRATION_LOCK, Migrations
from aether_desktop.storage.vault_files import create_file
from tests.support import dumps
from tests.support.next_migration import NEXT, tree_with_next
from tests.support.schema_comparison import schema_of
from tests.support.storages import ENGINES, FOUNDER, KEY, as_founder, provision

ROOT = Path(__file__).parents[2]
HEAD = Migrations().head
Row = tuple[Any, ...]


class OldPlace:
    """A vault or database as a program with the schema ``revision`` left it."""

    def __init__(self, engine: str, revision: str, location: str) -> None:
        self.engine = engine
        self.location = location
        self.revision = revision

    @property
    def path(self) -> Path:
        return Path(self.location)

    def open(self, migrations: Migrations | None = None) -> SqlStorage:
        """As the program does; on PostgreSQL the administrator has provisioned before."""
        if self.engine == "sqlite":
            return SqlStorage(open_vault_file(self.path, KEY, migrations=migrations))
        provision(self.location, migrations=migrations)
        return SqlStorage(open_shared(as_founder(self.location), username=FOUNDER, migrations=migrations))

    def rows(self, query: str) -> list[Row]:
        """Straight from the tables, past the program."""
        if self.engine == "sqlite":
            kit = SqliteKit(self.path, KEY)
            try:
                with closing(kit.connect()) as connection:
                    return [tuple(row) for row in connection.execute(query)]
            finally:
                kit.dispose()
        with psycopg.connect(self.location) as session:
            return session.execute(query.encode()).fetchall()

    @property
    def stored_revision(self) -> str:
        return str(self.rows("SELECT version_num FROM aether_schema")[0][0])

    def content(self) -> dict[str, list[Row]]:
        """Every row of every table of the program's."""
        names = sorted(set(self.tables()) - {"aether_schema", "id_clients"})
        return {name: sorted(self.rows(f'SELECT * FROM "{name}"'), key=repr) for name in names}

    def tables(self) -> list[str]:
        if self.engine == "sqlite":
            return [row[0] for row in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [row[0] for row in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


MakeOld = Callable[[str, str], OldPlace]


@pytest.fixture
def make_old(tmp_path: Path, request: pytest.FixtureRequest) -> MakeOld:
    """Makes the places from the kept files."""

    def make(engine: str, revision: str) -> OldPlace:
        if engine == "sqlite":
            location = str(tmp_path / "old.aether")
            dumps.make_vault(revision, Path(location))
        else:
            location = request.getfixturevalue("postgres_database")()
            dumps.make_database(revision, location)
        return OldPlace(engine, revision, location)

    return make


@pytest.fixture(params=ENGINES)
def old(request: pytest.FixtureRequest, make_old: MakeOld) -> OldPlace:
    """Today's schema, seen from the next program's side."""
    return make_old(request.param, HEAD)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The migrations of the next program."""
    return tree_with_next(tmp_path, HEAD)


def facts(storage: Storage) -> dict[str, Any]:
    """What a person would look for after an upgrade, by the stores."""
    wallets = {wallet.name: wallet.id for wallet in storage.wallets.all()}
    found: dict[str, Any] = {
        "wallets": sorted(wallets),
        "balances": sorted(
            (row.wallet, row.currency.symbol, row.base_units, row.rows) for row in storage.transactions.balances()
        ),
        "batches": [(batch.file_name, batch.new, batch.duplicates, batch.rejected) for batch in storage.imports.all()],
        "tags": sorted(storage.annotations.tags()),
        "labels": sorted((words.label, str(words.note), words.tags) for words in storage.annotations.all()),
        "people": sorted(user.username for user in storage.users.all()),
        "prices": {symbol: price.price for symbol, price in storage.prices.latest("EUR").items()},
        "foreign": [label.record for label in storage.annotations.foreign_labels()],
    }
    return found


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("revision", dumps.revisions())
def test_every_released_schema_opens_with_all_its_data(engine: str, revision: str, make_old: MakeOld) -> None:
    place = make_old(engine, revision)
    with closing(place.open()) as storage:
        assert storage.info.schema_revision == HEAD
        assert storage.check() == []
        found = facts(storage)
    assert found["wallets"] == ["Savings Öl", "Treasury"]
    assert (
        "Treasury",
        "ETH",
        sum(2**256 - 1 - n for n in range(20)) + 5 * 10**17 - 21_000 * 10**9 - 10**15,
        24,
    ) in found["balances"]
    assert [batch[1:] for batch in found["batches"]] == [(0, 20, 1), (20, 0, 1)]
    assert found["tags"] == ["Fixed", "home", "homestead"]
    assert ("Lamp ÖL", "see 50%\nfile", ("home", "Fixed")) in found["labels"]
    assert found["people"] == ["Tabitha", FOUNDER]
    assert found["prices"] == {"ETH": "1234.56"}
    assert found["foreign"] == [{"type": "tx", "ref": "ab", "label": "Later"}]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_follows_from_other_columns_is_filled_in(engine: str, make_old: MakeOld) -> None:
    """Revision 0009: folded texts, sums of thresholds."""
    place = make_old(engine, "0008")
    place.open().close()
    looked_at = 0
    for table in METADATA.sorted_tables:
        for column in (each.name for each in table.columns):
            plain = column.removesuffix(FOLDED)
            if plain != column and f"{plain}_sealed" not in table.columns:
                pairs = place.rows(f"SELECT {plain}, {column} FROM {table.name}")
                assert all(folded == fold(text) for text, folded in pairs), (table.name, column)
                looked_at += any(text != folded for text, folded in pairs)
    assert looked_at >= 6
    parts = "storage_threshold + compute_threshold + abundance_threshold"
    sums = place.rows(f"SELECT {parts}, threshold_rank FROM temple_nodes")
    assert sums
    assert all(total == rank for total, rank in sums)


class TestUpgrading:
    def test_rows_survive_the_rebuilding_of_their_parent_table(self, old: OldPlace, tree: Path) -> None:
        before = old.content()
        assert before["annotation_tags"]
        old.open(Migrations(tree)).close()
        after = old.content()
        assert old.stored_revision == NEXT
        changed = {name for name in before if before[name] != after[name]}
        provisioned = {"vault_members", "audit_entries", "audit_heads", "search_marks"}  # a login; labels changed
        assert changed - provisioned == {"annotations"}
        assert len(after["annotations"]) == len(before["annotations"])
        moods = old.rows("SELECT DISTINCT mood FROM annotations")
        assert moods == [("calm",)]
        assert all(label.endswith("!") for (label,) in old.rows("SELECT label FROM annotations"))

    def test_rebuilt_tables_stay_strict(self, make_old: MakeOld, tree: Path) -> None:
        place = make_old("sqlite", HEAD)
        place.open(Migrations(tree)).close()
        kit = SqliteKit(place.path, KEY)
        with kit.reader.connect() as connection:
            assert "STRICT" in schema_of(connection)["annotations"]
        kit.dispose()

    def test_a_vault_is_kept_as_it_was_beside_the_upgraded_one(self, make_old: MakeOld, tree: Path) -> None:
        place = make_old("sqlite", HEAD)
        before = place.content()
        told: list[str] = []

        def listen(done: int, total: int | None, message: str = "") -> None:
            told.append(message)

        open_vault_file(place.path, KEY, migrations=Migrations(tree), progress=listen).close()
        kept = OldPlace("sqlite", HEAD, f"{place.location}.before-{HEAD}")
        assert kept.path.stat().st_mode & 0o777 == 0o600
        assert kept.stored_revision == HEAD
        assert kept.content() == before
        assert place.stored_revision == NEXT
        assert any("Copying" in message for message in told)
        assert f"Migrating the vault from schema {HEAD} to {NEXT}" in told

    def test_a_current_vault_is_not_copied(self, make_old: MakeOld) -> None:
        place = make_old("sqlite", HEAD)
        place.open().close()
        assert [path.name for path in place.path.parent.iterdir()] == [place.path.name]

    def test_a_failing_migration_leaves_the_old_schema(
        self, old: OldPlace, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = old.content()
        monkeypatch.setenv("AETHER_TEST_FAIL", "1")
        with pytest.raises(StorageError):
            old.open(Migrations(tree))
        assert old.stored_revision == HEAD
        assert old.content() == before
        old.open().close()  # today's program still works with it

    def test_without_room_for_the_copy_nothing_is_migrated(
        self, make_old: MakeOld, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = make_old("sqlite", HEAD)
        blocker = place.path.with_name(f"{place.path.name}.before-{HEAD}")
        blocker.mkdir()
        (blocker / "file").touch()
        with pytest.raises(StorageError):
            place.open(Migrations(tree))
        assert place.stored_revision == HEAD

    def test_two_programs_that_migrate_at_once_do_it_once(self, old: OldPlace, tree: Path) -> None:
        errors: list[BaseException] = []

        def work() -> None:
            try:
                old.open(Migrations(tree)).close()
            except BaseException as error:  # noqa: BLE001 - looked at below
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert old.stored_revision == NEXT
        assert all(label.count("!") == 1 for (label,) in old.rows("SELECT label FROM annotations"))


class TestNewerAndOlder:
    def test_a_newer_schema_is_refused_and_left_alone(self, old: OldPlace, tree: Path) -> None:
        old.open(Migrations(tree)).close()
        content = old.content()
        with pytest.raises(SchemaTooNewError) as refused:
            old.open()
        assert NEXT in refused.value.message
        assert HEAD in refused.value.message
        if old.engine == "postgresql":
            with pytest.raises(SchemaTooNewError):
                open_shared(as_founder(old.location), username=FOUNDER)
        assert old.content() == content

    def test_a_database_is_migrated_by_its_administrator_only(self, make_old: MakeOld, tree: Path) -> None:
        place = make_old("postgresql", HEAD)
        with pytest.raises(SchemaTooOldError, match="administrator") as refused:
            open_shared(place.location, username=FOUNDER, migrations=Migrations(tree))
        assert NEXT in refused.value.message
        assert HEAD in refused.value.message
        assert place.stored_revision == HEAD
        assert migrate_shared(place.location, migrations=Migrations(tree)) == (HEAD, NEXT)
        assert migrate_shared(place.location, migrations=Migrations(tree)) == (NEXT, NEXT)


class TestForeign:
    def test_an_empty_database_holds_no_vault(self, postgres_database: Callable[..., str]) -> None:
        url = postgres_database()
        with pytest.raises(NotAVaultError, match="postgres provision"):
            open_shared(url)
        assert _tables(url) == []
        assert migrate_shared(url) == (None, HEAD)
        with pytest.raises(NotAVaultError, match="holds no vault that its server protects yet"):
            open_shared(url)

    @pytest.mark.parametrize(
        "statement",
        [
            "CREATE TABLE customers AS SELECT 1 AS id",
            "CREATE TABLE alembic_version AS SELECT 'abc123' AS version_num",
        ],
    )
    def test_another_program_s_database_is_not_touched_unasked(
        self, postgres_database: Callable[..., str], statement: str
    ) -> None:
        url = postgres_database()
        with psycopg.connect(url) as session:
            session.execute(statement.encode())
        before = _tables(url)
        for use in (open_shared, migrate_shared):
            with pytest.raises(NotAVaultError, match="another program"):
                use(url)
        with pytest.raises(NotAVaultError, match="another program"):
            provision_shared(url, name="Family", username="miriam", verifier="none")
        assert _tables(url) == before
        assert migrate_shared(url, into_foreign=True) == (None, HEAD)
        assert set(before) < set(_tables(url))

    def test_an_encrypted_file_of_another_program_is_no_vault(self, tmp_path: Path) -> None:
        path = tmp_path / "other.aether"
        create_file(path)
        kit = SqliteKit(path, KEY)
        with closing(kit.connect()) as connection:
            connection.execute("CREATE TABLE customers (id INTEGER)")
        kit.dispose()
        content = path.read_bytes()
        with pytest.raises(NotAVaultError, match="another program"):
            open_vault(path, KEY)
        assert path.read_bytes() == content
        assert {entry.name for entry in tmp_path.iterdir()} == {path.name}


def _tables(url: str) -> list[str]:
    with psycopg.connect(url) as session:
        return [row[0] for row in session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


class TestKilled:
    def test_a_kill_in_the_middle_leaves_the_old_schema(self, old: OldPlace, tree: Path) -> None:
        before = old.content()
        environment = {**os.environ, "AETHER_TEST_HOLD": "1"}
        with subprocess.Popen(
            [sys.executable, "-m", "tests.support.next_migration", old.engine, old.location, str(tree)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdout is not None
            lines = iter(child.stdout.readline, "")
            assert next(line for line in lines if line == "half\n")
            child.kill()
        assert child.returncode == -9
        assert old.stored_revision == HEAD
        assert old.content() == before
        with closing(old.open()) as storage:  # today's program
            assert storage.check() == []
        with closing(old.open(Migrations(tree))) as storage:  # the next one tries again
            assert storage.info.schema_revision == NEXT
        assert old.stored_revision == NEXT
        assert all(label.count("!") == 1 for (label,) in old.rows("SELECT label FROM annotations"))

    def test_a_second_administrator_waits_for_the_first(self, make_old: MakeOld, tree: Path) -> None:
        place = make_old("postgresql", HEAD)
        with psycopg.connect(place.location) as first:
            first.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
            thread = threading.Thread(
                target=migrate_shared, args=(place.location,), kwargs={"migrations": Migrations(tree)}
            )
            thread.start()
            with psycopg.connect(place.location, autocommit=True) as watcher:
                waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                while watcher.execute(waiting).fetchone() == (0,):
                    assert thread.is_alive()
            assert place.stored_revision == HEAD
        thread.join()
        assert place.stored_revision == NEXT
