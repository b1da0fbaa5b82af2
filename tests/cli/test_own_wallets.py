"""Wallets with a key by the command line: words, keys and passwords from files and terminals."""

from __future__ import annotations

import json
import re
import stat
from functools import partial
from pathlib import Path

import pytest

from aether_desktop.cli.asking import Asker
from aether_desktop.security.evm_keys import parse_private_key
from aether_desktop.security.keystore import write_keystore
from tests.cli.conftest import Run, secret_file

WORDS = "test test test test test test test test test test test junk"
FIRST, SECOND = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


@pytest.fixture
def factors(tmp_path: Path, books: Run) -> list[str]:
    """What opens levels 2 and 3 of the vault, whose founder has keys."""
    second = secret_file(tmp_path / "second", "cedar and cypress of Lebanon")
    third = secret_file(tmp_path / "third", "two cherubim of olive wood")
    found = ["--factor-file", f"2={second}", "--factor-file", f"3={third}"]
    books("people", "begin", *found)
    return found


def test_a_vault_without_keys_says_what_is_missing(books: Run, tmp_path: Path) -> None:
    words = str(secret_file(tmp_path / "words", WORDS))
    restore = ("wallet", "restore", "--name", "First", "--chain", "atc", "--words-file", words)
    assert "people begin" in books(*restore, code=1).err


def test_words_from_files_make_wallets_and_come_back(books: Run, tmp_path: Path, factors: list[str]) -> None:
    words = str(secret_file(tmp_path / "words", WORDS))
    own = ("--chain", "2618", *factors)
    wallet = books("wallet", "restore", "--name", "First", "--words-file", words, *own, "--json").json("wallet")
    assert (wallet["address"], wallet["watch_only"]) == (FIRST, False)
    second = books("wallet", "account", "First", "--name", "Second", *factors, "--json").json("wallet")
    assert second["address"] == SECOND
    revealed = books("wallet", "reveal", "Second", *factors)
    assert revealed.out == f"{WORDS}\n"
    assert "m/44'/60'/0'/0/1" in revealed.err
    assert WORDS not in revealed.err
    assert "--yes" in books("wallet", "forget", "Second", code=1).err
    books("wallet", "forget", "Second", "--yes")
    assert "watch-only" in books("wallet", "reveal", "Second", *factors, code=1).err
    assert books("wallet", "show", "First").out == f"{FIRST}\n"
    listed = books("wallet", "list", "--json").json("wallet-list")
    assert {each["name"]: each["watch_only"] for each in listed} == {"First": False, "Second": True}


def test_new_words_go_to_a_new_file(books: Run, tmp_path: Path, factors: list[str]) -> None:
    made, passphrase = tmp_path / "made", str(secret_file(tmp_path / "passphrase", "Zadok"))
    create = ("wallet", "create", "--name", "New", "--chain", "atc", "--words-file", str(made), "--count", "12")
    address = books(*create, "--passphrase-file", passphrase, *factors, "--json").json("wallet")["address"]
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert len(made.read_text().split()) == 12
    assert "already there" in books(*create, *factors, code=1).err
    revealed = books("wallet", "reveal", "New", *factors)
    assert revealed.out == f"{made.read_text()}Zadok\n"
    restore = ("wallet", "restore", "--name", "Restored", "--chain", "ethereum", "--words-file", str(made), *factors)
    assert books(*restore, "--passphrase-file", passphrase, "--json").json("wallet")["address"] == address


def test_keys_and_key_files(books: Run, tmp_path: Path, factors: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aether_desktop.security.wallet_keys.write_keystore", partial(write_keystore, work=2))
    with parse_private_key(KEY) as key:
        file = tmp_path / "UTC--key.json"
        file.write_bytes(write_keystore(key, bytearray(b"manna and quails"), work=2))
    password = str(secret_file(tmp_path / "manna", "manna and quails"))
    wrong = str(secret_file(tmp_path / "wrong", "manna"))
    imported = ("wallet", "import-keystore", str(file), "--name", "Imported", "--chain", "atc", *factors)
    assert "does not open" in books(*imported, "--keystore-password-file", wrong, code=1).err
    found = books(*imported, "--keystore-password-file", password, "--json").json("wallet")
    assert found["address"] == FIRST
    key_file = str(secret_file(tmp_path / "key", KEY))
    by_key = ("wallet", "import-key", "--name", "Key", "--private-key-file", key_file, *factors)
    assert "already" in books(*by_key, "--chain", "atc", code=1).err
    books(*by_key, "--chain", "sepolia")
    assert books("wallet", "reveal", "Key", *factors).out == f"0x{KEY}\n"
    out = tmp_path / "exported.json"
    export = ("wallet", "export", "Key", "--file", str(out), "--keystore-password-file", password, *factors)
    books(*export)
    assert json.loads(out.read_text())["version"] == 3
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "already there" in books(*export, code=1).err


def test_what_is_refused_is_said_in_words(books: Run, tmp_path: Path, factors: list[str]) -> None:
    broken = str(secret_file(tmp_path / "broken", WORDS.replace("junk", "jnk")))
    restore = ("wallet", "restore", "--name", "First", "--chain", "atc", *factors)
    assert "Word 12, 'jnk', is not in the list. Near: junk" in books(*restore, "--words-file", broken, code=1).err
    assert "--words-file" in books(*restore, code=1).err  # nobody sits at a terminal
    create = ("wallet", "create", "--name", "New", "--chain", "atc", *factors)
    assert "--words-file" in books(*create, code=1).err
    assert (
        "There is no file"
        in books(
            "wallet", "import-keystore", str(tmp_path / "none"), "--name", "A", "--chain", "atc", *factors, code=1
        ).err
    )
    assert books("wallet", "list", "--json").json("wallet-list") == []


@pytest.mark.parametrize("attentive", [True, False])
def test_words_on_the_screen_are_asked_back(
    books: Run,
    factors: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    attentive: bool,
) -> None:
    shown: dict[int, str] = {}
    asked: list[str] = []

    def answer(_asker: Asker, prompt: str) -> str:
        shown.update((int(at), word) for at, word in re.findall(r"^ ?(\d+)\. (\w+)$", capfd.readouterr().err, re.M))
        asked.append(prompt)
        number = int(prompt.split()[1])
        return shown[number].upper() if attentive else "I did not look"

    monkeypatch.setattr(Asker, "can_type", True)
    monkeypatch.setattr(Asker, "line", answer)
    done = books("wallet", "create", "--name", "New", "--chain", "atc", *factors, code=0 if attentive else 1)
    assert len(shown) == 24
    assert len(asked) == 3
    assert len(set(asked)) == (3 if attentive else 1)
    made = books("wallet", "list", "--json").json("wallet-list")
    assert [each["name"] for each in made] == (["New"] if attentive else [])
    if attentive:
        assert books("wallet", "reveal", "New", *factors).out.split() == [shown[at] for at in range(1, 25)]
    else:
        assert "Nothing was made" in done.err
