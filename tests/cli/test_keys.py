"""What opens a vault, by the command line: passwords from files and terminals, kits, old vaults, new keys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest
from keyring.backends.SecretService import Keyring as SecretServiceKeyring

from aether_desktop import composition
from aether_desktop.domain.courts import Court
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.security.device_keys import KeyFileDevices
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.vault_keys import FileVaultKeys
from aether_desktop.services.settings_file import SettingsFile
from tests.cli.conftest import PASSWORD, ROOT, Run, secret_file

NEW = "battery staple"


@pytest.fixture
def new_file(tmp_path: Path) -> str:
    return str(secret_file(tmp_path / "new.password", NEW))


def with_password(options: list[str], file: str | Path) -> list[str]:
    return [*options[:4], "--password-file", str(file), *options[6:]]


def without_password(options: list[str]) -> list[str]:
    return [*options[:4], *options[6:]]


def slots(run: Run) -> list[tuple[int, str]]:
    found = run("vault", "keys", "--json").json("vault-keys")["slots"]
    return [(slot["level"], slot["kind"]) for slot in found]


class TestPasswordFiles:
    def test_without_one_a_script_is_refused_and_told(self, books: Run, options: list[str]) -> None:
        for command in (("wallet", "list"), ("vault", "unlock"), ("vault", "info"), ("backup", "x"), ("migrate",)):
            said = books(*command, code=1, instead=without_password(options)).err
            assert "--password-file PATH" in said
            assert said.count("\n") == 1
        other = ["--vault", f"{options[3]}2"]
        assert "--password-file" in books("vault", "create", code=1, instead=[*options[:2], *other, *options[6:]]).err
        assert not Path(f"{options[3]}2").exists()
        checks = books("doctor", "--json", instead=without_password(options)).json("doctor")
        assert [each["state"] for each in checks if each["subject"].startswith("vault ")] == ["notice"]
        assert [each["state"] for each in checks if each["subject"] == "device key"] == ["good"]

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
    def test_one_that_others_may_touch_is_refused(self, books: Run, options: list[str], mode: int) -> None:
        Path(options[5]).chmod(mode)
        assert f"chmod 600 {options[5]}" in books("wallet", "list", code=1).err

    def test_it_is_the_first_line_and_must_be_right(self, books: Run, options: list[str], tmp_path: Path) -> None:
        long = secret_file(tmp_path / "long", f"{PASSWORD}\r\nanything else")
        books("vault", "unlock", instead=with_password(options, long))
        for content, said in (("wrong password", "not the password"), ("", "empty"), ("x" * 2000, "Shorten it")):
            file = secret_file(tmp_path / "other", content)
            assert said in books("vault", "unlock", code=1, instead=with_password(options, file)).err
        assert "no file" in books("vault", "unlock", code=1, instead=with_password(options, tmp_path / "none")).err
        assert "cannot be read" in books("vault", "unlock", code=1, instead=with_password(options, tmp_path)).err

    def test_wrong_ones_have_to_wait(self, books: Run, options: list[str], tmp_path: Path) -> None:
        wrong = with_password(options, secret_file(tmp_path / "wrong", "wrong password"))
        said = [books("vault", "unlock", code=1, instead=wrong).err for _ in range(4)]
        assert "Wait" not in said[0] + said[1]
        assert "Wait 1 second" in said[2]
        assert Path(f"{options[3]}.attempts").stat().st_mode & 0o777 == 0o600

    def test_a_weak_new_password_is_refused(self, run: Run, options: list[str], tmp_path: Path) -> None:
        weak = with_password(options, secret_file(tmp_path / "weak", "seven77"))
        assert "fewer than 8" in run("vault", "create", code=1, instead=weak).err
        assert not Path(options[3]).exists()
        assert not Path(f"{options[3]}.keys").exists()

    @pytest.mark.parametrize("easy", ["Letmein1", "12345678", "Summer2024", "booksbooks"])
    def test_one_that_is_too_easy_to_guess_is_refused_as_in_the_window(
        self, run: Run, options: list[str], tmp_path: Path, easy: str
    ) -> None:
        said = run("vault", "create", code=1, instead=with_password(options, secret_file(tmp_path / "easy", easy))).err
        assert "Too easy" in said
        assert "A few words" in said
        assert easy not in said
        assert not Path(f"{options[3]}.keys").exists()

    def test_a_weak_one_is_taken_with_a_warning(self, run: Run, options: list[str], tmp_path: Path) -> None:
        weak = with_password(options, secret_file(tmp_path / "weak", "tr0ub4do r"))
        assert "Weak. Somebody" in run("vault", "create", instead=weak).err
        assert "Weak" not in run("vault", "unlock", instead=weak).err  # what exists is not judged

    def test_a_changed_one_and_the_factor_of_a_level_are_judged_too(
        self, books: Run, options: list[str], tmp_path: Path
    ) -> None:
        easy = secret_file(tmp_path / "easy", "password")
        good = secret_file(tmp_path / "good", NEW)
        assert "Too easy" in books("vault", "password", "--new-password-file", str(easy), code=1).err
        assert "Too easy" in books("people", "begin", "--factor-file", f"2={easy}", code=1).err
        assert slots(books) == [(1, "passphrase")]
        command = ("vault", "compromised", "--new-password-file")
        assert "Too easy" in books(*command, str(easy), code=1).err
        books(*command, str(good))


class TestChanges:
    def test_a_changed_password_opens_and_the_old_one_does_not(
        self, books: Run, options: list[str], new_file: str
    ) -> None:
        assert "--new-password-file" in books("vault", "password", code=1).err
        books("vault", "password", "--new-password-file", new_file)
        assert "not the password" in books("vault", "unlock", code=1).err
        books("wallet", "list", instead=with_password(options, new_file))

    def test_a_kit_opens_on_another_machine(
        self, books: Run, options: list[str], new_file: str, tmp_path: Path
    ) -> None:
        assert "--without-confirmation" in books("vault", "kit", code=1).err
        assert slots(books) == [(1, "passphrase")]
        printed = books("vault", "kit", "--without-confirmation").out
        words = [line.split()[1] for line in printed.splitlines()]
        assert len(words) == 24
        assert slots(books) == [(1, "passphrase"), (1, "kit")]
        kit = secret_file(tmp_path / "kit", " ".join(words))
        elsewhere = [*options[:4], "--key-file", str(tmp_path / "laptop.key")]
        KeyFileStore(tmp_path / "laptop.key").create(tmp_path)
        said = books("wallet", "list", code=1, instead=[*elsewhere, *options[4:6]]).err
        assert "recovery kit" in said
        typo = secret_file(tmp_path / "typo", " ".join(["abandn", *words[1:]]))
        change = ("vault", "password", "--new-password-file", new_file)
        assert "Near: abandon" in books(*change, "--kit-file", str(typo), code=1, instead=elsewhere).err
        books(*change, "--kit-file", str(kit), instead=elsewhere)
        books("wallet", "list", instead=[*elsewhere, "--password-file", new_file])
        books("wallet", "list")  # the first machine's password is as before
        table = books("vault", "keys").out
        assert "usable here" in table
        assert [table.count(title) for title in ("of this device", "of another device", "recovery kit ")] == [1, 1, 1]

    def test_compromised_changes_every_key_and_keeps_the_books(
        self, books: Run, options: list[str], new_file: str, tmp_path: Path
    ) -> None:
        books("wallet", "add", "--name", "Main", "--chain", "atc", "--address", "0x" + "1" * 40)
        keys = FileVaultKeys(Path(options[3]), KeyFileDevices(tmp_path / "books.key"))
        keys.unlock(Factor.passphrase(PASSWORD))
        keys.set_factor(Court.HOLY, Factor.passphrase("second factor"))
        before = Path(options[3]).read_bytes()
        old_device = (tmp_path / "books.key").read_text()
        second = secret_file(tmp_path / "second", "second factor")
        second_new = secret_file(tmp_path / "second.new", "second factor anew")
        command = ("vault", "compromised", "--new-password-file", new_file)
        assert "--factor-file 2=PATH" in books(*command, code=1).err
        assert "--new-factor-file 2=PATH" in books(*command, "--factor-file", f"2={second}", code=1).err
        assert "'two' is not LEVEL=PATH" in books(*command, "--new-factor-file", "two", code=1).err
        books(*command, "--factor-file", f"2={second}", "--new-factor-file", f"2={second_new}")
        assert (tmp_path / "books.key").read_text() != old_device
        assert Path(options[3]).read_bytes()[:4096] != before[:4096]
        assert "not the password" in books("wallet", "list", code=1).err
        anew = with_password(options, new_file)
        assert "Main" in books("wallet", "list", instead=anew).out
        assert not keys_of(options, tmp_path, NEW)[1:]

    def test_a_rekeying_that_was_killed_is_finished_by_the_next_opening(
        self, books: Run, options: list[str], new_file: str, tmp_path: Path
    ) -> None:
        keys = FileVaultKeys(Path(options[3]), KeyFileDevices(tmp_path / "books.key"))
        keys.unlock(Factor.passphrase(PASSWORD))
        keys.compromise({Court.OUTER: Factor.passphrase(NEW)})  # and then the power went
        assert len(keys_of(options, tmp_path, NEW)) == 2
        copy = tmp_path / "copy.aether"
        anew = with_password(options, new_file)
        assert "Created" not in books("backup", str(copy), instead=anew).err
        assert len(keys_of(options, tmp_path, NEW)) == 1


def keys_of(options: list[str], folder: Path, password: str) -> list[bytes]:
    keys = FileVaultKeys(Path(options[3]), KeyFileDevices(folder / "books.key"))
    keys.unlock(Factor.passphrase(password))
    return [bytes(key.data) for key in keys.file_keys()]


class TestBackups:
    def test_they_open_with_the_password_they_were_made_with(
        self, books: Run, options: list[str], new_file: str, tmp_path: Path
    ) -> None:
        copy = tmp_path / "copy.aether"
        books("backup", str(copy))
        assert (tmp_path / "copy.aether.keys").read_bytes() == Path(f"{options[3]}.keys").read_bytes()
        books("vault", "password", "--new-password-file", new_file)
        anew = with_password(options, new_file)
        assert "not the password" in books("restore", str(copy), "--replace", code=1, instead=anew).err
        Path(f"{copy}.attempts").unlink()
        books("restore", str(copy), "--replace")
        books("vault", "unlock")
        (kept,) = [path for path in tmp_path.glob("books.aether.previous*") if path.suffix == ".keys"]
        previous = [*options[:2], "--vault", str(kept.with_suffix("")), "--password-file", new_file, *options[6:]]
        books("wallet", "list", instead=previous)

    def test_the_files_without_the_device_key_open_nothing(
        self, books: Run, options: list[str], tmp_path: Path
    ) -> None:
        thief = tmp_path / "thief"
        thief.mkdir()
        for suffix in ("", ".keys"):
            shutil.copy(f"{options[3]}{suffix}", thief / f"books.aether{suffix}")
        there = ["--data-dir", str(thief), "--vault", str(thief / "books.aether"), *options[4:6]]
        KeyFileStore(thief / "own.key").create(thief)
        for key_file in ([], ["--key-file", str(thief / "own.key")]):
            assert books("wallet", "list", code=1, instead=[*there, *key_file]).err.count("\n") == 1
        Path(thief / "books.aether.keys").unlink()
        shutil.copy(tmp_path / "books.key", thief / "own.key")  # with the device's key, but without the slots
        said = books("wallet", "list", code=1, instead=[*there, "--key-file", str(thief / "own.key")]).err
        assert "key" in said


class TestOldVaults:
    @pytest.fixture
    def old(self, options: list[str], tmp_path: Path) -> None:
        """Made before there were passwords."""
        settings = SettingsFile(tmp_path / "old-settings.json")
        composition.create_vault(
            Path(options[3]), settings=settings, key_file=Path(options[7]), data_dir=tmp_path
        ).close()

    def test_they_open_and_say_how_they_get_a_password(self, old: None, run: Run, options: list[str]) -> None:
        said = run("wallet", "list", instead=without_password(options)).err
        assert "vault password" in said
        assert run("vault", "keys", "--json").json("vault-keys")["state"] == "old"
        assert "vault password" in run("vault", "keys").err
        checks = run("doctor", "--json").json("doctor")
        assert "vault password" in next(each["detail"] for each in checks if each["subject"] == "password")
        for command in (("vault", "kit", "--without-confirmation"), ("vault", "unlock"), ("vault", "compromised")):
            assert "vault password" in run(*command, code=1).err

    def test_they_are_converted_and_the_old_key_opens_the_file_no_more(
        self, old: None, run: Run, options: list[str], tmp_path: Path
    ) -> None:
        backup = tmp_path / "old-copy.aether"
        run("backup", str(backup))
        assert "recovery kit" in run("vault", "password").err
        assert "--password-file" in run("wallet", "list", code=1, instead=without_password(options)).err
        run("wallet", "list")
        (file_key,) = keys_of(options, tmp_path, PASSWORD)
        assert file_key.hex() not in Path(options[7]).read_text()
        Path(f"{options[3]}.keys").unlink()
        assert "key" in run("wallet", "list", code=1).err  # as if it were old: its key opens it no more
        run("restore", str(backup), "--replace", code=0)  # an old copy still opens with the old key
        assert "vault password" in run("wallet", "list").err


def at_a_terminal(
    *arguments: str, answers: dict[str, str], environment: dict[str, str] | None = None
) -> tuple[int, str]:
    """Run a command at a terminal of its own; each answer is typed when its prompt appears, ``words`` for a kit's."""
    ours, theirs = os.openpty()
    command = ["setsid", "--ctty", "--wait", sys.executable, "-m", "aether_desktop", *arguments]
    shown = ""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        left = dict(answers)
        with os.fdopen(ours, "rb+", buffering=0) as terminal, suppress(OSError):  # the terminal hangs up at the end
            while piece := terminal.read(1024):
                shown += piece.decode()
                for prompt in [prompt for prompt in left if shown.endswith(prompt)]:
                    terminal.write((left.pop(prompt) + "\n").encode())
                if shown.endswith(": ") and (at := shown.rfind("Word ")) > 0 and "words" in answers:
                    number = int(shown[at + 5 :].split(":")[0])
                    word = next(line for line in shown.splitlines() if line.strip().startswith(f"{number}. "))
                    terminal.write((word.split()[-1] + "\n").encode())
        process.wait(timeout=60)
    return process.returncode, shown


