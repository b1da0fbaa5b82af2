"""Where things lie and what is opened: ``--portable``, and a vault's path as the only word."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aether_desktop.cli.parser import parse_arguments
from aether_desktop.cli.window_words import window_options
from aether_desktop.services.releases import print_key
from tests.cli.conftest import ROOT, Run
from tests.services.test_releases import KEY, signed, text


@pytest.mark.parametrize(
    ("words", "vault"),
    [
        (["/a/b.aether"], "/a/b.aether"),
        (["--confirm-database", "b.aether"], "b.aether"),
        (["--portable", "/x", "b.aether"], "b.aether"),
        (["--data-dir=/x", "b.aether"], "b.aether"),
        (["--vault", "b.aether"], "b.aether"),
        (["--vault", "a.aether", "doctor"], "a.aether"),
        (["backup", "b.aether"], None),
        (["--vault", "a.aether", "backup", "b.aether"], "a.aether"),
    ],
)
def test_a_path_alone_is_a_vault_to_open(words: list[str], vault: str | None) -> None:
    assert parse_arguments(words).vault == vault


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        ([], True),
        (["--minimised"], True),
        (["/a/b.aether"], True),
        (["--vault", "a.aether", "--key-file", "k", "--confirm-database"], True),
        (["--vault", "a.aether", "b.aether"], True),
        (["--data-dir", "x.aether"], True),
        (["--data-dir", "x", "--database", "postgresql://a/b", "--password-file", "p", "c.aether"], True),
        (["--data-dir=/x", "b.aether"], False),
        (["--vault", ""], False),
        (["--portable", "/x", "b.aether"], False),
        (["doctor"], False),
        (["--vault", "a.aether", "doctor"], False),
    ],
)
def test_a_plain_start_is_read_as_the_parser_of_all_commands_reads_it(words: list[str], plain: bool) -> None:
    found = window_options(words)
    assert (found is not None) is plain
    assert found is None or found == parse_arguments(words)


@pytest.mark.parametrize("words", [["--help"], ["--vault"], ["--vault", "--minimised"], ["a.aether", "--minimised"]])
def test_what_is_no_plain_start_is_left_to_the_parser(words: list[str]) -> None:
    assert window_options(words) is None


def test_portable_and_data_dir_together_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse_arguments(["--portable", "a", "--data-dir", "b", "doctor"])
    assert stop.value.code == 2
    assert "one of them" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--portable", "--data-dir"])
def test_an_empty_folder_name_is_wrong_usage(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse_arguments([option, "", "doctor"])
    assert stop.value.code == 2
    assert "need the name of a folder" in capsys.readouterr().err


def _portable(folder: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return subprocess.run(
        [sys.executable, "-m", "aether_desktop", "--portable", str(folder), *words],
        capture_output=True,
        text=True,
        check=False,
        env={**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=60,
    )


def test_portable_leaves_nothing_at_home(tmp_path: Path) -> None:
    folder, home = tmp_path / "stick/aether", tmp_path / "home"
    done = _portable(folder, home, "modules", "disable", "csv")
    assert done.returncode == 0, done.stderr
    assert list(home.iterdir()) == []
    assert (folder / "settings.json").is_file()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_portable_where_nothing_can_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = _portable(tmp_path / "file/below", tmp_path / "home", "doctor")
    assert done.returncode == 1
    assert "nothing can be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_diagnostics_are_printed_and_kept_only_when_somebody_said_yes(books: Run, tmp_path: Path) -> None:
    target = tmp_path / "told.txt"
    refused = books("diagnostics", "--save", str(target), code=1)
    assert "== What was looked at" in refused.out
    assert "--yes" in refused.err
    assert not target.exists()
    kept = books("diagnostics", "--save", str(target), "--yes")
    assert "== Settings" in target.read_text(encoding="utf-8")
    assert "sent nowhere" in kept.err
    assert str(tmp_path / "books.aether") not in target.read_text(encoding="utf-8")


def test_updates_are_looked_for_only_where_somebody_named_a_place(run: Run, tmp_path: Path) -> None:
    assert "nothing is looked for" in run("updates").out
    (tmp_path / "release").write_bytes(signed(text(version="99.0.0", valid_until="9999-12-31")))
    (tmp_path / "key").write_text(print_key(KEY.public), encoding="ascii")
    place = str(tmp_path / "release")
    assert "cannot be read" in run("updates", "--location", place, "--key", str(tmp_path / "none"), code=1).err
    assert "Version 99.0.0" in run("updates", "--location", place, "--key", str(tmp_path / "key")).out
    assert "Version 99.0.0" in run("updates").out  # both were remembered
