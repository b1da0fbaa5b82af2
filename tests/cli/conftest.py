"""The command line, in this process (quick) and as a real one (for what only a process shows)."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from aether_desktop.__main__ import main
from aether_desktop.cli import parser
from aether_desktop.locations import resources_dir

PASSWORD = "correct horse"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self, schema: str) -> Any:
        """Standard output, checked against its published schema."""
        value = json.loads(self.out)
        definition = json.loads((resources_dir() / "schemas" / f"{schema}.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(definition).validate(value)
        return value


Run = Callable[..., Done]


@pytest.fixture(scope="session", autouse=True)
def words_once() -> Iterator[None]:
    """Building the parser takes longer than most commands; parsing leaves it as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parser, "build_parser", functools.cache(parser.build_parser))
        yield


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """The global options of this test: everything below its own folder, the key and the password in files."""
    return _options(tmp_path)


def _options(folder: Path) -> list[str]:
    return [
        *("--data-dir", str(folder / "data"), "--vault", str(folder / "books.aether")),
        *("--password-file", str(secret_file(folder / "books.password", PASSWORD))),
        *("--key-file", str(folder / "books.key")),
    ]


def secret_file(path: Path, text: str) -> Path:
    """A file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="utf-8")
    return path


@pytest.fixture
def run(options: list[str], capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; fails on anything but the wanted exit code, and on a traceback anywhere."""

    def call(*arguments: str, code: int = 0, instead: Sequence[str] | None = None) -> Done:
        capfd.readouterr()
        actual = main([*(options if instead is None else instead), *arguments])
        sys.stdout.flush()
        captured = capfd.readouterr()
        done = Done(actual, captured.out, captured.err)
        assert actual == code, done
        assert "Traceback" not in done.err + done.out
        assert "Internal error" not in done.err
        return done

    return call


@pytest.fixture(scope="session")
def books_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the command has made a vault, to be copied."""
    folder = tmp_path_factory.mktemp("books")
    assert main([*_options(folder), "vault", "create"]) == 0
    return folder


@pytest.fixture
def books(run: Run, options: list[str], books_template: Path, tmp_path: Path) -> Run:
    """``run`` over a new vault."""
    shutil.copytree(books_template, tmp_path, dirs_exist_ok=True)
    settings = tmp_path / "data" / "settings.json"
    text = settings.read_text(encoding="utf-8")
    assert f'"{books_template}/books.aether"' in text
    settings.write_text(text.replace(str(books_template), str(tmp_path)), encoding="utf-8")
    return run


def process(
    *arguments: str, environment: dict[str, str] | None = None, **extra: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command as its own process."""
    return subprocess.run(
        [sys.executable, "-m", "aether_desktop", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        **extra,
    )
