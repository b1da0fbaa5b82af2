"""A vault's keys by the command line: older key files, older copies, what is put on record, one sealed value."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aether_desktop import composition
from aether_desktop.domain.records import TableName
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.services.targets import Target
from tests.cli.conftest import PASSWORD, Run, secret_file
from tests.cli.test_keys import NEW, with_password
from tests.cli.test_people import Desk

SECOND, THIRD = "second factor", "lantern over quiet water"


@pytest.fixture
def new_file(tmp_path: Path) -> str:
    return str(secret_file(tmp_path / "new.password", NEW))


def actions(run: Run, instead: list[str]) -> list[str]:
    """Of the keys, the first one first."""
    found = [each["action"] for each in run("audit", "list", "--json", instead=instead).json("audit-list")]
    return [action for action in reversed(found) if action.startswith("vault.") and action != "vault.create"]


def state_of(run: Run, subject: str, instead: list[str], *, code: int = 0) -> list[str]:
    checks = run("doctor", "--json", instead=instead, code=code).json("doctor")
    return [f"{each['state']}: {each['detail']}" for each in checks if each["subject"] == subject]


class TestRecord:
    def test_what_is_done_to_the_keys_is_in_the_audit_log(
        self, books: Run, options: list[str], new_file: str, tmp_path: Path
    ) -> None:
        books("vault", "kit", "--without-confirmation")
        books("vault", "password", "--new-password-file", new_file)
        anew = with_password(options, new_file)
        last = secret_file(tmp_path / "last", THIRD)
        said = books("vault", "compromised", "--new-password-file", str(last), instead=anew).err
        assert "cannot be cancelled" in said
        assert "the next opening finishes it" in said
        latest = with_password(options, last)
        assert actions(books, latest) == ["vault.kit", "vault.password", "vault.compromised", "vault.rekeyed"]
        books("audit", "verify", instead=latest)

    def test_levels_that_are_set_up_are_there_too(self, books: Run, options: list[str], tmp_path: Path) -> None:
        second, third = secret_file(tmp_path / "2", SECOND), secret_file(tmp_path / "3", THIRD)
        books("people", "begin", "--factor-file", f"2={second}", "--factor-file", f"3={third}")
        assert actions(books, options)[:2] == ["vault.factor", "vault.factor"]

    def test_in_a_shared_database_too_and_not_where_it_cannot_be_reached(
        self, run: Run, postgres_database: Any, tmp_path: Path
    ) -> None:
        miriam = Desk(run, tmp_path / "miriam")
        miriam.url = miriam("postgres", "provision", postgres_database(), "--username", "miriam", url="").out.strip()
        miriam("vault", "password")
        miriam("people", "begin", factors=True)
        new = secret_file(tmp_path / "new", NEW)
        assert "not put on record" not in miriam("vault", "password", "--new-password-file", str(new)).err
        secret_file(miriam.folder / "password", NEW)
        found = [each["action"] for each in miriam("audit", "list", "--json").json("audit-list")]
        assert [action for action in reversed(found) if action.startswith("vault.") and action != "vault.create"] == [
            *("vault.factor", "vault.factor", "vault.password")
        ]
        for login in miriam.folder.glob("key*.login"):
            login.unlink()  # the database lets nobody in any more
        secret_file(tmp_path / "last", THIRD)
        said = miriam("vault", "password", "--new-password-file", str(tmp_path / "last")).err
        assert "not put on record" in said
        assert "The password is changed" in said

    def test_without_the_entry_nothing_is_changed(
        self, books: Run, options: list[str], new_file: str, tmp_path: Path
    ) -> None:
        books("wallet", "add", "--name", "Main", "--chain", "atc", "--address", "0x" + "1" * 40)
        older = tmp_path / "older.aether"
        shutil.copy(options[3], older)
        books("wallet", "add", "--name", "Other", "--chain", "atc", "--address", "0x" + "2" * 40)
        shutil.copy(older, options[3])  # the log is shorter than this computer saw it: it takes no entry
        for left in ("-wal", "-shm"):
            Path(f"{options[3]}{left}").unlink(missing_ok=True)
        before = Path(f"{options[3]}.keys").read_bytes()
        assert "audit log" in books("vault", "password", "--new-password-file", new_file, code=1).err
        assert Path(f"{options[3]}.keys").read_bytes() == before

    def test_a_vault_that_does_not_open_keeps_nobody_from_a_new_password(
        self, books: Run, options: list[str], new_file: str
    ) -> None:
        Path(options[3]).write_bytes(b"no vault any more" * 1000)
        assert "not put on record" in books("vault", "password", "--new-password-file", new_file).err
        books("vault", "unlock", instead=with_password(options, new_file))


class TestOlderKeyFiles:
    def test_one_put_back_is_said_until_it_is_accepted(self, books: Run, options: list[str], new_file: str) -> None:
        keys = Path(f"{options[3]}.keys")
        old = keys.read_bytes()
        assert "nothing to accept" in books("vault", "accept-keys").err
        books("vault", "password", "--new-password-file", new_file)
        assert "older" not in books("wallet", "list", instead=with_password(options, new_file)).err
        keys.write_bytes(old)  # the old password opens it again
        for command in (("wallet", "list"), ("vault", "info")):
            assert "older than the one this computer saw last (generation 1 after 2)" in books(*command).err
        assert "older than the one" in books("vault", "keys").err
        assert state_of(books, "key file", options, code=1)[0].startswith("bad: ")
        assert "--yes" in books("vault", "accept-keys", code=1).err
        books("vault", "accept-keys", "--yes")
        assert "older" not in books("wallet", "list").err
        assert state_of(books, "key file", options) == []
        assert actions(books, options)[-1] == "vault.accept-keys"

    def test_one_from_before_new_keys_does_not_open_the_vault_and_says_why(
        self, books: Run, options: list[str], new_file: str
    ) -> None:
        keys = Path(f"{options[3]}.keys")
        old = keys.read_bytes()
        books("vault", "compromised", "--new-password-file", new_file)
        keys.write_bytes(old)
        said = books("wallet", "list", code=1).err
        assert "not the one this computer saw last" in said
        assert ".keys.1" in said

    def test_a_restored_backup_is_the_persons_own_wish(
        self, books: Run, options: list[str], new_file: str, tmp_path: Path
    ) -> None:
        copy = tmp_path / "copy.aether"
        books("backup", str(copy))
        books("vault", "password", "--new-password-file", new_file)
        books("restore", str(copy), "--replace")
        assert "older" not in books("wallet", "list").err
        assert state_of(books, "key file", options) == []

    def test_a_copy_elsewhere_has_a_memory_of_its_own(
        self, books: Run, options: list[str], new_file: str, tmp_path: Path
    ) -> None:
        copy = tmp_path / "copy.aether"
        books("backup", str(copy))
        books("vault", "password", "--new-password-file", new_file)
        there = [*options[:2], "--vault", str(copy), *options[4:]]
        assert "older" not in books("wallet", "list", instead=there).err


class TestOlderCopies:
    @pytest.fixture
    def copy(self, run: Run, options: list[str], tmp_path: Path) -> Path:
        """A vault that was opened before it had a password, when its schema changed, and has one now."""
        settings = SettingsFile(tmp_path / "old-settings.json")
        vault = Path(options[3])
        composition.create_vault(vault, settings=settings, key_file=Path(options[7]), data_dir=tmp_path).close()
        copy = vault.with_name(f"{vault.name}.before-0001")
        shutil.copy(vault, copy)
        run("vault", "password")
        return copy

    def test_they_are_told_of_and_deleted_once_the_vault_is_proven(
        self, copy: Path, run: Run, options: list[str]
    ) -> None:
        (detail,) = state_of(run, "older copy", options)
        assert detail.startswith(f"notice: {copy.name} opens with this device's key alone")
        assert "vault forget-copies --yes" in detail
        listed = run("vault", "forget-copies")
        assert listed.out == f"{copy}\n"
        assert "add --yes" in listed.err
        assert copy.exists()
        run("vault", "forget-copies", "--yes")
        assert not copy.exists()
        assert state_of(run, "older copy", options) == []
        assert "no copy" in run("vault", "forget-copies").err
        assert actions(run, options) == ["vault.rekeyed", "vault.forget-copies"]

    def test_not_while_the_vault_itself_does_not_verify(
        self, copy: Path, run: Run, options: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        vault = Path(options[3])
        content = bytearray(vault.read_bytes())
        content[-100] ^= 1  # in the last page
        vault.write_bytes(content)
        said = run("vault", "forget-copies", "--yes", code=1).err
        assert "verify" in said or "damaged" in said
        assert copy.exists()

    def test_copies_under_a_former_password_and_what_a_restore_replaced(
        self, books: Run, options: list[str], new_file: str, tmp_path: Path
    ) -> None:
        vault, backup = Path(options[3]), tmp_path / "backup.aether"
        books("backup", str(backup))
        for ending in ("", ".keys"):
            shutil.copy(f"{vault}{ending}", f"{vault}.before-0004{ending}")
        Path(f"{vault}.before-notes.txt").write_text("a person's own")
        assert state_of(books, "older copy", options) == []  # it opens with what opens the vault
        books("restore", str(backup), "--replace")
        books("vault", "password", "--new-password-file", new_file)
        anew = with_password(options, new_file)
        told = state_of(books, "older copy", anew)
        assert [detail.split()[1] for detail in told] == [f"{vault.name}.before-0004", f"{vault.name}.previous"]
        assert all("a former password" in detail for detail in told)
        books("vault", "forget-copies", "--yes", instead=anew)
        assert not list(tmp_path.glob("*before-0004*"))
        assert Path(f"{vault}.previous").exists()
        assert Path(f"{vault}.before-notes.txt").exists()
        books("vault", "forget-copies", "--set-aside", "--yes", instead=anew)
        assert not list(tmp_path.glob(f"{vault.name}.previous*"))
        books("wallet", "list", instead=anew)


class TestSealedFields:
    @pytest.fixture
    def factors(self, books: Run, tmp_path: Path) -> list[str]:
        """The vault's person has keys; the option that gives the factor of level 2."""
        second, third = secret_file(tmp_path / "2", SECOND), secret_file(tmp_path / "3", THIRD)
        books("people", "begin", "--factor-file", f"2={second}", "--factor-file", f"3={third}")
        return ["--factor-file", f"2={second}"]

    def stored(self, options: list[str], tmp_path: Path, **fields: object) -> int:
        target = Target(vault=Path(options[3]), key_file=Path(options[7]))
        settings = SettingsFile(tmp_path / "other-settings.json")
        services = composition.open_services(
            target, settings=settings, data_dir=tmp_path, password=Factor.passphrase(PASSWORD)
        )
        with closing(services):
            access = services.access
            assert access is not None
            access.step_up(list(access.describe())[1].level, Factor.passphrase(SECOND))
            method = {"name": "House card", "kind": "card", "provider": "Lydia Bank", "last_four": "4242", **fields}
            return services.records.create(TableName.PAYMENT_METHODS, method).id

    def test_one_is_printed_with_its_factor_and_put_on_record(
        self, factors: list[str], books: Run, options: list[str], tmp_path: Path
    ) -> None:
        row = str(self.stored(options, tmp_path))
        listed = books("sealed", "list", "payment_methods", "--json")
        assert listed.json("sealed-list") == [{"id": row, "fields": ["last_four"]}]
        assert "4242" not in listed.out + books("sealed", "list", "payment_methods").out
        reveal = ("sealed", "reveal", "payment_methods", row, "last_four")
        assert "--factor-file 2=PATH" in books(*reveal, code=1).err
        shown = books(*reveal, *factors)
        assert shown.out == "4242\n"
        assert "4242" not in shown.err
        entries = books("audit", "list", "--json").json("audit-list")
        assert [each["action"] for each in entries].count("sealed.reveal") == 1

    def test_refusals_say_what_there_is(
        self, factors: list[str], books: Run, options: list[str], tmp_path: Path
    ) -> None:
        row = str(self.stored(options, tmp_path, last_four=""))
        wrong = secret_file(tmp_path / "wrong", "not that passphrase")
        for command, said in (
            (("wallets", row, "name"), "has no sealed fields"),
            (("payment_methods", row, "name"), "Known: "),
            (("payment_methods", "card", "last_four"), "sealed list payment_methods"),
            (("payment_methods", "77", "last_four"), "payment method"),
        ):
            done = books("sealed", "reveal", *command, *factors, code=1)
            assert said in done.err
            assert done.out == ""
        empty = books("sealed", "reveal", "payment_methods", row, "last_four", *factors)
        assert (empty.out, "empty" in empty.err) == ("", True)
        other = str(self.stored(options, tmp_path))
        refused = books(
            "sealed", "reveal", "payment_methods", other, "last_four", "--factor-file", f"2={wrong}", code=1
        )
        assert refused.out == ""
        assert "not the passphrase of level 2" in refused.err