@pytest.mark.skipif(shutil.which("setsid") is None, reason="needs setsid to make a terminal of its own")
class TestTerminal:
    def test_a_password_is_typed_twice_and_not_shown(self, options: list[str]) -> None:
        place = without_password(options)
        vault = options[3]
        code, shown = at_a_terminal(
            *place, "vault", "create", answers={f"New password of {vault}: ": PASSWORD, "Again: ": PASSWORD}
        )
        assert code == 0, shown
        assert PASSWORD not in shown
        code, shown = at_a_terminal(*place, "wallet", "list", answers={f"Password of {vault}: ": PASSWORD})
        assert code == 0, shown
        code, shown = at_a_terminal(*place, "vault", "unlock", answers={f"Password of {vault}: ": "another one"})
        assert code == 1
        assert "not the password" in shown

    def test_an_easy_one_is_refused_before_it_is_typed_again(self, options: list[str]) -> None:
        prompts = {f"New password of {options[3]}: ": "booksbooks"}
        code, shown = at_a_terminal(*without_password(options), "vault", "create", answers=prompts)
        assert code == 1
        assert "Too easy" in shown
        assert "Again" not in shown
        assert not Path(options[3]).exists()

    def test_two_different_ones_are_refused(self, options: list[str]) -> None:
        code, shown = at_a_terminal(
            *without_password(options),
            *("vault", "create"),
            answers={f"New password of {options[3]}: ": PASSWORD, "Again: ": NEW},
        )
        assert code == 1
        assert "differ" in shown
        assert not Path(options[3]).exists()

    def test_a_kit_is_confirmed_by_typing_words_back(self, books: Run, options: list[str]) -> None:
        code, shown = at_a_terminal(*options, "vault", "kit", answers={"words": ""})
        assert code == 0, shown
        assert "The kit is valid" in shown
        assert slots(books) == [(1, "passphrase"), (1, "kit")]

    def test_a_kit_that_was_not_confirmed_opens_nothing(self, books: Run, options: list[str]) -> None:
        code, shown = at_a_terminal(*options, "vault", "kit", answers={f"Word {n}: ": "wrong" for n in range(1, 25)})
        assert code == 1
        assert "is not the one of the kit" in shown
        assert slots(books) == [(1, "passphrase")]


def test_with_the_keyring_both_are_needed(
    real_keyring: SecretServiceKeyring, run: Run, options: list[str], tmp_path: Path
) -> None:
    place = options[:6]
    run("vault", "create", instead=place)
    run("wallet", "list", instead=place)
    assert "--password-file" in run("wallet", "list", code=1, instead=options[:4]).err
    wrong = secret_file(tmp_path / "wrong", "wrong password")
    assert "not the password" in run("wallet", "list", code=1, instead=with_password(place, wrong)).err
    collection = real_keyring.get_preferred_collection()
    with closing(collection.connection):
        for item in list(collection.get_all_items()):
            item.delete()
    assert "recovery kit" in run("wallet", "list", code=1, instead=place).err
    report = run("vault", "keys", "--json", instead=place).json("vault-keys")
    assert (report["device_key"], report["slots"][0]["here"]) == ("missing", False)
