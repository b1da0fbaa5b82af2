"""Vaults made, keyed, backed up, restored, migrated and examined; a shared PostgreSQL set up from nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aether_desktop.locations import resources_dir
from tests.cli.conftest import Run, process
from tests.services import files
from tests.services.conftest import ADDRESS
from tests.support.postgres import PostgresCluster
from tests.support.session_bus import SessionBus
from tests.support.storages import as_founder, provision

ADD = ("wallet", "add", "--name", "Main", "--chain", "ethereum", "--address", ADDRESS)


def test_a_vault_is_made_once_and_its_key_file_is_private(run: Run, tmp_path: Path) -> None:
    assert run("vault", "create", "--name", "Books", "--username", "miriam").out.strip() == str(
        tmp_path / "books.aether"
    )
    assert (tmp_path / "books.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "books.aether").stat().st_mode & 0o777 == 0o600
    assert "already there" in run("vault", "create", code=1).err
    info = run("vault", "info", "--json").json("vault-info")
    assert (info["vault"], info["encrypted"], info["engine"]) == ("Books", True, "sqlite")
    assert not (tmp_path / "books.aether").read_bytes().startswith(b"SQLite format 3")


def test_key_files_that_others_may_read_are_refused(books: Run, tmp_path: Path) -> None:
    key = tmp_path / "books.key"
    key.chmod(0o640)
    assert f"chmod 600 {key}" in books("wallet", "list", code=1).err
    key.chmod(0o600)
    key.write_text("0" * 64)
    assert "key" in books("wallet", "list", code=1).err
    key.write_text("not hexadecimal")
    assert "not a key file" in books("wallet", "list", code=1).err
    key.unlink()
    assert "no key file" in books("wallet", "list", code=1).err
    assert not key.exists()


def test_without_a_keyring_the_key_file_is_named(absent_keyring: SessionBus, options: list[str]) -> None:
    environment = {"DBUS_SESSION_BUS_ADDRESS": absent_keyring.address}
    done = process(*options[:6], "vault", "create", environment=environment)
    assert done.returncode == 1
    assert "--key-file PATH" in done.stderr
    assert not Path(options[3]).exists()


@pytest.mark.usefixtures("real_keyring")
def test_with_a_keyring_nothing_need_be_named(run: Run, options: list[str], tmp_path: Path) -> None:
    """One process makes the vault, others come after it: this one, and one for what was restored."""
    environment = {"DBUS_SESSION_BUS_ADDRESS": os.environ["DBUS_SESSION_BUS_ADDRESS"]}
    without_key_file = options[:6]
    assert process(*without_key_file, "vault", "create", environment=environment).returncode == 0
    run(*ADD, instead=without_key_file)
    assert "Main" in run("wallet", "list", instead=without_key_file).out
    backup = tmp_path / "copy.aether"
    run("backup", str(backup), instead=without_key_file)
    moved = [*options[:2], "--vault", str(backup), *options[4:6]]
    assert "Main" in run("wallet", "list", instead=moved).out
    run("restore", str(backup), "--replace", instead=without_key_file)
    assert "keyring" in process(*without_key_file, "doctor", environment=environment).stdout


def test_a_backup_restores_what_was_there(books: Run, tmp_path: Path) -> None:
    books(*ADD)
    copy = tmp_path / "copy.aether"
    assert books("backup", str(copy)).out.strip() == str(copy)
    assert "exists already" in books("backup", str(copy), code=1).err
    books("wallet", "add", "--name", "Later", "--chain", "atc", "--address", ADDRESS)
    assert "already there" in books("restore", str(copy), code=1).err
    said = books("restore", str(copy), "--replace").err
    assert "is kept as" in said
    assert [each["name"] for each in books("wallet", "list", "--json").json("wallet-list")] == ["Main"]
    (kept,) = [path for path in tmp_path.glob("books*previous*") if path.suffix != ".keys"]
    assert kept.stat().st_size > 0
    assert "no backup" in books("restore", str(tmp_path / "none.aether"), code=1).err
    junk = tmp_path / "junk.aether"
    junk.write_bytes(os.urandom(8192))
    books("restore", str(junk), "--replace", code=1)
    assert [each["name"] for each in books("wallet", "list", "--json").json("wallet-list")] == ["Main"]


def test_doctor_tells_good_from_bad(books: Run, tmp_path: Path) -> None:
    checks = {each["subject"]: each for each in books("doctor", "--json").json("doctor")}
    assert checks["encryption"]["state"] == "good"
    assert checks["PySide6-Essentials"]["detail"]
    vault = tmp_path / "books.aether"
    damaged = bytearray(vault.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    vault.write_bytes(damaged)
    done = books("doctor", "--json", code=1)
    assert "bad" in {each["state"] for each in done.json("doctor")}


@pytest.mark.parametrize("content", [b"", b"no vault at all\n" * 600, b"SQLite format 3\x00" + b"\x00" * 4096])
def test_files_that_are_no_vault_are_refused_and_left_alone(run: Run, tmp_path: Path, content: bytes) -> None:
    run("vault", "create")
    vault = tmp_path / "books.aether"
    vault.write_bytes(content)
    for suffix in ("-wal", "-shm"):
        Path(f"{vault}{suffix}").unlink(missing_ok=True)
    for arguments in (("wallet", "list"), ("balance", "--json"), ("migrate",), ("backup", str(tmp_path / "copy"))):
        assert run(*arguments, code=1).err.count("\n") == 1
    assert vault.read_bytes() == content
    assert not (tmp_path / "copy").exists()


def test_a_vault_that_is_not_there_is_never_made_by_reading(run: Run, tmp_path: Path) -> None:
    for arguments in (("wallet", "list"), ("balance",), ("migrate",), ("backup", str(tmp_path / "copy"))):
        assert "no vault" in run(*arguments, code=1).err
    assert not (tmp_path / "books.aether").exists()


def test_the_sample_needs_no_key(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "sample.aether"
    assert run("sample", str(path)).out.strip() == str(path)
    instead = ["--data-dir", str(tmp_path / "data"), "--vault", str(path)]
    assert {each["symbol"] for each in run("balance", "--json", instead=instead).json("balance")} >= {
        "ATC",
        "FTC",
        "BTC",
    }
    assert "already there" in run("sample", str(path), code=1).err


def test_every_schema_is_printed(run: Run) -> None:
    names = run("schema").out.split()
    assert names == sorted(path.stem for path in (resources_dir() / "schemas").glob("*.json"))
    for name in names:
        assert '"$schema"' in run("schema", name).out
    assert f"Known: {names[0]}" in run("schema", "nonsense", code=1).err


# ------------------------------------------------------------------------------------------------------ PostgreSQL


@pytest.fixture
def database(postgres_database: Callable[..., str]) -> str:
    return postgres_database()


@pytest.fixture
def shared(run: Run, database: str, tmp_path: Path) -> Callable[..., Any]:
    """``run`` on the database, as its administrator unless another address is given."""
    here = ["--data-dir", str(tmp_path / "data"), "--key-file", str(tmp_path / "key")]

    def call(*arguments: str, code: int = 0, url: str = database) -> Any:
        return run(*arguments, code=code, instead=[*here, "--database", url])

    return call


def test_an_empty_database_becomes_a_shared_vault(shared: Callable[..., Any], database: str, tmp_path: Path) -> None:
    assert "postgres provision" in shared("wallet", "list", code=1).err
    made = shared("postgres", "provision", database, "--name", "Books", "--username", "Miriam")
    own = made.out.strip()
    assert "_u_miriam@" in own
    kept = tmp_path / "key.login"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.read_text().strip() not in made.out + made.err
    assert str(kept) in made.err
    again = shared("postgres", "provision", database)
    assert (again.out.strip(), "as before" in again.err, str(kept) in again.err) == (own, True, False)
    assert "as before" in shared("postgres", "migrate", database).err
    assert "no person's own login" in shared("wallet", "list", code=1).err
    shared(*ADD, url=own)
    path = files.write(tmp_path / "a.csv", files.NORMAL, files.incoming(1, "2"), files.outgoing(2, "0.5"))
    (report,) = shared("import", str(path), "--wallet", "Main", "--json", url=own).json("import")
    assert report["new"] == 2
    (balance,) = shared("balance", "--json", url=own).json("balance")
    assert int(balance["base_units"]) == 1_499 * 10**15
    info = shared("vault", "info", "--json", url=own).json("vault-info")
    assert (info["engine"], info["vault"]) == ("postgresql", "Books")
    assert "pg_dump" in shared("backup", str(tmp_path / "copy"), code=1, url=own).err
    assert "pg_restore" in shared("restore", str(path), code=1, url=own).err
    assert {each["state"] for each in shared("doctor", "--json", url=own).json("doctor")} <= {"good", "notice"}


def test_the_founder_s_password_can_be_made_anew(shared: Callable[..., Any], database: str, tmp_path: Path) -> None:
    own = shared("postgres", "provision", database).out.strip()
    shared("wallet", "list", url=own)
    (tmp_path / "key.login").unlink()
    assert "password" in shared("wallet", "list", code=1, url=own).err
    assert shared("postgres", "provision", database, "--new-password").out.strip() == own
    shared("wallet", "list", url=own)


def test_the_old_words_do_the_same(shared: Callable[..., Any]) -> None:
    own = shared("migrate", "--create").err.split()[-1]
    shared(*ADD, url=own)
    assert "as before" in shared("migrate", "--create").err
    assert "as before" in shared("migrate").err


def test_without_a_place_for_the_password_nothing_is_set_up(
    database: str, absent_keyring: SessionBus, tmp_path: Path
) -> None:
    environment = {"DBUS_SESSION_BUS_ADDRESS": absent_keyring.address}
    done = process("--data-dir", str(tmp_path), "postgres", "provision", database, environment=environment)
    assert done.returncode == 1
    assert "--key-file PATH" in done.stderr
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall() == []


@pytest.mark.parametrize("action", ["provision", "migrate"])
def test_missing_rights_are_named(
    action: str, shared: Callable[..., Any], database: str, postgres_cluster: PostgresCluster
) -> None:
    name = f"clerk_{database[-6:]}"
    shared("postgres", "provision", database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'".encode())
        connection.execute(f"GRANT CONNECT ON DATABASE {connection.info.dbname} TO {name}".encode())
        connection.execute(f"GRANT SELECT ON aether_schema TO {name}".encode())
    clerk = postgres_cluster.url(database.rpartition("/")[2], user=name, password="x")
    said = shared("postgres", action, clerk, code=1).err
    assert f"ALTER ROLE {name} CREATEROLE" in said
    assert f"OWNER TO {name}" in said
    assert "Nothing was changed" in said


def test_another_programs_database_is_never_touched(shared: Callable[..., Any], database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE customers (id int)")
    for arguments in (("migrate",), ("migrate", "--create"), ("wallet", "list"), ("vault", "create")):
        shared(*arguments, code=1)
    shared("postgres", "provision", database, code=1)
    with psycopg.connect(database) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert names == [("customers",)]


def test_database_url_is_confirmed_once(
    run: Run, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provision(database)
    monkeypatch.setenv("DATABASE_URL", as_founder(database))
    only = ["--data-dir", str(tmp_path / "data")]
    assert "--confirm-database" in run("wallet", "list", code=1, instead=only).err
    assert "--confirm-database" in run("doctor", code=1, instead=only).out
    run("wallet", "list", "--confirm-database", instead=only)
    assert run("wallet", "list", instead=only).out.startswith("id")
    stored = (tmp_path / "data" / "settings.json").read_text()
    assert "postgresql" not in stored


def test_a_server_that_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    gone = ["--data-dir", str(tmp_path / "data"), "--database", "postgresql://me:hunter2@127.0.0.1:1/books"]
    said = run("wallet", "list", code=1, instead=gone).err
    assert said.count("\n") == 1
    assert "hunter2" not in said
    assert "127.0.0.1" in said
