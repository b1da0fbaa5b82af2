"""Creating and opening vaults and databases: complete or not there, and every refusal told apart."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from aether_desktop.domain.users import Membership, Role
from aether_desktop.ports.errors import (
    AetherError,
    AlreadyExistsError,
    DamagedVaultError,
    InvalidInputError,
    NotAVaultError,
    NotFoundError,
    PermissionDeniedError,
    SchemaTooOldError,
    StorageBusyError,
    StorageError,
    StorageUnavailableError,
    WrongKeyError,
)
from aether_desktop.ports.storage import Storage
from aether_desktop.storage.access.provisioning import Provisioned
from aether_desktop.storage.schema import VAULT_MEMBERS
from aether_desktop.storage.sql_storage import (
    SqlStorage,
    create_vault,
    migrate_database,
    open_database,
    open_vault,
)
from aether_desktop.storage.sqlite import PAGE_BYTES, SqliteKit, is_plain_database
from aether_desktop.storage.upgrade import Migrations
from tests.storage import samples
from tests.support.postgres import PostgresCluster
from tests.support.storages import FOUNDER, KEY, NAME, VaultPlace, as_founder, database_template, provision

WRONG = bytes(32)


def listing(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


class TestInfo:
    def test_what_was_opened_is_told(self, place: VaultPlace) -> None:
        storage: Storage = place.open()
        info = storage.info
        assert info.engine == place.engine
        assert info.schema_revision == Migrations().head
        assert info.vault_name == NAME
        founder = storage.users.get(info.user_id)
        assert (founder.username, founder.role, founder.membership) == (FOUNDER, Role.ZADOKITE, Membership.GOVERNING)
        assert founder.owner_id == founder.id
        assert storage.users.all() == [founder]
        assert [entry.action for entry in storage.audit.recent(10)] == ["vault.create"]
        if place.engine == "sqlite":
            assert info.location == place.location
            assert info.encrypted
            assert "SQLCipher" in info.engine_version
        else:
            password = place.location.split(":")[2].split("@")[0]
            assert password not in repr(info)
            assert info.location == place.location.replace(f":{password}", "")
            assert info.engine_version.startswith("PostgreSQL ")

    def test_closing_twice_is_harmless(self, place: VaultPlace) -> None:
        storage = place.open()
        storage.close()
        storage.close()

    def test_several_clients_share_the_vault(self, storage: SqlStorage, open_second: Callable[[], SqlStorage]) -> None:
        other = open_second()
        wallet = samples.wallet(storage)
        storage.wallets.create(wallet)
        assert other.wallets.all() == [wallet]
        assert other.info == storage.info


class TestVaultFiles:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "new.aether"

    def test_a_new_vault_is_private_encrypted_and_alone(self, path: Path) -> None:
        with closing(create_vault(path, KEY, name="Öl & Brot", username="Hannah")) as storage:
            assert storage.info.vault_name == "Öl & Brot"
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            beside = [entry for entry in path.parent.iterdir() if entry.name.startswith(path.name)]
            assert all(stat.S_IMODE(entry.stat().st_mode) == 0o600 for entry in beside)
        assert listing(path.parent) == [path.name]
        content = path.read_bytes()
        assert b"SQLite format 3" not in content
        assert b"Hannah" not in content
        assert KEY.hex().encode() not in content
        with pytest.raises(sqlite3.DatabaseError), closing(sqlite3.connect(path)) as plain:
            plain.execute("SELECT count(*) FROM sqlite_master")

    def test_what_is_written_ahead_is_encrypted_too(self, path: Path) -> None:
        with closing(create_vault(path, KEY, name="N", username="u")) as storage:
            storage.wallets.create(samples.wallet(storage, name="Hidden treasure"))
            ahead = path.with_name(path.name + "-wal").read_bytes()
        assert ahead
        assert b"Hidden treasure" not in ahead

    def test_an_existing_file_is_refused_and_kept(self, path: Path) -> None:
        path.write_text("mine")
        with pytest.raises(AlreadyExistsError):
            create_vault(path, KEY, name="N", username="u")
        assert path.read_text() == "mine"
        assert listing(path.parent) == [path.name]

    @pytest.mark.parametrize(
        ("name", "username", "field"),
        [("", "u", "name"), ("x" * 201, "u", "name"), ("N", "", "username"), ("N", "a b", "username")],
    )
    def test_impossible_names_are_refused_by_field(self, path: Path, name: str, username: str, field: str) -> None:
        with pytest.raises(InvalidInputError) as refused:
            create_vault(path, KEY, name=name, username=username)
        assert refused.value.field == field
        assert listing(path.parent) == []

    def test_two_programs_cannot_both_create_it(self, path: Path) -> None:
        results: list[str] = []
        barrier = threading.Barrier(3)

        def work() -> None:
            barrier.wait()
            try:
                create_vault(path, KEY, name="N", username="u").close()
            except AlreadyExistsError:
                results.append("refused")
            else:
                results.append("made")

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == ["made", "refused", "refused"]
        assert listing(path.parent) == [path.name]

    def test_a_vault_without_a_key_is_only_ever_the_sample(self, path: Path) -> None:
        for key, sample in ((None, False), (KEY, True)):
            with pytest.raises(ValueError, match="sample"):
                create_vault(path, key, name="N", username="u", sample=sample)
        assert listing(path.parent) == []
        create_vault(path, None, name="Sample", username="u", sample=True).close()
        with pytest.raises(NotAVaultError, match="without encryption"):
            open_vault(path, KEY)
        with closing(open_vault(path, None, sample=True)) as storage:
            assert not storage.info.encrypted

    def test_a_plain_database_is_told_from_everything_else(self, path: Path, tmp_path: Path) -> None:
        with closing(create_vault(path, None, name="Sample", username="u", sample=True)):
            assert is_plain_database(path)
        assert is_plain_database(path)
        create_vault(tmp_path / "books.aether", KEY, name="N", username="u").close()
        (tmp_path / "text.aether").write_text("SQLite format 3, but not really" * 200)
        (tmp_path / "empty.aether").touch()
        for name in ("books.aether", "text.aether", "none.aether", "."):
            assert not is_plain_database(tmp_path / name)
        assert listing(tmp_path) == ["books.aether", "empty.aether", path.name, "text.aether"]

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(StorageUnavailableError, match="folder"):
            create_vault(tmp_path / "none" / "new.aether", KEY, name="N", username="u")


class TestRefusedFiles:
    @pytest.fixture
    def path(self, sqlite_place: VaultPlace) -> Path:
        return Path(sqlite_place.location)

    def refused(self, path: Path, kind: type[AetherError], *, key: bytes = KEY) -> str:
        before = path.read_bytes() if path.is_file() else b""
        with pytest.raises(kind) as error:
            open_vault(path, key)
        assert type(error.value) is kind
        assert error.value.hint
        if before:
            assert path.read_bytes() == before
        return str(error.value)

    def test_no_file(self, tmp_path: Path) -> None:
        assert "no vault at" in self.refused(tmp_path / "none.aether", NotFoundError)
        assert listing(tmp_path) == []

    def test_a_folder(self, tmp_path: Path) -> None:
        self.refused(tmp_path, NotAVaultError)

    def test_a_wrong_key(self, path: Path) -> None:
        assert "key does not open" in self.refused(path, WrongKeyError, key=WRONG)

    @pytest.mark.parametrize(
        "content", [b"", b"x", b"date;amount\n" * 3000, b"SQLite format 3\x00", bytes(PAGE_BYTES - 1)]
    )
    def test_a_file_that_never_was_a_vault(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        self.refused(path, NotAVaultError)

    def test_an_unencrypted_database(self, tmp_path: Path) -> None:
        path = tmp_path / "plain.aether"
        with closing(sqlite3.connect(path)) as plain:
            plain.execute("CREATE TABLE customers (id)")
        assert "without encryption" in self.refused(path, NotAVaultError)

    def test_an_encrypted_vault_as_the_sample(self, path: Path) -> None:
        with pytest.raises(NotAVaultError, match="encrypted"):
            open_vault(path, None, sample=True)

    @pytest.mark.parametrize("missing", [1, 100, PAGE_BYTES, 3 * PAGE_BYTES + 5])
    def test_a_vault_cut_short(self, path: Path, missing: int) -> None:
        path.write_bytes(path.read_bytes()[:-missing])
        self.refused(path, DamagedVaultError)

    def test_a_damaged_first_page_looks_like_a_wrong_key_and_says_so(self, path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[200] ^= 1
        path.write_bytes(content)
        assert "damaged" in self.refused(path, WrongKeyError)

    def test_refusals_do_not_disturb_whoever_has_it_open(self, sqlite_place: VaultPlace) -> None:
        """Opening and closing the file past SQLite would drop this process's locks on it."""
        storage = sqlite_place.open()
        path = Path(sqlite_place.location)
        with storage.unit_of_work():
            storage.wallets.create(samples.wallet(storage))
            with pytest.raises(WrongKeyError):
                open_vault(path, WRONG)
            with pytest.raises(NotAVaultError):
                open_vault(path, None, sample=True)
            code = (
                "from tests.support.storages import KEY\n"
                "from aether_desktop.storage.sqlite import SqliteKit\nfrom pathlib import Path\nimport sys\n"
                "connection = SqliteKit(Path(sys.argv[1]), KEY, busy_seconds=0).connect()\n"
                "connection.execute('BEGIN IMMEDIATE')\n"
            )
            root = Path(__file__).parents[2]
            other = subprocess.run(
                [sys.executable, "-c", code, str(path)], cwd=root, capture_output=True, text=True, check=False
            )
            assert "database is locked" in other.stderr
        assert len(storage.wallets.all()) == 1

    def test_a_vault_that_another_program_keeps_to_itself(self, path: Path) -> None:
        holder = SqliteKit(path, KEY)
        with closing(holder.connect()) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            other = SqliteKit(path, KEY, busy_seconds=0.05)
            with pytest.raises(StorageBusyError, match="Another program holds the vault"):
                other.prove()

    def test_nothing_is_printed_by_the_engine(self, path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.refused(path, WrongKeyError, key=WRONG)
        content = bytearray(path.read_bytes())
        content[PAGE_BYTES * 3 + 7] ^= 1
        path.write_bytes(content)
        with pytest.raises(StorageError):
            storage = open_vault(path, KEY)
            try:
                assert storage.check()
            finally:
                storage.close()
            raise StorageError("found")
        shown = capfd.readouterr()
        assert (shown.out, shown.err) == ("", "")


class TestDatabases:
    @pytest.fixture
    def administration(self, postgres_cluster: PostgresCluster, postgres_database: Callable[..., str]) -> str:
        """The superuser's address."""
        return postgres_database(template=database_template(postgres_cluster))

    @pytest.fixture
    def url(self, administration: str) -> str:
        return as_founder(administration)

    def test_the_login_is_the_person(self, url: str) -> None:
        with closing(open_database(url)) as storage:
            assert storage.users.get(storage.info.user_id).username == FOUNDER

    def test_a_password_may_come_apart_from_the_url(self, url: str) -> None:
        password = url.split(":")[2].split("@", maxsplit=1)[0]
        bare = url.replace(f":{password}", "")
        with closing(open_database(bare, password=password)) as storage:
            assert storage.info.location == bare
        with pytest.raises(PermissionDeniedError, match="password"):
            open_database(bare, password="wrong")
        with pytest.raises(PermissionDeniedError):
            open_database(bare)

    def test_nobody_opens_it_as_somebody_else(self, url: str) -> None:
        with closing(open_database(url)) as storage:
            storage.users.create(samples.user(storage, username="Deborah"))
        with closing(open_database(url, username="MIRIAM")) as storage:
            assert storage.users.get(storage.info.user_id).username == FOUNDER
        for name in ("Deborah", "Balaam"):
            with pytest.raises(PermissionDeniedError, match=f"is not {name}'s"):
                open_database(url, username=name)

    def test_a_login_without_a_place_is_refused(self, administration: str, url: str) -> None:
        with psycopg.connect(administration) as session:
            session.execute(f"UPDATE {VAULT_MEMBERS.name} SET login = 'somebody'".encode())
        with pytest.raises(PermissionDeniedError, match="does not belong to a vault"):
            open_database(url)

    def test_only_a_persons_own_login_is_used(
        self, administration: str, url: str, postgres_cluster: PostgresCluster
    ) -> None:
        with pytest.raises(PermissionDeniedError, match="no person's own login"):
            open_database(administration)
        with pytest.raises(PermissionDeniedError, match="acts as"):
            group = url.split("//")[1].split("_u_", maxsplit=1)[0] + "_zadokite"
            open_database(f"{url}?options=-c%20role%3D{group}")
        with psycopg.connect(administration) as session:
            session.execute("DROP ROLE IF EXISTS stranger")
            session.execute("CREATE ROLE stranger LOGIN PASSWORD 'x'")
        name = url.rpartition("/")[2]
        with pytest.raises(PermissionDeniedError, match="does not let your login"):
            open_database(postgres_cluster.url(name, user="stranger", password="x"))

    def test_rules_of_another_version_are_refused(self, administration: str, url: str) -> None:
        with psycopg.connect(administration) as session:
            session.execute(
                "CREATE OR REPLACE FUNCTION public.aether_access_revision() RETURNS text LANGUAGE sql IMMUTABLE"
                " AS $$ SELECT 'other' $$"
            )
        with pytest.raises(SchemaTooOldError, match="access rules"):
            open_database(url)
        migrate_database(administration)
        open_database(url).close()

    def test_a_missing_database_and_a_dead_server_are_told_apart(
        self, postgres_cluster: PostgresCluster, disposable_postgres: PostgresCluster
    ) -> None:
        with pytest.raises(NotFoundError, match="no database of this name"):
            open_database(postgres_cluster.url("nowhere"))
        url = disposable_postgres.url()
        disposable_postgres.stop()
        with pytest.raises(StorageUnavailableError, match="cannot be reached") as refused:
            open_database(url)
        password = url.split(":")[2].split("@")[0]
        assert password not in f"{refused.value} {refused.value.details} {refused.value!r}"

    def test_a_server_that_dies_and_returns_is_met_again(self, disposable_postgres: PostgresCluster) -> None:
        url = disposable_postgres.url(disposable_postgres.create_database())
        provision(url)
        with closing(open_database(as_founder(url))) as storage:
            wallet = samples.wallet(storage)
            storage.wallets.create(wallet)
            disposable_postgres.stop()
            with pytest.raises(StorageUnavailableError):
                storage.wallets.all()
            with pytest.raises(StorageUnavailableError):
                storage.wallets.create(samples.wallet(storage, name="Later"))
            disposable_postgres.start()
            assert storage.wallets.all() == [wallet]
            storage.wallets.create(samples.wallet(storage, name="Later", address=samples.evm_address(9)))
            assert len(storage.wallets.all()) == 2

    def test_the_first_vault_is_made_once(self, postgres_database: Callable[..., str]) -> None:
        url = postgres_database()
        results: list[Provisioned] = []
        barrier = threading.Barrier(3)

        def work() -> None:
            barrier.wait()
            results.append(provision(url))

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(done.made for done in results) == [False, False, True]
        assert len({done.login for done in results}) == 1
        with closing(open_database(as_founder(url))) as storage:
            assert storage.info.vault_name == NAME

    def test_of_several_vaults_one_is_named(self, administration: str, url: str) -> None:
        with psycopg.connect(administration) as session:
            for table in ("vaults", "users", "vault_members"):
                key = "id" if table == "vaults" else "vault_id"
                session.execute(f"CREATE TEMPORARY TABLE other AS SELECT * FROM {table}".encode())
                session.execute(f"UPDATE other SET {key} = {key} + 1".encode())
                if table == "vaults":
                    session.execute("UPDATE other SET name = 'Second'")
                session.execute(f"INSERT INTO {table} SELECT * FROM other".encode())
                session.execute("DROP TABLE other")
        with pytest.raises(InvalidInputError, match="Family, Second"):
            open_database(url)
        with closing(open_database(url, vault="Second")) as storage:
            assert storage.info.vault_name == "Second"
            assert storage.wallets.all() == []
        with pytest.raises(PermissionDeniedError):
            open_database(url, vault="Third")
