"""What people really hand to a program: each gets one clear line, and nothing stored changes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlcipher3.dbapi2

from aether_desktop.ports.vault_keys import Factor
from aether_desktop.security.device_keys import KeyFileDevices
from aether_desktop.security.vault_keys import FileVaultKeys
from aether_desktop.storage import sqlite
from tests.cli.conftest import PASSWORD, Run
from tests.services import files
from tests.services.conftest import ADDRESS

GOOD = (files.incoming(1, "2"), files.outgoing(2, "0.5"))
TEXT = "\n".join((files.NORMAL, *GOOD)) + "\n"


@pytest.fixture
def wallet(books: Run) -> Run:
    books("wallet", "add", "--name", "Main", "--chain", "ethereum", "--address", ADDRESS)
    return books


def row(number: int, **changes: str) -> str:
    """A good row with some cells replaced, by heading."""
    cells = [cell.strip('"') for cell in files.incoming(number, "1").split(",")]
    names = [name.strip('"') for name in files.NORMAL.split(",")]
    for name, value in changes.items():
        cells[names.index({"value": "Value_IN(ETH)", "time": "UnixTimestamp", "sender": "From"}.get(name, name))] = (
            value
        )
    return ",".join(f'"{cell}"' for cell in cells)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TEXT.encode(), id="as it comes"),
        pytest.param(b"\xef\xbb\xbf" + TEXT.encode(), id="byte order mark"),
        pytest.param(TEXT.encode("utf-16"), id="utf-16"),
        pytest.param(TEXT.replace("\n", "\r\n").encode(), id="windows line ends"),
        pytest.param(TEXT.replace("\n", "\r").encode(), id="old mac line ends"),
        pytest.param(TEXT.replace('","', '";"').encode(), id="semicolons"),
        pytest.param(TEXT.replace('","', '"\t"').encode(), id="tabs"),
        pytest.param(TEXT.rstrip("\n").encode(), id="no last line end"),
        pytest.param(TEXT.replace('"Transfer"', '"Trans\nfer"').encode(), id="line break inside quotes"),
        pytest.param(TEXT.replace('"Transfer"', '"Käse"').encode("cp1252"), id="western windows text"),
        pytest.param(TEXT.replace('"', "").encode(), id="without quotes"),
    ],
)
def test_the_same_table_in_other_clothes(wallet: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    (report,) = wallet("import", str(path), "--wallet", "Main", "--json").json("import")
    assert (report["new"], report["rejected"]) == (2, [])
    (balance,) = wallet("balance", "--json").json("balance")
    assert int(balance["base_units"]) == 1_499 * 10**15


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "empty", id="empty file"),
        pytest.param(b"\n\n \n", "", id="blank lines"),
        pytest.param(os.urandom(5000) + b"\x00\x01\xff", "", id="binary file"),
        pytest.param(b"PK\x03\x04" + b"\x00" * 300, "", id="spreadsheet or archive"),
        pytest.param(b"\x7fELF" + b"\x00" * 300, "program", id="program"),
        pytest.param(b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page", id="web page"),
        pytest.param(b'{"one": 1}', "", id="a JSON object"),
        pytest.param(TEXT.replace("Txhash", "Hash value").encode(), "Transaction Hash", id="wrong heading"),
        pytest.param(TEXT.replace('"Value_IN(ETH)",', "").encode(), "Value_IN", id="missing column"),
        pytest.param(TEXT[:60].encode(), "", id="truncated heading"),
        pytest.param(b"a,b,c\n1,2,3\n", "No known kind", id="another table"),
    ],
)
def test_whole_files_are_refused_in_words(wallet: Run, tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    done = wallet("import", str(path), "--wallet", "Main", "--json", code=1)
    (report,) = done.json("import")
    assert (report["new"], report["batch"], len(report["rejected"])) == (0, None, 1)
    assert said in report["rejected"][0]["reason"]
    assert len(done.err) > len(str(path)) + 20
    assert wallet("import", "list", "--json").json("import-list") == []


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        pytest.param(row(9, value="-1"), "negative", id="negative amount"),
        pytest.param(row(9, value="1.0000000000000000001"), "decimals", id="more decimals than the coin has"),
        pytest.param(row(9, value="1,5"), "comma", id="decimal comma"),
        pytest.param(row(9, value="9" * 80), "", id="larger than any amount"),
        pytest.param(row(9, value="lots"), "not a decimal number", id="words"),
        pytest.param(row(9, time="yesterday"), "", id="no time"),
        pytest.param(row(9, time="99999999999999999"), "", id="a time after the last year"),
        pytest.param(row(9, sender=files.OTHER.replace("7", "z")), "", id="an address with other letters"),
        pytest.param(row(9, Txhash=""), "", id="no hash"),
        pytest.param(
            row(9).rpartition(",")[0].rpartition(",")[0].rpartition(",")[0], "", id="cells missing at the end"
        ),
        pytest.param(row(9).replace("Transfer", "Trans\x00fer"), "NUL", id="NUL"),
        pytest.param(row(9).replace("Transfer", "x" * 10_000_000), "", id="a line of ten megabytes"),
    ],
)
def test_bad_rows_are_named_and_good_ones_stored(wallet: Run, tmp_path: Path, bad: str, said: str) -> None:
    path = files.write(tmp_path / "export.csv", files.NORMAL, GOOD[0], bad, GOOD[1])
    done = wallet("import", str(path), "--wallet", "Main", "--json", code=1)
    (report,) = done.json("import")
    assert (report["rows"], report["new"]) == (3, 2)
    assert [each["row"] for each in report["rejected"]] == [3]
    assert said in report["rejected"][0]["reason"]
    (balance,) = wallet("balance", "--json").json("balance")
    assert int(balance["base_units"]) == 1_499 * 10**15


@pytest.mark.parametrize("value", ["1e-18", "1E2", "1,234.5", " 2 ", "+3"])
def test_figures_in_other_forms_are_exact(wallet: Run, tmp_path: Path, value: str) -> None:
    path = files.write(tmp_path / "export.csv", files.NORMAL, row(9, value=value))
    wallet("import", str(path), "--wallet", "Main")
    (balance,) = wallet("balance", "--json").json("balance")
    exact = {"1e-18": 1, "1E2": 10**20, "1,234.5": 12345 * 10**17, " 2 ": 2 * 10**18, "+3": 3 * 10**18}
    assert int(balance["base_units"]) == exact[value]


@pytest.mark.parametrize(
    ("arguments", "field", "said"),
    [
        (("--name", " ", "--chain", "ethereum", "--address", ADDRESS), "name", "empty"),
        (("--name", "N", "--chain", "dogecoin", "--address", ADDRESS), "chain", "bitcoin"),
        (("--name", "N", "--chain", "ethereum", "--address", "0x12"), "address", ""),
        (("--name", "N", "--chain", "ethereum", "--address", ADDRESS[:-1] + "D"), "address", ""),
        (("--name", "N", "--chain", "ethereum", "--address", ADDRESS.replace("f9", "F9")), "address", "checksum"),
        (("--name", "N", "--chain", "bitcoin", "--address", ADDRESS), "address", ""),
        (
            ("--name", "N", "--chain", "bitcoin", "--address", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdx"),
            "address",
            "",
        ),
        (("--name", "N", "--chain", "ethereum", "--address", ADDRESS, "--kind", "odd"), "kind", "native, token, nft"),
        (("--name", "N" * 201, "--chain", "ethereum", "--address", ADDRESS), "name", "200"),
    ],
)
def test_wrong_wallets_name_the_field(books: Run, arguments: tuple[str, ...], field: str, said: str) -> None:
    done = books("wallet", "add", *arguments, code=1)
    assert done.err.startswith(f"{field}: ")
    assert said in done.err
    assert books("wallet", "list", "--json").json("wallet-list") == []


def test_names_with_markup_and_direction_marks_stay_what_they_are(books: Run) -> None:
    name = "<b>Bank</b>\u202e\x1b[31m =1+1"
    done = books("wallet", "add", "--name", name, "--chain", "ethereum", "--address", ADDRESS)
    assert "\u202e" not in done.err
    assert "\x1b" not in done.err
    assert books("wallet", "list", "--json").json("wallet-list")[0]["name"] == name
    printed = books("wallet", "list").out
    assert "\u202e" not in printed
    assert "\x1b" not in printed
    assert "<b>Bank</b>" in printed


def test_a_name_or_address_is_taken_once(wallet: Run) -> None:
    add = ("wallet", "add", "--chain", "ethereum")
    assert "name" in wallet(*add, "--name", "MAIN", "--address", files.OTHER, code=1).err
    assert "address" in wallet(*add, "--name", "Other", "--address", ADDRESS, code=1).err


@pytest.mark.parametrize("what", ["missing", "folder", "pipe"])
def test_what_is_no_file_is_refused(wallet: Run, tmp_path: Path, what: str) -> None:
    path = tmp_path / "export.csv"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    name = str(path)
    for command in (("import", name, "--wallet", "Main"), ("prices", "import", name), ("labels", "import", name)):
        assert wallet(*command, code=1).err.count("\n") == 1


def test_batches_that_are_not_there_are_said(wallet: Run) -> None:
    assert "There is no import" in wallet("import", "undo", "12345", code=1).err
    assert "not a batch" in wallet("import", "undo", "latest", code=1).err


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder in which nobody can make a file: root neither."""
    if os.geteuid() == 0:
        return Path("/sys/kernel")
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    return folder


def test_a_read_only_folder_is_said(run: Run, books: Run, closed: Path, tmp_path: Path) -> None:
    before = sorted(closed.iterdir())
    data = ["--data-dir", str(tmp_path / "data")]
    new = ["--vault", str(closed / "new.aether")]
    key = ["--key-file", str(tmp_path / "new.key")]
    password = ["--password-file", str(tmp_path / "books.password")]
    closed_key = ["--vault", str(tmp_path / "x"), "--key-file", str(closed / "k")]
    attempts = [
        run("vault", "create", code=1, instead=[*data, *new, *key, *password]),
        run("vault", "create", code=1, instead=[*data, *closed_key, *password]),
        run("sample", str(closed / "sample.aether"), code=1),
        books("backup", str(closed / "copy.aether"), code=1),
        books("labels", "export", str(closed / "labels.jsonl"), code=1),
        books("transactions", "export", "--format", "csv", "--output", str(closed / "out.csv"), code=1),
    ]
    for done in attempts:
        assert str(closed) in done.err
        assert done.err.count("\n") == 1
    assert sorted(closed.iterdir()) == before
    assert not (tmp_path / "x").exists()


def test_settings_that_cannot_be_kept_stop_nothing(books: Run, options: list[str], closed: Path) -> None:
    elsewhere = ["--data-dir", str(closed), *options[2:]]
    assert books("wallet", "list", "--json", instead=elsewhere).json("wallet-list") == []
    assert "cannot be written" in books("modules", "disable", "csv", code=1, instead=elsewhere).err


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes; a shell unmounts it when its input ends, also when this process is killed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    script = 'mount -t tmpfs -o size=2m tmpfs "$0" 2>/dev/null && echo mounted && cat && umount --lazy "$0"'
    with subprocess.Popen(
        ["sh", "-c", script, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as mounted:
        assert mounted.stdin is not None
        assert mounted.stdout is not None
        if not mounted.stdout.readline():
            pytest.skip("a small disk can only be mounted as root")
        yield folder
        mounted.stdin.close()
        assert mounted.wait(10) == 0


def test_a_full_disk_is_said_and_loses_nothing(run: Run, small_disk: Path, options: list[str]) -> None:
    here = [*options[:2], "--vault", str(small_disk / "books.aether"), *options[4:]]
    big = files.write(small_disk.parent / "big.csv", files.NORMAL, *(files.incoming(n, "1") for n in range(1, 20_001)))
    good = files.write(small_disk.parent / "good.csv", files.NORMAL, *GOOD)
    run("vault", "create", instead=here)
    run("wallet", "add", "--name", "Main", "--chain", "ethereum", "--address", ADDRESS, instead=here)
    run("import", str(good), "--wallet", "Main", instead=here)
    before = run("balance", "--json", instead=here).out
    said = run("import", str(big), "--wallet", "Main", code=1, instead=here).err
    assert "No room left" in said
    assert said.count("\n") == 1
    assert "No room left" in run("sample", str(small_disk / "sample.aether"), code=1).err
    assert run("balance", "--json", instead=here).out == before
    left = sorted(path.name for path in small_disk.iterdir() if not path.name.endswith(".lock"))  # an empty file
    assert left == ["books.aether", "books.aether.keys"]
    assert {each["state"] for each in run("doctor", "--json", instead=here).json("doctor")} <= {"good", "notice"}


def test_a_vault_that_another_program_writes_to_can_be_read(
    wallet: Run, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_TURN", 0.05)  # it waits for half a minute otherwise
    path = files.write(tmp_path / "good.csv", files.NORMAL, *GOOD)
    keys = FileVaultKeys(Path(options[3]), KeyFileDevices(tmp_path / "books.key"))
    keys.unlock(Factor.passphrase(PASSWORD))
    (key,) = keys.file_keys()
    other = sqlcipher3.dbapi2.connect(options[3], isolation_level=None)
    with closing(other):
        other.execute(f"PRAGMA key = \"x'{key.data.hex()}'\"")
        other.execute("BEGIN IMMEDIATE")
        assert "Main" in wallet("wallet", "list").out
        said = wallet("import", str(path), "--wallet", "Main", code=1).err
        assert said.count("\n") == 1
        other.execute("ROLLBACK")
    assert wallet("import", str(path), "--wallet", "Main", "--json").json("import")[0]["new"] == 2


@pytest.mark.parametrize("words", [("balance",), ("vault", "info")])
def test_a_folder_is_no_vault(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    for folder in (tmp_path, Path("/")):
        said = run("--vault", str(folder), "--key-file", str(tmp_path / "k"), *words, code=1).err
        assert f"{folder} is a folder." in said


def test_doctor_says_that_a_data_folder_is_a_file(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "taken"
    place.write_text("x")
    checks = run("--data-dir", str(place), "doctor", "--json", code=1).json("doctor")
    assert [each["state"] for each in checks if each["subject"].startswith("folder")] == ["bad", "bad"]
